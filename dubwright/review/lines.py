"""An episode's lines in a language as they stand: heard, translated, corrected, spoken and reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dubwright import languages
from dubwright.errors import CatalogError, EditError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, layout
from dubwright.lake.lake import UnitFile
from dubwright.lake.layout import ReviewKey, UnitKey
from dubwright.lake.spreading import spread
from dubwright.lately import Lately
from dubwright.moved import span
from dubwright.reports import coverage
from dubwright.review import edits, log
from dubwright.review.edits import Edit, Place
from dubwright.review.log import Entry
from dubwright.review.remarks import Remark, remarks
from dubwright.review.states import Standing, State, states
from dubwright.series import cast as casts
from dubwright.series.cast import Cast
from dubwright.series.facts import SeriesFacts

Row = dict[str, Any]
# What is read of these tables: a transcript's words and voice prints are most of it, and none of it is a line's.
COLUMNS = {
    "source": ("duration_ms",),
    "transcript": (
        *("segment", "start_ms", "end_ms", "speaker", "character"),
        *("text", "confidence", "evidence", "kind", "notes"),
    ),
    "dub": ("segment", "start_ms", "duration_ms", "tempo", "voice", "blob", "verdict", "reason"),
}
EPISODES_AT_ONCE = 4
# Episodes in a language whose lines are kept as they were put together, some 50 KB each.
KEPT = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands; times in ms, `start_ms` and `end_ms` where it is spoken and shown, `heard_ms` its original's.

    `number` is that of its last correction. One that is `pending` is in the lake, and not in the translation yet.
    `recast`: another one speaks it by people's word than when it was translated and dubbed; `character_id` is that one.
    `stale`: what was locked is not what stands. `evidence` is the witness of its source (table `transcript`), `sound` the blob
    with its speech, `said_ms` when the dub says it. `subtitle_text` and `short_text` are the engine's, as in the table
    `translation`; `notes` say what is odd about the source's language or the translation, `reason` about the dub.
    `engine_text` is what the engine said, `remarks` what people did of it, `comments` the same one by one.
    """

    segment: int
    source_text: str
    text: str
    state: State
    number: int
    start_ms: int
    end_ms: int
    heard_ms: tuple[int, int]
    approved: bool = False
    stale: bool = False
    pending: bool = False
    recast: bool = False
    editor: str | None = None
    at: datetime | None = None
    edit: Edit | None = None
    assignee: str | None = None
    comments: tuple[Entry, ...] = ()
    remarks: tuple[Remark, ...] = ()
    engine_text: str = ""
    speaker: str | None = None
    character: str | None = None
    character_id: str | None = None
    kind: str = "dialogue"
    confidence: float | None = None
    evidence: str | None = None
    subtitle_text: str | None = None
    short_text: str | None = None
    tempo: float | None = None
    voice: str | None = None
    verdict: str | None = None
    sound: str | None = None
    said_ms: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def who(self) -> str | None:
        """Who speaks, by the best name there is."""
        return self.character or self.speaker

    @property
    def flags(self) -> list[str]:
        """What is odd about the line, in words."""
        return [*self.notes, *([self.reason] if self.reason else [])]


@dataclass(frozen=True, slots=True)
class Script:
    """An episode's lines in a language, in their order.

    `base` is the fingerprint that the translation has without corrections; `duration_ms` the episode's length, where that
    is known; `edits` all corrections, in the order in which they count; `said` the log of the review, up to its `version`;
    `cast` who speaks in the series.
    """

    place: Place
    lines: tuple[Line, ...]
    base: str
    cast: Cast
    duration_ms: int | None = None
    edits: tuple[Edit, ...] = ()
    said: tuple[Entry, ...] = ()
    version: int = 0

    @property
    def remarks(self) -> list[Remark]:
        """What was remarked on the episode, and not on one of its lines."""
        return [remark for remark in remarks(self.said) if remark.segment is None]

    def line(self, segment: int) -> Line:
        """A line by its number. Raises `CatalogError`."""
        for line in self.lines:
            if line.segment == segment:
                return line
        numbers = [line.segment for line in self.lines]
        raise CatalogError(
            f"has no line {segment}",
            where=f"{self.place.series}/{self.place.episode}",
            field="LINE",
            remedy=f"its lines are {min(numbers)} to {max(numbers)}" if numbers else "nobody speaks in it",
        )


