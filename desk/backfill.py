"""`dubwright backfill`: bring what the catalogue has into another language, within limits."""

from __future__ import annotations

from typing import Annotated

import typer

from desk import estimates, show
from desk.options import From, Json, Lake, Profile, Set, Subtitles, To, Verbose, split_languages, to_flags
from desk.settle import settle
from dubwright import settings
from dubwright.lake import open_lake
from dubwright.planning import backfill as backfills
from dubwright.planning import plan


def backfill(
    to: To,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="What `localize` takes; without it, all that is registered.")
    ] = "lake:",
    series: Annotated[list[str] | None, typer.Option(help="Only this series; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="Only episodes ingested since this date (UTC).")] = None,
    minutes: Annotated[float | None, typer.Option(help="Take on at most so many minutes of sound.")] = None,
    hours: Annotated[float | None, typer.Option(help="Start no unit after so many hours.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and end.")] = False,
    source_language: From = None,
    lake: Lake = None,
    profile: Profile = None,
    subtitles: Subtitles = None,
    assign: Set = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Bring everything that lacks a language into it, behind all other work. Reuses what the lake has."""
    show.as_json = as_json
    flags = to_flags(assign, subtitles, lake=lake, profile=profile, source_language=source_language)
    resolved = settings.load(flags)
    planner = plan.planner(split_languages(to), resolved, open_lake(resolved.lake))
    limits = backfills.Limits(tuple(series or ()), backfills.since(since), minutes)
    works = backfills.load(source, limits, planner.lake, resolved.source_language)
    chosen = backfills.choose(planner, works, limits)
    if dry_run:
        estimates.selection(chosen, planner.lake)
        return
    from desk import run
    from dubwright.quality.evaluation_log import require_standing

    require_standing(planner.lake, resolved, chosen.units)
    # Told of is what was taken on; what the limits left out is not missing.
    taken = chosen.survey.catalog.narrowed(chosen.episodes)
    before, seconds = planner.survey(taken), 0.0
    if chosen.episodes:
        if not resolved.cluster.address:
            run.pull(run.models_for(before, resolved), resolved)
        parameters = {
            "to": list(planner.targets),
            "source": source,
            "settings": flags,
            "series": series,
            "since": since,
            "budget_minutes": minutes,
            "hours": hours,
        }
        seconds = run.carry_out("flows.backfill:backfill", chosen.units, parameters, verbose=verbose)
    settle(planner, before, taken, seconds)
