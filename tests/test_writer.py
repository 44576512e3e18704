"""What the writer promises: a fluent question that tells every clue and nothing else, or none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from able import able
from models import BAD, RandomModel, ScriptedModel, bad_model
from world import SOUND, link, moon_with, plant, world
from world import changed as changed_tree

from infoseek_offline import pipeline
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.errors import ModelError
from infoseek_offline.llm.asked import Asked
from infoseek_offline.llm.base import Request
from infoseek_offline.questions import cover
from infoseek_offline.questions.realise import Wording
from infoseek_offline.questions.writer import TRIES, Writer, Written, in_plain_words
from infoseek_offline.records import Question, ResearchTree


@pytest.fixture
def small_corpus(make_corpus: Callable[..., Corpus]) -> Corpus:
    return make_corpus(world())


AT_GYGES = link("{v} orbits {o}", "Gyges")


def accepting(wording: Wording) -> str:
    return ""


@pytest.fixture(scope="module")
def corpus(sample_home: Path) -> Corpus:
    return Corpus.open(sample_home / "corpus")


@pytest.fixture(scope="module")
def items(sample_run: Path) -> list[Question]:
    """Items whose described things are of different kinds, so that the dull question can be read."""
    found = pipeline.questions(sample_run)
    return [q for q in found if len({v.noun for v in q.tree.vertices if v.role != "leaf"}) == described(q.tree)]


def described(tree: ResearchTree) -> int:
    return sum(v.role != "leaf" for v in tree.vertices)


@pytest.fixture(scope="module")
def item(items: list[Question]) -> Question:
    """One with several described things, numbers and named pages."""
    return next(
        q for q in items
        if described(q.tree) >= 2 and any(c.kind == "interval" for v in q.tree.vertices for c in v.constraints)
    )  # fmt: skip


def write(corpus: Corpus, tree: ResearchTree, model: ScriptedModel, accept: Callable[[Wording], str] = accepting) -> Written:
    return Writer(corpus, Asked(model)).write(tree, "key", accept)


def changed(change: Callable[[str], str], then: Callable[[Request], Any] = able) -> Callable[[Request], Any]:
    """An able model whose questions are changed before they are given."""

    def answer(request: Request) -> Any:
        given = then(request)
        return {"question": change(given["question"])} if request.stage == "writer" else given

    return answer


def only_refusal(corpus: Corpus, tree: ResearchTree, answer: Callable[[Request], Any]) -> str:
    """The reason for which each try of the model was refused."""
    written = write(corpus, tree, ScriptedModel(answer))
    assert written.wording is None and len(written.refused) == TRIES and len(set(written.refused)) == 1, written
    return written.refused[0]


# What is good


def test_every_item_of_an_able_writer_holds(corpus: Corpus, items: list[Question]) -> None:
    assert len(items) >= 10
    for item in items:
        model = ScriptedModel(able)
        written = write(corpus, item.tree, model)
        assert written.refused == () and written.wording is not None, written.refused
        assert [r.stage for r in model.history] == ["writer", "cover"]
        assert set(written.wording.clues) == {c.id for v in item.tree.vertices for c in v.constraints}
        for words in written.wording.clues.values():
            assert words in written.wording.question


def test_questions_of_the_rules_add_nothing(corpus: Corpus, sample_run: Path) -> None:
    for question in pipeline.questions(sample_run):
        assert cover.added(corpus, question.tree, question.question) == []


def test_a_word_may_change_its_ending_and_its_place() -> None:
    for a, b in (("discovered", "discovery"), ("studied", "study"), ("works", "worked"), ("orbits", "orbited"), ("uses", "used")):
        assert cover.same_word(a, b) and cover.same_word(b, a)
    for a, b in (("taught", "teacher"), ("1780", "1781"), ("was", "were"), ("died", "born")):
        assert not cover.same_word(a, b)
    assert cover.same_name("nebula", "nebulae") and cover.same_name("catalogue", "catalogues")
    assert not cover.same_name("boron", "borax") and not cover.same_name("1780", "1780s")


def test_a_second_try_is_told_what_was_wrong_with_the_first(corpus: Corpus, item: Question) -> None:
    tries = []

    def answer(request: Request) -> Any:
        given = able(request)
        if request.stage == "writer":
            tries.append(request)
            return {"question": given["question"].replace("?", " in 1403?")} if len(tries) == 1 else given
        return given

    written = write(corpus, item.tree, ScriptedModel(answer))
    assert written.wording is not None and written.refused == ("it adds 1403",)
    first, second = tries
    assert second.messages[:2] == first.messages  # the same beginning, for a server's prefix cache
    assert "it adds 1403" in second.messages[-1].content and second.messages[-2].role == "assistant"
    assert second.seed != first.seed


def test_that_a_search_finds_the_answer_is_told_in_words_of_a_writer(corpus: Corpus, item: Question) -> None:
    """The reason of R1 names queries and kinds of search; the record keeps that, the writer is told what to do."""
    reasons = [f"the answer's page is found by {query}" for query in ("question dense", "A.1 sparse")]
    model, left = ScriptedModel(able), iter([*reasons, ""])
    written = write(corpus, item.tree, model, lambda wording: next(left))
    assert written.wording is not None and written.refused == tuple(reasons)
    told = [request.messages[-1].content for request in model.history if request.stage == "writer"][1:]
    assert "finds the answer by the question as a whole" in told[0] and "finds the answer by the words of fact 1" in told[1]
    assert not any("sparse" in text or "dense" in text or "A.1" in text for text in told)


def test_the_same_tree_and_key_ask_the_same(corpus: Corpus, item: Question) -> None:
    first, second = ScriptedModel(able), ScriptedModel(able)
    write(corpus, item.tree, first)
    write(corpus, item.tree, second)
    assert [r.key("m") for r in first.history] == [r.key("m") for r in second.history]
    other = ScriptedModel(able)
    Writer(corpus, Asked(other)).write(item.tree, "another", accepting)
    assert {r.seed for r in other.history}.isdisjoint({r.seed for r in first.history})


def test_what_was_proposed_is_noted_with_what_became_of_it(corpus: Corpus, item: Question) -> None:
    noted: list[tuple[str, str, str]] = []
    model = Asked(ScriptedModel(able), lambda request, proposal, reason: noted.append((request.stage, proposal, reason)))
    Writer(corpus, model).write(item.tree, "key", lambda wording: "it leaks")
    assert [(stage, reason) for stage, _, reason in noted] == [("cover", ""), ("writer", "it leaks")] * TRIES
    assert all(proposal.startswith("Which ") for _, proposal, _ in noted)


def test_what_a_person_would_write_is_accepted(small_corpus: Corpus) -> None:
    """The words of the facts in another order, with other endings, and with more between them."""
    tree = plant(small_corpus, SOUND)
    for question in (
        "Which moon orbits Brontes and was discovered by the astronomer who was born in Quillport and studied at the University of "
        "Ardmoor?",
        "What is the name of the moon that is in orbit around Brontes, whose discovery is due to the astronomer born in Quillport "
        "who later studied at the University of Ardmoor?",
        "An astronomer was born in Quillport and studied at the University of Ardmoor. Which moon, which orbits Brontes, did this "
        "astronomer discover?",
    ):
        assert [
            *cover.form_faults(tree, question),
            *cover.lacking(tree, question),
            *cover.added(small_corpus, tree, question),
        ] == []


def test_a_bare_connection_is_said_in_other_words_and_in_no_stronger_ones(small_corpus: Corpus) -> None:
    tree = plant(small_corpus, moon_with(link("{v} is connected with {o}", "Brontes"), AT_GYGES))
    bare, orbit = tree.root.constraints
    tree = changed_tree(tree, bare.id, lambda c: c.model_copy(update={"key": "connected"}))
    for words in ("is connected with", "is linked to", "associated with"):
        assert [*cover.lacking(tree, f"Which moon that orbits Gyges {words} Brontes?")] == []
    found = [*cover.lacking(tree, "Which moon that orbits Gyges was stolen from Brontes?")]
    assert found == [(bare.id, "the question lacks 'connected'")] and orbit.id != bare.id


# Planted defects


def test_a_dropped_clue(corpus: Corpus, item: Question) -> None:
    reason = only_refusal(corpus, item.tree, changed(lambda q: q[: q.rindex(";")] + "?"))
    assert re.search(r"fact \d+: the question lacks '", reason)


def test_a_dropped_number(corpus: Corpus, item: Question) -> None:
    interval = next(c for v in item.tree.vertices for c in v.constraints if c.kind == "interval")
    number = re.findall(r"\b\d+\b", interval.value)[-1]
    reason = only_refusal(corpus, item.tree, changed(lambda q: re.sub(rf"\b{number}\b", "many", q)))
    assert f"lacks '{number}'" in reason


def test_another_relation(corpus: Corpus, items: list[Question]) -> None:
    tree = next(q.tree for q in items if any("worked" in c.wording for v in q.tree.vertices for c in v.constraints))
    assert "lacks 'worked'" in only_refusal(corpus, tree, changed(lambda q: q.replace("worked", "lived")))


@pytest.mark.parametrize(
    ("more", "named"),
    [("in 1851", "1851"), ("in Zorbania", "Zorbania"), ("with Albert Einstein", "Albert"), ("like Titanium", "Titanium")],
)
def test_a_new_number_or_name(corpus: Corpus, item: Question, more: str, named: str) -> None:
    assert f"it adds {named}" in only_refusal(corpus, item.tree, changed(lambda q: q.replace("?", f" {more}?")))


def test_a_page_in_lower_case_is_a_new_entity(corpus: Corpus, items: list[Question]) -> None:
    """A science, a substance: no capital shows them, but the corpus links them so."""
    tree = next(q.tree for q in items if "geology" not in " ".join(cover.material(q.tree)).lower())
    assert only_refusal(corpus, tree, changed(lambda q: q.replace("?", " and knew geology?"))) == "it adds geology"


def test_a_name_made_of_known_words_is_a_new_entity(make_corpus: Callable[..., Corpus], item: Question) -> None:
    page = "Old Harbour"
    corpus = make_corpus({page: "'''Old Harbour''' is a town.", "Old Town": "'''Old Town''' is a town near the [[Old Harbour]]."})
    leaf = next(v for v in item.tree.vertices if v.role == "leaf")
    tree = item.tree.model_copy(
        update={"vertices": tuple(v.model_copy(update={"title": "Old", "noun": "harbour"}) if v is leaf else v
                                  for v in item.tree.vertices)}
    )  # fmt: skip
    assert cover.added(corpus, tree, "Which town is the old Harbour?") == ["old Harbour"]


def test_a_leak(corpus: Corpus, item: Question) -> None:
    """The caller's check of the surface is asked of each question."""
    asked: list[str] = []

    def leaks(wording: Wording) -> str:
        asked.append(wording.question)
        return "it shows hidden words"

    written = write(corpus, item.tree, ScriptedModel(able), leaks)
    assert written.refused == ("it shows hidden words",) * TRIES and len(asked) == TRIES


