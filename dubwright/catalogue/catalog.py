"""Which series and episodes there are: videos are found and named, never opened further than a digest needs.

A source is one of these:

- a folder, or a prefix `s3://bucket/prefix`, that holds `SERIES/EPISODE.mp4` or the episodes of one series directly;
- a video alone: one episode of the series that its folder is;
- a manifest (YAML, CSV or Parquet), here or in a store: rows with `video` (a path beside the manifest, or an address),
  and optionally `series`, `episode`, `subtitles` (likewise), and a `digest` that its owner vouches for, so that nobody
  looks at the video;
- `lake:NAME`, a catalogue registered in the lake; `lake:`, all of them.

A `series.yaml` beside the episodes says what is known of a series; subtitles or a script in its language (`01.srt`,
`01.zh.srt`, `01.txt`) belong to the video beside them. What is wrong with one episode is a `Problem` of that episode;
the others stay in the catalogue.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from dubwright import sources
from dubwright.catalogue import folders, registered, sidecars
from dubwright.catalogue.manifest import MAX_BYTES, Row, read_rows
from dubwright.catalogue.manifest import SUFFIXES as MANIFESTS
from dubwright.catalogue.sidecars import Sidecar
from dubwright.errors import CatalogError, DubwrightError, DuplicateEpisodeError, ManifestError, MediaError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, layout
from dubwright.lake.store import ObjectInfo
from dubwright.series import facts
from dubwright.series.facts import SeriesFacts

ALL = "*"
READ_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Episode:
    """One video: its address, and a digest that changes when its content does; likewise of subtitles given with it."""

    series: str
    episode: str
    uri: str
    digest: str
    subtitles: str | None = None
    subtitles_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One work: its facts and its episodes in order."""

    name: str
    episodes: tuple[Episode, ...]
    facts: SeriesFacts = field(default_factory=SeriesFacts)


@dataclass(frozen=True, slots=True)
class Problem:
    """An episode that cannot be worked on, and why; `*` for episodes that nobody can name."""

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

    def of(self, names: Collection[str]) -> Catalog:
        """The series of these names, without the catalogue's problems."""
        return Catalog(self.source, tuple(series for series in self.series if series.name in names))

    def narrowed(self, episodes: Mapping[str, Collection[str] | None]) -> Catalog:
        """These series, of each the episodes named (None: all), without the catalogue's problems."""
        parts = []
        for series in self.of(episodes).series:
            names = episodes[series.name]
            kept = (
                series.episodes if names is None else tuple(each for each in series.episodes if each.episode in names)
            )
            parts.append(replace(series, episodes=kept))
        return Catalog(self.source, tuple(parts))

    def only(self, selection: str) -> Catalog:
        """The part named by `SERIES` or `SERIES/EPISODE`. Raises `CatalogError` if nothing has this name."""
        names = {series.name for series in self.series} | {problem.series for problem in self.problems}
        wanted, episode = selection, None
        if selection not in names and "/" in selection:
            wanted, _, episode = selection.rpartition("/")

        def named(item: Episode | Problem) -> bool:
            return item.series == wanted and (episode in (None, item.episode) or item.episode == ALL)

        chosen = [
            Series(series.name, tuple(filter(named, series.episodes)), series.facts)
            for series in self.series
            if series.name == wanted
        ]
        episodes = tuple(series for series in chosen if series.episodes)
        part = Catalog(self.source, episodes, tuple(filter(named, self.problems)))
        if not part.series and not part.problems:
            raise _unknown(selection, self.source, names)
        return part


def load(source: str, only: str | None = None, lake: Lake | None = None, language: str | None = None) -> Catalog:
    """Read a source, or of it only `SERIES` or `SERIES/EPISODE`: then other series are, as far as can be, not looked at.

    `lake` is where `lake:` finds what is registered. Subtitles are taken in `language`; where none is given, in what a
    series' facts say, or Chinese. Raises `CatalogError` or `ManifestError` if the source cannot be understood, holds no
    video at all, or nothing of the name that `only` gives; `StoreError` if its store fails.
    """
    found = _Finding(source, only, language)
    # A series' folder has its name, mostly; where it is spelt otherwise, all of them are gone through.
    for series in dict.fromkeys((only and only.partition("/")[0], None)):
        for owner, row in _rows(source, series, lake):
            found.add(owner, row)
        if found:
            break
    if not found and not found.names:
        raise CatalogError(
            "no videos in this folder",
            where=source,
            field="SOURCE",
            remedy=f"put them there as SERIES/EPISODE.mp4; known endings: {' '.join(sorted(folders.VIDEOS))}",
        )
    if only and not found:
        raise _unknown(only, source, found.names)
    catalog = found.catalog()
    return catalog.only(only) if only else catalog


