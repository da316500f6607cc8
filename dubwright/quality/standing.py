"""How good deliverables are, as it stands in the lake: what was measured of each, under the bounds of today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dubwright.errors import KeyMissingError, UnreadableError
from dubwright.lake import Lake, compaction, layout, reading
from dubwright.lake.layout import UnitKey
from dubwright.lake.spreading import spread
from dubwright.quality import gate
from dubwright.quality.gate import PICTURE, TABLE, EpisodeQuality, key_of
from dubwright.settings import QualitySettings

COLUMNS = ("segment", "metric", "value", "reason", "blob")
# Of a series whose units are compacted, so many are read as one file.
TOGETHER = 8

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Standing:
    """A deliverable, the verdict on it, and the rows behind that: none where it was not measured."""

    key: UnitKey
    quality: EpisodeQuality
    rows: Rows

    @property
    def picture(self) -> str | None:
        """The key of the blob with its timeline, if one was drawn."""
        return next((row["blob"] for row in self.rows if row["metric"] == PICTURE and row["blob"]), None)


def of_unit(lake: Lake, deliverable: UnitKey, settings: QualitySettings) -> Standing:
    """How good one deliverable is."""
    rows = _read(lake, key_of(deliverable))
    return Standing(deliverable, gate.judge(rows, settings), rows)


def of_units(lake: Lake, deliverables: Iterable[UnitKey], settings: QualitySettings) -> Iterator[Standing]:
    """How good deliverables are, sorted by series, episode and language."""
    found = {key: rows for keys in _partitions(deliverables) for key, rows in _rows_of(lake, keys)}
    for key in sorted(found, key=lambda key: (key.series, key.episode, key.language or "")):
        yield Standing(key, gate.judge(found[key], settings), found[key])


def withheld(lake: Lake, deliverables: Sequence[UnitKey], settings: QualitySettings) -> dict[UnitKey, Standing]:
    """Those whose files the policy keeps back."""
    if settings.deliver == "always":
        return {}
    return {each.key: each for each in of_units(lake, deliverables, settings) if each.quality.withheld(settings)}


def _partitions(keys: Iterable[UnitKey]) -> list[list[UnitKey]]:
    """Deliverables by series and language."""
    found: dict[tuple[str, str | None], list[UnitKey]] = {}
    for key in keys:
        found.setdefault((key.series, key.language), []).append(key)
    return list(found.values())


def _rows_of(lake: Lake, keys: Sequence[UnitKey]) -> Iterator[tuple[UnitKey, Rows]]:
    """What was measured of the deliverables of one series and language: from its compacted file as far as that holds them."""
    language, series = keys[0].language, keys[0].series
    held = compaction.held(lake, TABLE, language, series) if len(keys) >= TOGETHER else {}
    together = [key for key in keys if held.get(key.episode) == key.fingerprint]
    if together:
        by_episode: dict[str, list[Mapping[str, Any]]] = {key.episode: [] for key in together}
        names = ("episode", "fingerprint", *COLUMNS)
        rows = reading.columns(lake, layout.compacted(TABLE, language, series), names).to_pylist()
        for row in rows:
            if held.get(row["episode"]) == row["fingerprint"] and row["episode"] in by_episode:
                by_episode[row["episode"]].append(row)
        yield from ((key, by_episode[key.episode]) for key in together)
    alone = [key for key in keys if key not in set(together)]
    yield from zip(alone, spread(lambda key: _read(lake, key_of(key)), alone), strict=True)


def _read(lake: Lake, key: UnitKey) -> Rows:
    """Nothing where it was not measured, or cannot be read: `lake verify` tells of that, and no run ends by it."""
    try:
        rows: Rows = reading.columns(lake, str(key), COLUMNS).to_pylist()
    except (KeyMissingError, UnreadableError):
        return ()
    return rows
