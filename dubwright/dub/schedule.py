"""The least costly schedule of an episode's lines: when each one starts, and how fast it is spoken.

What is minimised is a sum of squares, each 1 where a listener begins to mind: a start late, a start early, a tempo away
from 1, an end behind the line's own slot, an end in a shot that its original did not reach, a change of tempo between
neighbours. Tempos above the free one cost more, speech over a voice that is kept far more, and what reaches past the end of
the episode most. Lines never overlap.

The minimum is found over a grid, of `STEP_MS` and `STEP_TEMPO`, by dynamic programming from line to line: what a line
costs depends on those before it only by when they end and by the last one's tempo. It is found again on `FINER` grids
around that. Then, off the grid, each start is drawn to its onset and each tempo to 1, as far as that costs less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from dubwright.settings import DubSettings

Floats = NDArray[np.float64]

# Each of these costs 1.
LATE_MS, EARLY_MS, TAIL_MS, SHOT_MS = 200, 100, 300, 250
TEMPO_CHANGE = 0.3
# What it costs besides that a start is later, or a tempo higher, than that at all, and what the cap costs besides.
MINDED, CAP = 2.0, 4.0
# What it costs besides that a start is not the original's at all: for less than that it is not left.
MOVED = 0.01
# Lines with more silence between them have no tempo in common.
NEIGHBOURS_MS = 1500
# What it costs to speak over a voice that is kept, or to be cut, and each so many ms of it once more.
KEPT, KEPT_MS = 10.0, 50
CUT, CUT_MS = 100.0, 100

STEP_MS, STEP_TEMPO = 10, 0.01
# Finer grids, around what was found on the one before: steps of starts (ms) and tempos, and how many to either side.
FINER = ((3, 0.004, 3), (1, 0.001, 3))
# Later than the earliest that can be, at the cap throughout, nothing starts by more than this.
SPARE_MS = 1000
# Possible starts of a line; where lines are pushed far, they are farther apart.
MOST_STARTS = 160


@dataclass(frozen=True, slots=True)
class Slot:
    """A line to schedule: when the original starts, how early it may start, where its place ends, how long it is at
    tempo 1 (all ms), whether it follows the line before closely, and when the picture is cut after the original's end."""

    onset_ms: int
    earliest_ms: int
    end_ms: int
    natural_ms: int
    follows: bool = False
    shot_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Starts (ms) and tempos of an episode's lines, of shape [n] each."""

    starts_ms: NDArray[np.int64]
    tempos: Floats


