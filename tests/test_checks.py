"""The certificate, check by check: each defect is planted by one change in a world that is otherwise sound, and is found."""


from collections.abc import Callable

import pytest
from world import (
    AT_BRONTES,
    BOUNDS,
    BY_FINDER,
    DEEP,
    FINDER,
    READINGS,
    SOUND,
    WHERE,
    Spec,
    changed,
    examine,
    failed,
    finder_with,
    kind,
    link,
    linked,
    literal,
    moon_with,
    plant,
    with_more,
    with_page,
    world,
)

from infoseek_offline.checks.all import ALL
from infoseek_offline.checks.shortcuts import least_cover
from infoseek_offline.corpus.store import Corpus

# The sound tree


@READINGS
@pytest.mark.parametrize("spec", [SOUND, DEEP], ids=["depth 2", "depth 3"])
def test_the_sound_tree_passes_all_checks_of_structure(sound: Corpus, reading: str, spec: Spec) -> None:
    assert failed(examine(sound, plant(sound, spec), reading), solvers=True) == set()


def test_the_checks_are_those_of_the_certificate_in_its_order() -> None:
    assert list(ALL) == "U1 U2 M1 M2 M3 M4 X1 X2 X3 X4 X5 L1 R1 R2".split()


def test_what_is_measured_on_the_sound_tree(sound: Corpus) -> None:
    found = examine(sound, plant(sound, SOUND), "closed")
    near_finder, near_planet, moons = 6, 6, 10
    assert found["U1"].measured["candidates"] == 1
    assert found["U1"].measured["extents"] == {"A.1": near_finder, "A.2": near_planet, "A.3": moons, "B.1": 7, "B.2": 5}
    assert found["U2"].measured["candidates"] == {"B": 1}
    # Without A.1 the moons of Brontes are left, without A.2 those of the finder, without A.3 the moon and the survey.
    assert found["M1"].measured["without"] == {"A.1": 5, "A.2": 3, "A.3": 2, "B.1": 5, "B.2": 7}
    assert found["M2"].measured == {"without": {"B": 5}, "by_links": {"B": 5}}
    assert found["M3"].measured["included"] == []
    assert found["X1"].measured["alone"] == {"A.1": near_finder, "A.2": near_planet, "A.3": moons}
    assert found["X2"].measured["distances"] == {"Brontes": 1, "Quillport": 2, "University of Ardmoor": 2}
    assert found["X3"].measured == {"telling_pages": 0, "cover": 2, "wanted": 2}
    # Without B.1 the finder may be any who studied at Ardmoor, of whom three more found a moon of Brontes; without B.2, Oda Merrin.
    assert found["M4"].measured["without"] == {"A.1": 5, "A.2": 3, "A.3": 2, "B.1": 4, "B.2": 2}
    # Put to one page: near Brontes, near Quillport, near Ardmoor, a moon. The finder is near both towns, each moon of Brontes is
    # a moon near it.
    assert found["X4"].measured == {
        "any, open": {"answer": 2, "best": 2, "pages": 6}, "kind, open": {"answer": 2, "best": 2, "pages": 5},
        "any, closed": {"answer": 2, "best": 2, "pages": 6}, "kind, closed": {"answer": 2, "best": 2, "pages": 5},
    }  # fmt: skip
    assert found["X5"].measured == {
        "any": {"answer": 1, "best": 2, "pages": 1}, "kind": {"answer": 1, "best": 1, "pages": 5}
    }  # fmt: skip


# U: one answer, one page for each description


@READINGS
def test_u1_a_second_answer(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(with_page("Zemlya", "'''Zemlya''' is a moon that orbits [[Brontes]]. [[Tamsin Vell]] discovered it."))
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"U1"}
    assert found["U1"].reason == "2 pages meet all constraints, among them Zemlya"
    assert found["U1"].measured["candidates"] == 2


