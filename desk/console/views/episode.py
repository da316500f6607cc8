"""One episode in one language: what is played, and its lines."""

from __future__ import annotations

from pydantic import BaseModel, Field

from desk.console.state import State
from desk.console.views.order import natural
from desk.console.views.series import newest_of
from dubwright import lines as episode_lines
from dubwright.coverage import newest_rows
from dubwright.dub.engine import stock
from dubwright.dub.preview import preview
from dubwright.dub.stage import engine
from dubwright.errors import CatalogError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.quality import standing
from dubwright.settings import QualitySettings

SOUND = "audio/flac"
LONGEST_TEXT = 1000


class Line(BaseModel):
    """A line: heard, said, and how it turned out. Times in ms; `sound` is a link to its speech, at its own tempo."""

    segment: int
    start_ms: int
    end_ms: int
    kind: str | None
    evidence: str | None
    speaker: str | None
    character: str | None
    source_text: str
    text: str
    subtitle_text: str | None
    state: str
    editor: str | None
    dub_start_ms: int | None
    dub_duration_ms: int | None
    tempo: float | None
    voice: str | None
    verdict: str | None
    flags: list[str]
    findings: list[str]
    sound: str | None


class Wording(BaseModel):
    """How a line might be said."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class Sounding(BaseModel):
    """A text as it is spoken: a link to the sound, how long it is, and at what tempo it would fill the line's time (ms)."""

    sound: str
    duration_ms: int
    slot_ms: int
    tempo: float


class Tracks(BaseModel):
    """Links that run out: the video dubbed into the language, its subtitles, and the original sound."""

    video: str | None
    subtitles: str | None
    source_subtitles: str | None
    original: str | None
    timeline: str | None


class Episode(BaseModel):
    """`language` is shown, of the `languages` that there are; `before` and `after` are the neighbouring episodes."""

    series: str
    episode: str
    language: str
    languages: list[str]
    source_language: str
    duration_ms: int
    width: int
    height: int
    lines: list[Line]
    tracks: Tracks
    quality: str
    passed: bool | None
    before: str | None
    after: str | None


def episode(console: State, name: str, number: str, language: str) -> Episode:
    """An episode as the lake has it. Raises `CatalogError` where it is not translated into the language."""
    lake = console.lake
    rows = episode_lines.lines(lake, name, number, language)
    source = next(iter(newest_rows(lake, "source", name, number) or []), None)
    if source is None:
        raise CatalogError("the lake has no such episode", where=f"{name}/{number}", remedy="see its series")
    units = newest_of(lake, name, number)
    verdict = _verdict(lake, units.get(language), console.settings.quality)
    flags = verdict.quality.flags if verdict else {}
    files = {row["kind"]: row for row in newest_rows(lake, "deliverable", name, number, language) or []}
    video, numbers = files.get("video"), sorted({key.episode for key in lake.units("source", series=name)}, key=natural)
    at = numbers.index(number)

    def link(kind: str) -> str | None:
        return console.links.to(files[kind]["blob"], files[kind]["mime"]) if kind in files else None

    return Episode(
        series=name,
        episode=number,
        language=language,
        languages=sorted({*units, language}),
        source_language=source["language"],
        duration_ms=source["duration_ms"] or 0,
        width=video["width"] if video else source["width"] or 9,
        height=video["height"] if video else source["height"] or 16,
        lines=[
            Line(
                **{field: value for field, value in row.items() if field in Line.model_fields},
                findings=[str(finding) for finding in flags.get(row["segment"], ())],
                sound=console.links.to(row["blob"], SOUND) if row["blob"] else None,
            )
            for row in rows
        ],
        tracks=Tracks(
            video=link("video"),
            subtitles=link("vtt"),
            source_subtitles=link("source-vtt"),
            original=console.links.to(source["stereo_blob"], SOUND) if source["stereo_blob"] else None,
            timeline=console.links.to(verdict.picture, "image/png") if verdict and verdict.picture else None,
        ),
        quality=str(verdict.quality) if verdict else "",
        passed=verdict.quality.passed if verdict else None,
        before=numbers[at - 1] if at else None,
        after=numbers[at + 1] if at + 1 < len(numbers) else None,
    )


def _verdict(lake: Lake, unit: UnitKey | None, settings: QualitySettings) -> standing.Standing | None:
    return standing.of_unit(lake, unit, settings) if unit else None


def say(console: State, name: str, number: str, language: str, segment: int, wording: Wording) -> Sounding:
    """A line's text as it would be spoken. Raises `CatalogError` without such a line, and what the engine raises."""
    lines = {row["segment"]: row for row in episode_lines.lines(console.lake, name, number, language)}
    if segment not in lines:
        raise CatalogError(f"has no line {segment}", where=f"{name}/{number}", remedy="load the page again")
    line, resolved = lines[segment], console.settings
    voice = line["voice"] or next(iter(stock(engine(resolved.dub, language).name, resolved.dub, language))).name
    with console.speaking:
        found = preview(console.lake, resolved.dub, console.machine, wording.text, language, voice)
    slot_ms = max(1, line["end_ms"] - line["start_ms"])
    sound = console.links.to(found.blob, SOUND)
    return Sounding(sound=sound, duration_ms=found.duration_ms, slot_ms=slot_ms, tempo=found.duration_ms / slot_ms)
