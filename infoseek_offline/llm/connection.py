"""HTTP to a model server: tried again while that may help, within a time, else one line that says what to do.

What may pass (429, 5xx, dropped connections, half an answer, an error in place of one) is tried again with growing waits, or as
long as `Retry-After` says. Raises ModelError for a server that is not there, does not come to an end, wants a key or sends on;
Refused for a question that it does not take though it is there, TooLong for a prompt that does not fit it.

A key, where one is needed, comes from the environment variable INFOSEEK_API_KEY and goes nowhere but into the request.
"""

from __future__ import annotations

import json
import math
import os
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from infoseek_offline.errors import MissingExtra, ModelError, UsageError
from infoseek_offline.llm.chat import from_stream, too_long

KEY = "INFOSEEK_API_KEY"
MODELS, CHAT = "/v1/models", "/v1/chat/completions"
TRIES = 6
SILENCES = 2  # tries that end with the time being over, or with more than an answer can be
LONGEST_WAIT_S = 60
MOST_BYTES = 1 << 24  # of an answer
CONNECT_S, PROBE_S, ANSWER_S = 10, 20, 600
IDLE_S = 2  # how long a connection is kept: servers close theirs after 5 seconds or more, and a closed one costs a try
BUSY = {429, 503}  # for a probe: a model that is still being loaded
PASSES = {408, 409, 425, 429}  # besides 5xx

Read = TypeVar("Read")


class Refused(ModelError):
    """The server is there, and has no answer to this question: not at all, or not after all tries. `why`, without an address."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


class TooLong(Exception):
    """The prompt is too long for the server."""


class _Silent(Exception):
    """No end of an answer within the time, or within the bytes that one can have."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes
    seconds: float = 0.0


class _Call:
    """One question, while it is asked."""

    def __init__(self) -> None:
        self._woken, self._abandoned = threading.Event(), False

    def abandon(self) -> None:
        self._abandoned = True
        self._woken.set()

    def wait(self, seconds: float, woken: threading.Event | None = None) -> None:
        """For `woken`. Raises ModelError where the question was abandoned, before or meanwhile."""
        self._woken = woken or threading.Event()
        if not self._abandoned:
            self._woken.wait(seconds)
        if self._abandoned:
            raise ModelError("the question was abandoned: its run has come to its end")


