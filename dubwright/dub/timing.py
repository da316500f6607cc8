"""When each dubbed line starts and how fast it is spoken. Pure arithmetic on milliseconds: no sound, no tables.

A line would start where the original did, at its own tempo, and may borrow the silence after it, least of all from a shot
that the original ended before. Where that is too short, `schedule` finds for the whole episode at once who gives way: by a
start up to `LEAD_MS` earlier or somewhat later, by a tempo up to the cap. What does not fit even so is spoken at the cap,
runs into what follows and is flagged. Only what reaches the end of the episode is cut there. A line is never slowed: a
short one leaves silence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from dubwright.dub.schedule import LATE_MS, NEIGHBOURS_MS, Episode, Slot, duration_ms
from dubwright.settings import DubSettings

LEAD_MS = 150
# An original that is heard so little into a shot, as a recognizer tells it, ended with the one before.
AT_CUT_MS = 120
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


def plan(
    lines: Sequence[Line],
    episode_ms: int,
    settings: DubSettings,
    kept: Sequence[tuple[int, int]] = (),
    shots: Sequence[int] = (),
) -> list[Placement]:
    """Place the lines, in the order of their onsets.

    `kept` are spans (start, end) where the original voice stays audible: lines do not borrow them. `shots` are the times,
    rising, at which the picture is cut. Of the result hold: starts rise, two lines are at least `guard_ms` apart, tempos
    lie within floor and cap, nothing ends after `episode_ms`, nothing starts in a shot before its original's.
    """
    ordered = sorted(lines, key=lambda line: (line.start_ms, line.segment))
    spans = _apart([(start - settings.guard_ms, end + settings.guard_ms) for start, end in kept])
    own = slots(ordered, episode_ms, settings, spans, shots)
    found = Episode(own, episode_ms, spans, settings).cheapest()
    return [
        _placement(line, slot, start, tempo, episode_ms, settings)
        for line, slot, start, tempo in zip(ordered, own, found.starts_ms.tolist(), found.tempos.tolist(), strict=True)
    ]


def slots(
    lines: Sequence[Line],
    episode_ms: int,
    settings: DubSettings,
    kept: Sequence[tuple[int, int]] = (),
    shots: Sequence[int] = (),
) -> list[Slot]:
    """What bounds each line, in the order of their onsets; `kept` are sorted, apart, and wider by the guard."""
    guard = settings.guard_ms
    starts = [start for start, _ in kept]
    found: list[Slot] = []
    for line, following in zip_longest(lines, lines[1:]):
        onset = _onset(line, episode_ms)
        after = bisect_right(starts, onset)
        ends = [episode_ms]
        if following:
            ends.append(_onset(following, episode_ms) - guard)
        if after < len(kept):
            ends.append(starts[after])
        kept_until = kept[after - 1][1] if after else 0
        cut = bisect_right(shots, onset)
        shown_from = shots[cut - 1] if cut else 0
        earliest = min(max(onset - LEAD_MS, kept_until, shown_from, 0), onset)
        follows = bool(found) and onset - lines[len(found) - 1].end_ms <= NEIGHBOURS_MS
        away = bisect_left(shots, max(line.end_ms - AT_CUT_MS, onset + 1))
        shown_until = shots[away] if away < len(shots) else None
        found.append(Slot(onset, earliest, min(ends), line.natural_ms, follows, shown_until))
    return found


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time in spans that neither meet nor are empty, in their order."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif start < end:
            found.append((start, end))
    return found


def _placement(line: Line, slot: Slot, start: int, tempo: float, episode_ms: int, settings: DubSettings) -> Placement:
    duration = duration_ms(line.natural_ms, tempo)
    room = episode_ms - start
    if duration > room:
        return _cut(line, min(start, episode_ms), max(room, 0), tempo, duration)
    verdict, reason = _judge(start - slot.onset_ms, start + duration - slot.end_ms, tempo, settings)
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


def _cut(line: Line, start: int, room: int, tempo: float, duration: int) -> Placement:
    if room < SHORTEST_CUT_MS:
        reason = "not spoken: no room before the end of the episode"
        return Placement(line.segment, start, 0, tempo, "unfit", reason, cut=True)
    reason = f"cut by {duration - room} ms at the end of the episode"
    return Placement(line.segment, start, room, tempo, "unfit", reason, cut=True)


def _onset(line: Line, episode_ms: int) -> int:
    return min(max(line.start_ms, 0), episode_ms)
