"""Subtitles or a script that came with a video: SRT, ASS or SSA, WebVTT, or plain text, as lines of the source language."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dubwright import languages
from dubwright.errors import InputError
from dubwright.transcribe import marks, text
from dubwright.transcribe.burned.lines import script_in, script_of
from dubwright.transcribe.engine import Word
from dubwright.transcribe.given import cues, script
from dubwright.transcribe.given.cues import Raw
from dubwright.transcribe.given.encoding import decode
from dubwright.transcribe.marks import Kind, Marked

__all__ = ["SUFFIXES", "Given", "GivenLine", "read"]

SUFFIXES = frozenset((".srt", ".ass", ".ssa", ".vtt", ".txt"))
LARGEST_BYTES = 10 * 1024 * 1024
MOST_LINES = 20_000
# What has more characters is no line of anybody's.
LONGEST_LINE = 2000
# What is shown longer than this (ms) is a watermark, not something said; and what begins later, a mistake.
LONGEST_MS, LATEST_MS = 60_000, 24 * 3600 * 1000
# How long a cue stays (ms) that has no length of its own: by its characters, no shorter than this.
PER_CHARACTER_MS, SHORTEST_MS = 220, 600
# From this share of cues in two scripts on, a file is bilingual; and below it of the source's, in another language.
BILINGUAL, OWN_SCRIPT = 0.3, 0.1
_TOLD_APART = ("Hani", "Latn")
_HAN_APART = re.compile("(?<=[\u3400-\u9fff])\\s+(?=[\u3400-\u9fff])")


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A line, with its times in ms where the file has any; `speaker` as the file names them."""

    start_ms: int | None
    end_ms: int | None
    text: str
    kind: Kind = "dialogue"
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """The lines of a file, in order of time or, where it is not `timed`, as they stand in it."""

    lines: tuple[GivenLine, ...]
    timed: bool


def read(source: Path | bytes, name: str, language: str, cast: Collection[str] = ()) -> Given:
    """The lines of a file or its content; its `name` tells a script from subtitles, `cast` helps to tell speakers.

    Raises `InputError`, naming the file and the line, for what is too large, no text, in no known form, empty, or in
    another language's script.
    """
    written = decode(_content(source, name), name, language)
    raw = cues.parse(written)
    if raw is None:
        if Path(name).suffix.lower() in SUFFIXES - {".txt"}:
            raise _unusable(name, *cues.first_bad(written))
        raw = script.parse(written, cast)
    raw = [each for each in raw if len(each.text) <= LONGEST_LINE]
    if not raw:
        raise _unusable(name, 1, "holds no line")
    if len(raw) > MOST_LINES:
        raise _unusable(name, raw[MOST_LINES].number, f"has more than {MOST_LINES} lines")
    timed = raw[0].start_ms is not None
    names = {*cast, *(each.speaker for each in raw if each.speaker)}
    own = _in_language(_timely(raw) if timed else raw, name, language)
    lines = [line for each in own for line in _lines(each, language, names)]
    if not lines:
        raise _unusable(name, raw[0].number, "holds nothing that anybody says or reads")
    return Given(tuple(dict.fromkeys(lines)) if timed else tuple(lines), timed)


def _content(source: Path | bytes, name: str) -> bytes:
    try:
        if isinstance(source, bytes):
            content = source[: LARGEST_BYTES + 1]
        else:
            with source.open("rb") as file:
                content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InputError(
            error.strerror or str(error), where=name, remedy="check the file and its permissions"
        ) from error
    if len(content) > LARGEST_BYTES:
        raise InputError(f"larger than {LARGEST_BYTES} bytes", where=name, remedy="is this the right file?")
    return content


def _unusable(name: str, line: int, problem: str) -> InputError:
    return InputError(
        problem,
        where=name,
        field=f"line {line}",
        remedy="correct the file (SRT, ASS, WebVTT, or a script as text), take it away, or set transcribe.subtitles=ignore",
    )


def _timely(raw: Sequence[Raw]) -> list[Raw]:
    """In order of time, each with an end after its start, and none at a time that no episode has."""
    cut = [replace(each, start_ms=max(0, each.start_ms or 0), end_ms=max(0, each.end_ms or 0)) for each in raw]
    ordered = sorted((each for each in cut if (each.start_ms or 0) < LATEST_MS), key=lambda each: each.start_ms or 0)
    found: list[Raw] = []
    later, following = LATEST_MS, LATEST_MS
    for each in reversed(ordered):
        start, end = each.start_ms or 0, each.end_ms or 0
        if start < following:
            later, following = following, start
        if end <= start:
            end = min(start + max(SHORTEST_MS, PER_CHARACTER_MS * len(each.text)), later)
        found.append(replace(each, end_ms=end, kind="caption" if end - start > LONGEST_MS else each.kind))
    return found[::-1]


def _in_language(raw: Sequence[Raw], name: str, language: str) -> list[Raw]:
    """The cues and rows of them that are in the language, as far as its script tells; all of them where it does not."""
    own = script_of(language)
    if own not in _TOLD_APART:
        return list(raw)
    scripts = [[script_in(row) for row in each.text.split("\n")] for each in raw]
    told = [set(each) - {""} for each in scripts]
    ours = [each for each, seen in zip(raw, told, strict=True) if own in seen]
    theirs = [each for each, seen in zip(raw, told, strict=True) if seen and own not in seen]
    if len(ours) <= OWN_SCRIPT * (len(ours) + len(theirs)) and theirs:
        raise _unusable(name, theirs[0].number, f"is not in {languages.name(language)}")
    when = {(each.start_ms, each.end_ms) for each in ours} if ours and ours[0].start_ms is not None else set()
    beside = sum((each.start_ms, each.end_ms) in when for each in theirs)
    both = sum(len(each) > 1 for each in told)
    if max(beside, both) < BILINGUAL * len(ours):
        return list(raw)
    found = []
    for each, rows in zip(raw, scripts, strict=True):
        kept = [row for row, seen in zip(each.text.split("\n"), rows, strict=True) if seen in (own, "")]
        if own in rows or (not beside and not both):
            found.append(replace(each, text="\n".join(kept)))
        elif (each.start_ms, each.end_ms) not in when and not all(rows):
            found.append(each)
    return found


def _lines(raw: Raw, language: str, cast: Collection[str]) -> list[GivenLine]:
    """What a cue says, turn by turn; of several, each has its share of the time, by its length."""
    turns = marks.turns(raw.text, cast)
    said = [(turn, written) for turn in turns if text.has_speech(written := _written(turn.text, language))]
    whole = sum(len(written) for _, written in said)
    found, before = [], 0
    for turn, written in said:
        after = before + len(written)
        times: tuple[int | None, int | None] = (None, None)
        if raw.start_ms is not None and raw.end_ms is not None:
            length = raw.end_ms - raw.start_ms
            times = (raw.start_ms + length * before // whole, raw.start_ms + length * after // whole)
        found.append(GivenLine(*times, written, _kind(raw, turn), turn.speaker or raw.speaker))
        before = after
    return found


def _kind(raw: Raw, turn: Marked) -> Kind:
    return turn.kind if turn.kind != "dialogue" else raw.kind


def _written(line: str, language: str) -> str:
    """A line in the language's own script and punctuation."""
    if script_of(language) == "Hani":
        # Subtitles have a space where somebody takes breath; between all characters it is only wide.
        apart = "，" if 3 * len(_HAN_APART.findall(line)) < len(line) else ""
        line = _HAN_APART.sub(apart, line)
    words = text.in_script(text.clean([Word(line, 0, 1, 1.0)], language), language)
    return text.join(words, language)
