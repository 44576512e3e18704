"""Joins: two branches of a tree meet in one inner vertex. Every check, the words and the verifier must take it for one page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import dump_xml
from test_brute_force import SAMPLE, Raw
from test_read_back import lost
from test_verify import mutants, put, records_of
from world import BOUNDS, READINGS, Spec, examine, failed, kind, link, plant, world

from infoseek_offline import pipeline
from infoseek_offline.checks.foreign import take_over
from infoseek_offline.checks.recompute import Proof, Sets
from infoseek_offline.checks.stored import Stored
from infoseek_offline.checks.verifier import Verifier
from infoseek_offline.checks.verify import verify_run
from infoseek_offline.config import Config, load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.exports import tree_node
from infoseek_offline.dataset.report import tree_as_lines
from infoseek_offline.errors import ConfigError
from infoseek_offline.files import canonical_json
from infoseek_offline.questions.names import Names
from infoseek_offline.questions.realise import Realiser
from infoseek_offline.records import ResearchTree
from infoseek_offline.trees.extents import Extents
from infoseek_offline.trees.solve import links_to, solve, solve_without
from infoseek_offline.trees.tree import Draft

TOWN = ("Quillport", "town", [link("{v} lies on {o}", "Sennet"), link("{v} is in {o}", "Holmark")])
ARDMOOR = link("{v} studied at {o}", "University of Ardmoor")
SEEN_THERE = link("{v} was first observed in {o}", "@Quillport")


def finder(*clues: object) -> tuple[str, str | Spec]:
    return link("{v} was discovered by {o}", ("Tamsin Vell", "astronomer", list(clues)))


def planet(*clues: object) -> tuple[str, str | Spec]:
    return link("{v} orbits {o}", ("Brontes", "planet", list(clues)))


BORN = link("{v} was born in {o}", TOWN)
JOINED: Spec = ("Ilmare (moon)", "moon", [finder(BORN, ARDMOOR), planet(SEEN_THERE, kind("planet")), kind("moon")])


def seen(where: str = "Quillport", **more: str) -> dict[str, str]:
    """The world, in which Brontes was first observed in Quillport."""
    pages = {**world(), **more}
    pages["Brontes"] += f" It was first observed in [[{where}]]."
    return pages


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("joined")
    (folder / "dump.xml").write_text(dump_xml(seen()), encoding="utf-8")
    pipeline.corpus(folder / "dump.xml", folder / "home")
    return folder / "home"


@pytest.fixture(scope="module")
def corpus(home: Path) -> Corpus:
    return Corpus.open(home / "corpus")


@pytest.fixture(scope="module")
def joined(corpus: Corpus) -> ResearchTree:
    return plant(corpus, JOINED)


# The tree


def test_a_joined_vertex_stands_once_and_is_led_to_twice(joined: ResearchTree) -> None:
    town = joined.vertex("D")
    assert (town.title, town.parent, town.depth, joined.joined) == ("Quillport", "B", 2, ("D",))
    assert links_to(joined, town) == {"B.1", "C.1"}
    assert [joined.is_join(joined.vertex(v), joined.vertex(v).constraints[0]) for v in "BC"] == [False, True]


def test_a_join_goes_when_what_it_leads_to_goes(corpus: Corpus) -> None:
    draft = Draft(0, "", "")
    made = plant(corpus, JOINED).root.constraints[0]
    first, second = (draft.extend(draft.root, made, page, "", "inner", "") for page in (1, 2))
    met = draft.extend(first, made, 3, "", "inner", "")
    draft.join(second, made, met)
    assert draft.joined == {met.id} and len(draft.order()) == 4
    draft.remove(second, second.constraints[0])
    assert met.id in draft.vertices, "the join alone goes"
    draft.join(second, made, met)
    draft.remove(draft.root, draft.root.constraints[0])
    assert second.constraints == [] and set(draft.vertices) == {draft.root.id, second.id}


# The checks


@READINGS
def test_the_joined_tree_passes_all_checks_of_structure(corpus: Corpus, joined: ResearchTree, reading: str) -> None:
    assert failed(examine(corpus, joined, reading), solvers=True) == set()


@READINGS
def test_the_join_is_needed(corpus: Corpus, joined: ResearchTree, reading: str) -> None:
    found = examine(corpus, joined, reading)
    assert found["M1"].measured["without"]["C.1"] == 4, "all planets"
    assert found["M4"].measured["without"]["C.1"] == 3, "the moons of Tamsin Vell"
    loose = plant(corpus, ("Ilmare (moon)", "moon", [finder(BORN, ARDMOOR), planet(kind("planet")), kind("moon")]))
    assert {"U1", "U2"} <= failed(examine(corpus, loose, reading))


@READINGS
def test_what_a_clue_below_the_join_leaves_goes_up_both_branches(corpus: Corpus, joined: ResearchTree, reading: str) -> None:
    extents = Extents(corpus, reading)  # type: ignore[arg-type]
    solution = solve(joined, extents)
    for vertex in joined.vertices:
        for constraint in vertex.constraints:
            left, again = solve_without(joined, extents, solution, constraint.id), solve(joined, extents, without=[constraint.id])
            assert all(left.get(v, solution.sets[v]) == again.sets[v] for v in again.sets)
    assert set(solve_without(joined, extents, solution, "D.1")) == set("ABCD")


@READINGS
def test_m2_takes_all_links_to_the_joined_vertex_away(corpus: Corpus, joined: ResearchTree, reading: str) -> None:
    extents = Extents(corpus, reading)  # type: ignore[arg-type]
    found = examine(corpus, joined, reading)["M2"].measured["without"]
    again = solve(joined, extents, without=["B.1", "C.1"])
    assert found["D"] == len(again.sets["A"]) > len(solve(joined, extents, without=["B.1"]).sets["A"])


@READINGS
def test_u2_a_joined_vertex_with_two_candidates(make_corpus: Callable[..., Corpus], reading: str) -> None:
    twin = make_corpus(seen(**{"Harrow": "'''Harrow''' is a town on the [[Sennet]], in [[Holmark]]."}))
    found = examine(twin, plant(twin, JOINED), reading)
    assert "D (Quillport) has 2 candidates" in found["U2"].reason


@READINGS
def test_m1_an_idle_join(make_corpus: Callable[..., Corpus], reading: str) -> None:
    """With one planet alone near the dust, who knows that does not need the town a second time."""
    pages = seen(**{"Grey dust": "'''Grey dust''' is a dust of [[Brontes]], [[Kesh]] and [[Oda Merrin]]."})
    dusty = make_corpus(pages)
    idle = plant(dusty, (*JOINED[:2], [finder(BORN, ARDMOOR), planet(SEEN_THERE, link("{v} is covered by {o}", "Grey dust"),
                                                                     kind("planet")), kind("moon")]))  # fmt: skip
    assert "C.1" in examine(dusty, idle, reading)["M1"].reason


@READINGS
def test_m3_joined_twice(corpus: Corpus, reading: str) -> None:
    twice = plant(corpus, (*JOINED[:2], [finder(BORN, ARDMOOR), planet(SEEN_THERE, SEEN_THERE, kind("planet")), kind("moon")]))
    assert examine(corpus, twice, reading)["M3"].measured["included"] == ["C.1 in C.2", "C.2 in C.1"]


@READINGS
def test_x2_a_named_page_below_the_join_that_is_near_the_answer(make_corpus: Callable[..., Corpus], reading: str) -> None:
    pages = seen()
    pages["Brontes"] += " From the [[Sennet]] it is seen best."
    found = examine(near := make_corpus(pages), plant(near, JOINED), reading)["X2"]
    assert found.measured["distances"]["Sennet"] == 2 and not found.passed


@pytest.mark.parametrize("reading", ["open", "closed"])
def test_the_verifier_computes_the_same(home: Path, corpus: Corpus, joined: ResearchTree, reading: str) -> None:
    proof = Proof(Sets(Stored(home / "corpus"), reading), joined, BOUNDS.model_dump(), "")
    made = examine(corpus, joined, reading)
    for name, (holds, measured) in proof.claims():
        if name in made:
            assert holds and canonical_json(measured) == canonical_json(made[name].measured), name


# Words


def test_both_places_say_the_same_thing(corpus: Corpus, joined: ResearchTree) -> None:
    names = Names(corpus)
    told = list(Realiser(corpus).phrasings(joined))
    assert told[0].question == (
        "A certain town is in Holmark and lies on the Sennet. "
        "A certain astronomer was born in this town and studied at the University of Ardmoor. "
        "Which moon was discovered by this astronomer and orbits the planet that was first observed in this town?"
    )
    for wording in told:
        assert wording.question.count("this town") == 2
        assert set(wording.clues) == {c.id for v in joined.vertices for c in v.constraints}
        assert lost(names, joined, wording.question) == []


def test_it_is_shown_once_and_named_where_it_is_joined(joined: ResearchTree) -> None:
    lines = tree_as_lines(joined, {})
    assert sum("D: Quillport" in line for line in lines) == 1
    assert [line for line in lines if "joined" in line] == [
        "            C.1: C was first observed in D   (joined: D stands elsewhere in the tree)"
    ]


def test_it_is_exported_by_reference_and_read_again(corpus: Corpus, joined: ResearchTree) -> None:
    node = tree_node(joined, joined.root)
    observed = node["children"][1]
    assert observed["claims"][0]["target_id"] == "D" and observed["children"] == []
    again = take_over(corpus, "x", {"root": {**node, "question": "Which?"}})
    assert again.tree is not None and again.unread == [] and again.tree.joined == ("D",)
    assert links_to(again.tree, again.tree.vertex("D")) == {"B.1", "C.2"}  # its other clues are read first


# A run


@pytest.fixture(scope="module")
def run(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("joins") / "run"
    pipeline.data(sample_home, out, load_config("demo", count=4, seed=1, phrasings=2, shape={"joins": 1.0}), workers=2)
    return out


def test_a_run_that_asks_for_joins_has_them_and_holds(run: Path, sample_home: Path) -> None:
    items = pipeline.questions(run)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert len(items) == 4 and all(len(item.tree.joined) == 1 for item in items)
    assert (manifest["shapes"]["joins"]["asked"], manifest["shapes"]["joins"]["came"]) == (1.0, 4)
    assert manifest["shapes"]["joins"]["tried"] >= 4
    report = verify_run(run, sample_home)
    assert (report.items, report.failures) == (4, ())


def test_no_other_page_answers_in_the_raw_dump(run: Path, sample_home: Path) -> None:
    """By sets over the XML alone (test_brute_force.py)."""
    corpus = Corpus.open(sample_home / "corpus")
    raw = Raw(SAMPLE, {title: set(corpus.page(page).types) for page, title in enumerate(corpus.titles)})
    for record in records_of(run):
        tree = {v["id"]: v for v in record["tree"]["vertices"]}
        assert raw.candidates(tree, tree["A"]) == {record["answer"]}
        assert all(raw.candidates(tree, v) == {v["title"]} for v in tree.values() if v["role"] == "inner")


def test_their_clues_are_read_back(run: Path, sample_home: Path) -> None:
    names = Names(Corpus.open(sample_home / "corpus"))
    for item in pipeline.questions(run):
        met = item.tree.vertex(item.tree.joined[0])
        for question in (item.question, *(other.question for other in item.phrasings)):
            assert question.count(f"this {met.noun}") == len(links_to(item.tree, met)) == 2
            assert lost(names, item.tree, question) == []


def test_a_run_that_asks_for_none_has_none_and_does_not_say_so(sample_run: Path) -> None:
    assert not any(item.tree.joined for item in pipeline.questions(sample_run))
    assert "joins" not in (sample_run / "config.json").read_text(encoding="utf-8")
    assert "joins" not in json.loads((sample_run / "manifest.json").read_text(encoding="utf-8"))["shapes"]


def test_every_change_of_an_item_with_a_join_is_noticed(run: Path, sample_home: Path) -> None:
    config = Config.model_validate(json.loads((run / "config.json").read_text(encoding="utf-8"))["config"])
    verifier = Verifier(sample_home, config.reading, config.bounds.model_dump())
    record = records_of(run)[0]
    assert not verifier.verify_line(1, canonical_json(record).encode()).failures
    tried, unnoticed = 0, []
    for path, done, value in mutants(record):
        tried += 1
        if not verifier.verify_line(1, canonical_json(put(record, path, value)).encode()).failures:
            unnoticed.append((path, done))
    assert tried > 500 and unnoticed == []


def test_a_join_that_leads_elsewhere_is_no_tree(run: Path, sample_home: Path) -> None:
    config = Config.model_validate(json.loads((run / "config.json").read_text(encoding="utf-8"))["config"])
    verifier = Verifier(sample_home, config.reading, config.bounds.model_dump(), search=False)
    record = records_of(run)[0]
    vertices = record["tree"]["vertices"]
    parent = {v["id"]: v["parent"] for v in vertices}
    links = [(n, i, c["other"]) for n, v in enumerate(vertices) for i, c in enumerate(v["constraints"]) if c["other"]]
    at = next((n, i) for n, i, other in links if parent[other] != vertices[n]["id"])
    for other in (v["id"] for v in vertices if v["id"] != vertices[at[0]]["constraints"][at[1]]["other"]):
        astray = put(record, ("tree", "vertices", at[0], "constraints", at[1], "other"), other)
        assert {f.claim for f in verifier.verify_line(1, canonical_json(astray).encode()).failures} & {"tree", "U1", "U2"}, other


def test_what_a_joined_vertex_hangs_on_is_told_and_no_matter_of_taste(run: Path, sample_home: Path) -> None:
    """Two vertices lead to it, on one level: it hangs on the first."""
    config = Config.model_validate(json.loads((run / "config.json").read_text(encoding="utf-8"))["config"])
    verifier = Verifier(sample_home, config.reading, config.bounds.model_dump(), search=False)
    for record in records_of(run):
        vertices = record["tree"]["vertices"]
        leading = {v["id"]: [w["id"] for w in vertices for c in w["constraints"] if c["other"] == v["id"]] for v in vertices}
        (at,) = [n for n, v in enumerate(vertices) if len(leading[v["id"]]) > 1][:1]
        first, *others = leading[vertices[at]["id"]]
        assert vertices[at]["parent"] == first
        for other in others:
            changed = canonical_json(put(record, ("tree", "vertices", at, "parent"), other)).encode()
            assert "tree" in {f.claim for f in verifier.verify_line(1, changed).failures}


def test_joins_need_room() -> None:
    with pytest.raises(ConfigError, match="joins need a depth of 3"):
        load_config("demo", shape={"joins": 0.5, "max_depth": 2})
