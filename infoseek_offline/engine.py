"""Map a function over items, in order, in this process, in worker processes or in threads.

The order of the results is the order of the items, whatever the number of workers. Workers are forked, so that what `setup` has
opened or built is shared; `setup` runs once in each process before its first item.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from infoseek_offline.errors import InfoseekError

Item = TypeVar("Item")
Result = TypeVar("Result")


def cpu_count() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def map_ordered(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int = 1,
    setup: Callable[[], None] | None = None,
    ahead: int = 4,
    method: str = "fork",
) -> Generator[Result, None, None]:
    """Yield `function(item)` for each item, in order; at most `workers * ahead` items are in flight.

    `method` "spawn" is for libraries that do not survive a fork (torch): functions and items are then pickled.
    """
    if workers <= 1:
        if setup:
            setup()
        for item in items:
            yield function(item)
        return
    context = multiprocessing.get_context(method if method in multiprocessing.get_all_start_methods() else "spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(setup,)) as pool:
        try:
            yield from _ahead(pool, function, items, workers * ahead)
        except BrokenProcessPool:
            raise InfoseekError(
                "a worker process was killed, perhaps for want of memory: run the same command again to go on, with fewer --workers"
            ) from None


def map_threads(
    function: Callable[[Item], Result], items: Iterable[Item], *, stop: Callable[[], None], workers: int = 1, ahead: int = 2
) -> Generator[Result, None, None]:
    """The same by threads of this process, for functions that mostly wait for a server. They can't be ended from outside: `stop` is
    called when no more is wanted, for an error or an interrupt too, and has to make those that still run come to an end."""
    if workers <= 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from _ahead(pool, function, items, workers * ahead)
        finally:
            stop()


def _ahead(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], limit: int
) -> Generator[Result, None, None]:
    """Results in order, at most `limit` items in flight; what has not begun is cancelled when the caller wants no more."""
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= limit:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _start(setup: Callable[[], None] | None) -> None:
    # An interrupt is the parent's to handle; a worker whose parent was killed must not live on, it would hold the parent's locks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()
    if setup:
        setup()


def rest_collector() -> None:
    """For a process that has opened what it works on, and makes few cycles: the collector leaves alone what there is, and looks for
    garbage seldom. With its defaults it takes a fifth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
