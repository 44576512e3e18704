"""Building: resumed after a kill, the same bytes for any number of workers, approximate indexes measured, filters, known items."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import dump_xml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_retrieval import Texts, digests, opened

from infoseek_offline import pipeline
from infoseek_offline.cli import main
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.errors import IndexError_, UsageError
from infoseek_offline.records import Passage
from infoseek_offline.retrieval import index as index_module
from infoseek_offline.retrieval import shards
from infoseek_offline.retrieval.dense import DenseIndex, build_dense, exact_top
from infoseek_offline.retrieval.encoder import Settings
from infoseek_offline.retrieval.evaluate import evaluate, read_qrels, read_queries
from infoseek_offline.retrieval.folder import file_table
from infoseek_offline.retrieval.index import build_index
from infoseek_offline.retrieval.marks import marked
from infoseek_offline.retrieval.recall import measure, warning
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.retrieval.selftest import make_items

WORDS = "river moon metal north tower glass engine violet harbour copper meadow signal orchard basalt lantern".split()


def invented(count: int, seed: int = 3) -> list[Passage]:
    """Passages of drawn words, three to a page, in two sections."""
    draw = np.random.default_rng(seed)
    made = []
    for n in range(count):
        text = " ".join(f"{WORDS[i]}{j}" for i, j in zip(draw.integers(0, len(WORDS), 30), draw.integers(0, 40, 30), strict=True))
        made.append(Passage(id=f"{n // 3}-{n % 3}", page=n // 3, title=f"Page {n // 3}", section=["", "History"][n % 3 == 2],
                            start=0, end=len(text), text=text))  # fmt: skip
    return made


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD", 64)
    monkeypatch.setattr("infoseek_offline.retrieval.index.SHARD", 64)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    return opened(tmp_path_factory.mktemp("index") / "i", invented(300))


# The same bytes


def test_workers_do_not_change_a_byte(tmp_path: Path, small_shards: None) -> None:
    passages = invented(300)
    for workers in (1, 3):
        build_index(lambda: iter(passages), tmp_path / str(workers), corpus_digest="x", workers=workers)
    assert digests(tmp_path / "1") == digests(tmp_path / "3")


KILLED = """
import sys, os, signal
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_index_build import invented
from infoseek_offline.retrieval import index, shards
shards.SHARD = index.SHARD = 64
whole = os.replace
def replace(source, target):
    whole(source, target)
    if str(target).endswith("000002.npy"):
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = replace
index.build_index(invented(300), Path({folder!r}), corpus_digest="x")
"""


def test_a_killed_build_goes_on_where_it_was(tmp_path: Path, small_shards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "i"
    code = KILLED.format(tests=str(Path(__file__).parent), folder=str(folder))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    vectors = tmp_path / ".i.building" / "vectors"
    assert sorted(p.name for p in vectors.iterdir()) == ["000000.npy", "000001.npy", "000002.npy"]
    before = {p.name: p.stat().st_mtime_ns for p in vectors.iterdir()}
    seen = {}
    real = shards.Shards.__init__

    def look(self: shards.Shards, where: Path, count: int, dimension: int) -> None:
        seen.update({p.name: p.stat().st_mtime_ns for p in where.iterdir()})
        real(self, where, count, dimension)

    monkeypatch.setattr(shards.Shards, "__init__", look)
    build_index(invented(300), folder, corpus_digest="x")
    assert {name: seen[name] for name in before} == before and len(seen) == 5, "finished shards are not made again"
    build_index(invented(300), tmp_path / "j", corpus_digest="x")
    assert digests(folder) == digests(tmp_path / "j")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["i", "j"]


def test_an_error_behind_the_vectors_keeps_them(tmp_path: Path, small_shards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(index_module, "build_sparse", broken)
        with pytest.raises(IndexError_, match="No space left on device; mend that and run: infoseek index"):
            build_index(invented(300), tmp_path / "i", corpus_digest="x")
    work = tmp_path / ".i.building"
    assert {p.name for p in work.iterdir()} == {"building.json", "encoder", "vectors"}, "what is quickly made makes room"
    assert len(list((work / "vectors").iterdir())) == 5
    with monkeypatch.context() as patch:
        patch.setattr(shards, "_encode", broken)
        build_index(invented(300), tmp_path / "i", corpus_digest="x")
    build_index(invented(300), tmp_path / "j", corpus_digest="x")
    assert digests(tmp_path / "i") == digests(tmp_path / "j")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["i", "j"]


def test_what_a_build_of_something_else_left_is_not_used(tmp_path: Path, small_shards: None) -> None:
    work = tmp_path / ".i.building"
    (work / "vectors").mkdir(parents=True)
    (work / "vectors" / "000000.npy").write_bytes(b"of another corpus")
    (work / "building.json").write_text(json.dumps({"corpus": "y"}))
    build_index(invented(300), tmp_path / "i", corpus_digest="x")
    build_index(invented(300), tmp_path / "j", corpus_digest="x")
    assert digests(tmp_path / "i") == digests(tmp_path / "j")


# One query or many


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 30), st.sampled_from(["", "without", "allowed"]), st.integers(0, 99))
def test_a_batch_is_the_same_bytes_as_its_queries(many: int, k: int, limit: str, seed: int) -> None:
    """Ties, zero vectors and filters among them."""
    draw = np.random.default_rng(seed)
    vectors = draw.standard_normal((500, 24)).astype(np.float16).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[100:160] = vectors[7]
    queries = vectors[draw.integers(0, 500, many)] + 0.1 * draw.standard_normal((many, 24)).astype(np.float32)
    queries[0] = vectors[7]
    queries[-1] = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d"
        index = DenseIndex(path, build_dense(vectors, path))
        chosen: dict[str, np.ndarray] = {}
        if limit == "without":
            chosen["without"] = np.arange(100, 130)
        elif limit == "allowed":
            chosen["allowed"] = draw.random(500) < 0.3
        together = index.search_many(queries, k, **chosen)
        alone = [index.search(query, k, **chosen) for query in queries]
    for (places, scores), (wanted, expected) in zip(together, alone, strict=True):
        assert places.tolist() == wanted.tolist() and scores.tobytes() == expected.tobytes()
    likeness = np.round(vectors.astype(np.float64) @ queries[0].astype(np.float64), 6)
    seen = np.ones(500, bool)
    if limit:
        seen = chosen["allowed"] if limit == "allowed" else ~np.isin(np.arange(500), chosen["without"])
    best = sorted((i for i in range(500) if seen[i] and likeness[i] > 1e-4), key=lambda i: (-likeness[i], i))[:k]
    if many > 1:
        assert together[0][0].tolist() == best


@pytest.mark.parametrize("factory", ["IVF32,SQ8", "IVF32_HNSW8,SQ8", "HNSW8,SQ8", "SQ8", "PCA16,IVF32,SQ8"])
def test_a_batch_over_an_approximate_index_is_the_same_bytes_too(tmp_path: Path, factory: str) -> None:
    draw = np.random.default_rng(6)
    vectors = draw.standard_normal((3_000, 24)).astype(np.float16).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[100:160] = vectors[7]  # more ties than are fetched at first
    queries = vectors[draw.integers(0, 3_000, 70)] + 0.1 * draw.standard_normal((70, 24)).astype(np.float32)
    queries[3], queries[-1] = vectors[7], 0
    index = DenseIndex(tmp_path / "d", build_dense(vectors, tmp_path / "d", factory))
    for chosen in ({}, {"without": np.arange(100, 130)}, {"allowed": draw.random(3_000) < 0.3}):
        alone = [index.search(query, 10, **chosen) for query in queries]
        for size in (2, 30, 70):
            parts = [index.search_many(queries[low : low + size], 10, **chosen) for low in range(0, 70, size)]
            together = [found for part in parts for found in part]
            assert [(p.tolist(), s.tobytes()) for p, s in together] == [(p.tolist(), s.tobytes()) for p, s in alone]
        assert len(alone[3][0]) == 10 and not len(alone[-1][0])


def test_many_queries_are_the_same_as_one_by_one(searcher: Searcher) -> None:
    queries = [p.text[:60] for p in invented(300, seed=8)] + ["", "river1", "zyzzyva"]
    assert searcher.rank_all_many(queries, 7) == [searcher.rank_all(query, 7) for query in queries]
    assert searcher.rank_all_many(queries, 7, [5, 9]) == [searcher.rank_all(query, 7, [5, 9]) for query in queries]
    assert searcher.search_many(queries[:20], 3) == [searcher.search(query, 3) for query in queries[:20]]


# Filters


@pytest.mark.parametrize("mode", ["dense", "sparse", "hybrid"])
def test_filters_by_page_and_section(searcher: Searcher, mode: str) -> None:
    query = "river1 moon2 metal3 north4"
    everything = searcher.search(query, 300, mode)  # type: ignore[arg-type]
    lead = searcher.search(query, 300, mode, sections=[""])  # type: ignore[arg-type]
    some = searcher.search(query, 300, mode, pages=[3, 50, 7], exclude_pages=[7])  # type: ignore[arg-type]
    both = searcher.search(query, 300, mode, pages=[3, 50], sections=["History", "No such section"])  # type: ignore[arg-type]
    assert {h.section for h in everything} == {"", "History"} and {h.section for h in lead} == {""}
    assert {h.page for h in some} == {3, 50} and {h.document for h in both} <= {"3-2", "50-2"} and both
    if mode != "hybrid":
        assert lead == [h for h in everything if h.section == ""][: len(lead)]
    assert searcher.search(query, 5, mode, sections=["No such section"]) == []  # type: ignore[arg-type]


def test_hiding_many_pages_and_hiding_few_agree(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = [p.text[:80] for p in invented(30, seed=5)]
    hidden = list(range(0, 60, 2))
    few = searcher.rank_all_many(queries, 9, hidden)
    monkeypatch.setattr("infoseek_offline.retrieval.searcher.FEW", 0)
    assert searcher.rank_all_many(queries, 9, hidden) == few
    assert searcher.rank_all(queries[0], 9, [10**12, -3]) == searcher.rank_all(queries[0], 9)


def test_get_document(searcher: Searcher) -> None:
    assert searcher.get_document("4-1") == invented(300)[13]


def test_passages_are_as_long_as_asked_for_and_make_another_corpus(tmp_path: Path) -> None:
    text = "Lake is a lake. " + " ".join(f"It has {n} islands and {n} bays along its northern shore." for n in range(200))
    (tmp_path / "dump.xml").write_text(dump_xml({"Lake": text}))
    sizes, digest = {}, {}
    for words in (40, 100, 300):
        home = tmp_path / str(words)
        manifest = pipeline.corpus(tmp_path / "dump.xml", home, passage_words=words)
        made = list(Corpus.open(home / "corpus").passages())
        sizes[words] = max(len(p.text.split()) for p in made)
        digest[words] = manifest["digest"]
        assert " ".join(p.text for p in made).count("islands") == 200 and all(p.text.endswith(".") for p in made)
        assert manifest["passage words"] == words
    assert 30 <= sizes[40] <= 50 < 80 <= sizes[100] <= 125 < 250 <= sizes[300] <= 375
    assert len(set(digest.values())) == 3, "an index of one is refused for another"


# Approximate indexes


def clustered(count: int, seed: int = 1) -> np.ndarray:
    draw = np.random.default_rng(seed)
    vectors = draw.standard_normal((40, 32))[draw.integers(0, 40, count)] + 0.6 * draw.standard_normal((count, 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_the_measured_recall_is_that_of_brute_force_and_says_what_would_mend_it(tmp_path: Path) -> None:
    vectors = clustered(4000)
    made = build_dense(vectors, tmp_path / "d", "IVF64,SQ8", nprobe=1)
    index = DenseIndex(tmp_path / "d", made)
    queries = vectors[::40] + 0.05
    found = measure(index, vectors, lambda: queries, made)
    exact = [set(np.argsort(-(vectors @ q), kind="stable")[:10].tolist()) for q in queries]
    assert [set(row) for row in exact_top(vectors, queries, 10)] == exact
    share = np.mean([len(e & set(index.search(q, 10)[0].tolist())) / 10 for e, q in zip(exact, queries, strict=True)])
    assert found["recall@10"] == pytest.approx(share, abs=1e-3) and found["recall@10"] < 0.95
    better = next(int(n) for n, reached in found["recall by nprobe"].items() if reached >= 0.95)
    assert f"run: infoseek index --nprobe {better}" in warning({**made, **found})
    again = build_dense(vectors, tmp_path / "e", "IVF64,SQ8", nprobe=better)
    mended = measure(DenseIndex(tmp_path / "e", again), vectors, lambda: queries, again)
    assert mended["recall@10"] >= 0.95 and warning({**again, **mended}) == ""


def test_another_nprobe_is_not_another_build(tmp_path: Path) -> None:
    words = {"factory": "IVF16,SQ8", "corpus_digest": Texts.digest}
    made = build_index(invented(900), tmp_path / "i", nprobe=1, **words)  # type: ignore[arg-type]
    before = (tmp_path / "i" / "dense.faiss").stat().st_ino
    again = build_index(invented(900), tmp_path / "i", nprobe=16, **words)  # type: ignore[arg-type]
    assert (made["dense"]["nprobe"], again["dense"]["nprobe"]) == (1, 16)
    assert again["dense"]["recall@10"] > made["dense"]["recall@10"]
    build_index(invented(900), tmp_path / "j", nprobe=16, **words)  # type: ignore[arg-type]
    assert digests(tmp_path / "i") == digests(tmp_path / "j")
    assert (tmp_path / "i" / "dense.faiss").stat().st_ino == before
    assert Searcher.open(tmp_path / "i", Texts([]))._dense.nprobe == 16
    build_index(invented(900), tmp_path / "i", nprobe=7, **words)  # type: ignore[arg-type]
    assert (tmp_path / "i" / "dense.faiss").stat().st_ino != before, "what was not measured is built"


@pytest.mark.parametrize("factory", ["SQ8", "SQfp16", "HNSW16", "IVF16,Flat", "PCA16,IVF16,SQ8"])
def test_any_factory_string_that_can_be_filtered(tmp_path: Path, factory: str) -> None:
    vectors = clustered(3000)
    index = DenseIndex(tmp_path / "d", build_dense(vectors, tmp_path / "d", factory))
    allowed = np.ones(3000, bool)
    allowed[:1500] = False
    found = index.search(vectors[2000], 10, allowed)[0]
    assert len(found) == 10 and 2000 in found and found.min() >= 1500
    assert index.search_many(vectors[:30], 5)[17][0].tolist() == index.search(vectors[17], 5)[0].tolist()


@pytest.mark.parametrize("factory", ["nonsense", "IVF5000,Flat", "PQ7"])
def test_a_factory_that_does_not_do_is_refused_and_the_old_index_kept(tmp_path: Path, factory: str) -> None:
    build_index(invented(60), tmp_path / "i", corpus_digest=Texts.digest)
    with pytest.raises(UsageError, match=f"--factory {factory}"):
        build_index(invented(300), tmp_path / "i", corpus_digest=Texts.digest, factory=factory)
    assert len(Searcher.open(tmp_path / "i", Texts(invented(60)))) == 60
    assert {p.name for p in tmp_path.iterdir()} == {"i", ".i.building"}, "another factory needs the same vectors"
    build_index(invented(300), tmp_path / "i", corpus_digest=Texts.digest)
    assert [p.name for p in tmp_path.iterdir()] == ["i"]


def test_settings_of_a_model_are_refused_for_lsa(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--truncate-dim is for sentence-transformers models, not for --encoder lsa"):
        build_index(invented(9), tmp_path / "i", corpus_digest="x", settings=Settings(truncate_dim=8))


def test_what_grows_with_the_passages_is_mapped_and_not_read_at_opening(tmp_path: Path) -> None:
    """Ids, pages, sections, postings, terms of a million passages."""
    opened(tmp_path / "i", invented(30))
    folder = tmp_path / "i"
    manifest = json.loads((folder / "manifest.json").read_text())
    count = 1_000_000
    vectors = np.zeros((count, manifest["dense"]["dimension"]), np.float32)
    vectors[:, 0] = 1
    build_dense(vectors[:, :], folder / "dense.faiss", "SQ8")
    np.save(folder / "documents.npy", np.full(count, b"123456-12"))
    np.save(folder / "pages.npy", np.arange(count, dtype=np.int32))
    np.save(folder / "sections.npy", np.zeros(count, np.int32))
    terms = np.arange(count, dtype=np.uint64)
    np.save(folder / "sparse" / "terms.npy", terms)
    np.save(folder / "sparse" / "indptr.npy", np.arange(count + 1, dtype=np.int32))
    np.save(folder / "sparse" / "indices.npy", np.arange(count, dtype=np.int32))
    np.save(folder / "sparse" / "data.npy", np.ones(count, np.float32))
    manifest["files"] = file_table(folder)
    manifest["passages"] = count
    (folder / "manifest.json").write_text(json.dumps(manifest))
    tracemalloc.start()
    assert len(Searcher.open(folder, Texts([]))) == count
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < count  # the least of those arrays has 4 bytes a passage


# Measured on judged queries and known items


def test_eval_is_by_the_book(searcher: Searcher, tmp_path: Path) -> None:
    passages = invented(300)
    asked = {"a": passages[10].text[:50], "b": passages[20].text[:50], "c": "zyzzyva"}
    lines = [json.dumps({"_id": name, "text": text}) for name, text in asked.items()]
    (tmp_path / "q.jsonl").write_text("\n".join([*lines, ""]))
    (tmp_path / "q.tsv").write_text("query-id\tcorpus-id\tscore\na\t3-1\t1\nb\t6-2\t1\nc\t0-0\t1\n")
    queries, qrels = read_queries(tmp_path / "q.jsonl"), read_qrels(tmp_path / "q.tsv")
    assert queries == asked and qrels["b"] == {"6-2": 1}
    found = evaluate(searcher, queries, qrels, ("sparse", "hybrid"))
    ranks = {n: [d for d, _ in searcher.ranks(q, 100, "sparse")] for n, q in asked.items()}
    reciprocal = [1 / (ranks[n].index(d) + 1) if d in ranks[n][:10] else 0 for n, d in (("a", "3-1"), ("b", "6-2"), ("c", "0-0"))]
    assert found["sparse"]["RR@10"] == pytest.approx(sum(reciprocal) / 3, abs=1e-4)
    assert found["sparse"]["R@10"] == pytest.approx(2 / 3, abs=1e-4)
    by_page = evaluate(searcher, queries, {"a": {"3": 1}}, ("sparse",))
    assert by_page["sparse"]["RR@10"] == 1.0


@pytest.mark.parametrize(
    ("queries", "qrels", "line"),
    [
        ("{}\n", "a\tb\t1\n", "q.jsonl, line 1: not a query"),
        ('{"id": 1, "text": "x"}\n{"id": 1, "text": "y"}\n', "1\tb\t1\n", "line 2: the query '1' is there twice"),
        ('{"id": 1, "text": "x"}\n', "a b\n", "q.tsv, line 1: not a judgement"),
        ('{"id": 1, "text": "x"}\n', "2\tb\t1\n", "no query of the queries file has a judgement"),
        ('{"id": 1, "text": "x"}\n', "1\tQ42\t1\n1\t9999999999-0\t1\n", "no judged document is in this corpus, 'Q42' for one"),
    ],
)
def test_eval_says_what_is_wrong(searcher: Searcher, tmp_path: Path, queries: str, qrels: str, line: str) -> None:
    (tmp_path / "q.jsonl").write_text(queries, encoding="utf-8-sig")  # with the mark that Windows puts there
    (tmp_path / "q.tsv").write_text(qrels, encoding="utf-8-sig")
    with pytest.raises(UsageError, match=line):
        evaluate(searcher, read_queries(tmp_path / "q.jsonl"), read_qrels(tmp_path / "q.tsv"), ("sparse",))


def test_known_items_hide_what_they_ask_for(sample_home: Path) -> None:
    corpus = Corpus.open(sample_home / "corpus")
    items = make_items(corpus)
    assert items == make_items(corpus) and len(items) == 500 and len({i.kind for i in items}) == 2
    for item in items:
        title = corpus.titles[item.page].partition(" (")[0]
        if item.kind == "first sentence":
            assert title.casefold() not in item.query.casefold()
        else:
            assert item.hidden != item.page and any(link.target == item.page for link in corpus.links(item.hidden))


def test_the_selftest_is_in_the_manifest(sample_home: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus").symlink_to(sample_home / "corpus")
    manifest = pipeline.index(tmp_path, selftest=True, workers=2)
    stored = json.loads((tmp_path / "search" / "manifest.json").read_text())
    assert stored == manifest
    for kind, least in (("anchor", 0.1), ("first sentence", 0.7)):
        assert manifest["selftest"][kind]["queries"] == 250
        recall = manifest["selftest"][kind]["recall@10"]
        assert set(recall) == {"dense", "sparse", "hybrid"} and recall["hybrid"] >= least


def test_no_recall_is_made_up_where_nothing_could_be_asked(tmp_path: Path) -> None:
    """A corpus of one page has no links."""
    (tmp_path / "one.xml").write_text(dump_xml({"Lonely lighthouse": "The lonely lighthouse stands on an island in the sea."}))
    pipeline.corpus(tmp_path / "one.xml", tmp_path)
    found = pipeline.index(tmp_path, selftest=True)["selftest"]
    assert found["anchor"] == {"queries": 0, "recall@10": {"dense": None, "sparse": None, "hybrid": None}}
    assert found["first sentence"]["queries"] == 1


# What a person sees


def test_the_words_of_a_query_are_marked_as_they_count() -> None:
    text = "Moons of Uranus; the moon's orbit."
    assert marked(text, "the Moon orbiting", "en", "<", ">") == "<Moons> of Uranus; the <moon>'s <orbit>."
    assert marked("滋賀県にある湖", "滋賀県の湖", "ja", "<", ">") == "<滋賀県>にある湖"
    assert marked("nothing here", "", "en", "<", ">") == "nothing here"


def test_search_marks_and_filters_by_command(sample_home: Path) -> None:
    corpus = Corpus.open(sample_home / "corpus")
    title = corpus.titles[int(corpus.answerable()[0])]
    run = CliRunner().invoke(main, ["search", title, "--home", str(sample_home), "--page", title])
    assert run.exit_code == 0 and "*" in run.stdout and "dense " in run.stdout and "sparse " in run.stdout
    assert all(line[5:].startswith(title) for line in run.stdout.splitlines() if line[:5].strip().endswith("."))
    gone = CliRunner().invoke(main, ["search", title, "--home", str(sample_home), "--exclude", title, "--json", "-k", "20"])
    assert all(json.loads(line)["title"] != title for line in gone.stdout.splitlines())


def test_the_command_fuses_as_it_is_told(sample_home: Path) -> None:
    def scores(*words: str) -> list[float]:
        run = CliRunner().invoke(main, ["search", "a moon of Uranus", "--home", str(sample_home), "--json", "-k", "3", *words])
        assert run.exit_code == 0
        return [json.loads(line)["score"] for line in run.stdout.splitlines()]

    searcher = pipeline.open_searcher(sample_home)
    assert scores() == scores("--fusion", "scores") == [hit.score for hit in searcher.search("a moon of Uranus", 3)]
    assert scores("--fusion", "rrf") == [hit.score for hit in searcher.search("a moon of Uranus", 3, fusion="rrf")]
    assert max(scores("--fusion", "rrf")) <= 2 / 61


@pytest.mark.parametrize("query", ["", " \n"])
def test_an_empty_query_is_a_mistake_of_the_user(sample_home: Path, query: str) -> None:
    run = CliRunner().invoke(main, ["search", query, "--home", str(sample_home)])
    assert (run.exit_code, run.stderr) == (2, "infoseek: the query is empty: say what to look for\n")
