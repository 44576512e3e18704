# ruff: noqa: E501 - the tables read best a language or a kind of template to a line
"""Templates that stand for text: what they read as, in wikitext again ("{{ill|X|ja|Y}}" becomes "[[X]]").

`render` answers with the text where the reading is certain, "" for a template that is known to show nothing in running text, and
None for all others, which the caller drops and counts. Names are compared casefolded with blanks for underscores.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from infoseek_offline.corpus.language import own_words
from infoseek_offline.corpus.markup import DROP, ITEM


@dataclass(frozen=True, slots=True)
class Arguments:
    """A template's arguments: `positional` in order (stripped), `named` by lower-case key with underscores as blanks."""

    positional: list[str]
    named: dict[str, str]

    def get(self, *keys: str) -> str:
        """The first non-empty value of these keys; a digit is the place of a positional argument, from 1."""
        for key in keys:
            if key.isdigit() and int(key) <= len(self.positional) and self.positional[int(key) - 1]:
                return self.positional[int(key) - 1]
            if self.named.get(key):
                return self.named[key]
        return ""


_SPLIT = re.compile(r"\[\[(?:[^\[\]]|\[\[[^\[\]]*\]\]|\[[^\[\]]*\])*\]\]|\|")
_KEY = re.compile(r"\s*([^=\[\]{}<>|]{1,80}?)\s*=")


def split_arguments(content: str) -> list[str]:
    """The pieces between the pipes of a template or file link; pipes inside links don't count."""
    if "[[" not in content:
        return content.split("|")
    pieces, start = [], 0
    for match in _SPLIT.finditer(content):
        if match.group() == "|":
            pieces.append(content[start : match.start()])
            start = match.end()
    pieces.append(content[start:])
    return pieces


def read_arguments(pieces: list[str]) -> Arguments:
    positional: list[str] = []
    named: dict[str, str] = {}
    for piece in pieces:
        key = _KEY.match(piece) if "=" in piece else None
        if key is None:
            positional.append(piece.strip())
        else:
            name, value = " ".join(key.group(1).replace("_", " ").lower().split()), piece[key.end() :].strip()
            if name.isdigit() and 0 < int(name) <= 20:
                while len(positional) < int(name):
                    positional.append("")
                positional[int(name) - 1] = value
            elif value or name not in named:
                named[name] = value
    return Arguments(positional, named)


@lru_cache(maxsize=4096)
def template_name(raw: str) -> str:
    """The name as shown: blanks collapsed, "Template:" away, first letter upper case."""
    name = " ".join(raw.replace("_", " ").replace(DROP, "").split())
    if name[:9].lower() == "template:":
        name = name[9:].lstrip()
    return name[:1].upper() + name[1:]


Renderer = Callable[[Arguments, str], str | None]
_MONTHS = "January February March April May June July August September October November December".split()
_LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "grc": "Ancient Greek", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "la": "Latin", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sa": "Sanskrit", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese",
}  # fmt: skip
_UNITS = {"sqmi": "sq mi", "sqkm": "km2", "c": "°C", "f": "°F", "k": "K", "cuyd": "cu yd", "cuft": "cu ft", "sqft": "sq ft", "acre": "acres",
          "impgal": "imp gal", "usgal": "US gal", "kmh": "km/h", "kph": "km/h", "ftin": "ft", "foot": "ft", "mile": "mi", "metre": "m",
          "meter": "m", "kilometre": "km", "kilometer": "km", "°c": "°C", "°f": "°F", "sqm": "m2"}  # fmt: skip
_RANGES = {"to": " to ", "-": "–", "–": "–", "and": " and ", "or": " or ", "to(-)": "–", "x": " × ", "by": " by ", "+/-": " ± ",
           "±": " ± ", "×": " × ", "xx": " × "}  # fmt: skip
_NUMBER = re.compile(r"[-−+]?[\d.,/+⁄ ]+(?:e[-+]?\d+)?$")


def _convert(a: Arguments, _: str) -> str | None:
    """`{{convert|10|to|20|km|mi}}` as stated, without the conversion: "10 to 20 km"."""
    p = a.positional
    if len(p) < 2 or not _NUMBER.match(p[0]):
        return None
    text, i = p[0], 1
    while i + 1 < len(p) and p[i].lower() in _RANGES and _NUMBER.match(p[i + 1]):
        text += _RANGES[p[i].lower()] + p[i + 1]
        i += 2
    if i >= len(p) or not p[i] or _NUMBER.match(p[i]):
        return None
    unit = _UNITS.get(p[i].lower(), p[i])
    if i + 2 < len(p) and _NUMBER.match(p[i + 1]) and p[i].lower() in ("ft", "lb", "st", "mi", "yd"):
        return f"{text} {unit} {p[i + 1]} {p[i + 2]}"
    adjective = "-" if a.get("adj") == "on" and not unit.startswith("°") else " "
    return f"{text}{adjective}{unit}"


