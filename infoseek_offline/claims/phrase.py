"""What follows a verb: which names it leads to, and the words that may be said between verb and name.

`Phrase.read` gives a `Hit` for each name that the verb phrase says something about. Words that give a time are left out; a
phrase with another name is left out where both phrases belong to the verb; where that is not sure, there is no hit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from infoseek_offline.claims.clause import BE, HAVE, Token, VerbGroup, lexicon, low, time_end, verb_group
from infoseek_offline.claims.nouns import before_name, ends_phrase, foreign
from infoseek_offline.claims.subject import OWNER, Subject
from infoseek_offline.corpus.kinds import a


@dataclass
class Unit:
    """A preposition and its noun phrase, or the object right after the verb (`prep` empty)."""

    prep: str
    words: list[str] = field(default_factory=list)
    clean: bool = True  # no other name or pronoun in it, so that it may be repeated
    fixed: int = 0  # so many words at the beginning are a verb


class Hit(NamedTuple):
    at: int
    unit: Unit
    stem: tuple[str, ...]  # the words up to the noun phrase of the name
    pre: tuple[str, ...] = ()  # those right before the name

    @property
    def words(self) -> tuple[str, ...]:
        return (*self.stem, *self.pre)


class Phrase:
    """Reads what follows a verb, up to where certainty ends."""

    def __init__(
        self, tokens: Sequence[Token], subject: Subject, group: VerbGroup, goal: Literal["link", "self"], identity: bool
    ) -> None:
        self.tokens, self.group, self.goal, self.identity = tokens, group, goal, identity
        self.known = lexicon()
        self.owners = frozenset(OWNER[p] for p in subject.pronouns)
        self.units = [Unit("")]
        nouns = set(subject.nouns)
        self.place = "in" if nouns & self.known.words["places"] else "at" if nouns & self.known.words["organisations"] else ""
        self.hits: list[Hit] = []

    def read(self, end: int) -> tuple[list[Hit], int]:
        i = self.group.end
        while i < end:
            step = self.step(i)
            if step <= i:
                break
            i = step
        return self.hits, i

    def step(self, i: int) -> int:
        """The next position, or i to stop there."""
        token, unit, known = self.tokens[i], self.units[-1], self.known
        after_time = time_end(self.tokens, i)
        if after_time > i and (after_time >= len(self.tokens) or self.tokens[after_time].kind not in ("link", "self")):
            return after_time
        if token.kind == "mark":
            return self.mark(i)
        if token.kind in ("link", "self"):
            return self.name(i)
        if token.kind == "number":
            unit.words.append(token.text)
            return i + 1
        word = token.low
        if known.has("hedges", word):
            if word in ("or", "not", "nor"):
                self.hits = [hit for hit in self.hits if hit.unit is not unit or word != "or"]
            return i
        if word in ("and", "but", "as") and (word != "as" or low(self.tokens, i + 1) == "well"):
            return self.join(i + 2 if word == "as" else i, i)
        if known.has("stops", word):
            return i
        if (
            word in BE
            or word in HAVE
            or (word in known.past and word not in known.participle and unit.words[-1:] not in (["the"], ["a"]))
        ):
            self.hits = [hit for hit in self.hits if hit.at != i - 1]
            return i
        if self.tokens[i - 1].kind == "link" and (known.is_participle(word) or word in known.gerund):
            return i  # said of the link, not of the page
        if word in known.gerund and foreign(self.tokens[i - 1].text) and not known.has("gerunds", word):
            return i
        if known.has("dropped_adverbs", word):
            return i + 1
        if word in ("there", "here") and self.goal == "self" and unit is self.units[-1] and self.place:
            self.hits.append(Hit(i, unit, (*self.spoken(), self.place)))
            return i
        if word in ("of",):
            unit.words.append(word)
            return i + 1
        if word == "to" and (
            low(self.tokens, i + 1) in known.base
            or (low(self.tokens, i + 2) in ("the", "a", "an", "his", "her", "its") and low(self.tokens, i + 1).isalpha())
        ):
            self.units.append(Unit("to", [low(self.tokens, i + 1)], fixed=1))
            return i + 2
        if known.has("prepositions", word) or word == "as":
            self.units.append(Unit(word))
            return i + 1
        if (
            known.has("pronouns", word)
            or word == "to"
            or (word in known.gerund and not unit.words and not known.has("gerunds", word))
        ):
            unit.clean = False
        unit.words.append(token.text)
        return i + 1

    def mark(self, i: int) -> int:
        if self.tokens[i].low == "'s":
            if self.units[-1].words:
                self.units[-1].words[-1] += "'s"
            self.units[-1].clean = False
            return i + 1
        if self.tokens[i].text != ",":
            return i
        timed = time_end(self.tokens, i + 1)
        if timed > i + 1:
            return timed + 1 if low(self.tokens, timed) == "," else timed
        return self.apposed(i) or self.item(i + 1, i)

    def apposed(self, i: int) -> int:
        """ "by his third son, A,", "by a single river, the B,": the name is what the phrase before it means; else 0."""
        unit, at = self.units[-1], i + 1
        at += 1 if low(self.tokens, at) == "the" else 0
        if self.goal != "link" or unit.words[:1] not in (["a"], ["an"], ["his"], ["her"], ["its"]) or at >= len(self.tokens):
            return 0
        token = self.tokens[at]
        if (
            token.kind != "link"
            or not token.text[:1].isupper()
            or not ends_phrase(self.tokens, at, self.units[-1].prep)
            or not unit.clean
            or "of" in unit.words
        ):
            return 0
        if not unit.prep or low(self.tokens, at + 1) not in (",", ".", ";") or self.listed(at):
            return 0
        words, unit.words = unit.words, []
        said = self.hit(at)
        unit.words = words
        if said is not None:
            self.hits.append(said._replace(pre=("the",) if at == i + 2 else ()))
        unit.clean = False
        return at + 1

    def item(self, i: int, stop: int) -> int:
        """The next of a list of links ("A, B and the C") after its comma or "and"; `stop` where it is none."""
        if low(self.tokens, i) in ("and", "both"):
            i += 1
        j = i
        while (
            j < len(self.tokens)
            and j - i < 4
            and self.tokens[j].kind == "word"
            and not self.known.has("prepositions", self.tokens[j].low)
        ):
            j += 1
        if self.goal != "link" or not self.hits or self.hits[-1].unit is not self.units[-1] or j >= len(self.tokens):
            return stop
        if self.tokens[j].kind != "link" or any(
            self.known.is_finite(t.low) or self.known.has("pronouns", t.low) for t in self.tokens[i:j]
        ):
            return stop
        last = self.hits[-1]
        if not ends_phrase(self.tokens, j, self.units[-1].prep):
            if low(self.tokens, i - 1) == "and" and not verb_group(self.tokens, j + 1):
                self.hits = [hit for hit in self.hits if hit.unit is not last.unit]
            return stop
        if self.tokens[i - 1].text == "," and low(self.tokens, i - 1) == "," and not self.listed(j) and not self.nested(last):
            return stop
        pre = before_name([t.text for t in self.tokens[i:j]], self.tokens[j].text)
        if any(t.low.endswith("s") and t.low != "his" and not t.low.endswith(("ss", "us")) for t in self.tokens[i:j]):
            return stop  # perhaps a verb that is not in the table
        if any(t.low in self.known.gerund or self.known.is_participle(t.low) for t in self.tokens[i:j]):
            return stop
        unit = last.unit
        if pre is None or {"largest", "smallest", "highest", "first", "only", "capital", "second"} & set(last.words):
            return stop
        if any(self.known.has("numbers", t.low) for t in self.tokens[i:j]):
            return stop
        if any(self.known.has("symmetric", w) for w in (*self.group.words, *last.words)):
            self.hits = [hit for hit in self.hits if hit.unit is not unit]
            return stop
        self.hits.append(Hit(j, unit, last.stem, tuple(pre)))
        return j + 1

    def listed(self, j: int) -> bool:
        """An "and" closes the list that the link at j is in."""
        for k in range(j + 1, min(j + 12, len(self.tokens))):
            token = self.tokens[k]
            if token.low == "and":
                return k + 1 < len(self.tokens) and any(t.kind == "link" for t in self.tokens[k + 1 : k + 4])
            if token.kind not in ("link",) and token.text not in (",", "the"):
                return False
        return False

    def nested(self, last: Hit) -> bool:
        """ "in Ulm, Germany": true of both, unless a definite phrase says of which place."""
        return last.unit.prep in ("in", "at", "near") and "of" not in last.words and "the" not in last.words

    def join(self, i: int, stop: int) -> int:
        """ "and" at i (or the last word of "as well as")."""
        tokens, unit = self.tokens, self.units[-1]
        nxt = i + 1
        while self.known.has("dropped_adverbs", low(tokens, nxt)):
            nxt += 1
        word = low(tokens, nxt)
        if self.known.has("gerunds", word) and self.group.voice == "copula":  # "directed by A and starring B"
            noun = self.units[0].words
            end = next((k for k in range(2, len(noun)) if self.known.is_participle(noun[k])), len(noun))
            self.units = [Unit("", [*noun[:end], word], self.units[0].clean)]
            return nxt + 1
        after_time = time_end(tokens, nxt)
        if after_time > nxt and verb_group(tokens, after_time):
            return stop
        if self.known.has("prepositions", word) or (word == "to" and low(tokens, nxt + 1) not in self.known.base):
            place = next((k for k in range(len(self.units) - 1, -1, -1) if self.units[k].prep == word), None)
            if place is None:
                return stop
            self.units = [*self.units[:place], Unit(word)]
            return nxt + 1
        if (self.hits and self.hits[-1].unit is unit and self.hits[-1].at == stop - 1) or tokens[stop - 1].kind == "link":
            shared = i + 2 < len(tokens) and tokens[i + 1].text[:1].isupper() and tokens[i + 1].kind == "word"
            if shared and self.hits and tokens[i + 2].kind == "word" and not self.known.has("prepositions", tokens[i + 2].low):
                if not verb_group(tokens, i + 2):
                    self.hits = self.hits[:-1]  # "the Heian and Kamakura periods"
            return self.item(i + 1, stop) if low(tokens, stop) != "but" else stop
        if verb_group(tokens, i + 1) or low(tokens, stop) == "but" or not unit.clean or not unit.words:
            return stop
        if nxt < len(tokens) and tokens[nxt].kind == "word" and tokens[nxt].text == word and not self.known.is_finite(word):
            unit.words.append("and")
            return i + 1
        return stop

    def name(self, i: int) -> int:
        token, unit = self.tokens[i], self.units[-1]
        if token.kind != self.goal:
            if token.kind == "link" and token.text == token.text.casefold() and not token.glued:
                unit.words.append(token.text)
            else:
                unit.clean = False
            return i + 1
        if not ends_phrase(self.tokens, i, self.units[-1].prep):
            if token.kind == "link" and token.text == token.text.casefold() and not token.glued:
                unit.words.append(token.text)
            elif (
                token.kind == "link"
                and self.indefinite(unit)
                and i + 1 < len(self.tokens)
                and self.tokens[i + 1].kind in ("word", "link")
                and not token.glued
                and low(self.tokens, i + 1) != "'s"
            ):
                pass  # "an [[American]] film"
            else:
                unit.clean = False
            return i + 1
        hit = self.hit(i)
        if hit is not None:
            self.hits.append(hit)
        if token.kind == "link" and token.text == token.text.casefold():
            unit.words.append(token.text)
        else:
            unit.clean = False
        return i + 1

    def indefinite(self, unit: Unit) -> bool:
        return self.group.voice == "copula" and unit.prep == "" and unit.words[:1] in (["a"], ["an"]) and "of" not in unit.words

    def hit(self, at: int) -> Hit | None:
        """What is said between the verb and the name; None where it can't be said without another name."""
        token, unit, copula = self.tokens[at], self.units[-1], self.group.voice == "copula"
        if not unit.clean or unit.prep in ("between", "than"):
            return None
        if unit.prep == "as" and self.group.lemma in ("know", "refer", "describe", "list"):
            return None
        if self.group.voice == "passive" and len(self.units) == 1 and self.known.has("naming", self.group.lemma):
            return None
        bound = [k for k, w in enumerate(unit.words) if w == "of" or self.known.has("gerunds", w) or k < unit.fixed]
        cut = bound[-1] + 1 if bound else 0
        pre = before_name(unit.words[cut:], token.text if token.kind == "link" else "X")
        if pre is not None and token.kind == "self":
            pre = [w for w in pre if w != "the"]
        following = low(self.tokens, at + 1)
        if len(self.units) == 1 and self.group.voice == "active" and following == "as" and low(self.tokens, at + 2) != "well":
            return None  # "described A as a friend"
        if (
            len(self.units) == 1
            and self.known.has("pairing", self.group.lemma)
            and following in ("to", "with", "from", "and", "by")
        ):
            return None
        if self.group.lemma == "have" and len(self.units) == 1 and not pre and unit.words[cut:]:
            return None  # "had the epithet A" is not "had A"
        if pre is None or (copula and len(self.units) == 1 and cut == 0 and not self.identity):
            return None
        spoken: list[str] = []
        skipped: Unit | None = None
        for earlier in self.units[:-1]:
            said = self.said(earlier, earlier.words) if earlier.clean else None
            if skipped is not None and not self.may_skip(skipped, earlier):
                return None
            skipped = earlier if said is None else None
            if said is not None:
                spoken += [earlier.prep, *said] if earlier.prep else said
        if skipped is not None and not self.may_skip(skipped, unit):
            return None
        own = self.said(unit, unit.words[:cut])
        if own is None or (unit.fixed and unit.words[:1] == ["be"]):
            return None
        stem = tuple(word for word in (*spoken, unit.prep, *own) if word)
        # "in his workshop" after "by A" is left out would be somebody else's.
        mine = self.owners if self.goal == "link" and all(earlier.clean for earlier in self.units[:-1]) else frozenset()
        return None if {"his", "her", "its", "their"} & {*stem, *pre} - mine else Hit(at, unit, stem, tuple(pre))

    def spoken(self) -> list[str]:
        """All that was read, where it can be said."""
        said = [self.said(unit, unit.words) if unit.clean else None for unit in self.units]
        return [w for unit, words in zip(self.units, said, strict=True) for w in (unit.prep, *(words or ())) if w]

    def may_skip(self, skipped: Unit, unit: Unit) -> bool:
        pair = f"{skipped.prep}>{unit.prep}"
        if skipped.clean and not all(foreign(word) or word == "the" for word in skipped.words):
            return False  # "to three Shinto shrines located": what follows belongs to it
        if (
            any(u.fixed for u in self.units)  # what follows "to enshrine A" belongs to that verb
            or any(w.endswith(("'s", "’s")) for w in skipped.words)
            or (skipped.prep == unit.prep and skipped.words not in ([], ["the"]))
        ):
            return False
        if self.group.voice == "copula":
            return self.indefinite(self.units[0]) and pair in ("in>in", "near>in", "on>in", "at>in")
        return bool(skipped.prep) and (
            self.known.has("pairs", pair) or (self.group.voice == "passive" and self.known.has("passive_pairs", pair))
        )

    def said(self, unit: Unit, words: list[str]) -> list[str] | None:
        """The words without names and numbers, where the phrase stays true without them ("a German film": "a film")."""
        if not any(foreign(word) for word in words):
            return words
        if not self.indefinite(unit):
            return None
        kept = [
            w
            for k, w in enumerate(words)
            if not foreign(w) or k == len(words) - 1 or self.known.is_participle(words[k + 1].casefold())
        ]
        if any(foreign(word) for word in kept) or len(kept) < 2:
            return None
        return [a(kept[1]), *kept[1:]]
