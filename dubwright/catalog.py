"""Which series and episodes there are: read from a video, a folder, or a manifest. Videos are found and named, never opened.

A folder holds `SERIES/EPISODE.mp4`, or the episodes of one series directly; a `series.yaml` beside the episodes says
what is known of the series. A video given alone is one episode of the series that its folder is. A manifest (YAML, CSV
or Parquet) has rows with `video` (a path, relative to the manifest), and optionally `series` and `episode`.

What is wrong with one episode is a `Problem` of that episode; the others stay in the catalogue.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dubwright import facts
from dubwright.errors import CatalogError, DubwrightError, DuplicateEpisodeError, ManifestError, MediaError
from dubwright.facts import SeriesFacts
from dubwright.fingerprint import fingerprint
from dubwright.lake import layout
from dubwright.manifest import SUFFIXES as MANIFESTS
from dubwright.manifest import Row, read_rows

VIDEOS = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".wmv", ".3gp")
)
SAMPLES = 3
SAMPLE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Episode:
    """One video: where it lies, and a digest that changes when its content does."""

    series: str
    episode: str
    uri: str
    digest: str


@dataclass(frozen=True, slots=True)
class Series:
    """One work: its facts and its episodes in order."""

    name: str
    episodes: tuple[Episode, ...]
    facts: SeriesFacts = field(default_factory=SeriesFacts)


@dataclass(frozen=True, slots=True)
class Problem:
    """An episode that cannot be worked on, and why."""

    series: str
    episode: str
    error: DubwrightError

    @property
    def fingerprint(self) -> str:
        """Names this very problem, so that it is recorded once."""
        return fingerprint({"series": self.series, "episode": self.episode, "error": self.error.as_dict()})


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a source holds."""

    source: str
    series: tuple[Series, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def episodes(self) -> Iterator[Episode]:
        return (episode for series in self.series for episode in series.episodes)

    def only(self, selection: str) -> Catalog:
        """The part named by `SERIES` or `SERIES/EPISODE`. Raises `CatalogError` if nothing has this name."""
        names = {series.name for series in self.series} | {problem.series for problem in self.problems}
        wanted, episode = selection, None
        if selection not in names and "/" in selection:
            wanted, _, episode = selection.rpartition("/")

        def named(item: Episode | Problem) -> bool:
            return item.series == wanted and episode in (None, item.episode)

        chosen = [
            Series(series.name, tuple(filter(named, series.episodes)), series.facts)
            for series in self.series
            if series.name == wanted
        ]
        part = Catalog(
            self.source,
            tuple(series for series in chosen if series.episodes),
            tuple(filter(named, self.problems)),
        )
        if not part.series and not part.problems:
            raise CatalogError(
                f"nothing is called {selection!r}",
                where=self.source,
                field="only",
                remedy=f"the series are: {', '.join(sorted(names)[:10])}{' …' if len(names) > 10 else ''}",
            )
        return part


def load(source: str) -> Catalog:
    """Read a source. Raises `CatalogError` or `ManifestError` if it cannot be understood or holds no video at all."""
    path = Path(source.removeprefix("file://")).expanduser()
    if path.is_dir():
        rows = list(_folder_rows(path))
    elif path.suffix.lower() in MANIFESTS and path.is_file():
        rows = read_rows(path)
    elif path.is_file():
        rows = [Row(str(path), path.resolve())]
    else:
        raise CatalogError(
            "no such video, folder or manifest",
            where=source,
            field="SOURCE",
            remedy="check the path; quote names with spaces",
        )
    if not rows:
        raise CatalogError(
            "no videos in this folder",
            where=source,
            field="SOURCE",
            remedy=f"put them there as SERIES/EPISODE.mp4; known endings: {' '.join(sorted(VIDEOS))}",
        )
    return _catalog(source, rows)


def _folder_rows(folder: Path) -> Iterator[Row]:
    """A row per video of a series folder, or of a folder of such folders."""
    for place in (folder, *_sorted(entry for entry in folder.iterdir() if entry.is_dir() and _visible(entry))):
        try:
            videos = [entry for entry in place.iterdir() if entry.suffix.lower() in VIDEOS and _visible(entry)]
        except OSError as error:
            problem = CatalogError(
                error.strerror or str(error), where=str(place), remedy="check the folder's permissions"
            )
            yield Row(str(place), place, place.name, "*", problem)
            continue
        for video in _sorted(videos):
            yield Row(str(video), video.resolve().parent / video.name, place.resolve().name)


def _catalog(source: str, rows: Iterable[Row]) -> Catalog:
    problems: list[Problem] = []
    found: dict[tuple[str, str], list[Episode]] = {}
    for row in rows:
        # Without a series of its own, an episode belongs to the series that its folder is.
        series = _name(row.series or (row.video.parent.name if row.video else "") or "series")
        episode = _name(row.episode or (row.video.stem if row.video else "") or row.where)
        try:
            if row.error:
                raise row.error
            video = Episode(series, episode, str(row.video), _digest(row))
            found.setdefault((series, episode), []).append(video)
        except DubwrightError as error:
            problems.append(Problem(series, episode, error))
    known: dict[str, list[Episode]] = {}
    for (series, episode), candidates in found.items():
        if len(candidates) == 1:
            known.setdefault(series, []).append(candidates[0])
            continue
        duplicate = DuplicateEpisodeError(
            f"{len(candidates)} videos have this name: {', '.join(each.uri for each in candidates)}",
            where=f"{series}/{episode}",
            field="episode",
            remedy="rename all but one of them, or name the episodes in a manifest",
        )
        problems.append(Problem(series, episode, duplicate))
    works = []
    for name, episodes in known.items():
        try:
            works.append(Series(name, tuple(episodes), _facts_beside(episodes[0])))
        except ManifestError as error:
            # Without its glossary and cast a series would be translated wrong, so none of it is.
            problems += [Problem(name, episode.episode, error) for episode in episodes]
    return Catalog(source, tuple(works), tuple(problems))


def _facts_beside(episode: Episode) -> SeriesFacts:
    path = Path(episode.uri).parent / facts.FILE
    return facts.read(path) if path.exists() else SeriesFacts()


def digest(video: Path) -> str:
    """Digest of a video's size and of samples from its start, middle and end. Raises `OSError`.

    The time of change is left out: a catalogue that was copied is the same catalogue.
    """
    with video.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = hashlib.blake2b(str(size).encode(), digest_size=16)
        for number in range(SAMPLES):
            file.seek(max(0, size - SAMPLE_BYTES) * number // (SAMPLES - 1))
            content.update(file.read(SAMPLE_BYTES))
        return content.hexdigest()


def _digest(row: Row) -> str:
    if row.video is None:
        raise ManifestError("no video is named", where=row.where, field="video", remedy="give its path")
    try:
        return digest(row.video)
    except FileNotFoundError:
        raise MediaError(
            "no such file", where=row.where, field=str(row.video), remedy="correct the path, or take the row out"
        ) from None
    except OSError as error:
        raise MediaError(
            error.strerror or str(error), where=row.where, field=str(row.video), remedy="check the file's permissions"
        ) from error


def _name(name: str) -> str:
    """A name as the lake can hold it: one Unicode form, no byte that is no character, no longer than a key allows."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")).strip()
    if len(layout.encode(name).encode()) > layout.LONGEST_NAME_BYTES:
        mark = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
        while len(layout.encode(name).encode()) > layout.LONGEST_NAME_BYTES - len(mark) - 1:
            name = name[:-1]
        name = f"{name}~{mark}"
    return name


def _visible(path: Path) -> bool:
    return not path.name.startswith(".")


def _sorted(paths: Iterable[Path]) -> list[Path]:
    """In the order people count: episode 2 before episode 10."""
    return sorted(
        paths,
        key=lambda path: [
            (not part.isdigit(), int(part) if part.isdigit() else 0, part)
            for part in re.split(r"(\d{1,18})", path.name)
        ],
    )
