"""Questions about an Italian wiki, in Italian. All sentences are made up for the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infoseek_offline.agents.rules import RuleBrowser
from infoseek_offline.claims.infobox import phrases
from infoseek_offline.corpus.entities import italian_types
from infoseek_offline.corpus.kinds import italian_singulars
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.italian import ItalianRealiser, sayable
from infoseek_offline.questions.italian_grammar import Phrase, agree, definite, gender, indefinite, shown_article, table
from infoseek_offline.questions.languages import realiser_for
from tests.test_questions import Builder

PAGES = {
    "Vela": "{{Infobox fiume|nome=Vela|lunghezza=120|sfocia=[[Mare Lento]]|nasce=[[Monte Grigio]]}}\nIl '''Vela''' è un fiume. "
    "Bagna [[Ardea Alta]].\n[[Categoria:Fiumi della Torvia]]",
    "Mare Lento": "Il '''Mare Lento''' è un mare. Nel [[Mare Lento]] sfocia il [[Vela]].",
    "Monte Grigio": "Il '''Monte Grigio''' è un monte della [[Torvia]]. Le acque del [[Vela]] nascono qui.",
    "Ardea Alta": "{{Divisione amministrativa|Nome=Ardea Alta|Divisione amm grado 1=[[Torvia]]|Divisioni confinanti=[[Scarno]]|"
    "Abitanti=15300}}\n'''Ardea Alta''' è un comune.",
    "Scarno": "'''Scarno''' è un piccolo comune della [[Torvia]].",
    "Torvia": "La '''Torvia''' è una regione. La bandiera della [[Torvia]] è blu; il vino della [[Torvia]] è noto.",
    "Elsa Brandi": "{{Bio|Nome=Elsa|Cognome=Brandi|Sesso=F|LuogoNascita=[[Ardea Alta]]|AnnoNascita=1788|Attività=pittrice}}\n"
    "Fu allieva di [[Ugo Spini]].",
    "Ugo Spini": "{{Bio|Nome=Ugo|Sesso=M|LuogoNascita=[[Scarno]]|Attività=pittore}}\nViaggiò molto.",
    "Il canto del molo": "{{Infobox film|titoloitaliano=Il canto del molo|regista=[[Elsa Brandi]]}}\n"
    "'''Il canto del molo''' è un film.",
}


@pytest.fixture
def corpus(make_corpus: Callable[..., Corpus]) -> Corpus:
    return make_corpus(PAGES, language="it")


def test_articles_and_prepositions() -> None:
    assert [definite(w, gender(w)) for w in ("fiume", "isola", "stato", "zio", "città", "astronomo", "scrittrice", "gnomo")] == [
        "il", "l'", "lo", "lo", "la", "l'", "la", "lo",
    ]  # fmt: skip
    assert [indefinite(w, gender(w)) for w in ("fiume", "isola", "stato", "regione")] == ["un", "un'", "uno", "una"]
    assert str(Phrase("l'", "Austria")) == "l'Austria"
    assert Phrase("il", "Po").after("di") == "del Po" and Phrase("gli", "Stati Uniti").after("da") == "dagli Stati Uniti"
    assert Phrase("", "Roma").after("di") == "di Roma" and Phrase("la", "Francia").after("con") == "con la Francia"
    assert Phrase("la", "Francia", "f", area=True).where() == "in Francia" and Phrase("", "Roma").where() == "a Roma"
    assert Phrase("gli", "Stati Uniti", plural=True, area=True).where() == "negli Stati Uniti"
    assert Phrase("il", "Regno Unito", area=True).where() == "nel Regno Unito"
    assert Phrase("la", "città che è bagnata dal Vela", "f").where() == "nella città che è bagnata dal Vela"


@pytest.mark.parametrize(
    ("before", "article"),
    [("la foce del ", "il"), ("vino della ", "la"), ("fine dell'", "l'"), ("confini degli ", "gli"), ("a ", ""), ("Il ", "il")],
)
def test_the_article_that_a_link_shows(before: str, article: str) -> None:
    assert shown_article(before) == article


def test_what_agrees() -> None:
    assert agree("è nat@ a Roma", "f", False) == "è nata a Roma"
    assert agree("in cui è nat@|sono nat@ X", "m", True) == "in cui sono nati X"
    assert agree("in cui ha|hanno sede X", "f", True) == "in cui hanno sede X"
    assert [gender(w) for w in ("poeta", "nave", "stazione", "attore", "pianeta", "specie", "film")] == list("mffmmfm")


def test_kinds_of_first_sentences() -> None:
    assert italian_types("L'armonium (in francese, harmonium) è uno strumento musicale.", "") == ["strumento"]
    assert italian_types("Il Vela è un grande fiume che nasce qui.", "") == ["fiume"]
    assert italian_types("Essa è un insieme di cose.", "pittrice") == ["pittrice"]
    for one, many in (("fiume", "fiumi"), ("chiesa", "chiese"), ("lago", "laghi"), ("città", "città"), ("pianista", "pianisti")):
        assert one in italian_singulars(many)


def test_every_relation_that_an_italian_key_names_can_be_said() -> None:
    english = {wording for kind, keys in phrases().items() if kind != "skip" for wording in keys.values()}
    for kind, keys in phrases("phrases_it.toml").items():
        if kind != "skip":
            for wording in keys.values():
                assert wording in english, "relations are named as in phrases.toml"
                assert sayable(wording), wording
    for forward, backward in table()["relations"].values():
        assert "{" in forward and "{" in backward


def test_claims_of_italian_infoboxes(corpus: Corpus) -> None:
    browser = RuleBrowser(corpus)

    def said(title: str) -> set[str]:
        page = corpus.resolve(title)
        assert page is not None
        return {c.wording for c in browser.read(page) if c.key != "connected"}

    assert {"{s} flows into {o}", "{s} has its source in {o}", "{s} is one of the {o}"} <= said("Vela")
    assert {"{s} is in {o}", "{s} borders {o}", "the population of {s} is {o}"} <= said("Ardea Alta")
    assert {"{s} was born in {o}", "{s} was born {o}"} <= said("Elsa Brandi")
    assert "{s} was directed by {o}" in said("Il canto del molo")
    page = corpus.resolve("Elsa Brandi")
    assert page is not None and corpus.nouns[page] == "pittrice"


def test_a_question_word_for_word(corpus: Corpus) -> None:
    realiser = realiser_for(corpus)
    assert isinstance(realiser, ItalianRealiser)
    tree = (
        Builder(corpus)
        .add("r", "Vela", "root", "", "fiume", ("link", "{v} flows into {o}", "m"), ("link", "{o} lies on {v}", "a"),
             ("category", "{v} is one of the {o}", "Fiumi della Torvia"))
        .add("m", "Mare Lento", "leaf", "r", "mare")
        .add("a", "Ardea Alta", "inner", "r", "comune", ("link", "{o} was born in {v}", "e"), ("link", "{v} borders {o}", "s"))
        .add("e", "Elsa Brandi", "leaf", "a", "pittrice")
        .add("s", "Scarno", "leaf", "a", "comune")
        .tree()
    )  # fmt: skip
    questions = [w.question for w in realiser.phrasings(tree)]
    best = "Quale fiume della Torvia sfocia nel Mare Lento e bagna il comune che confina con Scarno e in cui è nata Elsa Brandi?"
    assert best in questions
    assert len(questions) >= 3
    for wording in realiser.phrasings(tree):
        assert set(wording.clues) == {c.id for v in tree.vertices for c in v.constraints}
        assert all(clue in wording.question for clue in wording.clues.values())


def test_persons_agree_by_their_sex(corpus: Corpus) -> None:
    tree = (
        Builder(corpus)
        .add(
            "r", "Elsa Brandi", "root", "", "pittrice",
            ("link", "{v} was born in {o}", "a"), ("link", "{o} was directed by {v}", "f"),
        )
        .add("a", "Ardea Alta", "leaf", "r", "comune")
        .add("f", "Il canto del molo", "leaf", "r", "film")
        .tree()
    )  # fmt: skip
    questions = {w.question for w in ItalianRealiser(corpus).phrasings(tree)}
    assert "Chi è la pittrice che è nata ad Ardea Alta e ha diretto Il canto del molo?" in questions
    assert "Quale pittrice è nata ad Ardea Alta e ha diretto Il canto del molo?" in questions


def test_ranges_are_written_as_italians_write_them(corpus: Corpus) -> None:
    builder = Builder(corpus).add(
        "r", "Ardea Alta", "root", "", "comune", ("interval", "the population of {v} is {o}", "between 15,000 and 16,000")
    )
    question = ItalianRealiser(corpus).realise(builder.tree()).question
    assert "ha un numero di abitanti tra 15.000 e 16.000" in question


def test_other_wikis_are_asked_about_in_english(make_home: Callable[..., Path]) -> None:
    corpus = Corpus.open(make_home({"Aa": "Aa [[Bb]].", "Bb": "Bb [[Aa]]."}, language="vi") / "corpus")
    tree = (
        Builder(corpus)
        .add("r", "Aa", "root", "", "subject", ("link", "{v} is connected with {o}", "b"))
        .add("b", "Bb", "leaf", "r", "subject")
        .tree()
    )
    assert realiser_for(corpus).realise(tree).question.startswith("What is ")