class Connection:
    def __init__(self, url: str, *, wait: Callable[[float], object] | None = None, answer_s: float = ANSWER_S) -> None:
        """`wait` stands in for the waits between tries. Raises MissingExtra without httpx, UsageError for a URL that is none."""
        try:
            import httpx
        except ImportError as error:
            raise MissingExtra("a model server", "httpx", "http") from error
        self._httpx = httpx
        parts = _split(url)
        path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/").removesuffix("/v1").rstrip("/")
        self.root = f"{parts.scheme}://{parts.netloc}{path}"
        self.chosen = parts.fragment
        self._headers = {"Authorization": f"Bearer {key}"} if (key := _key()) else {}
        self._wait, self._answer_s = wait, answer_s
        self._process, self._reached = 0, False
        self._grace = 1.0  # seconds for an end that httpx sees itself
        self._made: Any = None
        self._calls: set[_Call] = set()

    def abandon(self) -> None:
        """What is being asked, by any thread, raises ModelError at once."""
        for call in list(self._calls):
            call.abandon()

    @property
    def _client(self) -> Any:
        """A client a process: connections must not be shared over a fork. Proxies and .netrc are not looked at."""
        if self._process != os.getpid():
            limits = self._httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=IDLE_S)
            timeout = self._httpx.Timeout(self._answer_s, connect=CONNECT_S)
            # The system's certificates, or those of SSL_CERT_FILE; they take long to read, and are of no use without https.
            secure = ssl.create_default_context() if self.root.startswith("https:") else False
            self._made = self._httpx.Client(
                headers=self._headers, timeout=timeout, limits=limits, trust_env=False, verify=secure
            )
            self._process = os.getpid()
        return self._made

    def ask(
        self, method: str, path: str, body: Any, read: Callable[[Any], Read], *, probe: bool = False, tries: int = TRIES
    ) -> tuple[Read, float]:
        """What `read` makes of the JSON object that the server answers, and the seconds that this answer took; where it raises
        ValueError, it is no answer. A `probe` gets an empty object where the server has no such path."""
        call = _Call()
        self._calls.add(call)
        try:
            return self._ask(call, method, path, body, read, probe, tries)
        finally:
            self._calls.discard(call)

    def _ask(
        self, call: _Call, method: str, path: str, body: Any, read: Callable[[Any], Read], probe: bool, tries: int
    ) -> tuple[Read, float]:
        trouble, lost, silences = "", False, 0
        for attempt in range(tries):
            pause = float(2**attempt)
            try:
                reply = self._fetch(call, method, path, body, PROBE_S if probe else self._answer_s)
            except _Silent as error:
                trouble, lost, silences = str(error), True, silences + 1
                if silences == SILENCES:
                    break
            except self._httpx.RequestError as error:
                trouble, lost = _in_words(error), True
                if attempt == 0 and self._reached:
                    pause = 0.0  # a connection that was closed meanwhile
                if isinstance(error, self._httpx.ConnectError | self._httpx.ConnectTimeout) and not self._reached:
                    break  # it was never there: no use to wait
            else:
                self._reached, lost, pause = True, False, max(pause, _retry_after(reply.headers))
                try:
                    found = self._object_of(reply, path, probe)
                    return read(found), reply.seconds
                except ValueError as error:
                    trouble = str(error)
            if attempt + 1 < tries and pause:
                (call.wait if self._wait is None else self._wait)(min(pause, LONGEST_WAIT_S))
        if not lost:
            what = f"fails at {path} {tries} times in a row ({trouble})"
            raise Refused(f"{self.root} {what}: look into its log, and run the same command again", trouble)
        raise ModelError(f"{self.root} does not answer ({trouble}): {_mend(trouble)}, and run the same command again")

    def _fetch(self, call: _Call, method: str, path: str, body: Any, within: float) -> Reply:
        """By a thread of its own, since a server may say a byte now and then for ever. Raises RequestError where the server can't
        be reached."""
        said: list[Reply | BaseException] = []

        def fetch() -> None:
            try:
                said.append(self._answer(method, path, body, until))
            except BaseException as error:
                said.append(error)
            done.set()

        until, done = time.monotonic() + within, threading.Event()
        threading.Thread(target=fetch, daemon=True).start()
        call.wait(within + self._grace, done)
        found = said[0] if said else _Silent(f"no end of an answer in {within:g} s")
        if isinstance(found, BaseException):
            raise found
        return found

    def _answer(self, method: str, path: str, body: Any, until: float) -> Reply:
        started, content = time.perf_counter(), bytearray()
        timeout = self._httpx.Timeout(max(0.01, until - time.monotonic()), connect=CONNECT_S)
        try:
            with self._client.stream(method, self.root + path, json=body, timeout=timeout) as response:
                for part in response.iter_bytes():
                    content += part
                    if len(content) > MOST_BYTES:
                        raise _Silent(f"an answer of more than {MOST_BYTES >> 20} MiB")
                    if time.monotonic() > until:
                        raise self._httpx.ReadTimeout("")
        except (self._httpx.ReadTimeout, self._httpx.WriteTimeout) as error:
            raise _Silent(f"no end of an answer in {time.perf_counter() - started:.0f} s") from error
        return Reply(response.status_code, response.headers, bytes(content), time.perf_counter() - started)

    def _object_of(self, reply: Reply, path: str, probe: bool) -> dict[str, Any]:
        """The JSON object. Raises ValueError where there is none and it may be tried again."""
        status, good = reply.status, 200 <= reply.status < 300
        try:
            answer = json.loads(reply.content)
        except (ValueError, RecursionError):
            answer = from_stream(reply.content)
        message = said_of(reply)
        if good and isinstance(answer, dict) and ("error" not in answer or "choices" in answer):
            return answer
        if status in (401, 403) and (not probe or path == MODELS):
            if self._headers:
                raise ModelError(f"{self.root} refuses the key (status {status}: {message}): set another {KEY} in the environment")
            raise ModelError(f"{self.root} wants a key (status {status}: {message}): set {KEY} in the environment")
        if probe and status not in BUSY:
            return {}
        if 300 <= status < 400:
            there = reply.headers.get("Location", "elsewhere").removesuffix(path)
            raise ModelError(f"{self.root} sends on to {there} (status {status}): give that URL")
        if good:
            raise ValueError(f"an error: {message}" if isinstance(answer, dict) else "an answer that is no JSON object")
        if status in (400, 413, 422, 500) and too_long(message):
            raise TooLong(f"the prompt does not fit the server's context: {message}")
        if status in PASSES or (status >= 500 and status != 501):
            raise ValueError(f"status {status}: {message}")
        mend = "look into the server's log, or give another URL"
        if any(word in message.lower() for word in ("response_format", "json_schema")):
            mend = "a server is needed that knows response_format with a JSON schema, as llama-server and vLLM do"
        why = f"status {status}: {message}"
        raise Refused(f"{self.root}{path} refuses ({why}): {mend}", why)


