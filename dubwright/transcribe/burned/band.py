"""Where dialogue subtitles stand: rows of text at one height, in the middle, that keep changing.

What never changes is a logo, what crawls a ticker, what climbs a credit, what stands upright or aside a caption,
what comes many rows at once a card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from dubwright.media import frames
from dubwright.media.frames import Clock, Frame, Grey
from dubwright.transcribe.burned import strokes
from dubwright.transcribe.burned.reader import Box, Reader, rows
from dubwright.transcribe.burned.strokes import Pattern

# So many looks over an episode find its band, or more where it is long: a caption lasts 2 s or more,
LOOKS = 24
CLOSEST_S, FARTHEST_S = 1.0, 2.0
# Subtitles are centred to within this share of the picture's width; readers' boxes waver by half of it.
OFF_CENTRE = 0.06
# A row's height as a share of the picture's shorter side: 10 to 90 px of 720.
LOWEST_ROW, HIGHEST_ROW = 0.014, 0.125
# More rows at once than two languages in two rows each are a card or a credit.
MOST_ROWS = 4
# In the lower half two texts at one height make a band, above it three do: titles and captions stand there too.
# Where a video is shorter than this (s), one text in the lower half must do.
FEWEST_LOW, FEWEST_HIGH = 2, 3
SHORT_S = 10.0
# Text that stands longer than this (ms) is no line of dialogue: readable lines are gone after 7 s.
LONGEST_MS = 15_000
# Room for a row above and one below, in heights of a row: lines are 1.2 to 1.5 heights of their boxes apart.
ROOM = 1.7
# A row of another language stands at most so many heights of a row below or above (from middle to middle).
BESIDE = 2.6
# Text that is there in so large a share of the looks, always the same, is a part of the picture.
ALWAYS = 0.8
# A text is the same as long as so much of its contrast stays. Of another text as long, whose characters stand in the
# same squares, half of the strokes may fall on its own.
SAME = 0.7


@dataclass(frozen=True, slots=True)
class Band:
    """Where an episode's subtitles stand, in pixels of the upright picture: rows `top` up to `bottom`, each text of
    about `row_height`, in a picture of `width` and `height`."""

    top: int
    bottom: int
    row_height: int
    width: int
    height: int

    def is_row(self, box: Box) -> bool:
        """Whether a box, in pixels of the picture, may be a row of a subtitle here: as high as others, and centred."""
        centred = abs(box.centre[0] - self.width / 2) <= OFF_CENTRE * self.width
        return centred and 0.45 <= box.height / self.row_height <= 2 and box.width > 0.8 * box.height


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A row of text that stood still when it was seen; `seen` is the response of the rows around it."""

    at_ms: int
    box: Box
    shape: Pattern
    seen: Grey


@dataclass(slots=True)
class _Height:
    """What was seen at one height."""

    sightings: list[_Sighting] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return median(each.box.centre[1] for each in self.sightings)

    @property
    def row(self) -> float:
        return median(each.box.height for each in self.sightings)

    def takes(self, other: _Sighting) -> bool:
        same_size = 0.6 <= other.box.height / self.row <= 1.7
        return same_size and abs(other.box.centre[1] - self.middle) <= 0.5 * self.row

    def texts(self) -> int:
        """How many texts followed each other here; one that stays for long does not count."""
        found, since = 0, 0
        for index, each in enumerate(self.sightings):
            if index and _same(self.sightings[index - 1], each):
                if each.at_ms - since > LONGEST_MS:
                    found -= since >= 0
                    since = -LONGEST_MS  # counted once
            else:
                found, since = found + 1, each.at_ms
        return found

    def stands(self, looks: int) -> bool:
        """Whether it is one text that is there whenever one looks."""
        often = len(self.sightings) >= max(3, ALWAYS * looks)
        return often and all(_same(self.sightings[0], each) for each in self.sightings[1:])


# From and to, as shares of the picture's height.
Within = tuple[float, float]
Look = Callable[[Frame, Frame, Sequence[Box]], None]