def test_a_span_that_is_not_in_the_question(corpus: Corpus, item: Question) -> None:
    def answer(request: Request) -> Any:
        given = able(request)
        if request.stage == "cover":
            given["1"]["words"] += " indeed"
        return given

    assert re.fullmatch(r"fact 1: '.* indeed' is no part of the question", only_refusal(corpus, item.tree, answer))


def test_a_span_of_another_clue(corpus: Corpus, item: Question) -> None:
    def answer(request: Request) -> Any:
        given = able(request)
        if request.stage == "cover":
            one, other = [n for n, told in given.items() if n != "asks_for" and told["words"]][:2]
            given[one]["words"] = given[other]["words"]
        return given

    assert re.match(r"fact 1: '.*' lacks '", only_refusal(corpus, item.tree, answer))


def test_the_whole_question_is_no_span(corpus: Corpus, items: list[Question]) -> None:
    item = min(items, key=lambda q: len(q.question))  # short enough to be given

    def answer(request: Request) -> Any:
        given = able(request)
        if request.stage == "cover":
            told = next(n for n, found in given.items() if n != "asks_for" and found["words"])
            given[told]["words"] = request.messages[1].content.split("Question\n")[1].split("\n")[0]
        return given

    assert only_refusal(corpus, item.tree, answer) == "fact 1: the whole question is given for it"


