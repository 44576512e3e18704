"""A model that is elsewhere: prompts go out in files, answers come back in files, wave by wave.

    DIR/wave-001.jsonl        what is asked, in OpenAI's batch form, a line a prompt; written whole
    DIR/wave-001.out.jsonl    the answers, by OpenAI's batch form (as vLLM's run-batch writes them), or by hand as
                              {"custom_id": …, "answer": {…}}; any other *.out.jsonl of DIR is read as well

`complete` answers what is there. Else it keeps the request and raises Pending; `pending` writes all that were kept as one wave and
gives the error to end the run with, which says what to do next. `custom_id` is the key under which the ledger keeps the answer.
Answers may be partial, failed, double, unknown or broken: `report` counts them in a line a file, and what is missing is asked
again.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infoseek_offline.errors import Pending, UsageError
from infoseek_offline.files import canonical_json, digest_of, write_text
from infoseek_offline.llm.base import Completion, Message, Request
from infoseek_offline.llm.chat import body_of, said_in, too_long
from infoseek_offline.llm.checked import SHOWN, demand_bounds, read_answer

MODEL = "infoseek"  # the name that the answering server is started with
CONTEXT = 8192
BYTES_A_TOKEN = 3  # fewer than any usual tokenizer needs for European languages, as many as a sign of other scripts has
AROUND = 16  # tokens of a template around a message
FAILURES = 3  # files in which a prompt failed, after which it is not asked again
ASKED = ".asked"
OUT = ".out.jsonl"


@dataclass
class FileReport:
    """What a file of answers held."""

    name: str
    answers: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def count(self, what: str, detail: str) -> None:
        self.counts[what] += 1
        self.first.setdefault(what, detail)

    def line(self) -> str:
        faults = [f"{count:,} {what} (the first: {self.first[what]})" for what, count in sorted(self.counts.items())]
        return f"{self.name}: " + ", ".join([f"{self.answers:,} answers", *faults])


class Batch:
    def __init__(self, folder: Path) -> None:
        """Reads all answers that are there. Raises UsageError where `folder` is a file."""
        self.folder = folder
        self.name, self.digest, self.context = "batch", digest_of("batch", MODEL), CONTEXT
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file: batch:DIR needs a folder, for the prompts and their answers")
        (folder / ASKED).mkdir(parents=True, exist_ok=True)
        self._kept: set[str] = set()
        self._places: dict[str, tuple[Path, int]] = {}
        self._failures: dict[str, list[str]] = {}
        self._waves = {path: self._ids(path) for path in sorted(folder.glob("wave-*.jsonl")) if not path.name.endswith(OUT)}
        self._reports = [self._read(path) for path in sorted(folder.glob(f"*{OUT}"))]

    @property
    def report(self) -> list[str]:
        """What was read, in a line a file, and which files were not."""
        unread = [p.name for p in sorted(self.folder.glob("*.jsonl")) if not p.name.endswith(OUT) and not _number(p)]
        told = [f"{name} is not read: answers are looked for in files that end in {OUT}" for name in unread]
        return [report.line() for report in self._reports] + told

    # Answers

    def _read(self, path: Path) -> FileReport:
        report = FileReport(path.name)
        asked = set().union(*self._waves.values())
        with path.open("rb") as file:
            offset = 0
            for number, line in enumerate(file, 1):
                if line.strip():
                    self._take(report, path, offset, number, line, asked)
                offset += len(line)
        return report

    def _take(self, report: FileReport, path: Path, offset: int, number: int, line: bytes, asked: set[str]) -> None:
        key, fault = "", ""
        try:
            answer = _parse(line)
            key = answer["custom_id"]
            _said(answer)
        except _Failed as failed:
            fault = str(failed)
        except (ValueError, KeyError, TypeError) as error:
            report.count("broken lines", f"line {number}, {str(error)[:SHOWN]}")
            return
        if fault:
            report.count("failed", f"line {number}, {fault}")
            self._failures.setdefault(key, []).append(fault)
            return
        if asked and key not in asked:
            report.count("with an unknown custom_id", f"line {number}, {key[:SHOWN]}")
        elif key in self._places:
            report.count("answered before", f"line {number}, {key[:SHOWN]}")
        else:
            report.answers += 1
        self._places.setdefault(key, (path, offset))

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        return sum(_tokens(m.content) + AROUND for m in messages)

    def complete(self, request: Request) -> Completion:
        demand_bounds(request.schema)
        key = request.key(self.digest)
        if key in self._places:
            path, offset = self._places[key]
            with path.open("rb") as file:
                file.seek(offset)
                text, cut, prompt_tokens, completion_tokens = _said(_parse(file.readline()))
            return read_answer(
                request,
                text,
                prompt_tokens=prompt_tokens or self.count_tokens(request.messages),
                completion_tokens=completion_tokens or _tokens(text),
                cut=cut,
            )
        failures = self._failures.get(key, [])
        if any(too_long(failure) for failure in failures) or len(failures) >= FAILURES:
            return Completion("", None, f"no answer: {failures[-1]}", 0, 0, 0.0)
        self._keep(key, request)
        raise Pending(f"a {request.stage} prompt has no answer yet in {self.folder}")

    # Waves

    def _keep(self, key: str, request: Request) -> None:
        """One file a process, a line a request: a line cut short by a kill is asked again by the run that goes on."""
        if key not in self._kept:
            line = {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body_of(request, MODEL)}
            entry = "\n" + json.dumps({"stage": request.stage, "line": line}) + "\n"
            with (self.folder / ASKED / f"{os.getpid()}.jsonl").open("ab", buffering=0) as file:
                file.write(entry.encode())  # in one piece, and not behind half a line of a process of the same number
            self._kept.add(key)

    def pending(self) -> Pending:
        """Write what was kept as the next wave. The error says which file to answer, and where the answers go."""
        kept = {entry["line"]["custom_id"]: entry for entry in self._kept_lines()}
        wave = self._wave_of(set(kept))
        if wave is None:
            wave = self.folder / f"wave-{1 + max((_number(path) for path in self._waves), default=0):03d}.jsonl"
            # Prompts that begin alike follow each other, for the server's prefix cache.
            lines = sorted((entry["line"] for entry in kept.values()), key=lambda line: canonical_json(line["body"]["messages"]))
            write_text(wave, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
            self._waves[wave] = set(kept)
        for path in (self.folder / ASKED).glob("*.jsonl"):
            path.unlink()
        self._kept.clear()
        stages = ", ".join(f"{count:,} {stage}" for stage, count in sorted(Counter(e["stage"] for e in kept.values()).items()))
        out = wave.with_name(wave.stem + OUT)
        return Pending(
            f"{len(kept):,} prompts ({stages}) wait for answers: answer {wave} into {out}, as by 'vllm run-batch -i {wave} "
            f"-o {out} --model MODEL --served-model-name {MODEL}', and run the same command again"
        )

    def _wave_of(self, keys: set[str]) -> Path | None:
        """The wave that asks just this already, and of which nothing is answered yet."""
        for path, ids in self._waves.items():
            if keys <= ids and not path.with_name(path.stem + OUT).exists():
                return path
        return None

    def _kept_lines(self) -> Iterator[dict[str, Any]]:
        for path in sorted((self.folder / ASKED).glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if entry["line"]["custom_id"] not in self._places:
                    yield entry

    def _ids(self, path: Path) -> set[str]:
        ids = set()
        with path.open("rb") as file:
            for line in file:
                try:
                    ids.add(str(json.loads(line)["custom_id"]))
                except (ValueError, KeyError, TypeError):
                    continue
        return ids


class _Failed(Exception):
    pass


def _tokens(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)


def _parse(line: bytes) -> dict[str, Any]:
    """Raises ValueError for a line that is no answer to anything."""
    try:
        answer = json.loads(line.decode("utf-8-sig", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("custom_id"), str):
        raise ValueError("no custom_id")
    return answer


def _said(answer: dict[str, Any]) -> tuple[str, bool, int, int]:
    """As `said_in`. Raises _Failed where the line says that there was no answer, ValueError where it says nothing."""
    if "answer" in answer:
        given = answer["answer"]
        return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False), False, 0, 0
    response = answer.get("response")
    status = str(response.get("status_code", 200)) if isinstance(response, dict) else ""
    if answer.get("error") or status not in ("", "200"):
        body = response.get("body") if isinstance(response, dict) else None
        raise _Failed((f"status {status}: " if status else "") + _message(answer.get("error") or body))
    if not isinstance(response, dict):
        raise ValueError("neither answer nor response")
    return said_in(response.get("body", response))


def _message(error: Any) -> str:
    while isinstance(error, dict) and (inner := error.get("error") or error.get("message")):
        error = inner
    return " ".join(str(error).split())[:200]


def _number(path: Path) -> int:
    digits = path.stem.removeprefix("wave-")
    return int(digits) if digits.isdigit() else 0
