"""The search server: a FastAPI application over one searcher, and the MCP server beside it.

    POST /retrieve          both dialects of search servers: {queries, topk, return_scores} and {query}
    GET  /document/{id}     one passage
    GET  /health            what is served
    GET  /openapi.json      and a plain page of it at /docs, which needs nothing from outside
    /mcp                    the Model Context Protocol over HTTP (mcp_server.py)

An answer to many queries is the same as the answers to each. What a request may ask for is limited; over a limit the answer is a
4xx with one line of what and how much (`Problem`). The package's extra `serve` is needed.
"""

from __future__ import annotations

import html
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict
from starlette.exceptions import HTTPException as StarletteHTTPException

from infoseek_offline import __version__
from infoseek_offline.errors import CorpusError, UsageError
from infoseek_offline.records import Hit, Passage
from infoseek_offline.retrieval.batcher import Batcher, Busy
from infoseek_offline.retrieval.mcp_server import make_mcp
from infoseek_offline.retrieval.ranking import Fusion
from infoseek_offline.retrieval.searcher import Mode, Searcher

MAX_K = 100
MAX_QUERIES = 4_096  # Search-R1 sends those of a whole training batch at once
MAX_QUERY = 8_192  # characters
MAX_BODY = 16 << 20
DEFAULT_K = 5

Query = Annotated[str, StringConstraints(max_length=MAX_QUERY)]


def _only(given: str, kind: str, other: str) -> JsonDict:
    return {"required": [given], "properties": {given: {"type": kind}, other: {"type": "null"}}}


ONE_OF: list[Any] = [_only("queries", "array", "query"), _only("query", "string", "queries")]
# JSON knows 3.0 as an integer; but neither "3" nor true is one.
WHOLE = BeforeValidator(lambda number: int(number) if isinstance(number, float) and number.is_integer() else number)


class Retrieve(BaseModel):
    """Either `queries` (the answer has a list of hits for each) or `query` (the answer is one list). Other fields are ignored."""

    model_config = ConfigDict(json_schema_extra={"oneOf": ONE_OF})

    queries: Annotated[list[Query], Field(max_length=MAX_QUERIES)] | None = None
    query: Query | None = None
    topk: Annotated[int, Field(ge=1, le=MAX_K, strict=True), WHOLE] | None = None
    return_scores: Annotated[bool, Field(strict=True)] = False
    mode: Mode = "hybrid"
    fusion: Fusion | None = None
    exclude_pages: Annotated[list[Annotated[int, Field(ge=0, lt=2**31, strict=True), WHOLE]], Field(max_length=1_000)] = []

    @model_validator(mode="after")
    def _one(self) -> Retrieve:
        if (self.queries is None) == (self.query is None):
            raise ValueError("give either queries (a list) or query (a string)")
        return self


class Document(BaseModel):
    """`contents` is the title in double quotes, a new line, the text: what Search-R1's clients read."""

    id: str
    contents: str
    title: str
    section: str
    page: int
    text: str


class Scored(BaseModel):
    document: Document
    score: float


class Named(BaseModel):
    document: dict[str, str]
    docid: str


class Retrieved(BaseModel):
    """For `queries` a list for each of `{document, score}`, or of documents without `return_scores`; for `query` one list of
    `{document: {title, text}, docid}`."""

    result: list[list[Scored]] | list[list[Document]] | list[Named]


class Health(BaseModel):
    status: str
    version: str
    passages: int
    encoder: str
    fusion: str
    corpus: str


class Problem(BaseModel):
    error: str


