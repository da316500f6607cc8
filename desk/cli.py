"""The `dubwright` command. Reads what a person asked for, has it done, and says what came of it.

Exit codes: 0 all committed, 2 usage or settings, 3 some units failed or were withheld while the others were delivered,
1 unexpected.
With `--json`, standard output holds one JSON document and nothing else.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from desk import estimates, show
from desk.backfill import backfill
from desk.cast import app as cast_app
from desk.catalog import app as catalogues
from desk.evaluate import evaluate
from desk.glossary import app as glossary_app
from desk.lake import app as lake_app
from desk.lines import edit, lines, replace_lines
from desk.market import app as market_app
from desk.options import (
    From,
    Json,
    Lake,
    Only,
    Profile,
    Set,
    Source,
    Subtitles,
    To,
    ToUnlessKnown,
    Verbose,
    split_languages,
    to_flags,
)
from desk.review import app as review_app
from desk.serve import app as console_app
from desk.settle import SOME_FAILED, settle
from desk.up.command import up
from desk.voices import voices
from desk.xliff import app as xliff_app
from dubwright import __version__, settings
from dubwright.catalogue import catalog, registered
from dubwright.errors import DubwrightError, SettingsError
from dubwright.lake import Lake as ObjectLake
from dubwright.lake import open_lake
from dubwright.planning import plan, report
from dubwright.reports import coverage, failures, history

app = typer.Typer(
    name="dubwright",
    help="Localize catalogues of short dramas: subtitles, dubs and videos in many languages.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
models = typer.Typer(
    help="Models: list the pinned ones, pull them onto this machine, verify them.", no_args_is_help=True
)
app.add_typer(console_app, name="console")
app.add_typer(models, name="models")
app.add_typer(catalogues, name="catalog")
cast_app.command()(voices)
app.add_typer(cast_app, name="cast")
app.add_typer(glossary_app, name="glossary")
app.add_typer(market_app, name="market")
app.command()(backfill)
app.command()(evaluate)
app.command()(lines)
app.command()(edit)
app.command("replace")(replace_lines)
app.add_typer(review_app, name="review")
app.add_typer(xliff_app, name="xliff")
app.command()(up)
app.add_typer(lake_app, name="lake")


def main() -> None:
    """Entry point: errors that a person can act on become one line and an exit code, never a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except DubwrightError as error:
        show.error(error)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if (run := sys.modules.get("desk.run")) and run.server_lost:
            # Prefect's own way out offers a dead server, for minutes, every event that it missed.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else 1)
        raise


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    # So that clusters and servers started by this process are stopped on the way out.
    raise KeyboardInterrupt


