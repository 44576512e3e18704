"""The search server, asked as its real clients ask: Search-R1, verl, MCP, many at once; and with whatever schemathesis invents."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks

from infoseek_offline import pipeline
from infoseek_offline.cli import main
from infoseek_offline.retrieval import batcher as batcher_module
from infoseek_offline.retrieval import serve
from infoseek_offline.retrieval.batcher import Batcher
from infoseek_offline.retrieval.mcp_server import make_mcp
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.retrieval.serve import MAX_BODY, MAX_K, MAX_QUERY, make_app

ROOT = Path(__file__).parent.parent
QUERIES = ["a moon of Uranus", "who discovered the metal gallium", "river through Vienna", "zyzzyva qqqq", ""]


@pytest.fixture(scope="module")
def searcher(sample_home: Path) -> Searcher:
    return pipeline.open_searcher(sample_home)


@pytest.fixture(scope="module")
def client(searcher: Searcher) -> Iterator[TestClient]:
    with TestClient(make_app(searcher), base_url="http://127.0.0.1:8000") as made:
        yield made


@pytest.fixture(scope="module")
def address(sample_home: Path) -> Iterator[str]:
    """The command itself, on a free port."""
    command = [sys.executable, "-m", "infoseek_offline", "serve", "--home", str(sample_home), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line
        for _ in range(100):
            try:
                httpx.get(found.group() + "/health")
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        yield found.group()
        server.send_signal(signal.SIGINT)
        assert server.wait(10) in (0, 130), server.stderr.read()


# The clients


def test_as_search_r1_asks_and_reads(address: str, searcher: Searcher) -> None:
    """generation.py: `_batch_search` posts, `_passages2string` splits contents at the first line."""
    answer = requests.post(address + "/retrieve", json={"queries": QUERIES, "topk": 3, "return_scores": True}, timeout=30).json()
    assert len(answer["result"]) == len(QUERIES)
    for query, hits in zip(QUERIES, answer["result"], strict=True):
        wanted = searcher.search(query, 3)
        assert [hit["document"]["id"] for hit in hits] == [hit.document for hit in wanted]
        assert [hit["score"] for hit in hits] == [hit.score for hit in wanted]
        for hit, expected in zip(hits, wanted, strict=True):
            title, _, text = hit["document"]["contents"].partition("\n")
            assert title == f'"{expected.title}"' and text == expected.text
    none = requests.post(address + "/retrieve", json={"queries": [], "topk": 3, "return_scores": True}, timeout=30)
    assert none.status_code == 200 and none.json() == {"result": []}, "a batch in which no agent searches"


def test_as_verl_asks_and_reads(address: str) -> None:
    """search_r1_like_utils.py: JSON headers, `result` of lists of {document: {contents}}, 4xx is not tried again."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    payload = {"queries": ["a moon of Uranus"], "topk": 3, "return_scores": True}
    answer = requests.post(address + "/retrieve", headers=headers, json=payload, timeout=30)
    answer.raise_for_status()
    (retrieval,) = answer.json()["result"]
    assert len(retrieval) == 3 and all(len(item["document"]["contents"].split("\n")) > 1 for item in retrieval)


def test_bare_documents_without_scores_and_the_default_k(client: TestClient, searcher: Searcher) -> None:
    answer = client.post("/retrieve", json={"queries": ["a moon of Uranus"], "topk": None}).json()
    assert [d["id"] for d in answer["result"][0]] == [h.document for h in searcher.search("a moon of Uranus", 5)]
    assert set(answer["result"][0][0]) == {"id", "contents", "title", "section", "page", "text"}


def test_the_dialect_of_one_query(client: TestClient, searcher: Searcher) -> None:
    answer = client.post("/retrieve", json={"query": "a moon of Uranus", "topk": 2}).json()
    hits = searcher.search("a moon of Uranus", 2)
    assert answer == {"result": [{"document": {"title": h.title, "text": h.text}, "docid": h.document} for h in hits]}


def test_mode_and_excluded_pages(client: TestClient, searcher: Searcher) -> None:
    page = searcher.search("a moon of Uranus", 1)[0].page
    asked = {"queries": ["a moon of Uranus"], "mode": "sparse", "exclude_pages": [page], "topk": 20}
    hits = client.post("/retrieve", json=asked).json()["result"][0]
    assert [h["id"] for h in hits] == [h.document for h in searcher.search("a moon of Uranus", 20, "sparse", [page])]
    for fusion in ("scores", "rrf"):
        asked = {"queries": ["a moon of Uranus"], "fusion": fusion, "topk": 20, "return_scores": True}
        hits = client.post("/retrieve", json=asked).json()["result"][0]
        wanted = searcher.search("a moon of Uranus", 20, fusion=fusion)  # type: ignore[arg-type]
        assert [(h["document"]["id"], h["score"]) for h in hits] == [(h.document, h.score) for h in wanted]


