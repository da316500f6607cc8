"""When each dubbed line starts and how fast it is spoken. Pure arithmetic on milliseconds: no sound, no tables.

One pass over the lines in the order of their onsets. A line starts where the original did, borrows the silence after
it, and where that is too short takes, in this order, the mildest remedies that suffice:

1. tempo up to `tempo_free`;
2. a start up to `LEAD_MS` earlier;
3. up to `LATE_MS` of the next line's place, if that one can spare it;
4. tempo up to `tempo_cap`.

What does not fit even so is spoken at the cap and pushes the lines behind it; each of them hurries until it has caught
up. Only what reaches the end of the episode is cut there. A line is never slowed: a short one leaves silence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from dubwright.settings import DubSettings

LEAD_MS = 150
LATE_MS = 200
# A shorter rest of a line is no word any more: better not begun.
SHORTEST_CUT_MS = 250

Verdict = Literal["fits", "tight", "late", "unfit"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line to place: when the original sounds, and how long its dub takes at tempo 1 (all ms)."""

    segment: int
    start_ms: int
    end_ms: int
    natural_ms: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a line goes. `duration_ms` has the tempo applied; shorter than that, the line is `cut` at the episode's
    end (0: there was no room to begin it)."""

    segment: int
    start_ms: int
    duration_ms: int
    tempo: float
    verdict: Verdict
    reason: str | None = None
    cut: bool = False

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class _Slot:
    """A line with what bounds it: `earliest` start, the `place` that is its own, the `limit` it may use (all ms)."""

    line: Line
    earliest: int
    place: int
    limit: int


def plan(
    lines: Sequence[Line], episode_ms: int, settings: DubSettings, kept: Sequence[tuple[int, int]] = ()
) -> list[Placement]:
    """Place the lines, in the order of their onsets.

    `kept` are spans (start, end) where the original voice stays audible: lines do not borrow them. Of the result hold:
    starts rise, two lines are at least `guard_ms` apart, tempos lie within floor and cap, nothing ends after `episode_ms`.
    """
    slots = _slots(sorted(lines, key=lambda line: (line.start_ms, line.segment)), episode_ms, settings, sorted(kept))
    placements: list[Placement] = []
    free_from = 0
    for slot in slots:
        placement = _place(slot, free_from, episode_ms, settings)
        placements.append(placement)
        if placement.duration_ms:
            free_from = placement.end_ms + settings.guard_ms
    return placements


def _slots(
    lines: Sequence[Line], episode_ms: int, settings: DubSettings, kept: Sequence[tuple[int, int]]
) -> list[_Slot]:
    """Backwards over the lines, since each one's limit depends on what the next can spare."""
    slots: list[_Slot] = []
    starts = [start for start, _ in kept]
    next_onset, spare, last_end = episode_ms + settings.guard_ms, 0, episode_ms
    for line in reversed(lines):
        onset = _onset(line, episode_ms)
        after = bisect_right(starts, onset)
        kept_from = starts[after] if after < len(kept) else episode_ms + settings.guard_ms
        kept_until = kept[after - 1][1] + settings.guard_ms if after else 0
        place = min(next_onset, kept_from) - settings.guard_ms
        earliest = min(max(onset - LEAD_MS, kept_until, 0), onset)
        # What all lines behind need at the cap, so that the last one is not cut for want of a hurry before it;
        # but nobody makes room where the next line would not begin.
        limit = min(place + (spare if next_onset <= kept_from else 0), last_end)
        slots.append(_Slot(line, earliest, place, limit))
        at_cap = ceil(line.natural_ms / settings.tempo_cap)
        last_end = max(last_end - at_cap, earliest) - settings.guard_ms
        spare = min(max(place - onset - ceil(line.natural_ms / settings.tempo_free), 0), LATE_MS)
        next_onset = onset
    return slots[::-1]


def _place(slot: _Slot, free_from: int, episode_ms: int, settings: DubSettings) -> Placement:
    line, natural = slot.line, slot.line.natural_ms
    onset = _onset(line, episode_ms)
    start = max(onset, free_from)
    own = min(slot.place, slot.limit)
    at_free = ceil(natural / settings.tempo_free)
    if start + at_free > own:
        # Just as early as it takes, then just as far into the next line's place as it takes.
        start = max(min(start, own - at_free), min(max(slot.earliest, free_from), start))
        own = min(max(own, start + at_free), slot.limit)
    tempo = min(max(natural / (own - start) if own > start else settings.tempo_cap, 1.0), settings.tempo_cap)
    duration = ceil(natural / tempo - 1e-6)
    room = episode_ms - start
    if duration > room:
        return _cut(line, min(start, episode_ms), max(room, 0), duration, settings)
    verdict, reason = _judge(start - onset, start + duration - slot.place, tempo, settings)
    return Placement(line.segment, start, duration, tempo, verdict, reason)


def _judge(late: int, over: int, tempo: float, settings: DubSettings) -> tuple[Verdict, str | None]:
    """The verdict on a line that starts `late` (ms) and runs `over` (ms) the end of its place, and why."""
    if over > LATE_MS:
        return "unfit", f"even at tempo {tempo:.2f} runs {over} ms into what follows"
    if late > LATE_MS:
        return "late", f"starts {late} ms after the original"
    if tempo > settings.tempo_free:
        return "tight", f"needs tempo {tempo:.2f}, above {settings.tempo_free:g}"
    return "fits", None


def _cut(line: Line, start: int, room: int, duration: int, settings: DubSettings) -> Placement:
    if room < SHORTEST_CUT_MS:
        reason = "not spoken: no room before the end of the episode"
        return Placement(line.segment, start, 0, settings.tempo_cap, "unfit", reason, cut=True)
    reason = f"cut by {duration - room} ms at the end of the episode"
    return Placement(line.segment, start, room, settings.tempo_cap, "unfit", reason, cut=True)


def _onset(line: Line, episode_ms: int) -> int:
    return min(max(line.start_ms, 0), episode_ms)
