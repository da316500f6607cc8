"""What a lake holds, whatever the catalogue says: episodes by series and language, and failures still standing.

From listings alone, taken apart as they come: how far three thousand series are fits into a page of keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from dubwright.lake import Lake
from dubwright.lake.layout import FailureKey, UnitKey, decode, failure_prefix, parse_failure, parse_unit, unit_prefix
from dubwright.lake.spreading import spread
from dubwright.lake.store import ObjectInfo
from dubwright.reports.failures import Failure, read_failure
from dubwright.stages import STAGES, Stage

Where = tuple[str, str, str | None]
LISTINGS_AT_ONCE = 16
# The tables that belong to the episode, not to a language.
SHARED = frozenset(stage.table for stage in STAGES.values() if not stage.per_language)


@dataclass(slots=True)
class SeriesCoverage:
    """How far a series is: the number of its episodes, and of those delivered in each language."""

    episodes: int = 0
    delivered: dict[str, int] = field(default_factory=dict)


def coverage(lake: Lake, series: str | None = None) -> dict[str, SeriesCoverage]:
    """Every series of the lake by name, or one of them."""
    found: dict[str, SeriesCoverage] = {}
    partitions: list[str | None] = [None, *languages(lake, "deliverable")]

    def count(language: str | None) -> list[tuple[str, int]]:
        table = "deliverable" if language else "source"
        return list(_episodes(lake, unit_prefix(table, language), series))

    with ThreadPoolExecutor(LISTINGS_AT_ONCE) as threads:
        for language, counts in zip(partitions, threads.map(count, partitions), strict=True):
            for name, number in counts:
                entry = found.setdefault(name, SeriesCoverage())
                if language:
                    entry.delivered[language] = number
                else:
                    entry.episodes = number
    # An episode that could not even be read is one all the same.
    unread = {(key.unit.series, key.unit.episode) for key in lake.failures("ingest", series=series)}
    for name, episode in unread:
        if not any(lake.units("source", series=name, episode=episode)):
            found.setdefault(name, SeriesCoverage()).episodes += 1
    return dict(sorted(found.items()))


def languages(lake: Lake, table: str) -> Iterator[str]:
    """The languages that a table has, in order, from one listing of their names."""
    return (decode(name) for name in lake.store.folders(f"{table}/language="))


def _episodes(lake: Lake, prefix: str, series: str | None) -> Iterator[tuple[str, int]]:
    """How many episodes of each series have a unit below a partition's prefix."""
    at = unit_prefix("", None, series).removeprefix("/") if series is not None else ""
    rests = (found.key[len(prefix) :].rpartition("/")[0] for found in lake.store.list(prefix + at))
    # Keys are in order, so an episode's units are neighbours, and so are a series' episodes.
    episodes = (rest for rest, _ in groupby(rests))
    for part, group in groupby(episodes, key=lambda rest: rest.partition("/")[0]):
        if part.startswith("series="):
            yield decode(part.removeprefix("series=")), sum(1 for _ in group)


def newest(
    lake: Lake, table: str, language: str | None = None, series: str | None = None, episode: str | None = None
) -> Iterator[UnitKey]:
    """The unit that was committed last, for every episode (and language) of a table, or of those named."""
    latest: dict[Where, tuple[datetime, UnitKey]] = {}
    for written, key in _units(lake, table, language, series, episode):
        where = (key.series, key.episode, key.language)
        if where not in latest or latest[where][0] < written:
            latest[where] = (written, key)
    return (key for _, key in latest.values())


def newest_rows(
    lake: Lake, table: str, series: str, episode: str, language: str | None = None, names: Sequence[str] = ()
) -> list[dict[str, Any]] | None:
    """The rows of an episode's unit that was committed last, or some columns of them; None if there is none."""
    key = next(newest(lake, table, language, series, episode), None)
    return lake.rows(key, names) if key else None


def standing_failures(lake: Lake, series: str | None = None) -> Iterator[Failure]:
    """Failed units with nothing committed since for the same stage, episode and language; the last attempt of each."""
    stages = list(STAGES.values())
    # Side by side: what takes time is the way to the store and back.
    listed = spread(lambda stage: list(_failures(lake, stage, series)), stages, len(stages))
    for stage, attempts in zip(stages, listed, strict=True):
        last: dict[Where, tuple[datetime, FailureKey]] = {}
        for found in attempts:
            key = parse_failure(found.key)
            if key and series in (None, key.unit.series):
                where = (key.unit.series, key.unit.episode, key.unit.language)
                last[where] = max(
                    last.get(where, (found.modified, key)), (found.modified, key), key=lambda pair: pair[0]
                )
        for (name, episode, language), (written, key) in last.items():
            since = (
                found.modified >= written
                for found in lake.store.list(unit_prefix(stage.table, language, name, episode))
                if parse_unit(found.key)
            )
            if not any(since):
                yield read_failure(key, lake)


def _failures(lake: Lake, stage: Stage, series: str | None) -> Iterator[ObjectInfo]:
    if series is None or not stage.per_language:
        yield from lake.store.list(failure_prefix(stage.name, None, series))
        return
    for language in languages(lake, f"failure/stage={stage.name}"):
        yield from lake.store.list(failure_prefix(stage.name, language, series))


def _units(
    lake: Lake, table: str, language: str | None, series: str | None, episode: str | None
) -> Iterable[tuple[datetime, UnitKey]]:
    # A table's keys begin with the language where it has one, so a series alone narrows nothing there.
    narrow = (series, episode if series is not None else None) if language or table in SHARED else (None, None)
    for found in lake.store.list(unit_prefix(table, language, *narrow)):
        key = parse_unit(found.key)
        if key and series in (None, key.series) and episode in (None, key.episode):
            yield found.modified, key
