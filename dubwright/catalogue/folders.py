"""Videos found by looking: in a folder of this machine, or under a prefix of an object store.

Either holds `SERIES/EPISODE.mp4`, or the episodes of one series directly, and subtitles beside them. What lies deeper,
and what begins with a dot, is left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath

from dubwright import sources
from dubwright.catalogue import sidecars
from dubwright.catalogue.manifest import Row
from dubwright.catalogue.sidecars import Sidecar
from dubwright.errors import CatalogError, DubwrightError
from dubwright.lake.store import ObjectInfo, ObjectStore
from dubwright.series import facts
from dubwright.sources import Place

VIDEOS = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".wmv", ".3gp")
)


def in_folder(folder: Path, series: str | None = None) -> Iterator[Row]:
    """A row for each video of a folder; with `series` only that folder is opened, if there is one of this very name."""
    for place in _places(folder, series):
        try:
            entries = [entry for entry in place.iterdir() if _visible(entry.name)]
        except OSError as error:
            problem = CatalogError(
                error.strerror or str(error), where=str(place), remedy="check the folder's permissions"
            )
            yield Row(str(place), None, None, place.name, "*", error=problem)
            continue
        videos = [entry.name for entry in entries if entry.suffix.lower() in VIDEOS]
        subtitles = sidecars.by_video((entry.name for entry in entries), videos)
        for video in sorted(videos, key=_counting):
            path = place / video
            found = tuple(Sidecar(str(place.resolve() / name), tag) for name, tag in subtitles.get(video, ()))
            yield Row(str(path), None, str(path.resolve().parent / video), place.resolve().name, subtitles=found)


def beside(video: Path) -> tuple[Sidecar, ...]:
    """The subtitles of one video of a folder; none where the folder may not be looked into."""
    try:
        names = [entry.name for entry in video.parent.iterdir() if _visible(entry.name)]
    except OSError:
        return ()
    found = sidecars.by_video(names, [video.name]).get(video.name, ())
    return tuple(Sidecar(str(video.parent / name), tag) for name, tag in found)


def beside_object(place: Place) -> tuple[Sidecar, ...]:
    """The subtitles of one video of a store, from a listing of what begins as it does."""
    store, video = place.connect(), PurePosixPath(place.key)
    begin = place.key.removesuffix(video.suffix) + "."
    listed = {each.key: each for each in store.list(begin) if "/" not in each.key.removeprefix(begin)}
    return _sidecars(place.store, store, [place.key], listed).get(place.key, ())


def _sidecars(
    uri: str, store: ObjectStore, videos: Sequence[str], listed: Mapping[str, ObjectInfo]
) -> dict[str, tuple[Sidecar, ...]]:
    """The subtitles of a store's videos, by their keys; with digests where the listing gives them."""

    def sidecar(key: str, tag: str | None) -> Sidecar:
        known = sources.object_digest(store, listed[key]) if listed[key].etag else None
        return Sidecar(sources.join(uri, key), tag, known)

    found = sidecars.by_video(listed, videos)
    return {video: tuple(sidecar(key, tag) for key, tag in each) for video, each in found.items()}


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
    subtitles = _sidecars(uri, store, [each.key for each in videos], {each.key: each for each in found})
    for video in sorted(videos, key=lambda each: _counting(each.key)):
        address = sources.join(uri, video.key)
        try:
            digest = sources.object_digest(store, video)
        except DubwrightError as error:
            yield Row(address, None, address, error=error)
            continue
        yield Row(
            address,
            None,
            address,
            digest=digest,
            facts=known[0] if known else "",
            subtitles=subtitles.get(video.key, ()),
        )


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
