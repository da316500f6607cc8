"""From rows of text to subtitles: rows that come and go together, read once, in one script."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import langcodes
import numpy as np

from dubwright import languages
from dubwright.media.frames import Grey
from dubwright.transcribe import text
from dubwright.transcribe.burned import strokes
from dubwright.transcribe.burned.band import LONGEST_MS
from dubwright.transcribe.burned.reader import Box, Reader, rows
from dubwright.transcribe.burned.tracks import Row
from dubwright.transcribe.engine import Word

# Rows of one subtitle come and go within so much of each other (ms): three frames of 25 a second.
TOGETHER_MS = 120
# Two readings of one text that a flash or a cut has parted are at most this long (ms) apart.
PARTED_MS = 400
# So alike (0 to 1) are two readings of it, one of which scores less than this.
ALIKE, UNSURE = 0.7, 0.95
# Between two phrases in one row stands a gap this wide, in characters: a comma, or a space that becomes one.
PHRASES_APART = 0.42
# What a sign of punctuation, and a half of the space between words, takes of a character's square.
_SIGN = 0.3
# Room around a row when it is read, in its heights: closing marks stand apart, and boxes are drawn tight.
ROOM_ASIDE, ROOM_ABOVE = 0.5, 0.12
_HAN = frozenset({"Hans", "Hant", "Hani", "Jpan", "Hanb"})


@dataclass(frozen=True, slots=True)
class Line:
    """A subtitle: when it is shown (ms on the picture's clock, `end_ms` the first moment without it), what it says,
    the reader's score (0 to 1), its box in pixels of the upright picture, and its script (ISO 15924)."""

    start_ms: int
    end_ms: int
    text: str
    score: float
    box: Box
    script: str


def script_of(language: str) -> str:
    """The script that a language is written in, Chinese characters of any kind as `Hani`."""
    script = langcodes.Language.get(language).maximize().script or ""
    return "Hani" if script in _HAN else script


def script_in(written: str) -> str:
    """The script of a text: `Hani` where a third of its letters are Chinese, `Latn`, or nothing for neither."""
    han = sum("CJK" in unicodedata.name(char, "") for char in written if char.isalpha())
    latin = sum("LATIN" in unicodedata.name(char, "") for char in written if char.isalpha())
    # A Chinese character says about as much as three letters: names and brands stand in Chinese lines.
    if 3 * han >= latin and han:
        return "Hani"
    return "Latn" if latin else ""


def read(found: Iterable[Row], reader: Reader, language: str, least_score: float) -> list[Line]:
    """The subtitles of rows, in order of time. What scores too little, says nothing or never goes away is left out."""
    single = [line for row in found if (line := read_row(row, reader, language)).score >= least_score]
    kept = [line for line in single if line.script and line.end_ms - line.start_ms <= LONGEST_MS]
    return _parted(together(kept))


def read_row(row: Row, reader: Reader, language: str) -> Line:
    """Find the row again in its clean picture, where nothing moves behind it any more, and read it."""
    room = round(ROOM_ABOVE * row.inside.height) + row.inside.height // 2
    top, bottom = max(0, row.inside.y - room), row.inside.bottom + room
    aside = 2 * row.inside.height
    left = max(0, row.inside.x - aside)
    around = row.picture[top:bottom, left : row.inside.right + aside]
    wanted = row.inside.moved(-left, -top)
    here = [box for box in rows(reader.find(around, row.inside.height)) if box.same_row(wanted) and _meet(box, wanted)]
    box = max(here, key=lambda each: each.width, default=wanted)
    box = box if box.width >= 0.8 * wanted.width else wanted.joined(box)
    reading = reader.read(_cut(around, box))
    written = _written(_spaced(reading.text, *_gaps(around, box)), language)
    shift_x, shift_y = row.box.x - row.inside.x + left, row.box.y - row.inside.y + top
    return Line(row.start_ms, row.end_ms, written, reading.score, box.moved(shift_x, shift_y), script_in(written))


def _meet(one: Box, other: Box) -> bool:
    return min(one.right, other.right) > max(one.x, other.x)


def _cut(picture: Grey, box: Box) -> Grey:
    aside, above = round(ROOM_ASIDE * box.height), round(ROOM_ABOVE * box.height)
    return picture[max(0, box.y - above) : box.bottom + above, max(0, box.x - aside) : box.right + aside]


def _written(raw: str, language: str) -> str:
    """A reading in the language's own punctuation and script, if it is in that script at all."""
    raw = " ".join(raw.split())
    if script_in(raw) != script_of(language):
        return raw
    # As words that a space parts, which is how the language's own sign for it is put there.
    phrases = [Word(f" {phrase}", 0, 1, 1.0) for phrase in raw.split()]
    return text.join(text.in_script(text.clean(phrases, language), language), language)


def _gaps(picture: Grey, box: Box) -> tuple[int, list[tuple[int, int]]]:
    """How many columns of a row hold strokes; and its gaps, each as the number of those before it, and its width."""
    by = max(1, box.height // strokes.CHARACTER)
    part = picture[max(0, box.y) : box.bottom, max(0, box.x) : box.right]
    bright, dark = (strokes.response(each, by).max(axis=0, initial=0) >= strokes.STROKE for each in (part, 255 - part))
    inked = np.flatnonzero(bright)
    apart = np.diff(inked) - 1
    is_wide = apart > box.height / by / 5
    # Narrow gaps, as between all characters, are a part of them.
    filled = np.cumsum(np.where(is_wide, 1, apart + 1)) + 1
    # Light that dark text leaves free is no gap: nothing is in the middle of one. At its sides may be outlines.
    found = [
        (int(filled[at]) - 1, int(apart[at]))
        for at in np.flatnonzero(is_wide)
        if not dark[inked[at] + 1 + apart[at] // 3 : inked[at + 1] - apart[at] // 3].any()
    ]
    return int(filled[-1]) if len(filled) else 0, found


def _spaced(raw: str, width: int, found: Sequence[tuple[int, int]]) -> str:
    """A reading with a space where the row has a gap that is not a sign's own: characters are squares, or halves."""
    if not found or script_in(raw) != "Hani":
        return raw
    # Of a sign of punctuation the gap is not counted that it leaves in its square.
    sizes = [_SIGN if not char.isalnum() else 0.5 if char.isascii() else 1.0 for char in raw]
    ends = np.cumsum(sizes)
    character = width / ends[-1]
    for before, gap in reversed(found):
        at = int(np.argmin(np.abs(ends * character - before))) + 1
        if gap >= PHRASES_APART * character and raw[at - 1].isalnum() and raw[at : at + 1].isalnum():
            raw = f"{raw[:at]} {raw[at:]}"
    return raw


def together(single: Sequence[Line]) -> list[Line]:
    """Rows of one script that come and go together as one subtitle, from the top down."""
    joined: list[Line] = []
    for line in sorted(single, key=lambda each: (each.start_ms // 1, each.box.y)):
        for index, upper in enumerate(joined):
            if _one_subtitle(upper, line):
                joined[index] = _stacked(upper, line)
                break
        else:
            joined.append(line)
    return sorted(joined, key=lambda each: (each.start_ms, each.box.y))


def _one_subtitle(one: Line, other: Line) -> bool:
    near = abs(one.start_ms - other.start_ms) <= TOGETHER_MS and abs(one.end_ms - other.end_ms) <= TOGETHER_MS
    apart = max(one.box.y, other.box.y) - min(one.box.bottom, other.box.bottom)
    return near and one.script == other.script and -0.5 < apart / min(one.box.height, other.box.height) < 1.2


def _stacked(one: Line, other: Line) -> Line:
    upper, lower = sorted((one, other), key=lambda each: each.box.y)
    between = "" if upper.script == "Hani" else " "
    letters = len(upper.text) + len(lower.text)
    return Line(
        min(upper.start_ms, lower.start_ms),
        max(upper.end_ms, lower.end_ms),
        f"{upper.text}{between}{lower.text}",
        (upper.score * len(upper.text) + lower.score * len(lower.text)) / letters,
        upper.box.joined(lower.box),
        upper.script,
    )


def _parted(lines: Sequence[Line]) -> list[Line]:
    """The lines, with the two halves of one that was lost for a moment put together."""
    whole: list[Line] = []
    for line in lines:
        for index in range(len(whole) - 1, max(-1, len(whole) - 4), -1):
            before = whole[index]
            if before.box.same_row(line.box) and _follows(before, line) and _alike(before, line):
                better = max(before, line, key=lambda each: each.score * each.box.width)
                whole[index] = replace(better, start_ms=before.start_ms, end_ms=max(before.end_ms, line.end_ms))
                break
        else:
            whole.append(line)
    return whole


def _follows(before: Line, after: Line) -> bool:
    return after.start_ms - before.end_ms <= PARTED_MS


def _alike(one: Line, other: Line) -> bool:
    """Whether these are the same words, or one reading of them went wrong."""
    if one.text == other.text:
        return True
    # Two texts cannot stand at one place at one time: one is a part of the other.
    at_once = one.end_ms - other.start_ms > (other.end_ms - other.start_ms) / 2
    unsure = at_once or min(one.score, other.score) < UNSURE
    return unsure and SequenceMatcher(None, one.text, other.text, autojunk=False).ratio() >= ALIKE


def base_script(reader: Reader, language: str) -> str | None:
    """The script of a language if the reader reads it, else None."""
    script = script_of(languages.base(language))
    return script if script in reader.scripts else None
