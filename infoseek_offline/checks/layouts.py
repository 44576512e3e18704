"""Files of data sets that others made, whatever their layout, to items of two forms.

    {"root": node}                          InfoSeek's trees; the node may be a string of JSON
    {"question", "answers", "pages"}        all others: lists of the names of the answer and of the linked pages

Read are JSON (an item or a list), JSON lines, and CSV and TSV with a header (also with semicolons or bars between the columns).
Pages are taken from `pages`, `titles`, `links`, `urls`, `supporting_facts` (HotpotQA, 2WikiMultihopQA), supporting `paragraphs`
(MuSiQue) or `evidence`/`gold` documents; each a title, an address of a wiki, a list that begins with a title, or an object with a
title or an address.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from infoseek_offline.errors import UsageError

FORMS = 'items are {"root": node} (InfoSeek) or {"question": …, "answer": …, "pages": [titles]}'
QUESTION = ("question", "query", "problem")
ANSWER = ("answer", "answers", "golden_answers", "gold_answer", "answer_aliases", "answer_alias")
PAGES = (
    "pages", "titles", "linked_pages", "links", "urls", "wiki_links", "supporting_facts", "paragraphs", "evidence_docs",
    "gold_docs", "evidence", "evidences",
)  # fmt: skip
ID = ("id", "_id", "qid", "query_id")
Item = dict[str, Any]


def read_items(path: Path) -> Iterator[tuple[str, Item | str]]:
    """(id, item) of a file, or (where, what is wrong) for what is no item. Raises UsageError where the file can't be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"no file {path}: give a data set, JSON, JSON lines or CSV") from error
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror}): give a data set, JSON, JSON lines or CSV") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 ({error.reason} at byte {error.start}): convert it first") from error
    for where, value in _values(path, text):
        if isinstance(value, Fault):
            yield where, f"{path}, {where}: {value.said}; {FORMS}"
            continue
        value = _sound(value)
        item = as_known(value)
        if item is None:
            yield where, f"{path}, {where}: neither form; {FORMS}"
        else:
            yield str(next((value[key] for key in ID if value.get(key) not in (None, "")), where)), item


def _sound(value: Any) -> Any:
    """The same without halves of surrogate pairs, which JSON may hold and no file can."""
    told = json.dumps(value, ensure_ascii=False)
    sound = told.encode("utf-8", "replace").decode("utf-8")
    return value if sound == told else json.loads(sound)


class Fault:
    def __init__(self, said: str) -> None:
        self.said = said


def _values(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    if path.suffix.lower() in (".csv", ".tsv"):
        csv.field_size_limit(2**31 - 1)
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        try:
            yield from ((f"row {number}", _cells(row)) for number, row in enumerate(rows, 1))
        except csv.Error as error:
            yield f"row {rows.line_num}", Fault(f"no CSV ({error})")
        return
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, dict) and isinstance(whole.get("data"), list):
        whole = whole["data"]
    if whole is not None:
        yield from ((f"item {number}", item) for number, item in enumerate(whole if isinstance(whole, list) else [whole], 1))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"line {number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"line {number}", Fault(f"no JSON ({error})")


def _delimiter(text: str) -> str:
    """What stands between the columns: that by which the header names a question."""
    header = text.lstrip().partition("\n")[0]
    return next((mark for mark in ",\t;|" if not set(QUESTION).isdisjoint(_columns(header, mark))), ",")


def _columns(header: str, mark: str) -> list[str]:
    return [name.strip(' "\r').lower() for name in header.split(mark)]


def _cells(row: dict[str, Any]) -> Item:
    """A cell may hold a list: as JSON, or with bars or semicolons between."""
    found: Item = {}
    for key, cell in row.items():
        name = str(key or "").strip().lower()
        if isinstance(cell, str) and cell[:1] in "[{":
            with suppress(ValueError, RecursionError):
                cell = json.loads(cell)
        if isinstance(cell, str) and name in PAGES:
            cell = [part.strip() for part in cell.replace("|", ";").split(";") if part.strip()]
        found[name] = cell
    return found


def as_known(value: Any) -> Item | None:
    """An item of one of the two forms; None for what is neither."""
    if not isinstance(value, dict):
        return None
    if "root" in value:
        root = value["root"]
        if isinstance(root, str):
            try:
                root = json.loads(root)
            except (ValueError, RecursionError):
                return None
        return {"root": root}
    question = next((value[key] for key in QUESTION if isinstance(value.get(key), str)), None)
    answers = [name for key in ANSWER for name in _strings(value.get(key))]
    if question is None or not any(key in value for key in ANSWER):
        return None
    found: Any = next((value[key] for key in PAGES if value.get(key)), [])
    return {"question": question, "answers": list(dict.fromkeys(answers)), "pages": list(dict.fromkeys(_pages(found)))}


def _strings(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for one in value for name in _strings(one)]
    return [str(value)] if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip() else []


def _pages(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        named = next((value[key] for key in ("title", "page", "url", "href") if value.get(key)), None)
        if value.get("is_supporting", True):
            yield from _pages(str(named) if type(named) is int else named)  # of a year
    elif isinstance(value, list):
        for one in value:
            yield from _pages(one[0]) if isinstance(one, list) and one and isinstance(one[0], str) else _pages(one)


def title_in(words: str) -> str:
    """The title of an address of a wiki; other words as they are."""
    return unquote(words.partition("#")[0].partition("?")[0].rpartition("/wiki/")[2]) if "/wiki/" in words else words