@READINGS
def test_u1_the_only_candidate_is_another_page(sound: Corpus, reading: str) -> None:
    found = examine(sound, plant(sound, ("Kesh", *SOUND[1:])), reading)
    assert not found["U1"].passed
    assert found["U1"].reason == "1 pages meet all constraints, among them Ilmare (moon)"


def test_u1_a_page_of_unknown_type_is_a_second_answer_in_the_open_reading_only(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus(with_page("Zemlya", "Zemlya: see [[Brontes]] and [[Tamsin Vell]]."))
    tree = plant(corpus, SOUND)
    assert failed(examine(corpus, tree, "open")) == {"U1"}
    assert failed(examine(corpus, tree, "closed")) == set()


@READINGS
def test_u2_an_inner_vertex_with_two_candidates(make_corpus: Callable[..., Corpus], reading: str) -> None:
    twin = "'''Jory Dane''' was an astronomer who was born in [[Quillport]] and studied at the [[University of Ardmoor]]."
    corpus = make_corpus(with_page("Jory Dane", twin))
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"U2"}
    assert found["U2"].reason == "B (Tamsin Vell) has 2 candidates"
    assert found["U2"].measured["candidates"] == {"B": 2}


@READINGS
def test_u2_an_inner_vertex_that_stands_for_another_page(sound: Corpus, reading: str) -> None:
    astray = link("{v} was discovered by {o}", ("Oda Merrin", *FINDER[1:]))
    found = examine(sound, plant(sound, moon_with(astray, AT_BRONTES, kind("moon"))), reading)
    assert failed(found) == {"U2"}
    assert found["U2"].reason == "B (Oda Merrin) has 1 candidates"


@READINGS
def test_u2_a_vague_vertex_must_be_vague(sound: Corpus, reading: str) -> None:
    """A vertex that is left vague on purpose must stand for two pages at least; a town on the Sennet and in Holmark is one."""
    vague = link("{v} was born in {o}", ("Quillport", "~town", [link("{v} lies on {o}", "Sennet")]))
    school = link("{v} studied at {o}", "University of Ardmoor")
    found = examine(sound, plant(sound, moon_with(finder_with(vague, school), AT_BRONTES, kind("moon"))), reading)
    assert found["U2"].measured["candidates"]["D"] == 4, "four towns on the Sennet"
    assert "D (" not in found["U2"].reason
    narrow = link("{v} was born in {o}", ("Quillport", "~town", list(WHERE)))
    found = examine(sound, plant(sound, moon_with(finder_with(narrow, school), AT_BRONTES, kind("moon"))), reading)
    assert found["U2"].reason == "D (Quillport) has 1 candidates"


# M: nothing is idle


@READINGS
def test_m1_an_idle_constraint(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """With the survey in other hands nothing but the moon is near both the finder and the planet: its type says nothing more."""
    pages = world()
    pages["Northern Survey"] = pages["Northern Survey"].replace("[[Tamsin Vell]]", "[[Ida Brock]]")
    corpus = make_corpus(pages)
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"M1"}
    assert found["M1"].reason == "idle: A.3"
    assert found["M1"].measured["without"]["A.3"] == 1


@READINGS
def test_m1_an_idle_constraint_of_an_inner_vertex(sound: Corpus, reading: str) -> None:
    corpus = sound
    wordy = finder_with(*FINDER[2], kind("astronomer"))
    found = examine(corpus, plant(corpus, moon_with(wordy, AT_BRONTES, kind("moon"))), reading)
    assert "M1" in failed(found) and found["M1"].reason == "idle: B.3"


