"""Reads `facts/*.tsv` with their `facts/*.toml`: tables of rows, one article a row. Nothing here writes wikitext."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("pages", "year", "date", "number", "text")
COMMON = ("title", "aliases", "note", "gender")
PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
PRONOUN_NAMES = {"name", "it", "its", "title", "was", "noun"}
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_YEAR = re.compile(r"-?\d{1,4}")
_DATE = re.compile(r"(-?\d{1,4})(?:-(\d{2})(?:-(\d{2}))?)?")
_NUMBER = re.compile(r"[-−]?\d+(\.\d+)?")


def digest(*parts: object) -> int:
    """A number that depends on the parts alone: every choice of the generator is made with it."""
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:8], "big")


def normal_title(title: str) -> str:
    """A title as MediaWiki stores it: spaces for underscores, the first letter in upper case."""
    title = " ".join(title.replace("_", " ").split())
    return title[:1].upper() + title[1:]


def plain_name(title: str) -> str:
    """The title without a bracket at its end."""
    return re.sub(r"\s*\([^()]*\)$", "", title)


def surname(name: str) -> str:
    """ "Richard F. Gordon Jr." is Gordon, "Wernher von Braun" von Braun; names of one word, and Chinese ones, are left whole."""
    words = [word for word in name.split() if word not in ("Jr.", "Sr.", "II", "III")]
    if len(words) == 2 and words[0] in ("Yang", "Liu", "Wang", "Zhang", "Fei", "Nie", "Qian", "Tu"):
        return name
    start = len(words) - 1
    while start > 1 and words[start - 1] in ("von", "van", "de", "der", "la", "di"):
        start -= 1
    return " ".join(words[start:])


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def split_list(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def split_link(part: str) -> tuple[str, str]:
    """`Title|shown` as (title, shown); shown is empty where the cell states none."""
    title, _, shown = part.partition("|")
    return normal_title(title), shown.strip()


def year_text(cell: str) -> str:
    """A year in words; what is no year is left as it is, and `--check` reports it."""
    if not _YEAR.fullmatch(cell):
        return cell
    return f"{-int(cell)} BC" if cell.startswith("-") else str(int(cell))


def date_parts(cell: str) -> tuple[str, int, int]:
    """(year, month, day) of a date that may be a year or a month only; 0 where a part is not stated."""
    match = _DATE.fullmatch(cell)
    if not match:
        raise ValueError(f"not a date: {cell!r}")
    year, month, day = match[1], int(match[2] or 0), int(match[3] or 0)
    if month > 12 or day > 31:
        raise ValueError(f"not a date: {cell!r}")
    return year, month, day


def date_text(cell: str) -> str:
    if cell_problem("date", cell):
        return cell
    year, month, day = date_parts(cell)
    words = [str(day)] if day else []
    return " ".join(words + ([MONTHS[month - 1]] if month else []) + [year_text(year)])


def number_text(cell: str) -> str:
    if not _NUMBER.fullmatch(cell):
        return cell
    whole, dot, rest = cell.partition(".")
    return f"{int(whole):,}{dot}{rest}" if len(whole.lstrip("-−")) >= 5 and "−" not in whole else cell


@dataclass
class Row:
    table: Table
    line: int
    cells: dict[str, str]

    @property
    def title(self) -> str:
        return self.cells["title"]

    @property
    def full_name(self) -> str:
        return plain_name(self.title)

    @property
    def name(self) -> str:
        short = self.cells.get(self.table.name_field, "")
        if not short and self.cells.get("gender"):
            return surname(self.full_name)
        return short or (self.full_name.partition(", ")[0] if self.table.key == "cities" else self.full_name)

    @property
    def text_name(self) -> str:
        """The full name as it stands within a sentence: `quartz` where the table's short name is in lower case."""
        bare = re.sub(r"^(a|an|the) ", "", self.name)
        return bare if bare.lower() == self.full_name.lower() else self.full_name

    @property
    def noun(self) -> str:
        return self.table.small_noun if self.title in self.table.small else self.table.noun

    @property
    def aliases(self) -> list[str]:
        return split_list(self.cells.get("aliases", ""))

    def pages(self, name: str) -> list[tuple[str, str]]:
        """The (title, shown) pairs that a field of kind `pages` names."""
        return [split_link(part) for part in split_list(self.cells.get(name, ""))]

    def kind(self, name: str) -> str:
        return self.table.fields.get(name, {}).get("kind", "text")


@dataclass
class Table:
    key: str
    noun: str
    infobox: str
    name_field: str
    lead: list[str]
    categories: list[str]
    fields: dict[str, dict]
    columns: list[str]
    small: frozenset[str] = frozenset()  # titles of rows that are called otherwise: towns among cities
    small_noun: str = ""
    rows: list[Row] = field(default_factory=list)


