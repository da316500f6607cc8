"""The end of a command that worked on the lake: what came of it, and the exit code that it earned."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import typer

from desk import show
from dubwright.catalogue import catalog
from dubwright.planning import listing, plan, report
from dubwright.planning.survey import Survey

SOME_FAILED = 3


def settle(
    planner: plan.Planner, before: Survey, works: catalog.Catalog, seconds: float, out: Path | None = None
) -> None:
    """Say what a run over `works` delivered, export it to `out`, and exit with 3 if something is still missing or withheld."""
    store = planner.lake
    after = planner.survey(works)
    # Of a large catalogue the series worked on; of a small one all, so that a second run still says what there is.
    names = [series.name for series in works.series]
    told = works.of(before.lacking if len(names) > listing.SERIES_LISTED_ALONE else names)
    policy = planner.recipes.settings.quality
    delivered = report.delivered(planner.by_series(told), store, policy)
    # People see the first rows of many; reading what stands behind all the others would take long.
    rows = list(delivered if show.as_json or out else islice(delivered, show.MOST_ROWS + 1))
    failures = list(report.failures(planner, after, store))
    exported = []
    if out:
        from dubwright.render.export import export

        exported = export(store, [row.key for row in rows if row.key and not row.withheld], out)
    computed = after.total["committed"] - before.total["committed"]
    show.outcome(after, rows, failures, exported, seconds=seconds, computed=computed, lake=store)
    withheld = out is not None and any(row.withheld for row in rows)
    if failures or withheld or after.total["committed"] < after.total.total():
        raise typer.Exit(SOME_FAILED)