def find(
    path: Path, when: Clock, reader: Reader, within: Within | None = None, also: Look | None = None
) -> tuple[Band | None, str]:
    """The band of an episode, or None and why.

    `within` is where the series' subtitles are known to stand: nothing else is then taken for them, and a single text
    there is enough.
    `also` is told of every look: two frames, 0.2 s apart, and where the reader found text in the first one.
    Raises what `frames.pairs` raises.
    """
    step_s = min(FARTHEST_S, max(CLOSEST_S, when.duration_s / LOOKS))
    found: list[_Sighting] = []
    size, looks = (0, 0), 0
    for first, second in frames.pairs(path, when, step_s):
        size = (first.grey.shape[1], first.grey.shape[0])
        boxes = reader.find(first.grey)
        if also:
            also(first, second, boxes)
        found += _sightings(first, second, boxes)
        looks += 1
    heights = [height for height in _by_height(found) if not height.stands(looks)]
    if within:
        heights = [each for each in heights if within[0] * size[1] <= each.middle <= within[1] * size[1]]
    best = max(heights, key=lambda each: (each.texts(), each.middle), default=None)
    if best is None:
        return None, "no text stands in the middle of the picture" + (", where the series has it" if within else "")
    if best.texts() < (1 if within else _needed(best, when, size[1])):
        return None, "no text changes at one height as subtitles do"
    return _around(best, heights, size), ""


def _needed(height: _Height, when: Clock, picture_height: int) -> int:
    if height.middle < picture_height / 2:
        return FEWEST_HIGH
    return FEWEST_LOW if when.duration_s >= SHORT_S else 1


def _sightings(first: Frame, second: Frame, seen: Sequence[Box]) -> list[_Sighting]:
    """Rows of text in the first of two frames that stand where subtitles may, and still stand in the second."""
    height, width = first.grey.shape
    side, by = min(height, width), strokes.scale(height, width)
    boxes = [
        box
        for box in rows(seen)
        if LOWEST_ROW * side <= box.height <= HIGHEST_ROW * side
        and box.width >= 1.2 * box.height
        and abs(box.centre[0] - width / 2) <= OFF_CENTRE * width
    ]
    if not boxes or len(boxes) > MOST_ROWS:
        return []
    found = []
    for box in boxes:
        # Whole rows of the picture with some room, so that sightings at one height can be compared.
        top, bottom = max(0, box.y - box.height), min(height, box.bottom + box.height)
        strip = [strokes.response(each.grey[top:bottom], by) for each in (second, first)]
        shape = strokes.pattern(strip, strokes.scaled(box.moved(0, -top), by))
        if shape:
            found.append(_Sighting(first.at_ms, box, shape, strip[-1]))
    return found


def _same(one: _Sighting, other: _Sighting) -> bool:
    """Whether two sightings at one height show the same text, give or take how their boxes were drawn."""
    if abs(one.box.x - other.box.x) > one.box.height or abs(one.box.right - other.box.right) > one.box.height:
        return False
    here, there = one.shape.on, other.seen
    # Their rows were cut out around boxes that waver by a pixel or two.
    full = one.shape.level(one.seen)
    for shift in range(-3, 4):
        moved = [(axis[0] + shift, axis[1]) for axis in (here, one.shape.off)]
        inside = all(not len(each[0]) or (each[0].min() >= 0 and each[0].max() < len(there)) for each in moved)
        if inside and Pattern(*moved).level(there) >= SAME * full:
            return True
    return False


def _by_height(found: Sequence[_Sighting]) -> list[_Height]:
    heights: list[_Height] = []
    for sighting in found:
        for height in heights:
            if height.takes(sighting):
                height.sightings.append(sighting)
                break
        else:
            heights.append(_Height([sighting]))
    return heights


def _around(best: _Height, heights: Sequence[_Height], size: tuple[int, int]) -> Band:
    """The band of a height and of the rows that stand beside it: a second row, or another language."""
    members, row = [best], best.row
    for height in sorted(heights, key=lambda each: abs(each.middle - best.middle)):
        beside = min(abs(height.middle - each.middle) / max(height.row, each.row) for each in members)
        if height is not best and beside <= BESIDE and 0.5 <= height.row / row <= 2:
            members.append(height)
    top = min(each.middle - each.row / 2 for each in members) - ROOM * row
    bottom = max(each.middle + each.row / 2 for each in members) + ROOM * row
    return Band(max(0, round(top)), min(size[1], round(bottom)), max(1, round(row)), *size)
