"""SIGTERM while a flow runs, in a process of its own: it must end the flow wherever the signal is delivered."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Prefect's handler raises where the signal finds the main thread: here in a task whose exception nobody awaits.
SCRIPT = """
import asyncio, os, signal
from prefect.exceptions import TerminationSignal
from prefect.utilities.engine import capture_sigterm
from tasks.termination import heeds_sigterm

heeds = heeds_sigterm if {heeding} else (lambda body: body)

async def elsewhere():
    {elsewhere}

@heeds
async def below():
    nobody_awaits = asyncio.create_task(elsewhere())
    try:
        await asyncio.sleep(5)
        print("not heard")
    finally:
        await asyncio.sleep(0.05)
        print("cleaned up")

@heeds
async def flow():
    async def captured():
        with capture_sigterm():
            await below()
    await asyncio.gather(captured(), captured())

signal.signal(signal.SIGTERM, lambda *_: print("handled as before"))
try:
    with capture_sigterm():
        asyncio.run(flow())
except TerminationSignal:
    print("ended by SIGTERM")
except asyncio.CancelledError:
    print("cancelled")
print(signal.getsignal(signal.SIGTERM).__name__)
"""
ONCE = "os.kill(os.getpid(), signal.SIGTERM)"


def ran(elsewhere: str, *, heeding: bool = True) -> list[str]:
    script = SCRIPT.format(elsewhere=elsewhere, heeding=heeding)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [ONCE, f"{ONCE}; await asyncio.sleep(0.02); {ONCE}"], ids=["once", "twice"])
def test_it_ends_the_flow_whatever_the_event_loop_does(elsewhere: str) -> None:
    assert ran(elsewhere) == ["cleaned up", "cleaned up", "handled as before", "ended by SIGTERM", "<lambda>"]


@pytest.mark.slow
def test_prefect_alone_loses_it() -> None:
    """Why the decorator is there: when this fails it may go."""
    assert "not heard" in ran(ONCE, heeding=False)


@pytest.mark.slow
def test_a_cancellation_by_someone_else_stays_one() -> None:
    ended = ran("[task.cancel() for task in asyncio.all_tasks() if task is not asyncio.current_task()]")
    assert "cancelled" in ended
    assert "ended by SIGTERM" not in ended