def _rows(source: str, series: str | None, lake: Lake | None) -> Iterator[tuple[str, Row]]:
    """The rows of a source with the catalogue that each is from: only those of one series, where that saves looking."""
    if not source.startswith(registered.PREFIX):
        yield from (("", row) for row in _read(source, series))
        return
    name = source.removeprefix(registered.PREFIX)
    if lake is None:
        raise CatalogError("is registered in a lake, and none is named", where=source, remedy="name it with --lake")
    if name:
        yield from ((name, row) for row in _read(registered.get(lake, name).source, series))
        return
    entries = registered.entries(lake)
    if not entries:
        raise CatalogError(
            "no catalogue is registered", where=lake.uri, field="SOURCE", remedy="dubwright catalog add NAME SOURCE"
        )
    for entry in entries:
        try:
            yield from ((entry.name, row) for row in _read(entry.source, series))
        except DubwrightError as error:
            # One that is out of reach does not keep the others waiting.
            yield entry.name, Row(entry.source, None, None, entry.address, ALL, error=error)


def _read(source: str, series: str | None) -> Iterator[Row]:
    place = sources.split(source)
    ending = PurePosixPath(sources.folder_and_name(source)[1]).suffix.lower()
    if place:
        alone = sources.find(place.connect(), place.key) if ending in MANIFESTS | folders.VIDEOS else None
        place = place._replace(key=place.key.rstrip("/"))
        if alone and ending in MANIFESTS and alone.size > MAX_BYTES:
            raise ManifestError(f"larger than {MAX_BYTES} bytes", where=source, remedy="split the manifest")
        if not alone:
            yield from folders.in_store(place, series)
        elif ending in MANIFESTS:
            with sources.opened(source) as path:
                yield from read_rows(path, source, series)
        else:
            yield Row(source, None, sources.join(*place), subtitles=folders.beside_object(place))
        return
    path = sources.local(source)
    if path.is_dir():
        yield from folders.in_folder(path, series)
    elif ending in MANIFESTS and path.is_file():
        yield from read_rows(path, str(path.absolute()), series)
    elif path.is_file():
        yield Row(str(path), None, str(path.resolve()), subtitles=folders.beside(path.resolve()))
    else:
        raise CatalogError(
            "no such video, folder or manifest",
            where=source,
            field="SOURCE",
            remedy="check the path or address; quote names with spaces",
        )


class _Finding:
    """A catalogue in the making: rows come in one by one, and become series, episodes and problems."""

    def __init__(self, source: str, only: str | None, language: str | None) -> None:
        self.source = source
        self.only = only
        self.language = language
        self.names: set[str] = set()
        self.problems: list[Problem] = []
        self.series: dict[str, dict[str, Episode]] = {}
        self.twice: dict[tuple[str, str], list[str]] = {}
        self.owners: dict[str, set[str]] = {}
        # Videos that only their store knows the digest of, and who names them.
        self.asked: dict[str, str] = {}
        # What may be taken as an episode's subtitles, once its series' language is known.
        self.subtitles: dict[tuple[str, str], tuple[Sidecar, ...]] = {}
        # Where each series' facts are: looked for beside its first episode.
        self.facts: dict[str, str | None] = {}

    def __bool__(self) -> bool:
        return bool(self.series or self.problems)

    def add(self, owner: str, row: Row) -> None:
        """Take a row in, if it is of what is looked for."""
        folder, file = sources.folder_and_name(row.video) if row.video else ("", "")
        # Without a series of its own, an episode belongs to the series that its folder is.
        series = _name(row.series or folder or "series")
        episode = _name(row.episode or PurePosixPath(file).stem or row.where)
        self.names.add(series)
        if self.only and self.only != series and not self.only.startswith(f"{series}/"):
            return
        self.owners.setdefault(series, set()).add(owner)
        if self.only not in (None, series, f"{series}/{episode}"):
            return
        try:
            video, digest = _checked(row)
        except DubwrightError as error:
            self.problems.append(Problem(series, episode, error))
            return
        known = self.series.setdefault(series, {})
        if episode in known:
            self.twice.setdefault((series, episode), [known[episode].uri]).append(video)
            return
        known[episode] = Episode(series, episode, video, digest)
        if not digest:
            self.asked[video] = row.where
        if row.subtitles:
            self.subtitles[series, episode] = row.subtitles
        self.facts.setdefault(series, row.facts)

    def catalog(self) -> Catalog:
        """What came of the rows, once they are all in."""
        found = self._look_up()
        self._settle_names()
        works = []
        for name, known in zip(list(self.series), self._all_facts(), strict=True):
            if not isinstance(known, SeriesFacts):
                # Without its glossary and cast a series would be translated wrong, so none of it is.
                self.problems += [Problem(name, episode, known) for episode in self.series[name]]
            elif episodes := tuple(self._with_subtitles(name, self.language or known.language or "zh", found)):
                works.append(Series(name, episodes, known))
        return Catalog(self.source, tuple(works), tuple(self.problems))

    def _with_subtitles(
        self, series: str, language: str, found: Mapping[str, ObjectInfo | DubwrightError]
    ) -> Iterator[Episode]:
        """The episodes with the subtitles to be taken; without those whose subtitles are named and not there."""
        for name, episode in self.series[series].items():
            chosen = sidecars.choose(self.subtitles.get((series, name), ()), language)
            if chosen is None:
                yield episode
                continue
            try:
                digest = sidecars.digest(chosen, found.get(chosen.address))
            except DubwrightError as error:
                self.problems.append(Problem(series, name, error))
                continue
            yield replace(episode, subtitles=chosen.address, subtitles_digest=digest)

    def _look_up(self) -> dict[str, ObjectInfo | DubwrightError]:
        """Ask the stores, folder by folder, for what the rows have not said: digests, and whether there are facts."""
        beside = {name: self._beside(name) for name, where in self.facts.items() if where is None}
        given = (each.address for found in self.subtitles.values() for each in found if not each.digest)
        found = sources.look_up([*self.asked, *beside.values(), *given])
        for name, where in beside.items():
            if sources.split(where):
                self.facts[name] = where if where in found else ""
            else:
                self.facts[name] = where if Path(where).exists() else ""
        waiting = [each for known in self.series.values() for each in known.values() if each.uri in self.asked]
        for episode in waiting:
            known = self.series[episode.series]
            try:
                own = _object_digest(episode.uri, found.get(episode.uri), self.asked[episode.uri])
                known[episode.episode] = replace(episode, digest=own)
            except DubwrightError as error:
                self.problems.append(Problem(episode.series, episode.episode, error))
                del known[episode.episode]
        return found

    def _beside(self, series: str) -> str:
        return sources.beside(next(iter(self.series[series].values())).uri, facts.FILE)

    def _settle_names(self) -> None:
        """Take out what two videos or two catalogues call alike, and series of which nothing is left."""
        for (series, episode), videos in self.twice.items():
            self.series[series].pop(episode, None)
            problem = DuplicateEpisodeError(
                f"{len(videos)} videos have this name: {', '.join(videos[:10])}",
                where=f"{series}/{episode}",
                field="episode",
                remedy="rename all but one of them, or name the episodes in a manifest",
            )
            self.problems.append(Problem(series, episode, problem))
        for series, owners in self.owners.items():
            if len(owners) > 1:
                self.series.pop(series, None)
                problem = DuplicateEpisodeError(
                    f"is in {len(owners)} registered catalogues: {', '.join(sorted(owners))}",
                    where=series,
                    field="series",
                    remedy="name one catalogue, as lake:NAME, or take the series out of all but one",
                )
                self.problems.append(Problem(series, ALL, problem))
        self.series = {name: known for name, known in self.series.items() if known}

    def _all_facts(self) -> list[SeriesFacts | DubwrightError]:
        with ThreadPoolExecutor(READ_AT_ONCE) as pool:
            return list(pool.map(_facts_at, (self.facts[name] or "" for name in self.series)))


