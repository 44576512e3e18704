"""Relations as clauses about a page, and how they fit the kinds on both sides. All wordings are made up or general."""

from __future__ import annotations

import pytest

from infoseek_offline.questions.clauses import clause, ease, forms, realisable
from infoseek_offline.questions.fit import fitted


@pytest.mark.parametrize(
    ("wording", "form", "text", "preposition"),
    [
        ("{v} was discovered by {o}", "verb", "was discovered by {o}", ""),
        ("{o} was discovered by {v}", "verb", "discovered {o}", ""),
        ("{o} discovered {v}", "verb", "was discovered by {o}", ""),
        ("{o} was written by {v}", "verb", "wrote {o}", ""),
        ("{o} is awarded by {v}", "verb", "awards {o}", ""),
        ("{o} was first climbed by {v}", "verb", "first climbed {o}", ""),
        ("{o} was born in {v}", "relative", "{o} was born", "in"),
        ("{o} is named after {v}", "relative", "{o} is named", "after"),
        ("{o} studied at {v}", "verb", "is the alma mater of {o}", ""),
        ("{o} was a student of {v}", "verb", "taught {o}", ""),
        ("{o} taught {v}", "verb", "was taught by {o}", ""),
        ("{o} worked with {v}", "verb", "worked with {o}", ""),
        ("the mean radius of {v} is {o}", "possessive", "mean radius is {o}", ""),
        ("the members of {v} include {o}", "possessive", "members include {o}", ""),
        ("the members of {o} include {v}", "verb", "is one of the members of {o}", ""),
        ("the launch site of {o} is {v}", "relative", "{o} was launched", "from"),
        ("{o} is the largest moon of {v}", "possessive", "largest moon is {o}", ""),
        ("{v} was a space probe launched aboard {o}", "verb", "was launched aboard {o}", ""),
        ("{v} is a town on the {o}", "verb", "is on the {o}", ""),
        ("{v} was a scientific voyage to {o}", "verb", "set out for {o}", ""),
        ("the birthplace of {v} was {o}", "verb", "was born in {o}", ""),
        ("{o} was the place of discovery of {v}", "verb", "was discovered in {o}", ""),
        ("{v} is a state on the territory of {o}", "verb", "is in {o}", ""),
        ("{v} is a natural satellite of {o}", "verb", "orbits {o}", ""),
        ("{o} received the {v}", "verb", "was awarded to {o}", ""),
        ("the name of {v} is linked with {o}", "possessive", "name is linked with {o}", ""),
    ],
)
def test_clauses(wording: str, form: str, text: str, preposition: str) -> None:
    found = clause(wording)
    assert found is not None and (found.form, found.text, found.preposition) == (form, text, preposition)


@pytest.mark.parametrize(
    "wording",
    [
        "{o} is a {v}",
        "{v} and {v} met {o}",
        "{v} (a moon) orbits {o}",
        "{o} pondered {v}",  # its passive isn't known for certain
        "{o} examined the spectrum of {v}",
        "{o} was found in gas at {v}",
        "near {v} lies {o}",
    ],
)
def test_what_no_clause_says(wording: str) -> None:
    assert forms(wording) == () and not realisable(wording)


@pytest.mark.parametrize(
    "wording",
    [
        "{v} saw her in {o}",
        "{v} is often mentioned with {o}",
        "{v} lay in Rome with {o}",
        "{v} has many and {o}",
        "{v} is next to {o}",
    ],
)
def test_what_reads_badly(wording: str) -> None:
    assert not realisable(wording)


def test_what_a_reader_stumbles_over_weighs_less() -> None:
    assert ease("{v} was discovered by {o}", nested=True) == 1.0
    assert ease("{o} is devoted to {v}", nested=True) < ease("{o} is devoted to {v}", nested=False)
    assert ease("{v} is known for {o}", nested=True) < 0.5 < ease("{v} is known for {o}", nested=False)
    assert ease("{o} pondered {v}", nested=False) == 0.0


@pytest.mark.parametrize("wording", ["{o} discovered in {v}", "{o} gave in {v}", "{v} is a medal for exploration of the {o}"])
def test_a_verb_without_its_object_says_nothing(wording: str) -> None:
    assert not realisable(wording)


