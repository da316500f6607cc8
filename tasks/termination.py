"""SIGTERM, heard wherever the event loop is; and Ctrl-C, heard by the command alone.

While a flow runs, Prefect answers SIGTERM by raising `TerminationSignal` from its signal handler: in whatever callback or
background task runs just then. asyncio stores an exception of a task in that task and logs one of a callback, so a busy
run would lose the signal and go on. Here the handler only cancels the task of the outermost flow, as `asyncio.Runner`
does for SIGINT, and the exception is raised where Prefect awaits it.
"""

from __future__ import annotations

import asyncio
import functools
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from multiprocessing import resource_tracker
from typing import Any, ParamSpec, TypeVar, cast

from prefect.exceptions import TerminationSignal

P = ParamSpec("P")
R = TypeVar("R")

# The handler of the flow at the top, for the flows below it.
_above: ContextVar[Callable[..., None] | None] = ContextVar("_above", default=None)


@contextmanager
def unheard() -> Iterator[None]:
    """Processes started meanwhile, and by threads started meanwhile, never hear Ctrl-C.

    A terminal sends it to all processes of a command at once: to what a run needs to end in order, too.
    """
    # Once in a process multiprocessing starts its tracker, and then unblocks what is blocked here.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def heeds_sigterm(body: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """A flow's body that ends with `TerminationSignal`, after all of its cleaning up, when SIGTERM comes."""

    @functools.wraps(body)
    async def heeding(*args: P.args, **kwargs: P.kwargs) -> R:
        if above := _above.get():
            # Prefect has put its own handler over it; it takes that away again when this flow ends.
            _install(above)
            return await body(*args, **kwargs)
        loop = asyncio.get_running_loop()
        task = cast(asyncio.Task[Any], asyncio.current_task())
        heard = False

        def end() -> None:
            nonlocal heard
            # Once: a second cancellation would interrupt the cleaning up that the first one began.
            if not heard:
                heard = True
                task.cancel()

        def hear(*_: object) -> None:
            # Python calls this between any two instructions of the main thread, also while the loop sleeps.
            loop.call_soon_threadsafe(end)

        token = _above.set(hear)
        before = _install(hear)
        try:
            return await body(*args, **kwargs)
        except asyncio.CancelledError:
            if not heard:
                raise
            task.uncancel()
            raise TerminationSignal(signal=signal.SIGTERM) from None
        finally:
            _above.reset(token)
            if before is not None:
                signal.signal(signal.SIGTERM, before)

    return heeding


def _install(handler: Callable[..., None]) -> Any:
    """Answer SIGTERM by `handler`; what answered before, None outside the main thread, where nobody can listen."""
    try:
        return signal.signal(signal.SIGTERM, handler)
    except ValueError:
        return None
