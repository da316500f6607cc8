"""Calls that may never return, made in a thread that can be left behind.

Python cannot end a thread. One that hangs in a library is abandoned: it keeps its memory, and its core if it computes,
until the process ends, which it does not hold up. A library that holds the interpreter's lock meanwhile stops
everything; against that only a process of its own helps.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class NotReturned(Exception):
    """A call took longer than it was given."""


class _Thread:
    """A thread that makes one call after the other, for as long as somebody holds this."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=_serve, args=(self._calls,), daemon=True, name="dubwright-watched").start()
        weakref.finalize(self, self._calls.put, None)

    def call(self, function: Callable[[], Any], seconds: float) -> Any:
        answer: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._calls.put((function, answer))
        try:
            found, error = answer.get(timeout=seconds)
        except Empty:
            raise NotReturned from None
        if error is not None:
            raise error
        return found


# One for each thread that asks, and always the same: libraries keep pools of threads for each thread that calls them.
_own = threading.local()


def within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """What a call returns or raises. Raises `NotReturned` after so many seconds; the call then goes on without us."""
    thread: _Thread = getattr(_own, "thread", None) or _Thread()
    _own.thread = thread
    try:
        found: Answer = thread.call(call, seconds)
        return found
    except (NotReturned, KeyboardInterrupt, SystemExit):
        # Whoever asks next must not wait behind this call.
        _own.thread = None
        raise


def _serve(calls: SimpleQueue[Any]) -> None:
    while (asked := calls.get()) is not None:
        function, answer = asked
        try:
            answer.put((function(), None))
        except BaseException as error:  # travels to who asked
            answer.put((None, error))
        del asked, function, answer
