"""Searches of many clients at once: those that wait are taken together, so that the encoder is called once for them.

No one is made to wait for others: a batch is what has come in while the threads were busy. Each search gets what it would get alone
(searcher.py).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from infoseek_offline.engine import cpu_count
from infoseek_offline.records import Hit
from infoseek_offline.retrieval.ranking import Fusion
from infoseek_offline.retrieval.searcher import BATCH, Mode, Searcher

WAITING = 1_024  # searches; more are turned away, so that answers do not come after their clients have gone


class Busy(Exception):
    """Too many searches wait already."""


class Asked(NamedTuple):
    """Searches with the same of these go together; in the order of `Searcher.search_many`'s arguments."""

    k: int
    mode: Mode
    exclude_pages: tuple[int, ...]
    fusion: Fusion | None


Waiting = tuple[Asked, list[str], asyncio.Future[list[list[Hit]]]]


class Batcher:
    """Belongs to the event loop in which it is first used; `close` it there."""

    def __init__(self, searcher: Searcher, threads: int | None = None) -> None:
        self.searcher = searcher
        self.threads = threads or min(4, cpu_count())
        self.batches = 0  # how often the searcher was called
        self._pool = ThreadPoolExecutor(self.threads, "search")
        self._waiting: deque[Waiting] = deque()
        self._busy: set[asyncio.Task[None]] = set()

    async def search(
        self, queries: Sequence[str], k: int, mode: Mode, exclude_pages: Sequence[int] = (), fusion: Fusion | None = None
    ) -> list[list[Hit]]:
        """As `Searcher.search_many`. Raises Busy."""
        if len(self._waiting) >= WAITING:
            raise Busy
        answer: asyncio.Future[list[list[Hit]]] = asyncio.get_running_loop().create_future()
        self._waiting.append((Asked(k, mode, tuple(sorted(set(exclude_pages))), fusion), list(queries), answer))
        if len(self._busy) < self.threads:
            task = asyncio.create_task(self._work())
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        return await answer

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            asked, queries, answers = self._take()
            self.batches += 1
            try:
                found = await loop.run_in_executor(self._pool, self.searcher.search_many, queries, *asked)
            except Exception as error:
                for _, answer in answers:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            start = 0
            for count, answer in answers:
                if not answer.done():  # its client may have gone
                    answer.set_result(found[start : start + count])
                start += count

    def _take(self) -> tuple[Asked, list[str], list[tuple[int, asyncio.Future[list[list[Hit]]]]]]:
        """The first that waits, and others of its kind while there is room."""
        asked, queries, answer = self._waiting.popleft()
        answers = [(len(queries), answer)]
        others: list[Waiting] = []
        while self._waiting and len(queries) < BATCH:
            item = self._waiting.popleft()
            if item[0] == asked and not item[2].cancelled():
                queries = queries + item[1]
                answers.append((len(item[1]), item[2]))
            elif not item[2].cancelled():
                others.append(item)
        self._waiting.extendleft(reversed(others))
        return asked, queries, answers

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
