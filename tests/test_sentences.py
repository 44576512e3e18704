"""Relation phrases from sentences: the figures on the labelled fixture, and the traps one by one.

In the cases a link is written [anchor]; all sentences are our own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infoseek_offline.claims.sentences import Extraction, Subject, extract, make_subject

LABELLED = Path(__file__).parent / "data" / "labelled_sentences.jsonl"
MIN_PRECISION = 0.95
MIN_RECALL = 0.40

MOON = make_subject("Orlane (moon)", ["moon"])
RIVER = make_subject("Sarn River", ["river"])
CITY = make_subject("Velmar", ["city"])
PERSON = make_subject("Ida Brandt", ["chemist"], is_person=True)
FILM = make_subject("The Glass Ferry", ["film"])


def wordings(marked: str, subject: Subject) -> dict[str, str]:
    """The wordings by anchor."""
    links: list[tuple[int, int]] = []
    sentence = ""
    for part in re.split(r"(\[[^\]]*\])", marked):
        if part.startswith("["):
            links.append((len(sentence), len(sentence) + len(part) - 2))
            part = part[1:-1]
        sentence += part
    return {sentence[slice(*links[e.link_index])]: e.wording for e in extract(sentence, links, subject)}


# The labelled fixture


def normal(wording: str) -> str:
    plain = " ".join(re.sub(r'["“”]', "", wording.casefold()).split())
    return re.sub(r"\bthe (?=\{[so]\})", "", plain)


def content(wording: str) -> tuple[str, ...]:
    """The words in order, without articles; "{s}'s capital is {o}", "the capital of {s} is {o}" and "{o} is the capital of {s}"
    are the same, in either tense."""
    plain = normal(wording)
    plain = re.sub(r"\{s\}'s ([^{]*?) (?=(?:is|was|are|were|had|has)\b)", r"\1 of {s} ", plain)
    plain = re.sub(r"\{s\}'s ([a-z -]+)$", r"\1 of {s}", plain)
    if found := re.fullmatch(r"(.*) of \{s\} (?:is|was|are|were) \{o\}", plain):
        plain = f"{{o}} is {found[1]} of {{s}}"
    if found := re.fullmatch(r"\{o\} (?:is|was) (.* of \{s\})", plain):
        plain = f"{{o}} is {found[1]}"
    return tuple(word for word in plain.split() if word not in ("the", "a", "an"))


def measure(split: str) -> tuple[float, float, list[str]]:
    """(precision, recall, mistakes) on one half of the fixture."""
    right = labelled = 0
    mistakes = []
    for line in LABELLED.read_text(encoding="utf-8").splitlines():
        case: dict[str, Any] = json.loads(line)
        if case["split"] != split:
            continue
        labelled += len(case["claims"])
        listed = {claim["target"]: {content(w) for w in claim["wordings"]} for claim in case["claims"]}
        subject = make_subject(case["title"], [case["type"]], is_person=case["type"] == "person")
        for found in extract(case["sentence"], [(k["start"], k["end"]) for k in case["links"]], subject):
            target = case["links"][found.link_index]["target"]
            if content(found.wording) in listed.get(target, ()):
                right += 1
            else:
                mistakes.append(f"{case['id']} {target}: {found.wording!r} in {case['sentence']!r}")
    return right / (right + len(mistakes)), right / labelled, mistakes


@pytest.mark.parametrize("split", ["dev", "test"])
def test_precision_and_recall_on_labelled_sentences(split: str) -> None:
    precision, recall, mistakes = measure(split)
    report = f"{split}: precision {precision:.3f}, recall {recall:.3f}\n" + "\n".join(mistakes)
    assert precision >= MIN_PRECISION, report
    assert recall >= MIN_RECALL, report


# What is read

READ = [
    (MOON, "Orlane was discovered in 1787 by [Karl Voss].", {"Karl Voss": "{s} was discovered by {o}"}),
    (MOON, "The moon was discovered by the astronomer [Karl Voss].", {"Karl Voss": "{s} was discovered by {o}"}),
    (MOON, "Discovered by [Karl Voss] in 1801, it is named after [Hestia].",
     {"Karl Voss": "{s} was discovered by {o}", "Hestia": "{s} is named after {o}"}),
    (MOON, "Its largest crater, [Ulla], is visible from Earth.", {"Ulla": "the largest crater of {s} is {o}"}),
    (RIVER, "The Sarn River flows into the [Gulf of Tarn] near [Velmar].",
     {"Gulf of Tarn": "{s} flows into the {o}"}),
    (RIVER, "It rises in [Upper Marn], passes through [Lake Oth] and empties into the [Gulf of Tarn].",
     {"Upper Marn": "{s} rises in {o}", "Lake Oth": "{s} passes through {o}", "Gulf of Tarn": "{s} empties into the {o}"}),
    (CITY, "[Velmaria] took the city in 1644.", {"Velmaria": "{o} took {s}"}),
    (CITY, "The capital of Velmar is [Old Velmar].", {"Old Velmar": "the capital of {s} is {o}"}),
    (PERSON, "Born in [Ulm], she studied under [Jan Holt] at the [University of Oth].",
     {"Ulm": "{s} was born in {o}", "Jan Holt": "{s} studied under {o}", "University of Oth": "{s} studied at the {o}"}),
    (PERSON, "Brandt was born in [Ulm] and moved to [Paris] in 1921.",
     {"Ulm": "{s} was born in {o}", "Paris": "{s} moved to {o}"}),
    (PERSON, "Her father [Otto Brandt] sold hats.", {"Otto Brandt": "the father of {s} was {o}"}),
    (FILM, "The Glass Ferry is a 1971 Danish drama film directed by [Per Lund] and starring [Ada Falk] and [Jon Rask].",
     {"Per Lund": "{s} is a drama film directed by {o}", "Ada Falk": "{s} is a drama film starring {o}",
      "Jon Rask": "{s} is a drama film starring {o}"}),
    (FILM, "It was written by [Per Lund] and [Mia Holm].",
     {"Per Lund": "{s} was written by {o}", "Mia Holm": "{s} was written by {o}"}),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "sentence", "expected"), READ, ids=[case[1] for case in READ])
def test_reads(subject: Subject, sentence: str, expected: dict[str, str]) -> None:
    assert wordings(sentence, subject) == expected


# What gives nothing

TRAPS = [
    ("negation", MOON, "Orlane was not discovered by [Karl Voss]."),
    ("negation of the verb", PERSON, "Brandt never met [Jan Holt]."),
    ("modality", MOON, "Orlane may have been seen by [Karl Voss]."),
    ("hedge", MOON, "Orlane was probably named by [Karl Voss]."),
    ("attribution", MOON, "The discovery of Orlane is attributed to [Karl Voss]."),
    ("report", MOON, "According to [Karl Voss], Orlane is a captured asteroid."),
    ("plan", CITY, "The city would have been connected to [Tarn] by rail."),
    ("condition", CITY, "If the city had joined [Tarn], the war would have ended."),
    ("quotation", PERSON, 'Brandt said, "I have never been so tired as I was in [Ulm]."'),
    ("possessive after the link", FILM, "It was written by [Per Lund]'s brother."),
    ("noun after the link", PERSON, "Brandt was a [Royal Society] fellow."),
    ("hyphen after the link", PERSON, "Brandt was a [French]-born chemist."),
    ("predicate noun", MOON, "Orlane is a [moon]."),
    ("relative clause about another", MOON, "Orlane was seen by a sailor who lived in [Tarn]."),
    ("another subject", MOON, "The astronomer Karl Voss was born in [Tarn]."),
    ("pronoun of another gender", PERSON, "It was built in [Tarn]."),
    ("pronoun beside the name", PERSON, "He met Brandt in [Tarn]."),
    ("cleft", MOON, "It was [Karl Voss] who named the comet."),
    ("expletive", MOON, "It has been proposed that dust comes from [Hestia]."),
    ("comparison", MOON, "Unlike [Hestia], it has no air."),
    ("alternative", FILM, "It was written by [Per Lund] or [Mia Holm]."),
    ("between", RIVER, "The river lies between [Tarn] and [Oth]."),
    ("a story", PERSON, "In the novel, she travels to [Tarn]."),
    ("clause after until", CITY, "The city was quiet until [Tarn] attacked."),
    ("object with a complement", PERSON, "Brandt described [Jan Holt] as a friend."),
    ("name in a list of another subject", CITY, "Finds typical of the Bronze Age and [Iron Age] have been made in Velmar."),
]


@pytest.mark.parametrize(("subject", "sentence"), [case[1:] for case in TRAPS], ids=[case[0] for case in TRAPS])
def test_gives_nothing_for(subject: Subject, sentence: str) -> None:
    assert wordings(sentence, subject) == {}


def test_wording_has_no_names_dates_or_commas() -> None:
    found = wordings("In May 1650, on its way from [Tarn], the river was dammed by the miller [Jan Holt] near Oth in 1651.", RIVER)
    for wording in found.values():
        assert wording.count("{s}") == wording.count("{o}") == 1
        assert not re.search(r'[A-Z\d,"()]', wording)


def test_basis_tells_how_sure_the_subject_is() -> None:
    sentence = "She was born in Ulm and moved to Paris."
    assert extract(sentence, [(16, 19), (33, 38)], PERSON) == [
        Extraction(0, "{s} was born in {o}", "pronoun"),
        Extraction(1, "{s} moved to {o}", "coordinated"),
    ]


@pytest.mark.parametrize("sentence", ["", ".", ", ,", "((", '"', "The", "It is", "Orlane was", "Orlane and and", "] [ Orlane 's"])
def test_odd_text_gives_nothing_and_does_not_raise(sentence: str) -> None:
    assert extract(sentence, [], MOON) == []