def test_a_clue_that_the_reader_does_not_find(corpus: Corpus, item: Question) -> None:
    def answer(request: Request) -> Any:
        given = able(request)
        if request.stage == "cover":
            given[[n for n, told in given.items() if n != "asks_for" and told["words"]][1]]["words"] = ""
        return given

    assert only_refusal(corpus, item.tree, answer) == "a reader does not find fact 2 in it"


def test_who_finds_a_clue_that_was_never_told_is_no_reader(corpus: Corpus, items: list[Question]) -> None:
    def yes_sayer(request: Request) -> Any:
        given = able(request)
        if request.stage == "cover":
            question = request.messages[1].content.split("Question\n")[1].split("\n")[0]
            for number, told in given.items():
                if number != "asks_for" and not told["words"]:
                    told["words"] = question.split(":")[0]
        return given

    refused = [only_refusal(corpus, item.tree, yes_sayer) for item in items[:4]]
    assert all("a reader finds in it what it does not tell" in reason for reason in refused), refused


def test_a_decoy_is_the_same_again_and_of_the_kind_of_a_clue(corpus: Corpus, items: list[Question]) -> None:
    for item in items:
        one, again = (Writer(corpus, Asked(ScriptedModel())).sheet(item.tree) for _ in range(2))
        assert one == again and len([name for name in one.asked.values() if not name]) == 1
        number = next(number for number, name in one.asked.items() if not name)
        decoy = next(line for line in one.clues.splitlines() if line.startswith(f"{number}. "))
        told = [line.split(". ", 1)[1] for line in one.facts.splitlines() if ". " in line]
        assert "?" in decoy and decoy.split(". ", 1)[1] not in told


