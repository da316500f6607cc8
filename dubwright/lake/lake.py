"""Units, blobs, failures and edits, committed to and read from an object store.

A unit is one Parquet file, and that file's existence is the commit. Blobs go first, the file last, with
create-if-absent; so a reader never sees half a unit, and of two writers one wins and both are content.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from dubwright.errors import EditConflictError, StoreError, UnreadableError
from dubwright.lake import layout, schemas
from dubwright.lake.layout import EditKey, EvaluationKey, FailureKey, ReviewKey, SeriesKey, UnitKey
from dubwright.lake.spreading import spread
from dubwright.lake.store import ObjectStore, open_store

METADATA = b"dubwright"


@dataclass(frozen=True, slots=True)
class UnitFile:
    """A committed unit: its rows, and its provenance (`recipe`: what its fingerprint digests, `cost`: what it took)."""

    key: UnitKey
    table: pa.Table
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return rows

    def row(self) -> dict[str, Any]:
        """The only row of a one-row unit."""
        (row,) = self.rows()
        return row


class Lake:
    """The lake over one object store. Cheap to open; holds no state but the store."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self.uri = store.uri

    # Units -------------------------------------------------------------------------------------------

    def committed(self, key: UnitKey) -> bool:
        return self.store.exists(str(key))

    def commit(self, key: UnitKey, rows: Sequence[Mapping[str, Any]], provenance: Mapping[str, Any]) -> bool:
        """Commit a unit's rows; the key's columns and `created_at` are filled in. False if it was there already.

        Raises `SchemaError` for rows that do not fit the table, `StoreError` if the store fails; then nothing is visible.
        """
        now = datetime.now(UTC)
        shared = {
            "series": key.series,
            "episode": key.episode,
            "fingerprint": key.fingerprint,
            "created_at": now,
        }
        if key.language is not None:
            shared["language"] = key.language
        table = schemas.to_table(key.table, [{**row, **shared} for row in rows])
        about = {"schema_version": schemas.VERSION, "committed_at": now.isoformat(), **provenance}
        return self.store.put_if_absent(str(key), _to_parquet(table, about))

    def read(self, key: UnitKey) -> UnitFile:
        """The committed unit. Raises `KeyMissingError` if it is not committed."""
        table = decoded(self.store.read(str(key)))
        provenance = json.loads((table.schema.metadata or {}).get(METADATA, b"{}"))
        return UnitFile(key, schemas.conform(key.table, table), provenance)

    def rows(self, key: UnitKey, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        """The rows of the committed unit, or some columns of them, which are all that is decoded. Raises as `read` does."""
        if not names:
            return self.read(key).rows()
        table = decoded(self.store.read(str(key)), names)
        rows: list[dict[str, Any]] = schemas.conform(key.table, table, names).to_pylist()
        return rows

    def units(self, table: str, **narrow: str | None) -> Iterator[UnitKey]:
        """Every committed unit of a table, from the listing alone; narrowed by `language`, `series`, `episode`."""
        for found in self.store.list(layout.unit_prefix(table, **narrow)):
            key = layout.parse_unit(found.key)
            if key:
                yield key

    # Blobs -------------------------------------------------------------------------------------------

    def put_blob(self, path: Path) -> str:
        """Store a file by its content; its key. An ending that no key has is left out: a video may be called anything."""
        ending = path.suffix.removeprefix(".").lower()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        key = layout.blob(digest, ending if layout.is_ending(ending) else "bin")
        self.store.put_file(key, path)
        return key

    def put_blob_bytes(self, data: bytes, extension: str) -> str:
        """Store bytes by their content; their key."""
        key = layout.blob(hashlib.sha256(data).hexdigest(), extension)
        self.store.put_if_absent(key, data)
        return key

    def blob_file(self, key: str) -> AbstractContextManager[Path]:
        """The blob as a readable local file for the time of the `with` block."""
        _check_blob(key)
        return self.store.as_file(key)

    def read_blob(self, key: str) -> bytes:
        _check_blob(key)
        return self.store.read(key)

    # Failures ----------------------------------------------------------------------------------------

    def failures(self, stage: str, **narrow: str | None) -> Iterator[FailureKey]:
        """Every recorded failed attempt of a stage, from the listing alone."""
        for found in self.store.list(layout.failure_prefix(stage, **narrow)):
            key = layout.parse_failure(found.key)
            if key:
                yield key

    def record_failure(self, unit: UnitKey, stage: str, error: Mapping[str, Any], *, permanent: bool) -> FailureKey:
        """Add a failed attempt at a unit; `error` is JSON-able. Attempts are numbered from 1."""
        of_stage = UnitKey(stage, unit.series, unit.episode, unit.language, unit.fingerprint)
        narrow = {"language": unit.language, "series": unit.series, "episode": unit.episode}
        attempt = 1 + sum(key.unit == of_stage for key in self.failures(stage, **narrow))
        body = json.dumps({**error, "at": datetime.now(UTC).isoformat()}, ensure_ascii=False).encode()
        while not self.store.put_if_absent(str(key := FailureKey(of_stage, attempt, permanent)), body):
            attempt += 1
        return key

    def read_failure(self, key: FailureKey) -> dict[str, Any]:
        try:
            return dict(json.loads(self.store.read(str(key))))
        except ValueError:
            return {"error": "unreadable", "problem": "the record of this failure is not JSON", "where": str(key)}

    # Edits -------------------------------------------------------------------------------------------

    def edit_keys(self, language: str, series: str | None = None, episode: str | None = None) -> Iterator[EditKey]:
        """Every correction in a language, or of a series or episode, from the listing alone; a line's are in order."""
        for found in self.store.list(layout.unit_prefix("edit", language, series, episode)):
            key = layout.parse_edit(found.key)
            if key:
                yield key

    def add_edit(
        self,
        language: str,
        series: str,
        episode: str,
        *,
        segment: int,
        source_text: str,
        text: str | None,
        editor: str,
        start_ms: int | None = None,
        end_ms: int | None = None,
        subtitle_text: str | None = None,
        short_text: str | None = None,
        after: int | None = None,
    ) -> str:
        """Append a person's correction to the chain of one line; its key.

        `after` is the number of the last one that the person had seen, 0 for none; None takes whatever came last as
        seen. Raises `EditConflictError`, and writes nothing, where there is a newer one.
        """
        row = {
            "segment": segment,
            "source_text": source_text,
            "text": text,
            "start_ms": start_ms,
            "end_ms": end_ms,
            "subtitle_text": subtitle_text,
            "short_text": short_text,
            "editor": editor,
        }
        seen = self._last_edit(language, series, episode, segment) if after is None else after
        while True:
            key = EditKey(language, series, episode, segment=segment, number=seen + 1)
            last = seen if after is None else self._last_edit(language, series, episode, segment)
            if last == seen and self._put_edits(key, [{**row, "number": key.number}]):
                return str(key)
            last = self._last_edit(language, series, episode, segment)
            if after is not None:
                raise self.edit_conflict(replace(key, number=last))
            seen = last

    def add_pins(self, key: EditKey, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep texts of an episode that are to stand whatever an engine says; rows of the table `edit`."""
        self._put_edits(key, [{**row, "base": key.base} for row in rows])

    def read_edits(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        """The corrections behind these keys, in their order. Raises `UnreadableError` for a file that is none of ours."""
        return [row for rows in self._each("edit", keys) for row in rows]

    def _put_edits(self, key: EditKey, rows: Sequence[Mapping[str, Any]]) -> bool:
        shared = {"series": key.series, "episode": key.episode, "language": key.language}
        return self._append("edit", str(key), rows, shared)

    def _last_edit(self, language: str, series: str, episode: str, segment: int) -> int:
        # Nothing but this line's chain begins so: six digits and a dot.
        prefix = str(EditKey(language, series, episode, segment=segment, number=1)).removesuffix("000001.parquet")
        keys = (layout.parse_edit(found.key) for found in self.store.list(prefix))
        return max((key.number for key in keys if key), default=0)

    def edit_conflict(self, key: EditKey) -> EditConflictError:
        """The error that names this correction as one that somebody had not seen."""
        where, field = f"{key.series}/{key.episode}", f"line {key.segment}"
        if not key.number:
            problem = "has no such correction any more"
            return EditConflictError(problem, where=where, field=field, remedy="look at the line again")
        (row,) = self.read_edits([str(key)])
        said = "the engine's line" if row["text"] is None else repr(row["text"])
        return EditConflictError(
            f"{row['editor']} changed the line at {row['created_at']:%Y-%m-%d %H:%M} UTC, to {said}",
            where=where,
            field=field,
            remedy="look at the line again, then correct it",
            text=row["text"],
            editor=row["editor"],
            at=row["created_at"],
            number=key.number,
        )

    # Reviews -----------------------------------------------------------------------------------------

    def review_keys(self, language: str, series: str, episode: str | None = None) -> list[ReviewKey]:
        """What was said on a series, or one episode, from the listing alone; an episode's oldest first."""
        found = self.store.list(layout.unit_prefix("review", language, series, episode))
        keys = [key for each in found if (key := layout.parse_review(each.key))]
        return sorted(keys, key=lambda key: (key.episode, key.version))

    def add_review(self, key: ReviewKey, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Add a version: rows of the table `review`, `created_at` filled in. False if it is there already."""
        shared = {"series": key.series, "episode": key.episode, "language": key.language}
        return self._append("review", str(key), rows, shared)

    def read_reviews(self, keys: Sequence[ReviewKey]) -> list[dict[str, Any]]:
        """The rows behind these keys, in their order. Raises `UnreadableError` for a file that is none of ours."""
        return [row for rows in self._each("review", [str(key) for key in keys]) for row in rows]

    # Evaluations -------------------------------------------------------------------------------------

    def evaluations(self, language: str) -> list[EvaluationKey]:
        """Every evaluation of a translator into a language, from the listing alone; oldest first."""
        found = (layout.parse_evaluation(each.key) for each in self.store.list(layout.evaluation_prefix(language)))
        # Who accepts in the millisecond of a run accepts that run.
        return sorted((key for key in found if key), key=lambda key: (key.ulid[:10], key.accepted, key.ulid))

    def add_evaluation(self, key: EvaluationKey, rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> None:
        """Add rows of the table `quality`, what the key says and `created_at` filled in; `about` is its provenance."""
        now = datetime.now(UTC)
        shared = {
            "series": key.set_name,
            "language": key.language,
            "engine": key.engine,
            "fingerprint": key.candidate,
            "created_at": now,
        }
        table = schemas.to_table("quality", [{**row, **shared} for row in rows])
        said = {"schema_version": schemas.VERSION, "committed_at": now.isoformat(), **about}
        self.store.put_if_absent(str(key), _to_parquet(table, said))

    def read_evaluation(self, key: EvaluationKey) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The rows of an evaluation and its provenance. Raises `UnreadableError` for a file that is none of ours."""
        try:
            table = decoded(self.store.read(str(key)))
            about = dict(json.loads((table.schema.metadata or {}).get(METADATA, b"{}")))
            return schemas.conform("quality", table).to_pylist(), about
        except (pa.ArrowException, KeyError, ValueError, TypeError, OSError) as error:
            raise UnreadableError(
                f"not a file of ours: {error}", where=self.uri, field=str(key), remedy="remove this object"
            ) from error

    # Facts about a series ------------------------------------------------------------------------------

    def series_facts(self, series: str, kind: str) -> list[SeriesKey]:
        """Every version of a series' facts of one kind, from the listing alone; oldest first."""
        found = (layout.parse_series(each.key) for each in self.store.list(layout.series_prefix(series, kind)))
        return sorted((key for key in found if key), key=lambda key: key.version)

    def add_series_fact(self, key: SeriesKey, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Add a version: rows of the table `key.kind`, `series` and `created_at` filled in. False if it is there already."""
        return self._append(key.kind, str(key), rows, {"series": key.series})

    def read_series_facts(self, keys: Sequence[SeriesKey]) -> list[dict[str, Any]]:
        """The rows behind these keys, in their order. Raises `UnreadableError` for a file that is none of ours."""
        return [row for rows in self.each_series_fact(keys) for row in rows]

    def each_series_fact(self, keys: Sequence[SeriesKey]) -> Iterator[list[dict[str, Any]]]:
        """The same key by key; all are of one kind."""
        return self._each(keys[0].kind, [str(key) for key in keys]) if keys else iter(())

    def _append(self, table: str, key: str, rows: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]) -> bool:
        """Create a file of rows that people decided on, `created_at` filled in; False if it is there already."""
        now = datetime.now(UTC)
        made = schemas.to_table(table, [{**row, **shared, "created_at": now} for row in rows])
        return self.store.put_if_absent(key, _to_parquet(made, {"schema_version": schemas.VERSION}))

    def _each(self, table: str, keys: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
        """The rows of files that people's decisions are in, one after the other."""
        return spread(lambda key: self._rows(table, key), keys)

    def _rows(self, table: str, key: str) -> list[dict[str, Any]]:
        try:
            rows: list[dict[str, Any]] = schemas.conform(table, decoded(self.store.read(key))).to_pylist()
        except (pa.ArrowException, KeyError, ValueError, OSError) as error:
            raise UnreadableError(
                f"not a file of ours: {error}", where=self.uri, field=key, remedy="remove this object"
            ) from error
        return rows


def open_lake(uri: str) -> Lake:
    """The lake at a folder or address. Nothing is made or read yet."""
    return Lake(open_store(uri))


def ulid() -> str:
    """26 characters that sort by time (https://github.com/ulid/spec)."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(alphabet[number >> shift & 31] for shift in range(125, -1, -5))


def _check_blob(key: str) -> None:
    if not layout.is_blob(key):
        raise StoreError("not the key of a blob", where=repr(key))


def _to_parquet(table: pa.Table, about: Mapping[str, Any]) -> bytes:
    sink = io.BytesIO()
    metadata = {**(table.schema.metadata or {}), METADATA: json.dumps(about, ensure_ascii=False, default=str).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), sink, compression="zstd")
    return sink.getvalue()


def decoded(source: bytes | IO[bytes], names: Sequence[str] | None = None) -> pa.Table:
    """The rows of a Parquet file: all columns, or those of `names` that it has. Raises what pyarrow raises.

    Read on this thread alone. Arrow's own threads, those that read ahead too, give back what they hold of Python's while
    the interpreter ends, and abort the process ("terminate called without an active exception", pyarrow 26.0.1).
    """
    file = pq.ParquetFile(pa.BufferReader(source) if isinstance(source, bytes) else source, pre_buffer=False)
    known = file.schema_arrow.names
    return file.read(None if names is None else [name for name in names if name in known], use_threads=False)
