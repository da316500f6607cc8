"""Large files for readers: of each table, language and series one file with the newest rows of every episode.

    SELECT * FROM read_parquet('lake/compacted/translation/**/*.parquet', hive_partitioning = true)

The file lies at a fixed key and is replaced whole, so that a reader without a catalogue sees every episode once, in
one version: the old or the new. The newest unit of an episode is the one that was committed last by the store's clock.
A file's metadata names the units it holds; a series of which nothing is new costs one listing and one footer.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from dubwright.errors import KeyMissingError, StoreError, UnreadableError
from dubwright.lake import census, layout, reading, schemas
from dubwright.lake.lake import METADATA, Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.spreading import spread

# Bytes of rows in memory that become one row group: what a reader takes at a time, and what writing one takes.
ROW_GROUP_BYTES = 128 * 2**20
# Files written side by side; each holds up to a row group and a unit in memory.
THREADS = 4

Done = Literal["written", "unchanged", "left alone"]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Compacted:
    """What a compaction did: files `written` anew, `unchanged`, `removed` because nothing is left of them; `remarks`."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Job:
    """One file to be: its key, and the newest unit of each episode."""

    key: str
    newest: Mapping[str, UnitKey]


def compact(lake: Lake, series: str | None = None, *, threads: int = THREADS) -> Compacted:
    """Bring the compacted files up to date; of one series only, if one is named. Raises `StoreError`.

    A series with a unit that cannot be read keeps the file that it has, and a remark says so.
    """
    done, keys = Compacted(), set()
    for job, what in spread(_compacting(lake), _jobs(lake, series), threads):
        keys.add(job.key)
        match what:
            case "written":
                done.written += 1
            case "unchanged":
                done.unchanged += 1
            case StoreError():
                done.remarks.append(f"{job.key} is left as it was: {what}")
    for found in lake.store.list("compacted/"):
        parsed = layout.parse_compacted(found.key)
        if parsed and series in (None, parsed[2]) and found.key not in keys:
            lake.store.delete(found.key)
            done.removed += 1
    return done


def held(lake: Lake, table: str, language: str | None, series: str) -> dict[str, str]:
    """Episode → fingerprint of the unit whose rows the compacted file holds; empty where there is no sound file."""
    try:
        content = reading.about(lake, layout.compacted(table, language, series))
    except (KeyMissingError, UnreadableError):
        return {}
    units = content.get("units")
    # One of another version is as good as none: it is written anew in the columns of today.
    sound = isinstance(units, dict) and content.get("schema_version") == schemas.VERSION
    return {str(episode): str(fingerprint) for episode, fingerprint in units.items()} if sound and units else {}


def _jobs(lake: Lake, series: str | None) -> Iterator[_Job]:
    for holdings in census.by_series(lake, series):
        newest: dict[tuple[str, str | None], dict[str, UnitKey]] = {}
        for (table, episode, language), units in holdings.versions().items():
            newest.setdefault((table, language), {})[episode] = units[-1].key
        for (table, language), episodes in newest.items():
            yield _Job(layout.compacted(table, language, holdings.series), dict(sorted(episodes.items())))


def _compacting(lake: Lake) -> Callable[[_Job], tuple[_Job, Done | StoreError]]:
    def one(job: _Job) -> tuple[_Job, Done | StoreError]:
        key = next(iter(job.newest.values()))
        wanted = {episode: unit.fingerprint for episode, unit in job.newest.items()}
        if held(lake, key.table, key.language, key.series) == wanted:
            return job, "unchanged"
        try:
            with TemporaryDirectory(prefix="dubwright-compact-") as folder:
                path = Path(folder, "rows.parquet")
                _write(path, lake, job, key.table, wanted)
                lake.store.replace(job.key, path)
        except (UnreadableError, KeyMissingError) as error:
            return job, error
        log.debug("compacted %s", job.key)
        return job, "written"

    return one


def _write(path: Path, lake: Lake, job: _Job, table: str, units: Mapping[str, str]) -> None:
    """Write the rows of a job's units, a row group in memory at a time."""
    about = {"schema_version": schemas.VERSION, "compacted_at": datetime.now(UTC).isoformat(), "units": units}
    schema = schemas.TABLES[table].with_metadata({METADATA: json.dumps(about, ensure_ascii=False).encode()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for unit in job.newest.values():
            rows = _rows(lake, unit).replace_schema_metadata(schema.metadata)
            if waiting and sum(each.nbytes for each in waiting) + rows.nbytes > ROW_GROUP_BYTES:
                _write_group(writer, waiting)
                waiting = []
            waiting.append(rows)
        _write_group(writer, waiting)


def _write_group(writer: pq.ParquetWriter, tables: list[pa.Table]) -> None:
    group = pa.concat_tables(tables)
    # One unit larger than a row group is cut; any other number of rows stays together.
    at_once = len(group) * ROW_GROUP_BYTES // group.nbytes if group.nbytes > ROW_GROUP_BYTES else len(group)
    writer.write_table(group, row_group_size=max(1, at_once))


def _rows(lake: Lake, unit: UnitKey) -> pa.Table:
    """A unit's rows in the columns of today, by segment."""
    try:
        rows = schemas.conform(unit.table, reading.table(lake, str(unit)))
    except pa.ArrowException as error:
        raise UnreadableError(f"does not fit its table: {error}", where=lake.uri, field=str(unit)) from error
    return rows.sort_by("segment")
