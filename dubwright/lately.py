"""Values that are dear to come by and never change, kept up to a number of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Lately(Generic[Key, Value]):
    """The values of the `most` keys that were asked for last. Any thread may ask; each value is made by one of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._making: dict[Key, Future[Value]] = {}
        self._lock = threading.Lock()

    def known(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """The values of those keys that have one."""
        with self._lock:
            return self._known(keys)

    def keep(self, keys: Sequence[Key], values: Iterable[Value]) -> dict[Key, Value]:
        """Have values for keys, one each; both."""
        found = dict(zip(keys, values, strict=True))
        with self._lock:
            for key, value in found.items():
                self._values[key] = value
                self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return found

    def of(self, keys: Sequence[Key], make: Callable[[list[Key]], Iterable[Value]]) -> list[Value]:
        """The values of keys, in their order; `make` gives those of the keys that have none, in theirs.

        What another thread is making is waited for. Raises what `make` raises, here or there.
        """
        with self._lock:
            found = self._known(keys)
            new = [key for key in dict.fromkeys(keys) if key not in found]
            theirs = {key: self._making[key] for key in new if key in self._making}
            mine = {key: Future[Value]() for key in new if key not in theirs}
            self._making |= mine
        if mine:
            found |= self._made(mine, make)
        # Only now, so that no two wait for each other.
        found |= {key: making.result() for key, making in theirs.items()}
        return [found[key] for key in keys]

    def one(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it has none."""
        (value,) = self.of([key], lambda _: [make()])
        return value

    def _known(self, keys: Iterable[Key]) -> dict[Key, Value]:
        found = {key: self._values[key] for key in keys if key in self._values}
        for key in found:
            self._values.move_to_end(key)
        return found

    def _made(self, mine: dict[Key, Future[Value]], make: Callable[[list[Key]], Iterable[Value]]) -> dict[Key, Value]:
        try:
            made = self.keep(list(mine), make(list(mine)))
        except BaseException as error:
            self._done(mine)
            for waited_for in mine.values():
                waited_for.set_exception(error)
            raise
        self._done(mine)
        for key, waited_for in mine.items():
            waited_for.set_result(made[key])
        return made

    def _done(self, keys: Iterable[Key]) -> None:
        with self._lock:
            for key in keys:
                del self._making[key]
