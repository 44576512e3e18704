"""What kind of thing a page is about.

Types are head nouns ("moon", "river"): of the first sentence ("is a natural satellite of Saturn" gives "satellite") and of the
infobox's name ("Infobox moon" gives "moon"). The first is the one to show.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from infoseek_offline.corpus.kinds import singular, trim

_COPULA = re.compile(r"\b(?:is|was|are|were|forms?|constitutes?)\b"
                     r"(?:\s+(?:also|now|still|currently|formerly|officially|both|usually))?\s+"
                     r"(?:(?P<art>an?|the|one of (?:the|its|several|many))\s+)?")  # fmt: skip
_APPOSITION = re.compile(r"^[^,.;:]{1,60}, (?P<art>an?|the) (?=[^\W\d_])")
# The noun phrase ends before the first of these.
_NP_END = re.compile(
    r"[,;:.()–—\[]|\s(?:of|in|on|at|from|for|to|by|with|within|near|between|along|under|into|as|since|that|which|who|whose|where|when|"
    r"known|called|named|discovered|located|situated|found|founded|built|made|used|launched|operated|born|based|belonging|"
    r"containing|consisting|orbiting|lying|flowing|forming|rising|standing|established|developed|produced|released|written|"
    r"directed|created|published|designed|is|was|are|were|has|had|first|having|occurring|composed|around|about|whom|orbits|"
    r"best|better known|well known|running|set|held|he|she|it|during|after|before|among|through|beyond|but|"
    r"dedicated|devoted|sent|flown|kept|seen|given|taken|drawn|grown|"
    r"shown|put|led|laid|left|run|responsible|near)\b|"
    r"(?<=\w)\s(?:most\s\w+ly|most|\w+ly)\s(?:\w+ed|known|famous|notable|seen|found|made|spoken|written|built|given|held|set|shown)\b|"
    r"(?<=\w)\s\w+ed\s(?:by|in|on|to|from|for|at|with|as|into|out|up|near|between|during|through|over|under|around|aboard)\b"
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_NOT_HEADS = frozenset(
    (
        "one two three four five six seven many several most some few first second third largest smallest type kind form member "
        "part group name set series number variety class species genus family term seat place site home piece pair term word "
        "side end example branch majority result product source subject object member native"
    ).split()
)
_MANY_BEHIND = re.compile(r"(?:[^\W\d_][\w-]* ){0,3}?(?:[a-z]+(?<![su])s|people)\b(?! [a-z]+s\b)")
_CONJUNCTION = re.compile(r"\s+(?:and|or)\s+(?:an?\s+)?")
_BRACKETED = re.compile(r"\([^()]*\)")


def sentence_types(sentence: str) -> list[str]:
    """Noun phrases of the kind that a first sentence states: "X was a German astronomer and composer of …" gives
    ["German astronomer", "composer"], the head noun last and in lower case. Empty where nothing is certain. English only."""
    plain = _BRACKETED.sub(" ", sentence)
    copula = _COPULA.search(plain)
    apposition = _APPOSITION.search(plain)
    if apposition and (copula is None or apposition.end() <= copula.start()):
        copula = apposition  # "St Andrews, a town in Fife, lies by the North Sea"
    if copula is None or not copula.group("art"):
        return []
    rest = plain[copula.end() :]
    for prefix in ("type of ", "kind of ", "form of ", "member of the ", "variety of ", "species of ", "genus of ", "class of "):
        if rest.startswith(prefix):
            rest = rest[len(prefix) :]
            of = prefix.split(maxsplit=1)[0]
            if of == "genus" or (of == "species" and _MANY_BEHIND.match(rest)):
                return [of]  # "a species of reptilian beings", "a genus of flowering plants"
    phrases: list[str] = []
    # "a physicist, chemist and mineralogist": commas between short noun phrases belong to the list.
    chain = re.match(
        r"((?:[^\W\d_][\w'’-]*\s?){1,3}(?:,\s(?:[^\W\d_][\w'’-]*\s?){1,2})*,?\s+and\s+(?:an?\s+)?[^\W\d_][\w'’-]*)", rest
    )
    if chain and "," in chain.group(1) and not _NP_END.search(chain.group(1).replace(",", " ")):
        pieces = re.split(r",\s*(?:and\s+)?|\s+and\s+(?:an?\s+)?", chain.group(1))
    else:
        end = _NP_END.search(rest)
        pieces = _CONJUNCTION.split(rest[: end.start()] if end else rest)
    for piece in pieces:
        words = trim(_WORD.findall(piece))
        if not words or len(words) > 6:
            break
        head = singular(words[-1].lower()) if copula.group("art").startswith("one of") else words[-1].lower()
        if head in _NOT_HEADS or (not head.isalpha() and "-" not in head) or (words[-1][0].isupper() and len(words) == 1):
            continue
        phrases.append(" ".join([*words[:-1], head]))  # "Shinto shrine" keeps its capital
    return phrases


_ITALIAN_COPULA = re.compile(
    r"(?:\bè|\bera|\bfu|\bè stat[oa]|\bsono|\bfurono)(?: (?:anche|oggi|attualmente|stat[oa]))?"
    r" (?P<art>uno (?:dei|degli) |una delle |un[ao]? |un['’]|il |lo |la |l['’])(?P<rest>[^\W\d_].{2,80})"
)
# Words before a noun that are no kind, and nouns that say no kind either.
_ITALIAN_BEFORE = frozenset(
    (
        "grande piccolo piccola antico antica celebre famoso famosa noto nota importante nuovo nuova vecchio primo prima "
        "ultimo ultima secondo seconda terzo terza principale maggiore più meno breve lungo lunga ex vasto vasta popolare "
        "particolare storico storica raro rara semplice minore quarto quarta quinto quinta unico unica principali maggiori "
        "primi prime grandi antichi antiche famosi famose celebri importanti nuovi nuove vecchi vecchie ultimi ultime piccoli "
        "piccole tre due quattro cinque sei sette otto nove dieci noti note vera vero proprio propria certo certa determinato "
        "determinata massimo massima minimo minima alto alta basso bassa presunto presunta giovane anziano moderno moderna"
    ).split()
)
_ITALIAN_NO_KIND = frozenset(
    (
        "tipo gruppo parte insieme serie forma nome termine sorta parola uno una che di del dello della dei degli delle modo "
        "caso metodo risultato attività acronimo unità mezzo punto campo espressione approssimazione massa durata sezione "
        "categoria equivalente allontanamento riformulazione oggetto successione sequenza studio figlio figlia fratello "
        "sorella moglie marito membro centrale centrali generale occidentale orientale meridionale settentrionale qualcosa "
        "word livello livelli pezzi nomi antichi neologismo sigla abbreviazione concetto fenomeno processo rappresentazione "
        "elenco raccolta sinonimo aggettivo sostantivo verbo cosa esempio aspetto fatto atto azione condizione situazione "
        "momento quantità grandezza capacità proprietà oltre ancora solo sola involucro maggioranza coppia termini stessa "
        "stesso volta nativo nativa originario originaria tra fra per in a da su con"
    ).split()
)
# After "uno dei", "una delle": how the plural's singular ends.
_ITALIAN_PLURALS = (("ioni", "ione"), ("tori", "tore"), ("trici", "trice"), ("enti", "ente"), ("anti", "ante"), ("ali", "ale"),
                    ("oni", "one"), ("isti", "ista"), ("chi", "co"), ("ghi", "go"), ("che", "ca"), ("ghe", "ga"))  # fmt: skip
_ITALIAN_IN_E = frozenset(
    "fiumi paesi mesi mari monti ponti pesci re torri valli navi città fonti leggi reti sedi arti parti classi serie specie".split()
)


def italian_types(sentence: str, activity: str) -> list[str]:
    """The same for Italian: "X è un grande fiume che …" gives ["fiume"]; `activity` is what a person's infobox says, which stands
    first."""
    found = [activity.strip().lower()] if re.fullmatch(r"[^\W\d_]{4,}", activity.strip()) else []
    copula = _ITALIAN_COPULA.search(_BRACKETED.sub(" ", sentence))
    words = re.findall(r"[^\W\d_]+['’]?", copula["rest"]) if copula else []
    while words and words[0] in _ITALIAN_BEFORE:
        words.pop(0)
    if len(words) > 2 and words[0] in ("tipo", "varietà") and words[1] == "di" and words[2][-1] in "aoe":
        words = words[2:]  # "è un tipo di chitarra"
    word = words[0] if words else ""
    if copula and copula["art"].endswith(("dei ", "degli ", "delle ")):
        word = _italian_singular(word)
    if word == "stato" and copula and copula["art"] != "uno ":
        return found  # "è il stato …" is no kind
    if word.islower() and len(word) > 2 and word not in _ITALIAN_NO_KIND and word[-1] not in "'’":
        found.append(word)
    return found


def _italian_singular(plural: str) -> str:
    """Of a plural behind "uno dei", "una delle"; "" where its ending does not show it."""
    if plural in _ITALIAN_IN_E:
        return plural if plural[-1] in "àe" else plural[:-1] + "e"
    for many, one in _ITALIAN_PLURALS:
        if plural.endswith(many):
            return plural[: -len(many)] + one
    if plural.endswith("i"):
        return plural[:-1] + "o"
    return plural[:-1] + "a" if plural.endswith("e") else ""


_ITALIAN_PEOPLE = re.compile(
    r"(?:ista|tore|trice|essa|logo|loga|grafo|grafa|nomo|noma|iere|iera|poeta|sofo|sofa)$|^(?:santo|santa|papa|re|regina|imperatore|sovrano|"
    r"militare|atleta|pilota|medico|fisico|chimico|matematico|storico|critico|politico|politica|teologo|cantante|attivista|architetto|"
    r"avvocato|vescovo|cardinale|duca|principe|mercante|nobile|generale|soprano|tenore|botanico|regista|informatico|insegnante)$"
)
_ITALIAN_NO_PERSON = frozenset(
    (
        "motore settore catalogo dialogo prologo epilogo analogo trattore reattore vettore processore calcolatore quartiere "
        "cantiere bicchiere lista rivista pista vista malattia fattore computatore satellite"
    ).split()
)


def is_italian_person(noun: str, keys: Collection[str]) -> bool:
    """By what the infobox tells (`keys` are its fields), else by the kind's ending."""
    if not {"sesso", "annonascita", "luogonascita"}.isdisjoint(keys):
        return True
    return noun not in _ITALIAN_NO_PERSON and _ITALIAN_PEOPLE.search(noun) is not None


