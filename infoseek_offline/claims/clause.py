"""Words, tokens and verb groups of an English sentence, for sentences.py.

`tokenise` turns a sentence into tokens in which a link, and a name of the page itself, is one token. `verb_group` reads the
finite verb at a position. All knowledge of words is in verbs.toml. Pure; nothing here raises on any text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

Kind = Literal["word", "number", "link", "self", "mark"]


class Token(NamedTuple):
    """`text` as written; `low` casefolded ("" for links and the page); `link` the link's position, -1 for others; `glued`:
    letters or a hyphen touch the link, so that it is only part of a word; `how` for "self": "name" or "noun"."""

    kind: Kind
    text: str
    low: str
    link: int = -1
    glued: bool = False
    how: str = ""


END = Token("mark", "", "")


@dataclass(frozen=True)
class Lexicon:
    words: dict[str, frozenset[str]]
    past: dict[str, str]  # form -> lemma
    present: dict[str, str]
    participle: dict[str, str]
    gerund: dict[str, str]
    base: frozenset[str]
    past_of: dict[str, str]  # lemma -> form
    transitive: frozenset[str]
    intransitive: frozenset[str]

    def has(self, name: str, word: str) -> bool:
        return word in self.words[name]

    def is_participle(self, word: str) -> bool:
        return word in self.participle or (len(word) > 4 and word.endswith("ed") and word not in _NO_VERBS and "-" not in word)

    def is_past(self, word: str) -> bool:
        return word in self.past or (len(word) > 4 and word.endswith("ed") and word not in _NO_VERBS and "-" not in word)

    def is_finite(self, word: str) -> bool:
        return word in BE or word in HAVE or word in self.present or self.is_past(word)

    def was(self, word: str) -> bool:
        return word in ("was", "were", "had") or self.is_past(word)

    def lemma(self, word: str) -> str:
        for table in (self.participle, self.past, self.present, self.gerund):
            if word in table:
                return table[word]
        return word


BE = frozenset(("is", "was", "are", "were"))
HAVE = frozenset(("has", "had", "have"))
_NO_VERBS = frozenset(["hundred", "indeed", "kindred", "sacred", "naked", "beloved", "rugged", "wicked"])


@cache
def lexicon() -> Lexicon:
    raw = tomllib.loads((files(__package__) / "verbs.toml").read_text(encoding="utf-8"))
    words = {name: frozenset(text.split()) for name, text in raw["words"].items()}
    classes = {name: frozenset(text.split()) for name, text in raw["verbs"].items()}
    past: dict[str, str] = {}
    present: dict[str, str] = {}
    participle: dict[str, str] = {}
    gerund: dict[str, str] = {}
    past_of: dict[str, str] = {}
    base = frozenset().union(*classes.values()) | frozenset(raw["irregular"])
    for lemma in sorted(base):
        doubled = lemma + lemma[-1] if lemma in words["doubling"] else lemma
        regular = lemma + "d" if lemma.endswith("e") else lemma[:-1] + "ied" if _consonant_y(lemma) else doubled + "ed"
        first, second = raw["irregular"].get(lemma, (regular, regular))
        past.setdefault(first, lemma)
        participle.setdefault(second, lemma)
        past_of[lemma] = first
        if lemma in words["doubling"]:  # American and British spellings: "traveled", "travelled"
            past.setdefault(lemma + "ed", lemma)
            participle.setdefault(lemma + "ed", lemma)
        present[_third_person(lemma)] = lemma
        stem = lemma[:-1] if lemma.endswith("e") and not lemma.endswith(("ee", "ye")) else doubled
        gerund[lemma[:-2] + "ying" if lemma.endswith("ie") else _ing(stem)] = lemma
    participle["found"] = "find"
    return Lexicon(words, past, present, participle, gerund, base, past_of, classes["transitive"], classes["intransitive"])


def _consonant_y(lemma: str) -> bool:
    return lemma.endswith("y") and lemma[-2:-1] not in "aeiou"


def _third_person(lemma: str) -> str:
    if _consonant_y(lemma):
        return lemma[:-1] + "ies"
    return lemma + ("es" if lemma.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


_SHORT = re.compile(r"[^aeiou]*[aeiou](?:[bdgmnprt])")


def _ing(stem: str) -> str:
    # "set" gives "setting", "win" "winning": a short word of one vowel and one consonant.
    return stem + stem[-1] + "ing" if _SHORT.fullmatch(stem) and len(stem) <= 4 else stem + "ing"


_PIECE = re.compile(r"\d[\d.,]*(?:st|nd|rd|th|s)?\b|[^\W\d_]\w*(?:[-–][\w]+|['’](?!s\b)\w+)*|['’]s\b|['’]|\d+|[^\w\s]")
_QUOTES = '"“”„«»'
MAX_QUOTED = 6  # a longer quotation is somebody's words, not a title


def tokenise(
    sentence: str, links: Sequence[tuple[int, int]], names: Sequence[tuple[str, ...]], nouns: Sequence[str]
) -> list[Token] | None:
    """Tokens without parentheses and without the quotes of titles; None where someone is quoted or a bracket is open."""
    raw: list[Token] = []
    at = 0
    for position, (start, end) in sorted(enumerate(links), key=lambda item: item[1]):
        if start < at:
            continue
        raw += _pieces(sentence[at:start])
        before, after = sentence[start - 1 : start], sentence[end : end + 1]
        glued = before.isalnum() or after.isalnum() or before in tuple("-–/") or after in tuple("-–/")
        raw.append(Token("link", sentence[start:end], "", position, glued))
        at = end
    raw += _pieces(sentence[at:])
    plain = _without_brackets(raw)
    unquoted = _without_quotes(plain) if plain is not None else None
    return None if unquoted is None else _with_self(_without_asides(unquoted), names, nouns)


def _pieces(text: str) -> list[Token]:
    found = []
    for piece in _PIECE.findall(text):
        kind: Kind = "number" if piece[0].isdigit() else "word" if piece[0].isalpha() else "mark"
        found.append(Token(kind, piece, "'s" if piece in ("'s", "’s", "'", "’") else piece.casefold()))
    return found


def words_of(text: str) -> tuple[str, ...]:
    return tuple(token.text for token in _pieces(text))


def _without_brackets(tokens: list[Token]) -> list[Token] | None:
    kept, depth = [], 0
    for token in tokens:
        if token.kind == "mark" and token.text in "([":
            depth += 1
        elif token.kind == "mark" and token.text in ")]":
            depth -= 1
            if depth < 0:
                return None
        elif depth == 0:
            kept.append(token)
    return kept if depth == 0 else None


def _without_quotes(tokens: list[Token]) -> list[Token] | None:
    kept: list[Token] = []
    i = 0
    while i < len(tokens):
        if tokens[i].kind != "mark" or tokens[i].text not in _QUOTES:
            kept.append(tokens[i])
            i += 1
            continue
        close = next((j for j in range(i + 1, len(tokens)) if tokens[j].kind == "mark" and tokens[j].text in _QUOTES), None)
        if close is None or close - i - 1 > MAX_QUOTED or close == i + 1:
            return None
        inside = tokens[i + 1 : close]
        comma = inside[-1].text == "," if inside else False  # "Title," he said
        if comma:
            return None
        kept += inside
        i = close + 1
    return kept


def _without_asides(tokens: list[Token]) -> list[Token]:
    """Without ", however,"."""
    kept: list[Token] = []
    i = 0
    while i < len(tokens):
        aside = [t.low for t in tokens[i : i + 3]]
        if len(aside) == 3 and aside[0] == aside[2] == "," and aside[1] in ("however", "therefore", "too", "moreover"):
            i += 3
            continue
        kept.append(tokens[i])
        i += 1
    return kept


def _with_self(tokens: list[Token], names: Sequence[tuple[str, ...]], nouns: Sequence[str]) -> list[Token]:
    kept: list[Token] = []
    by_length = sorted(names, key=len, reverse=True)
    kinds = sorted((tuple(noun.split()) for noun in nouns), key=len, reverse=True)
    firsts = {"The", "the", "This", "this", *(name[0] for name in by_length)}
    i = 0
    while i < len(tokens):
        if tokens[i].text not in firsts:  # nearly all; the rest is looked at more closely
            kept.append(tokens[i])
            i += 1
            continue
        texts = tuple(t.text if t.kind != "link" else "\0" for t in tokens[i : i + 8])
        skip = 1 if texts[:1] in (("The",), ("the",)) else 0
        name = next((n for n in by_length if texts[: len(n)] == n or texts[skip : skip + len(n)] == n), None)
        if name is not None:
            size = len(name) if texts[: len(name)] == name else len(name) + skip
            kept.append(Token("self", " ".join(texts[:size]), "", how="name"))
            i += size
            continue
        if texts[:1] in (("The",), ("the",), ("This",), ("this",)):
            kind = next((k for k in kinds if texts[1 : 1 + len(k)] == k), None)
            after = tokens[i + 1 + len(kind)] if kind and i + 1 + len(kind) < len(tokens) else END
            if (
                kind
                and (after.low not in ("of", "in", "at", "on") or time_end(tokens, i + 1 + len(kind)) > i + 1 + len(kind))
                and after.kind not in ("link", "number")
                and not after.text[:1].isupper()
            ):
                kept.append(Token("self", " ".join(texts[: 1 + len(kind)]), "", how="noun"))
                i += 1 + len(kind)
                continue
        kept.append(tokens[i])
        i += 1
    return kept


class VerbGroup(NamedTuple):
    """The verb at a position: the words to say, where it ends, "copula", "passive" or "active", and its form of "be"."""

    words: tuple[str, ...]
    end: int
    voice: Literal["copula", "passive", "active"]
    auxiliary: tuple[str, ...]
    lemma: str


def verb_group(tokens: Sequence[Token], i: int) -> VerbGroup | None:
    """None where no finite verb stands, or one that is hedged, negated or modal."""
    known = lexicon()
    words: list[str] = []
    i = _adverbs(tokens, i, words)
    verb = low(tokens, i)
    if verb in BE:
        words.append(verb)
        i = _adverbs(tokens, i + 1, words)
        return _after_be(tokens, i, words)
    if verb in HAVE:
        words.append(verb)
        i = _adverbs(tokens, i + 1, words)
        if low(tokens, i) == "been":
            words.append("been")
            i = _adverbs(tokens, i + 1, words)
            return _after_be(tokens, i, words)
        if known.is_participle(low(tokens, i)) and not known.has("hedges", low(tokens, i)):
            return VerbGroup((*words, low(tokens, i)), i + 1, "active", tuple(words), known.lemma(low(tokens, i)))
        if low(tokens, i) == "to" or known.has("hedges", low(tokens, i)):
            return None
        return VerbGroup(tuple(words), i, "active", (), "have")
    if i < len(tokens) and tokens[i].kind == "word" and tokens[i].text == verb and known.is_finite(verb):
        if known.has("hedges", verb):
            return None
        if known.has("aspect", known.lemma(verb)) and low(tokens, i + 1) in known.gerund:
            return VerbGroup((*words, verb, low(tokens, i + 1)), i + 2, "active", (), known.gerund[low(tokens, i + 1)])
        return VerbGroup(*_pair(tokens, i, [*words, verb], known.is_past), "active", (), known.lemma(verb))
    return None


def _after_be(tokens: Sequence[Token], i: int, words: list[str]) -> VerbGroup | None:
    known = lexicon()
    verb = low(tokens, i)
    if known.has("hedges", verb) or verb in ("to", "being", "about") or known.has("stops", verb):
        return None
    if known.is_participle(verb):
        said, end = _pair(tokens, i, [*words, verb], known.is_participle)
        return VerbGroup(said, end, "passive", tuple(words), known.lemma(verb))
    if verb in known.gerund:
        return VerbGroup((*words, verb), i + 1, "active", tuple(words), known.gerund[verb])
    return VerbGroup(tuple(words), i, "copula", tuple(words), "be")


def _pair(tokens: Sequence[Token], i: int, words: list[str], fits: object) -> tuple[tuple[str, ...], int]:
    """ "written and directed by": both verbs are said together."""
    known = lexicon()
    second = low(tokens, i + 2)
    if low(tokens, i + 1) == "and" and callable(fits) and fits(second) and not known.has("hedges", second):
        return (*words, "and", second), i + 3
    return tuple(words), i + 1


def _adverbs(tokens: Sequence[Token], i: int, words: list[str]) -> int:
    known = lexicon()
    while i < len(tokens) and tokens[i].kind == "word":
        word = tokens[i].low
        if known.has("hedges", word):
            break
        if known.has("dropped_adverbs", word) or (word == "since" and words and known.is_participle(low(tokens, i + 1))):
            pass
        elif known.has("kept_adverbs", word) or (
            word.endswith("ly") and len(word) > 4 and tokens[i].text == word and word not in ("family", "only")
        ):
            words.append(word)
        else:
            break
        i += 1
    return i


def low(tokens: Sequence[Token], i: int) -> str:
    return tokens[i].low if 0 <= i < len(tokens) else ""


_YEAR = re.compile(r"[12]?\d{3}s?")
_YEAR_WORDS = frozenset(["ad", "bc", "bce", "ce", "century", "centuries"])
_TIME_FILL = frozenset(
    "the early late mid of end beginning start and to around about circa c same that following next previous age first "
    "second last summer autumn spring winter mid- his her its more less than half nearly just".split()
)


def time_end(tokens: Sequence[Token], i: int) -> int:
    """The position after the expression of time that starts at i ("in the early 1800s", "four years later"); else i."""
    known = lexicon()
    j = i + 1 if low(tokens, i) in known.words["time_lead"] else i
    led = j > i
    counted = False
    while j < len(tokens):
        token = tokens[j]
        word = token.low
        if token.kind == "number":
            if not _is_time(tokens, j, counted) or not (led or _time_follows(tokens, j)):
                break
            counted = True
        elif token.kind == "word" and (
            (word in known.words["months"] and token.text[:1].isupper()) or (word in _YEAR_WORDS and counted)
        ):
            counted = True
        elif word in known.words["periods"] and j > i:
            counted = True
            following = low(tokens, j + 1)
            if following in ("before", "after") and j + 2 < len(tokens) and tokens[j + 2].kind != "mark":
                # "two years after the capital moved" is a clause; "three years before by A" is a time.
                return j + 2 if known.has("prepositions", low(tokens, j + 2)) else i
            if following in ("later", "earlier", "before", "after", "ago", "old", "afterwards"):
                return j + 2
        elif (
            (known.has("numbers", word) and _time_follows(tokens, j))
            or (word in _TIME_FILL and led and _reaches_time(tokens, j))
            or (
                word in (",", ".")
                and counted
                and token.text == ","
                and low(tokens, j + 1)[:4].isdigit()
                and len(low(tokens, j + 1)) == 4
            )
        ):
            pass
        else:
            break
        j += 1
    return j if counted else i


def _is_time(tokens: Sequence[Token], j: int, counted: bool) -> bool:
    """A year, a decade, or a number next to a month, a period or another part of a date; "in 12 countries" is none."""
    return counted or bool(_YEAR.fullmatch(low(tokens, j))) or _time_follows(tokens, j) or low(tokens, j + 1) in _YEAR_WORDS


def _time_follows(tokens: Sequence[Token], j: int) -> bool:
    known = lexicon()
    following = low(tokens, j + 1)
    return (
        following in known.words["periods"]
        or following in known.words["months"]
        or (following in ("more", "and") and _time_follows(tokens, j + 1))
    )


def _reaches_time(tokens: Sequence[Token], j: int) -> bool:
    known = lexicon()
    for k in range(j + 1, min(j + 4, len(tokens))):
        token = tokens[k]
        if (
            token.kind == "number"
            or (token.low in known.words["months"] and token.text[:1].isupper())
            or token.low in known.words["periods"]
        ):
            return True
        if token.low not in _TIME_FILL and not known.has("numbers", token.low) and token.low not in ("nineteenth", "century"):
            return False
    return False
