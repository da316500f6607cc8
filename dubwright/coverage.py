"""What a lake holds, whatever the catalogue says: episodes by series and language, and failures still standing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dubwright.lake import Lake
from dubwright.lake.layout import FailureKey, UnitKey, failure_prefix, parse_failure, parse_unit, unit_prefix
from dubwright.report import Failure, read_failure
from dubwright.stages import STAGES

Where = tuple[str, str, str | None]


@dataclass(slots=True)
class SeriesCoverage:
    """How far a series is: its episodes, and of them those delivered in each language."""

    episodes: set[str] = field(default_factory=set)
    delivered: dict[str, set[str]] = field(default_factory=dict)


def coverage(lake: Lake) -> dict[str, SeriesCoverage]:
    """Every series of the lake, from listings alone."""
    found: dict[str, SeriesCoverage] = {}
    for key in lake.units("source"):
        found.setdefault(key.series, SeriesCoverage()).episodes.add(key.episode)
    for key in lake.units("deliverable"):
        series = found.setdefault(key.series, SeriesCoverage())
        series.episodes.add(key.episode)
        series.delivered.setdefault(key.language or "", set()).add(key.episode)
    for failure in lake.failures("ingest"):
        found.setdefault(failure.unit.series, SeriesCoverage()).episodes.add(failure.unit.episode)
    return dict(sorted(found.items()))


def newest(lake: Lake, table: str, language: str | None = None, series: str | None = None) -> Iterator[UnitKey]:
    """The unit that was committed last, for every episode (and language) of a table."""
    latest: dict[Where, tuple[datetime, UnitKey]] = {}
    for written, key in _units(lake, table, language, series):
        where = (key.series, key.episode, key.language)
        if where not in latest or latest[where][0] < written:
            latest[where] = (written, key)
    return (key for _, key in latest.values())


def standing_failures(lake: Lake) -> Iterator[Failure]:
    """Failed units with nothing committed since for the same stage, episode and language; the last attempt of each."""
    for stage in STAGES.values():
        committed: dict[Where, datetime] = {}
        for written, unit in _units(lake, stage.table):
            where = (unit.series, unit.episode, unit.language)
            committed[where] = max(written, committed.get(where, written))
        last: dict[Where, tuple[datetime, FailureKey]] = {}
        for found in lake.store.list(failure_prefix(stage.name)):
            key = parse_failure(found.key)
            if key:
                where = (key.unit.series, key.unit.episode, key.unit.language)
                last[where] = max(
                    last.get(where, (found.modified, key)), (found.modified, key), key=lambda pair: pair[0]
                )
        for where, (written, key) in last.items():
            if where not in committed or committed[where] < written:
                yield read_failure(key, lake)


def _units(
    lake: Lake, table: str, language: str | None = None, series: str | None = None
) -> Iterable[tuple[datetime, UnitKey]]:
    # A table's keys begin with the language where it has one, so a series alone narrows nothing.
    prefix = unit_prefix(table, language, series if language else None)
    for found in lake.store.list(prefix):
        key = parse_unit(found.key)
        if key and series in (None, key.series):
            yield found.modified, key
