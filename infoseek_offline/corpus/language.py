# ruff: noqa: E501 - the tables read best a language or a kind of template to a line
"""What differs from one language of wiki to the next: namespace words, link trails, redirect words, headings, infobox names.

The words are in languages.toml, open to extension; here stands what is no word: link trails, prefixes of links, layout. A word of
any language counts on every wiki where that is harmless (redirect words, headings of back matter, infoboxes); where it is not, only
the wiki's own and the English ones do (namespaces, months, hatnotes, lists), or MediaWiki's default (link trails).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

# English canonical names, valid on every wiki whatever its language, with MediaWiki's own aliases.
CANONICAL_NAMESPACES: dict[str, int] = {
    "media": -2, "special": -1, "talk": 1, "user": 2, "user talk": 3, "project": 4, "project talk": 5, "file": 6, "image": 6,
    "file talk": 7, "image talk": 7, "mediawiki": 8, "mediawiki talk": 9, "template": 10, "template talk": 11, "help": 12,
    "help talk": 13, "category": 14, "category talk": 15,
}  # fmt: skip

_NUMBERS = CANONICAL_NAMESPACES | {"portal": 100, "draft": 118, "module": 828}
# Where a word ends: signs of vowels are letters here.
_END = "(?![\\w\u0591-\u05c7\u064b-\u065f\u0900-\u0e7f])"
_SHORT = 5  # letters of a word that other words begin with
_OPTIONAL = ("portal", "draft", "module")  # namespaces that only some wikis have


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, tuple[str, ...]]]:
    """languages.toml: by language and key the words, casefolded."""
    read = tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8"))
    return {
        language: {key: tuple(unicodedata.normalize("NFC", some.casefold()).split("|")) for key, some in section.items()}
        for language, section in read.items()
    }


@lru_cache(maxsize=256)
def words(key: str, language: str = "") -> tuple[str, ...]:
    """The words of one language for something; of all languages together where none is given."""
    table = _table()
    if language:
        return table.get(language, table.get(language.split("-")[0], {})).get(key, ())
    return tuple(dict.fromkeys(word for section in table.values() for word in section.get(key, ())))


@lru_cache(maxsize=256)
def own_words(key: str, language: str) -> tuple[str, ...]:
    """The words that count on a wiki of the language: its own and the English ones; all where it has none in the table."""
    if not {language, language.split("-")[0]} & _table().keys():
        return words(key)
    return tuple(dict.fromkeys(word for which in ("any", "en", language) for word in words(key, which)))


@lru_cache(maxsize=64)
def _pattern(key: str, language: str) -> re.Pattern[str]:
    begins, others = [], []
    end = "(?=[ _])" if key == "list title" else _END  # "Lista" alone is a place, "Seznam.cz" a firm
    for word in own_words(key, language):
        core = re.escape(word.strip("*…")).replace(r"\ ", "[ _]")
        if word.startswith("*"):
            others.append(core)
        elif word.startswith("…"):
            others.append(f"{core}$")
        else:
            begins.append(core if word.endswith("*") or not word[-1].isalpha() else core + end)
    some = [f"^(?:{'|'.join(begins)})"] if begins else []
    return re.compile("|".join([*some, *others]) or "(?!)")  # without any word, nothing


@lru_cache(maxsize=1 << 15)
def is_one(key: str, name: str, language: str) -> bool:
    """Whether one of a wiki's words stands for the casefolded name: "x" for what begins so, "x*" also within a word, "…x" for what
    ends so, "*x*" for what holds it."""
    return _pattern(key, language).search(name) is not None


@lru_cache(maxsize=1)
def file_words() -> str:
    """The words for a file in all languages, as a regular expression."""
    return "|".join(sorted(re.escape(word).replace(r"\ ", "[ _]") for word in words("file")))


def namespace_words(language: str, known: Mapping[str, int] | None = None) -> dict[str, int]:
    """Casefolded namespace names (blanks, no underscores) of a language, besides those of siteinfo and the English ones.

    `known` are the names in siteinfo: a portal, draft or module is none unless the wiki has such a namespace.
    """
    found = {word: number for name, number in CANONICAL_NAMESPACES.items() for word in words(name, language)}
    for name in _OPTIONAL:
        its = {word for word, number in (known or {}).items() if number == _NUMBERS[name]}
        if its & {name, *words(name)}:
            found |= dict.fromkeys((name, *words(name, language)), _NUMBERS[name])
    return found


# Codes of the Wikipedias: [[fr:X]] is an interlanguage link on each of them.
LANGUAGE_CODES = frozenset(
    "aa ab ace ady af ak als alt am ami an ang ann anp ar arc ary arz as ast atj av avk awa ay az azb ba ban bar bat-smg bbc bcl "
    "bdr be be-tarask be-x-old bew bg bh bi bjn blk bm bn bo bpy br bs btm bug bxr ca cbk-zam cdo ce ceb ch cho chr chy ckb co "
    "cr crh cs csb cu cv cy da dag de dga din diq dsb dtp dty dv dz ee el eml en eo es et eu ext fa fat ff fi fiu-vro fj fo fon "
    "fr frp frr fur fy ga gag gan gcr gd gl glk gn gom gor got gpe gsw gu guc gur guw gv ha hak haw he hi hif ho hr hsb ht hu "
    "hy hyw hz ia id ie ig igl ii ik ilo inh io is it iu ja jam jbo jv ka kaa kab kbd kbp kcg kg kge ki kj kk kl km kn knc ko "
    "koi kr krc ks ksh ku kus kv kw ky la lad lb lbe lez lfn lg li lij lld lmo ln lo lrc lt ltg lv lzh mad mai map-bms mdf mg mh "
    "mhr mi min mk ml mn mni mnw mo mos mr mrj ms mt mus mwl my myv mzn na nah nan nap nds nds-nl ne new ng nia nl nn no nb nov "
    "nqo nr nrm nso nup nv ny oc olo om or os pa pag pam pap pcd pcm pdc pfl pi pih pl pms pnb pnt ps pt pwn qu rm rmy rn ro "
    "roa-rup roa-tara rsk ru rue rup rw sa sah sat sc scn sco sd se sg sgs sh shi shn shy si simple sk skr sl sm smn sn so sq sr "
    "srn ss st stq su sv sw syl szl szy ta tay tcy tdd te tet tg th ti tig tk tl tly tn to tok tpi tr trv ts tt tum tw ty tyv "
    "udm ug uk ur uz ve vec vep vi vls vo vro wa war wo wuu xal xh xmf yi yo yue za zea zgh zh zh-classical zh-min-nan zh-yue "
    "zh-cn zh-tw zu".split()
)
INTERWIKI_PREFIXES = frozenset(
    "w wikipedia wikt wiktionary n wikinews b wikibooks q wikiquote s wikisource species wikispecies v wikiversity voy wikivoyage "
    "c commons m meta metawikipedia mw mediawikiwiki d wikidata wmf foundation foundationsite phab phabricator bugzilla mailarchive "
    "doi pmid pmc google wikia fandom imdb incubator betawikiversity outreach strategy toollabs toolforge tools translatewiki "
    "wikimania wikimedia wikitech arxiv hdl issn isbn dbdump gerrit mh miraheze".split()
)

# Letters that follow a link directly and belong to its anchor (MediaWiki's linkTrail of each language's messages file).
_TRAILS = {
    "de": "a-zäöüß", "fr": "a-zàâçéèêîôûäëïöüùÇÉÂÊÎÔÛÄËÏÖÜÀÈÙ", "es": "a-záéíóúñ", "it": "a-zàéèíîìóòúù", "nl": "a-zäöüïëéèà",
    "pl": "a-zęóąśłżźćńĘÓĄŚŁŻŹĆŃ", "pt": "áâãàéêẽçíòóôõq̃úüűũa-z", "ru": "a-zабвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "bg": "a-zабвгдежзийклмнопрстуфхцчшщъыьэюя", "uk": "a-zабвгґдеєжзиіїйклмнопрстуфхцчшщьєюяёъы", "be": "a-zабвгґджзеёжзійклмнопрстуўфхцчшыьэюяґ",
    "hy": "a-zաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև", "bn": "\u0980-\u09ff", "lv": "a-zA-ZĀāČčĒēĢģĪīĶķĻļŅņŠšŪūŽž",
    "ltg": "a-zA-ZĀāČčĒēĢģĪīĶķĻļŅņŠšŪūŽžÕõŌōŖŗY", "sv": "a-zåäöéÅÄÖÉ", "da": "a-zæøå", "no": "a-zæøå", "nb": "a-zæøå", "nn": "a-zæøå",
    "fi": "a-zäö", "cs": "a-záčďéěíňóřšťúůýž", "sk": "a-záäčďéíľĺňóôŕšťúýž", "hu": "a-záéíóúöüőűÁÉÍÓÚÖÜŐŰ", "ro": "a-zăâîşţșțĂÂÎŞŢȘȚ",
    "tr": "a-zÇĞçğİıÖöŞşÜüÂâÎîÛû", "sr": "abvgdđežzijklljmnnjoprstćufhcčdžšабвгдђежзијклљмнњопрстћуфхцчџш", "hr": "čšžćđßa-z",
    "sl": "a-zčćđžš", "lt": "a-ząčęėįšųūž", "et": "äöõšüža-z", "el": "a-zαβγδεζηθικλμνξοπρστυφχψωςΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩάέήίόύώϊϋΐΰΆΈΉΊΌΎΏΪΫ",
    "he": "a-zא-ת", "ar": "a-zء-ي", "fa": "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیآءأئؤة\u200c", "hi": "a-z\u0900-\u0963\u0966-\u097f",
    "ka": "a-zაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", "ca": "a-zàèéíòóúç·ïü", "eo": "a-zĉĝĥĵŝŭ", "mk": "a-zабвгдѓежзѕијклљмнњопрстќуфхцчџш",
    "vi": "a-zàâçéèêîôûäëïöüùÇÉÂÊÎÔÛÄËÏÖÜÀÈÙ", "is": "áðéíóúýþæöa-z–", "gl": "áâãàéêẽçíòóôõq̃úüűũa-z", "eu": "a-z", "mr": "\u0900-\u0963\u0966-\u097fa-z",
    # No words are parted by blanks, so nothing tells where a trail would end.
    "ja": "", "zh": "", "ko": "", "yue": "", "wuu": "", "zh-yue": "", "zh-classical": "", "th": "",
}  # fmt: skip


@lru_cache(maxsize=64)
def link_trail(language: str) -> str:
    """A regex (one group) for the letters after `]]` that belong to the anchor; it always matches, perhaps nothing."""
    letters = _TRAILS.get(language, _TRAILS.get(language.split("-")[0], "a-z"))
    return f"([{letters}]*)" if letters else "()"


class LinkRules(NamedTuple):
    link: re.Pattern[str]  # groups: target, anchor or None, trail
    file: re.Pattern[str]  # the beginning of a file link


@lru_cache(maxsize=32)
def link_rules(language: str, files: tuple[str, ...]) -> LinkRules:
    """The regular expressions for links of a language; `files` are the wiki's names of the file namespace."""
    names = "|".join(re.escape(word).replace(r"\ ", "[ _]") for word in files)
    image = r"[^\[\]|\n]+\.(?:jpe?g|png|svg|gif|tiff?|webp|og[gv]|webm)\b"
    return LinkRules(
        # As MediaWiki reads it: the anchor runs to the first "]]" and holds no "[["; a "]" more belongs to it after a "[" in it.
        re.compile(
            r"\[\[([^\[\]|\n]*)(?:\|([^\[\]]*(?:\](?!\])[^\[\]]*)*(?:\[(?!\[)[^\[\]]*(?:(?:\[(?!\[)|\](?!\]))[^\[\]]*)*\]?(?=\]\]))?))?\]\]"
            + link_trail(language)
        ),
        # Wikis take over pages with the file words of other languages: certain where an image's name follows.
        re.compile(rf"\[\[[ _]*(?:(?:{names})[ _]*:|(?:{file_words()})[ _]*:{image})", re.IGNORECASE),
    )


