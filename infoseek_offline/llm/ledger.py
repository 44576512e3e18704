"""Every completion of a run, in an SQLite file of its folder: asked once, replayed ever after.

    completion   key (Request.key of the model's digest), the request, the answer as it came, tokens, seconds
    text         messages and schemas of the requests, each once, compressed: most of a prompt is in many
    counted      tokens of prompts, so that a replay cuts its prompts where the model's tokenizer made the run cut them
    verdict      what became of a proposal: accepted (no reason), or rejected with its reason
    model        digest, name and context of the models asked

Threads and processes may write at the same time; a kill at any point loses what was not yet answered. What is in the ledger is
read as a new answer is, through the check of its schema.

`Recorded` asks the ledger, and the model behind it only for what is not there. `Replay` has no model behind it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import zstandard

from infoseek_offline.errors import ModelError
from infoseek_offline.files import digest_of
from infoseek_offline.llm.base import Completion, LanguageModel, Message, Request, Sampling
from infoseek_offline.llm.checked import read_answer

NAME = "ledger.sqlite"
VERSION = 2
LEVEL = 9  # of zstandard
PATIENCE_S = 120  # how long a write waits for the writes of other processes
TABLES = """
CREATE TABLE IF NOT EXISTS completion (
    key TEXT PRIMARY KEY, model TEXT NOT NULL, stage TEXT NOT NULL, prompt TEXT NOT NULL, request TEXT NOT NULL,
    answer TEXT NOT NULL, cut INTEGER NOT NULL, reason TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, seconds REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS text (digest TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counted (key TEXT PRIMARY KEY, tokens INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdict (
    key TEXT NOT NULL, proposal TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (key, proposal)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS model (digest TEXT PRIMARY KEY, name TEXT NOT NULL, context INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Cost:
    """What a stage's calls took. `unusable` answers are among `calls`."""

    stage: str
    calls: int
    unusable: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float


@dataclass(frozen=True)
class Noted:
    """What became of a proposal: accepted where there is no `reason`."""

    stage: str
    key: str
    proposal: str
    reason: str


class Ledger:
    """One file. Cheap to open; may be used by any thread, carried over a fork, and pickled."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Raises ModelError where `read_only` and there is none, or the file is no ledger of ours."""
        self.path, self.read_only = path, read_only
        self._local = threading.local()
        if read_only and not path.is_file():
            raise ModelError(f"no {path}: there is nothing to replay; make the run with 'infoseek data --model'")
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._create()
        ((version,),) = self._rows("PRAGMA user_version")
        if version != VERSION:
            mend = "put the run's whole ledger there" if read_only else "give another --out, or remove the folder"
            raise ModelError(f"{path} has format {version}, this version reads {VERSION}: {mend}")

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "read_only": self.read_only}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _local=threading.local())

    def _create(self) -> None:
        with self._transaction() as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in TABLES.strip().split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # else it was rolled back already, as with a full disk
                    connection.execute("ROLLBACK")
                raise

    def _rows(self, statement: str, *values: Any) -> Iterator[Any]:
        with self._told():
            yield from self._connection().execute(statement, values)

    def _write(self, statement: str, *values: Any) -> None:
        with self._told():
            self._connection().execute(statement, values)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors, as one line that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise ModelError(f"{self.path} {_fault(str(error))}") from error

    def _connection(self) -> sqlite3.Connection:
        """One a thread and process; that of a parent is left alone, since SQLite's must not be used after a fork."""
        if getattr(self._local, "process", None) != os.getpid():
            self._local.inherited = getattr(self._local, "connection", None)
            self._local.connection, self._local.process = self._connect(), os.getpid()
        connection: sqlite3.Connection = self._local.connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        if not self.read_only:
            connection = sqlite3.connect(self.path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            return connection
        # "immutable" needs no files beside it, so that a folder without write permission can be replayed.
        unmerged = self.path.with_name(self.path.name + "-wal").is_file()
        uri = f"{self.path.absolute().as_uri()}?{'mode=ro' if unmerged else 'immutable=1'}"
        return sqlite3.connect(uri, uri=True, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        """Leave one file: what is in the log beside it is merged, unless others still use it."""
        connection = self._connection()
        if not self.read_only:
            with suppress(sqlite3.OperationalError):  # another connection is open; the last one to close merges
                connection.execute("PRAGMA journal_mode = DELETE")
        connection.close()
        self._local.process = None

    # Completions

    def find(self, key: str, request: Request) -> Completion | None:
        columns = "answer, prompt_tokens, completion_tokens, seconds, cut, reason"
        for row in self._rows(f"SELECT {columns} FROM completion WHERE key = ?", key):
            answer, prompt_tokens, completion_tokens, seconds, cut, reason = row
            break
        else:
            return None
        completion = read_answer(
            request, answer, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens, seconds=seconds, cut=bool(cut)
        )
        return completion if completion.value is not None or not reason else replace(completion, reason=reason)

    def holds(self, keys: Sequence[str]) -> bool:
        """Whether it has answers to all of them."""
        return all(any(self._rows("SELECT 1 FROM completion WHERE key = ?", key)) for key in keys)

    def keep(self, key: str, model: str, request: Request, completion: Completion) -> None:
        """The first answer to a key stays."""
        texts = [json.dumps(dict(request.schema)), *(message.content for message in request.messages)]
        schema, *contents = digests = [digest_of("text", text) for text in texts]
        asked = {
            "messages": [[message.role, content] for message, content in zip(request.messages, contents, strict=True)],
            "schema": schema,
            "seed": request.seed,
            "sampling": asdict(request.sampling),
        }
        row = (key, model, request.stage, request.prompt, json.dumps(asked))
        took = (completion.prompt_tokens, completion.completion_tokens, completion.seconds)
        said = (completion.text, int(completion.cut), completion.reason)
        bodies = [_packed(text) for text in texts]
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO text VALUES (?, ?)", zip(digests, bodies, strict=True))
            connection.execute("INSERT OR IGNORE INTO completion VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row + said + took)

    def requests(self) -> Iterator[tuple[str, Request, str]]:
        """(key, request, answer) of all completions, by key."""
        rows = self._rows("SELECT key, stage, prompt, request, answer FROM completion ORDER BY key")
        for key, stage, prompt, asked, answer in rows:
            yield key, self._request(stage, prompt, json.loads(asked)), answer

    def _request(self, stage: Any, prompt: str, asked: dict[str, Any]) -> Request:
        messages = tuple(Message(role, self._text(content)) for role, content in asked["messages"])
        sampling = Sampling(**asked["sampling"])
        return Request(stage, messages, json.loads(self._text(asked["schema"])), asked["seed"], sampling, prompt)

    def _text(self, digest: str) -> str:
        ((body,),) = self._rows("SELECT body FROM text WHERE digest = ?", digest)
        return zstandard.ZstdDecompressor().decompress(body).decode("utf-8", "surrogatepass")

    # Token counts

    def counted(self, key: str) -> int | None:
        return next((int(tokens) for (tokens,) in self._rows("SELECT tokens FROM counted WHERE key = ?", key)), None)

    def count(self, key: str, tokens: int) -> None:
        self._write("INSERT OR IGNORE INTO counted VALUES (?, ?)", key, tokens)

    # Verdicts

    def note(self, key: str, proposal: str, reason: str = "") -> None:
        """What became of a proposal of the answer `key`: accepted where no reason is given. Noting it again changes nothing."""
        self._write("INSERT OR REPLACE INTO verdict VALUES (?, ?, ?)", key, proposal, reason)

    def verdicts(self) -> Iterator[Noted]:
        rows = self._rows(
            "SELECT coalesce(stage, ''), verdict.key, proposal, verdict.reason FROM verdict LEFT JOIN completion USING (key) "
            "ORDER BY verdict.key, proposal"
        )
        yield from (Noted(*row) for row in rows)

    def costs(self) -> list[Cost]:
        """By stage; each completion counts once, however often it was used."""
        rows = self._rows(
            "SELECT stage, count(*), sum(reason != ''), sum(prompt_tokens), sum(completion_tokens), total(seconds) "
            "FROM completion GROUP BY stage ORDER BY stage"
        )
        return [Cost(*row) for row in rows]

    def spent(self) -> Iterator[tuple[str, str, bool, int, int, float]]:
        """(key, stage, whether it can't be used, prompt tokens, completion tokens, seconds) of all completions, by key."""
        columns = "key, stage, reason != '', prompt_tokens, completion_tokens, seconds"
        yield from self._rows(f"SELECT {columns} FROM completion ORDER BY key")

    # Models

    def introduce(self, model: LanguageModel) -> None:
        self._write("INSERT OR IGNORE INTO model VALUES (?, ?, ?)", model.digest, model.name, model.context)

    def models(self) -> list[tuple[str, str, int]]:
        """(digest, name, context) of each."""
        return list(self._rows("SELECT digest, name, context FROM model ORDER BY digest"))


class Recorded:
    """A LanguageModel that asks `ledger` first, and `model` for what is not there."""

    def __init__(self, model: LanguageModel, ledger: Ledger) -> None:
        self.model, self.ledger = model, ledger
        self.name, self.digest, self.context = model.name, model.digest, model.context
        self._stopped = False
        ledger.introduce(model)

    def stop(self) -> None:
        """For threads that still ask when no more is wanted: what is asked from now on raises ModelError, and so does what a model
        that has `abandon` is being asked."""
        self._stopped = True
        abandon = getattr(self.model, "abandon", None)
        if abandon is not None:
            abandon()

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        key = _count_key(self.digest, messages)
        known = self.ledger.counted(key)
        if known is None:
            known = self.model.count_tokens(messages)
            self.ledger.count(key, known)
        return known

    def complete(self, request: Request) -> Completion:
        if self._stopped:
            raise ModelError("no more is asked in this run: it has come to its end")
        key = request.key(self.digest)
        known = self.ledger.find(key, request)
        if known is None:
            self.ledger.keep(key, self.digest, request, self.model.complete(request))
            known = self.ledger.find(key, request)  # that of another process where it was first
            assert known is not None
        return known

    def note(self, request: Request, proposal: str, reason: str = "") -> None:
        """What became of a proposal of the answer to `request`."""
        self.ledger.note(request.key(self.digest), proposal, reason)


class Replay:
    """The LanguageModel of that digest, with nothing but a ledger behind it. Raises ModelError for what is not there."""

    def __init__(self, ledger: Ledger, digest: str) -> None:
        found = next((model for model in ledger.models() if model[0] == digest), None)
        if found is None:
            raise ModelError(f"{ledger.path} holds no answers of the run's model ({digest}): put the run's whole ledger there")
        self.ledger = ledger
        self.digest, self.name, self.context = found

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        tokens = self.ledger.counted(_count_key(self.digest, messages))
        if tokens is None:
            raise self._missing("token count", _count_key(self.digest, messages))
        return tokens

    def complete(self, request: Request) -> Completion:
        key = request.key(self.digest)
        completion = self.ledger.find(key, request)
        if completion is None:
            raise self._missing(f"answer to a {request.stage} prompt", key)
        return completion

    def _missing(self, what: str, key: str) -> ModelError:
        return ModelError(
            f"{self.ledger.path} has no {what} ({key}) of the model {self.name}: it is not the run's whole ledger, or the run was "
            "made by another version or corpus; put the whole one there"
        )


def _fault(said: str) -> str:
    """What SQLite's message means for the ledger, and what to do."""
    if "full" in said:
        return f"can't be written ({said}): free some space and run the same command again"
    if "readonly" in said or "unable to open" in said:
        return f"can't be written ({said}): make its folder writable, or give another --out"
    if "locked" in said:
        return f"is held by another program ({said}): wait for it, and run the same command again"
    if "not a database" in said or "no such" in said:
        return f"is no ledger ({said}): give another --out, or remove the folder"
    return f"is damaged ({said}): put a whole copy of it there, or give another --out"


def _count_key(model: str, messages: tuple[Message, ...]) -> str:
    return digest_of("tokens", model, [[m.role, m.content] for m in messages])


def _packed(text: str) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(text.encode("utf-8", "surrogatepass"))
