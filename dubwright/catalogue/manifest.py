"""Manifests: lists of videos as YAML, CSV or Parquet. A row that cannot be read is a row with an error."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from dubwright import sources
from dubwright.catalogue import sidecars
from dubwright.catalogue.sidecars import Sidecar
from dubwright.errors import DubwrightError, ManifestError

SUFFIXES = frozenset((".yaml", ".yml", ".csv", ".parquet"))
COLUMNS = ("series", "episode", "video", "digest", "subtitles")
MAX_BYTES = 256 * 1024 * 1024
MAX_ROWS = 5_000_000
MAX_DIGEST = 200
BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One video of a catalogue: where a person finds the row, its address, the names given to it, or what is wrong.

    `digest` is None where it is yet to be had. `facts` is the address of the `series.yaml` beside the video, empty
    where there is none, None where nobody looked. `subtitles` are those that may be taken.
    """

    source: str
    number: int | None
    video: str | None
    series: str | None = None
    episode: str | None = None
    digest: str | None = None
    facts: str | None = None
    subtitles: tuple[Sidecar, ...] = ()
    error: DubwrightError | None = None

    @property
    def where(self) -> str:
        """The manifest and the row's number in it, or what else names it."""
        return self.source if self.number is None else f"{self.source}:{self.number}"


def read_rows(path: Path, address: str, series: str | None = None) -> Iterator[Row]:
    """The rows of the manifest in a file that was found at an address; of one `series` at least, where that saves time.

    Raises `ManifestError` if the file as a whole is none.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ManifestError(f"larger than {MAX_BYTES} bytes", remedy="split the manifest")
        found = 0
        suffix = Path(sources.folder_and_name(address)[1]).suffix.lower()
        rows = _parquet(path, series) if suffix == ".parquet" else {".csv": _csv}.get(suffix, _yaml)(path)
        for number, fields in rows:
            found += 1
            if found > MAX_ROWS:
                raise ManifestError(f"has more than {MAX_ROWS} rows", remedy="split the manifest")
            yield _row(address, number, fields)
        if not found and series is None:
            raise ManifestError("has no rows", remedy=f"give rows with {', '.join(COLUMNS)}")
    except ManifestError as error:
        error.where = address
        raise
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, csv.Error, pa.ArrowException) as error:
        raise ManifestError(f"cannot be read: {error}", where=address, remedy="correct the file") from error
    except OSError as error:
        raise ManifestError(error.strerror or str(error), where=address) from error


def _yaml(path: Path) -> Iterator[tuple[int, Any]]:
    # The base loader makes text of every scalar: an episode written 01 stays "01".
    content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)  # noqa: S506
    if isinstance(content, Mapping):
        content = content.get("episodes")
    if not isinstance(content, list):
        raise ManifestError(
            "is neither a list of rows nor has one under `episodes`",
            field="episodes",
            remedy="write a list whose items have `video`, and optionally `series`, `episode`, `digest` and `subtitles`",
        )
    yield from enumerate(content, 1)


def _csv(path: Path) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    _require_video(reader.fieldnames or ())
    for row in reader:
        yield reader.line_num, row


def _parquet(path: Path, series: str | None) -> Iterator[tuple[int, Any]]:
    """Rows in batches; without those that have another series' name, where one is asked for."""
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        _require_video(names)
        first = 1
        for batch in file.iter_batches(BATCH_ROWS, columns=[name for name in COLUMNS if name in names]):
            numbers: Sequence[int] = range(first, first + len(batch))
            first += len(batch)
            if series is not None and "series" in names and pa.types.is_string(batch["series"].type):
                chosen = pc.fill_null(pc.equal(batch["series"], series), True)
                batch, numbers = batch.filter(chosen), pa.array(numbers).filter(chosen).to_pylist()
            yield from zip(numbers, batch.to_pylist(), strict=True)


def _require_video(columns: Any) -> None:
    if "video" not in columns:
        raise ManifestError(
            f"has no column `video`, only: {', '.join(map(str, columns))}",
            field="video",
            remedy=f"name the columns {', '.join(COLUMNS)}",
        )


def _row(source: str, number: int, fields: Any) -> Row:
    given: dict[str, str] = {}
    video: str | None = None
    try:
        given = _texts(fields)
        if "video" not in given or "\0" in given["video"]:
            raise ManifestError("names no video", field="video", remedy="give its path or address")
        digest = given.get("digest", "")
        if len(digest) > MAX_DIGEST or not digest.isprintable():
            raise ManifestError(
                "is no digest", field="digest", remedy=f"give at most {MAX_DIGEST} printable characters"
            )
        video = sources.resolve(given["video"], source)
        subtitles = _subtitles(given, source, number)
    except ManifestError as error:
        error.where = f"{source}:{number}"
        return Row(source, number, video, given.get("series"), given.get("episode"), error=error)
    return Row(
        source,
        number,
        video,
        given.get("series"),
        given.get("episode"),
        sources.GIVEN + digest if digest else None,
        subtitles=subtitles,
    )


def _subtitles(given: Mapping[str, str], source: str, number: int) -> tuple[Sidecar, ...]:
    written = given.get(sidecars.FIELD)
    if not written:
        return ()
    try:
        if "\0" in written:
            raise ManifestError("names no subtitles", remedy="give their path or address")
        return (Sidecar(sources.resolve(written, source), row=f"{source}:{number}"),)
    except ManifestError as error:
        error.field = sidecars.FIELD
        raise


def _texts(fields: Any) -> dict[str, str]:
    """The cells that say something, as text."""
    if not isinstance(fields, Mapping):
        raise ManifestError(f"is no row but {fields!r:.80}", remedy="give the row a `video`")
    if None in fields:
        raise ManifestError("has more cells than the header", remedy="correct the row")
    found = {}
    for name in COLUMNS:
        value = fields.get(name)
        if value is None:
            continue
        if not isinstance(value, str | int):
            raise ManifestError(f"is not text: {value!r:.80}", field=name, remedy="correct the row")
        text = str(value).strip()
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ManifestError("has what is no character", field=name, remedy="correct the row") from error
        if text:
            found[name] = text
    return found
