# ruff: noqa: E501 - sentences are to skim
"""What Italian sentences say of a page, and what they do not say; that verify finds the words of it."""

from __future__ import annotations

import re

import pytest

from infoseek_offline.checks.keyed import said_in_italian
from infoseek_offline.claims.italian import Subject, extract, table
from infoseek_offline.corpus.entities import is_italian_person, italian_types
from infoseek_offline.questions.italian import sayable
from infoseek_offline.questions.italian_grammar import agree, elided, gender

TOWER = Subject(("Torre Alta", "Alta"), ("torre", "edificio"))
RIVER = Subject(("Lumo",), ("fiume",), left_out=True)
PAINTER = Subject(("Ada Orsaldi", "Orsaldi"), ("pittrice",), person=True, left_out=True)
NOVEL = Subject(("La notte",), ("romanzo",), left_out=True)


def read(text: str, subject: Subject) -> list[tuple[str, str]]:
    """(anchor, wording) of the links, which are written "[[X]]"; each leads to a page of its anchor's name."""
    links, plain, at = [], "", 0
    for match in re.finditer(r"\[\[(.*?)\]\]", text):
        plain += text[at : match.start()]
        links.append((len(plain), len(plain) + len(match[1])))
        plain, at = plain + match[1], match.end()
    plain += text[at:]
    return [(plain[slice(*links[e.link_index])], e.wording) for e in extract(plain, links, subject, [plain[a:b] for a, b in links])]


