"""Clauses, names and whole questions. All sentences are made up for the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infoseek_offline import pipeline
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.apart import clear
from infoseek_offline.questions.names import Names, category_words, is_plural, literal_name
from infoseek_offline.questions.realise import Realiser
from infoseek_offline.records import Constraint, Evidence, ResearchTree, Vertex

PAGES = {
    "Brill": "'''Brill''' is a moon.",
    "Ada Quill": "{{Infobox scientist\n| birth_place = [[Dunmore]]\n}}\n'''Ada Quill''' was an astronomer.",
    "Bo Hart": "'''Bo Hart''' was an astronomer.",
    "Dunmore": "'''Dunmore''' is a town. It stands on the [[Wend]], where the [[Wend]] is wide. The [[Lantern Society]] meets.",
    "Wend": "The '''Wend''' is a river near [[Dunmore]]. At the [[Lantern Society]], [[geology]] and [[comet]]s are talked of.",
    "Lantern Society": "The '''Lantern Society''' is for [[geology]] in [[Dunmore]]; a [[comet]] is its badge. It has [[comet]]s.",
    "Geology": "'''Geology''' is a science.",
    "Comet": "A '''comet''' is a body of ice.",
    "Marl College": "'''Marl College''' is a university.",
    "Ochre (river)": "'''Ochre''' is a river.",
    "Ochre": "'''Ochre''' is a paint.",
    "Vale Empire": "Nothing is known.",
}


@pytest.fixture
def corpus(make_corpus: Callable[..., Corpus]) -> Corpus:
    return make_corpus(PAGES)


def test_names_are_written_as_the_corpus_writes_them(corpus: Corpus) -> None:
    names = Names(corpus)

    def name(title: str) -> str:
        return names.name(corpus.resolve(title) or 0)

    assert name("Wend") == "the Wend"
    assert name("Dunmore") == "Dunmore"
    assert name("Lantern Society") == "the Lantern Society"
    assert name("Geology") == "geology"
    assert name("Comet") == "comets"
    assert names.bare(corpus.resolve("Comet") or 0) == "comet"
    assert name("Ochre (river)") == "the river Ochre"
    assert name("Vale Empire") == "the Vale Empire", "by its form, where no text shows it"
    assert name("Ada Quill") == "Ada Quill"
    assert literal_name("United Kingdom") == "the United Kingdom" and literal_name("Kent") == "Kent"
    assert names.is_person(corpus.resolve("Ada Quill") or 0) and not names.is_person(corpus.resolve("Brill") or 0)


def test_works_adjuncts_and_bodies_have_the_article_that_is_theirs(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus(
        {
            "Doom metal": "'''Doom metal''' is a genre of music. It influenced ''[[Tides]]''.",
            "Tides": "''Tides'' is an album by [[The Foxes]], a [[doom metal]] band. They are a [[doom metal]] trio.",
            "The Foxes": "'''The Foxes''' are a band. The [[Vesh]] came, and a [[Vesh]] drummer. They made ''[[Tides]]''.",
            "Vesh": "The '''Vesh''' are a race of pilots. One made ''[[Tides]]''.",
            "Hob's Desert": "'''Hob's Desert''' is a place near Orm. ''[[Tides]]'' was made there.",
        }
    )
    names = Names(corpus)
    said = [names.name(corpus.resolve(t) or 0) for t in ("Doom metal", "Tides", "The Foxes", "Vesh", "Hob's Desert")]
    assert said == ["doom metal", '"Tides"', "the Foxes", "the Vesh", "Hob's Desert"]


def test_characters_are_persons_by_what_their_infobox_tells(make_corpus: Callable[..., Corpus]) -> None:
    box = "{{Character\n| name = X\n| gender = Female\n| voiced by = Bo Hart\n}}\n"
    corpus = make_corpus(
        {
            "Kael": f"{box}'''Kael''' is one of the main characters of [[Orm]].",
            "Gorm": f"{box}'''Gorm''' is a dragon in [[Orm]].",
            "Zed": "'''Zed''' is a smuggler in [[Orm]].",
            "Orm": "'''Orm''' is a game.",
        }
    )
    names = Names(corpus)
    assert [names.is_person(corpus.resolve(t) or 0) for t in ("Kael", "Gorm", "Zed", "Orm")] == [True, False, True, False]


class Builder:
    """A tree from (id, page, role, parent, noun) and constraints (wording, other vertex, or value)."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.vertices: list[Vertex] = []

    def add(self, vertex: str, title: str, role: str, parent: str, noun: str, *clues: tuple[str, str, str]) -> Builder:
        evidence = Evidence(page=0, title="", section="", start=0, end=0, anchor="", sentence="", document="")
        constraints = tuple(
            Constraint(
                id=f"{vertex}{n}", kind=kind, wording=wording, evidence=evidence, **{"other" if kind == "link" else "value": value}
            )
            for n, (kind, wording, value) in enumerate(clues)  # type: ignore[arg-type]
        )
        depth = next((v.depth + 1 for v in self.vertices if v.id == parent), 0)
        page = self.corpus.resolve(title)
        assert page is not None
        self.vertices.append(
            Vertex(id=vertex, page=page, title=title, role=role, parent=parent, depth=depth, noun=noun, constraints=constraints)  # type: ignore[arg-type]
        )
        return self

    def tree(self) -> ResearchTree:
        return ResearchTree(vertices=tuple(self.vertices))


