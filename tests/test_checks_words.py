"""What a question gives away, and what searches find: each defect is planted, and is found (L1, R1, R2)."""


from collections.abc import Callable
from pathlib import Path

import pytest
from world import (
    AT_BRONTES,
    BOUNDS,
    FINDER,
    SOUND,
    examine,
    failed,
    finder_with,
    kind,
    link,
    moon_with,
    plant,
    with_more,
    with_page,
)

from infoseek_offline.checks.all import SEARCH, SURFACE, run_checks
from infoseek_offline.checks.problem import Problem
from infoseek_offline.checks.surface import distinctive_words
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import ResearchTree, Verdict
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.trees.extents import Extents

# L and R: the words of the question

QUESTION = (
    "Which moon that orbits Brontes was discovered by the astronomer who was born in Quillport and studied at the University of "
    "Ardmoor?"
)
CLUES = {
    "A.1": "was discovered by the astronomer who was born in Quillport and studied at the University of Ardmoor",
    "A.2": "orbits Brontes",
    "A.3": "moon",
    "B.1": "was born in Quillport",
    "B.2": "studied at the University of Ardmoor",
}


def asked(
    corpus: Corpus, question: str = QUESTION, searcher: Searcher | None = None, tree: ResearchTree | None = None, **clues: str
) -> Problem:
    """The sound tree in words; `clues` by id, "A_2" for "A.2"."""
    told = CLUES | {name.replace("_", "."): words for name, words in clues.items()}
    return Problem(corpus, Extents(corpus), tree or plant(corpus, SOUND), BOUNDS, question, told, searcher)


def surface(corpus: Corpus, question: str, tree: ResearchTree | None = None) -> Verdict:
    return run_checks(asked(corpus, question, tree=tree), SURFACE)[1][0]


def test_l1_the_sound_question_leaks_nothing(sound: Corpus) -> None:
    assert surface(sound, QUESTION).passed
    assert surface(sound, QUESTION).measured == {"leaks": []}


@pytest.mark.parametrize(
    ("words", "leak"),
    [
        ("called Ilmare (moon)", "A: ilmare"),
        ("called Ilmare", "A: ilmare"),
        ("called ILMARE", "A: ilmare"),
        ("with Ilmare's gorges", "A: ilmare"),
        ("with Ilmarean gorges", "A: ilmare"),
        ("also known as Brontes VI", "A: brontes vi"),
        ("found by Tamsin Vell", "B: tamsin vell"),
        ("found by Vell", "B: vell"),
        ("on Tamsin's map", "B: tamsin"),
    ],
)
def test_l1_a_name_in_the_question(sound: Corpus, words: str, leak: str) -> None:
    found = surface(sound, QUESTION.replace("that orbits", f"{words} that orbits"))
    assert not found.passed
    assert leak in found.measured["leaks"]
    assert found.reason.startswith("the question shows ") and leak in found.reason


def test_l1_an_anchor_is_an_alias(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus(with_more("Kesh", "It is smaller than the [[Ilmare (moon)|Pale Sister]]."))
    assert "A: pale sister" in surface(corpus, QUESTION.replace("moon", "Pale Sister")).measured["leaks"]


def test_l1_named_pages_and_kinds_are_no_leaks(sound: Corpus) -> None:
    assert surface(sound, "Which moon of Brontes, Quillport, University of Ardmoor?").passed


def test_l1_the_word_of_the_own_kind_is_no_leak_in_any_number(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus({"Giant Mountains": "The Giant Mountains are a range in [[Orm]].", "Orm": "Orm is a country."})
    page = corpus.resolve("Giant Mountains") or 0
    assert distinctive_words(corpus, page, "mountain range") == ["giant"]
    assert distinctive_words(corpus, page, "place") == ["giant", "mountains"]


def test_l1_a_vague_vertex_must_not_be_named(sound: Corpus) -> None:
    vague = link("{v} was born in {o}", ("Quillport", "~town", [link("{v} lies on {o}", "Sennet")]))
    tree = plant(sound, moon_with(finder_with(vague, FINDER[2][1]), AT_BRONTES, kind("moon")))
    assert surface(sound, QUESTION, tree).measured["leaks"] == ["D: quillport"]


def search_checks(problem: Problem) -> dict[str, Verdict]:
    return {v.check: v for v in run_checks(problem, SEARCH)[1]}


def test_r_the_sound_question_passes(sound: Corpus, sound_searcher: Searcher) -> None:
    found = search_checks(asked(sound, searcher=sound_searcher))
    assert failed(found) == set()
    assert found["R1"].measured == {"top_k": 3, "ranks": {}, "queries": 6}
    assert set(found["R2"].measured["ranks"]) == {"A", "B"} and all(0 < r <= 5 for r in found["R2"].measured["ranks"].values())


def test_r1_a_question_that_one_search_solves(sound: Corpus, sound_searcher: Searcher) -> None:
    telling = "Which moon of pale ice with deep gorges on its night side and an ocean below goes once around Brontes in nine days?"
    found = search_checks(asked(sound, telling, sound_searcher))
    assert failed(found) == {"R1"}
    assert found["R1"].measured["ranks"] == {"question dense": 1, "question sparse": 1, "question hybrid": 1}
    assert found["R1"].reason == "the answer's page is found by question dense, question hybrid, question sparse"


def test_r1_a_clue_that_finds_the_answer_as_a_query(sound: Corpus, sound_searcher: Searcher) -> None:
    found = search_checks(asked(sound, searcher=sound_searcher, A_2="goes around Brontes once in nine days"))
    assert failed(found) == {"R1"}
    assert found["R1"].measured["ranks"]["A.2 sparse"] == 1
    assert {name.split()[0] for name in found["R1"].measured["ranks"]} == {"A.2"}


def test_r1_looks_no_further_than_the_bound(sound: Corpus, sound_searcher: Searcher) -> None:
    problem = asked(sound, searcher=sound_searcher)
    problem.bounds = BOUNDS.model_copy(update={"top_k": 40})
    ranks = search_checks(problem)["R1"].measured["ranks"]
    assert ranks and min(ranks.values()) > BOUNDS.top_k


def test_r2_an_evidence_passage_that_can_not_be_found(make_home: Callable[..., Path]) -> None:
    """Where the finder was born and studied stands in a table only: near enough for a proof, but no search reads it."""
    life = "'''Tamsin Vell''' was an astronomer.\n{|\n| [[Quillport]] || [[University of Ardmoor]]\n|}"
    home = make_home(with_page("Tamsin Vell", life), index=True)
    corpus = Corpus.open(home / "corpus")
    problem = asked(corpus, searcher=Searcher.open(home / "search", corpus))
    assert failed(examine(corpus, problem.tree, "open")) == set()
    found = search_checks(problem)
    assert failed(found) == {"R2"}
    assert found["R2"].reason == "no evidence of B among 5 hits"
    assert found["R2"].measured["ranks"]["B"] == 0 < found["R2"].measured["ranks"]["A"]
