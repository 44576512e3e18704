"""A server on 127.0.0.1 that speaks OpenAI's chat completions, as llama-server or vLLM do, and misbehaves when it is told to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# "drop", "late", "drip", "endless", "html", "half", "list", a status, (status, headers), a body as it is, or its bytes
Mishap = Any


class ModelServer(ThreadingHTTPServer):
    """`mishaps` are what happens to the next chat completions, in order; after them, `answer` says the content for a body.

    `flavour` is "vllm", "llama-server", or one that counts no tokens: "plain", "page", "faulty", "constant". `asked` holds the
    bodies of all chat completions, `paths` all paths, `keys` the Authorization headers.
    """

    daemon_threads = True

    def __init__(
        self, answer: Callable[[dict[str, Any]], Any], flavour: str = "vllm", models: tuple[str, ...] = ("tiny",),
        host: str = "127.0.0.1", context: int = 2048,
    ) -> None:  # fmt: skip
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), _Handler)
        self.host, self.context, self.clock = host, context, ""
        self.answer, self.flavour, self.models = answer, flavour, models
        self.loading = 0  # as many questions for its models are answered with 503
        self.mishaps: list[Mishap] = []
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.lateness = threading.Event()  # what is late waits for it

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news."""


@contextmanager
def model_server(answer: Callable[[dict[str, Any]], Any], **settings: Any) -> Iterator[ModelServer]:
    server = ModelServer(answer, **settings)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.lateness.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization"))
        if self.path == "/v1/models" and self.server.loading:
            self.server.loading -= 1
            self._json(503, {"error": {"message": "Loading model"}})
        elif self.path == "/v1/models":
            more = {"max_model_len": self.server.context} if self.server.flavour == "vllm" else {}
            self._json(200, {"object": "list", "data": [{"id": name, **more} for name in self.server.models]})
        elif self.path == "/props" and self.server.flavour == "llama-server":
            self._json(200, {"default_generation_settings": {"n_ctx": 3072}})
        else:
            self._unknown()

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization"))
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/chat/completions":
            self.server.asked.append(body)
            self._complete(body)
        elif self.path == "/tokenize" and self.server.flavour == "vllm":
            self._json(200, {"count": _tokens(body)})
        elif self.path == "/tokenize" and self.server.flavour == "constant":
            self._json(200, {"count": 1})
        elif self.path == "/tokenize" and self.server.flavour == "llama-server":
            self._json(200, {"tokens": list(range(len(body.get("content", "").split())))})
        elif self.path == "/apply-template" and self.server.flavour == "llama-server":
            self._json(200, {"prompt": " ".join(f"<{m['role']}> {m['content']}" for m in body["messages"])})
        else:
            self._unknown()

    def _unknown(self) -> None:
        if self.server.flavour == "page":  # a program that shows its page for whatever it does not know
            self._send(200, b"<!doctype html><html></html>", "text/html")
        elif self.server.flavour == "faulty":
            self._json(500, {"error": {"message": "no such path"}})
        else:
            self._json(404, {"error": {"message": "not found"}})

    def _complete(self, body: dict[str, Any]) -> None:
        mishap = self.server.mishaps.pop(0) if self.server.mishaps else None
        if mishap == "drop":
            self.close_connection = True
            self.connection.close()
            return
        if mishap == "endless":
            self.send_response(200)
            self.end_headers()
            while not self.server.lateness.is_set():
                self.wfile.write(b" " * 65536)
            return
        if mishap == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not self.server.lateness.wait(0.01):
                self.wfile.write(b"x")
            return
        if mishap == "late":
            self.server.lateness.wait(30)
        if isinstance(mishap, int | tuple):
            status, headers = mishap if isinstance(mishap, tuple) else (mishap, {})
            self._json(status, {"error": {"message": headers.pop("message", "not now")}}, headers)
            return
        if isinstance(mishap, dict):
            self._json(200, mishap)
            return
        if isinstance(mishap, bytes):
            self._send(200, mishap, "text/event-stream")
            return
        content = self.server.answer(body)
        text = content if isinstance(content, str) else json.dumps(content)
        whole = {
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": _tokens(body), "completion_tokens": 8},
        }
        if mishap == "html":
            self._send(200, b"<html><body>Welcome</body></html>", "text/html")
        elif mishap == "half":
            self._send(200, json.dumps(whole).encode()[:40], "application/json")
        elif mishap == "list":
            self._json(200, [whole])
        else:
            self._json(200, whole)

    def _json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), "application/json", headers)

    def _send(self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.clock or super().date_time_string(timestamp)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing to say."""


def _tokens(body: dict[str, Any]) -> int:
    return 3 + sum(len(m["content"].split()) for m in body["messages"])
