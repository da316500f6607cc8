"""Which blobs the lake's units and facts refer to: of units, from compacted files where they hold them, else from each."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa

from dubwright.lake import compaction, layout, reading, schemas
from dubwright.lake.census import Holdings
from dubwright.lake.lake import Lake
from dubwright.lake.spreading import spread

# Digests gathered before they are sorted in among the others.
UNSORTED = 1 << 20


class Digests:
    """A set of blobs by the first 8 bytes of their digests: 8 bytes of memory each.

    That two digests begin alike is possible and harmless: a blob is then taken to be in the set that is not.
    """

    def __init__(self) -> None:
        self._sorted = np.empty(0, np.uint64)
        self._new = array("Q")

    def add(self, blob: str) -> None:
        """Add a blob's key."""
        self._new.append(_head(blob))
        if len(self._new) >= UNSORTED:
            self._merge()

    def __contains__(self, blob: str) -> bool:
        self._merge()
        head = np.uint64(_head(blob))
        at = int(np.searchsorted(self._sorted, head))
        return at < len(self._sorted) and bool(self._sorted[at] == head)

    def _merge(self) -> None:
        if self._new:
            self._sorted = np.union1d(self._sorted, np.frombuffer(self._new, np.uint64))
            self._new = array("Q")


def blob_columns(table: str) -> list[str]:
    """The columns of a table that hold keys of blobs."""
    return [field.name for field in schemas.TABLES[table] if (field.metadata or {}).get(b"unit") == b"key"]


def blobs_in(table: str, rows: pa.Table) -> Iterator[str]:
    """Every value in a table's blob columns that can be a blob's key; anything else is no reference."""
    for name in blob_columns(table):
        if name in rows.column_names:
            for value in rows[name].unique().to_pylist():
                if isinstance(value, str) and layout.is_blob(value):
                    yield value


def of_series(lake: Lake, holdings: Holdings, *, compacted: bool = True) -> Iterator[str]:
    """The blobs that a series' units refer to, and, if `compacted`, those that its compacted files do.

    Raises `UnreadableError` for a unit that cannot be read: nobody knows what it refers to.
    """
    for (table, language), units in holdings.partitions().items():
        names = blob_columns(table)
        if not names:
            continue
        held = compaction.held(lake, table, language, holdings.series) if compacted else {}
        if held:
            key = layout.compacted(table, language, holdings.series)
            yield from blobs_in(table, reading.columns(lake, key, names))
        rest = [str(unit.key) for unit in units if held.get(unit.key.episode) != unit.key.fingerprint]
        yield from _of_units(lake, table, rest, names)


def of_facts(lake: Lake) -> Iterator[str]:
    """The blobs that facts about series refer to. Raises `UnreadableError`."""
    facts = (layout.parse_series(found.key) for found in lake.store.list(layout.SERIES))
    telling = (fact for fact in facts if fact and fact.kind in schemas.TABLES and blob_columns(fact.kind))
    for table, rows in spread(lambda fact: (fact.kind, reading.table(lake, str(fact))), telling):
        yield from blobs_in(table, rows)


def _of_units(lake: Lake, table: str, keys: Collection[str], names: list[str]) -> Iterator[str]:
    for rows in spread(lambda key: reading.columns(lake, key, names), keys) if keys else ():
        yield from blobs_in(table, rows)


def _head(blob: str) -> int:
    return int(blob.rpartition("/")[2][:16], 16)