@pytest.mark.parametrize(
    ("text", "subject", "claims"),
    [
        ("Ada Orsaldi ([[Roma]], 5 maggio 1900 – [[Milano]], 3 marzo 1980) è stata una pittrice italiana, allieva di [[Guido Verdi]].", PAINTER,
         [("Roma", "{s} was born in {o}"), ("Milano", "{s} died in {o}"), ("Guido Verdi", "{s} was a pupil of {o}")]),
        ("Nacque nel 1900 a [[Roma]] e studiò all'[[Università di Bologna]].", PAINTER, [("Roma", "{s} was born in {o}"), ("Università di Bologna", "{s} studied at {o}")]),
        ("Nel 1924 sposò lo scrittore [[Livio Rossi]].", PAINTER, [("Livio Rossi", "{s} was married to {o}")]),
        ("Fu allieva di [[Guido Verdi]] e collaborò con [[Pia Neri]].", PAINTER, [("Guido Verdi", "{s} was a pupil of {o}"), ("Pia Neri", "{s} worked with {o}")]),
        ("Nel 1950 ricevette il [[Premio Lumo]].", PAINTER, [("Premio Lumo", "{s} received {o}")]),
        ("Orsaldi è nota per [[La casa blu]].", PAINTER, [("La casa blu", "{s} is known for {o}")]),
        ("Morì a [[Pisa]] nel 1980 ed è sepolta a [[Lucca]].", PAINTER, [("Pisa", "{s} died in {o}"), ("Lucca", "{s} was buried at {o}")]),
        ("Aderì al [[Partito Sereno]].", PAINTER, [("Partito Sereno", "{s} was a member of {o}")]),
        ("Era figlia di [[Carlo Orsaldi]].", PAINTER, [("Carlo Orsaldi", "{o} was a parent of {s}")]),
        ("La Torre Alta è una torre di [[Pisa]], progettata da [[Mario Rossi]] e [[Luigi Bianchi]], e si trova in [[Toscana]].", TOWER,
         [("Pisa", "{s} is in {o}"), ("Mario Rossi", "{s} was designed by {o}"), ("Luigi Bianchi", "{s} was designed by {o}"), ("Toscana", "{s} is in {o}")]),
        ("La torre fu costruita nel 1920 dall'architetto [[Mario Rossi]] per volere di [[Carlo Neri]].", TOWER, [("Mario Rossi", "{s} was built by {o}"), ("Carlo Neri", "{s} was commissioned by {o}")]),
        ("L'edificio fu realizzato nel 1920 su progetto di [[Mario Rossi]].", TOWER, [("Mario Rossi", "{s} was designed by {o}")]),
        ("L'architetto [[Mario Rossi]] progettò la Torre Alta nel 1900.", TOWER, [("Mario Rossi", "{s} was designed by {o}")]),
        ("La torre è dedicata a [[San Marco]] e ospita il [[Museo civico]].", TOWER, [("San Marco", "{s} is dedicated to {o}"), ("Museo civico", "{s} hosts {o}")]),
        ("Il Lumo nasce dal [[Monte Sereno]], attraversa [[Valdoro]] e sfocia nel [[Mare d'Argento]].", RIVER,
         [("Monte Sereno", "{s} has its source in {o}"), ("Valdoro", "{s} flows through {o}"), ("Mare d'Argento", "{s} flows into {o}")]),
        ("È un affluente del [[Serio]].", RIVER, [("Serio", "the tributaries of {o} include {s}")]),
        ("La notte è un romanzo di [[Ada Orsaldi]], pubblicato nel 1930 dalle [[Edizioni Serene]].", NOVEL, [("Ada Orsaldi", "{s} is a work by {o}"), ("Edizioni Serene", "{s} was published by {o}")]),
        ("Il libro è tratto da [[Il sogno]].", Subject(("La notte",), ("libro",)), [("Il sogno", "{s} is based on {o}")]),
        ("La capitale della Serenia è [[Valdoro]].", Subject(("Serenia",), ("stato",)), [("Valdoro", "the capital of {s} is {o}")]),
        ("Il suo capoluogo è [[Valdoro]].", Subject(("Alta Serenia",), ("regione",), left_out=True), [("Valdoro", "the seat of {s} is {o}")]),
        ("La Serenia si affaccia sul [[Mare d'Argento]] e confina con la [[Liguria]].", Subject(("Serenia",), ("stato",)), [("Mare d'Argento", "{s} lies on {o}"), ("Liguria", "{s} borders {o}")]),
        ("L'anatra muta appartiene alla famiglia degli [[Anatidi]].", Subject(("anatra muta",), ("uccello",)), [("Anatidi", "{s} belongs to the family {o}")]),
    ],
)  # fmt: skip
def test_what_a_sentence_says(text: str, subject: Subject, claims: list[tuple[str, str]]) -> None:
    assert read(text, subject) == claims


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Suo padre nacque a [[Roma]].", PAINTER),  # another subject
        ("Non nacque a [[Roma]].", PAINTER),
        ("Forse nacque a [[Roma]].", PAINTER),
        ("Secondo alcuni nacque a [[Roma]].", PAINTER),
        ("Studiò a [[Roma]].", PAINTER),  # no school
        ("Nacque vicino a [[Roma]].", PAINTER),
        ("Guido nacque a [[Roma]].", PAINTER),
        ("Quando nacque a [[Roma]] suo fratello, era tardi.", PAINTER),
        ("Ada Orsaldi, il cui padre nacque a [[Roma]], dipinse.", PAINTER),
        ("Fu candidata al [[Premio Lumo]].", PAINTER),
        ("Frequentò l'[[Università]] di Roma.", PAINTER),  # what the link leads to is no one's school
        ("Sposò il fratello di [[Livio Rossi]].", PAINTER),
        ("Nacque a [[Roma]].", Subject(("Torre Alta",), ("torre",), left_out=True)),  # no person
        ("Nacque a [[Roma]].", Subject(("Ada Orsaldi",), ("pittrice",), person=True)),  # whose birth is not said here
        ("La torre della città fu costruita da [[Mario Rossi]] senza permesso.", TOWER),
        ("La Torre Alta non fu progettata da [[Mario Rossi]].", TOWER),
        ("La Torre Alta è vicina al palazzo costruito da [[Mario Rossi]].", TOWER),
        ("La Torre Alta fu attribuita a [[Mario Rossi]].", TOWER),
        ("[[Mario Rossi]] visitò la Torre Alta.", TOWER),
        ("Il figlio di [[Mario Rossi]] progettò la Torre Alta.", TOWER),
        ("Nasce a [[Roma]].", TOWER),
    ],
)  # fmt: skip
def test_what_is_doubtful_says_nothing(text: str, subject: Subject) -> None:
    assert read(text, subject) == []


