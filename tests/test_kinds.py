"""What a kind is called: singular nouns in the wiki's own script, with the title's help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from infoseek_offline.claims.categories import type_claims
from infoseek_offline.corpus.entities import infobox_type, sentence_types
from infoseek_offline.corpus.kinds import a, choose, from_categories, from_title, many, sayable, shortened, title_heads
from infoseek_offline.corpus.store import Corpus

TITLES = [*(f"{name} Shrine" for name in ("Nuki", "Taga", "Obori", "Kuchi", "Susa", "Tono")), "Oak (tree)", "Ash (tree)", "Nara 1"]
SHARED = title_heads(TITLES)
HEADS = Counter({"shrine": 4, "tree": 3})


@pytest.mark.parametrize(
    ("sentence", "kinds"),
    [
        ("The Vesh are a species of winged beings native to Orm.", ["species"]),
        ("Quercus is a genus of flowering plants.", ["genus"]),
        ("Felis is a species of wild cat.", ["wild cat"]),
        ("Ada Quill is a singer best known as a member of the Foxes.", ["singer"]),
        ("The gull is a bird most commonly found on cliffs.", ["bird"]),
        ("Tides were a band originally formed in Orm.", ["band"]),
        ("Orm is a large mostly rural county.", ["large mostly rural county"]),
    ],
)
def test_the_kind_ends_where_its_noun_ends(sentence: str, kinds: list[str]) -> None:
    assert sentence_types(sentence) == kinds


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Infobox character", "character"), ("CharacterInfobox", "character"), ("Infobox/Weapon", "weapon"),
        ("iteminfobox", "item"),
        ("Planet Infobox/new", "planet"), ("NPCInfobox", "npc"), ("Infobox U.S. county", "county"), ("Taxobox", ""),
    ],
)  # fmt: skip
def test_an_infobox_names_a_kind_however_its_name_is_spelt(name: str, kind: str) -> None:
    assert infobox_type(name) == kind


def test_a_plain_plural_category_is_a_kind_too() -> None:
    assert from_categories(["Stubs", "Minor characters"], "Ada Quill", Counter()) == "character"


def test_an_adjective_behind_the_noun_is_not_the_kind() -> None:
    assert sentence_types("Yatsuru Shrine is a Shinto shrine famous for its festival.") == ["Shinto shrine"]


@pytest.mark.parametrize("head", ["political", "famous", "climbing", "submission", "日本の古墳", "important"])
def test_words_that_name_no_kind_are_not_said_in_english(head: str) -> None:
    assert not sayable(head, "en")


@pytest.mark.parametrize("head", ["shrine", "building", "musical", "sibling", "hospital", "river"])
def test_nouns_are_said(head: str) -> None:
    assert sayable(head, "en")


def test_other_scripts_are_said_in_their_own_wiki() -> None:
    assert sayable("河川", "ja")


@pytest.mark.parametrize(
    ("title", "kind"),
    [("Obori Shrine", "shrine"), ("Oak (tree)", "tree"), ("Shrine", ""), ("Nara 1", ""), ("Fuji Onsen", "")],
)
def test_a_title_shows_a_kind_that_the_wiki_shares(title: str, kind: str) -> None:
    assert from_title(title, SHARED, HEADS, "en") == kind


def test_a_common_noun_that_many_titles_end_in_is_a_kind_in_any_language() -> None:
    shared = title_heads(f"{name} pogosts" for name in "ABCDE")
    assert from_title("Neretas pogosts", shared, Counter(), "ltg") == "pogosts"
    assert from_title("Neretas Pogosts", shared, Counter(), "ltg") == ""


@pytest.mark.parametrize(
    ("head", "plural"), [("mounds", True), ("gods", True), ("series", False), ("physics", False), ("bus", False)]
)
def test_plural_heads(head: str, plural: bool) -> None:
    assert many(head, "en") is plural


def test_a_kind_that_only_the_title_shows_is_not_claimed_of_the_first_sentence(make_corpus: Callable[..., Corpus]) -> None:
    names = ("Neretas", "Zaļves", "Pilskalnes", "Gricgales", "Elkšņu")
    pages = {f"{name} pogosts": f"{name} pogosts irā [[Latveja]]s dale." for name in names}
    corpus = make_corpus(pages | {"Latveja": "Latveja irā vaļsts."}, language="ltg")
    page = corpus.resolve("Neretas pogosts")
    assert page is not None and corpus.nouns[page] == "pogosts" and not corpus.page(page).types
    assert not list(type_claims(corpus, page))


@pytest.mark.parametrize(
    ("phrases", "title", "categories", "kind"),
    [
        (["state", "country"], "Ruritania", [], "country"),
        (["satellite", "moon"], "Amal", [], "moon"),
        (["state"], "Ohio", [], "state"),
        (["mountain range", "settlement"], "Alpen", [], "mountain range"),
        (["settlement"], "Altan Mountains", [], "mountain range"),
        (["settlement"], "Veld Islands", [], "archipelago"),
        (["person"], "Ann Oak", ["Explorers of Asia", "1900 births"], "explorer"),
        (["body"], "Saint Agency", ["Agencies in Bern"], "agency"),
        (["settlement"], "Ulm", [], "settlement"),
        (["told"], "Yarn", [], ""),
        (["castle"], "Yarn", [], "castle"),
        ([], "Comet", ["Comets of the south"], ""),
    ],
)
def test_the_kind_is_what_a_reader_would_call_the_page(phrases: list[str], title: str, categories: list[str], kind: str) -> None:
    heads = Counter("state country satellite moon settlement person".split() * 9)
    assert choose(phrases, title, categories, (heads, Counter(), Counter()), 3, "en") == kind


def test_a_kind_is_said_with_the_word_before_it_where_that_is_usual() -> None:
    heads, pairs = Counter({"manager": 50, "town": 90}), Counter({"product manager": 9, "small town": 30, "Swiss town": 30})
    assert shortened("product manager", (heads, pairs, Counter())) == "product manager"
    assert shortened("small town", (heads, pairs, Counter())) == "town"
    assert shortened("Swiss town", (heads, pairs, Counter())) == "town"


def test_categories_that_say_no_kind() -> None:
    assert from_categories(["Physics", "1900 births", "Articles with links", "Geography of Europe"], "Oak", Counter()) == ""


@pytest.mark.parametrize(
    "words",
    (
        "a university,a European,a one-off,a unit,a user,a URL,a UFO,a uranium mine,a eunuch,a NATO base,a UK firm,a unique one,"
        "an hour,an honest man,an heir,an FBI agent,an MP,an X-ray,an F-16,an L-shaped room,an unimportant town,a house,"
        "an umbrella,an island,an 8-bit chip,an 11th,an SUV,an NBC show,an R-rated film,an S-bend"
    ).split(","),
)
def test_a_or_an_by_sound(words: str) -> None:
    article, noun = words.split(" ", 1)
    assert a(noun) == article
