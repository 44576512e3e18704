"""The noun phrase around a name: what of the words before it has to be said, and whether the name ends it."""

from __future__ import annotations

from collections.abc import Sequence

from infoseek_offline.claims.clause import Token, lexicon, time_end


def ends_phrase(tokens: Sequence[Token], i: int, prep: str) -> bool:
    """The link is a noun phrase's end: no possessive, no noun that it modifies, no verb of another clause."""
    token = tokens[i]
    if token.glued:
        return False
    if i + 1 >= len(tokens):
        return True
    after = tokens[i + 1]
    if after.kind == "mark":
        return after.low != "'s" and after.text not in "-–/&"
    if after.kind == "number":
        return False
    if (
        after.kind != "word"
        or after.low == "or"
        or (after.low == "of" and token.kind == "link" and token.text == token.text.casefold())
    ):
        return False
    known = lexicon()
    if known.has("prepositions", after.low) or after.low in ("and", "to", "as", "but") or known.has("stops", after.low):
        return True
    if (
        known.has("hedges", after.low)
        or known.has("dropped_adverbs", after.low)
        or known.has("kept_adverbs", after.low)
        or after.low.endswith("ly")
    ):
        return True
    if time_end(tokens, i + 1) > i + 1:
        return True
    return prep not in ("after", "before", "since", "until", "till") and known.is_participle(after.low) and after.text == after.low


def before_name(pre: list[str], anchor: str) -> list[str] | None:
    """The words before a name that belong to what is said: "northern A", "the B"; "the engineer C" is only "C"."""
    if not pre:
        return []
    known = lexicon()
    article = pre[0] if pre[0] in ("the", "a", "an", "his", "her", "its", "their", "both") else ""
    rest = pre[1:] if article else pre
    if anchor == anchor.casefold():
        if any(w.endswith("est") or known.has("numbers", w) or w in ("first", "only", "most", "last", "best") for w in rest):
            return None
        return None if article in ("a", "an", "his", "her", "its", "their") or any(foreign(w) for w in rest) else pre
    if article in ("both",):
        return [] if not rest else None
    if not rest:
        return ["the"] if article == "the" else [] if article in ("his", "her", "its") else None
    if all(known.has("name_adjectives", w.casefold()) for w in rest):
        return None if any(foreign(w) for w in rest) or article in ("a", "an") else pre
    last = rest[-1]
    if any(w in known.words["numbers"] or w.endswith("ly") or (foreign(w) and not w[:1].isupper()) for w in rest) or len(rest) > 5:
        return None
    if {"the", "a", "an", "his", "her", "its"} & set(rest):
        return None
    if rest[0].split("-")[0] in known.words["tens"] or (
        last.endswith(tuple(known.words["adjective_ends"])) and not known.has("adjective_like_nouns", last)
    ):
        return None
    role = last == last.casefold() and not known.has("name_adjectives", last) and not known.is_participle(last)
    return [] if (role or known.has("titles", last.casefold())) and article not in ("a", "an") else None


def foreign(word: str) -> bool:
    """A name or a number, which a wording must not hold."""
    return word[:1].isupper() or any(c.isdigit() for c in word)
