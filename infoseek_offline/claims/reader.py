"""The clauses of one sentence that say something about the page: their subjects, and which verb belongs to which.

`Sentence.of` reads a sentence; `extractions` gives what it says, `about` whether the page is the subject of its main clause.
Where the subject is not certainly the page, or the verb is hedged, negated or modal, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from infoseek_offline.claims.clause import BE, HAVE, Token, VerbGroup, lexicon, low, time_end, tokenise, verb_group, words_of
from infoseek_offline.claims.phrase import Phrase
from infoseek_offline.claims.subject import OWNER, Basis, Extraction, Subject
from infoseek_offline.corpus.kinds import singular

MAX_WORDS = 8  # besides the placeholders
MAX_FRONT = 25  # tokens before the subject, or in an apposition after it


class _Actor(NamedTuple):
    """The subject of a clause: the position after it, how to say it, and the noun where the page only owns it."""

    end: int
    said: str
    basis: Basis
    owned: str = ""


class Sentence:
    def __init__(self, tokens: list[Token], subject: Subject) -> None:
        self.tokens, self.subject = tokens, subject
        self.known = lexicon()
        self.found: dict[int, tuple[str, Basis]] = {}
        self.owners = frozenset(OWNER[p] for p in subject.pronouns)
        self.about = False  # the main clause's subject is the page itself

    @classmethod
    def of(cls, sentence: str, links: Sequence[tuple[int, int]], subject: Subject) -> Sentence | None:
        """None for a sentence that is left alone as a whole."""
        known = lexicon()
        tokens = tokenise(sentence, links, [words_of(name) for name in subject.names], subject.nouns)
        if not tokens or any(t.kind == "word" and known.has("refused", t.low) for t in tokens):
            return None
        if tokens[0].kind == "word" and known.has("refused_openings", tokens[0].low):
            return None
        read = cls(tokens, subject)
        read.read()
        return read

    def extractions(self) -> list[Extraction]:
        return [Extraction(link, wording, basis) for link, (wording, basis) in sorted(self.found.items())]

    # Clauses

    def read(self) -> None:
        start = self.front()
        if start is None:
            return
        actor = self.actor(start)
        self.about = actor is not None and actor.said == "{s}"
        self.clause(start)
        for i in range(start + 2, len(self.tokens)):
            before = low(self.tokens, i - 1)
            if before == ";" or (before in ("and", "but") and self.actor(i) and not self.hedged(start, i)):
                self.clause(i)

    def hedged(self, start: int, end: int) -> bool:
        return any(t.kind == "word" and self.known.has("hedges", t.low) for t in self.tokens[start:end])

    def front(self) -> int | None:
        """Where the main clause starts; None where what stands before it makes it doubtful."""
        tokens, known = self.tokens, self.known
        if self.actor(0) or self.linked(0):
            return 0
        first = low(tokens, 0)
        commas = [i for i in range(1, min(MAX_FRONT, len(tokens))) if low(tokens, i) == ","]
        opens = known.has("prepositions", first) or known.has("dropped_adverbs", first) or known.has("openings", first)
        opens = opens or first.endswith("ly") or known.is_participle(first) or first in known.gerund
        start = next((c + 1 for c in commas if self.starts(c + 1)), None) if opens else None
        direct = next((i for i in range(2, min(10, len(tokens))) if self.follows(i)), None) if opens else None
        if direct is not None and (start is None or direct < start):
            start = direct
        if start is None:
            return None
        front = tokens[:start]
        if any(t.kind == "word" and (known.has("hedges", t.low) or known.has("refused_scenes", t.low)) for t in front):
            return None
        if first in ("though", "although", "while", "when", "after", "because", "since", "where", "as"):
            if self.actor(1):
                self.clause(1)
            elif first == "after" and low(tokens, 1) in known.gerund:
                self.opening(1, (known.past_of[known.gerund[low(tokens, 1)]],), start)
            return start
        if first == "with" and (owner := self.actor(1)) and owner.end < start and tokens[owner.end].kind == "link":
            if self.known.has("kin", owner.owned) and tokens[owner.end].text[:1].isupper() and not tokens[owner.end].glued:
                self.add(owner.end, f"{owner.said} was {{o}}", owner.basis)
        if any(t.low in BE or t.low in HAVE for t in front):
            return None
        if known.is_participle(first):
            actor = self.actor(start)
            main = verb_group(tokens, actor.end) if actor else None
            if main:
                now = main.words[0] in ("is", "are", "has") or main.words[0] in known.present
                be = "is" if now and known.has("stative", first) else "was"
                self.opening(0, (be, first), start)
        elif first == "having" and known.is_participle(low(tokens, 1)):
            lemma = known.lemma(low(tokens, 1))
            if lemma in known.past_of:
                self.opening(1, (known.past_of[lemma],), start)
        elif any(t.kind == "word" and t.low in known.past and t.low not in known.participle for t in front):
            return None
        return start

    def starts(self, i: int) -> bool:
        actor = self.actor(i)
        return verb_group(self.tokens, actor.end) is not None if actor else self.linked(i) is not None

    def follows(self, i: int) -> bool:
        """A clause starts here without a comma: "In 1858 Pearson sold", but not "in the city was"."""
        free = self.actor(i) is not None or self.tokens[i - 1].kind == "number"
        return free and self.starts(i) and not self.known.has("prepositions", low(self.tokens, i - 1))

    def opening(self, i: int, words: tuple[str, ...], end: int) -> None:
        """ "Born in A, she …": the participle is said of the subject of the clause after it."""
        actor = self.actor(end)
        if actor is None or actor.owned:
            return
        voice: Literal["passive", "active"] = "passive" if len(words) > 1 else "active"
        group = VerbGroup(words, i + 1, voice, words[:1], self.known.lemma(low(self.tokens, i)))
        self.phrase(group, actor._replace(basis="coordinated"), end - 1)

    def clause(self, i: int) -> None:
        actor = self.actor(i)
        if actor is not None:
            if not self.identity(i, actor):
                self.chain(actor, len(self.tokens))
            return
        linked = self.linked(i)
        if linked is not None:
            self.reversed(*linked)

    def chain(self, actor: _Actor, end: int) -> None:
        """The verb phrases of one subject, joined by "and"."""
        i, previous = actor.end, None
        while i < end:
            group = verb_group(self.tokens, i) if previous is None else self.second(i, previous)
            if group is None or self.cleft(actor, group):
                return
            stop = self.phrase(group, actor if previous is None else actor._replace(basis="coordinated"), end)
            if stop is None:
                return
            previous, i = group, stop

    def cleft(self, actor: _Actor, group: VerbGroup) -> bool:
        """ "It was X who", "it has been shown that": "it" stands for nothing."""
        if actor.basis != "pronoun" or actor.said != "{s}" or group.voice == "active":
            return False
        if group.voice == "copula" and low(self.tokens, group.end) in (
            "by",
            "with",
            "for",
            "after",
            "before",
            "through",
            "because",
            "during",
        ):
            return True
        for token in self.tokens[group.end :]:
            if token.low in (",", ";", "."):
                return False
            if token.low in ("that", "who", "whom"):
                return group.voice == "passive" or low(self.tokens, group.end) not in ("a", "an", "the", "one")
        return False

    # Subjects

    def actor(self, i: int) -> _Actor | None:
        if i >= len(self.tokens):
            return None
        tokens, pronouns, token = self.tokens, self.subject.pronouns, self.tokens[i]
        if token.kind == "self":
            if low(tokens, i + 1) == "'s":
                return self.owned(i + 2, "name")
            plural = token.how == "noun" and token.text.endswith("s") and singular(token.text) != token.text
            if plural and not self.subject.title.endswith("s"):
                return None  # "the ruins were": the title is perhaps no plural
            return _Actor(self.after_apposition(i + 1), "{s}", "name")
        if token.low in pronouns and token.kind == "word":
            if any(t.kind == "self" and t.how == "name" for t in tokens[i + 1 :]):
                return None  # "he met Einstein" is not about Einstein
            return _Actor(i + 1, "{s}", "pronoun")
        if token.low in self.owners:
            return self.owned(i + 1, "pronoun")
        skip = 1 if token.low == "the" else 0
        skip += 1 if self.known.has("part_adjectives", low(tokens, i + skip)) else 0
        said = "".join(f"{t.low} " for t in tokens[i : i + skip])
        noun = low(tokens, i + skip)
        end = i + skip + 1
        if low(tokens, end) == "of" and end + 1 < len(tokens) and tokens[end + 1].kind == "self" and low(tokens, end + 2) != "'s":
            if noun in self.known.words["part"] or noun in self.known.words["relation"]:
                return _Actor(end + 2, f"{said}{noun} of {{s}}", "name", noun)
        elsewhere = self.subject.is_person or set(self.subject.nouns) & self.known.words["places"]
        if self.known.has("bare_part", noun) and not elsewhere and verb_group(tokens, end):
            return _Actor(end, f"{said}{noun} of {{s}}", "pronoun", noun)
        return None

    def after_apposition(self, i: int) -> int:
        """Past ", a moon of Mars," after the subject, where a verb follows it."""
        if low(self.tokens, i) != ",":
            return i
        for j in range(i + 2, min(i + MAX_FRONT, len(self.tokens))):
            if low(self.tokens, j) == "," and verb_group(self.tokens, j + 1):
                return j + 1
            if low(self.tokens, j) in (";", "."):
                break
        return i

    def owned(self, i: int, basis: Basis) -> _Actor | None:
        """ "Its largest moon": words up to a verb, a comma or a link, the last of them the noun."""
        words: list[str] = []
        while i < len(self.tokens) and len(words) < 4:
            token = self.tokens[i]
            if token.kind != "word" or self.known.has("prepositions", token.low) or token.text != token.low:
                break
            if words and verb_group(self.tokens, i):
                break
            words.append(token.low)
            i += 1
        if not words or not any(self.known.has(kind, words[-1]) for kind in ("relation", "part", "works")):
            return None
        if any(self.known.has("hedges", w) for w in words):
            return None
        return _Actor(i, f"the {' '.join(words)} of {{s}}", basis, words[-1])

    def identity(self, i: int, actor: _Actor) -> bool:
        """ "His father A", "its largest crater, B, …": the link names what the page owns."""
        tokens = self.tokens
        at = actor.end + 1 if low(tokens, actor.end) == "," else actor.end
        work = self.known.has("works", actor.owned)
        if not actor.owned or at >= len(tokens) or not (work or self.known.has("relation", actor.owned)):
            return False
        at += 1 if low(tokens, at) == "the" else 0
        if at >= len(tokens) or tokens[at].kind != "link":
            return False
        comma = low(tokens, actor.end) == ","
        hits = self.series(at)
        after = hits[-1] + 1
        if comma and low(tokens, after) not in (",", ".", ";"):
            return True
        odd = any(tokens[h].glued or low(tokens, h + 1) == "'s" or not tokens[h].text[:1].isupper() for h in hits)
        if odd or (not comma and verb_group(tokens, after) is None and low(tokens, after) not in (",", ".", ";", "and")):
            return True
        group = verb_group(tokens, after + 1 if low(tokens, after) == "," else after)
        past = self.known.has("kin", actor.owned) or (group is not None and self.known.was(group.words[0]))
        plural = singular(actor.owned) != actor.owned and actor.owned != "headquarters"
        if work and actor.said == f"the {actor.owned} of {{s}}":
            article = "an" if actor.owned[0] in "aeiou" else "a"
            said = f"{{o}} {'was' if past else 'is'} {article} {actor.owned} {'by' if self.subject.is_person else 'of'} {{s}}"
            if not comma and len(hits) == 1:
                self.add(at, said, actor.basis)
            return True
        article = "the " if tokens[at - 1].low == "the" else ""
        for hit in hits:
            if plural:
                self.add(hit, f"{article}{{o}} {'was' if past else 'is'} one of {actor.said}", actor.basis)
            elif len(hits) == 1:
                self.add(hit, f"{actor.said} {'was' if past else 'is'} {article}{{o}}", actor.basis)
        return True

    def series(self, at: int) -> list[int]:
        """The positions of "A, B and C", from that of A."""
        hits = [at]
        while low(self.tokens, hits[-1] + 1) in (",", "and") and hits[-1] + 2 < len(self.tokens):
            if self.tokens[hits[-1] + 2].kind != "link":
                break
            hits.append(hits[-1] + 2)
        return hits

    def add(self, at: int, wording: str, basis: Basis) -> None:
        words = wording.replace("{s}", "").replace("{o}", "")
        if len(words.split()) <= MAX_WORDS and not re.search(r"[\d,;:()\"“”A-Z]|\bcentur", words):
            self.found.setdefault(self.tokens[at].link, (wording, basis))

    # Clauses whose subject is a link

    def linked(self, i: int) -> tuple[list[int], int] | None:
        """(links, end) of "The poet A, a friend of B," or "A, B and C" at i, where a verb follows."""
        tokens = self.tokens
        j = i
        while j < min(len(tokens), i + 6) and tokens[j].kind == "word":
            word = tokens[j].low
            if word in ("and", "but") or self.known.is_finite(word):
                return None
            if self.known.has("prepositions", word) or self.known.has("hedges", word):
                return None
            j += 1
        if j >= len(tokens) or tokens[j].kind != "link" or tokens[j].glued or not tokens[j].text[:1].isupper():
            return None
        hits = self.series(j)
        end = hits[-1] + 1
        if low(tokens, end) == ",":
            owning = end + 1 < len(tokens) and tokens[end + 1].kind == "self" and low(tokens, end + 2) == "'s"
            if owning or low(tokens, end + 1) in self.owners:
                return hits, end
            end = self.after_apposition(end)
        elif low(tokens, end) == "all":
            end += 1
        return (hits, end) if verb_group(tokens, end) else None

    def reversed(self, hits: list[int], end: int) -> None:
        tokens = self.tokens
        if low(tokens, end) == ",":
            actor = self.actor(end + 1)
            if actor and self.known.has("relation", actor.owned) and low(tokens, actor.end) == "," and len(hits) == 1:
                past = self.known.has("kin", actor.owned)
                self.add(hits[0], f"{actor.said} {'was' if past else 'is'} {{o}}", actor.basis)
            return
        group = verb_group(tokens, end)
        if group is None or self.known.lemma(group.lemma) in self.known.words["hedges"]:
            return
        reading, _ = Phrase(self.tokens, self.subject, group, "self", False).read(len(tokens))
        one = {"are": "is", "were": "was", "have": "has"} if len(hits) > 1 else {}
        basis: Basis = "name" if len(hits) == 1 else "coordinated"
        for hit in reading[:1]:
            for link in hits:
                self.add(link, " ".join(("{o}", *(one.get(w, w) for w in group.words), *hit.words, "{s}")), basis)

    # Verb phrases

    def phrase(self, group: VerbGroup, actor: _Actor, end: int) -> int | None:
        """Adds the claims of one verb phrase; the position of a verb that goes on with the same subject, or None."""
        relation, part = self.known.has("relation", actor.owned), self.known.has("part", actor.owned)
        reading, stop = Phrase(self.tokens, self.subject, group, "link", relation and group.voice == "copula").read(end)
        if not actor.owned or part or (relation and (group.lemma == "include" or group.voice == "copula")):
            for hit in reading:
                basis = "coordinated" if reading[0].unit is hit.unit and hit is not reading[0] else actor.basis
                self.add(hit.at, " ".join((actor.said, *group.words, *hit.words, "{o}")), basis)
        return self.resume(stop, end)

    def resume(self, i: int, end: int) -> int | None:
        """Past ", an officer," to "and moved"; None where another subject may have come between."""
        tokens, known = self.tokens, self.known
        if low(tokens, i) == "," and i + 1 < end and (low(tokens, i + 1) in known.present or self.only_past(i + 1)):
            return i + 1
        for j in range(i, min(end, i + MAX_FRONT)):
            word = low(tokens, j)
            if word in ("and", "but"):
                after = max(time_end(tokens, j + 1), j + 1)
                if verb_group(tokens, after):
                    return after
                if tokens[j - 1].kind == "mark" or self.actor(j + 1):
                    return None
            elif (
                word in (";", ".", ":")
                or known.has("stops", word)
                or known.has("hedges", word)
                or (known.is_finite(word) and not (known.is_participle(word) and low(tokens, j + 1) in ("by", "in", "as")))
            ):
                return None
        return None

    def only_past(self, i: int) -> bool:
        return low(self.tokens, i) in self.known.past and not self.known.is_participle(low(self.tokens, i))

    def second(self, i: int, previous: VerbGroup) -> VerbGroup | None:
        """The verb after "and". After "was founded in A and moved to B" the voice is decided by the verb's class."""
        group = verb_group(self.tokens, i)
        if group is None or group.words[0] in BE or group.words[0] in HAVE:
            agrees = group is None or previous.words[0] in ("are", "were", "have") or group.words[0] not in ("are", "were", "have")
            return group if agrees else None
        following = self.tokens[group.end] if group.end < len(self.tokens) else None
        verb, known = group.words[-1], self.known
        if following is None:
            return None
        goes_on = following.low in ("the", "a", "an", "his", "her", "its", "to") or known.has("prepositions", following.low)
        if not goes_on and following.kind not in ("link", "self") and not following.low.endswith("ly"):
            return None
        if verb in known.present and previous.words[0] in known.past:
            return None
        if previous.voice != "passive" or (verb not in known.participle and not verb.endswith("ed")):
            return group
        if verb in known.past and verb not in known.participle:
            return group
        passive = group._replace(words=(*previous.auxiliary, *group.words), voice="passive", auxiliary=previous.auxiliary)
        if following.low == "by" or (verb not in known.past and not verb.endswith("ed")):
            return passive
        if following.kind == "link" or following.low in ("the", "a", "an", "his", "her", "its"):
            return group
        lemma = known.lemma(verb)
        return group if lemma in known.intransitive else passive if lemma in known.transitive else None
