"""The `dubwright` command. Reads what a person asked for, has it done, and says what came of it.

Exit codes: 0 all committed, 2 usage or settings, 3 some units failed while the others were delivered, 1 unexpected.
With `--json`, standard output holds one JSON document and nothing else.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from desk import show
from desk.catalog import app as catalogues
from desk.options import From, Json, Lake, Only, Profile, Set, Source, To, Verbose, split_languages, to_flags
from dubwright import __version__, catalog, coverage, plan, report, settings
from dubwright.errors import DubwrightError
from dubwright.lake import open_lake
from dubwright.settings import Settings
from dubwright.stages import STAGES
from dubwright.unit import artefacts

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
app.add_typer(models, name="models")
app.add_typer(catalogues, name="catalog")

SOME_FAILED = 3
INTERRUPTED = 130


def main() -> None:
    """Entry point: errors that a person can act on become one line and an exit code, never a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except DubwrightError as error:
        show.error(error)
        sys.exit(error.exit_code)


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
    to: To,
    source_language: From = None,
    lake: Lake = None,
    profile: Profile = None,
    only: Only = None,
    until: Annotated[
        str, typer.Option(help="Last stage to run: ingest, transcribe, translate, dub, render.")
    ] = "render",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and end.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try units again that failed for good.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also export the deliverables to this folder.")] = None,
    assign: Set = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Localize a video, a folder of SERIES/EPISODE videos, or a manifest. Does only what is not done yet."""
    show.as_json = as_json
    flags = to_flags(lake=lake, profile=profile, source_language=source_language, assign=assign)
    resolved = settings.load(flags)
    wanted = _plan(source, to, resolved, only, until, retry_failed)
    if dry_run:
        _show_plan(wanted, resolved)
        return
    from desk import run

    seconds = 0.0
    if wanted.wanted:
        run.pull([name for unit in wanted.wanted for name in _models_of(unit)], resolved)
        parameters = {
            "source": source,
            "to": list(wanted.languages),
            "settings": flags,
            "only": only,
            "until": until,
            "retry_failed": retry_failed,
        }
        try:
            seconds = run.localize(wanted, parameters, verbose=verbose)
        except KeyboardInterrupt:
            show.note("Interrupted. What is committed stays; run the same command again to go on.")
            raise typer.Exit(INTERRUPTED) from None
    after = _plan(source, to, resolved, only, until)
    computed = sum(unit.state == "committed" for unit in after) - sum(unit.state == "committed" for unit in wanted)
    _settle(after, resolved, seconds, computed=computed, out=out)


def _settle(after: plan.Plan, resolved: Settings, seconds: float, *, computed: int, out: Path | None) -> None:
    """Say what came of a run, and end with the exit code that it earned."""
    store = open_lake(resolved.lake)
    report.record_problems(store, after.catalog)
    rows = report.delivered(after, store)
    failures = list(report.failures(after, store))
    exported = []
    if out:
        from dubwright.render.export import export

        finished = [row.key for row in rows if row.key]
        exported = export(store, finished, out)
    show.outcome(after, rows, failures, exported, seconds=seconds, computed=computed, lake=store)
    if failures or any(unit.state != "committed" for unit in after):
        raise typer.Exit(SOME_FAILED)


@app.command("plan")
def show_plan(
    source: Source,
    to: To,
    source_language: From = None,
    lake: Lake = None,
    profile: Profile = None,
    only: Only = None,
    until: Annotated[str, typer.Option(help="Last stage to plan.")] = "render",
    assign: Set = None,
    as_json: Json = False,
) -> None:
    """Show what is wanted, committed and missing, by stage and language, and why."""
    show.as_json = as_json
    resolved = settings.load(to_flags(lake=lake, profile=profile, source_language=source_language, assign=assign))
    _show_plan(_plan(source, to, resolved, only, until), resolved)


@app.command()
def status(lake: Lake = None, profile: Profile = None, as_json: Json = False) -> None:
    """Show how far each series of the lake is in each language, and what failed, with the reason."""
    show.as_json = as_json
    store = open_lake(settings.load(to_flags(lake=lake, profile=profile)).lake)
    show.status(coverage.coverage(store), list(coverage.standing_failures(store)), store)


@app.command()
def export(
    to: To,
    out: Annotated[Path, typer.Option(help="Folder to write to; it is made if it is not there.")],
    lake: Lake = None,
    only: Only = None,
    as_json: Json = False,
) -> None:
    """Write the newest deliverables as files: OUT/SERIES/EPISODE/en/EPISODE.en.mp4, .en.srt, .en.vtt, .zh.srt."""
    from dubwright.render.export import export as write

    show.as_json = as_json
    store = open_lake(settings.load(to_flags(lake=lake)).lake)
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
    show.exported(write(store, keys, out))


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


def _plan(
    source: str, to: str, resolved: Settings, only: str | None, until: str, retry_failed: bool = False
) -> plan.Plan:
    works = catalog.load(source, only, open_lake(resolved.lake))
    targets = split_languages(to)
    return plan.build(works, targets, resolved, open_lake(resolved.lake), until=until, retry_failed=retry_failed)


def _show_plan(wanted: plan.Plan, resolved: Settings) -> None:
    store = open_lake(resolved.lake)
    show.plan(wanted, list(report.failures(wanted, store)), store)


def _models_of(unit: plan.PlannedUnit) -> Sequence[str]:
    work = unit.work
    return artefacts(STAGES[work.stage].module.engine(work.settings, work.language), work.settings)
