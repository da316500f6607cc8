"""Timed subtitles as they stand in SRT, WebVTT and ASS or SSA files.

Read row by row, here: one bad row in thousands of somebody's files must cost that row, not the file.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dubwright.transcribe.marks import Kind

LONGEST_ROW = 500
_TIME = r"(-?)\s*(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[,.:](\d{1,9}))?"
_ARROW = re.compile(rf"\s*{_TIME}\s*-{{1,3}}\s*>\s*{_TIME}(?:\s.*)?")
_CLOCK = re.compile(_TIME)
_ASS_LINE = re.compile(r"\s*Dialogue\s*:(.*)", re.IGNORECASE)
_ASS_FORMAT = re.compile(r"\s*Format\s*:(.*)", re.IGNORECASE)
_ASS_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_OVERRIDE = re.compile(r"\{([^{}]*)\}")
_DRAWING = re.compile(r"\\p(\d+)")
_AT_TOP = re.compile(r"\\(an[789]|a([567]|9|1[01]))(?!\d)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>|<\d[\d:.]{0,20}>")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,80})?\s+([^<>]{1,80})>")
_SIGN = re.compile(r"sign|title|caption|note|screen|credit|staff|标题|屏幕|注释|标注|制作|片名", re.IGNORECASE)
_SONG = re.compile(
    r"(^|[^a-z])(op|ed|insert)(\d|[^a-z]|$)|song|lyric|karaoke|romaji|歌|片头曲|片尾曲|插曲", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Raw:
    """A cue or a row of a script before its marks are read: `number` is its line in the file; times in ms, if any."""

    number: int
    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    kind: Kind = "dialogue"
    speaker: str | None = None


def parse(written: str) -> list[Raw] | None:
    """The cues of a file in one of these forms, as they stand in it; None where it is in none of them."""
    rows = written.split("\n")
    if any(_ASS_LINE.match(row) for row in rows):
        found = list(_ass(rows))
    else:
        found = list(_blocks(rows, to_gap=written[:100].lstrip("\ufeff \n").startswith("WEBVTT")))
    return found or None


def first_bad(written: str) -> tuple[int, str]:
    """The line that should be a cue and is none, and what is wrong with it; of an empty file, the first."""
    for number, row in enumerate(written.split("\n"), 1):
        if ("->" in row and not _times(row)) or _ASS_LINE.match(row):
            return number, f"has no times that can be read: {row.strip()[:60]!r}"
    return 1, "holds no cue"


def _milliseconds(parts: Sequence[str | None]) -> int:
    sign, hours, minutes, seconds, fraction = parts
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return (-1 if sign else 1) * (1000 * whole + int((fraction or "0").ljust(3, "0")[:3]))


# SRT and WebVTT -------------------------------------------------------------------------------------------


def _times(row: str) -> re.Match[str] | None:
    """The times that a row consists of."""
    return _ARROW.fullmatch(row) if "->" in row and len(row) <= LONGEST_ROW else None


def _blocks(rows: Sequence[str], *, to_gap: bool) -> Iterator[Raw]:
    """Cues: a row of times and the rows under it, to the next row of times or (`to_gap`) to an empty row at the latest."""
    heads = {number: times for number, row in enumerate(rows) if (times := _times(row))}
    # Times that cannot be read end the cue before them all the same.
    ends = sorted({*heads, *(number for number, row in enumerate(rows) if "-->" in row), len(rows)})
    after = dict(pairwise(ends))
    for number, times in heads.items():
        body = list(rows[number + 1 : after[number]])
        if body and after[number] < len(rows) and body[-1].strip().isdecimal():
            # The number of the next.
            body.pop()
        if to_gap:
            body = body[: next((at for at, row in enumerate(body) if not row.strip()), len(body))]
        if text := "\n".join(row for row in body if row.strip()):
            yield _cue(number + 1, text, times)


def _cue(number: int, text: str, times: re.Match[str]) -> Raw:
    voice = _VOICE.search(text)
    overrides = "".join(found[1] for found in _OVERRIDE.finditer(text) if found[1].startswith("\\"))
    text = _OVERRIDE.sub(lambda found: "" if found[1].startswith("\\") else found[0], text)
    text = html.unescape(_TAG.sub("", text)).replace("\\N", "\n").replace("\u00a0", " ")
    return Raw(
        number,
        text,
        _milliseconds(times.groups()[:5]),
        _milliseconds(times.groups()[5:]),
        "caption" if _AT_TOP.search(overrides) else "dialogue",
        html.unescape(voice[1]).strip() or None if voice else None,
    )


# ASS and SSA ----------------------------------------------------------------------------------------------


def _ass(rows: Sequence[str]) -> Iterator[Raw]:
    fields: Sequence[str] = _ASS_FIELDS
    events = False
    for number, row in enumerate(rows, 1):
        if row.lstrip().startswith("["):
            events = row.strip().lower() == "[events]"
        elif events and (head := _ASS_FORMAT.match(row)):
            named = [name.strip().lower() for name in head[1].split(",")]
            fields = named if {"start", "end", "text"} <= set(named) else _ASS_FIELDS
        elif line := _ASS_LINE.match(row):
            cells = dict(zip(fields, line[1].split(",", len(fields) - 1), strict=False))
            start, end = (_CLOCK.fullmatch(cells.get(name, "").strip()) for name in ("start", "end"))
            text, overrides = _visible(cells.get("text", ""))
            if start and end and text.strip():
                kind = _kind(cells.get("style", ""), cells.get("effect", ""), overrides)
                speaker = cells.get("name", "").strip() or None
                yield Raw(number, text, _milliseconds(start.groups()), _milliseconds(end.groups()), kind, speaker)


def _visible(text: str) -> tuple[str, str]:
    """What is shown of an ASS text, without drawings; and all that is set in it."""
    shown, overrides, at, drawing = "", "", 0, False
    for found in _OVERRIDE.finditer(text):
        shown += "" if drawing else text[at : found.start()]
        at = found.end()
        overrides += found[1]
        for scale in _DRAWING.findall(found[1]):
            drawing = int(scale[:4]) > 0
    shown += "" if drawing else text[at:]
    return shown.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " "), overrides


def _kind(style: str, effect: str, overrides: str) -> Kind:
    if _SONG.search(style) or "karaoke" in effect.lower() or re.search(r"\\k[fo]?\d", overrides):
        return "song"
    return "caption" if _SIGN.search(style) or _AT_TOP.search(overrides) else "dialogue"