def read(lake: Lake, place: Place, cast: Cast | None = None) -> Script:
    """An episode's newest lines; `cast` is the series', where that is at hand. Raises `CatalogError` if not translated."""
    (script,) = of_series(lake, place.series, place.language, place.episode, cast)
    return script


def of_series(
    lake: Lake, series: str, language: str, episode: str | None = None, cast: Cast | None = None
) -> list[Script]:
    """The lines of every episode of a series that is translated, in the order of their names; or of one episode.

    `cast` is the series', where that is at hand. Raises `CatalogError` if nothing is translated.
    """
    found = _sources(lake, series, language, episode)
    if not found:
        raise CatalogError(
            f"is not translated into {languages.name(language)}",
            where=series if episode is None else f"{series}/{episode}",
            field="--to",
            remedy="see `dubwright status`, or localize it first",
        )
    speaking = casts.read(lake, series) if cast is None else cast
    wanted = [(lake, Place(series, name, language), found[name], id(speaking)) for name in sorted(found)]
    # Side by side: what takes time is the way to the store and back.
    return _scripts.of(
        wanted, lambda new: spread(lambda each: _script(*each[:3], speaking), new, min(EPISODES_AT_ONCE, len(new)))
    )


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the lines of an episode are put together from: its newest units, and all that people did. None of it ever changes."""

    translation: UnitKey
    transcript: UnitKey | None
    dub: UnitKey | None
    source: UnitKey | None
    edits: tuple[str, ...]
    said: tuple[ReviewKey, ...]


# By what they are put together from, and the cast as it was read, which the script keeps alive.
_scripts: Lately[tuple[Lake, Place, _Sources, int], Script] = Lately(KEPT)


def _sources(lake: Lake, series: str, language: str, episode: str | None) -> dict[str, _Sources]:
    """Of every translated episode, or of one, from the listings alone."""

    def newest(table: str, language: str | None = None) -> dict[str, UnitKey]:
        return {key.episode: key for key in coverage.newest(lake, table, language, series, episode)}

    translations = newest("translation", language)
    if not translations:
        return {}
    transcripts, dubs, sources = newest("transcript"), newest("dub", language), newest("source")
    edited: dict[str, list[str]] = {}
    for edit in lake.edit_keys(language, series, episode):
        edited.setdefault(edit.episode, []).append(str(edit))
    said: dict[str, list[ReviewKey]] = {}
    for review in lake.review_keys(language, series, episode):
        said.setdefault(review.episode, []).append(review)
    return {
        name: _Sources(
            key,
            transcripts.get(name),
            dubs.get(name),
            sources.get(name),
            tuple(edited.get(name, ())),
            tuple(said.get(name, ())),
        )
        for name, key in translations.items()
    }


def _script(lake: Lake, place: Place, sources: _Sources, cast: Cast) -> Script:
    unit = lake.read(sources.translation)
    base = base_of(unit)
    everything = edits.of_keys(lake, sources.edits)
    own = [each for each in everything if each.base != base]
    said = log.read(lake, sources.said)
    rows = sorted(unit.rows(), key=lambda row: int(row["segment"]))
    stand = states(_as_engine_said(lake, unit) or rows, own, said)
    heard = _rows(lake, sources.transcript)
    dubbed = {row["segment"]: row for row in _rows(lake, sources.dub)}
    source = next(iter(_rows(lake, sources.source)), {})
    since = _committed_at(unit) if _other_cast(unit, cast, place.episode) else None
    remarked: dict[int | None, list[Remark]] = {}
    for remark in remarks(said):
        remarked.setdefault(remark.segment, []).append(remark)
    found = _Rows({row["segment"]: row for row in heard}, dubbed, cast, place.episode, since, remarked)
    lines = tuple(found.line(row, stand[row["segment"]]) for row in rows)
    version = sources.said[-1].version if sources.said else 0
    return Script(place, lines, base, cast, source.get("duration_ms"), tuple(everything), said, version)


def base_of(unit: UnitFile) -> str:
    """The fingerprint that a translation has, or would have, without corrections."""
    recipe = unit.provenance.get("recipe")
    if isinstance(recipe, dict) and recipe.get("edits"):
        return fingerprint(recipe | {"edits": None})
    return unit.key.fingerprint


def _other_cast(unit: UnitFile, cast: Cast, episode: str) -> bool:
    """Whether a translation was told of another cast; also where it does not say of which."""
    recipe = unit.provenance.get("recipe")
    if not isinstance(recipe, dict) or "cast" not in recipe:
        return True
    of_episode = cast.of_episode(episode, recipe.get("upstream", {}).get("transcribe"))
    told = of_episode.digest_for("translate", episode, SeriesFacts()) if of_episode.people else None
    return bool(recipe["cast"] != told)


def _committed_at(unit: UnitFile) -> datetime | None:
    said = unit.provenance.get("committed_at")
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def shown(lines: Iterable[Line], segments: Iterable[int]) -> list[Line]:
    """The lines of these numbers. Raises `EditError` for one that is not there."""
    known = {line.segment: line for line in lines}
    wanted = list(segments)
    for segment in wanted:
        if segment not in known:
            raise EditError(f"has no line {segment}", field="LINE", remedy="see `dubwright lines`")
    return [known[segment] for segment in wanted]


def _as_engine_said(lake: Lake, unit: UnitFile) -> list[Row] | None:
    """The rows before anyone corrected them, where there is such a unit and it is still there."""
    before = unit.provenance.get("upstream", {}).get("translate")
    key = layout.parse_unit(before) if isinstance(before, str) else None
    if key and key.table == "translation" and lake.committed(key):
        return lake.rows(key)
    return None


def _rows(lake: Lake, key: UnitKey | None) -> list[Row]:
    return lake.rows(key, COLUMNS[key.table]) if key else []


@dataclass(frozen=True, slots=True)
class _Rows:
    """What stands beside the translation: rows of the transcript and the dub by line, and who speaks; where that is
    another cast than the translation's, also `since` when."""

    heard: Mapping[int, Row]
    dubbed: Mapping[int, Row]
    cast: Cast
    episode: str
    since: datetime | None
    remarked: Mapping[int | None, list[Remark]]

    def line(self, row: Row, stand: Standing) -> Line:
        heard = {"start_ms": 0, "end_ms": 0, **self.heard.get(row["segment"], {})}
        spoken = self.dubbed.get(row["segment"], {})
        person = self.cast.who(self.episode, heard.get("speaker"), heard["start_ms"], heard["end_ms"])
        assigned = self.cast.assigned(self.episode, heard["start_ms"], heard["end_ms"]) if self.since else None
        edit = stand.edit
        moved = {"start_ms": edit.start_ms, "end_ms": edit.end_ms} if edit else {}
        pending = stand.text != (row["text"] or "") or span(heard, moved) != span(heard, row)
        return Line(
            segment=row["segment"],
            source_text=row["source_text"],
            text=stand.text,
            state=stand.state,
            number=stand.number,
            start_ms=span(heard, moved)[0],
            end_ms=span(heard, moved)[1],
            heard_ms=(heard["start_ms"], heard["end_ms"]),
            approved=stand.approved,
            stale=stand.stale,
            pending=pending,
            recast=bool(assigned and assigned.at and self.since and assigned.at > self.since),
            editor=stand.editor,
            at=stand.at,
            edit=edit,
            assignee=stand.assignee,
            comments=stand.comments,
            remarks=tuple(self.remarked.get(row["segment"], ())),
            engine_text=stand.engine_text,
            speaker=heard.get("speaker"),
            character=person.called if person else heard.get("character"),
            character_id=person.id if person else None,
            kind=heard.get("kind") or "dialogue",
            confidence=heard.get("confidence"),
            evidence=heard.get("evidence"),
            subtitle_text=None if pending else row["subtitle_text"],
            short_text=None if pending else row["short_text"],
            tempo=spoken.get("tempo"),
            voice=spoken.get("voice"),
            verdict=spoken.get("verdict"),
            sound=spoken.get("blob"),
            said_ms=_said_ms(spoken),
            notes=(*_foreign(heard), *(() if pending and stand.state == "edited" else row["notes"] or ())),
            reason=spoken.get("reason"),
        )


def _said_ms(spoken: Row) -> tuple[int, int] | None:
    start_ms, duration_ms = spoken.get("start_ms"), spoken.get("duration_ms")
    return None if start_ms is None or duration_ms is None else (start_ms, start_ms + duration_ms)


def _foreign(heard: Row) -> list[str]:
    """That the episode is in another language than expected; what else is noted of a source is nobody's to decide."""
    return [note for note in heard.get("notes") or () if note.startswith(f"{languages.NOTE}:")]
