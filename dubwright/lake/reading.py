"""Parts of the lake's Parquet files, read without the rest: what their metadata says, a few columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from dubwright.errors import UnreadableError
from dubwright.lake.lake import METADATA, Lake, decoded

Answer = TypeVar("Answer")


def about(lake: Lake, key: str) -> dict[str, Any]:
    """What a file says of itself: a unit's provenance. Raises `KeyMissingError`, `UnreadableError`."""
    return _read(lake, key, lambda file: said(pq.read_schema(file)))


def columns(lake: Lake, key: str, names: Sequence[str]) -> pa.Table:
    """Some columns of a file, those that it has. Raises `KeyMissingError`, `UnreadableError`."""

    return _read(lake, key, lambda file: decoded(file, names))


def table(lake: Lake, key: str) -> pa.Table:
    """A file's rows as they were written. Raises `KeyMissingError`, `UnreadableError`."""
    return _read(lake, key, decoded)


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
