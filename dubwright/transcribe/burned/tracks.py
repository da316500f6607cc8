"""Rows of text as they come and go in the band, each followed from its first frame to its last.

Every frame's strokes are compared with those of the rows that are known to stand. Only where strokes stand that
belong to none of them is the reader asked where text is. Nothing is kept but a second of the band and a few pictures
of each row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dubwright.media.frames import Frame, Grey
from dubwright.transcribe.burned import strokes
from dubwright.transcribe.burned.band import Band
from dubwright.transcribe.burned.reader import Box, Reader, rows
from dubwright.transcribe.burned.strokes import Pattern

# How far back (ms) a row's first frame is looked for: longer than a fade, and than it takes to notice a row.
MEMORY_MS = 1200
# Strokes that stand this long (ms) are worth a look; looks are at least so far apart (ms), and one that found nothing
# is done again once, since a fading text is not found at first.
STANDING_MS, BETWEEN_LOOKS_MS, AGAIN_MS = 160, 320, 400
# While a row stands, another seldom comes: looks are so far apart (ms) then.
WHILE_ONE_STANDS_MS = 800
# A row is no wider than so many of its heights: no need to look at the sides of a wide picture.
WIDEST = 26
# Every other look in vain is a closer one: thin text is found where it is larger.
CLOSER = 1.5
# Of a standing picture so many frames are compared, however many there are a second.
COMPARED = 5
# A row is still there as long as so much of its contrast stays: thin text loses a third of it on a bright background,
# and another text that is longer may keep as much as half of it.
SAME = 0.62
# What stands keeps this share of its strokes over those frames, though lights go by behind it; what crawls a tenth.
LEAST_SHARE = 0.4
# A row has begun, and is over, where this share of its contrast is reached: early in a fade, above the noise.
VISIBLE = 0.2
# A level that falls by less than this share from one frame to the next is not falling.
NOISE = 0.03
# How long (ms) a row may be away, as in a flash of light, and how long a fade is watched.
AWAY_MS = 320
# A row that has lost its contrast for so long (ms) makes room for another: no moment that is compared shows it still.
GONE_MS = STANDING_MS + 20
# Pictures kept of a row, of which the median is read: what moves behind it is in few of them.
PICTURES = 7
# Rows shorter than this (ms) cannot be read by anyone.
SHORTEST_MS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A row of text: when it was seen (ms; `end_ms` is the first moment without it), its box in the picture, and the
    band's picture while it stood, in which `inside` is the box."""

    start_ms: int
    end_ms: int
    box: Box
    inside: Box
    picture: Grey


@dataclass(frozen=True, slots=True)
class _Moment:
    at_ms: int
    seen: Grey
    grey: Grey


@dataclass(slots=True)
class _Track:
    """A row that stands, or stood a moment ago. `box` is in pixels of the band."""

    box: Box
    shape: Pattern
    start_ms: int
    full: float
    pictures: list[Grey]
    levels: list[tuple[int, float]] = field(default_factory=list)
    away_since: int | None = None
    _every_ms: int = 80
    _next_ms: int = 0

    def see(self, moment: _Moment) -> None:
        level = self.shape.level(moment.seen)
        self.full = max(self.full, level)
        if level >= SAME * self.full:
            self.away_since = None
            self.levels.clear()
            if level >= 0.8 * self.full and moment.at_ms >= self._next_ms:
                self._keep(moment)
        elif self.away_since is None:
            self.away_since = moment.at_ms
        self.levels.append((moment.at_ms, level))

    def _keep(self, moment: _Moment) -> None:
        self._next_ms = moment.at_ms + self._every_ms
        if len(self.pictures) >= PICTURES:
            self.pictures, self._every_ms = self.pictures[::2], 2 * self._every_ms
        self.pictures.append(moment.grey)

    def away_ms(self, now_ms: int) -> int:
        return 0 if self.away_since is None else now_ms - self.away_since

    def end_ms(self, over_ms: int) -> int:
        """The first moment without it; `over_ms` where it stands to the end."""
        if self.away_since is None:
            return over_ms
        falling = [(at, level) for at, level in self.levels if at >= self.away_since]
        return falling[_edge([level for _, level in falling], self.full)][0]