def test_documents_and_health(client: TestClient, searcher: Searcher) -> None:
    hit = searcher.search("a moon of Uranus", 1)[0]
    assert client.get(f"/document/{hit.document}").json()["text"] == hit.text
    for unknown in ("999999-0", "x", "0-99", "1-1-1", f"{2**64}-0", f"0-{2**64}", "9" * 5_000 + "-0"):
        answer = client.get(f"/document/{unknown}")
        assert answer.status_code == 404 and "document" in answer.json()["error"]
    health = client.get("/health").json()
    assert health["status"] == "ok" and health["passages"] == len(searcher) and health["encoder"] == "lsa"
    assert health["fusion"] == "scores"


# Limits


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"queries": ["x"], "topk": MAX_K + 1}, f"topk: Input should be less than or equal to {MAX_K} (given: {MAX_K + 1})"),
        ({"queries": ["x"], "topk": 0}, "topk: "),
        ({"query": "x" * (MAX_QUERY + 1)}, f"query: String should have at most {MAX_QUERY} characters"),
        ({"queries": ["x"] * 4_097}, "queries: List should have at most 4096 items"),
        ({"queries": "x"}, "queries: Input should be a valid list"),
        ({}, "give either queries (a list) or query (a string)"),
        ({"queries": ["x"], "query": "x"}, "give either"),
        ({"query": "x", "mode": "fast"}, "mode: Input should be 'dense', 'sparse' or 'hybrid'"),
        ({"query": "x", "fusion": "mean"}, "fusion: Input should be 'scores' or 'rrf'"),
    ],
)
def test_over_a_limit_is_a_422_with_one_line(client: TestClient, body: dict[str, Any], line: str) -> None:
    answer = client.post("/retrieve", json=body)
    assert answer.status_code == 422 and set(answer.json()) == {"error"}
    assert line in answer.json()["error"] and "\n" not in answer.json()["error"] and len(answer.json()["error"]) < 250


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"[1]", b'{"query": "\\ud800"}'])
def test_what_is_no_json_is_no_500(client: TestClient, body: bytes) -> None:
    answer = client.post("/retrieve", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 422)