def test_the_table_of_sentences_is_sound() -> None:
    words = table()
    for part in ("verbs", "nouns", "owned"):
        for wording in words[part]:
            assert wording.count("{s}") == wording.count("{o}") == 1 and sayable(wording), wording
    assert len(set(words["verbs"]) | set(words["nouns"])) >= 30
    for wording in (*words["needs"], *words["kinds"], *words["person"]["wordings"]):
        assert wording in words["verbs"] or wording in words["nouns"], wording
    ways = [(way.removeprefix("< "), way.startswith("< ")) for some in words["verbs"].values() for way in some]
    assert len(ways) == len(set(ways))  # no verb says two things


@pytest.mark.parametrize(
    ("wording", "sentence", "anchor", "held"),
    [
        ("{s} was born in {o}", "Nacque a Roma.", "Roma", True),
        ("{s} was born in {o}", "Ada (Roma, 5 maggio 1900 – Milano, 3 marzo 1980) è stata una pittrice.", "Roma", True),
        ("{s} died in {o}", "Ada (Roma, 5 maggio 1900 – Milano, 3 marzo 1980) è stata una pittrice.", "Milano", True),
        ("{s} died in {o}", "Ada (Roma, 5 maggio 1900 – Milano, 3 marzo 1980) è stata una pittrice.", "Roma", False),
        ("{s} was designed by {o}", "Fu progettata da Mario.", "Mario", True),
        ("{o} was designed by {s}", "Mario progettò la torre.", "Mario", True),
        ("{s} was built by {o}", "Fu progettata da Mario.", "Mario", False),
        ("{s} died in {o}", "Nacque a Roma.", "Roma", False),
        ("the capital of {s} is {o}", "La capitale della Serenia è Valdoro.", "Valdoro", True),
        ("{s} is twinned with {o}", "È un comune italiano.", "Roma", False),
    ],
)  # fmt: skip
def test_verify_looks_for_the_words_of_a_relation(wording: str, sentence: str, anchor: str, held: bool) -> None:
    assert said_in_italian(wording, sentence, anchor) is held


@pytest.mark.parametrize(
    ("sentence", "kinds"),
    [
        ("La California è uno stato situato nel sud.", ["stato"]), ("Il calcio è stato inventato qui.", []), ("La chitarra elettrica è un tipo di chitarra.", ["chitarra"]),
        ("Il buddhismo è una delle religioni più diffuse.", ["religione"]), ("Il Po è uno dei fiumi più lunghi.", ["fiume"]), ("È un'attività umana.", []),
        ("L'Etna è uno dei grandi vulcani attivi.", ["vulcano"]), ("La prova è uno dei metodi.", []),
    ],
)  # fmt: skip
def test_kinds_that_can_be_asked_for(sentence: str, kinds: list[str]) -> None:
    assert italian_types(sentence, "") == kinds


def test_gender_number_and_elision() -> None:
    assert [gender(noun) for noun in ("crittoanalisi", "tesi", "metamorfosi", "brindisi", "religione", "poeta")] == ["f", "f", "f", "m", "f", "m"]
    assert agree("in cui si trova|si trovano", "m", True) == "in cui si trovano" and agree("in cui si trova|si trovano", "m", False) == "in cui si trova"
    assert elided("la", "Alta Serenia") == "l'" and elided("la", "Serenia") == "la" and elided("gli", "Alti") == "gli"
    assert is_italian_person("pittrice", ()) and not any(is_italian_person(noun, ()) for noun in ("trattore", "torre", "mare", "catalogo")) and is_italian_person("voce", ("sesso",))
