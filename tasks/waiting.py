"""Waits for things that run side by side, to the end of the last of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def all_ended(*awaitables: Awaitable[T]) -> list[T]:
    """The results, once every one has ended, also where one fails or the caller is cancelled; then the first error.

    Plain `asyncio.gather` is done as soon as one of them is: whatever the others still clean up with, as the cluster
    that they are connected to, would be closed under them.
    """
    ended = await asyncio.gather(*awaitables, return_exceptions=True)
    results = [each for each in ended if not isinstance(each, BaseException)]
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return results
