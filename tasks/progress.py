"""How far a run is: units by stage and state, how many are done a minute, how long the rest will take.

A series' run counts its own units by what is told of them; a catalogue's run adds up those of the series that have ended.
What comes out are rows, one for each stage and one for `all`: `published` leaves them with the run in Prefect every few
seconds, one small write whatever the number of units.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dubwright.planning.listing import Partition
from dubwright.planning.series_plan import PlannedUnit
from dubwright.stages import STAGES
from tasks.events import Event

# In the order of a row's columns. A unit is blocked where one that it reads has failed.
STATES = ("done", "running", "waiting", "failed", "blocked")
ALL, SERIES = "all", "series"
# What a unit of each stage takes, relative to the others, until it is known better.
WEIGHT = {"ingest": 2.0, "transcribe": 10.0, "translate": 15.0, "dub": 12.0, "render": 2.0}
# Throughput is that of the last minutes (s).
WINDOW_S = 300.0
Row = dict[str, Any]
Where = tuple[str, str, str | None]
Rows = Sequence[Mapping[str, Any]]


class Pace:
    """Units done a minute over the last minutes, and what is left by it, stages weighed by what their units take."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._began = clock()
        self._done: deque[tuple[float, str, int]] = deque()

    def took(self, stage: str, number: int = 1) -> None:
        self._done.append((self._clock(), stage, number))

    def of(self, left: Mapping[str, int]) -> tuple[float, float | None]:
        """Units a minute, and the seconds that the units `left` by stage will take; None while nothing was done."""
        now = self._clock()
        while self._done and self._done[0][0] < now - WINDOW_S:
            self._done.popleft()
        window = max(1.0, min(WINDOW_S, now - self._began))
        number = sum(count for _, _, count in self._done)
        weight = sum(WEIGHT[stage] * count for _, stage, count in self._done)
        ahead = sum(WEIGHT[stage] * count for stage, count in left.items())
        return 60 * number / window, (ahead * window / weight if weight else None if ahead else 0.0)


class SeriesProgress:
    """The units that a run of one series wants, and how they fare: a listener of `tasks.events`."""

    def __init__(self, series: str, clock: Callable[[], float] = time.time) -> None:
        self.series = series
        self._pace = Pace(clock)
        self._states: dict[Where, str] = {}

    def plan(self, units: Iterable[PlannedUnit]) -> None:
        """Take what a plan wants; a later plan of the run changes what has not begun."""
        for unit in units:
            where = (unit.work.stage, unit.work.episode, unit.work.key.language)
            known = self._states.get(where)
            if known in (None, "waiting"):
                self._states.pop(where, None)
                if unit.state != "committed":
                    self._states[where] = "waiting" if unit.state == "wanted" else unit.state

    def hear(self, event: Event) -> None:
        work = event.work
        where = (work.stage, work.episode, work.key.language)
        if work.series != self.series or where not in self._states:
            return
        if event.what == "sent":
            self._states[where] = "running"
        elif event.what in ("computed", "found"):
            self._states[where] = "done"
            self._pace.took(work.stage)
        elif event.what == "given up":
            self._states[where] = "failed"
            self._block(*where)

    def rows(self) -> list[Row]:
        counts: dict[str, Counter[str]] = {stage: Counter() for stage in STAGES}
        for (stage, _, _), state in self._states.items():
            counts[stage][state] += 1
        return made(counts, self._pace)

    def _block(self, stage: str, episode: str, language: str | None) -> None:
        """What comes after a failed unit is not tried in this run."""
        order = list(STAGES)
        for other, state in self._states.items():
            later = other[1] == episode and order.index(other[0]) > order.index(stage)
            if later and language in (None, other[2]) and state == "waiting":
                self._states[other] = "blocked"


class CatalogProgress:
    """What the series of a run that have ended have come to, of all that was wanted when it began."""

    def __init__(self, wanted: Mapping[Partition, int], series: int, clock: Callable[[], float] = time.time) -> None:
        self._wanted = Counter[str]()
        for (stage, _), number in wanted.items():
            self._wanted[stage] += number
        self._pace = Pace(clock)
        self._series = Counter({"waiting": series})
        self._running: set[str] = set()
        self._ended: dict[str, Counter[str]] = {stage: Counter() for stage in STAGES}

    def begun(self, series: str) -> None:
        """A series begins, or begins again."""
        self._running.add(series)

    def ended(self, series: str, rows: Rows, *, completed: bool) -> None:
        """A series has ended, with these last rows of its own run."""
        self._running.discard(series)
        self._series.update({"waiting": -1, "done" if completed else "failed": 1})
        for row in rows:
            stage = str(row.get("stage"))
            if stage in self._ended:
                found = Counter({state: int(row.get(state) or 0) for state in ("done", "failed", "blocked")})
                self._ended[stage].update(found)
                if found["done"]:
                    self._pace.took(stage, found["done"])

    def rows(self) -> list[Row]:
        counts = {}
        for stage, ended in self._ended.items():
            # Who speaks is known only later, so a series may come to want more than was counted.
            counts[stage] = ended + Counter(waiting=max(0, self._wanted[stage] - ended.total()))
        at_work = len(self._running)
        series = {state: self._series[state] for state in STATES}
        series |= {"running": at_work, "waiting": series["waiting"] - at_work}
        return [*made(counts, self._pace), {"stage": SERIES, **series}]


def made(counts: Mapping[str, Mapping[str, int]], pace: Pace) -> list[Row]:
    """Rows of the stages that have any unit, and one of `all` with `per_minute` and `left_s` (None: not known)."""
    rows: list[Row] = [
        {"stage": stage, **{state: counts[stage].get(state, 0) for state in STATES}}
        for stage in STAGES
        if any(counts.get(stage, {}).values())
    ]
    per_minute, left_s = pace.of({row["stage"]: row["running"] + row["waiting"] for row in rows})
    total = {state: sum(row[state] for row in rows) for state in STATES}
    about = {"per_minute": round(per_minute, 1), "left_s": None if left_s is None else round(left_s)}
    return [*rows, {"stage": ALL, **total, **about}]