class Watch:
    """Follows the rows of a band through a video's frames."""

    def __init__(self, reader: Reader, band: Band) -> None:
        self._reader = reader
        self._band = band
        self._by = strokes.scale(band.height, band.width)
        self._memory: deque[_Moment] = deque()
        self._tracks: list[_Track] = []
        self._known: NDArray[np.bool_] | None = None
        self._looked_ms = -BETWEEN_LOOKS_MS
        self._again_ms: int | None = None
        self._closer = False

    def rows(self, seen: Iterable[Frame]) -> Iterator[Row]:
        """The rows of text in frames that show the band alone, each once it is over: in order of their ends."""
        frame_ms = 40
        for frame in seen:
            if self._memory:
                frame_ms = frame.at_ms - self._memory[-1].at_ms
            moment = _Moment(frame.at_ms, strokes.response(frame.grey, self._by), frame.grey.copy())
            self._memory.append(moment)
            while self._memory[0].at_ms < frame.at_ms - MEMORY_MS:
                self._memory.popleft()
            for track in self._tracks:
                track.see(moment)
            yield from self._over(frame.at_ms)
            standing = self._standing()
            if self._worth_a_look(standing, frame.at_ms):
                self._look(standing, moment)
        if self._memory:
            yield from self._over(self._memory[-1].at_ms + frame_ms, all_of_them=True)

    def _over(self, now_ms: int, *, all_of_them: bool = False) -> Iterator[Row]:
        for track in [each for each in self._tracks if all_of_them or each.away_ms(now_ms) >= AWAY_MS]:
            self._tracks.remove(track)
            end_ms = track.end_ms(now_ms)
            if end_ms - track.start_ms >= SHORTEST_MS:
                picture = np.median(np.stack(track.pictures), axis=0).astype(np.uint8)
                yield Row(track.start_ms, end_ms, track.box.moved(0, self._band.top), track.box, picture)

    def _standing(self) -> list[_Moment]:
        """A few moments over which strokes must stand to count, the last one now; none while there are too few."""
        recent = [each for each in self._memory if each.at_ms >= self._memory[-1].at_ms - STANDING_MS]
        if self._memory[-1].at_ms - self._memory[0].at_ms < STANDING_MS or len(recent) < 2:
            return []
        return [recent[at] for at in np.linspace(0, len(recent) - 1, min(COMPARED, len(recent))).astype(int)]

    def _worth_a_look(self, standing: list[_Moment], now_ms: int) -> bool:
        stands = any(track.away_since is None for track in self._tracks)
        if not standing or now_ms - self._looked_ms < (WHILE_ONE_STANDS_MS if stands else BETWEEN_LOOKS_MS):
            return False
        if any(0 < track.away_ms(now_ms) < GONE_MS or track.away_since == now_ms for track in self._tracks):
            return False
        if self._again_ms is not None and now_ms >= self._again_ms:
            self._again_ms = None
            return True
        fresh = self._strokes(standing)
        for track in self._tracks:
            if track.away_since is None:
                _cut_out(fresh, strokes.scaled(track.box, self._by))
        if self._known is not None:
            fresh &= ~self._known
        # A sixth of a character's square: the strokes of a thin one.
        return int(np.count_nonzero(fresh)) >= max(strokes.FEWEST, (self._band.row_height / self._by) ** 2 / 6)

    @staticmethod
    def _strokes(standing: list[_Moment]) -> NDArray[np.bool_]:
        return np.asarray(np.stack([each.seen for each in standing]).min(axis=0) >= strokes.STROKE)

    def _look(self, standing: list[_Moment], moment: _Moment) -> None:
        """Ask the reader where text is, and begin to follow the rows that are new."""
        retried = self._looked_ms + AGAIN_MS <= moment.at_ms and self._again_ms is None
        self._looked_ms = moment.at_ms
        where = self._around_strokes(standing, moment.grey.shape[1])
        cut = [each.grey[where.y : where.bottom, where.x : where.right] for each in standing]
        picture = np.median(np.stack(cut), axis=0).astype(np.uint8)
        row_height = round(self._band.row_height / (CLOSER if self._closer else 1))
        began = False
        for found in rows(self._reader.find(picture, row_height)):
            box = found.moved(where.x, where.y)
            if self._band.is_row(box.moved(0, self._band.top)):
                began |= self._begin(box, standing, moment)
        known = self._strokes(standing)
        for track in self._tracks:
            _cut_out(known, strokes.scaled(track.box, self._by))
        self._known = _thickened(known)
        self._closer = not began and not self._closer
        self._again_ms = None if began or not retried else moment.at_ms + AGAIN_MS

    def _around_strokes(self, standing: list[_Moment], width: int) -> Box:
        """The part of the band that holds all standing strokes, with room for what the reader wants around text."""
        across = np.flatnonzero(self._strokes(standing).any(axis=0)) * self._by
        # In the middle, so that a row that has been only half noticed is seen whole.
        ends = (int(across[0]), int(across[-1])) if len(across) else (0, width)
        half = max(abs(end - width // 2) for end in ends) + 2 * self._band.row_height
        half = min(half, WIDEST * self._band.row_height // 2)
        left = max(0, width // 2 - half)
        return Box(left, 0, min(width, width // 2 + half) - left, self._band.bottom - self._band.top)

    def _begin(self, box: Box, standing: list[_Moment], moment: _Moment) -> bool:
        inside = strokes.scaled(box, self._by)
        shape = strokes.pattern([each.seen for each in standing], inside, least_share=LEAST_SHARE)
        if shape is None:
            return False
        pictures = [each.grey for each in standing[-2:]]
        levels = [shape.level(each.seen) for each in self._memory]
        for track in self._tracks:
            if not track.box.same_row(box):
                continue
            if track.shape.level(moment.seen) < SAME * track.full:
                continue
            # Still there, or there again: the same, or grown, as text does that is typed on.
            if box.width <= track.box.width + 0.6 * track.box.height:
                return False
            track.box, track.shape, track.full = track.box.joined(box), shape, levels[-1]
            track.pictures = pictures
            return True
        self._tracks.append(_Track(box, shape, self._first_ms(levels), levels[-1], pictures))
        return True

    def _first_ms(self, levels: list[float]) -> int:
        """When the row that stands now began, by its levels over the memory."""
        first = len(levels) - 1
        while first and levels[first - 1] >= SAME * levels[-1]:
            first -= 1
        if not first:
            return self._memory[0].at_ms
        return self._memory[first - _edge(levels[first - 1 :: -1], levels[-1])].at_ms


def _edge(falling: Sequence[float], full: float) -> int:
    """Index of the first level without the row, where levels fall, at once or in a fade, to what was there before.

    What was there is where they stop falling: that need not be nothing, since other text shares some strokes.
    """
    low = 0
    while low + 1 < len(falling) and falling[low + 1] < falling[low] - NOISE * full:
        low += 1
    depth = full - falling[low]
    seen, fading = (
        next(index for index in range(low + 1) if falling[index] <= falling[low] + share * depth)
        for share in (VISIBLE, 1 - VISIBLE)
    )
    # A fade is even: its faint end is as long for its share as what has been seen of it.
    return min(low, seen + round((seen - fading) * VISIBLE / (1 - 2 * VISIBLE)))


def _cut_out(points: NDArray[np.bool_], box: Box) -> None:
    """Clear what belongs to a row: its box with a little room, for outlines and shadows."""
    room = box.height // 4
    points[max(0, box.y - room) : box.bottom + room, max(0, box.x - room) : box.right + room] = False


def _thickened(points: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The points and those next to them, since an edge wavers."""
    wide = points.copy()
    wide[1:] |= points[:-1]
    wide[:-1] |= points[1:]
    wide[:, 1:] |= wide[:, :-1].copy()
    wide[:, :-1] |= wide[:, 1:].copy()
    return wide
