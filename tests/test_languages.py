# ruff: noqa: E501 - lists of words are to skim
"""Wikis in other languages: namespaces, redirects, infoboxes, dates, back matter, hatnotes, disambiguation and list pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infoseek_offline.corpus.dump import SiteInfo, read_site
from infoseek_offline.corpus.language import is_infobox_name, months, redirect, words
from infoseek_offline.corpus.listing import page_kind
from infoseek_offline.corpus.quantities import read_quantities
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.corpus.wikitext import parse_wikitext
from infoseek_offline.records import LinkKind, PageKind

MakeCorpus = Callable[..., Corpus]


def head(language: str, *namespaces: tuple[int, str]) -> SiteInfo:
    listed = "".join(f'<namespace key="{key}" case="first-letter">{name}</namespace>' for key, name in namespaces)
    return read_site(
        f'<mediawiki xml:lang="{language}"><siteinfo><sitename>Wikipedia</sitename><dbname>{language}wiki</dbname>'
        f"<case>first-letter</case><namespaces>{listed}</namespaces></siteinfo>".encode()
    )


@pytest.mark.parametrize(
    ("language", "link", "number"),
    [("de", "Benutzer:Anna", 2), ("de", "Benutzerin Diskussion:Anna", 3), ("de", "Hilfe:Suche", 12), ("fr", "Utilisatrice:Anne", 2),
     ("fr", "Discussion modèle:X", 11), ("es", "Usuaria:Ana", 2), ("ru", "Участница:Анна", 2), ("ru", "Справка:Поиск", 12),
     ("ja", "利用者:花子", 2), ("zh", "用戶:花", 2), ("ko", "사용자토론:꽃", 3), ("ar", "قالب:أ", 10), ("fa", "کاربر:الف", 2),
     ("pl", "Wikipedystka:Anna", 2), ("uk", "Довідка:Пошук", 12), ("de", "User talk:Anna", 3), ("ja", "Help:X", 12), ("de", "WP:Q", 4)],
)  # fmt: skip
def test_namespaces_by_older_names_and_by_the_english_ones(language: str, link: str, number: int) -> None:
    assert head(language).normalise_title(link)[0] == number
    assert parse_wikitext(f"Siehe [[{link}]] und [[Kai]].", "Hafen", head(language)).links[0].target == "Kai"


def test_a_portal_a_draft_a_module_are_namespaces_only_where_the_wiki_has_them() -> None:
    plain, full = head("fr"), head("fr", (100, "Portail"), (118, "Brouillon"), (828, "Module"))
    for link, number in (("Portail:Mer", 100), ("Portal:Mer", 100), ("Draft:Mer", 118), ("Module:Mer", 828)):
        assert plain.normalise_title(link)[:2] == (0, link)
        assert full.normalise_title(link)[:2] == (number, "Mer")
    assert head("en", (100, "Lexicon")).normalise_title("Portal: Prelude")[0] == 0


@pytest.mark.parametrize(
    "text",
    ["#WEITERLEITUNG [[Kai]]", "#REDIRECCIÓN [[Kai]]", "#перенаправление [[Kai]]", "#リダイレクト転送 [[Kai]]", "#転送 [[Kai]]", "#重定向 [[Kai]]",
     "#넘겨주기 [[Kai]]", "#Đổi hướng [[Kai]]", "#تحويل [[Kai]]", "#تغییر مسیر [[Kai]]", "#RINVIA: [[Kai]]", "#PRZEKIERUJ [[Kai|x]]",
     "#Yönlendirme [[Kai]]", " # Omdirigering [[Kai]]", "#PŘESMĚRUJ [[Kai]]", "#הפניה [[Kai]]", "#ВИЖ [[Kai]]"],
)  # fmt: skip
def test_redirects_by_the_words_of_the_language(text: str) -> None:
    found = redirect().match(text.strip())
    assert found is not None and found.group(1) == "Kai"


@pytest.mark.parametrize(
    "name",
    ["Infobox Fluss", "Ficha de río", "Карточка река", "Картка:Річка", "基礎情報 川", "Thông tin sông", "Hộp thông tin sông", "صندوق معلومات نهر",
     "جعبه اطلاعات رود", "Տեղեկաքարտ Գետ", "তথ্যছক নদী", "Инфокутия Река", "정보상자 강", "Infotaula riu", "Tietolaatikko joki", "Info/Rio",
     "Taxobox", "Geobox", "Infoboks elv", "Bio"],
)  # fmt: skip
def test_infoboxes_by_the_words_of_the_language(name: str) -> None:
    assert is_infobox_name(name)
    assert not is_infobox_name("Biology stub") and not is_infobox_name("Boxing record") and not is_infobox_name("Infobox start")


def test_an_infobox_without_any_word_for_it_is_found_by_its_shape() -> None:
    page = parse_wikitext("{{Hafenanlage\n|Name=Kai\n|Baujahr=1901\n|Ort=[[Stadt]]\n}}\nDer Kai.", "Kai", head("de"))
    assert (page.infobox, [field.key for field in page.fields]) == ("Hafenanlage", ["name", "baujahr", "ort"])


@pytest.mark.parametrize(
    ("language", "value", "low"),
    [("de", "11. Januar 1787", 1787.0274), ("de", "1. März 2001", 2001.1616), ("fr", "1er janvier 2000", 2000.0), ("fr", "11 août 2001", 2001.6082),
     ("es", "11 de enero de 1787", 1787.0274), ("pt", "11 de janeiro de 1787", 1787.0274), ("it", "11 gennaio 1787", 1787.0274),
     ("ru", "11 января 1787", 1787.0274), ("uk", "11 січня 1787", 1787.0274), ("pl", "11 listopada 2001", 2001.8603), ("nl", "11 maart 2001", 2001.189),
     ("vi", "11 tháng 1 năm 1787", 1787.0274), ("ja", "1787年1月11日", 1787.0274), ("ko", "1787년 1월 11일", 1787.0274), ("zh", "1787年1月", 1787.0),
     ("hu", "1787-01-11", 1787.0274), ("bn", "১১ জানুয়ারি ১৭৮৭", 1787.0274), ("ar", "11 يناير 1787", 1787.0274), ("fa", "۱۱ ژانویه ۱۷۸۷", 1787.0274),
     ("hy", "11 հունվարի 1787", 1787.0274), ("lv", "1787. gada 11. janvāris", 1787.0274), ("cs", "11. ledna 1787", 1787.0274),
     ("sv", "11 januari 1787", 1787.0274), ("de", "11 January 1787", 1787.0274)],
)  # fmt: skip
def test_dates_with_the_months_of_the_language(language: str, value: str, low: float) -> None:
    (quantity,) = read_quantities(value, "", language)
    assert (quantity.low, quantity.unit) == (pytest.approx(low, abs=1e-4), "year")


def test_a_month_is_the_one_of_its_own_language() -> None:
    assert months("cs")["listopadu"] == 11 and months("de")["mai"] == 5 and months("de")["january"] == 1
    assert read_quantities("5 maggio", "giorno", "it") == () and "maggio" not in months("en")


@pytest.mark.parametrize(
    ("language", "heading"),
    [("de", "Siehe auch"), ("fr", "Voir aussi"), ("es", "Véase también"), ("uk", "Див. також"), ("zh", "參見"), ("ko", "같이 보기"), ("ar", "انظر أيضا"),
     ("fa", "جستارهای وابسته"), ("hy", "Տես նաև"), ("cs", "Související články"), ("tr", "Ayrıca bakınız"), ("sv", "Se även")],
)  # fmt: skip
def test_back_matter_by_its_heading(make_corpus: MakeCorpus, language: str, heading: str) -> None:
    corpus = make_corpus({"A": f"Text of [[C]].\n\n== {heading} ==\n* [[B]]", "B": "x", "C": "y"}, language)
    kinds = {corpus.titles[link.target]: link.kind for link in corpus.links(corpus.resolve("A") or 0)}
    assert kinds == {"C": LinkKind.PROSE, "B": LinkKind.BACKMATTER}


@pytest.mark.parametrize(
    ("language", "template"),
    [("de", "Hauptartikel"), ("fr", "Article détaillé"), ("es", "Artículo principal"), ("uk", "Основна стаття"), ("zh", "主条目"), ("ko", "본문"),
     ("ar", "مفصلة"), ("fa", "اصلی"), ("cs", "Hlavní článek"), ("tr", "Ana madde"), ("he", "הפניה לערך מורחב")],
)  # fmt: skip
def test_hatnotes_are_no_text_and_their_pages_are_links(language: str, template: str) -> None:
    page = parse_wikitext(f"Words.\n\n== Part ==\n{{{{{template}|kai}}}}\nMore words.", "Hafen", head(language))
    assert page.text == "Words.\n\nMore words." and [(link.target, link.kind) for link in page.links] == [("Kai", "hatnote")]


@pytest.mark.parametrize(
    ("language", "title", "text", "kind"),
    [
        ("de", "Merkur", "Merkur steht für Namen. {{Begriffsklärung}}", PageKind.DISAMBIGUATION),
        ("es", "Mercurio", "Nombres. {{Desambiguación}}", PageKind.DISAMBIGUATION),
        ("zh", "水星 (消歧义)", "名稱。", PageKind.DISAMBIGUATION),
        ("ko", "수성", "이름. {{동음이의}}", PageKind.DISAMBIGUATION),
        ("ru", "Меркурий (значения)", "Имена.", PageKind.DISAMBIGUATION),
        ("uk", "Меркурій", "Назви. [[Категорія:Багатозначні терміни]]", PageKind.DISAMBIGUATION),
        ("bn", "দেশ", "একটি। {{দেশের নিবন্ধ}}", PageKind.ARTICLE),
        ("fr", "Liste des ports", "Voici.", PageKind.LIST),
        ("ja", "港の一覧", "以下。", PageKind.LIST),
        ("hu", "Kikötők listája", "Itt.", PageKind.LIST),
        ("ru", "Порты", "Здесь. [[Категория:Списки портов]]", PageKind.LIST),
        ("de", "Listenhund", "Ein Hund.", PageKind.ARTICLE),
        ("en", "Pier", "Old. {{Stub}} [[Category:Piers]]", PageKind.ARTICLE),
        ("en", "Seznam.cz", "A firm.", PageKind.ARTICLE),
        ("en", "Lista (Norway)", "A place.", PageKind.ARTICLE),
        ("cs", "Seznam.cz", "Firma.", PageKind.ARTICLE),
        ("cs", "Seznam řek", "Řeky.", PageKind.LIST),
        ("xx", "Quill", "Names. __DISAMBIG__", PageKind.DISAMBIGUATION),
        ("xx", "Quill", "Names. <nowiki>__DISAMBIG__</nowiki>", PageKind.ARTICLE),
        ("nb", "Brygge", "Navn. {{Peker}}", PageKind.DISAMBIGUATION),
        ("eu", "Kaia", "Izenak. [[Kategoria:Argipen orriak]]", PageKind.DISAMBIGUATION),
        ("ka", "ნავსადგურების სია", "აქ.", PageKind.LIST),
        ("th", "รายชื่อท่าเรือ", "ที่นี่", PageKind.LIST),
        ("sr", "Списак лука", "Овде.", PageKind.LIST),
        ("fr", "Quai", "Noms. {{Villes homonymes}}", PageKind.DISAMBIGUATION),
        ("fr", "Quai", "Vieux. {{Voir homonymes|Port}}", PageKind.ARTICLE),
        ("en", "Wakamiya", "Names. {{曖昧さ回避}}", PageKind.DISAMBIGUATION),
        ("ltg", "Upu saroksts", "Upis.", PageKind.LIST),
    ],
)
def test_disambiguation_and_list_pages_by_the_words_of_the_language(language: str, title: str, text: str, kind: PageKind) -> None:
    assert page_kind(title, parse_wikitext(text, title, head(language)), language) == kind


MEANINGS = "'''Quill''' is:\n* [[Quill (river)]], a river\n* [[Quill (town)|Quill]] in the north\n* [[Quillport]]\n* a [[feather]]"
ITEMS = "\n".join(f"* [[Port {n}]], since {1900 + n}" for n in range(12))
PROSE = "It stands where the old road meets the shore, and was built of stone by those who fished there before the war. " * 3


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("Quill", MEANINGS, PageKind.DISAMBIGUATION),
        ("Quill (name)", MEANINGS, PageKind.DISAMBIGUATION),
        ("Pen", MEANINGS, PageKind.ARTICLE),
        ("Quill", f"{PROSE}\n\n{MEANINGS}", PageKind.ARTICLE),
        ("Quill", "{{Infobox bird\n|name=Quill\n|size=3 cm\n}}\n" + MEANINGS, PageKind.ARTICLE),
        ("Quill", "A bird.\n\n== See also ==\n" + MEANINGS.partition("\n")[2], PageKind.ARTICLE),
        ("Ports of the north", f"The ports are:\n{ITEMS}", PageKind.LIST),
        ("Ports of the north", f"{PROSE * 4}\n\n{ITEMS}", PageKind.ARTICLE),
        ("Ports of the north", "The ports are:\n" + "\n".join(ITEMS.split("\n")[:6]), PageKind.ARTICLE),
        ("Ports of the north", "\n\n".join(line[2:] for line in ITEMS.split("\n")), PageKind.ARTICLE),
    ],
)
def test_disambiguation_and_list_pages_by_shape(title: str, text: str, kind: PageKind) -> None:
    assert page_kind(title, parse_wikitext(text, title, SiteInfo()), "en") == kind


def test_words_of_one_language_and_of_all() -> None:
    assert "hauptartikel" in words("hatnote", "de") and "hauptartikel" in words("hatnote", "de-at") and words("hatnote", "xx") == ()
    assert {"siehe auch", "voir aussi", "див. також"} <= set(words("backmatter"))