def placeholders(sentence: str) -> list[str]:
    """The fields that a sentence names. Double braces are a template's, not ours."""
    found = []
    for match in PLACEHOLDER.finditer(sentence):
        name = match[2] or match[1]
        if name.lower() not in PRONOUN_NAMES | {"items"} and not is_template(sentence, match):
            found.append(name)
    return found


def is_template(sentence: str, match: re.Match[str]) -> bool:
    """True for `{{abbr}}`, whose inner braces look like a placeholder."""
    return sentence[: match.start()].endswith("{") and sentence[match.end() :].startswith("}")


def load_table(tsv: Path, errors: list[str]) -> Table:
    config = tomllib.loads(tsv.with_suffix(".toml").read_text(encoding="utf-8"))
    lines = [line.rstrip("\r") for line in tsv.read_text(encoding="utf-8-sig").split("\n")]
    columns = [name.strip() for name in lines[0].split("\t")]
    table = Table(
        key=tsv.stem,
        noun=config.get("noun", "thing"),
        infobox=config.get("infobox", ""),
        name_field=config.get("name", ""),
        lead=config.get("lead", []),
        categories=config.get("categories", []),
        fields=config.get("fields", {}),
        columns=columns,
        small=frozenset(split_list(config.get("small", ""))),
        small_noun=config.get("small_noun", ""),
    )
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        while len(cells) > len(columns) and not cells[-1]:
            cells.pop()
        if len(cells) != len(columns):
            errors.append(f"{tsv.name}:{number}: {len(cells)} cells, {len(columns)} columns: {cells[0]}")
            continue
        row = dict(zip(columns, cells, strict=True))
        if not row.get("title"):
            errors.append(f"{tsv.name}:{number}: no title")
            continue
        row["title"] = normal_title(row["title"])
        table.rows.append(Row(table, number, row))
    return table


def load_tables(folder: Path, errors: list[str]) -> list[Table]:
    tables = []
    for tsv in sorted(folder.glob("*.tsv")):
        if not tsv.with_suffix(".toml").exists():
            errors.append(f"{tsv.name}: no {tsv.stem}.toml")
            continue
        try:
            tables.append(load_table(tsv, errors))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            errors.append(f"{tsv.stem}: {error}")
    return tables


def table_errors(table: Table) -> list[str]:
    """What is wrong with a table: its templates' placeholders, its fields, its cells."""
    found = []
    known = set(table.columns) | set(table.fields)
    used = set(COMMON) | {table.name_field} | set(table.fields)
    for name in table.fields:
        if name not in table.columns:
            found.append(f"{table.key}.toml: field {name} is no column")
        if table.fields[name].get("kind", "text") not in KINDS:
            found.append(f"{table.key}.toml: field {name} has kind {table.fields[name]['kind']!r}")
    for place, sentences in templates(table):
        for sentence in sentences:
            for name in placeholders(sentence):
                used |= {name, name[:1].lower() + name[1:]}
                if name not in known and name[:1].lower() + name[1:] not in known:
                    found.append(f"{table.key}.toml: {place}: no column {name!r} in {sentence!r}")
            if place.startswith("reverse") and "items}" not in sentence.lower():
                found.append(f"{table.key}.toml: {place}: no {{items}} in {sentence!r}")
    found += [f"{table.key}.tsv: column {name!r} has no entry in the TOML" for name in table.columns if name not in used]
    for row in table.rows:
        for name, config in table.fields.items():
            problem = cell_problem(config.get("kind", "text"), row.cells.get(name, ""))
            if problem:
                found.append(f"{table.key}.tsv:{row.line}: {row.title}: {name}: {problem}")
    return found


def templates(table: Table) -> list[tuple[str, list[str]]]:
    found = [("lead", table.lead), ("categories", table.categories)]
    for name, config in table.fields.items():
        found.append((f"sentences of {name}", config.get("sentences", [])))
        found.append((f"reverse of {name}", config.get("reverse", [])))
        found.append((f"reverse_one of {name}", config.get("reverse_one", [])))
    return found


def cell_problem(kind: str, cell: str) -> str:
    if not cell:
        return ""
    if kind == "year" and not _YEAR.fullmatch(cell):
        return f"not a year: {cell!r}"
    if kind == "number" and not _NUMBER.fullmatch(cell):
        return f"not a number: {cell!r}"
    if kind == "date":
        try:
            date_parts(cell)
        except ValueError as error:
            return str(error)
    if kind == "pages" and re.search(r"[\[\]{}<>\t]", cell):
        return f"not a title: {cell!r}"
    return ""
