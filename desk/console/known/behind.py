"""Values that take long to come by, kept in memory and taken anew behind the pages that show them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")
# How long a page waits (s) for a new value before it shows the old; not at all where it is sure to be late.
PATIENCE_S = 0.25
# What took long is taken anew after so many times as long.
REST = 4
_log = logging.getLogger(__name__)


class Behind(Generic[T]):
    """The newest value that `take` gave; one older than `fresh_s` is taken anew, by one thread. It `took` so long (s) last."""

    def __init__(self, take: Callable[[], T], fresh_s: float, name: str) -> None:
        self._own = take
        self._fresh_s = fresh_s
        self._name = name
        self._taken = self.took = 0.0
        self._value: T | None = None
        self._lock = threading.Lock()
        self._taking: Future[T] | None = None
        self._thread = ThreadPoolExecutor(1, f"dubwright-{name.replace(' ', '-')}")

    def get(self) -> T:
        """The value to show; only who asks first waits for it. Raises what `take` raises while there is none."""
        value, taking = self._asked()
        if taking is None:
            return self._take() if value is None else value
        try:
            patience = PATIENCE_S if self.took <= PATIENCE_S else 0.0
            return taking.result(None if value is None else patience)
        except Exception:
            # It takes longer, or failed for once: better an older value than none.
            if value is None:
                raise
            return value

    def known(self) -> T | None:
        """The value as far as it is known; nobody waits for it."""
        return self._asked()[0]

    def forget(self) -> None:
        """Have the next value taken anew, for something was changed just now."""
        with self._lock:
            self._taken = 0.0

    def _asked(self) -> tuple[T | None, Future[T] | None]:
        with self._lock:
            value = self._value
            if self._taking is None and time.monotonic() - self._taken > max(self._fresh_s, REST * self.took):
                self._taking = self._thread.submit(self._take)
            return value, self._taking

    def _take(self) -> T:
        begun = time.monotonic()
        try:
            found = self._own()
            self._value = found
            return found
        except Exception:
            _log.exception("%s could not be taken", self._name)
            raise
        finally:
            with self._lock:
                self._taken, self._taking = time.monotonic(), None
                self.took = self._taken - begun
