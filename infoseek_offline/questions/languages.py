"""Which realiser puts a wiki's trees into words: Italian for Italian wikis, English for all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from infoseek_offline.corpus.store import Corpus
from infoseek_offline.questions import clauses, italian
from infoseek_offline.questions.realise import Realiser
from infoseek_offline.questions.style import Wording
from infoseek_offline.records import ResearchTree


class Teller(Protocol):
    def realise(self, tree: ResearchTree) -> Wording: ...

    def phrasings(self, tree: ResearchTree) -> Iterator[Wording]: ...


def realiser_for(corpus: Corpus) -> Teller:
    return italian.ItalianRealiser(corpus) if is_italian(corpus.language) else Realiser(corpus)


def sayable(wording: str, language: str) -> bool:
    """Whether a claim of that wording can be put into a question of that wiki that reads well."""
    return italian.sayable(wording) if is_italian(language) else clauses.realisable(wording)


def is_italian(language: str) -> bool:
    return language.split("-")[0] == "it"
