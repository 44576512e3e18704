"""The Browser as a language model: reads a page's prose in windows, and keeps of its claims those that the page bears out.

A page is read once in a run: what was read is shelved for all trees and threads, with the ledger's keys of what was asked. Every
proposal gets its fate noted: accepted, or rejected with the reason of grounding.py or of the judge, who is asked once a window.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from infoseek_offline.agents.grounding import Proposal, ground
from infoseek_offline.agents.windows import Window, one_line, windows_of
from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.llm.asked import Asked, seed_of
from infoseek_offline.llm.base import Completion, Request, Sampling
from infoseek_offline.llm.prompts import load_prompt
from infoseek_offline.records import Claim

MAX_RELATION, MAX_BLUR = 90, 50  # characters
CLAIM_TOKENS = 64  # of a claim in an answer, about
SHELVED = 50_000  # pages


class Shelf:
    """What was read of pages in this run, for all threads: claims, and the keys of what was asked."""

    def __init__(self) -> None:
        self.read: dict[int, tuple[tuple[Claim, ...], tuple[str, ...]]] = {}
        self._locks: dict[int, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def lock(self, page: int) -> threading.Lock:
        with self._lock:
            if len(self.read) >= SHELVED:
                self.read.clear()
            return self._locks[page]


class ModelBrowser:
    """Reads pages of one corpus. `seed` is the run's."""

    def __init__(self, corpus: Corpus, model: Asked, seed: int, shelf: Shelf | None = None) -> None:
        self.corpus, self.model, self.seed = corpus, model, seed
        self.shelf = shelf if shelf is not None else Shelf()
        self.version = f"model-{model.digest}-{load_prompt('browser').digest}-{load_prompt('judge').digest}"

    def read(self, page: int) -> Sequence[Claim]:
        """The grounded claims of the page, in reading order. Raises ModelError where no answer is to be had."""
        with self.shelf.lock(page):
            known = self.shelf.read.get(page)
            if known is None:
                before, self.model.keys = self.model.keys, {}
                try:
                    claims = tuple(self._read(page))
                    known = self.shelf.read[page] = claims, tuple(self.model.keys)
                finally:
                    self.model.keys = {**before, **self.model.keys}
        self.model.used(known[1])
        return known[0]

    def _read(self, page: int) -> list[Claim]:
        asked = [(window, request) for window in windows_of(self.corpus, page) for window, request in self._fitting(window)]
        answers = self.model.complete_all([request for _, request in asked])
        judged: list[tuple[Request, Request, list[tuple[Proposal, Claim]]]] = []
        for (window, request), answer in zip(asked, answers, strict=True):
            good = self._grounded(window, request, answer)
            judged += [(request, *part) for part in self._to_judge(page, request, good)]
        verdicts = self.model.complete_all([request for _, request, _ in judged])
        claims: list[Claim] = []
        for (request, _, some), verdict in zip(judged, verdicts, strict=True):
            for number, (proposal, claim) in enumerate(some, 1):
                said = verdict.value.get(f"c{number}") if verdict.value is not None else None
                reason = "" if said == "yes" else "the judge says no" if said else f"no verdict ({verdict.reason})"
                self.model.note(request, str(proposal), reason)
                if not reason and all((c.object, c.wording) != (claim.object, claim.wording) for c in claims):
                    claims.append(claim)
        return claims

    # Requests

    def _fitting(self, window: Window) -> list[tuple[Window, Request]]:
        """The window, or its halves where it does not fit the context; a sentence that never fits is left out, and noted."""
        request = self._request(window)
        if self.model.fits(request):
            return [(window, request)]
        halves = window.halves()
        if not halves:
            self.model.note(request, "", f"a sentence is too long for a context of {self.model.context} tokens")
        return [pair for half in halves for pair in self._fitting(half)]

    def _request(self, window: Window) -> Request:
        prompt, page, shown = load_prompt("browser"), window.page, window.shown
        messages = prompt.messages(page=self._called(page), sentences="\n".join(window.lines))
        fields: dict[str, Any] = {
            "sentence": {"type": "string", "enum": list(shown.sentences)},
            "link": {"type": "string", "enum": list(shown.links)},
            "relation": {"type": "string", "maxLength": MAX_RELATION},
            "blur": {"type": "string", "maxLength": MAX_BLUR},
        }
        claims = {"type": "array", "items": _object(fields), "maxItems": len(shown.links)}
        sampling = Sampling(max_tokens=32 + CLAIM_TOKENS * len(shown.links))
        seed = seed_of("browser", self.seed, self.corpus.titles[page], list(shown.links))
        return Request("browser", messages, _object({"claims": claims}), seed, sampling, prompt.digest)

    def _called(self, page: int) -> str:
        noun, title = self.corpus.nouns[page], self.corpus.titles[page]
        return f"{title} ({noun})" if noun and not title.endswith(")") else title

    def _grounded(self, window: Window, request: Request, answer: Completion) -> list[tuple[Proposal, Claim]]:
        if answer.value is None:
            self.model.note(request, answer.text, answer.reason)
            return []
        good: list[tuple[Proposal, Claim]] = []
        told: set[str] = set()
        for fields in answer.value["claims"]:
            proposal = Proposal(**fields)
            claim, reason = ground(self.corpus, window.shown, proposal)
            if proposal.link in told:
                claim, reason = None, "another claim of this link was taken"
            if claim is None:
                self.model.note(request, str(proposal), reason)
            else:
                told.add(proposal.link)
                good.append((proposal, claim))
        return good

    def _to_judge(
        self, page: int, asked: Request, good: list[tuple[Proposal, Claim]]
    ) -> list[tuple[Request, list[tuple[Proposal, Claim]]]]:
        """The request for a verdict on the claims, or two where one does not fit the context."""
        if not good:
            return []
        request = self._judge_request(page, good, asked.seed)
        if self.model.fits(request):
            return [(request, good)]
        if len(good) == 1:
            self.model.note(asked, str(good[0][0]), f"too long to be judged in a context of {self.model.context} tokens")
            return []
        middle = len(good) // 2
        return [*self._to_judge(page, asked, good[:middle]), *self._to_judge(page, asked, good[middle:])]

    def _judge_request(self, page: int, some: Sequence[tuple[Proposal, Claim]], number: int) -> Request:
        lines: list[str] = []
        last = ""
        for at, (_, claim) in enumerate(some, 1):
            if claim.evidence.sentence != last:
                last = claim.evidence.sentence
                lines.append(f"Sentence: {one_line(last)}")
            assert claim.object is not None
            other = base_title(self.corpus.titles[claim.object])
            lines.append(f"c{at}: " + claim.wording.replace("{s}", base_title(self.corpus.titles[page])).replace("{o}", other))
        prompt = load_prompt("judge")
        messages = prompt.messages(page=self._called(page), statements="\n".join(lines))
        schema = _object({f"c{at}": {"type": "string", "enum": ["yes", "no"]} for at in range(1, len(some) + 1)})
        seed = seed_of("judge", number, [str(proposal) for proposal, _ in some])
        return Request("judge", messages, schema, seed, Sampling(max_tokens=16 + 12 * len(some)), prompt.digest)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
