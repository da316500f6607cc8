"""Manifests: lists of videos as YAML, CSV or Parquet. A row that cannot be read is a row with an error."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from dubwright.errors import DubwrightError, ManifestError

SUFFIXES = frozenset((".yaml", ".yml", ".csv", ".parquet"))
COLUMNS = ("series", "episode", "video")
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One video of a catalogue: `where` a person finds it, its path, the names given to it, or what is wrong with it."""

    where: str
    video: Path | None
    series: str | None = None
    episode: str | None = None
    error: DubwrightError | None = None


def read_rows(path: Path) -> list[Row]:
    """The rows of a manifest. Raises `ManifestError` if the file as a whole is none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ManifestError(f"larger than {MAX_BYTES} bytes", where=str(path), remedy="split the manifest")
        rows = {".csv": _csv, ".parquet": _parquet}.get(path.suffix.lower(), _yaml)(path)
        found = [_row(f"{path}:{number}", path.parent, fields) for number, fields in rows]
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, csv.Error, pa.ArrowInvalid) as error:
        raise ManifestError(f"cannot be read: {error}", where=str(path), remedy="correct the file") from error
    except OSError as error:
        raise ManifestError(error.strerror or str(error), where=str(path)) from error
    if not found:
        raise ManifestError("has no rows", where=str(path), remedy=f"give rows with {', '.join(COLUMNS)}")
    return found


def _yaml(path: Path) -> Iterator[tuple[int, Any]]:
    # The base loader makes text of every scalar: an episode written 01 stays "01".
    content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)  # noqa: S506
    if isinstance(content, Mapping):
        content = content.get("episodes")
    if not isinstance(content, list):
        raise ManifestError(
            "is neither a list of rows nor has one under `episodes`",
            where=str(path),
            field="episodes",
            remedy="write a list whose items have `video`, and optionally `series` and `episode`",
        )
    yield from enumerate(content, 1)


def _csv(path: Path) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    _require_video(path, reader.fieldnames or ())
    for row in reader:
        yield reader.line_num, row


def _parquet(path: Path) -> Iterator[tuple[int, Any]]:
    table = pq.read_table(path, partitioning=None)
    _require_video(path, table.column_names)
    names = [name for name in COLUMNS if name in table.column_names]
    yield from enumerate(table.select(names).to_pylist(), 1)


def _require_video(path: Path, columns: Any) -> None:
    if "video" not in columns:
        raise ManifestError(
            f"has no column `video`, only: {', '.join(map(str, columns))}",
            where=str(path),
            field="video",
            remedy=f"name the columns {', '.join(COLUMNS)}",
        )


def _row(where: str, folder: Path, fields: Any) -> Row:
    if not isinstance(fields, Mapping):
        error = ManifestError(f"is no row but {fields!r:.80}", where=where, remedy="give the row a `video`")
        return Row(where, None, error=error)
    wrong = [name for name in COLUMNS if fields.get(name) is not None and not isinstance(fields[name], str | int)]
    if None in fields or wrong:
        error = ManifestError(
            "has more cells than the header" if None in fields else f"is not text: {fields[wrong[0]]!r:.80}",
            where=where,
            field=wrong[0] if wrong else None,
            remedy="correct the row",
        )
        return Row(where, None, error=error)
    series, episode, video = (str(fields[name]).strip() if fields.get(name) is not None else None for name in COLUMNS)
    if not video or "\0" in video:
        error = ManifestError("names no video", where=where, field="video", remedy="give its path")
        return Row(where, None, series, episode, error)
    return Row(where, folder / Path(video.removeprefix("file://")).expanduser(), series or None, episode or None)
