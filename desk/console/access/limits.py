"""How much may be asked in a while, by a session, a user or an address."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable


class Limiter:
    """`most` at once, as many again over `seconds`. What is not asked for longest is forgotten beyond `keys`."""

    def __init__(
        self, most: int, seconds: float, keys: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._rate = most / seconds
        self._keys = keys
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one: 0, or how long (s) there is none."""
        now = self._clock()
        left, since = self._left.get(key, (float(self._most), now))
        left = min(self._most, left + (now - since) * self._rate)
        taken = left >= 1
        self._left[key] = (left - taken, now)
        self._left.move_to_end(key)
        if len(self._left) > self._keys:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / self._rate

    def give_back(self, key: str) -> None:
        """Undo a `take`."""
        left, since = self._left.get(key, (float(self._most), 0.0))
        self._left[key] = (min(self._most, left + 1), since)


def neighbourhood(address: str) -> str:
    """An address, or the network that one household has where it is IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
