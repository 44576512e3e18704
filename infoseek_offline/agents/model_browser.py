"""The Browser as a language model: reads a page's prose in windows, and keeps of its claims those that the page bears out.

A page is read once in a run: what was read is shelved for all trees and threads, with the ledger's keys of what was asked. Every
proposal gets its fate noted: accepted, or rejected with the reason of grounding.py or of the judge, who is asked once a window.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infoseek_offline.agents.grounding import Proposal, Shown, ground
from infoseek_offline.corpus.entities import base_title
from infoseek_offline.corpus.store import PAGE_KINDS, Corpus
from infoseek_offline.llm.asked import Asked, seed_of
from infoseek_offline.llm.base import Completion, Request, Sampling
from infoseek_offline.llm.prompts import load_prompt
from infoseek_offline.records import Claim, Link, LinkKind, PageKind

MAX_LINKS = 10  # of a window, so that its claims fit into an answer
MAX_SENTENCES = 24
MAX_RELATION, MAX_BLUR = 90, 50  # characters
CLAIM_TOKENS = 64  # of a claim in an answer, about
SHELVED = 50_000  # pages


@dataclass(frozen=True)
class Window:
    """Some sentences of a page as the prompt shows them. `text` has the links in it."""

    shown: Shown
    lines: tuple[str, ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...]  # (sentence id, link ids), for making it smaller


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
        asked = [(window, request) for window in self.windows(page) for window, request in self._fitting(window)]
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

    # Windows

    def windows(self, page: int) -> list[Window]:
        """All sentences of the running text that hold a link to another article, each with the sentence before it where that
        stands in the same paragraph, in windows of so many links and sentences."""
        record = self.corpus.page(page)
        sections = [s for s in self.corpus.sections(page) if s.evidence]
        links = [k for k in self.corpus.links(page) if self._may_be_claimed(page, k, record.text)]
        windows: list[Window] = []
        sentences: dict[str, tuple[int, int]] = {}
        shown: dict[str, Link] = {}
        lines: list[str] = []
        parts: list[tuple[str, tuple[str, ...]]] = []
        number = count = 0
        before: tuple[int, int] | None = None

        def close() -> None:
            nonlocal sentences, shown, lines, parts
            if sentences:
                windows.append(Window(Shown(page, sentences, shown), tuple(lines), tuple(parts)))
            sentences, shown, lines, parts = {}, {}, [], []

        for low, high in self.corpus.sentence_spans(page):
            if high > record.prose_end or not any(s.start <= low and high <= s.end for s in sections):
                continue
            inside = [k for k in links if low <= k.start and k.end <= high]
            for at in range(0, len(inside), MAX_LINKS):
                some = inside[at : at + MAX_LINKS]
                if len(shown) + len(some) > MAX_LINKS or len(sentences) >= MAX_SENTENCES:
                    close()
                number += 1
                ids = {f"k{count + n}": link for n, link in enumerate(some, 1)}
                count += len(some)
                if before is not None and "\n" not in record.text[before[1] : low] and before not in sentences.values():
                    lines.append(_plain(record.text[before[0] : before[1]]))
                sentences[f"s{number}"] = (low, high)
                shown.update(ids)
                parts.append((f"s{number}", tuple(ids)))
                lines.append(f"s{number}: {self._marked(record.text, low, high, ids)}")
            before = (low, high)
        close()
        return windows

    def _may_be_claimed(self, page: int, link: Link, text: str) -> bool:
        if link.kind != LinkKind.PROSE or not link.is_evidence or link.target == page:
            return False
        return PAGE_KINDS[self.corpus.kinds[link.target]] == PageKind.ARTICLE and not text[link.start : link.end].isdigit()

    def _marked(self, text: str, low: int, high: int, links: dict[str, Link]) -> str:
        """The sentence with its links marked: "[William Herschel](k5)"."""
        pieces, at = [], low
        for name, link in links.items():
            anchor, title = text[link.start : link.end], self.corpus.titles[link.target]
            told = "" if anchor.casefold() in (title.casefold(), base_title(title).casefold()) else f" = {title}"
            pieces += [text[at : link.start], f"[{anchor}]({name}{told})"]
            at = link.end
        return _plain("".join([*pieces, text[at:high]]))

    def _fitting(self, window: Window) -> list[tuple[Window, Request]]:
        """The window, or its halves where it does not fit the context; a sentence that never fits is left out, and noted."""
        request = self._request(window)
        if self.model.fits(request):
            return [(window, request)]
        if len(window.parts) == 1:
            self.model.note(request, "", f"a sentence is too long for a context of {self.model.context} tokens")
            return []
        middle = len(window.parts) // 2
        return [pair for half in (window.parts[:middle], window.parts[middle:]) for pair in self._fitting(_part(window, half))]

    # Requests

    def _request(self, window: Window) -> Request:
        prompt, page = load_prompt("browser"), window.shown.page
        messages = prompt.messages(page=self._called(page), sentences="\n".join(window.lines))
        fields: dict[str, Any] = {
            "sentence": {"type": "string", "enum": list(window.shown.sentences)},
            "link": {"type": "string", "enum": list(window.shown.links)},
            "relation": {"type": "string", "maxLength": MAX_RELATION},
            "blur": {"type": "string", "maxLength": MAX_BLUR},
        }
        claims = {"type": "array", "items": _object(fields), "maxItems": len(window.shown.links)}
        sampling = Sampling(max_tokens=32 + CLAIM_TOKENS * len(window.shown.links))
        seed = seed_of("browser", self.seed, self.corpus.titles[page], list(window.shown.sentences))
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
                lines.append(f"Sentence: {_plain(last)}")
            assert claim.object is not None
            other = base_title(self.corpus.titles[claim.object])
            lines.append(f"c{at}: " + claim.wording.replace("{s}", base_title(self.corpus.titles[page])).replace("{o}", other))
        prompt = load_prompt("judge")
        messages = prompt.messages(page=self._called(page), statements="\n".join(lines))
        schema = _object({f"c{at}": {"type": "string", "enum": ["yes", "no"]} for at in range(1, len(some) + 1)})
        seed = seed_of("judge", number, [str(proposal) for proposal, _ in some])
        return Request("judge", messages, schema, seed, Sampling(max_tokens=16 + 12 * len(some)), prompt.digest)


def _part(window: Window, parts: Sequence[tuple[str, tuple[str, ...]]]) -> Window:
    """Some sentences of a window."""
    sentences = {name: window.shown.sentences[name] for name, _ in parts}
    links = {name: window.shown.links[name] for _, inside in parts for name in inside}
    lines = [line for line in window.lines if line.partition(":")[0] in sentences]
    return Window(Shown(window.shown.page, sentences, links), tuple(lines), tuple(parts))


def _plain(text: str) -> str:
    """One line; a sentence of a page must not look like a part of the prompt."""
    return re.sub(r"\s+", " ", text).strip()


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
