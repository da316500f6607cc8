"""A look at this machine: is everything there that the profile needs, and does it work?"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import psutil

from desk.run import model_store, profile_models
from dubwright import engines
from dubwright.dub.stage import NO_SEPARATOR
from dubwright.errors import DubwrightError
from dubwright.lake import open_lake
from dubwright.media import ffmpeg
from dubwright.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine, missing (some work cannot be done), or broken (none can)."""

    what: str
    state: Literal["fine", "missing", "broken"]
    detail: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    return [finding for look in (_machine, _ffmpeg, _engines, _models, _lake) for finding in _guarded(look, settings)]


def _guarded(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from look(settings)
    except DubwrightError as error:
        yield Finding(look.__name__.strip("_"), "broken", error.problem, error.remedy or "")


def _machine(_settings: Settings) -> Iterator[Finding]:
    memory = psutil.virtual_memory()
    yield Finding("Python", "fine", sys.version.split()[0])
    yield Finding("cores", "fine", str(len(os.sched_getaffinity(0))))
    enough = memory.available > 4 * 2**30
    yield Finding(
        "memory",
        "fine" if enough else "missing",
        f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free",
        "" if enough else "the embedded engines need about 4 GiB for each Dask worker",
    )


def _ffmpeg(_settings: Settings) -> Iterator[Finding]:
    yield Finding("FFmpeg", "fine", f"{ffmpeg.version()} at {ffmpeg.executable()}")


def _engines(settings: Settings) -> Iterator[Finding]:
    wanted = {
        "transcribe": (settings.transcribe.engine,),
        "translate": (settings.translate.engine,),
        "dub": settings.dub.engines,
        "separate": (settings.dub.separator,) if settings.dub.separator != NO_SEPARATOR else (),
    }
    for stage, names in wanted.items():
        for name in names:
            info: engines.EngineInfo = engines.engine_class(stage, name).info
            if info.installed:
                yield Finding(f"{stage}: {name}", "fine", f"{info.version}, weights {info.weights_licence}")
            else:
                yield Finding(f"{stage}: {name}", "broken", "not installed", f"pip install 'dubwright[{info.extra}]'")


def _models(settings: Settings) -> Iterator[Finding]:
    store = model_store(settings)
    for name in profile_models(settings):
        here = store.present(name)
        remedy = "" if here else f"dubwright models pull {name} (a run does it by itself)"
        yield Finding(f"model {name}", "fine" if here else "missing", "here" if here else "not here", remedy)


def _lake(settings: Settings) -> Iterator[Finding]:
    """Write and read one blob: permissions, creating once and space in one go."""
    lake = open_lake(settings.lake)
    key = lake.put_blob_bytes(b"dubwright doctor\n", "txt")
    works = lake.read_blob(key) == b"dubwright doctor\n" and not lake.store.put_if_absent(key, b"again")
    lake.store.delete(key)
    detail, remedy = f"{lake.uri}, {lake.store.creation()}", "" if works else "use another store: this one overwrites"
    if lake.uri.startswith("file://"):
        free = shutil.disk_usage(lake.uri.removeprefix("file://")).free / 2**30
        detail += f", {free:.1f} GiB free"
        remedy = remedy or ("" if free > 1 else "free some space")
    yield Finding("lake", "broken" if remedy else "fine", detail, remedy)
