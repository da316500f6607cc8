"""One episode in one language: what is played, and its lines."""

from __future__ import annotations

from pydantic import BaseModel

from desk.console.state import State
from desk.console.views import downloads, remarks
from desk.console.views.downloads import Download
from desk.console.views.lines import Line, Person, people, shown
from desk.console.views.remarks import Remark
from desk.console.views.series import newest_of
from desk.console.views.speech import SOUND
from dubwright.errors import CatalogError
from dubwright.order import natural
from dubwright.reports.coverage import newest_rows
from dubwright.review import lines
from dubwright.review.edits import Place
from dubwright.review.log import Entry
from dubwright.series import cast as casts

VIDEO = "video/mp4"


class Tracks(BaseModel):
    """Links that run out: the video dubbed into the language, its subtitles, the original sound, and the original video
    where the lake has a copy."""

    video: str | None
    source_video: str | None
    subtitles: str | None
    source_subtitles: str | None
    original: str | None
    timeline: str | None


class Episode(BaseModel):
    """`language` is shown, of the `languages` that there are; `before` and `after` are the neighbouring episodes.

    What was delivered can be taken away (`downloads`) unless it is `withheld` for its quality.
    `remarks` are those on the episode as a whole, `assignee` is to look at it, `staff` are those who might.
    """

    series: str
    episode: str
    language: str
    languages: list[str]
    source_language: str
    duration_ms: int
    width: int
    height: int
    lines: list[Line]
    cast: list[Person]
    remarks: list[Remark]
    assignee: str | None
    staff: list[str]
    tracks: Tracks
    quality: str
    passed: bool | None
    withheld: bool
    downloads: list[Download]
    before: str | None
    after: str | None


def episode(console: State, name: str, number: str, language: str, staff: list[str]) -> Episode:
    """An episode as the lake has it. Raises `CatalogError` where it is not translated into the language."""
    lake = console.lake
    cast = casts.read(lake, name)
    script = lines.read(lake, Place(name, number, language), cast)
    source = next(iter(newest_rows(lake, "source", name, number) or []), None)
    if source is None:
        raise CatalogError("the lake has no such episode", where=f"{name}/{number}", remedy="see its series")
    units = newest_of(lake, name, number)
    verdict = next(iter(console.verdicts.of([units[language]] if language in units else [])), None)
    withheld = verdict is not None and verdict.quality.withheld(console.settings.quality)
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
        lines=shown(console, script, verdict.quality.flags if verdict else {}),
        cast=people(cast),
        remarks=[remarks.shown(each) for each in script.remarks],
        assignee=next((each.assignee for each in reversed(script.said) if _of_all(each)), None),
        staff=staff,
        tracks=Tracks(
            video=link("video"),
            source_video=console.links.to(source["video_blob"], VIDEO) if source["video_blob"] else None,
            subtitles=link("vtt"),
            source_subtitles=link("source-vtt"),
            original=console.links.to(source["stereo_blob"], SOUND) if source["stereo_blob"] else None,
            timeline=console.links.to(verdict.picture, "image/png") if verdict and verdict.picture else None,
        ),
        quality=str(verdict.quality) if verdict else "",
        passed=verdict.quality.passed if verdict else None,
        withheld=withheld,
        downloads=[] if withheld else downloads.of_unit(console, units.get(language)),
        before=numbers[at - 1] if at else None,
        after=numbers[at + 1] if at + 1 < len(numbers) else None,
    )


def _of_all(entry: Entry) -> bool:
    return entry.kind == "assign" and entry.segment is None