def _month(text: str) -> str:
    return _MONTHS[int(text) - 1] if text.isdigit() and 1 <= int(text) <= 12 else text


def _date(a: Arguments, language: str) -> str | None:
    year, month, day = (a.get(k) for k in "123")
    if not year or not re.fullmatch(r"-?\d{1,4}", year):
        return year or None  # free text, as {{start-date}} and {{dts}} take it
    if month and language != "en" and month.isdigit():
        return f"{year}-{month.zfill(2)}" + (f"-{day.zfill(2)}" if day.isdigit() else "")
    if not month:
        return year
    if not day:
        return f"{_month(month)} {year}"
    first = a.get("df", "dmy").lower() in ("y", "yes", "1", "true")
    return f"{day.lstrip('0')} {_month(month)} {year}" if first else f"{_month(month)} {day.lstrip('0')}, {year}"


def _link(a: Arguments, _: str) -> str | None:
    """{{ill}}, 仮リンク and their like: a link whose page is in another wiki as long as ours has none."""
    target = a.get("1")
    shown = a.get("lt", "display", "label", "text", "4" if len(a.positional) == 4 else "lt")
    if not target or "[[" in target:
        return target or None
    return f"[[{target}|{shown}]]" if shown and "[[" not in shown else f"[[{target}]]"


def _link_shown_second(a: Arguments, _: str) -> str | None:
    return f"[[{a.get('1')}|{a.get('2', '1')}]]" if a.get("1") and "[[" not in a.get("1") else a.get("1") or None


def _flag(a: Arguments, _: str) -> str | None:
    country = a.get("1")
    if not country or "[[" in country:
        return country or None
    return f"[[{country}|{a.get('name')}]]" if a.get("name") else f"[[{country}]]"


def _nihongo(a: Arguments, _: str) -> str | None:
    first = a.get("1", "3")
    inside = ", ".join(x for x in (a.get("2"), a.get("3") if a.get("1") else "", a.get("4", "extra")) if x)
    return f"{first} ({inside})" if first and inside else first or inside


def _lang_name(code: str) -> Renderer:
    def render(a: Arguments, language: str) -> str | None:
        name = _LANGUAGES.get(code, "") if language == "en" and a.get("label", "links") not in ("none", "no") else ""
        return f"{name}: {a.get('1', 'text')}" if name and a.get("1", "text") else a.get("1", "text")

    return render


def _langx(a: Arguments, language: str) -> str | None:
    return _lang_name(a.get("1"))(Arguments(a.positional[1:], a.named), language) if len(a.positional) > 1 else None


def _value(a: Arguments, _: str) -> str | None:
    number, error = a.get("1"), a.get("2")
    if not number:
        return None
    text = number + (("±" + error) if error and not a.get("3") else f"+{error}−{a.get('3').lstrip('-−')}" if error else "")
    text += f" × 10^{a.get('e')}" if a.get("e") else ""
    unit = a.get("ul", "u")
    return f"{text} {unit}" if unit else text


def _fraction(a: Arguments, _: str) -> str | None:
    p = [x for x in a.positional if x]
    return {1: lambda: f"1/{p[0]}", 2: lambda: f"{p[0]}/{p[1]}", 3: lambda: f"{p[0]} {p[1]}/{p[2]}"}.get(len(p), lambda: None)()


def _items(a: Arguments, _: str) -> str:
    return ITEM.join(x for x in a.positional if x)


_BULLET = re.compile(r"(?:^|\n)\s*[*#:]+\s*")


def _plain_list(a: Arguments, _: str) -> str:
    return ITEM.join(x.strip() for x in _BULLET.split(a.get("1")) if x.strip())


def _ship(a: Arguments, _: str) -> str | None:
    name = f"{a.get('1')} {a.get('2')}".strip()
    return f"[[{name} ({a.get('3')})|{name}]]" if a.get("3") else f"[[{name}]]"


def _sort_name(a: Arguments, _: str) -> str | None:
    name = f"{a.get('1')} {a.get('2')}".strip()
    return name if a.get("nolink") else f"[[{a.get('3')}|{name}]]" if a.get("3") else f"[[{name}]]"


def _quote(a: Arguments, _: str) -> str | None:
    text = a.get("text", "quote", "1")
    return f"\n\n{text}\n\n" if text else None