# How a kind is called in a question where the infobox's own word would sound odd.
SHOWN_KINDS = {
    "settlement": "place", "water": "body of water", "officeholder": "politician", "royalty": "monarch", "biography": "person",
    "nrhp": "historic place", "uk": "place", "sportsperson": "athlete", "taxobox": "species", "speciesbox": "species",
    "char": "character", "npc": "character",
}  # fmt: skip


# Languages whose noun phrases begin with their head: "Divisione amministrativa" is a divisione.
_HEAD_FIRST = frozenset("it es fr pt ca gl ro oc an ast vec nap scn la eo vi id ms sw cy ga br".split())


def infobox_type(name: str, language: str = "en") -> str:
    """ "Infobox U.S. county" gives "county", "WeaponInfobox/new" "weapon"; "" where the name says nothing."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?i:(?=infobox))", " ", name.replace("_", " "))
    plain = re.sub(
        r"(?i)\b(infobox|taxobox|speciesbox|automatic|box|info|template|ficha de|ficha|karte|scheda|portable|new|old|table|sheet)"
        r"\b",
        " ", apart,
    )  # fmt: skip
    words = [w for w in _WORD.findall(plain) if len(w) > 2]
    return (words[0] if language in _HEAD_FIRST else words[-1]).lower() if words else ""


def base_title(title: str) -> str:
    """The title without its "(…)"."""
    return re.sub(r"\s*\([^()]*\)$", "", title) or title