@READINGS
def test_m2_a_level_that_can_be_skipped(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """Two pages only are near Brontes and near the dust: whoever sees that need not look for the finder."""
    dust = "'''Vell dust''' is a dust seen at " + linked("Ilmare (moon)", "Kesh", "Sael", "Wick", "Tolm", "Fenn") + "."
    corpus = make_corpus(with_page("Grey dust", dust))
    found = examine(corpus, plant(corpus, moon_with(BY_FINDER, AT_BRONTES, link("{v} is covered by {o}", "Grey dust"))), reading)
    assert failed(found) == {"M2"}
    assert found["M2"].reason == "without B fewer than 3 answers are left"
    assert found["M2"].measured["without"] == {"B": 2}


@READINGS
def test_m2_what_is_left_does_not_hang_on_mentions(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """Three more moons of Brontes are named near the dust, but by no link: by links alone the level can be skipped."""
    dust = "'''Vell dust''' is a dust seen at " + linked("Ilmare (moon)", "Kesh", "Sael", "Wick", "Tolm", "Fenn")
    corpus = make_corpus(with_page("Grey dust", f"{dust}; not at Dorrit, Panno and Yarrel."))
    found = examine(corpus, plant(corpus, moon_with(BY_FINDER, AT_BRONTES, link("{v} is covered by {o}", "Grey dust"))), reading)
    assert failed(found) == {"M2"}
    assert found["M2"].measured == {"without": {"B": 5}, "by_links": {"B": 2}}


def test_m2_a_tree_without_an_inner_vertex_has_no_level(sound: Corpus) -> None:
    found = examine(
        sound, plant(sound, moon_with(AT_BRONTES, link("{v} was discovered by {o}", "Tamsin Vell"), kind("moon"))), "open"
    )
    assert found["M2"].reason == "the tree has no inner vertex"


@READINGS
def test_m3_an_included_constraint(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """All pages near the lane are near Quillport too, so to be born in the town says nothing more (and is idle, M1)."""
    lane = "'''Cooper's Lane''' is a lane where " + linked("Tamsin Vell", "Oda Merrin", "Piet Lund") + " lived."
    corpus = make_corpus(with_page("Cooper's Lane", lane))
    both = finder_with(*FINDER[2], link("{v} lived in {o}", "Cooper's Lane"))
    found = examine(corpus, plant(corpus, moon_with(both, AT_BRONTES, kind("moon"))), reading)
    assert failed(found) == {"M1", "M3"}
    assert found["M3"].reason == "included: B.3 in B.1"
    assert found["M3"].measured["included"] == ["B.3 in B.1"]


def test_m3_the_same_constraint_twice(sound: Corpus) -> None:
    found = examine(sound, plant(sound, moon_with(BY_FINDER, AT_BRONTES, kind("moon"), kind("moon"))), "open")
    assert found["M3"].measured["included"] == ["A.3 in A.4", "A.4 in A.3"]


def without_rivals() -> dict[str, str]:
    """The others who studied at Ardmoor have found no moon of Brontes: that the finder was born in Quillport need not be known."""
    pages = world()
    pages["Dorrit"] = pages["Dorrit"].replace("Mira Sorn", "Oda Merrin")
    pages["Yarrel"] = pages["Yarrel"].replace("Hale Ruskin", "Piet Lund")
    pages["Panno"] = pages["Panno"].replace("Corin Haim", "Piet Lund")
    return pages


@READINGS
def test_m4_a_clue_that_can_be_left_out(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(without_rivals())
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found, solvers=True) == {"M4"}, "five astronomers are left, so that the clue is not idle by M1"
    assert found["M1"].measured["without"]["B.1"] == 5
    assert found["M4"].reason == "the answer is found without B.1"
    assert found["M4"].measured["without"]["B.1"] == 1


# X: no way round


@READINGS
def test_x1_a_clue_that_leaves_too_few(make_corpus: Callable[..., Corpus], reading: str) -> None:
    ring = "The '''Lace Ring''' is a ring that is fed by " + linked("Ilmare (moon)", "Kesh", "Dorrit", "Sael") + "."
    corpus = make_corpus(with_page("Lace Ring", ring))
    found = examine(corpus, plant(corpus, moon_with(BY_FINDER, AT_BRONTES, link("{v} feeds {o}", "Lace Ring"))), reading)
    assert failed(found) == {"X1"}
    assert found["X1"].reason == "A.3 alone leaves fewer than 5 candidates"
    assert found["X1"].measured["alone"]["A.3"] == 4


DIRECT = {
    "a link in the text": "It was named in [[Quillport]].",
    "a link by a redirect": "It was named in [[Old Quillport|a town]].",
    "the name without a link": "It was named in Quillport.",
    "a link in See also": "\n\n== See also ==\n* [[Quillport]]",
    "a link in a reference": "It is cold.<ref>The observatory of [[Quillport]], 1901.</ref>",
    "a link in a caption": "[[File:X.jpg|thumb|Seen from [[Quillport]]]] It is cold.",
    "a link in a table": "\n{|\n| [[Quillport]] || 1901\n|}",
    "a link to a disambiguation page that lists it": "It was named in the [[Quill (disambiguation)|Quill]].",
}


@READINGS
@pytest.mark.parametrize("text", list(DIRECT.values()), ids=list(DIRECT))
def test_x2_a_direct_link_from_the_answer_to_a_named_page(make_corpus: Callable[..., Corpus], reading: str, text: str) -> None:
    pages = with_more("Ilmare (moon)", text)
    pages["Old Quillport"] = "#REDIRECT [[Quillport]]"
    pages["Quill (disambiguation)"] = "'''Quill''' may be:\n* [[Quillport]], a town\n* [[Thrush]], a river\n{{disambiguation}}"
    corpus = make_corpus(pages)
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"X2"}
    assert found["X2"].reason == "Quillport is 1 from the answer, at depth 2"
    assert found["X2"].measured["distances"]["Quillport"] == 1


@READINGS
def test_x2_a_direct_link_from_a_named_page_to_the_answer(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(with_more("Quillport", "A statue there shows [[Brontes VI]]."))
    assert failed(examine(corpus, plant(corpus, SOUND), reading)) == {"X2"}


@READINGS
def test_x2_a_page_that_a_value_names_counts_as_named(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """The category "Astronomers from Quillport" shows the town as well as a link would."""
    people = ("Tamsin Vell", "Oda Merrin", "Piet Lund", "Ansel Pryde", "Ida Brock")
    pages = with_more("Ilmare (moon)", "It was named in [[Quillport]].")
    pages |= {p: pages[p] + " [[Category:Astronomers from Quillport]]" for p in people}
    pages |= {
        p: pages[p] + " [[Category:Astronomers from elsewhere]]" for p in ("Hale Ruskin", "Mira Sorn", "Corin Haim", "Lena Oster")
    }
    corpus = make_corpus(pages)
    from_there = literal("category", key="Astronomers from Quillport", value="Astronomers from Quillport")
    tree = plant(corpus, moon_with(finder_with(from_there, FINDER[2][1]), AT_BRONTES, kind("moon")))
    found = examine(corpus, tree, reading)
    assert found["X2"].reason == "Quillport is 1 from the answer, at depth 2"


def _painting(others: int) -> str:
    """A page near the answer and the river of the third level, and near so many other pages."""
    stones = ["Vardite", "Lorrel", "Humite", "Kelmite", "Oxite", "Pirrel", "Thrush", "Estmere", "Arges", "Steropes", "Gyges"][
        :others
    ]
    return "'''Night''' is a painting of [[Ilmare (moon)]] above the [[Sennet]]" + "".join(f", [[{s}]]" for s in stones) + "."


@READINGS
def test_x2_a_path_of_two_steps_to_a_page_of_the_third_level(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(with_page("Night (painting)", _painting(3)))
    found = examine(corpus, plant(corpus, DEEP), reading)
    assert failed(found) == {"X2"}
    assert found["X2"].reason == "Sennet is 2 from the answer, at depth 3"


@READINGS
def test_x2_no_path_leads_through_a_hub(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """The same path, through a page with 13 neighbours: above the bound of 12 it is none."""
    corpus = make_corpus(with_page("Night (painting)", _painting(11)))
    page = corpus.resolve("Night (painting)")
    assert page is not None and corpus.degree(page) == 13
    assert failed(examine(corpus, plant(corpus, DEEP), reading)) == set()
    strict = BOUNDS.model_copy(update={"hub_degree": 13})
    assert failed(examine(corpus, plant(corpus, DEEP), reading, strict)) == {"X2"}


TELLS_ALL = "[[Brontes]], [[Ilmare (moon)]], [[Quillport]] and the [[University of Ardmoor]]"


@READINGS
@pytest.mark.parametrize(
    ("title", "text"),
    [("List of sights", f"Sights are {TELLS_ALL}."), ("Sights (disambiguation)", f"* {TELLS_ALL}\n{{{{disambiguation}}}}")],
    ids=["list", "disambiguation"],
)
def test_x3_a_page_that_tells_it_all(make_corpus: Callable[..., Corpus], reading: str, title: str, text: str) -> None:
    """Lists and disambiguation pages are no answers, but they can be found and read."""
    corpus = make_corpus(with_page(title, text))
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"X3"}
    assert found["X3"].reason == f"{title} is near the answer and all named pages"
    assert found["X3"].measured["telling_pages"] == 1


@READINGS
def test_x3_an_article_that_tells_it_all(make_corpus: Callable[..., Corpus], reading: str) -> None:
    corpus = make_corpus(with_page("Atlas", f"The '''Atlas''' is an atlas of {TELLS_ALL}."))
    found = examine(corpus, plant(corpus, SOUND), reading)
    assert failed(found) == {"U2", "X3"}, "an article is near the pages of the inner vertex too, and so a candidate for it"
    assert "Atlas is near the answer and all named pages" in found["X3"].reason


@READINGS
def test_x3_evidence_that_can_be_read_on_too_few_pages(sound: Corpus, reading: str) -> None:
    tree = plant(sound, SOUND)
    on_answer = sound.evidence(tree.root.page, 0, 6)
    found = examine(sound, changed(tree, "B.1 B.2", lambda c: c.model_copy(update={"evidence": on_answer})), reading)
    assert failed(found) == {"X3"}
    assert found["X3"].reason == "1 pages hold all evidence, 2 are wanted"
    assert (found["X3"].measured["cover"], found["X3"].measured["wanted"]) == (1, 2)


def test_the_least_cover_is_exact() -> None:
    sets = [frozenset(s) for s in ({1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 1})]
    assert least_cover(sets) == 3
    assert least_cover([frozenset({1, 2}), frozenset({2, 3}), frozenset({2})]) == 1
    assert least_cover([]) == 0


@READINGS
def test_x4_x5_the_only_page_of_its_kind_near_a_named_page(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """The other pages near Brontes are no moons. "Which moon orbits Brontes?" is asked, whatever else is; no clue of the tree says
    that it is a moon, so that M2 counts the rocks as answers too."""
    pages = {name: text.replace("is a moon that orbits [[Brontes]]", "is a rock by [[Brontes]]") for name, text in world().items()}
    pages["Northern Survey"] = pages["Northern Survey"].replace("[[Tamsin Vell]]", "[[Ida Brock]]")
    corpus = make_corpus(pages)
    found = examine(corpus, plant(corpus, moon_with(BY_FINDER, AT_BRONTES)), reading)
    assert failed(found, solvers=True) == {"X4", "X5"}
    assert found["M2"].measured["without"]["B"] > 3
    assert found["X4"].measured["kind, closed"] == found["X5"].measured["kind"] == {"answer": 1, "best": 1, "pages": 1}
    assert found["X4"].reason == (
        "with the hierarchy ignored the answer is among fewer than 3 best pages (kind, open; kind, closed)"
    )
