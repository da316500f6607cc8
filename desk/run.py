"""Have a plan carried out in this process, with progress on the terminal: models first, then the flow."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from desk import show
from dubwright import engines
from dubwright.errors import ClusterError
from dubwright.models.store import ModelStore
from dubwright.models.store import Progress as Pulled
from dubwright.planning.listing import Partition
from dubwright.planning.survey import Survey
from dubwright.settings import Settings
from dubwright.stages import STAGES, Accompanied
from dubwright.unit import artefacts

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from tasks.events import Event

# What a unit of each stage takes, relative to the others: only for the estimate of the time left.
INTERRUPTED = 130
# Whether Prefect's server went away while a flow ran in this process.
server_lost = False
WEIGHT = {"ingest": 2, "transcribe": 10, "translate": 15, "dub": 12, "render": 2}


def model_store(settings: Settings) -> ModelStore:
    """The models of this machine, as the settings place them."""
    return ModelStore(settings.models_dir, settings.models_mirror)


def profile_models(settings: Settings) -> list[str]:
    """Every model that the profile's engines may load."""
    found: list[str] = []
    for stage in STAGES.values():
        section = settings.section(stage.name)
        preferred = getattr(section, "engines", None) or ((section.engine,) if hasattr(section, "engine") else ())
        for name in preferred:
            found += artefacts(engines.engine_class(stage.name, name).info, section)
        if isinstance(stage.module, Accompanied):
            found += [name for info in stage.module.besides(section) for name in artefacts(info, section)]
    return list(dict.fromkeys(found))


def models_for(before: Survey, settings: Settings) -> list[str]:
    """Every model that the wanted units' engines load."""
    found: list[str] = []
    for (stage, language), count in before.counts.items():
        if count["wanted"]:
            section = settings.section(stage)
            for engine in STAGES[stage].engines(section, language or settings.source_language):
                found += artefacts(engine, section)
    return list(dict.fromkeys(found))


def translators_models(tags: Sequence[str], settings: Settings) -> list[str]:
    """Every model that the translators into these languages load."""
    module = STAGES["translate"].module
    found = (artefacts(module.engine(settings.translate, tag), settings.translate) for tag in tags)
    return list(dict.fromkeys(name for names in found for name in names))


def pull(names: Sequence[str], settings: Settings) -> None:
    """Pull the models that are not here, with a progress bar. Raises `ModelError`."""
    store = model_store(settings)
    missing = [name for name in dict.fromkeys(names) if not store.present(name)]
    if not missing:
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=show.stderr) as progress:
        bars: dict[str, Any] = {}

        def advance(so_far: Pulled) -> None:
            name = so_far.artefact
            if name not in bars:
                bars[name] = progress.add_task(name, total=so_far.total)
            progress.update(
                bars[name], description=f"{name} from {so_far.source}", completed=so_far.done, total=so_far.total
            )

        store.pull(missing, progress=advance)


def carry_out(flow: str, wanted: Mapping[Partition, int], parameters: dict[str, Any], *, verbose: bool) -> float:
    """Run a flow (`module:name`) in this process; the seconds it took. What came of it stands in the lake.

    `wanted` is how many units of each stage and language are expected. Raises `typer.Exit` if a person interrupts it.
    """
    global server_lost
    quiet_prefect(verbose)
    started = time.monotonic()
    with _progress(wanted) as listener, stdout_is_stderr():
        show.note(f"{sum(wanted.values())} units to do; starting Prefect and Dask …")
        # Imported here: Prefect takes seconds to import, and reads its settings while it does.
        from httpx import HTTPError
        from prefect.exceptions import TerminationSignal

        from tasks.events import listening

        module, _, name = flow.partition(":")
        run = getattr(import_module(module), name)
        with listening(listener):
            try:
                _start_server()
                state: State[Any] = asyncio.run(_whole(run(**parameters, return_state=True)))
            except (KeyboardInterrupt, TerminationSignal):
                # The second is Prefect's own name for SIGTERM, which it takes over while a flow runs.
                show.note("Interrupted. What is committed stays; run the same command again to go on.")
                raise typer.Exit(INTERRUPTED) from None
            except RuntimeError as error:
                if not str(error).startswith("Failed to reach API"):
                    raise
                raise ClusterError(
                    "Prefect's server does not answer",
                    where=os.environ.get("PREFECT_API_URL"),
                    field="PREFECT_API_URL",
                    remedy="start it, or unset the variable to run with one of this process's own",
                ) from error
            except HTTPError as error:
                # The work does not need it: what the lake has by now decides.
                show.note(f"Prefect's server went away before it knew how the run ended: {error}")
                server_lost = True
                return time.monotonic() - started
    # A run whose units failed says so itself; one that ended by an error of its own must not do so silently.
    if state.is_crashed() or state.is_cancelled() or "exception" in (state.message or ""):
        show.note(f"The run ended early: {state.message}")
    return time.monotonic() - started


def _start_server() -> None:
    """Start Prefect's own server, where the settings name none: Prefect would, but as one that Ctrl-C ends before the run."""
    from prefect.client.base import ServerType, determine_server_type
    from prefect.server.api.server import SubprocessASGIServer

    from tasks.termination import unheard

    if determine_server_type() is ServerType.EPHEMERAL:
        with unheard():
            SubprocessASGIServer().start()


async def _whole(run: Awaitable[Any]) -> Any:
    return await run


def quiet_prefect(verbose: bool) -> None:
    """Prefect's settings for a run in this process; what the environment says already goes before."""
    for name, value in {
        "PREFECT_LOGGING_LEVEL": "INFO" if verbose else "CRITICAL",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING" if verbose else "CRITICAL",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # Its first start creates a database, which takes longer than the default of 20 s on a busy machine.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        # Each further attempt waits twice as long; with more of them a dead server keeps the end of a run for minutes.
        "PREFECT_CLIENT_MAX_RETRIES": "2",
    }.items():
        os.environ.setdefault(name, value)


@contextmanager
def _progress(wanted: Mapping[Partition, int]) -> Iterator[Any]:
    """A listener that draws how far the run is."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[units]}"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    total, done, failed = sum(wanted.values()), 0, 0
    weight = sum(WEIGHT[stage] * number for (stage, _), number in wanted.items())
    with Progress(*columns, console=show.stderr) as progress:
        bar = progress.add_task("localize", total=weight, units=f"0/{total}")

        def listener(event: Event) -> None:
            nonlocal done, failed
            if event.what in ("computed", "found"):
                done += 1
                progress.advance(bar, WEIGHT[event.work.stage])
            elif event.what == "given up":
                failed += 1
                about = str(event.error)
                show.note(about if event.work.label in about else f"{event.work.label}: {about}")
            units = f"{done}/{total}" + (f", {failed} failed" if failed else "")
            progress.update(bar, description=event.work.label, units=units)

        yield listener


@contextmanager
def stdout_is_stderr() -> Iterator[None]:
    """Keep standard output for results: engines' libraries in this and in child processes print what they like."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
