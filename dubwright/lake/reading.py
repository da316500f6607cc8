"""Parts of the lake's Parquet files, read without the rest: what their metadata says, a few columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from dubwright.errors import UnreadableError
from dubwright.lake.lake import METADATA, Lake

Answer = TypeVar("Answer")


# Files are read side by side, each on one thread. Arrow's own threads, with files of Python's in their hands, now and
# then abort the process at its end ("terminate called without an active exception", pyarrow 26.0.1).


def about(lake: Lake, key: str) -> dict[str, Any]:
    """What a file says of itself: a unit's provenance. Raises `KeyMissingError`, `UnreadableError`."""
    return _read(lake, key, lambda file: said(pq.read_schema(file)))


def columns(lake: Lake, key: str, names: Sequence[str]) -> pa.Table:
    """Some columns of a file, those that it has. Raises `KeyMissingError`, `UnreadableError`."""

    def read(file: IO[bytes]) -> pa.Table:
        parquet = pq.ParquetFile(file)
        known = parquet.schema_arrow.names
        return parquet.read([name for name in names if name in known], use_threads=False)

    return _read(lake, key, read)


def table(lake: Lake, key: str) -> pa.Table:
    """A file's rows as they were written. Raises `KeyMissingError`, `UnreadableError`."""
    return _read(lake, key, lambda file: pq.ParquetFile(file).read(use_threads=False))


def said(schema: pa.Schema) -> dict[str, Any]:
    """The `dubwright` entry of a file's metadata. Raises ValueError where it is none of ours."""
    content = json.loads((schema.metadata or {}).get(METADATA, b"{}"))
    if not isinstance(content, dict):
        raise ValueError("the metadata is no JSON object")
    return content


def _read(lake: Lake, key: str, take: Callable[[IO[bytes]], Answer]) -> Answer:
    with lake.store.open(key) as file:
        try:
            return take(file)
        # What pyarrow raises on bytes that are no Parquet: these, and OSError for a page that ends early.
        except (pa.ArrowException, ValueError, OSError) as error:
            raise UnreadableError(
                f"not a file of ours: {str(error).splitlines()[0] if str(error) else error!r}",
                where=lake.uri,
                field=key,
                remedy="`dubwright lake verify` says what to do",
            ) from error
