"""Runs: watched, started, held and ended; failures tried again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator

from desk.console.access.roles import Role, Who
from desk.console.pages import Pages
from desk.console.state import Console
from desk.console.views import runs as view
from desk.console.views.runs import Advance, OneRun, Runs, Start
from desk.runs import steering
from desk.runs.listing import Run
from desk.runs.orders import Forecast
from dubwright import languages

pages = Pages("runs")


@pages.page("/runs", "runs.html")
async def runs(
    console: Console,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    series: Annotated[str | None, Query(max_length=1000)] = None,
    language: Annotated[Annotated[str, AfterValidator(languages.parse)] | None, Query(max_length=40)] = None,
) -> Runs:
    """The newest runs, and failures by cause: all of them, or those of a series and a language."""
    return await view.runs(console, page, series, language)


@pages.page("/runs/{run}", "run.html")
async def run(run: UUID) -> OneRun:
    """One run."""
    return await view.one(run)


@pages.page("/runs/{run}/progress", "progress.html")
async def progress(run: UUID) -> Advance:
    """How far a run is: asked every few seconds."""
    return await view.advance(run)


@pages.action("/runs/forecast", Role.OPERATOR)
def forecast(console: Console, wanted: Start) -> Forecast:
    """What a run would do and take, before it is started."""
    return view.forecast(console, wanted)


@pages.action("/runs", Role.OPERATOR, audited="run started")
async def start(console: Console, who: Who, wanted: Start) -> Run:
    """Start a run."""
    return await view.start(console, wanted, who.name)


@pages.action("/runs/{run}/pause", Role.OPERATOR, audited="run paused")
async def pause(run: UUID) -> Run:
    """Have a run send no new units."""
    return await steering.pause(run)


@pages.action("/runs/{run}/resume", Role.OPERATOR, audited="run resumed")
async def resume(run: UUID) -> Run:
    """Have a paused run go on."""
    return await steering.resume(run)


@pages.action("/runs/{run}/cancel", Role.OPERATOR, audited="run cancelled")
async def cancel(run: UUID) -> Run:
    """End a run; what is committed stays."""
    return await steering.cancel(run)