def nested(corpus: Corpus) -> ResearchTree:
    return (
        Builder(corpus)
        .add(
            "r",
            "Brill",
            "root",
            "",
            "moon",
            ("link", "{v} was discovered by {o}", "a"),
            ("interval", "the mean radius of {v} is {o}", "between 700 and 800 km"),
            ("type", "{v} is a {o}", "moon"),
        )
        .add(
            "a",
            "Ada Quill",
            "inner",
            "r",
            "astronomer",
            ("link", "{v} studied at {o}", "m"),
            ("link", "{v} was born in {o}", "d"),
            ("type", "{v} is a {o}", "astronomer"),
        )
        .add("d", "Dunmore", "leaf", "a", "town")
        .add(
            "m",
            "Marl College",
            "inner",
            "a",
            "university",
            ("link", "{o} worked at {v}", "b"),
            ("link", "{v} is devoted to {o}", "g"),
        )
        .add("b", "Bo Hart", "leaf", "m", "astronomer")
        .add("g", "Geology", "leaf", "m", "science")
        .tree()
    )


def test_a_nested_question_word_for_word(corpus: Corpus) -> None:
    wording = Realiser(corpus).realise(nested(corpus))
    assert wording.question == (
        "A certain astronomer was born in Dunmore and studied at the university where Bo Hart worked and that is devoted to "
        "geology. Which moon with a mean radius between 700 and 800 km was discovered by this astronomer?"
    )
    assert wording.clues["r1"] == "a mean radius between 700 and 800 km"
    assert wording.clues["r2"] == "moon" and wording.clues["a2"] == "astronomer"
    assert wording.clues["m0"] == "where Bo Hart worked"
    assert all(clue in wording.question for clue in wording.clues.values())
    assert Realiser(corpus).realise(nested(corpus)) == wording, "the same tree gives the same question"


def test_phrasings_of_one_tree_differ_and_hold_all_clues(corpus: Corpus) -> None:
    tree = nested(corpus)
    wordings = list(Realiser(corpus).phrasings(tree))
    assert wordings[0] == Realiser(corpus).realise(tree)
    assert len(wordings) >= 3 and len({w.question for w in wordings}) == len(wordings)
    assert any(
        w.question
        == "A certain university, where Bo Hart worked, is devoted to geology. A certain astronomer studied at this university and "
        "was born in Dunmore. Which moon with a mean radius between 700 and 800 km was discovered by this astronomer?"
        for w in wordings
    ), "in three sentences, too"
    names = {c.id for v in tree.vertices for c in v.constraints}
    for wording in wordings:
        assert set(wording.clues) == names
        assert all(clue in wording.question for clue in wording.clues.values()), wording


def one(corpus: Corpus, title: str, noun: str, *clues: tuple[str, str, str]) -> str:
    builder = Builder(corpus).add("r", title, "root", "", noun, *clues)
    for kind, _, value in clues:
        if kind == "link":
            builder.add(value, value, "leaf", "r", "thing")
    return Realiser(corpus).realise(builder.tree()).question


def test_persons_are_who(corpus: Corpus) -> None:
    question = one(corpus, "Ada Quill", "astronomer", ("link", "{o} is named after {v}", "Brill"))
    assert question == "Who is the astronomer after whom Brill is named?"
    question = one(corpus, "Dunmore", "town", ("link", "{o} is named after {v}", "Brill"))
    assert question in ("What is the town after which Brill is named?", "What is the name of the town after which Brill is named?")


def test_the_same_said_of_two_pages_is_said_once(corpus: Corpus) -> None:
    question = one(
        corpus, "Dunmore", "town", ("link", "{o} was born in {v}", "Ada Quill"), ("link", "{o} was born in {v}", "Bo Hart")
    )
    assert "where Ada Quill and Bo Hart were born?" in question.replace("was born", "were born")
    question = one(
        corpus, "Ada Quill", "astronomer", ("link", "{v} is known for {o}", "Comet"), ("link", "{v} is known for {o}", "Geology")
    )
    assert question == "Which astronomer is known for work on comets and is known for geology?"


