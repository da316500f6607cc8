"""What was delivered, to take away: single files, and a series' files in a language as one archive."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from desk.console.access.links import Archive
from desk.console.state import State
from dubwright.errors import CatalogError, StoreError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.order import natural
from dubwright.quality import standing
from dubwright.render.export import files, safe_name
from dubwright.render.kinds import ENDINGS
from dubwright.reports import coverage

PIECE = 1 << 18
# What people call the kinds of the table.
LABELS = {
    "video": "Video",
    "srt": "Subtitles, SRT",
    "vtt": "Subtitles, VTT",
    "source-srt": "Original subtitles, SRT",
    "source-vtt": "Original subtitles, VTT",
}
SUBTITLES = tuple(kind for kind in ENDINGS if kind != "video")


class Download(BaseModel):
    """A file: what it is, its name, its size, and a link to it that runs out."""

    kind: str
    label: str
    name: str
    bytes: int
    link: str


class Files(BaseModel):
    """What was delivered of a series in a language; `withheld` episodes are kept back for their quality."""

    series: str
    language: str
    files: list[Download]
    withheld: list[str]


class Archives(BaseModel):
    """Links that run out: all files of a series in a language as one, and its subtitles alone."""

    language: str
    episodes: int
    everything: str
    subtitles: str


def of_unit(console: State, unit: UnitKey | None) -> list[Download]:
    """The files of a deliverable; none where there is none yet."""
    if unit is None:
        return []
    return [
        Download(
            kind=row["kind"],
            label=LABELS.get(row["kind"], row["kind"]),
            name=path.name,
            bytes=row["bytes"],
            link=console.links.to(row["blob"], row["mime"] or "application/octet-stream", path.name),
        )
        for path, row in files(console.lake.read(unit), Path())
    ]


def of_series(console: State, series: str, language: str) -> Files:
    """Every file of a series in a language, in the order of the episodes. Raises `CatalogError` if there is none."""
    units, kept = _units(console, series, language)
    found = [file for unit in units for file in of_unit(console, unit)]
    return Files(series=series, language=language, files=found, withheld=kept)


def archives(console: State, series: str, language: str, episodes: int) -> Archives:
    """Links to what was delivered of a series in a language."""
    return Archives(
        language=language,
        episodes=episodes,
        everything=console.links.to_archive(Archive(series, language)),
        subtitles=console.links.to_archive(Archive(series, language, SUBTITLES)),
    )


def archive(console: State, wanted: Archive) -> tuple[str, Iterator[bytes]]:
    """An archive's name, and its content piece by piece. Raises `CatalogError` if there is nothing to put into it."""
    units, _ = _units(console, wanted.series, wanted.language)
    of = f"{wanted.language}.subtitles" if wanted.kinds else wanted.language
    return f"{safe_name(wanted.series)}.{of}.zip", _packed(console.lake, units, wanted.kinds)


def _units(console: State, series: str, language: str) -> tuple[list[UnitKey], list[str]]:
    """The newest deliverables that the policy lets go, and the episodes that it does not."""
    newest = sorted(
        coverage.newest(console.lake, "deliverable", language, series), key=lambda key: natural(key.episode)
    )
    held = standing.withheld(console.lake, newest, console.settings.quality)
    units = [key for key in newest if key not in held]
    if not units:
        raise CatalogError("nothing is delivered", where=series, field=language, remedy="see the series")
    return units, [key.episode for key in newest if key in held]


class _Pipe(io.RawIOBase):
    """A file that is only written to: what was written is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def _packed(lake: Lake, units: Sequence[UnitKey], kinds: Collection[str]) -> Iterator[bytes]:
    """A ZIP of the units' files, stored as they are. What goes wrong under way ends it early: it is then no sound ZIP."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w") as packed:
        for unit in units:
            for path, row in files(lake.read(unit), Path()):
                if kinds and row["kind"] not in kinds:
                    continue
                entry = zipfile.ZipInfo(path.as_posix(), row["created_at"].timetuple()[:6])
                # Beyond 2 GiB an entry's head is another one, and it is written first.
                entry.file_size = row["bytes"]
                digest = hashlib.sha256()
                with lake.store.open(row["blob"]) as blob, packed.open(entry, "w") as file:
                    while piece := blob.read(PIECE):
                        digest.update(piece)
                        file.write(piece)
                        yield pipe.take()
                if digest.hexdigest() != row["sha256"]:
                    raise StoreError("the blob is damaged: its content is not what its digest says", field=row["blob"])
    yield pipe.take()