def test_two_things_of_one_kind_are_called_apart(corpus: Corpus, item: Question) -> None:
    alike = [v.model_copy(update={"noun": "stone"}) if v.role != "leaf" else v for v in item.tree.vertices]
    handles = Writer(corpus, Asked(ScriptedModel())).sheet(item.tree.model_copy(update={"vertices": tuple(alike)})).handles
    assert len(handles) >= 2 and [*handles.values()][:2] == ["the stone", "another stone"]
    assert len(set(handles.values())) == min(3, len(handles))


def test_a_refusal_says_what_to_change(corpus: Corpus, item: Question) -> None:
    sheet = Writer(corpus, Asked(ScriptedModel())).sheet(item.tree)
    assert in_plain_words("it adds 1999", sheet) == "it says 1999, which no fact has (it adds 1999)"
    said = in_plain_words(f"the answer's page is found by {sheet.numbers['2']} dense, question hybrid", sheet)
    assert "the words of fact 2 and the question as a whole" in said and "dense" not in said and "hybrid" not in said
    assert "must not be said" in in_plain_words("the question shows moon: luna", sheet)


def test_a_clue_told_of_another_thing(corpus: Corpus, item: Question) -> None:
    def answer(request: Request) -> Any:
        given = able(request)
        if request.stage == "cover":
            number = next(n for n, told in given.items() if n != "asks_for" and told.get("of") == "T1")
            given[number]["of"] = "T2"
        return given

    assert re.match(r"a reader takes fact \d+ to be told of T2, .*, not of T1", only_refusal(corpus, item.tree, answer))


def test_a_question_for_another_thing(corpus: Corpus, item: Question) -> None:
    reason = only_refusal(corpus, item.tree, lambda request: {**able(request), **(
        {"asks_for": "T2"} if request.stage == "cover" else {})})  # fmt: skip
    assert reason.startswith("a reader thinks that it asks for T2")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda q: q.removesuffix("?") + ".", "it is not one line that ends with a question mark"),
        (lambda q: q.replace("; ", ";\n", 1), "it is not one line that ends with a question mark"),
        (lambda q: q.replace("of which", "T2, of which"), "it says T2"),
        (lambda q: re.sub(r"Which .+? is it", "What is it", q).replace(re.findall(r"Which (.+?) is it", q)[0], "one"), "T1 is a"),
    ],
)
def test_no_question(corpus: Corpus, item: Question, change: Callable[[str], str], reason: str) -> None:
    assert reason in only_refusal(corpus, item.tree, changed(change))


# Bad models


@pytest.mark.parametrize("kind", sorted(BAD))
def test_bad_models_cost_three_calls_and_no_crash(corpus: Corpus, item: Question, kind: str) -> None:
    model = bad_model(kind)
    written = write(corpus, item.tree, model)
    assert written.wording is None and len(written.refused) == TRIES and all(written.refused)
    assert len(model.history) <= TRIES


def test_models_at_random_do_not_write_questions(corpus: Corpus, items: list[Question]) -> None:
    for seed in range(10):
        for item in items[:5]:
            written = write(corpus, item.tree, RandomModel(seed))
            assert written.wording is None and len(written.refused) == TRIES


def test_a_prompt_that_does_not_fit_is_not_asked(corpus: Corpus, item: Question) -> None:
    model = ScriptedModel(able, context=300)
    written = write(corpus, item.tree, model)
    assert written.wording is None and model.history == []
    assert re.search(r"\d+ tokens of prompt do not fit a context of 300", written.refused[0])


def test_a_model_that_is_gone_ends_the_run(corpus: Corpus, item: Question) -> None:
    with pytest.raises(ModelError, match="no route"):
        write(corpus, item.tree, ScriptedModel([ModelError("no route")]))


def test_prompts_fit_small_contexts(corpus: Corpus, items: list[Question]) -> None:
    model = ScriptedModel(able)
    for item in items:
        write(corpus, item.tree, model)
    longest = max(model.count_tokens(r.messages) + r.sampling.max_tokens for r in model.history)
    assert longest < 4096
    assert len(json.dumps(dict(model.history[-1].schema))) < 8000