def _as_of(a: Arguments, _: str) -> str | None:
    if a.get("alt"):
        return a.get("alt")
    date = " ".join(x for x in (a.get("3"), _month(a.get("2")), a.get("1")) if x)
    return ("as of " if a.get("lc") else "As of ") + date + a.get("post") if date else None


def _around(before: str, after: str = "") -> Renderer:
    return lambda a, _: before + a.get("1") + after if a.get("1") else None


def _span(before: str) -> Renderer:
    return lambda a, _: before + "–".join(x for x in a.positional[:2] if x) if a.get("1") else before.strip()


def _argument(*keys: str) -> Renderer:
    return lambda a, _: a.get(*keys)


def _last(a: Arguments, _: str) -> str:
    return next((x for x in reversed(a.positional) if x), "")


def _fixed(text: str) -> Renderer:
    return lambda a, _: text


def _measure(a: Arguments, _: str) -> str | None:
    return " ".join(x for x in a.positional if x) or None


_TABLE: dict[str, Renderer] = {}
for _names, _renderer in (
    ("nowrap|nobr|small|smaller|smalldiv|big|larger|large|resize|center|centre|left|nowraplinks|no wrap|abbr|abbrv|tooltip|hover title|mono|"
     "code|tt|kbd|var|em|strong|samp|key|keypress|mvar|math|bigmath|sup|sub|ruby|ruby-ja|visible anchor|vanchor|unicode|polytonic|script|nts|"
     "ntsh|num|number|formatnum|nombre|число|formatnum:|sic|not a typo|typo|as written|proper name|noitalic|noitalics|nobold|normal|bdo|"
     "rtl-lang|dotted|underline|uline|strike|inline-block|語中改行|esd|ছোট|nobreak|no break|nowrap2|pad|italics correction|"
     "birth-date|birth-date and age|death-date|death-date and age|start-date|end-date|plain text|asiantitle|legend inline|not typo|"
     "longitem|nonbold|unbold|no bold|no italic|lang-ja2|cyrl|aut|sc|smallcaps|small caps|caps|okina text|nq|"
     "linktext|wikt-lang|bo-textonly|hebrew|script/hebrew|script/arabic|ipa link|dialogue|fmtn",
     _argument("1", "text")),
    ("lang|wikt-lang|lang2|langue|langwithname text", _argument("2", "text")),
    ("font color|fontcolor|font colour|color|colour|colored text|transl|transliteration|translit|sort|sort2|hs text|background color", _last),
    ("convert|cvt|convertir|konvertieren|convert/2|রূপান্তর|chuyển đổi|đổi", _convert),
    ("start date|end date|birth date|death date|birth date and age|death date and age|start date and age|end date and age|dob|dts|film date|"
     "birth year and age|death year and age|birth date and age2|bda|dda|birth year|death year|date of birth|release date|datetomos|launch date|"
     "জন্ম তারিখ|জন্ম তারিখ ও বয়স|মৃত্যু তারিখ|মৃত্যু তারিখ ও বয়স|生年月日と年齢|死亡年月日と没年齢|生年月日|没年齢|ngày sinh|ngày sinh và tuổi|"
     "ngày mất|ngày mất và tuổi|ծննդյան ամսաթիվ|start date text|birthdate|birthdate and age|date|opened", _date),
    ("ill|illm|ill2|interlanguage link|interlanguage link multi|仮リンク|link-interwiki|liên kết ngôn ngữ|iw|illm2|lien|enlace alternativo", _link),
    ("не переведено|нп|нп3|нп5|нп4|не переведено 3|не переведено 5|не переведено 2|չթարգմանված", _link_shown_second),
    ("flag|flagcountry|flag country|country|flagu text|পতাকা|դրոշ|դրոշավորում|flagg|cờ|quốc kỳ|bandera", _flag),
    ("flagu|flag+link", _argument("1")),
    ("nihongo|nihongo2|nihongo4|nihongo title|nihongo krt", _nihongo), ("nihongo foot|nihongo core|nihongo3", _argument("1", "3", "2")),
    ("native name", _argument("2")), ("oldstyledate", lambda a, _: f"{a.get('1')}, {a.get('2')}".strip(", ")), ("angbr|angle bracket", _around("⟨", "⟩")),
    ("marriage|married", lambda a, _: f"{a.get('1')} ({_span('')(Arguments(a.positional[1:], {}), '')})" if a.get("2") else a.get("1")),
    ("langx", _langx), ("val", _value), ("frac|fraction|sfrac|frac2", _fraction),
    ("hlist|ubl|unbulleted list|bulleted list|ubli|unbulletedlist|flowlist item|br separated entries|collapsible list|vunblist|list text|"
     "comma separated entries|cslist|marriages|পাতা তালিকা|flat list items", _items),
    ("plainlist|plain list|flatlist|flat list|plainlist/styles|startplainlist text|সমতল তালিকা", _plain_list),
    ("circa|c.|ca.|ca", _span("c. ")), ("floruit|fl.|fl", _span("fl. ")), ("reign|r.", _span("r. ")), ("born in|b.|born", _span("b. ")),
    ("ship|uss ship", _ship), ("sortname", _sort_name), ("as of|asof", _as_of), ("url|web link|urlw|official url", _argument("2", "1")),
    ("quote|blockquote|quotation|cquote|bquote|pull quote|quote box text|citation bloc|zitat|citazione|উক্তি|քաղվածք|centered pull quote|"
     "verse translation text|poemquote|block indent", _quote),
    ("e", _around(" × 10^")), ("10^|10ˆ", _around("10^")), ("esp", _around("^")), ("us$|usd|us dollar", _around("US$")),
    ("£|gbp|pound sterling|gbp2", _around("£")), ("€|eur|euro", _around("€")), ("¥|jpy|yen", _around("¥")), ("inr|₹|indian rupee", _around("₹")),
    ("a$|aud", _around("A$")), ("c$|cad", _around("C$")), ("pct", _around("", "%")),
    ("chem|chem/link", lambda a, _: "".join(a.positional)), ("chem2|ce", lambda a, _: a.get("1").replace("_", "").replace("^", "")),
    ("gaps", lambda a, _: " ".join(a.positional)), ("unité|unidad|unit|مقدار|measure", _measure),
    ("s-|siècle", lambda a, _: f"{a.get('1')}{a.get('2') or 'e'} siècle"), ("siglo", lambda a, _: f"siglo {a.get('1')}"),
    ("m s.l.m.", lambda a, _: "m s.l.m."), ("'|apostrophe", _fixed("'")), ("'s", _fixed("'s")), ("pi", _fixed("π")), ("!", _fixed("|")),
    ("=", _fixed("=")), ("·|dot|middot|•|bullet|, ,", _fixed(" · ")), ("ndash|en dash|–", _fixed("–")), ("mdash|em dash|—", _fixed("—")),
    ("spaced ndash|snd|spnd|--|spaced en dash|sndash|ndash s", _fixed(" – ")), ("nbsp|space|sp|spaces|thinsp|hair space|zwsp|0|nnbsp|-?", _fixed(" ")),
    ("break|br|line break|-br", _fixed(ITEM)), ("okina", _fixed("ʻ")), ("hamza", _fixed("ʼ")), ("dagger|†", _fixed("†")), ("yes|ya", _fixed("Yes")),
    ("no|nay", _fixed("No")), ("ad", _around("AD ")), ("bc|bce", _around("", " BC")), ("minus", _fixed("−")), ("times", _fixed("×")),
    ("degree|deg", _around("", "°")), ("infinity", _fixed("∞")), ("sqrt|radic", _around("√")), ("lbb", _fixed("(")), ("rbb", _fixed(")")),
):  # fmt: skip
    for _name in _names.split("|"):
        _TABLE[_name] = _renderer

