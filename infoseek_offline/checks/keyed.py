"""How an infobox field's key, or an Italian sentence, may be worded: the phrase tables as data, read a second time for `verify`."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from functools import cache
from importlib.resources import files

Wordings = dict[str, set[tuple[str, str]]]  # by key: (what the infobox's name must hold, the wording)
TAXOBOX = re.compile(r"(?i)taxobox|speciesbox|subspeciesbox|hybridbox")


def is_worded(said: str, key: str, kinds: tuple[str, ...], infobox: str, english: bool) -> bool:
    """Whether a field of that key, in an infobox of that name, may be said so: by a phrase table (`kinds` are its parts that are
    for such values), or in English, where no table has the key, with the key itself as a noun or a participle."""
    if any(said == wording and _fits(box, infobox) for kind in kinds for box, wording in _tables()[kind].get(key, ())):
        return True
    verb = rf"\{{s\}} (?:is|was) {re.escape(key)} \{{o\}}"
    noun = rf"the {re.escape(key)} of \{{s\}} (?:is|include) \{{o\}}"
    return english and re.fullmatch(verb if key in _known() else f"{noun}|{verb}", said) is not None


def kinds_of(kind: str, unit: str) -> tuple[str, ...]:
    """The parts of the table for a constraint's kind."""
    if kind == "interval":
        return ("date",) if unit == "year" else ("number",) if unit else ("count",)
    return ("link",) if kind == "link" else ("text", "link")


def _fits(box: str, infobox: str) -> bool:
    return box in infobox.casefold() or (box == "taxobox" and TAXOBOX.search(infobox) is not None)


def said_in_italian(said: str, sentence: str, anchor: str) -> bool:
    """Whether an Italian sentence has the words of one way to say it: a verb's phrase with any ending, a noun, or the brackets in
    which a person's places stand."""
    text = sentence.replace("’", "'").casefold()
    bracket = {"{s} was born in {o}": r"\(", "{s} died in {o}": r"[–-] ?"}.get(said)
    if bracket and re.search(bracket + re.escape(anchor.casefold()) + r", ", text):
        return True
    ways = _italian().get(said, set()) | _italian().get(said.replace("{s}", "{}").replace("{o}", "{s}").replace("{}", "{o}"), set())
    return any(re.search(rf"(?<!\w){re.escape(way).replace('@', '[oaie]')}(?!\w)", text) for way in ways)


@cache
def _italian() -> dict[str, set[str]]:
    """By wording the words that stand before the preposition."""
    found: dict[str, set[str]] = defaultdict(set)
    table = tomllib.loads((files("infoseek_offline.claims") / "sentences_it.toml").read_text(encoding="utf-8"))
    for wording, ways in (*table["verbs"].items(), *table["nouns"].items()):
        found[wording] |= {way.removeprefix("< ").rpartition(" ")[0] for way in ways}
    for wording, nouns in table["owned"].items():
        found[wording] |= set(nouns.split("|"))
    return found


@cache
def _tables() -> dict[str, Wordings]:
    """Of all languages: keys of two languages that are alike mean the same."""
    found: dict[str, Wordings] = defaultdict(lambda: defaultdict(set))
    for path in sorted((files("infoseek_offline.claims")).iterdir(), key=lambda p: p.name):
        if not re.fullmatch(r"phrases\w*\.toml", path.name):
            continue
        for kind, wordings in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for wording, keys in wordings.items():
                for key in keys.split(","):
                    boxes, slash, names = " ".join(key.split()).partition("/")
                    found[kind][" ".join(key.split())].add(("", wording))  # a slash may be a part of the key
                    for box in boxes.split("|") if slash else ():
                        for name in names.split("|"):
                            found[kind][name].add((box, wording))
    return found


@cache
def _known() -> frozenset[str]:
    return frozenset(key for kind in _tables().values() for key in kind)
