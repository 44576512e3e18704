"""The Model Context Protocol over a searcher: the tools `search`, `get_document`, and `fetch` as another name for it.

Made with the official mcp SDK; over stdio by `run_stdio`, over HTTP as a part of serve.py's application.
"""

from __future__ import annotations

from typing import Annotated

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from infoseek_offline import __version__
from infoseek_offline.errors import CorpusError
from infoseek_offline.retrieval.batcher import Batcher, Busy
from infoseek_offline.retrieval.searcher import Mode, Searcher

Id = Annotated[str, Field(description="A document id, as search gives them: 12-3", max_length=64)]


class Found(BaseModel):
    """One hit. `text` is the whole passage, about 100 words."""

    id: str
    title: str
    section: str
    text: str
    score: float


class Results(BaseModel):
    results: list[Found]


class Fetched(BaseModel):
    id: str
    title: str
    section: str
    text: str


def make_mcp(batcher: Batcher) -> MCPServer:
    server = MCPServer(
        "infoseek-offline",
        version=__version__,
        instructions="Search the passages of a local wiki, and read one by its id.",
        log_level="WARNING",
    )

    @server.tool()
    async def search(
        query: Annotated[str, Field(description="What to look for, in words", max_length=8_192)],
        k: Annotated[int, Field(description="How many passages", ge=1, le=100)] = 5,
        mode: Mode = "hybrid",
    ) -> Results:
        """Find passages: those nearest in meaning (dense), those with the query's words (sparse), or both fused (hybrid)."""
        try:
            (hits,) = await batcher.search([query], k, mode)
        except Busy:
            raise ToolError("too many searches wait: try again") from None
        return Results(results=[Found(id=h.document, title=h.title, section=h.section, text=h.text, score=h.score) for h in hits])

    async def get_document(id: Id) -> Fetched:
        """Read one passage by its id."""
        try:
            passage = await anyio.to_thread.run_sync(batcher.searcher.get_document, id)
        except CorpusError as error:
            raise ToolError(str(error)) from error
        return Fetched(id=passage.id, title=passage.title, section=passage.section, text=passage.text)

    server.add_tool(get_document)
    server.add_tool(get_document, name="fetch")
    return server


def run_stdio(searcher: Searcher) -> None:
    """Serve on stdin and stdout until stdin ends."""
    batcher = Batcher(searcher)
    try:
        anyio.run(make_mcp(batcher).run_stdio_async)
    finally:
        batcher.close()