# Known to show nothing, or nothing that is text, where they stand.
_NOTHING = frozenset(
    "coord|coordinates|flagicon|flag icon|biểu tượng lá cờ|lá cờ|flagicon image|coat of arms|native phrase|flagdeco|flag decoration|bandiera|icon|classicon|পতাকা আইকন|citation needed|cn|fact|when|who|"
    "clarify|which|why|by whom|according to whom|vague|dubious|discuss|failed verification|verify source|better source|better source needed|"
    "full citation needed|page needed|update after|update inline|rp|sfn|sfnp|sfnm|sfn2|efn|efn-ua|efn-lr|efn2|refn|r|ref|reflist|notelist|"
    "ref label|note label|note|notetag|dead link|webarchive|cite web|cite book|cite journal|cite news|citation|harvnb|harvcol|clear|-|"
    "anchor|wbr|increase|decrease|steady|up|down|short description|use dmy dates|use mdy dates|italic title|good article|featured article|"
    "authority control|portal|portal bar|commons category|commonscat|commons|defaultsort|toc limit|ipa|ipac-en|ipa-en|respell|pron|audio|"
    "listen|inflation|see below|synonyms|legend|display none|speaker icon|loudspeaker|stub|pp-move-indef|pp-semi-indef|small-caps start|"
    "要出典|efn2|脚注ヘルプ|r|refnest|need citation|lang icon|in lang|en icon|cite encyclopedia|isbn|issn|oclc|doi|ref-en|ref-ru|interprogetto|"
    "portale|nīruodis|infobox end|{{{1}}}|#tag:ref|multiple image|location map|location map+|location map~|div col|div col end|col-begin|"
    "col-break|col-end|refbegin|refend|columns-list end|plainlist end|endplainlist|end plainlist|startplainlist|endflatlist|startflatlist|"
    "nowrap begin|nowrap end|wrap|nowrap start|small start|main list|center end".split("|")
)
_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "formatnum": str, "nowrap": str, "lc": str.lower, "uc": str.upper, "lcfirst": lambda x: x[:1].lower() + x[1:],
    "ucfirst": lambda x: x[:1].upper() + x[1:],
}  # fmt: skip


