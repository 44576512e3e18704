"""The phrase table and the claims from infobox fields."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import infoseek_offline.claims as claims_package
from infoseek_offline.claims.infobox import (
    box_type,
    infobox_claims,
    known_wording,
    link_wording,
    literal_wording,
    noun_wording,
    phrases,
    verb_wording,
)
from infoseek_offline.corpus.quantities import read_quantities
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.clauses import clause, forms, realisable
from infoseek_offline.records import Fact

KINDS = ("link", "date", "number", "count", "text")
SAMPLE_FACTS = sorted((Path(__file__).parent.parent / "sample" / "facts").glob("*.toml"))


def table() -> list[tuple[str, str]]:
    raw = tomllib.loads((Path(claims_package.__file__).parent / "phrases.toml").read_text(encoding="utf-8"))
    return [(kind, wording) for kind in KINDS for wording in raw[kind]]


def fact(key: str, value: str) -> Fact:
    return Fact(page=0, key=key, value=value, start=0, end=len(value), quantities=read_quantities(value, key), links=())


@pytest.mark.parametrize(("kind", "wording"), table())
def test_every_wording_can_be_put_into_a_question(kind: str, wording: str) -> None:
    assert wording.count("{s}") == 1 and wording.count("{o}") == 1
    forward = wording.replace("{s}", "{v}")
    assert clause(forward) is not None
    assert realisable(forward)
    if kind == "link" and "a {o}" not in wording:
        assert forms(wording.replace("{o}", "{v}").replace("{s}", "{o}")), "and as seen from the other page"


# The commonest fields of the infoboxes that Wikipedia uses most: settlements, persons, football players, films, albums,
# books, taxa, ships, companies, television, politicians, software, rivers, mountains, battles, universities and so on.
COMMON_FIELDS = """
name, image, caption, birth name, birth date, birth place, death date, death place, nationality, occupation, years
active, spouse, children, known for, alma mater, native name, settlement type, subdivision type, subdivision name,
established title, established date, leader title, leader name, area total km2, elevation m, population total,
population density km2, timezone, utc offset, postal code, area code, website, coordinates, director, producer,
writer, screenplay, starring, music, cinematography, editing, studio, distributor, released, runtime, country,
language, budget, gross, artist, album, recorded, genre, length, label, prev title, next title, type, cover,
clubnumber, position, youthclubs, youthyears, clubs, years, caps, goals, nationalteam, nationalyears, nationalcaps,
nationalgoals, height, manageryears, managerclubs, regnum, phylum, classis, ordo, familia, genus, species, binomial,
binomial authority, subdivision ranks, status, party, term start, term end, predecessor, successor, office, president,
prime minister, governor, monarch, constituency, majority, religion, residence, education, profession, signature,
founded, founder, headquarters, industry, products, revenue, num employees, parent, subsidiaries, key people, location
city, location country, homepage, operating income, net income, author, illustrator, publisher, pub date, media type,
pages, isbn, series, preceded by, followed by, developer, designer, platforms, engine, modes, release, allegiance,
branch, service years, rank, unit, commands, battles, awards, mouth, source, basin size, tributaries left, tributaries
right, discharge, network, num seasons, num episodes, executive producer, company, first aired, last aired, line,
opened, owner, operator, structure, built, architect, architecture, added, established, motto, students, undergrad,
postgrad, faculty, campus, city, state, chancellor, affiliations, colors, mascot, instrument, origin, associated acts,
ship builder, ship launched, ship commissioned, ship fate, ship class, ship displacement, ship length, date, place,
result, combatant1, commander1, strength1, casualties1, territory, field, work institutions, doctoral advisor,
doctoral students, thesis title, influences, influenced, range, prominence, first ascent, easiest route, parent peak,
volcano type, ground, capacity, chairman, manager, coach, arena, conference, division, team, weight, debut team, final
team, college, draft year, editor, frequency, circulation, manufacturer, production, transmission, crosses, carries,
design, mainspan, denomination, dedication, diocese, archbishop, consecrated, discoverer, discovered, mean radius,
orbital period, eccentricity, satellites, capital, official languages, currency, calling code, cctld, formula, melting
point, boiling point, density, appearance, speakers, region, venue, attendance, father, mother, house, reign,
coronation, consort, issue, burial place, creator, voices, composer, opentheme, alias, first appearance, relatives,
partner, district, province, county, municipality, mayor, route, junction, license, operating system, programming
language, power, speed, introduced, retired, primary user, number built, first flight
"""


def test_the_commonest_fields_of_wikipedia_are_said_or_left_out_on_purpose() -> None:
    known = {key.split("/", 1)[-1] for keys in phrases().values() for key in keys}
    fields = {re.sub(r"\s*\d+$", "", field.strip()) for field in " ".join(COMMON_FIELDS.split()).split(",")}
    assert len(fields) >= 200
    assert sorted(fields - known) == []


# The commonest fields of fan wikis' infoboxes (characters, places, species, things, episodes, factions) and of firms' wikis.
FAN_FIELDS = """
species, homeworld, affiliation, faction, first appearance, last appearance, appearances, debut, portrayed by, voiced
by, voice actor, allies, enemies, rivals, friends, love interest, mentor, apprentice, weapon, master, killed by,
father, mother, siblings, children, rank, status, gender, occupation, family, eye color, hair color, title, alias,
nationality, residence, team, spouse, ruler, inhabitants, native species, residents, points of interest, moons,
planet, sector, star system, capital, region, founder, leader, headquarters, notable members, members, wielder, owner,
previous owner, creator, material, drops, dropped by, sold by, found in, quest giver, commanding officer, pilot, crew,
manufacturer, fate, class, conflict, side, commander, result, writer, director, guest stars, season, previous, next,
developer, publisher, genre, platforms, evolves from, evolves into, location, type, level, cost, damage, rarity,
maintainer, depends on, reports to, manager, direct reports, data center, owner team
"""


def test_the_commonest_fields_of_fan_wikis_are_said_or_left_out_on_purpose() -> None:
    known = {key.split("/", 1)[-1] for keys in phrases().values() for key in keys}
    fields = {field.strip() for field in " ".join(FAN_FIELDS.split()).split(",")}
    nouns = {field for field in fields - known if noun_wording(field)}  # "the homeworld of {s} is {o}"
    assert sorted(fields - known - nouns) == []
    assert nouns.isdisjoint({"status", "cost", "rank"})


@pytest.mark.parametrize(
    ("key", "box", "here", "there"),
    [
        ("allies", "character", "is allied with {o}", "is allied with {o}"),
        ("species", "character", "species is {o}", "is the species of {o}"),
        ("mentor", "character", "was mentored by {o}", "mentored {o}"),
        ("killed by", "character", "was killed by {o}", "killed {o}"),
        ("inhabitants", "planet", "is inhabited by {o}", "inhabits {o}"),
        ("moons", "planet", "is orbited by {o}", "orbits {o}"),
        ("drops", "creature", "drops {o}", "is dropped by {o}"),
        ("dropped by", "item", "is dropped by {o}", "drops {o}"),
        ("guest stars", "episode", "{o} appeared", "appeared in {o}"),
        ("side1", "battle", "had {o} among its participants", "took part in {o}"),
        ("commander", "starship", "was commanded by {o}", "commanded {o}"),
        ("material", "weapon", "is made of {o}", "is the material of {o}"),
        ("twin1", "settlement", "is twinned with {o}", "is twinned with {o}"),
        ("depends on", "service", "depends on {o}", "{o} depends"),
        ("manager", "employee", "reports to {o}", "{o} reports"),
    ],
)
def test_a_field_of_a_fan_wiki_is_said_from_both_sides(key: str, box: str, here: str, there: str) -> None:
    wording = link_wording(re.sub(r"\d+$", "", key), box)
    assert forms(wording.replace("{s}", "{v}"))[0].text == here
    assert forms(wording.replace("{o}", "{v}").replace("{s}", "{o}"))[0].text == there


def test_keys_are_normalised_and_have_one_wording_each() -> None:
    raw = tomllib.loads((Path(claims_package.__file__).parent / "phrases.toml").read_text(encoding="utf-8"))
    for kind in KINDS:
        for keys in raw[kind].values():
            assert keys == keys.lower() and "_" not in keys and "{" not in keys
    assert len({key for kind in KINDS for key in phrases()[kind]}) > 600


@pytest.mark.parametrize("path", SAMPLE_FACTS, ids=lambda p: p.stem)
def test_every_key_of_the_sample_wiki_is_known(path: Path) -> None:
    schema = tomllib.loads(path.read_text(encoding="utf-8"))
    box = box_type(schema.get("infobox", ""))
    missing = []
    for field in schema["fields"].values():
        key = field.get("infobox", "").replace("_", " ").lower().rstrip("0123456789")
        found = any(known_wording(kind, key, box) for kind in KINDS)  # type: ignore[arg-type]
        if key and not found and key not in phrases()["skip"]:
            missing.append(key)
    assert missing == []


def test_a_key_with_its_infobox_goes_before_the_plain_key() -> None:
    assert link_wording("members", "scientist") == "{s} was a member of {o}"
    assert link_wording("members", "expedition") == "{o} took part in {s}"
    assert link_wording("members") == "the members of {s} include {o}"
    assert link_wording("country", "river") == "{s} flows through {o}"
    assert link_wording("country", "element") == "{s} was discovered in {o}"
    assert link_wording("country", "thing") == "", "a country alone says nothing certain"


@pytest.mark.parametrize(
    ("name", "box"), [("Infobox minor planet", "planet"), ("Speciesbox", "taxobox"), ("Infobox U.S. county", "county"), ("", "")]
)
def test_box_type(name: str, box: str) -> None:
    assert box_type(name) == box


def test_unknown_keys() -> None:
    assert noun_wording("crystal habit") == "the crystal habit of {s} is {o}"
    assert noun_wording("bells") == "the bells of {s} include {o}"
    assert noun_wording("basis of trade") == noun_wording("native label") == noun_wording("glowing") == ""
    assert verb_wording("restored by") == "{s} was restored by {o}"
    assert verb_wording("used in") == "{s} is used in {o}"
    assert verb_wording("need for") == verb_wording("by") == ""
    for key in ("image", "iso code", "timezone", "website", "km2", "名称"):
        assert link_wording(key) == ""


@pytest.mark.parametrize(
    ("key", "value", "box", "wording"),
    [
        ("discovered", "11 January 1787", "moon", "{s} was discovered {o}"),
        ("mean radius", "788.4 km", "moon", "the mean radius of {s} is {o}"),
        ("length", "320", "river", ""),  # of what unit?
        ("elevation m", "320", "settlement", "the elevation of {s} is {o} m"),
        ("population", "12,300", "settlement", "the population of {s} is {o}"),
        ("birth place", "Hodgen, Kent", "person", "{s} was born in {o}"),
        ("occupation", "piano tuner", "person", "{s} was a {o}"),
        ("operator", "", "telescope", ""),
        ("crystal habit", "prismatic", "mineral", "the crystal habit of {s} is {o}"),
        ("crystal habit", "prismatic, tabular", "mineral", ""),  # a list is no value
        ("key", "yes", "", ""),
    ],
)
def test_literals(key: str, value: str, box: str, wording: str) -> None:
    assert literal_wording(key, fact(key, value), box) == wording


def test_units_dates_and_remarks_are_no_values(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus(
        {
            "Brill": "{{Infobox moon\n| mean_temp = −120 [[Celsius|°C]]\n| discoverer = [[Ada Quill]] ([[Dunmore]])\n"
            "| discovered = [[1801]]\n| visited_by = [[Kite 2]]<br />[[Kite 3]]\n| type = [[moon]]let\n}}\n'''Brill''' is a moon.",
            "Celsius": "'''Celsius''' is a scale.",
            "Ada Quill": "'''Ada Quill''' was an astronomer.",
            "Dunmore": "'''Dunmore''' is a town.",
            "1801": "'''1801''' was a year.",
            "Kite 2": "'''Kite 2''' was a probe.",
            "Kite 3": "'''Kite 3''' was a probe.",
            "Moon": "A '''moon''' is a body.",
        }
    )
    page = corpus.resolve("Brill")
    assert page is not None
    found = [
        (c.kind, c.wording, corpus.titles[c.object] if c.object is not None else c.value) for c in infobox_claims(corpus, page)
    ]
    assert found == [
        ("literal", "the mean temperature of {s} is {o}", "−120 °C"),
        ("link", "{s} was discovered by {o}", "Ada Quill"),
        ("literal", "{s} was discovered {o}", "1801"),
        ("link", "{s} was visited by {o}", "Kite 2"),
        ("link", "{s} was visited by {o}", "Kite 3"),
    ]


def test_a_type_that_the_noun_says_already_is_no_claim(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus({"Orla": "{{Infobox person\n| occupation = piano tuner\n}}\n'''Orla''' was a tuner.", "X": "'''X''' is."})
    assert list(infobox_claims(corpus, corpus.resolve("Orla") or 0)) == []
