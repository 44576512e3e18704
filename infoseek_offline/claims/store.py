"""Claims about a page, from both sides: what its own page states, and what pages that link to it state about it.

A page is read once by the Browser; its claims are kept and used again by every later tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from infoseek_offline.agents.base import Browser
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Claim

MAX_INCOMING = 64  # pages that link to a page and are read for claims about it; the rest is left, in page order


@dataclass(frozen=True)
class Statement:
    """A claim seen from one page `v`: `wording` has the placeholders `{v}` (the page) and `{o}` (the other side)."""

    page: int
    other: int | None
    wording: str
    claim: Claim


class ClaimStore:
    def __init__(self, corpus: Corpus, browser: Browser) -> None:
        self.corpus, self.browser = corpus, browser
        self.read = lru_cache(maxsize=65536)(self._read)
        self.about = lru_cache(maxsize=16384)(self._about)

    def _read(self, page: int) -> tuple[Claim, ...]:
        return tuple(self.browser.read(page))

    def _about(self, page: int) -> tuple[Statement, ...]:
        """All statements about the page, its own first; the best of each (other page, direction)."""
        found = [Statement(page, c.object, c.wording.replace("{s}", "{v}"), c) for c in self.read(page)]
        incoming = self.corpus.neighbours(page)[:MAX_INCOMING]
        for source in incoming.tolist():
            for claim in self.read(source):
                if claim.object == page:
                    wording = claim.wording.replace("{o}", "{v}").replace("{s}", "{o}")
                    found.append(Statement(page, source, wording, claim))
        best: dict[tuple[object, ...], Statement] = {}
        for statement in found:
            claim = statement.claim
            same = (statement.other,) if claim.kind == "link" else (claim.kind, claim.key, claim.value)
            known = best.get(same)
            if known is None or claim.confidence > known.claim.confidence:
                best[same] = statement
        return tuple(best.values())
