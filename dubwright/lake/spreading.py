"""Work that waits for a store more than it computes, done side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

THREADS = 16

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def spread(function: Callable[[Item], Answer], items: Iterable[Item], threads: int = THREADS) -> Iterator[Answer]:
    """`function` of every item, in order, on some threads; a few at a time are under way, however many there are."""
    waiting = iter(items)
    first = list(islice(waiting, 2))
    if len(first) < 2:  # nothing is beside it
        yield from map(function, first)
        return
    waiting = chain(first, waiting)
    with ThreadPoolExecutor(threads, thread_name_prefix="dubwright-lake") as pool:
        under_way: list[Future[Answer]] = [pool.submit(function, item) for item in islice(waiting, 2 * threads)]
        try:
            while under_way:
                done = under_way.pop(0).result()
                under_way += [pool.submit(function, item) for item in islice(waiting, 1)]
                yield done
        finally:
            for future in under_way:
                future.cancel()
