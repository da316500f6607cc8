"""Units for tests of what maintains the lake: with recipes, blobs and what they read, at any age."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.local import LocalStore

SHARED = {"engine": "fake", "engine_version": "1", "model_sha256": None}
DAY = 24 * 3600.0


def unit(lake: Lake, table: str, *, days_old: float = 0, **about: Any) -> UnitKey:
    """Commit a unit to a local lake as if `days_old` days ago; `about` as in `commit`."""
    key = commit(lake, table, **about)
    age(lake, str(key), days_old)
    return key


def commit(
    lake: Lake,
    table: str,
    *,
    series: str = "长夜灯",
    episode: str = "01",
    language: str | None = None,
    revision: int = 1,
    reads: Iterable[UnitKey] = (),
    rows: int = 3,
    **columns: Any,
) -> UnitKey:
    """Commit a unit that differs from its other versions by `revision`."""
    upstream = {key.table: key for key in reads}
    recipe: Mapping[str, Any] = {
        "stage": table,
        "revision": revision,
        "language": language,
        "upstream": {name: key.fingerprint for name, key in upstream.items()},
    }
    key = UnitKey(table, series, episode, language, fingerprint(recipe))
    lines = [{**SHARED, "language": language or "zh", "segment": n, **columns} for n in range(1, rows + 1)]
    provenance = {"recipe": recipe, "upstream": {name: str(key) for name, key in upstream.items()}, "cost": {}}
    assert lake.commit(key, lines, provenance)
    return key


def blob(lake: Lake, content: bytes, days_old: float = 0) -> str:
    """A blob as if stored `days_old` days ago; its key."""
    key = lake.put_blob_bytes(content, "flac")
    age(lake, key, days_old)
    return key


def age(lake: Lake, key: str, days: float) -> None:
    """Make an object of a local lake look as old as this."""
    assert isinstance(lake.store, LocalStore)
    then = time.time() - days * DAY
    os.utime(lake.store.root / key, (then, then))


def keys(lake: Lake, prefix: str = "") -> set[str]:
    """Every key below a prefix."""
    return {found.key for found in lake.store.list(prefix)}
