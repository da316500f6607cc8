"""`dubwright lake`: look after what the lake holds: verify it, compact it for readers, collect what nothing needs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape

from desk import show
from desk.options import From, Json, Lake, Profile, Set, lake_of, to_flags
from dubwright import settings
from dubwright.catalogue import catalog
from dubwright.errors import SettingsError
from dubwright.lake import open_lake
from dubwright.lake.collection import Collected, Doomed, collect
from dubwright.lake.compaction import compact
from dubwright.lake.verification import Finding, verify
from dubwright.planning import wishes

app = typer.Typer(
    help="The lake: verify it, compact it for readers, collect what nothing needs any more.", no_args_is_help=True
)
Series = Annotated[str | None, typer.Option(help="One series only.")]

SOME_LEFT = 3


@app.command("verify")
def verify_lake(
    series: Series = None,
    deep: Annotated[bool, typer.Option("--deep", help="Also read every blob and compare every compacted row.")] = False,
    lake: Lake = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Check that every object of the lake is what its key says and all that is referred to is there. Exit code 1 if not."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    found: list[Finding] = []
    done = verify(store, found.append, series=series, deep=deep)
    _say(
        {"lake": store.uri, "looked_at": asdict(done), "findings": [asdict(each) for each in found]},
        *(f"{each.key}: {each.problem} → {each.remedy}" for each in found),
        f"{done.units} units, {done.compacted} compacted files, {done.blobs} blobs in {store.uri}: "
        + (f"{len(found)} findings" if found else "all as they should be"),
    )
    if found:
        raise typer.Exit(1)


@app.command("compact")
def compact_lake(series: Series = None, lake: Lake = None, profile: Profile = None, as_json: Json = False) -> None:
    """Bring the large files for readers up to date: of each table, language and series one, with the newest rows."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    done = compact(store, series)
    _say(
        {"lake": store.uri, **asdict(done)},
        *done.remarks,
        f"{done.written} files written, {done.unchanged} unchanged, {done.removed} removed in {store.uri}/compacted",
    )
    if done.remarks:
        raise typer.Exit(SOME_LEFT)


@app.command("collect")
def collect_lake(
    source: Annotated[
        str | None, typer.Argument(metavar="[SOURCE]", help="The catalogue whose plan says what is wanted.")
    ] = None,
    without_catalogue: Annotated[
        bool, typer.Option("--without-catalogue", help="Ask no plan: every version but the newest goes.")
    ] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it; without this, only list what would go.")] = False,
    series: Series = None,
    source_language: From = None,
    lake: Lake = None,
    profile: Profile = None,
    assign: Set = None,
    as_json: Json = False,
) -> None:
    """Collect superseded units, and records, speech and blobs that nothing needs, after the grace period."""
    show.as_json = as_json
    if (source is None) is not without_catalogue:
        raise SettingsError(
            "either a catalogue says what is wanted, or none is asked",
            field="SOURCE",
            remedy="name a catalogue, such as lake: for all registered ones, or give --without-catalogue",
        )
    resolved = settings.load(to_flags(lake=lake, profile=profile, source_language=source_language, assign=assign))
    store = open_lake(resolved.lake)
    works = catalog.load(source, series, store, resolved.source_language) if source else None
    wanted = wishes.wanted(works, resolved, store) if works else None
    doomed: list[Doomed] = []
    grace = timedelta(days=resolved.maintain.grace_days)
    done = collect(store, grace=grace, wanted=wanted, delete=delete, series=series, tell=doomed.append)
    _say(
        {"lake": store.uri, **asdict(done), "doomed": [asdict(each) for each in doomed]},
        *(f"{each.key}  {each.size} bytes: {each.why}" for each in doomed[: show.MOST_ROWS]),
        *([f"… and {len(doomed) - show.MOST_ROWS} more"] if len(doomed) > show.MOST_ROWS else []),
        *done.remarks,
        _total(done, store.uri),
    )


def _say(content: dict[str, Any], *lines: str) -> None:
    if show.as_json:
        show.print_json(content)
        return
    for line in lines:
        show.console.print(escape(line), soft_wrap=True)


def _total(done: Collected, uri: str) -> str:
    what = ", ".join(
        f"{count} {kind}{'s' if count > 1 else ''} of {done.size[kind] / 1e6:.1f} MB"
        for kind, count in done.objects.items()
    )
    return f"{what or 'nothing'} {'removed from' if done.deleted else 'would go from'} {uri}" + (
        "" if done.deleted or not what else "; --delete removes them"
    )
