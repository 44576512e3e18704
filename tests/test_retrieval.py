"""The index and its search: right against brute force, the same bytes every time, in any language, however small the corpus."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from infoseek_offline.errors import UsageError
from infoseek_offline.records import Passage
from infoseek_offline.retrieval.dense import DenseIndex, build_dense, factory_for
from infoseek_offline.retrieval.encoder import load_encoder, make_encoder
from infoseek_offline.retrieval.index import build_index, context_text
from infoseek_offline.retrieval.lsa import LsaEncoder
from infoseek_offline.retrieval.ranking import FUSION_DEPTH, fuse, order, top
from infoseek_offline.retrieval.searcher import MODES, Searcher
from infoseek_offline.retrieval.tokenise import term_hash, terms

SENTENCES = [
    ("Titania", "Titania is the largest moon of Uranus and was found by William Herschel in 1787."),
    ("Oberon", "Oberon is the outermost large moon of Uranus, found by the same observer in the same year."),
    ("Miranda", "Miranda has cliffs of ice many kilometres high; Gerard Kuiper discovered it on photographs."),
    ("Gallium", "Gallium is a soft metal which melts in the hand, predicted by Mendeleev before it was isolated."),
    ("Germanium", "Germanium is a brittle semiconductor; Clemens Winkler isolated it from the mineral argyrodite."),
    ("Danube", "The Danube flows through Vienna, Budapest and Belgrade to the Black Sea."),
    ("Rhine", "The Rhine rises in the Alps and flows through Basel and Cologne to the North Sea."),
    ("Leiden", "Leiden is a city in the Netherlands with an old university and an observatory."),
    ("Helium", "Helium was seen in the spectrum of the Sun before anyone found it on Earth."),
    ("Empty", "Of the and."),
]


class Texts:
    """A passage source in memory."""

    digest = "c0ffee" * 10

    def __init__(self, passages: list[Passage]) -> None:
        self.passages = {passage.id: passage for passage in passages}

    def passage(self, document_id: str) -> Passage:
        return self.passages[document_id]


def corpus_of(texts: list[tuple[str, str]]) -> list[Passage]:
    return [
        Passage(id=f"{page}-0", page=page, title=title, section="", start=0, end=len(text), text=text)
        for page, (title, text) in enumerate(texts)
    ]


def opened(folder: Path, passages: list[Passage], language: str = "en") -> Searcher:
    build_index(passages, folder, language=language, corpus_digest=Texts.digest)
    return Searcher.open(folder, Texts(passages))


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    return corpus_of(SENTENCES)


@pytest.fixture(scope="module")
def searcher(passages: list[Passage], tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    return opened(tmp_path_factory.mktemp("index") / "i", passages)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Terms


def test_english_is_stemmed_without_function_words_and_accents() -> None:
    assert terms("The moons' discoverers: Poincaré and Herschel's") == terms("moon discoverer poincare HERSCHEL")
    assert terms("which of the", "simple") == []


def test_other_languages_keep_their_words() -> None:
    assert terms("Открытия Менделеева", "ru") == ["открытия", "менделеева"]
    assert terms("the l'acqua", "it") == ["the", "l", "acqua"]
    assert terms("বাংলাদেশের নদী", "bn") == ["বাংলাদেশের", "নদী"]  # vowel signs do not cut a word


def test_scripts_without_spaces_become_pairs() -> None:
    assert terms("東京都はJAXA。水", "ja") == ["東京", "京都", "都は", "jaxa", "水"]
    assert terms("ดาว", "th") == ["ดา", "าว"]
    assert terms("지구", "ko") == ["지구"]


@given(st.text(), st.sampled_from(["en", "ja", "ru"]))
def test_terms_are_never_blank(text: str, language: str) -> None:
    assert all(term and not any(c.isspace() for c in term) for term in terms(text, language))


@given(st.text(alphabet="aAzZ'sSéÉжЖяЯ 09.-"), st.sampled_from(["en", "ja", "ru"]))
def test_terms_do_not_depend_on_case(text: str, language: str) -> None:
    assert terms(text.upper(), language) == terms(text.lower(), language) == terms(text, language)


# Right, against brute force


def test_dense_is_the_inner_product_of_unit_vectors(searcher: Searcher, passages: list[Passage]) -> None:
    encoder = LsaEncoder.fit([context_text(p) for p in passages])
    vectors = encoder.encode_documents([context_text(p) for p in passages])
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    likeness = vectors @ encoder.encode_queries(["a large moon of Uranus"])[0]
    hits = searcher.search("a large moon of Uranus", 10, "dense")
    assert [hit.score for hit in hits] == pytest.approx(sorted((s for s in likeness if s > 1e-4), reverse=True), abs=1e-3)
    assert [hit.score for hit in hits] == pytest.approx([likeness[hit.page] for hit in hits], abs=1e-3)


def test_lsa_is_tf_idf_projected_on_its_first_singular_vectors(passages: list[Passage]) -> None:
    texts = [context_text(p) for p in passages]
    encoder = LsaEncoder.fit(texts)
    column = {number: place for place, number in enumerate(encoder.vocabulary.tolist())}
    weights = np.zeros((len(texts), len(column)))
    for row, text in enumerate(texts):
        for term, count in Counter(terms(text)).items():
            holding = sum(term in terms(other) for other in texts)
            weights[row, column[term_hash(term)]] = (1 + math.log(count)) * (1 + math.log((1 + len(texts)) / (1 + holding)))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    # As many dimensions as passages: the projection loses nothing, and likenesses are those of the weights themselves.
    vectors = encoder.encode_documents(texts)
    assert encoder.dimension == len(texts)
    assert np.allclose(vectors @ vectors.T, weights @ weights.T, atol=1e-5)


def test_flat_search_is_brute_force_with_ties_by_position(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    vectors = random.standard_normal((700, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[300:600] = vectors[20]  # more ties than are fetched at first
    index = DenseIndex(tmp_path / "d", build_dense(vectors, tmp_path / "d"))
    allowed = np.ones(700, bool)
    allowed[::3] = False
    for row in (20, 5, 650):
        likeness = np.round(vectors.astype(np.float64) @ vectors[row].astype(np.float64), 5)
        expected = sorted(np.flatnonzero(likeness > 0), key=lambda i: (-likeness[i], i))
        assert [*index.search(vectors[row], 50)[0]] == expected[:50]
        assert [*index.search(vectors[row], 50, allowed)[0]] == [i for i in expected if allowed[i]][:50]


@pytest.mark.parametrize("factory", ["IVF8,SQ8", "IVF8_HNSW8,SQ8"])
def test_large_indexes_are_approximate_and_the_same_bytes(tmp_path: Path, factory: str) -> None:
    random = np.random.default_rng(2)
    vectors = random.standard_normal((2000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    settings = build_dense(vectors, tmp_path / "a", factory)
    assert build_dense(vectors, tmp_path / "b", factory) == settings
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    index = DenseIndex(tmp_path / "a", settings)
    exact = np.argsort(-(vectors @ vectors[7]))[:10]
    assert len({*exact} & {*index.search(vectors[7], 10)[0]}) >= 9
    hidden = np.ones(2000, bool)
    hidden[7] = False
    assert 7 not in index.search(vectors[7], 10, hidden)[0]


def test_the_kind_of_index_goes_by_size() -> None:
    assert factory_for(50_000) == "Flat"
    assert factory_for(90_000) == "IVF1200,SQ8"
    assert factory_for(1_000_001) == "IVF65536_HNSW32,SQ8"


def test_sparse_is_bm25(searcher: Searcher, passages: list[Passage]) -> None:
    documents = [Counter(terms(context_text(p))) for p in passages]
    mean = sum(d.total() for d in documents) / len(documents)
    query = "moon of Uranus found by an observer"
    scores = []
    for document in documents:
        score = 0.0
        for term in terms(query):
            frequency = sum(term in d for d in documents)
            idf = math.log(1 + (len(documents) - frequency + 0.5) / (frequency + 0.5))
            score += idf * document[term] / (document[term] + 1.5 * (1 - 0.75 + 0.75 * document.total() / mean))
        scores.append(score)
    expected = sorted((i for i, s in enumerate(scores) if s > 0), key=lambda i: (-scores[i], i))
    hits = searcher.search(query, 10, "sparse")
    assert [hit.page for hit in hits] == expected
    assert [hit.score for hit in hits] == pytest.approx([scores[i] for i in expected], abs=1e-5)


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.0000001, 2.0]), max_size=40), st.integers(0, 45))
def test_top_is_a_stable_sort(scores: list[float], k: int) -> None:
    rounded = [round(s, 6) for s in scores]
    expected = sorted((i for i, s in enumerate(rounded) if s > 0), key=lambda i: (-rounded[i], i))[:k]
    assert [*top(np.array(scores), k)[0]] == expected


def test_fusion_is_the_mean_of_levelled_scores() -> None:
    one = (np.array([4, 2, 9]), np.array([4.0, 2.0, 1.0]))
    two = (np.array([2, 7]), np.array([9.0, 6.0]))
    positions, scores = fuse((one, two), 10)
    assert [*positions] == [2, 4, 7, 9]
    assert [*scores] == [(2 / 4 + 1) / 2, 1 / 2, round(6 / 9 / 2, 6), 1 / 4 / 2]
    assert [*fuse((one, two), 2)[0]] == [2, 4]


def test_a_ranking_that_was_cut_is_levelled_from_where_it_was_cut() -> None:
    """What did not come in may be as good as the last that did, but not better."""
    count = FUSION_DEPTH + 5
    one = (np.arange(count), 10 - np.arange(count) / 100)
    positions, scores = fuse((one, (np.empty(0, np.int64), np.empty(0))), 1_000)
    assert [*positions] == [*range(FUSION_DEPTH)]
    assert (scores[0], scores[-1]) == (0.5, 0.0)
    assert scores[100] == pytest.approx((1 - 100 / (FUSION_DEPTH - 1)) / 2, abs=1e-6)


def test_fusion_by_reciprocal_ranks() -> None:
    one = (np.array([4, 2, 9]), np.array([4.0, 2.0, 1.0]))
    two = (np.array([2, 7]), np.array([9.0, 6.0]))
    positions, scores = fuse((one, two), 10, "rrf")
    assert [*positions] == [2, 4, 7, 9]
    assert [*scores] == [round(v, 6) for v in (1 / 62 + 1 / 61, 1 / 61, 1 / 62, 1 / 63)]
    deep = (np.arange(FUSION_DEPTH + 5), np.ones(FUSION_DEPTH + 5))
    assert len(fuse((deep, (np.empty(0, np.int64), np.empty(0))), 1_000, "rrf")[0]) == FUSION_DEPTH


def test_how_hybrid_fuses_is_in_the_manifest_and_may_be_said_otherwise(tmp_path: Path, passages: list[Passage]) -> None:
    query = "Which river flows through Vienna?"
    for fusion in ("scores", "rrf"):
        build_index(passages, tmp_path / fusion, corpus_digest=Texts.digest, fusion=fusion)
    by_scores, by_ranks = (Searcher.open(tmp_path / name, Texts(passages)) for name in ("scores", "rrf"))
    assert (by_scores.manifest["fusion"], by_ranks.manifest["fusion"]) == ("scores", "rrf")
    ranked = by_ranks.search(query)
    assert ranked != by_scores.search(query) and ranked[0].score == round(2 / 61, 6)
    assert ranked == by_scores.search(query, fusion="rrf") == by_scores.search_many([query], fusion="rrf")[0]
    assert ranked == Searcher.open(tmp_path / "scores", Texts(passages), fusion="rrf").search(query)
    assert [(h.document, h.page) for h in ranked] == by_ranks.ranks(query) == by_ranks.rank_all(query)["hybrid"]
    assert by_ranks.search(query, mode="sparse") == by_scores.search(query, mode="sparse")
    # Another fusion is not another build, and gives what that would.
    before = (tmp_path / "scores" / "dense.faiss").stat().st_ino
    build_index(passages, tmp_path / "scores", corpus_digest=Texts.digest, fusion="rrf")
    assert (tmp_path / "scores" / "dense.faiss").stat().st_ino == before
    assert digests(tmp_path / "scores") == digests(tmp_path / "rrf")
    with pytest.raises(UsageError, match="no fusion mean: say scores or rrf"):
        by_scores.search("x", fusion="mean")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no fusion mean: say scores or rrf"):
        build_index([], tmp_path / "x", corpus_digest="", fusion="mean")  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 9), max_size=8), st.lists(st.integers(1, 9), max_size=8), st.integers(1, 20))
def test_fusion_does_not_depend_on_the_units_of_a_score(dense: list[int], sparse: list[int], unit: int) -> None:
    def ranking(scores: list[int], by: int) -> tuple[np.ndarray, np.ndarray]:
        return order(np.arange(len(scores)), np.array(scores, np.float64) * by, len(scores))

    plain = fuse((ranking(dense, 1), ranking(sparse, 1)), 5)
    scaled = fuse((ranking(dense, 1), ranking(sparse, unit)), 5)
    assert [*plain[0]] == [*scaled[0]] and [*plain[1]] == [*scaled[1]]


# What a user sees


def test_hits_carry_text_and_the_scores_of_both_components(searcher: Searcher) -> None:
    first, *_ = searcher.search("Which river flows through Vienna?")
    assert (first.document, first.title, first.page) == ("5-0", "Danube", 5)
    assert first.text == SENTENCES[5][1]
    assert set(first.scores) == {"dense", "sparse"}
    assert set(searcher.search("Vienna", 1, "dense")[0].scores) == {"dense"}


@pytest.mark.parametrize("mode", MODES)
def test_the_known_item_comes_first_in_every_mode(searcher: Searcher, mode: str) -> None:
    assert searcher.ranks("brittle semiconductor isolated by Winkler", 1, mode) == [("4-0", 4)]  # type: ignore[arg-type]


def test_excluded_pages_do_not_exist(searcher: Searcher) -> None:
    query = "a large moon of Uranus"
    everything = searcher.rank_all(query, 10)
    without = searcher.rank_all(query, 10, exclude_pages={0, 5})
    for mode in ("dense", "sparse"):
        assert without[mode] == [place for place in everything[mode] if place[1] not in (0, 5)]
    assert all(page not in (0, 5) for _, page in without["hybrid"])
    assert [hit.page for hit in searcher.search(query, 3, exclude_pages=[1])] == [
        page for _, page in searcher.ranks(query, 3, exclude_pages=[1])
    ]


def test_all_ways_to_ask_agree(searcher: Searcher) -> None:
    queries = ["metal that melts", "sea", "observatory in the Netherlands", "zyzzyva"]
    for mode in MODES:
        many = searcher.search_many(queries, 4, mode)
        assert many == [searcher.search(query, 4, mode) for query in queries]
        for query, hits in zip(queries, many, strict=True):
            places = [(hit.document, hit.page) for hit in hits]
            assert places == searcher.ranks(query, 4, mode) == searcher.rank_all(query, 4)[mode]
            assert places == searcher.ranks(query, 10, mode)[:4]


@pytest.mark.parametrize("query", ["", "   ", "the of and", "zyzzyva qqq", "!?…", "\ud800"])
def test_a_query_in_which_nothing_is_known_finds_nothing(searcher: Searcher, query: str) -> None:
    assert searcher.rank_all(query) == {"dense": [], "sparse": [], "hybrid": []}


def test_k_and_mode_are_checked(searcher: Searcher) -> None:
    assert searcher.search("moon", 0) == []
    with pytest.raises(UsageError, match="k is -1"):
        searcher.search("moon", -1)
    with pytest.raises(UsageError, match="no search mode fuzzy"):
        searcher.search("moon", mode="fuzzy")  # type: ignore[arg-type]


# The same bytes


def test_an_index_is_the_same_bytes_whatever_the_threads_and_the_folder(tmp_path: Path, passages: list[Passage]) -> None:
    many = [p.model_copy(update={"id": f"{p.page}-{n}", "text": f"{p.text} Part {n}."}) for p in passages for n in range(150)]
    build_index(many, tmp_path / "a", corpus_digest="x")
    with threadpool_limits(limits=1):
        build_index(lambda: iter(many), tmp_path / "deep" / "b", corpus_digest="x")
    build_index(many, tmp_path / "a", corpus_digest="x")
    assert digests(tmp_path / "a") == digests(tmp_path / "deep" / "b")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "deep"]


def test_threads_get_the_answers_of_their_own_queries(searcher: Searcher) -> None:
    queries = [f"{title} {n % 7}" for n in range(40) for title, _ in SENTENCES]
    alone = [searcher.rank_all(query) for query in queries]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(searcher.rank_all, queries)) == alone


def test_a_saved_encoder_gives_the_same_vectors(tmp_path: Path, passages: list[Passage]) -> None:
    texts = [context_text(p) for p in passages]
    made = make_encoder("lsa", iter(texts), "en")
    made.save(tmp_path)
    loaded = load_encoder(tmp_path, "lsa")
    assert loaded.describe() == made.describe()
    assert loaded.encode_documents(texts).tobytes() == made.encode_documents(texts).tobytes()
    assert loaded.encode_queries(texts[3:4]).tobytes() == made.encode_documents(texts)[3].tobytes()


# Languages and small corpora


def test_japanese(tmp_path: Path) -> None:
    searcher = opened(
        tmp_path / "i",
        corpus_of([
            ("富士山", "富士山は日本で一番高い山である。"),
            ("琵琶湖", "琵琶湖は滋賀県にある大きな湖である。"),
            ("はやぶさ", "はやぶさは小惑星から砂を持ち帰った探査機である。"),
        ]),
        "ja",
    )  # fmt: skip
    for found in searcher.rank_all("滋賀県の湖", 1).values():
        assert found == [("1-0", 1)]
    assert searcher.ranks("小惑星の探査機", 1) == [("2-0", 2)]


def test_cyrillic(tmp_path: Path) -> None:
    searcher = opened(
        tmp_path / "i",
        corpus_of([
            ("Дунав", "Дунав е река, която тече през Виена и Будапеща."),
            ("Рила", "Рила е най-високата планина в България."),
            ("Галий", "Галият е мек метал, предсказан от Менделеев."),
        ]),
        "bg",
    )  # fmt: skip
    for found in searcher.rank_all("ПЛАНИНА в България", 1).values():
        assert found == [("1-0", 1)]
    assert searcher.ranks("Менделеев", 1) == [("2-0", 2)]


def test_three_passages_have_no_more_dimensions_than_their_rank(tmp_path: Path) -> None:
    searcher = opened(tmp_path / "i", corpus_of(SENTENCES[:2] + SENTENCES[:1]))
    assert searcher.manifest["encoder"]["dimension"] == 2
    assert searcher.ranks("Oberon", 3, "dense")[0] == ("1-0", 1)
    assert searcher.ranks("Titania", 2, "dense") == [("0-0", 0), ("2-0", 2)]


def test_one_passage(tmp_path: Path) -> None:
    searcher = opened(tmp_path / "i", corpus_of(SENTENCES[3:4]))
    assert searcher.rank_all("soft metal") == {mode: [("0-0", 0)] for mode in MODES}
    assert searcher.rank_all("soft metal", exclude_pages=[0]) == {mode: [] for mode in MODES}


def test_passages_without_a_single_term(tmp_path: Path) -> None:
    searcher = opened(tmp_path / "i", corpus_of([("!", "?"), ("…", "the")]))
    assert searcher.rank_all("the metal !") == {mode: [] for mode in MODES}
