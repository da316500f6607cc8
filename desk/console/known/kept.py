"""A lake that keeps what it has read, for pages that many people open: no file of a unit, a correction or a fact ever changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from dubwright.lake import Lake
from dubwright.lake.lake import UnitFile
from dubwright.lake.layout import UnitKey
from dubwright.lake.store import ObjectStore
from dubwright.lately import Lately

# Units that are kept, some 100 KB each as rows, and files of people's decisions, some KB each.
UNITS, DECISIONS = 600, 20_000


class KeptLake(Lake):
    """The lake over an object store. What is there is listed anew each time; what stands in it is read once."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store)
        self._units: Lately[UnitKey, UnitFile] = Lately(UNITS)
        self._rows_of: Lately[tuple[UnitKey, tuple[str, ...]], list[dict[str, Any]]] = Lately(UNITS)
        self._decisions: Lately[str, list[dict[str, Any]]] = Lately(DECISIONS)

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process nothing of it is kept yet."""
        return KeptLake, (self.store,)

    def read(self, key: UnitKey) -> UnitFile:
        return self._units.one(key, partial(super().read, key))

    def rows(self, key: UnitKey, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        rows = self._rows_of.one((key, tuple(names)), partial(super().rows, key, names))
        return [dict(row) for row in rows]

    def _each(self, table: str, keys: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
        read = partial(super()._each, table)
        return ([dict(row) for row in rows] for rows in self._decisions.of(keys, read))