@lru_cache(maxsize=1)
def redirect() -> re.Pattern[str]:
    """The beginning of a redirect's wikitext; its group is the target."""
    some = "|".join(re.escape(word).replace(r"\ ", "[ _]") for word in sorted(words("redirect"), key=len, reverse=True))
    return re.compile(rf"\s*#\s*(?:{some})\s*:?\s*\[\[([^\[\]|]+)(?:\|[^\[\]]*)?\]\]", re.IGNORECASE)


@lru_cache(maxsize=1)
def backmatter() -> frozenset[str]:
    """Headings, casefolded, of what is no running text: their links are never evidence."""
    return frozenset(words("backmatter"))


@lru_cache(maxsize=1)
def _infobox() -> re.Pattern[str]:
    begins = (
        re.escape(word).replace(r"\ ", "[ _]?") + (_END if len(word) <= _SHORT and word[-1].isalpha() else "")
        for word in words("infobox")
    )
    return re.compile(f"^(?:{'|'.join(begins)})|" + "|".join(map(re.escape, words("infobox anywhere"))))


_NO_INFOBOX = re.compile(r"infobox (?:start|end|mapframe)|^bio icon|^bio-stub|^infobox[^|]*/(?:doc|style)|^personendaten")


def is_infobox_name(name: str) -> bool:
    """Does the template's name (any case) say that it is an infobox?"""
    low = name.casefold().replace("_", " ")
    return bool(_infobox().search(low)) and not _NO_INFOBOX.search(low)