def _checked(row: Row) -> tuple[str, str]:
    """A row's video, and its digest if that can be had without asking a store. Raises what is wrong with the row."""
    if row.error:
        raise row.error
    if row.video is None:
        raise ManifestError("no video is named", where=row.where, field="video", remedy="give its path")
    if row.digest or sources.split(row.video):
        return row.video, row.digest or ""
    try:
        return row.video, sources.digest(Path(row.video))
    except FileNotFoundError:
        raise MediaError(
            "no such file", where=row.where, field=row.video, remedy="correct the path, or take the row out"
        ) from None
    except OSError as error:
        raise MediaError(
            error.strerror or str(error), where=row.where, field=row.video, remedy="check the file's permissions"
        ) from error


def _object_digest(address: str, found: ObjectInfo | DubwrightError | None, where: str) -> str:
    place = sources.split(address)
    if isinstance(found, DubwrightError):
        raise found
    if found is None or place is None:
        raise MediaError(
            "no such object", where=where, field=address, remedy="correct the address, or take the row out"
        )
    return sources.object_digest(place.connect(), found)


def _facts_at(address: str) -> SeriesFacts | DubwrightError:
    try:
        return facts.read(address) if address else SeriesFacts()
    except DubwrightError as error:
        return error


def _unknown(selection: str, source: str, names: Collection[str]) -> CatalogError:
    return CatalogError(
        f"nothing is called {selection!r}",
        where=source,
        field="only",
        remedy=f"the series are: {', '.join(sorted(names)[:10])}{' …' if len(names) > 10 else ''}",
    )


@lru_cache(maxsize=1 << 16)
def _name(name: str) -> str:
    """A name as the lake can hold it: one Unicode form, nothing that is no character, no longer than a key allows."""
    # A terminal would obey control characters where people only want to read; surrogates are bytes that are no text.
    text = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in ("Cc", "Cs") else char for char in name)
    text = unicodedata.normalize("NFC", text).strip()
    if text and len(layout.encode(text).encode()) <= layout.LONGEST_NAME_BYTES:
        return text
    mark = "~" + hashlib.blake2b((text or name).encode(), digest_size=4).hexdigest()
    # Measured with its mark: "~" takes three bytes of a key.
    while len(layout.encode(text + mark).encode()) > layout.LONGEST_NAME_BYTES:
        text = text[:-1]
    return text + mark
