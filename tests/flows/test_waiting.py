"""Things that run side by side: nobody goes on before the last has ended."""

from __future__ import annotations

import asyncio

import pytest

from tasks.waiting import all_ended


def test_results_come_in_their_order() -> None:
    async def both() -> list[str]:
        assert await all_ended() == []
        return await all_ended(asyncio.sleep(0.01, "slow"), asyncio.sleep(0, "fast"))

    assert asyncio.run(both()) == ["slow", "fast"]


def test_an_error_is_told_when_all_have_ended() -> None:
    ended = []

    async def fails() -> None:
        raise ValueError("first")

    async def goes_on() -> None:
        await asyncio.sleep(0.02)
        ended.append(True)

    async def both() -> None:
        await all_ended(fails(), goes_on())

    with pytest.raises(ValueError, match="first"):
        asyncio.run(both())
    assert ended


def test_a_cancelled_caller_waits_for_all_to_clean_up() -> None:
    cleaned: list[str] = []

    async def cleans_up(name: str, takes_s: float) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(takes_s)
            cleaned.append(name)

    async def cancelled() -> None:
        caller = asyncio.create_task(all_ended(cleans_up("quick", 0), cleans_up("slow", 0.05)))
        await asyncio.sleep(0.01)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller

    asyncio.run(cancelled())
    assert cleaned == ["quick", "slow"]
