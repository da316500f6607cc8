"""Videos found by looking: in a folder of this machine, or under a prefix of an object store.

Either holds `SERIES/EPISODE.mp4`, or the episodes of one series directly. What lies deeper, and what begins with a
dot, is left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath

from dubwright import facts, sources
from dubwright.errors import CatalogError, DubwrightError
from dubwright.lake.store import ObjectInfo, ObjectStore
from dubwright.manifest import Row
from dubwright.sources import Place

VIDEOS = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".wmv", ".3gp")
)


def in_folder(folder: Path, series: str | None = None) -> Iterator[Row]:
    """A row for each video of a folder; with `series` only that folder is opened, if there is one of this very name."""
    for place in _places(folder, series):
        try:
            videos = [entry for entry in place.iterdir() if entry.suffix.lower() in VIDEOS and _visible(entry.name)]
        except OSError as error:
            problem = CatalogError(
                error.strerror or str(error), where=str(place), remedy="check the folder's permissions"
            )
            yield Row(str(place), None, None, place.name, "*", error=problem)
            continue
        for video in sorted(videos, key=lambda path: _counting(path.name)):
            yield Row(str(video), None, str(video.resolve().parent / video.name), place.resolve().name)


def _places(folder: Path, series: str | None) -> Iterator[Path]:
    if series is None:
        inside = [entry for entry in folder.iterdir() if entry.is_dir() and _visible(entry.name)]
        yield from (folder, *sorted(inside, key=lambda path: _counting(path.name)))
        return
    spellings = _spellings(series)
    if folder.resolve().name in spellings:
        yield folder
    yield from (path for name in spellings if (path := folder / name).is_dir())


def in_store(place: Place, series: str | None = None) -> Iterator[Row]:
    """A row for each video under a prefix, from the listing alone; with `series` only that folder's keys are listed."""
    store = place.connect()
    top = f"{place.key}/" if place.key else ""
    for below in [""] if series is None else [f"{name}/" for name in _spellings(series)]:
        shown = (found for found in store.list(top + below) if _shown(found.key.removeprefix(top)))
        # Keys come in order, so a folder's come together; videos beside the folders may stand anywhere between.
        beside: list[ObjectInfo] = []
        for folder, found in groupby(shown, key=lambda each: each.key.removeprefix(top).rpartition("/")[0]):
            if folder:
                yield from _rows(place.store, store, list(found))
            else:
                beside += found
        yield from _rows(place.store, store, beside)


def _rows(uri: str, store: ObjectStore, found: list[ObjectInfo]) -> Iterator[Row]:
    """The videos of one folder of a store."""
    known = [sources.join(uri, each.key) for each in found if PurePosixPath(each.key).name == facts.FILE]
    videos = [each for each in found if PurePosixPath(each.key).suffix.lower() in VIDEOS]
    for video in sorted(videos, key=lambda each: _counting(each.key)):
        address = sources.join(uri, video.key)
        try:
            digest = sources.object_digest(store, video)
        except DubwrightError as error:
            yield Row(address, None, address, error=error)
            continue
        yield Row(address, None, address, digest=digest, facts=known[0] if known else "")


def _shown(key: str) -> bool:
    """Whether a key (below the source's own prefix) is looked at."""
    parts = key.split("/")
    return len(parts) <= 2 and all(map(_visible, parts))


def _visible(name: str) -> bool:
    return name != "" and not name.startswith(".")


def _spellings(series: str) -> list[str]:
    """How a folder of this name may be written; none for what no folder can be called."""
    if not _visible(series) or "/" in series or "\0" in series:
        return []
    return list(dict.fromkeys((series, unicodedata.normalize("NFC", series), unicodedata.normalize("NFD", series))))


def _counting(name: str) -> list[tuple[bool, int, str]]:
    """Sorts as people count: episode 2 before episode 10."""
    return [
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d{1,18})", name)
    ]


def is_video(name: str) -> bool:
    """Whether a file's name says that it is a video."""
    return PurePosixPath(name).suffix.lower() in VIDEOS