def make_app(searcher: Searcher, host: str = "127.0.0.1") -> FastAPI:
    """The application; `host` is what it will be bound to, for the MCP server's check of the Host header."""
    batcher = Batcher(searcher)
    mcp = make_mcp(batcher)
    mcp_app = mcp.streamable_http_app(streamable_http_path="/mcp", stateless_http=True, json_response=True, host=host)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with mcp.session_manager.run():
            yield
        batcher.close()

    problems: dict[int | str, dict[str, Any]] = {422: {"model": Problem, "description": "Over a limit, or not understood"}}
    app = FastAPI(
        title="infoseek-offline search", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan, responses=problems
    )
    app.state.batcher = batcher
    app.add_middleware(_Limited)

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": _first(error)}, 422)

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    @app.post(
        "/retrieve",
        response_model=Retrieved,
        responses={
            400: {"model": Problem, "description": "The body is no text"},
            413: {"model": Problem, "description": "The body is too large"},
            503: {"model": Problem, "description": "Too many searches wait"},
        },
    )
    async def retrieve(asked: Retrieve) -> JSONResponse:
        """Search the passages. An empty list of queries has an empty result."""
        queries = [asked.query] if asked.query is not None else asked.queries or []
        try:
            wanted = (asked.topk or DEFAULT_K, asked.mode, asked.exclude_pages, asked.fusion)
            found = await batcher.search(queries, *wanted) if queries else []
        except Busy:
            raise HTTPException(503, "too many searches wait: try again", {"Retry-After": "1"}) from None
        if asked.query is not None:
            named = [{"document": {"title": hit.title, "text": hit.text}, "docid": hit.document} for hit in found[0]]
            return JSONResponse({"result": named})
        if asked.return_scores:
            return JSONResponse({"result": [[{"document": _document(h), "score": h.score} for h in hits] for hits in found]})
        return JSONResponse({"result": [[_document(hit) for hit in hits] for hits in found]})

    @app.get("/document/{id}", response_model=Document, responses={404: {"model": Problem, "description": "There is none"}})
    async def document(id: str) -> JSONResponse:
        """One passage by its id."""
        try:
            passage = await run_in_threadpool(searcher.get_document, id)
        except CorpusError as error:
            raise HTTPException(404, str(error)) from error
        return JSONResponse(_document(passage))

    @app.get("/health")
    async def health() -> Health:
        manifest = searcher.manifest
        encoder = str(manifest["encoder"].get("model", manifest["encoder"]["name"]))
        served = {"encoder": encoder, "fusion": searcher.fusion, "corpus": manifest["corpus"]}
        return Health(status="ok", version=__version__, passages=len(searcher), **served)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(_page(app.openapi()))

    app.mount("/", mcp_app)
    return app


def listen(host: str, port: int) -> socket.socket:
    """A bound socket (port 0: any free one). Raises UsageError where the address can't be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"can't listen on {host}:{port} ({reason}): give another --port or --host") from error
    return bound


def run(app: FastAPI, bound: socket.socket) -> None:
    """Serve until interrupted."""
    import uvicorn

    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[bound])


def _document(found: Hit | Passage) -> dict[str, Any]:
    name = found.document if isinstance(found, Hit) else found.id
    contents = f'"{found.title}"\n{found.text}'
    place = {"title": found.title, "section": found.section, "page": found.page}
    return {"id": name, "contents": contents, **place, "text": found.text}


def _first(error: RequestValidationError) -> str:
    """The first fault as a line: where, what, which value."""
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"] if part != "body") or "body"
    value = json.dumps(fault.get("input"), ensure_ascii=False, default=str)
    line = f"{where}: {fault['msg']} (given: {value[:80] + ('…' if len(value) > 80 else '')})"
    return line.encode("utf-8", "backslashreplace").decode()  # JSON may hold half of a character


class _Limited:
    """Turns away a body over MAX_BODY, by its header or while it comes."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        problem = JSONResponse({"error": f"the body is larger than {MAX_BODY:,} bytes: send fewer queries at once"}, 413)
        if stated.isdigit() and int(stated) > MAX_BODY:
            await problem(scope, receive, send)
            return
        size, started, over = 0, False, False

        async def counted() -> Any:
            nonlocal size, over
            message = await receive()
            size += len(message.get("body", b""))
            if size > MAX_BODY:
                over = True
                return {"type": "http.disconnect"}
            return message

        async def noted(message: Any) -> None:
            nonlocal started
            if not over:
                started = True
                await send(message)

        try:
            await self.app(scope, counted, noted)
        except Exception:
            if not over:  # else it is the app's answer to the disconnect that `counted` made up
                raise
        if over and not started:
            await problem(scope, receive, send)


def _page(schema: dict[str, Any]) -> str:
    """The endpoints as a plain page, without scripts."""
    rows = []
    for path, methods in schema["paths"].items():
        for method, what in methods.items():
            body = what.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            fields = schema["components"]["schemas"].get(body.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", {})
            listed = "".join(f"<li><code>{name}</code> {html.escape(json.dumps(field))}</li>" for name, field in fields.items())
            about = html.escape(what.get("description", ""))
            rows.append(f"<h2><code>{method.upper()} {html.escape(path)}</code></h2><p>{about}</p><ul>{listed}</ul>")
    head = f"<!doctype html><meta charset=utf-8><title>{html.escape(schema['info']['title'])}</title>"
    return f'{head}<h1>{html.escape(schema["info"]["title"])}</h1><p><a href="/openapi.json">openapi.json</a></p>{"".join(rows)}'
