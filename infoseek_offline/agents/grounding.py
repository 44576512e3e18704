"""Whether the page says what a model claims: a claim is accepted on the sentence's own words, or rejected with a reason.

`ground` is pure and asks no model. It demands that the sentence holds the link, that the relation is a clause which a question can
use, that it names neither side, that half of its content words stand in the sentence (by the verifier's measure too), and not in a
long link of it alone, and that the blur is true of the value. The judge's verdict, which a model gives, comes on top
(model_browser.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infoseek_offline.checks.surface import distinctive_words, surface_names
from infoseek_offline.checks.told import borne_out
from infoseek_offline.claims.clause import lexicon
from infoseek_offline.claims.links import has_sentence_rules
from infoseek_offline.claims.vague import blur_of
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions.clauses import PREPOSITIONS, realisable
from infoseek_offline.records import Claim, Link
from infoseek_offline.retrieval.tokenise import terms

COVER = 0.5  # of a relation's content words, that must stand in the sentence
CONFIDENCE = 0.8  # of an accepted claim
MAX_WORDS = 10
MAX_ANCHOR = 6  # words of a link that may bear out a relation ("her teacher"); a longer one is no name of a thing
KIND = frozenset(f"{be}{a}" for be in ("is", "was", "are", "were", "became") for a in ("", " a", " an", " the", " one of the"))
START = 6  # letters that "discovered" and "discovery" share
_WORD = re.compile(r"[^\W_]+")
_HALF = re.compile(rf"\b(?:an?|the) (?:{'|'.join(sorted(PREPOSITIONS))}|is|was|has|had)\b")  # "is the of"
_PLACE = re.compile(r"\{(?:page|s)\}"), re.compile(r"\{(?:link|o)\}")


@dataclass(frozen=True)
class Proposal:
    """A claim as the model words it. `sentence` and `link` are ids of its prompt."""

    sentence: str
    link: str
    relation: str
    blur: str

    def __str__(self) -> str:
        return f"{self.sentence} {self.link}: {self.relation}" + (f" [{self.blur}]" if self.blur else "")


@dataclass(frozen=True)
class Shown:
    """What a prompt showed of a page: spans of sentences by id, links by id."""

    page: int
    sentences: Mapping[str, tuple[int, int]]
    links: Mapping[str, Link]


def ground(corpus: Corpus, shown: Shown, proposal: Proposal) -> tuple[Claim | None, str]:
    """(the claim, "") or (None, reason)."""
    span, link = shown.sentences.get(proposal.sentence), shown.links.get(proposal.link)
    if span is None:
        return None, "no such sentence"
    if link is None:
        return None, "no such link"
    if not span[0] <= link.start < link.end <= span[1]:
        return None, "the sentence does not hold the link"
    wording = as_wording(proposal.relation)
    if not wording:
        return None, "the relation does not hold each side once"
    plain = plain_of(wording)
    if len(plain.split()) > MAX_WORDS or not realisable(wording) or _HALF.search(plain):
        return None, "the relation is no clause for a question"
    if plain in KIND:
        return None, "the relation tells a kind and no more"
    for page in (shown.page, link.target):
        if name := names(corpus, page, plain):
            return None, f"the relation names {corpus.titles[page]}: {name}"
    sentence = _own_words(corpus.page(shown.page).text, span, shown.links.values())
    told = cover(plain, sentence, corpus.language) >= COVER and borne_out(wording, sentence)
    if has_sentence_rules(corpus.language) and not told:
        return None, "the sentence does not say it in these words"
    blur = " ".join(proposal.blur.split())
    if blur and blur_of(corpus, link.target, blur) is None:
        return None, f"the blur is not known to be true: {blur}"
    return Claim(
        subject=shown.page, object=link.target, kind="link", source="model", key=plain, wording=wording, value=blur,
        confidence=CONFIDENCE, evidence=corpus.evidence(shown.page, link.start, link.end),
    ), ""  # fmt: skip


def _own_words(text: str, span: tuple[int, int], links: Iterable[Link]) -> str:
    """The sentence without its long links: what is written there in place of a name may be anything, an instruction too."""
    pieces, at = [], span[0]
    for link in sorted(links, key=lambda link: link.start):
        if at <= link.start < link.end <= span[1] and len(_WORD.findall(text[link.start : link.end])) > MAX_ANCHOR:
            pieces.append(text[at : link.start])
            at = link.end
    return " ".join([*pieces, text[at : span[1]]])


def as_wording(relation: str) -> str:
    """The relation with `{s}` and `{o}`; "" where it does not hold each once."""
    words = " ".join(relation.split()).rstrip(" .")
    for pattern, side in zip(_PLACE, ("{s}", "{o}"), strict=True):
        words, count = pattern.subn(side, words)
        if count != 1:
            return ""
    return words if words.count("{") == words.count("}") == 2 else ""


def plain_of(wording: str) -> str:
    return " ".join(wording.replace("{s}", " ").replace("{o}", " ").split())


def names(corpus: Corpus, page: int, plain: str) -> str:
    """The name or distinctive word of the page that stands in the words; "" for none. Its kind ("the moon") is no name."""
    words = [w.casefold() for w in _WORD.findall(plain)]
    kind = corpus.nouns[page].casefold()
    for name in surface_names(corpus, page):
        parts = _WORD.findall(name)
        if parts and name != kind and any(words[i : i + len(parts)] == parts for i in range(len(words) - len(parts) + 1)):
            return name
    for word in distinctive_words(corpus, page, kind):
        if any(word == w or (len(word) >= 5 and w.startswith(word)) for w in words):
            return word
    return ""


def cover(plain: str, sentence: str, language: str) -> float:
    """The share of the words' content words that stand in the sentence, in whatever form; 1.0 where there are none."""
    known = lexicon()
    content = [w for w in _WORD.findall(plain.casefold()) if w not in PREPOSITIONS and terms(w, language)]
    if not content:
        return 1.0
    said = _WORD.findall(sentence.casefold())
    stems, lemmas = set(terms(sentence, language)), {known.lemma(w) for w in said}
    starts = {w[:START] for w in said if len(w) >= START}
    found = sum(bool(set(terms(w, language)) & stems) or known.lemma(w) in lemmas or w[:START] in starts for w in content)
    return found / len(content)