@lru_cache(maxsize=64)
def months(language: str) -> dict[str, int]:
    """The names of the months in dates, casefolded: of the language, and the English ones that mean no other month in it."""
    found: dict[str, int] = {}
    for which in ("en", language):
        for number, names in enumerate(words("months", which), 1):
            found |= dict.fromkeys(names.split(), number)
    return found


# Words of file links that are layout and no caption.
FILE_OPTION = re.compile(
    r"\s*(?:thumb|thumbnail|frame|framed|frameless|border|right|left|center|centre|none|baseline|middle|sub|super|top|bottom|text-top|"
    r"text-bottom|upright(?:[ =].*)?|\d*x?\d+ ?px|(?:alt|link|page|lang|class|thumb|start|end|thumbtime)\s*=.*|mini|miniatur|rechts|links|"
    r"hochkant(?:=.*)?|vignette|gauche|droite|centré|derecha|izquierda|destra|sinistra|miniatura|miniaturadeimagen|miniatyr|höger|"
    r"vänster|мини|справа|слева|миниатюра|мини|дясно|ляво|サムネイル|右|左|nhỏ|phải|trái|մինի|աջից|ձախից|থাম্ব|ডান|বাম|doprawa|"
    r"dolewa|sīktēls|pa labi|pa kreisi)\s*$",
    re.IGNORECASE,
)
# Templates with named parameters at the top of a page that are no infobox, and infobox keys that say how and not what.
NO_BOX = re.compile(
    r"^(?:cite|citation|use |map ?link|map ?frame|multiple issues|article issues|redirect|about|pp-|nav|coord|lang|convert|quote|authority|reflist|portal|"
    r"ambox|tmbox|ombox|multiple image|location map|good article|featured|refimprove|unreferenced|sister|wikt|commons|family ?tree|chart|"
    r"persondata|default|#|interprogetto|thesaurus|ill\b|nihongo|normdaten|import|copied|translat|draft|expand|not |col-|succession|s-)|"
    r"navbox|sidebar|stub|issues|archiv|attached",
    re.IGNORECASE,
)
SKIP_KEY = re.compile(
    r"^(?:image|img|photo|picture|pic|logo|flag|seal|coat|crest|shield|map|pushpin|caption|alt|style|bgcolor|"
    r"footnote|website|homepage|url|sito|targa|coord|latitud\w*|longitud\w*|latns|longew|lat|long|latd|longd|lat[dms]|lon[gdms]?|module|embed|child|nocat|signature|below|mapframe|"
    r"audio|icon|zoom|relief|marker|label|border|background|bild|karte|wappen|immagine|didascalia|mappa|stemma|bandiera|afbeelding|imagen|"
    r"mapa|bandera|escudo|foto|grafika|obraz|картинка|изображение|карта|герб|флаг|снимка|画像\w*|緯度\w*|経度\w*|ラベル\w*|アイコン|地図\w*|説明|hình|bản đồ|chú thích|պատկեր|քարտեզ|"
    r"চিত্র|মানচিত্র|ক্যাপশন|attels|attāls|karoga|attēls|ref|references|native name lang|dms|name list style|box width|title style)(?:\d|\b)|"
    r"(?:image|caption|_?alt|size|style|map|logo|footnotes?|url|website|coordinates|upright|link|ref|mapsize|px|lang|画像|説明)\d*$",
    re.IGNORECASE,
)  # fmt: skip