def _split(url: str) -> SplitResult:
    """Raises UsageError, without what may be a password."""
    fault = ""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
        if not host or "@" in parts.netloc:
            fault = f"{parts.scheme}://… is no URL of a server (a key goes into {KEY})"
        elif port == 0 or any(c.isspace() for c in parts.netloc) or (parts.query or "?" in url):
            fault = f"{url!r} is no URL of a server, which is scheme, host, port and path alone"
        else:
            host.encode("idna")
    except ValueError as error:
        fault = f"{url.split('@')[-1]!r} is no URL of a server ({error})"
    if fault:
        raise UsageError(f"{fault}: give one like http://127.0.0.1:8080, or http://127.0.0.1:8080#NAME for one of its models")
    return parts


def _key() -> str:
    key = os.environ.get(KEY, "").strip()
    if not key.isascii() or not key.isprintable():
        raise UsageError(f"{KEY} holds a character that no key has (a line end, or a letter with an accent): set it again")
    return key


def _in_words(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())[:200]


def _mend(trouble: str) -> str:
    if "CERTIFICATE" in trouble:
        return "name the file of its certificate in SSL_CERT_FILE, or use http://"
    if "SSL" in trouble:
        return "use http:// for a server without TLS"
    if trouble.startswith(("no end", "an answer")):
        return "look into its log"
    tls = ", or use https:// where it has TLS" if "reset" in trouble or "illegal" in trouble else ""
    return f"start it, as by 'llama-server -m MODEL.gguf --port 8080'{tls}"


def said_of(reply: Reply) -> str:
    """What the server says of an error, in one line."""
    try:
        error = json.loads(reply.content)
        error = error.get("error", error) if isinstance(error, dict) else error
        said = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    except (ValueError, RecursionError):
        said = reply.content[:2000].decode("utf-8", "replace")
    return " ".join(said.split())[:200] or "nothing said"


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds; a date is taken from the server's own clock, where it says that."""
    said = headers.get("Retry-After", "0")
    try:
        seconds = float(said)
        return seconds if math.isfinite(seconds) else 0.0
    except ValueError:
        pass
    try:
        then = parsedate_to_datetime(said)
        now = parsedate_to_datetime(headers["Date"]) if headers.get("Date") else datetime.now(then.tzinfo)
        return (then - now).total_seconds()
    except (ValueError, TypeError):  # neither
        return 0.0