@pytest.mark.parametrize(
    ("wording", "subject", "other", "name", "said"),
    [
        ("{v} was discovered at {o}", "moon", "city", "Arles", "was discovered in {o}"),
        ("{v} was discovered in {o}", "moon", "observatory", "", "was discovered at {o}"),
        ("{o} is in {v}", "country", "mountain", "Mount Orl", "{o} lies"),
        ("{o} is in {v}", "country", "museum", "the Orl Museum", "is home to {o}"),
        ("{v} worked in {o}", "astronomer", "star", "the Sun", "did research on {o}"),
        ("{v} worked in {o}", "astronomer", "science", "geology", "worked in {o}"),
        ("{o} is known for {v}", "continent", "explorer", "Bo Hart", "{o} is associated"),
        ("{o} is known for {v}", "science", "explorer", "Bo Hart", "{o} is known"),
        ("the festival of {v} is {o}", "shrine", "", "May 5", "festival falls on {o}"),
        ("{v} is an agency of {o}", "agency", "country", "", "belongs to {o}"),
    ],
)
def test_clauses_fit_the_kinds_on_both_sides(wording: str, subject: str, other: str, name: str, said: str) -> None:
    assert fitted(forms(wording), subject, other, name)[0].text == said


@pytest.mark.parametrize(
    ("wording", "subject", "other", "name", "said"),
    [
        ("{o} studied at {v}", "city", "chemist", "Ada Quill", "where {o} studied"),
        ("{o} was born in {v}", "town", "chemist", "Ada Quill", "where {o} was born"),
        ("{v} was first found in {o}", "mineral", "island", "", "was first found on {o}"),
        ("{v} is in {o}", "country", "continent", "", "is on {o}"),
        ("{v} is in {o}", "country", "continent", "Asia", "is in {o}"),
        ("{o} is in {v}", "country", "river", "the Po", "where {o} flows"),
        ("{o} is in {v}", "country", "orbiter", "Vega 9", "is one of the countries behind {o}"),
        ("{o} was a mission of {v}", "country", "orbiter", "Vega 9", "sent {o} into space"),
        ("{v} is known for {o}", "astronomer", "planet", "Neptune", "is known for work on {o}"),
        ("{v} is known for {o}", "astronomer", "continent", "", "is associated with {o}"),
        ("{v} is known for {o}", "city", "scientist", "", "is associated with {o}"),
        ("{v} is a technical writer at the {o}", "writer", "office", "the Kirk office", "works at the {o}"),
        ("{v} is a software project of the {o}", "project", "team", "the Maps Team", "belongs to {o}"),
        ("{o} is named after {v}", "star", "element", "", "gave its name to {o}"),
        ("{v} are a race of winged beings native to {o}", "race", "planet", "Orm", "is native to {o}"),
        ("{v} was a major engagement of the {o}", "engagement", "war", "the Salt War", "was part of {o}"),
        ("{v} is a melee weapon in {o}", "weapon", "game", "Orm II", "appears in {o}"),
        ("{v} is a mercenary from {o}", "mercenary", "planet", "Orm", "comes from {o}"),
        ("{v} is a song by {o}", "song", "band", "The Foxes", "is by {o}"),
        ("the species of {o} is {v}", "species", "character", "Ada Quill", "to {o} belongs"),
        ("{o} belongs to the genre of {v}", "genre", "album", "Tides", "to {o} belongs"),
        ("{o} was a commander in {v}", "battle", "captain", "Ada Quill", "in {o} was a commander"),
        ("the cover of {o} was painted by {v}", "painter", "album", "", "painted the cover of {o}"),
        ("{o} is a boss in the {v}", "game", "boss", "Gorm", "features {o}"),
        ("{o} is in {v}", "river", "city", "Turin", "on {o} lies"),
        ("{o} is on {v}", "planet", "city", "Port Orm", "where {o} lies"),
    ],
)
def test_clauses_fit_what_readers_stumbled_over(wording: str, subject: str, other: str, name: str, said: str) -> None:
    found = fitted(forms(wording), subject, other, name)
    texts = [f"{c.preposition} {c.text}" if c.preposition else c.text for c in found]
    assert said in texts, texts