def render(name: str, pieces: list[str], language: str, title: str) -> str | None:
    """What the template shows, as wikitext; "" if it is known to show nothing; None if that is not known.

    `name` as template_name gives it, `pieces` the arguments between pipes, `title` the page's (for {{PAGENAME}}).
    """
    key = name.casefold()
    renderer = _TABLE.get(key)
    if renderer is not None:
        return renderer(read_arguments(pieces), language)
    if key in _NOTHING:
        return ""
    if key in ("pagename", "fullpagename", "subpagename", "basepagename"):
        return title
    if ":" in key:
        function, _, first = name.partition(":")
        if function.casefold() in _FUNCTIONS:
            return _FUNCTIONS[function.casefold()](first.strip())
        return "" if function.casefold() in ("defaultsort", "displaytitle", "#tag", "#invoke", "#coordinates") else None
    if key.startswith(("lang-", "lang ", "vol-")) and len(key) <= 12:
        return _lang_name(key[5:])(read_arguments(pieces), language)
    if key in ("uss", "hms", "ss", "rms", "hmas", "hmcs", "usns", "ins", "mv", "sms", "hdms", "hmnzs", "usat", "uscgc"):
        return _ship(Arguments([key.upper(), *read_arguments(pieces).positional], {}), language)
    return None


def stands_for_text(name: str) -> bool:
    """Is the template one that may show its arguments in running text?"""
    key = name.casefold()
    return key in _TABLE or key.startswith(("lang-", "lang ", "vol-")) or key.partition(":")[0] in _FUNCTIONS


# Lines at the top that lead elsewhere: name -> (first place of a page title among the positional arguments, step).
_HATNOTES = {
    name: place
    for names, place in {
        "main|main article|see also|further|further information|details|seealso|see|distinguish|not to be confused with|other uses|otheruses|"
        "other people|other places|main articles|hauptartikel|article détaillé|articles détaillés|ap|artículo principal|vedi anche|"
        "hoofdartikel|zie ook|osobny artykuł|artigo principal|ver artigo principal|основная статья|основен|основна|основна статия|см. также|"
        "chính|bài chính|xem thêm|հիմնական|հիմնական հոդված|տես նաև|মূল নিবন্ধ|মূল|আরও দেখুন|আরো দেখুন|huvudartikel|catmain|main2|"
        "broader|disambiguation needed|confused|dablink|also|subcat guide|main list|redirect-distinguish|other ships|hatnote|otheruseslist|"
        "for multi|rellink|detail|full|more|further2|see also2|see2|see3|selfref|siehe auch|voir aussi|dp|otras uses|galvenais raksts|"
        "catmore|pamatraksts|otheruse|other hurricanes|2つの意味|混同|নিবন্ধ|nota disambigua|wide image text": (1, 1),
        "for|redirect-distinguish2|outline|for2|pour|distinguish2": (2, 1),
        "about|otheruses4|other uses of|এই নিবন্ধটি|সম্পর্কে|này viết về|about2": (3, 2),
        "redirect|redirect2|redirects here|একটি পুনর্নির্দেশ|redirect-multi": (3, 2),
        "redirect3|for-text|about-distinguish": (2, 1),
    }.items()
    for name in names.split("|")
}


@lru_cache(maxsize=64)
def _other_hatnotes(language: str) -> dict[str, tuple[int, int]]:
    return dict.fromkeys(own_words("hatnote", language), (1, 1))


def hatnote_targets(name: str, pieces: list[str], language: str = "en") -> list[str] | None:
    """Page titles that a hatnote template points to (raw, possibly with `[[…]]` in them); None if it is no hatnote."""
    place = _HATNOTES.get(name.casefold()) or _other_hatnotes(language).get(name.casefold())
    if place is None:
        return None
    first, step = place
    return [x for x in read_arguments(pieces).positional[first - 1 :: step] if x and "[[" not in x and x.lower() != "and"]