@app.callback(invoke_without_command=True)
def version(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    if show_version:
        typer.echo(f"dubwright {__version__}")
        raise typer.Exit


@app.command()
def localize(
    source: Source,
    to: ToUnlessKnown = None,
    source_language: From = None,
    lake: Lake = None,
    profile: Profile = None,
    only: Only = None,
    until: Annotated[
        str, typer.Option(help="Last stage to run: ingest, transcribe, translate, dub, render.")
    ] = "render",
    copy: Annotated[
        bool, typer.Option("--copy", help="Also keep the videos in the lake, as they are ingested.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and end.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try units again that failed for good.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also export the deliverables to this folder.")] = None,
    subtitles: Subtitles = None,
    assign: Set = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Localize a video, a folder of SERIES/EPISODE videos, or a manifest. Does only what is not done yet."""
    if copy:
        assign = [*(assign or ()), "copy_sources=true"]
    show.as_json = as_json
    flags = to_flags(assign, subtitles, lake=lake, profile=profile, source_language=source_language)
    resolved = settings.load(flags)
    store = open_lake(resolved.lake)
    planner = plan.planner(_languages(to, source, store), resolved, store, until=until, retry_failed=retry_failed)
    before = planner.survey(_catalog(source, only, planner))
    if dry_run:
        show.plan(before, list(report.failures(planner, before, planner.lake)), planner.lake)
        return
    from desk import run
    from dubwright.quality.evaluation_log import require_standing

    require_standing(store, resolved, before.wanted)
    seconds = 0.0
    if before.lacking:
        if not resolved.cluster.address:
            run.pull(run.models_for(before, resolved), resolved)
        parameters = {
            "source": source,
            "to": list(planner.targets),
            "settings": flags,
            "only": only,
            "until": until,
            "retry_failed": retry_failed,
        }
        seconds = run.carry_out("flows.localize:localize_catalog", before.wanted, parameters, verbose=verbose)
    works = _catalog(source, only, planner)
    failures.record_problems(planner.lake, works)
    settle(replace(planner, retry_failed=False), before, works, seconds, out)


@app.command("plan")
def show_plan(
    source: Source,
    to: ToUnlessKnown = None,
    source_language: From = None,
    lake: Lake = None,
    profile: Profile = None,
    only: Only = None,
    until: Annotated[str, typer.Option(help="Last stage to plan.")] = "render",
    subtitles: Subtitles = None,
    assign: Set = None,
    as_json: Json = False,
) -> None:
    """Show what is wanted, committed and missing, by stage and language, and why."""
    show.as_json = as_json
    resolved = settings.load(to_flags(assign, subtitles, lake=lake, profile=profile, source_language=source_language))
    store = open_lake(resolved.lake)
    planner = plan.planner(_languages(to, source, store), resolved, store, until=until)
    survey = planner.survey(_catalog(source, only, planner))
    show.plan(survey, list(report.failures(planner, survey, planner.lake)), planner.lake)


@app.command()
def status(
    series: Annotated[str | None, typer.Option(help="Only this series.")] = None,
    episode: Annotated[str | None, typer.Option(help="With --quality: only this episode, line by line.")] = None,
    costs: Annotated[bool, typer.Option("--costs", help="Show instead what units have taken.")] = False,
    quality: Annotated[
        bool, typer.Option("--quality", help="Show instead how good the newest deliverables are.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --quality: write the timeline of each episode there.")
    ] = None,
    lake: Lake = None,
    profile: Profile = None,
    assign: Set = None,
    as_json: Json = False,
) -> None:
    """Show how far each series of the lake is in each language, and what failed, with the reason."""
    show.as_json = as_json
    resolved = settings.load(to_flags(assign, lake=lake, profile=profile))
    store = open_lake(resolved.lake)
    if not quality and (episode or picture):
        raise SettingsError("this goes with --quality alone", field="--episode" if episode else "--picture")
    if quality:
        from desk.quality import status as quality_status

        quality_status(store, resolved.quality, series, episode, picture)
        return
    if costs:
        estimates.costs(history.costs(store, [series] if series else ()), store)
        return
    show.status(coverage.coverage(store, series), list(coverage.standing_failures(store, series)), store)


@app.command()
def export(
    to: To,
    out: Annotated[Path, typer.Option(help="Folder to write to; it is made if it is not there.")],
    lake: Lake = None,
    only: Only = None,
    profile: Profile = None,
    assign: Set = None,
    as_json: Json = False,
) -> None:
    """Write the newest deliverables as files: OUT/SERIES/EPISODE/en/EPISODE.en.mp4, .en.srt, .en.vtt, .zh.srt."""
    from desk.quality import deliverable
    from dubwright.render.export import export as write

    show.as_json = as_json
    resolved = settings.load(to_flags(assign, lake=lake, profile=profile))
    store = open_lake(resolved.lake)
    keys = [
        key
        for language in split_languages(to)
        for key in coverage.newest(store, "deliverable", language)
        if only in (None, key.series, f"{key.series}/{key.episode}")
    ]
    if not keys:
        raise DubwrightError(
            f"nothing is delivered in {to}{f' for {only}' if only else ''}",
            where=store.uri,
            remedy="see `dubwright status` for what there is",
        )
    delivered = deliverable(store, keys, resolved.quality)
    show.exported(write(store, delivered, out))
    if len(delivered) < len(keys):
        raise typer.Exit(SOME_FAILED)


@app.command()
def doctor(lake: Lake = None, profile: Profile = None, as_json: Json = False) -> None:
    """Check this machine: programs, packages, engines, models, lake, cores, memory and space."""
    from desk.doctor import examine

    show.as_json = as_json
    findings = examine(settings.load(to_flags(lake=lake, profile=profile)))
    show.findings(findings)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


@models.command("list")
def list_models(profile: Profile = None, as_json: Json = False) -> None:
    """List every pinned model: its size, licence, languages, and whether it is here."""
    from desk import run

    show.as_json = as_json
    show.models(run.model_store(settings.load(to_flags(profile=profile))))


@models.command("pull")
def pull_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models to pull; none pulls what the profile needs.")
    ] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Pull models onto this machine, each from the first source that has it, and verify them."""
    from desk import run

    show.as_json = as_json
    resolved = settings.load(to_flags(profile=profile))
    wanted = names or run.profile_models(resolved)
    run.pull(wanted, resolved)
    show.models(run.model_store(resolved), wanted)


@models.command("verify")
def verify_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models to verify; none verifies all that are here.")
    ] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Compare models on this machine with their pinned digests, byte for byte."""
    from desk import run

    show.as_json = as_json
    if not show.verified(run.model_store(settings.load(to_flags(profile=profile))), names):
        raise typer.Exit(1)


def _languages(to: str | None, source: str, lake: ObjectLake) -> Sequence[str]:
    return registered.languages_of(source, lake) if to is None else split_languages(to)


def _catalog(source: str, only: str | None, planner: plan.Planner) -> catalog.Catalog:
    return catalog.load(source, only, planner.lake, planner.recipes.source_language)
