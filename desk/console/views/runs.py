"""Runs: what is under way, how far it is, what failed and why, and what can be started."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from desk.console.known.snapshot import Picture
from desk.console.state import State
from desk.console.views.problem import Problem
from desk.runs import causes, listing, orders, progress
from desk.runs.causes import Cause
from desk.runs.listing import Artifact, Page, Run, Tasks
from desk.runs.orders import Forecast, Order
from desk.runs.progress import Progress
from dubwright.catalogue import registered
from dubwright.errors import CatalogError, ClusterError
from dubwright.reports.failures import Failure

PAGE = 25


class Runs(BaseModel):
    """The newest runs, or the `problem` why they are not known; failures that stand, by cause; what can be worked on.

    The failures are those of `series` and `language` where these are named.
    """

    runs: Page | None
    problem: Problem | None
    page: int
    series: str | None
    language: str | None
    causes: list[Cause]
    catalogues: list[str]
    languages: list[str]


class OneRun(BaseModel):
    """A run with all that Prefect knows of it."""

    run: Run
    progress: Progress | None
    tasks: Tasks
    artifacts: list[Artifact]
    below: list[Run]


class Advance(BaseModel):
    """How far a run is."""

    run: Run
    progress: Progress | None


class Start(BaseModel):
    """A run to be started: of a catalogue (`source`), or what of it is named, into some languages.

    `only` is one SERIES or SERIES/EPISODE to localize, `series` are those that it is limited to, `minutes` and `hours` a
    backfill's budget; `cause` the id of failures to be tried again (none: whatever failed of the series).
    """

    do: Literal["localize", "backfill", "retry"]
    source: str = Field(registered.PREFIX, min_length=1, max_length=1000)
    to: list[str] = Field(default_factory=list, max_length=40)
    only: str | None = Field(None, max_length=1000)
    series: list[str] = Field(default_factory=list, max_length=1000)
    minutes: float | None = Field(None, gt=0)
    hours: float | None = Field(None, gt=0)
    cause: str | None = Field(None, max_length=100)
    urgent: bool = False

    def told(self) -> str:
        """What is to be done, of what, into which languages."""
        what = self.only or ", ".join(self.series) or self.source
        return " ".join(filter(None, (self.do, what, ", ".join(self.to), f"cause {self.cause}" if self.cause else "")))


async def runs(console: State, page: int, series: str | None = None, language: str | None = None) -> Runs:
    """The runs of a page, newest first."""
    found, problem = None, None
    try:
        found = await listing.listed(PAGE, (page - 1) * PAGE)
    except ClusterError as error:
        problem = Problem.of(error)
    picture = await asyncio.to_thread(console.snapshot.picture)
    entries = await asyncio.to_thread(registered.entries, console.lake)
    return Runs(
        runs=found,
        problem=problem,
        page=page,
        series=series,
        language=language,
        causes=causes.causes(_failures(picture, [series] if series else [], [language] if language else [])),
        catalogues=[entry.address for entry in entries],
        languages=sorted({*picture.languages, *(tag for entry in entries for tag in entry.to)}),
    )


async def one(run: UUID) -> OneRun:
    """One run. Raises `RunMissingError`, `ClusterError`."""
    found, far, tasks, left, below = await asyncio.gather(
        listing.one(run), progress.progress(run), listing.tasks(run), listing.artifacts(run), listing.sub_runs(run)
    )
    return OneRun(run=found, progress=far, tasks=tasks, artifacts=left, below=below.runs)


async def advance(run: UUID) -> Advance:
    """How far a run is. Raises `RunMissingError`, `ClusterError`."""
    found, far = await asyncio.gather(listing.one(run), progress.progress(run))
    return Advance(run=found, progress=far)


def forecast(console: State, wanted: Start) -> Forecast:
    """What would be done, and what that is expected to take. Raises what the run itself would at once."""
    return orders.forecast(_order(console, wanted))


async def start(console: State, wanted: Start, editor: str) -> Run:
    """Start a run. Raises `ClusterError`, `SettingsError`, `LanguageError`, `CatalogError`."""
    order = await asyncio.to_thread(_order, console, wanted)
    run = await orders.start(order, editor)
    console.snapshot.forget()
    console.activity.forget()
    return run


def _order(console: State, wanted: Start) -> Order:
    return orders.on(console.lake, _wanted(console, wanted))


def _wanted(console: State, wanted: Start) -> Order:
    priority: Literal["release", "normal"] = "release" if wanted.urgent else "normal"
    if wanted.do == "localize" and not wanted.series:
        return orders.localization(wanted.source, wanted.to or None, wanted.only, priority=priority)
    if wanted.do == "localize":
        to = wanted.to or orders.own_languages(wanted.source, console.lake)
        return orders.of_series(wanted.series, to, wanted.source, priority)
    if wanted.do == "backfill":
        return orders.backfill(
            wanted.to, wanted.source, wanted.series or None, minutes=wanted.minutes, hours=wanted.hours
        )
    failures = _failures(console.snapshot.picture(), wanted.series, wanted.to)
    found = {cause.id: cause for cause in causes.causes(failures)}
    if wanted.cause in found:
        return orders.retry(found[wanted.cause], console.lake, wanted.source, wanted.to)
    if wanted.cause or not failures:
        raise CatalogError("no such failures stand any more", field=wanted.cause, remedy="load the page again")
    return orders.retry(causes.together(found.values()), console.lake, wanted.source, wanted.to)


def _failures(picture: Picture, series: Collection[str], languages: Collection[str]) -> list[Failure]:
    """The failures of some series and languages (none named: of all), with those that every language waits for."""
    return [
        failure
        for failure in picture.failures
        if (not series or failure.series in series) and (not languages or failure.language in (None, *languages))
    ]