def test_the_same_said_of_a_named_and_a_described_page_is_said_once(corpus: Corpus) -> None:
    tree = (
        Builder(corpus)
        .add("r", "Ada Quill", "root", "", "astronomer", ("link", "{v} explored {o}", "w"), ("link", "{v} explored {o}", "d"))
        .add("w", "Wend", "leaf", "r", "river")
        .add("d", "Dunmore", "inner", "r", "town", ("link", "{o} was born in {v}", "b"))
        .add("b", "Bo Hart", "leaf", "d", "astronomer")
        .tree()
    )
    wording = Realiser(corpus).realise(tree)
    assert wording.question == "Which astronomer explored the Wend and the town where Bo Hart was born?"
    assert wording.clues["r0"] == wording.clues["r1"] == "explored the Wend and the town where Bo Hart was born"


def test_names_in_the_plural_take_their_verb(corpus: Corpus) -> None:
    assert is_plural("the Maluku Islands") and is_plural("the Alps")
    assert not is_plural("the United States") and not is_plural("Saint Helens") and not is_plural("Islands")


def test_a_or_an_before_a_literal(corpus: Corpus) -> None:
    assert one(corpus, "Ada Quill", "person", ("fact", "{v} was a {o}", "Organist")) == "Who was an organist?"
    assert one(corpus, "Brill", "moon", ("link", "{v} is a {o}", "Comet")) == "Which moon is a comet?"


def test_two_descriptions_are_set_apart(corpus: Corpus) -> None:
    tree = (
        Builder(corpus)
        .add("r", "Marl College", "root", "", "university", ("link", "{o} worked at {v}", "a"), ("link", "{o} studied at {v}", "b"))
        .add(
            "a", "Ada Quill", "inner", "r", "astronomer", ("link", "{v} was born in {o}", "d"), ("link", "{v} discovered {o}", "x")
        )
        .add("d", "Dunmore", "leaf", "a", "town")
        .add("x", "Brill", "leaf", "a", "moon")
        .add("b", "Bo Hart", "inner", "r", "astronomer", ("link", "{v} is known for {o}", "g"), ("link", "{v} died in {o}", "e"))
        .add("g", "Geology", "leaf", "b", "science")
        .add("e", "Dunmore", "leaf", "b", "town")
        .tree()
    )
    wording = Realiser(corpus).realise(tree)
    assert wording.question == (
        "Which university employed the astronomer who was born in Dunmore and discovered Brill, "
        "and is also the alma mater of the astronomer who is known for geology and died in Dunmore?"
    )
    assert all(clue in wording.question for clue in wording.clues.values())


def test_a_place_and_a_time_are_said_together(corpus: Corpus) -> None:
    question = one(
        corpus, "Ada Quill", "astronomer",
        ("link", "{v} died in {o}", "Dunmore"), ("interval", "{v} died {o}", "between 1850 and 1859"),
        ("link", "{v} is known for {o}", "Comet"),
    )  # fmt: skip
    assert "died in Dunmore between 1850 and 1859" in question


def test_a_category_of_the_very_kind_stands_behind_the_noun(corpus: Corpus) -> None:
    question = one(
        corpus, "Brill", "moon",
        ("category", "{v} is one of the {o}", "Moons of Uranus"), ("link", "{v} was found by {o}", "Bo Hart"),
    )  # fmt: skip
    assert "moon of Uranus" in question and "one of" not in question


def test_a_page_of_unknown_kind_is_asked_for_by_what(corpus: Corpus) -> None:
    assert one(corpus, "Vale Empire", "subject", ("link", "{v} is connected with {o}", "Bo Hart")).startswith("What is ")


def test_an_unknown_wording_is_refused(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="no clause"):
        one(corpus, "Brill", "moon", ("link", "{o} pondered {v}", "Dunmore"))


def test_clues_of_a_whole_run_stand_in_its_questions(sample_run: Path) -> None:
    for item in pipeline.questions(sample_run):
        assert item.question.endswith("?") and "  " not in item.question and "{" not in item.question
        for vertex in item.tree.vertices:
            for constraint in vertex.constraints:
                assert item.clues[constraint.id] in item.question, constraint