def test_a_large_body_is_a_413_by_its_header_and_in_pieces(address: str) -> None:
    big = b'{"query": "' + b"x" * MAX_BODY + b'"}'
    answer = httpx.post(address + "/retrieve", content=big, headers={"content-type": "application/json"})
    assert answer.status_code == 413 and "larger than 16,777,216 bytes" in answer.json()["error"]

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(big), 1 << 20):
            yield big[start : start + (1 << 20)]

    answer = httpx.post(address + "/retrieve", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_too_many_waiting_are_told_to_come_again(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batcher_module, "WAITING", 0)
    answer = client.post("/retrieve", json={"query": "x"})
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1" and "try again" in answer.json()["error"]


def test_only_this_machine_unless_told_otherwise() -> None:
    options = {option.name: option for option in main.commands["serve"].params}
    assert options["host"].default == "127.0.0.1"


def test_a_port_in_use_is_one_line(sample_home: Path, address: str) -> None:
    from click.testing import CliRunner

    run = CliRunner().invoke(main, ["serve", "--home", str(sample_home), "--port", address.rsplit(":", 1)[1]])
    assert run.exit_code == 2 and run.stderr.startswith("infoseek: can't listen on 127.0.0.1:") and "--port" in run.stderr


def test_the_docs_need_nothing_from_outside(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200 and "POST /retrieve" in page.text and "topk" in page.text
    assert "http" not in page.text.replace("http://127.0.0.1", "") and "<script" not in page.text
    assert client.get("/openapi.json").json()["paths"].keys() == {"/retrieve", "/document/{id}", "/health"}


# Many at once


def test_no_answer_is_mixed_up_and_searches_go_together(searcher: Searcher) -> None:
    queries = [p.text[:50] for p in (searcher.get_document(f"{n}-0") for n in range(0, 120, 2))]
    alone = {(q, k): [h.document for h in searcher.search(q, k)] for q in queries for k in (3, 5)}

    async def ask_all() -> int:
        batcher = Batcher(searcher, threads=2)

        async def ask(n: int) -> None:
            query, k = queries[n % len(queries)], 3 + 2 * (n % 2)
            (hits,) = await batcher.search([query], k, "hybrid")
            assert [h.document for h in hits] == alone[query, k]

        await asyncio.gather(*(ask(n) for n in range(400)))
        batcher.close()
        return batcher.batches

    assert asyncio.run(ask_all()) < 100, "400 searches went to the searcher in batches"


def test_threads_of_clients_over_http(address: str, searcher: Searcher) -> None:
    queries = [searcher.get_document(f"{n}-0").text[:40] for n in range(16)]
    alone = [[h.document for h in searcher.search(q, 4)] for q in queries]
    wrong: list[str] = []

    def ask(number: int) -> None:
        with httpx.Client(base_url=address) as http:
            for step in range(10):
                place = (number + step) % len(queries)
                answer = http.post("/retrieve", json={"queries": [queries[place]], "topk": 4}, timeout=60)
                if answer.status_code != 200 or [d["id"] for d in answer.json()["result"][0]] != alone[place]:
                    wrong.append(answer.text)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_one_fault_does_not_stop_the_others(searcher: Searcher) -> None:
    async def ask() -> None:
        batcher = Batcher(searcher, threads=1)
        good = [batcher.search(["moon"], 3, "hybrid") for _ in range(3)]
        results = await asyncio.gather(*good, batcher.search(["moon"], -1, "hybrid"), *good[:0], return_exceptions=True)
        assert all(isinstance(r, list) for r in results[:3]) and isinstance(results[3], Exception)
        assert await batcher.search(["moon"], 3, "hybrid")
        batcher.close()

    asyncio.run(ask())


# The Model Context Protocol


async def session(target: Any, searcher: Searcher) -> None:
    async with Client(target) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == {"search", "get_document", "fetch"}
        found = await client.call_tool("search", {"query": "a moon of Uranus", "k": 3})
        assert found.structured_content is not None
        results = found.structured_content["results"]
        assert [r["id"] for r in results] == [h.document for h in searcher.search("a moon of Uranus", 3)]
        for tool in ("get_document", "fetch"):
            read = await client.call_tool(tool, {"id": results[0]["id"]})
            assert read.structured_content is not None and read.structured_content["text"] == results[0]["text"]
        for tool, arguments in (("fetch", {"id": "nothing"}), ("search", {"query": "x", "k": 5000}), ("search", {})):
            assert (await client.call_tool(tool, arguments)).is_error


def test_an_mcp_session_in_process(searcher: Searcher) -> None:
    asyncio.run(session(make_mcp(Batcher(searcher)), searcher))


def test_an_mcp_session_over_http(address: str, searcher: Searcher) -> None:
    asyncio.run(session(address + "/mcp", searcher))


def test_an_mcp_session_over_stdio(sample_home: Path, searcher: Searcher) -> None:
    words = ["-m", "infoseek_offline", "serve", "--home", str(sample_home), "--stdio"]
    server = StdioServerParameters(command=sys.executable, args=words, cwd=str(ROOT), env={**os.environ, "PYTHONPATH": str(ROOT)})
    asyncio.run(session(server, searcher))


# Whatever the description allows, and what it does not

load_all_checks()


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        ("POST /retrieve", GenerationMode.POSITIVE),
        ("POST /retrieve", GenerationMode.NEGATIVE),  # the others can't be asked wrongly
        ("GET /document/{id}", GenerationMode.POSITIVE),
        ("GET /health", GenerationMode.POSITIVE),
    ],
)
def test_the_server_keeps_to_its_description(searcher: Searcher, operation: str, mode: GenerationMode) -> None:
    """Status codes, content types and bodies are those of openapi.json; what is against it is refused."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", make_app(searcher))
    method, path = operation.split()
    chosen = schema[path][method]
    seen = []

    @given(case=chosen.as_strategy(generation_mode=mode))
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def check(case: Any) -> None:
        seen.append(case.call_and_validate().status_code)

    check()
    wanted = {"POST /retrieve": 422 if mode is GenerationMode.NEGATIVE else 200, "GET /health": 200}.get(operation, 404)
    assert wanted in seen and not any(code >= 500 for code in seen)


def test_a_missing_extra_says_what_to_install(sample_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    monkeypatch.setitem(sys.modules, "fastapi", None)
    for module in ("serve", "mcp_server"):
        monkeypatch.delitem(sys.modules, f"infoseek_offline.retrieval.{module}", raising=False)
    run = CliRunner().invoke(main, ["serve", "--home", str(sample_home)])
    assert run.exit_code == 1 and "pip install 'infoseek-offline[serve]'" in run.stderr
    assert json.dumps(serve.DEFAULT_K) == "5"
