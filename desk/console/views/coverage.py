"""Series by languages: how far each is, what is at work on it, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from pydantic import BaseModel

from desk.console.known.activity import Activity
from desk.console.known.inspection import Look
from desk.console.known.snapshot import Picture
from desk.console.state import State as Console

PAGE = 50
# How long (s) a page waits at most before it asks for what was found meanwhile.
SELDOM_S = 15
State = Literal["done", "running", "failed", "outdated", "flagged", "part", "missing"]
STATES: tuple[State, ...] = get_args(State)
UNSEEN = Look()


class Cell(BaseModel):
    """A series in a language: episodes delivered, units that failed, and what closer looks found.

    `outdated` episodes would be made anew by a run, `why` says for what; `flagged` ones are below the quality asked for: both
    None while nobody has looked. `run` is at work on it. `states` is all of this in words, what to see to first before
    the rest; `state`, which is shown, the first of them.
    """

    language: str
    delivered: int
    failed: int
    outdated: int | None
    why: str | None
    flagged: int | None
    run: UUID | None
    state: State
    states: list[State]


class Row(BaseModel):
    """A series and its cells, in the order of the page's languages; `failed` units that every language needs.

    `run` is at work on it, in whatever language.
    """

    series: str
    episodes: int
    failed: int
    run: UUID | None
    cells: list[Cell]


class Coverage(BaseModel):
    """A page of the series that fit a search and a state; `counts` of all cells that fit the search, by state.

    Of the series of the page closer looks are taken behind it: `looked` says as of when they are, `looking` at how many it
    is still looked, and `again_s` after what time (s) it is worthwhile to ask again (None: it is not).
    """

    languages: list[str]
    rows: list[Row]
    search: str
    state: State | None
    counts: dict[State, int]
    total: int
    page: int
    pages: int
    at: datetime
    looked: datetime | None
    looking: int
    again_s: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of the lake's series at a moment: by a listing, by closer looks at some, by Prefect."""

    picture: Picture
    looks: Mapping[str, Look]
    activity: Activity
    failed: Counter[tuple[str, str | None]]

    def states(self, series: str, language: str) -> list[State]:
        """What holds of a series in a language, what to see to first before the rest."""
        covered, look = self.picture.series[series], self.looks.get(series, UNSEEN)
        found: list[State] = []
        if (series, language) in self.failed or (series, None) in self.failed:
            found.append("failed")
        if self.activity.runs and self.activity.run(series, language):
            found.append("running")
        if look.outdated and look.outdated.get(language):
            found.append("outdated")
        if look.flagged.get(language):
            found.append("flagged")
        delivered = covered.delivered.get(language, 0)
        return found or ["done" if delivered >= covered.episodes > 0 else "part" if delivered else "missing"]

    def row(self, series: str, languages: list[str]) -> Row:
        """A series as the page shows it."""
        covered = self.picture.series[series]
        return Row(
            series=series,
            episodes=covered.episodes,
            failed=self.failed[series, None],
            run=self.activity.run(series),
            cells=[self._cell(series, language) for language in languages],
        )

    def _cell(self, series: str, language: str) -> Cell:
        look, states = self.looks.get(series), self.states(series, language)
        return Cell(
            language=language,
            delivered=self.picture.series[series].delivered.get(language, 0),
            failed=self.failed[series, language] + self.failed[series, None],
            outdated=look.outdated.get(language, 0) if look and look.outdated is not None else None,
            why=look.why.get(language) if look else None,
            flagged=look.flagged.get(language, 0) if look else None,
            run=self.activity.run(series, language),
            state=states[0],
            states=states,
        )


def coverage(console: Console, search: str = "", state: State | None = None, page: int = 1) -> Coverage:
    """A page of the lake; one behind the last is the last one."""
    picture, told = console.snapshot.picture(), console.activity.known()
    activity = told or Activity()
    known = Known(picture, console.inspection.looks(), activity, picture.failed)
    languages = sorted({*picture.languages, *activity.languages})
    wanted = search.strip().casefold()
    counts: Counter[State] = Counter()
    fitting = []
    for name in picture.series:
        if wanted and wanted not in name.casefold():
            continue
        states = [each for language in languages for each in known.states(name, language)]
        counts.update(states)
        if state is None or state in states:
            fitting.append(name)
    pages = max(1, -(-len(fitting) // PAGE))
    page = min(max(1, page), pages)
    shown = fitting[(page - 1) * PAGE : page * PAGE]
    begun = [name for name in shown if picture.series[name].delivered]
    looking = console.inspection.ask(begun)
    return Coverage(
        languages=languages,
        rows=[known.row(name, languages) for name in shown],
        search=search,
        state=state,
        counts={each: counts[each] for each in STATES},
        total=len(fitting),
        page=page,
        pages=pages,
        at=picture.at,
        looked=min((known.looks[name].at for name in begun if name in known.looks), default=None),
        looking=looking,
        again_s=_again_s(looking, asked=told is None, running=bool(counts["running"])),
    )


def _again_s(looking: int, *, asked: bool, running: bool) -> int | None:
    if looking or asked:
        return min(SELDOM_S, 2 + looking)
    return SELDOM_S if running else None