def test_two_of_one_kind_are_told_as_the_first_and_the_second(corpus: Corpus) -> None:
    tree = (
        Builder(corpus)
        .add("r", "Brill", "root", "", "moon", ("link", "{v} was discovered by {o}", "a"), ("link", "{v} was named by {o}", "b"))
        .add("a", "Ada Quill", "inner", "r", "astronomer",
             ("link", "{v} was born in {o}", "d"), ("link", "{v} studied at {o}", "m"), ("link", "{v} received {o}", "x"))
        .add("d", "Dunmore", "leaf", "a", "town")
        .add("m", "Marl College", "leaf", "a", "university")
        .add("x", "Lantern Society", "leaf", "a", "medal")
        .add("b", "Bo Hart", "inner", "r", "astronomer", ("link", "{v} worked in {o}", "g"), ("link", "{v} died in {o}", "e"),
             ("link", "{v} explored {o}", "w"))
        .add("g", "Geology", "leaf", "b", "science")
        .add("e", "Dunmore", "leaf", "b", "town")
        .add("w", "Wend", "leaf", "b", "river")
        .tree()
    )  # fmt: skip
    question = Realiser(corpus).realise(tree).question
    assert question.count("One astronomer ") == question.count("Another astronomer ") == 1
    assert "the first astronomer" in question and "the second astronomer" in question and "this astronomer" not in question


def test_who_is_like_the_answer_is_another_one(corpus: Corpus) -> None:
    tree = (
        Builder(corpus)
        .add("r", "Bo Hart", "root", "", "astronomer", ("link", "{v} worked with {o}", "a"), ("link", "{v} died in {o}", "e"))
        .add("a", "Ada Quill", "inner", "r", "astronomer",
             ("link", "{v} was born in {o}", "d"), ("link", "{v} studied at {o}", "m"),
             ("interval", "{v} died {o}", "between 1700 and 1799"))
        .add("d", "Dunmore", "leaf", "a", "town")
        .add("m", "Marl College", "leaf", "a", "university")
        .add("e", "Dunmore", "leaf", "r", "town")
        .tree()
    )  # fmt: skip
    question = Realiser(corpus).realise(tree).question
    assert question.startswith("A certain astronomer ") and "Which other astronomer" in question and "this astronomer" in question


def test_what_is_vague_beside_its_like_is_another(corpus: Corpus) -> None:
    tree = (
        Builder(corpus)
        .add("r", "Brill", "root", "", "moon", ("link", "{v} is named after {o}", "a"), ("link", "{v} was named by {o}", "h"))
        .add("a", "Dunmore", "inner", "r", "town", ("link", "{v} borders {o}", "b"), ("link", "{o} was born in {v}", "q"),
             ("link", "{v} lies on {o}", "w"))
        .add("b", "Lantern Society", "blur", "a", "town", ("link", "{o} is in {v}", "m"))
        .add("m", "Marl College", "leaf", "b", "university")
        .add("q", "Ada Quill", "leaf", "a", "astronomer")
        .add("w", "Wend", "leaf", "a", "river")
        .add("h", "Bo Hart", "leaf", "r", "astronomer")
        .tree()
    )  # fmt: skip
    question = Realiser(corpus).realise(tree).question
    assert question.startswith("One town") and "another town that is home to" in question and "the first town" in question


def test_a_whose_of_the_same_noun_is_said_once(corpus: Corpus) -> None:
    tree = (
        Builder(corpus)
        .add("r", "Brill", "root", "", "incident", ("link", "the affected customer of {v} is {o}", "a"),
             ("link", "{v} was resolved by {o}", "h"))
        .add("a", "Dunmore", "inner", "r", "customer", ("link", "the customer of {o} is {v}", "m"))
        .add("m", "Marl College", "leaf", "a", "project")
        .add("h", "Bo Hart", "leaf", "r", "engineer")
        .tree()
    )  # fmt: skip
    wording = Realiser(corpus).realise(tree)
    assert "whose affected customer is also the customer of Marl College" in wording.question
    assert all(clue in wording.question for clue in wording.clues.values())


def test_this_city_is_the_city_before_it() -> None:
    assert clear("A certain city lies on the Wend. Which river rises in this city?", {"city"})
    assert not clear("A certain city is near a city in Wales. Which river rises in this city?", {"city"})
    assert clear("A certain city lies on the Wend. Which other city is near this city?", {"city"})


def test_what_is_done_in_a_place_and_by_somebody_is_said_together(corpus: Corpus) -> None:
    clues = ("link", "{v} was written in {o}", "Geology"), ("link", "{v} was written by {o}", "Bo Hart")
    told = one(corpus, "Marl College", "tool", *clues)
    assert told == "Which tool was written in geology by Bo Hart?"


def test_a_fact_is_what_is_said_of_a_thing_and_nothing_it_has(corpus: Corpus) -> None:
    clues = ("fact", "the colour of {v} is {o}", "grey"), ("link", "{v} was found by {o}", "Bo Hart")
    told = one(corpus, "Brill", "mineral", *clues)
    assert told == "Which mineral, whose colour is grey, was found by Bo Hart?"


def test_a_category_has_the_article_of_its_last_name() -> None:
    assert category_words("employees in United Kingdom") == "employees in the United Kingdom"
    assert category_words("moons of Uranus") == "moons of Uranus"
