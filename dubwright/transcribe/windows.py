"""Stretches of speech packed into the windows that a recognizer hears at once, and the way back to the sound's clock.

All times here are seconds on the sound's clock unless they are said to be a window's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# What of a silence stays beside a stretch: onsets and dying ends that the detector misses.
PAD_S = 0.1
# How far (s) a word may be moved to reach the end of its stretch.
SNAP_S = 0.4


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where somebody speaks without a break, as voice activity detection found it."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Window:
    """Stretches that are heard together, with the long silences between them cut out.

    `pieces` are the parts of the sound that are kept, in order, a stretch or several in each.
    """

    stretches: tuple[Stretch, ...]
    pieces: tuple[Stretch, ...]

    @property
    def length_s(self) -> float:
        return sum(piece.end_s - piece.start_s for piece in self.pieces)

    @property
    def speech_s(self) -> float:
        return sum(stretch.end_s - stretch.start_s for stretch in self.stretches)

    def samples(self, sound: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        """The pieces of a mono sound of shape [n], joined."""
        return np.concatenate([sound[round(piece.start_s * rate) : round(piece.end_s * rate)] for piece in self.pieces])

    def on_sound(self, times_s: Sequence[tuple[float, float]], closing: Sequence[bool]) -> list[tuple[float, float]]:
        """Words' times in the window as times in the sound, each inside the stretch in which the word is spoken.

        A recognizer stretches words over the silence beside them. A word belongs to the stretch that it overlaps
        most; where that does not decide, a word `closing` a phrase belongs to the earlier one, others to the later.
        The first and last word of a stretch reach to its ends, which the detector knows better, if they come close.
        """
        placed = [(self._on_sound(start_s), self._on_sound(end_s, is_end=True)) for start_s, end_s in times_s]
        homes = [self._home(start_s, end_s, last) for (start_s, end_s), last in zip(placed, closing, strict=True)]
        settled = []
        for index, ((start_s, end_s), home) in enumerate(zip(placed, homes, strict=True)):
            start_s = min(max(start_s, home.start_s), home.end_s)
            end_s = max(min(end_s, home.end_s), start_s)
            if (index == 0 or homes[index - 1] != home) and start_s - home.start_s <= SNAP_S:
                start_s = home.start_s
            if (index + 1 == len(homes) or homes[index + 1] != home) and home.end_s - end_s <= SNAP_S:
                end_s = home.end_s
            settled.append((start_s, end_s))
        return settled

    def _home(self, start_s: float, end_s: float, closing: bool) -> Stretch:
        """The stretch that a word belongs to."""
        touched = [each for each in self.stretches if each.start_s < end_s and start_s < each.end_s]
        if not touched:
            middle = (start_s + end_s) / 2
            return min(self.stretches, key=lambda each: max(each.start_s - middle, middle - each.end_s))
        ranked = touched if closing else touched[::-1]
        return max(ranked, key=lambda each: round(min(each.end_s, end_s) - max(each.start_s, start_s), 2))

    def unheard(self, times_s: Sequence[tuple[float, float]], shortest_s: float, sound_s: float) -> list[Window]:
        """Windows of the stretches of `shortest_s` or more in which no word begins; neighbours share one."""
        missing: list[list[Stretch]] = [[]]
        for stretch in self.stretches:
            if any(stretch.start_s <= start_s < stretch.end_s for start_s, _ in times_s):
                missing.append([])
            elif stretch.end_s - stretch.start_s >= shortest_s:
                missing[-1].append(stretch)
        return [_window(run, sound_s) for run in missing if run]

    def halves(self, sound_s: float) -> tuple[Window, Window]:
        """Two windows, parted at the longest silence between stretches. Needs two stretches or more."""
        gaps = [after.start_s - before.end_s for before, after in pairwise(self.stretches)]
        at = 1 + max(range(len(gaps)), key=lambda index: (gaps[index], -abs(2 * index - len(gaps))))
        return _window(self.stretches[:at], sound_s), _window(self.stretches[at:], sound_s)

    def _on_sound(self, time_s: float, *, is_end: bool = False) -> float:
        for piece in self.pieces:
            length = piece.end_s - piece.start_s
            if time_s < length or (is_end and time_s <= length):
                return piece.start_s + max(time_s, 0.0)
            time_s -= length
        return self.pieces[-1].end_s


def pack(stretches: Sequence[Stretch], sound_s: float, longest_s: float) -> list[Window]:
    """Windows of at most `longest_s`, cut at long silences where there is a choice. No stretch may be longer."""
    windows: list[Window] = []
    waiting = list(stretches)
    while waiting:
        fits = 1
        while fits < len(waiting) and _window(waiting[: fits + 1], sound_s).length_s <= longest_s:
            fits += 1
        if fits < len(waiting):
            # Cut at the longest silence of the second half, so that no sentence is torn for the sake of a full window.
            first = max(1, fits // 2)
            fits = max(range(first, fits + 1), key=lambda index: waiting[index].start_s - waiting[index - 1].end_s)
        windows.append(_window(waiting[:fits], sound_s))
        waiting = waiting[fits:]
    return windows


def _window(stretches: Sequence[Stretch], sound_s: float) -> Window:
    pieces: list[Stretch] = []
    for stretch in stretches:
        start, end = max(0.0, stretch.start_s - PAD_S), min(sound_s, stretch.end_s + PAD_S)
        if pieces and start <= pieces[-1].end_s:
            pieces[-1] = Stretch(pieces[-1].start_s, max(end, pieces[-1].end_s))
        else:
            pieces.append(Stretch(start, end))
    return Window(tuple(stretches), tuple(pieces))
