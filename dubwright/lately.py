"""Values that are dear to come by and never change, kept up to a number of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Lately(Generic[Key, Value]):
    """The values of the `most` keys that were asked for last. Any thread may ask; what none has is made outside the lock."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """The values of those keys that have one."""
        with self._lock:
            found = {key: self._values[key] for key in keys if key in self._values}
            for key in found:
                self._values.move_to_end(key)
        return found

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
        """The values of keys, in their order; `make` gives those of the keys that have none, in theirs."""
        found = self.known(keys)
        new = [key for key in dict.fromkeys(keys) if key not in found]
        found |= self.keep(new, make(new)) if new else {}
        return [found[key] for key in keys]