@dataclass(frozen=True, slots=True)
class Episode:
    """The lines of an episode in the order of their onsets, its length (ms), the spans (start, end) in which another
    voice is kept, sorted and apart, and what tempos are allowed."""

    slots: Sequence[Slot]
    length_ms: int
    kept: Sequence[tuple[int, int]]
    settings: DubSettings

    def cost(self, schedule: Schedule, *, apart: bool = True) -> float:
        """What a schedule costs; `inf` where lines overlap, unless they need not be `apart`."""
        found = 0.0
        before: tuple[int, float] | None = None
        for slot, start, tempo in zip(self.slots, schedule.starts_ms.tolist(), schedule.tempos.tolist(), strict=True):
            if apart and before and before[0] + self.settings.guard_ms > start:
                return float("inf")
            found += float(self._cost(slot, np.array([start]), np.array([tempo]))[0, 0])
            if before and slot.follows:
                found += ((tempo - before[1]) / TEMPO_CHANGE) ** 2
            before = start + duration_ms(slot.natural_ms, tempo), tempo
        return found

    def cheapest(self) -> Schedule:
        """The least costly schedule."""
        if not self.slots:
            return Schedule(np.zeros(0, np.int64), np.zeros(0))
        tempos = [_tempos(self.settings)] * len(self.slots)
        found = self._on_grid(self._grids(), tempos)
        for step_ms, step_tempo, steps in FINER:
            found = self._on_grid(*self._near(found, step_ms, step_tempo, steps))
        return self._drawn(found)

    def _cost(self, slot: Slot, starts: NDArray[np.int64], tempos: Floats) -> Floats:
        """What a line costs by itself at these starts [s] and tempos [t], as [s, t]."""
        off = (starts - slot.onset_ms)[:, None]
        ends = starts[:, None] + _durations(slot.natural_ms, tempos)
        over = np.maximum(ends - self.length_ms, 0)
        kept = self._over_kept(starts[:, None], ends)
        behind = 0.0 if slot.shot_ms is None else np.maximum(ends - slot.shot_ms, 0)
        above = np.maximum(tempos - self.settings.tempo_free, 0) / max(
            self.settings.tempo_cap - self.settings.tempo_free, STEP_TEMPO
        )
        costs: Floats = (
            np.where(off > 0, off / LATE_MS, off / EARLY_MS) ** 2
            + MOVED * (off != 0)
            + MINDED * ((off > LATE_MS) + (tempos > self.settings.tempo_free + 1e-9))
            + (np.log(tempos) / np.log(max(self.settings.tempo_free, 1 + STEP_TEMPO))) ** 2
            + CAP * above**2
            + (np.maximum(ends - slot.end_ms, 0) / TAIL_MS) ** 2
            + (behind / SHOT_MS) ** 2
            + np.where(kept > 0, KEPT + kept / KEPT_MS, 0.0)
            + np.where(over > 0, CUT + over / CUT_MS, 0.0)
        )
        return costs

    def _over_kept(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Floats:
        """How long (ms) other voices are heard between starts and ends."""
        if not self.kept:
            return np.zeros(1)
        bounds = np.array(self.kept, np.float64)
        heard = np.concatenate(([0.0], np.cumsum(bounds[:, 1] - bounds[:, 0])))
        times, totals = bounds.ravel(), np.stack((heard[:-1], heard[1:]), 1).ravel()
        found: Floats = np.interp(ends, times, totals) - np.interp(starts, times, totals)
        return found

    def _on_grid(self, grids: Sequence[NDArray[np.int64]], tempos: Sequence[Floats]) -> Schedule:
        """The least costly schedule of these starts and tempos of each line, both rising."""
        chosen: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        total = self._cost(self.slots[0], grids[0], tempos[0])
        for n, slot in enumerate(self.slots[1:], 1):
            ends = grids[n - 1][:, None] + _durations(self.slots[n - 1].natural_ms, tempos[n - 1])
            ended = _last_ended(ends, grids[n] - self.settings.guard_ms)
            best = np.take_along_axis(_argmin_so_far(total), np.maximum(ended, 0), axis=0)
            reached = np.where(ended >= 0, np.take_along_axis(total, best, axis=0), np.inf)
            change = ((tempos[n - 1][:, None] - tempos[n][None, :]) / TEMPO_CHANGE) ** 2
            # By each tempo before [s, t] to each now [s, t, u].
            ways = reached[:, :, None] + change * slot.follows
            by = np.argmin(ways, axis=1)
            total = np.take_along_axis(ways, by[:, None, :], axis=1)[:, 0] + self._cost(slot, grids[n], tempos[n])
            chosen.append((np.take_along_axis(best, by, axis=1), by))
        at, by = np.unravel_index(int(np.argmin(total)), total.shape)
        path = [(int(at), int(by))]
        for start, tempo in reversed(chosen):
            path.append((int(start[path[-1]]), int(tempo[path[-1]])))
        path.reverse()
        starts_ms = np.array([int(grid[at]) for grid, (at, _) in zip(grids, path, strict=True)], np.int64)
        return Schedule(starts_ms, np.array([each[by] for each, (_, by) in zip(tempos, path, strict=True)]))

    def _near(
        self, found: Schedule, step_ms: int, step_tempo: float, steps: int
    ) -> tuple[list[NDArray[np.int64]], list[Floats]]:
        """The starts and tempos around those of a schedule, which are among them."""
        around = np.arange(-steps, steps + 1)
        starts = [
            np.unique(np.maximum(start + step_ms * around, slot.earliest_ms))
            for slot, start in zip(self.slots, found.starts_ms, strict=True)
        ]
        tempos = [np.unique(np.clip(tempo + step_tempo * around, 1, self.settings.tempo_cap)) for tempo in found.tempos]
        return starts, tempos

    def _grids(self) -> list[NDArray[np.int64]]:
        """The starts that each line may have: those that it would have at the cap throughout are among them, so that
        there is always a way from each line to the next."""
        found: list[NDArray[np.int64]] = []
        guard, cap = self.settings.guard_ms, self.settings.tempo_cap
        soonest = unhurried = -guard
        for slot in self.slots:
            soonest, unhurried = (max(slot.onset_ms, end + guard) for end in (soonest, unhurried))
            latest = min(unhurried, soonest + SPARE_MS)
            step = STEP_MS * max(1, ceil((latest - slot.onset_ms) / (STEP_MS * MOST_STARTS)))
            soonest, unhurried = (
                slot.onset_ms + step * ceil((start - slot.onset_ms) / step) for start in (soonest, unhurried)
            )
            latest = max(min(unhurried, soonest + SPARE_MS), soonest)
            early = np.arange(slot.onset_ms, slot.earliest_ms - 1, -STEP_MS)[:0:-1]
            found.append(np.concatenate((early, np.arange(slot.onset_ms, latest + 1, step))).astype(np.int64))
            soonest += duration_ms(slot.natural_ms, cap)
            unhurried += slot.natural_ms
        return found

    def _drawn(self, schedule: Schedule) -> Schedule:
        """Each late start as early as the line before allows, then each tempo as near to 1 as the next line does."""
        starts, tempos = schedule.starts_ms.copy(), schedule.tempos.copy()
        guard = self.settings.guard_ms
        free_from = -guard
        for n, slot in enumerate(self.slots):
            if starts[n] > slot.onset_ms:
                starts[n] = max(free_from + guard, slot.onset_ms)
            free_from = int(starts[n]) + duration_ms(slot.natural_ms, tempos[n])
        for n, slot in enumerate(self.slots):
            until = starts[n + 1] - guard if n + 1 < len(starts) else self.length_ms
            room = max(min(int(until), max(slot.end_ms, int(starts[n]) + duration_ms(slot.natural_ms, tempos[n]))), 0)
            slower = max(slot.natural_ms / max(room - int(starts[n]), 1), 1.0)
            if slower < tempos[n]:
                eased = tempos.copy()
                eased[n] = slower
                near = slice(max(n - 1, 0), n + 2)
                one, other = (self._part(near, starts, each) for each in (eased, tempos))
                tempos = eased if one < other else tempos
        return Schedule(starts, tempos)

    def _part(self, near: slice, starts: NDArray[np.int64], tempos: Floats) -> float:
        part = Episode(self.slots[near], self.length_ms, self.kept, self.settings)
        return part.cost(Schedule(starts[near], tempos[near]))


def duration_ms(natural_ms: int, tempo: float) -> int:
    """How long (ms) a line takes at a tempo."""
    return ceil(natural_ms / tempo - 1e-6)


def _durations(natural_ms: int, tempos: Floats) -> NDArray[np.int64]:
    return np.ceil(natural_ms / tempos - 1e-6).astype(np.int64)


def _tempos(settings: DubSettings) -> Floats:
    """The tempos tried: 1 up to the cap. Slower is never cheaper but beside a slow neighbour, and there are none."""
    steps = np.arange(1.0, settings.tempo_cap, STEP_TEMPO)
    return np.unique(np.concatenate((steps, [min(settings.tempo_free, settings.tempo_cap), settings.tempo_cap])))


def _argmin_so_far(costs: Floats) -> NDArray[np.int64]:
    """For each column and row the row of the least cost at or above it."""
    least = np.minimum.accumulate(costs, axis=0)
    fresh = np.vstack((np.ones((1, costs.shape[1]), bool), costs[1:] < least[:-1]))
    rows = np.where(fresh, np.arange(len(costs))[:, None], 0)
    return np.maximum.accumulate(rows, axis=0)


def _last_ended(ends: NDArray[np.int64], by: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each time [m] and column of ends [n, t], each rising, the last row that has ended by then, or -1, as [m, t]."""
    return np.stack([np.searchsorted(column, by, "right") - 1 for column in ends.T], axis=1)
