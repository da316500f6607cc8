"""Captions on the screen: what is written there for a while, elsewhere than subtitles: a name, a place, a time.

They are found by the looks that find the subtitles' band, and followed through the frames that are decoded for the
subtitles anyway. What stands all the time is a logo, what crawls or climbs a ticker or a credit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dubwright.media.frames import Frame, Grey
from dubwright.transcribe.burned import strokes
from dubwright.transcribe.burned.band import ALWAYS, HIGHEST_ROW, LONGEST_MS, LOWEST_ROW, SAME, Band
from dubwright.transcribe.burned.lines import Line, read_row, script_in, script_of, together
from dubwright.transcribe.burned.reader import Box, Reader, rows
from dubwright.transcribe.burned.strokes import Pattern
from dubwright.transcribe.burned.tracks import Row

# More texts at once than this are a card, or a picture of something written.
MOST_AT_ONCE = 8
# A box as much higher than wide is a column of text.
COLUMN = 1.5
# A caption is there where this share of its contrast is, early in a fade.
VISIBLE = 0.35
# Pictures kept of each, at least so far apart (ms), of which the median is read.
PICTURES, PICTURES_APART_MS = 5, 120
# Scenery has writing on it too, and readers are less sure of it.
LEAST_SCORE = 0.8
# One character alone is more often a shape that looks like one.
FEWEST = 2


@dataclass(slots=True)
class _Text:
    """A text that stands somewhere in the picture: `region` is its box with some room, in which `shape` is."""

    box: Box
    region: Box
    shape: Pattern
    full: float
    looks: list[int] = field(default_factory=list)
    levels: list[tuple[int, float]] = field(default_factory=list)
    pictures: list[Grey] = field(default_factory=list)
    next_ms: int = 0

    def level(self, grey: Grey, by: int) -> float:
        return self.shape.level(strokes.response(_inside(grey, self.region), by))

    def see(self, frame: Frame, by: int) -> None:
        level = self.level(frame.grey, by)
        self.levels.append((frame.at_ms, level))
        if level >= SAME * self.full and frame.at_ms >= self.next_ms and len(self.pictures) < PICTURES:
            self.pictures.append(_inside(frame.grey, self.region).copy())
            self.next_ms = frame.at_ms + PICTURES_APART_MS

    def row(self) -> Row | None:
        """The text with its first and its end (ms), out of the levels around the look that found it."""
        if not self.pictures:
            return None
        there = [level >= VISIBLE * self.full for _, level in self.levels]
        found = min(range(len(there)), key=lambda at: abs(self.levels[at][0] - self.looks[0]))
        first = end = found
        while first and there[first - 1]:
            first -= 1
        while end + 1 < len(there) and there[end]:
            end += 1
        picture = np.median(np.stack(self.pictures), axis=0).astype(np.uint8)
        inside = self.box.moved(-self.region.x, -self.region.y)
        return Row(self.levels[first][0], self.levels[end][0], self.box, inside, picture)


class Captions:
    """Collects what is written in the picture, look by look, and follows it frame by frame."""

    def __init__(self) -> None:
        self._texts: list[_Text] = []
        self._looks: list[int] = []
        self._by = 1

    def look(self, first: Frame, second: Frame, boxes: Sequence[Box]) -> None:
        """Take note of what a reader found in the first of two frames, as far as it stands in the second too."""
        height, width = first.grey.shape
        self._by = strokes.scale(height, width)
        self._looks.append(first.at_ms)
        there = [text for text in self._texts if text.level(first.grey, self._by) >= SAME * text.full]
        for text in there:
            text.looks.append(first.at_ms)
        fit = [box for box in _texts(boxes) if _is_text(box, min(height, width))]
        if len(fit) > MOST_AT_ONCE:
            return
        for box in fit:
            if not any(text.box.same_row(box) and _meet(text.box, box) for text in there):
                self._begin(box, first, second)

    def _begin(self, box: Box, first: Frame, second: Frame) -> None:
        room = min(box.width, box.height)
        region = Box(max(0, box.x - room), max(0, box.y - room), 0, 0)
        region = replace(region, width=box.right + room - region.x, height=box.bottom + room - region.y)
        seen = [strokes.response(_inside(each.grey, region), self._by) for each in (second, first)]
        shape = strokes.pattern(seen, strokes.scaled(box.moved(-region.x, -region.y), self._by))
        if shape:
            self._texts.append(_Text(box, region, shape, shape.level(seen[-1]), [first.at_ms]))

    def choose(self, band: Band | None) -> bool:
        """Keep what may be a caption, given where the subtitles are; whether there is any."""
        often = max(3, ALWAYS * len(self._looks))
        self._texts = [
            text
            for text in self._texts
            if len(text.looks) < often
            and text.looks[-1] - text.looks[0] <= LONGEST_MS
            and not (band and band.top <= text.box.centre[1] <= band.bottom and band.is_row(text.box))
        ]
        return bool(self._texts)

    def watch(self, seen: Iterable[Frame]) -> Iterator[Frame]:
        """The frames of whole pictures as they come, followed."""
        reach = 200 + max(np.diff(self._looks), default=0)
        for frame in seen:
            for text in self._texts:
                if text.looks[0] - reach <= frame.at_ms <= text.looks[-1] + reach:
                    text.see(frame, self._by)
            yield frame

    def read(self, reader: Reader, language: str) -> list[Line]:
        """What the captions say, those in the language's script, in order of time."""
        found = []
        for row in [row for text in self._texts if (row := text.row())]:
            line = _read_column(row, reader) if _is_column(row.box) else read_row(row, reader, language)
            letters = sum(char.isalnum() for char in line.text)
            if line.score >= LEAST_SCORE and letters >= FEWEST and line.script == script_of(language):
                found.append(line)
        return [each for each in together(found) if each.end_ms - each.start_ms <= LONGEST_MS]


def _texts(boxes: Sequence[Box]) -> list[Box]:
    """Whole rows, and columns as they were found."""
    return rows(box for box in boxes if not _is_column(box)) + [box for box in boxes if _is_column(box)]


def _is_column(box: Box) -> bool:
    return box.height > COLUMN * box.width


def _is_text(box: Box, side: int) -> bool:
    return LOWEST_ROW * side <= min(box.width, box.height) <= HIGHEST_ROW * side


def _meet(one: Box, other: Box) -> bool:
    return min(one.right, other.right) > max(one.x, other.x)


def _inside(grey: Grey, box: Box) -> Grey:
    return grey[max(0, box.y) : box.bottom, max(0, box.x) : box.right]


def _read_column(row: Row, reader: Reader) -> Line:
    """Read a column from the top down: its characters, laid side by side."""
    part = _inside(row.picture, row.inside)
    by = max(1, row.inside.width // strokes.CHARACTER)
    inked = strokes.response(part, by) >= strokes.STROKE
    down, across = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(down):
        return Line(row.start_ms, row.end_ms, "", 0.0, row.box, "")
    # A character is about as high as the column is wide, and none is higher.
    most = 1.15 * (across[-1] - across[0] + 1)
    cells: list[list[int]] = []
    for at in down.tolist():
        if cells and at - cells[-1][0] < most:
            cells[-1][1] = at
        else:
            cells.append([at, at])
    half = round(0.6 * most * by)
    square = np.pad(part, ((half, half), (0, 0)), mode="edge")
    middles = [round((first + last + 1) * by / 2) + half for first, last in cells]
    reading = reader.read(np.concatenate([square[at - half : at + half] for at in middles], axis=1))
    return Line(row.start_ms, row.end_ms, reading.text, reading.score, row.box, script_in(reading.text))
