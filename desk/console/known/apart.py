"""Work in processes of its own: what keeps the interpreter busy for a second would hold up every page meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Concatenate, Generic, ParamSpec, TypeVar, cast

from dubwright.errors import StoreError

Own = TypeVar("Own")
Given = ParamSpec("Given")
Found = TypeVar("Found")
# So nice is what nobody waits for: pages go first.
BEHIND = 19


class Beside(Generic[Own]):
    """A process beside this one, with a copy of `own` and all that this copy keeps; it ends with this one.

    `own` can be pickled. The process is started with the first call, or before it by `start`; `nice` is added to its niceness.
    """

    def __init__(self, own: Own, nice: int = 0) -> None:
        self._own = own
        self._nice = nice
        self._there: Connection | None = None
        self._process: BaseProcess | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Have the process started, and wait for nothing."""
        with self._lock:
            self._pipe()

    def call(
        self, function: Callable[Concatenate[Own, Given], Found], *given: Given.args, **named: Given.kwargs
    ) -> Found:
        """What a function of a module returns, or raises, of the copy; one call after the other.

        What it is given, returns and raises can be pickled. Raises `StoreError` if the process is killed; the next call has a
        new one.
        """
        with self._lock:
            pipe = self._pipe()
            try:
                pipe.send((function, given, named))
                done, found = pipe.recv()
            except (EOFError, OSError) as error:
                self._hang_up()
                raise StoreError(
                    "the process that was to look has ended", remedy="see whether there is memory left"
                ) from error
        if not done:
            raise cast(Exception, found)
        return cast(Found, found)

    def close(self) -> None:
        """Have the process end, and wait for that."""
        with self._lock:
            self._hang_up()

    def _pipe(self) -> Connection:
        if self._there is None:
            spawned = multiprocessing.get_context("spawn")
            here, there = spawned.Pipe()
            self._process = spawned.Process(target=_work, args=(there, self._own, self._nice), daemon=True)
            self._process.start()
            # Held by the other process alone, so that either one learns of the other's end.
            there.close()
            self._there = here
        return self._there

    def _hang_up(self) -> None:
        if self._there is not None and self._process is not None:
            self._there.close()
            self._process.join()
            self._there = self._process = None


def apart(function: Callable[[Own], Found], given: Own) -> Found:
    """What a function returns, or raises, in a process that ends with it, and gives back its memory; see `Beside.call`."""
    beside = Beside(given, BEHIND)
    try:
        return beside.call(function)
    finally:
        beside.close()


def _work(asked: Connection, own: Own, nice: int) -> None:
    os.nice(nice)
    # Whoever ends the console ends it: Ctrl-C in its terminal is meant for that one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            function, given, named = asked.recv()
        except (EOFError, OSError):
            return
        try:
            asked.send((True, function(own, *given, **named)))
        except Exception as error:
            asked.send((False, error))
