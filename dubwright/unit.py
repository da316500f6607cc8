"""The unit of work: one stage of one episode in one language. What describes it, and what carries it out.

`execute` is the plain function that a Dask worker runs. Being run twice is normal: a unit that is already
committed returns at once, and of two that finish together the commit lets one win.
"""

from __future__ import annotations

import logging
import os
import pickle
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import psutil

from dubwright import engines, watched
from dubwright.errors import EngineError, EngineHungError, EngineOutputError, EngineStuckError
from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import UnitKey
from dubwright.models import registry
from dubwright.series.cast import Cast
from dubwright.series.facts import SeriesFacts
from dubwright.series.voice_facts import Given
from dubwright.settings import QualitySettings, Section
from dubwright.stages import STAGES, Batched

Answer = TypeVar("Answer")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """A unit and all that decides its result: small enough to travel, keys instead of sound.

    `language` is the target language, or the source language where the stage has none of its own.
    `upstream` maps each stage that this one reads to the unit it reads. `cast` is who speaks in the episode, where the
    stage is told, `voices` what they were given in the language, by id or name, `subtitles` the address of those that came
    with the video. `recipe` is what the fingerprint digests.
    """

    stage: str
    series: str
    episode: str
    language: str
    source_language: str
    source_uri: str
    source_digest: str
    fingerprint: str
    settings: Section
    upstream: Mapping[str, UnitKey] = field(default_factory=dict)
    facts: SeriesFacts = field(default_factory=SeriesFacts)
    cast: Cast = field(default_factory=Cast)
    voices: Given = field(default_factory=dict)
    subtitles: str | None = None
    edits: tuple[str, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> UnitKey:
        stage = STAGES[self.stage]
        partition = self.language if stage.per_language else None
        return UnitKey(stage.table, self.series, self.episode, partition, self.fingerprint)

    @property
    def label(self) -> str:
        """How people are told of it: `transcribe 长安/01`, `dub en 长安/01`."""
        language = f" {self.language}" if STAGES[self.stage].per_language else ""
        return f"{self.stage}{language} {self.series}/{self.episode}"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a unit runs: the lake, the models' folder and mirror, the threads an engine may use. Changes no result.

    With `copy_sources`, ingest keeps the video itself in the lake. `quality` says what is measured of a delivery.
    """

    lake: str
    models_dir: str
    models_mirror: str | None = None
    threads: int = 1
    copy_sources: bool = False
    quality: QualitySettings = field(default_factory=QualitySettings)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a unit: its key, and whether this run computed it or found it committed."""

    key: UnitKey
    computed: bool
    cost: Mapping[str, float] = field(default_factory=dict)


def execute(work: Work, machine: Machine) -> Receipt:
    """Compute a unit and commit it, unless it is committed already.

    Raises what the stage raises; then nothing of the unit is visible but unreferenced blobs.
    """
    lake = open_lake(machine.lake)
    if lake.committed(work.key):
        return Receipt(work.key, computed=False)
    module = STAGES[work.stage].work
    return _compute(work, lake, machine, lambda: module.run(work, lake, machine))


def execute_all(works: Sequence[Work], machine: Machine) -> list[Receipt | Exception]:
    """Compute units of one stage one after another; the outcome of each, in order. One that fails stops no other.

    The engine of a `Batched` stage is first asked for all of them at once, which fills its batches; their shares of
    that cost are equal. Where this fails as a whole, each is asked for alone.
    """
    asked = _ask_together(works, machine) if len(works) > 1 else _Asked()
    outcomes: list[Receipt | Exception] = []
    for work in works:
        try:
            outcomes.append(asked.carry_out(work, machine) if work.key in asked.answers else execute(work, machine))
        except Exception as error:  # travels back as a value, so that each unit keeps its own
            outcomes.append(_portable(error))
    return outcomes


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an engine answered for several units at once, and what each answer cost."""

    answers: Mapping[UnitKey, Any] = field(default_factory=dict)
    cost: Mapping[str, float] = field(default_factory=dict)

    def carry_out(self, work: Work, machine: Machine) -> Receipt:
        """Commit a unit that was asked for; raises what the engine or the stage says of this one."""
        answer = self.answers[work.key]
        if isinstance(answer, Exception):
            raise answer
        lake, module = open_lake(machine.lake), cast(Batched, STAGES[work.stage].work)
        return _compute(work, lake, machine, lambda: module.finish(work, lake, machine, answer), self.cost)


def _ask_together(works: Sequence[Work], machine: Machine) -> _Asked:
    module = STAGES[works[0].stage].work
    if not isinstance(module, Batched):
        return _Asked()
    lake = open_lake(machine.lake)
    left = [work for work in works if not lake.committed(work.key)]
    if not left:
        return _Asked()
    try:
        with metered() as cost:
            answers = module.ask(left, lake, machine)
    except Exception as error:
        _log.warning("%s and %d more: asked one by one: %s", works[0].label, len(works) - 1, error)
        return _Asked()
    shares = {name: value if name == "peak_mib" else value / len(left) for name, value in cost.items()}
    return _Asked({work.key: answer for work, answer in zip(left, answers, strict=True) if answer is not None}, shares)


def _compute(
    work: Work,
    lake: Lake,
    machine: Machine,
    rows_of: Callable[[], list[dict[str, Any]]],
    before: Mapping[str, float] | None = None,
) -> Receipt:
    """Commit the rows of a unit; `before` is what was spent on it already."""
    info = STAGES[work.stage].module.engine(work.settings, work.language)
    shared = {
        "language": work.language,
        "engine": info.name,
        "engine_version": info.version,
        "model_sha256": main_model(info, work.settings, work.language),
    }
    with metered() as cost:
        rows = rows_of()
    for name, value in (before or {}).items():
        cost[name] = max(cost[name], value) if name == "peak_mib" else round(cost[name] + value, 3)
    provenance = {
        "recipe": dict(work.recipe),
        "upstream": {name: str(key) for name, key in work.upstream.items()},
        "cost": {**cost, "device": engines.computed_on(info)},
    }
    computed = lake.commit(work.key, [{**shared, **row} for row in rows], provenance)
    return Receipt(work.key, computed, cost)


def _portable(error: Exception) -> Exception:
    """The error if it survives the way to another process, else one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  what this very process wrote
        return error
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")


def artefacts(info: engines.EngineInfo, settings: Section, language: str | None = None) -> tuple[str, ...]:
    """The model-store artefacts that an engine loads under these settings, the main one first; only those that it takes
    for a language, where one is given.
    """
    names: list[str] = []
    for choice in info.choices:
        chosen = getattr(settings, choice, "")
        own = [chosen] if isinstance(chosen, str) else list(chosen)
        if language and choice == info.by_language:
            own = [name for name in own if registry.get(name).speaks(language)][:1]
        names += own
    return tuple(name for name in (*names, *info.models) if name)


def main_model(info: engines.EngineInfo, settings: Section, language: str | None = None) -> str | None:
    """Digest of the main model file; None for an engine without models."""
    return next(iter(model_digests(info, settings, language).values()), None)


def model_digests(info: engines.EngineInfo, settings: Section, language: str | None = None) -> dict[str, str]:
    """Digest of the main file of each of an engine's `artefacts`, by its name, the main one first."""
    return {name: registry.get(name).sha256 for name in artefacts(info, settings, language)}


# Engines ----------------------------------------------------------------------------------------------

_loaded: dict[tuple[Any, ...], Any] = {}
_loading = threading.Lock()
# How often an engine hung in this process: each time a thread and a loaded model are left behind.
_hung: Counter[str] = Counter()
MOST_HUNG = 3


def load_engine(stage: str, info: engines.EngineInfo, settings: Section, machine: Machine) -> Any:
    """The engine of this process, loaded at first use and kept warm.

    Raises `EngineMissingError` if it is not installed, `ModelError` if a model cannot be had, `EngineStuckError` if it
    hung too often in this process.
    """
    from dubwright.models.store import ModelStore

    engines.require_installed(info)
    _require_sound(info)
    key = (stage, info.name, settings, machine.threads, machine.models_dir)
    with _loading:
        if key not in _loaded:
            store = ModelStore(machine.models_dir, machine.models_mirror)
            models = {name: store.ensure(name) for name in artefacts(info, settings)}
            _loaded[key] = engines.engine_class(stage, info.name)(settings, models, machine.threads)
        return _loaded[key]


def ask_engine(what: str, call: Callable[[], Answer]) -> Answer:
    """Call into an engine; whatever it raises that is not ours becomes an `EngineOutputError` that names it."""
    try:
        return call()
    except (EngineError, MemoryError):
        raise
    except Exception as error:
        raise EngineOutputError(f"{what} failed: {type(error).__name__}: {error}", where=what) from error


def ask_within(what: str, seconds: float, loaded: engines.Engine, call: Callable[[], Answer]) -> Answer:
    """`ask_engine` for a call into an engine that runs in this process and may hang.

    After so many seconds the call is left behind with the engine as it was loaded, which the next `load_engine` loads
    anew, and `EngineHungError` is raised; `EngineStuckError` instead, where that happened `MOST_HUNG` times.
    """
    info = loaded.info
    if info.bounds_itself:
        return ask_engine(what, call)
    try:
        return watched.within(seconds, lambda: ask_engine(what, call))
    except watched.NotReturned:
        with _loading:
            for key in [key for key, engine in _loaded.items() if engine is loaded]:
                del _loaded[key]
            _hung[info.name] += 1
        _log.warning("%s: no answer within %.0f s", what, seconds)
        _require_sound(info)
        raise EngineHungError(f"did not answer within {seconds:.0f} s", where=what) from None


def _require_sound(info: engines.EngineInfo) -> None:
    if _hung[info.name] >= MOST_HUNG:
        raise EngineStuckError(
            f"hung {_hung[info.name]} times and is asked no more by this process",
            where=info.name,
            remedy="start the Dask worker anew, or use another engine",
        )


# Costs ------------------------------------------------------------------------------------------------


@contextmanager
def metered() -> Iterator[dict[str, float]]:
    """Fill the yielded dict, when the block ends, with wall and CPU seconds and peak resident MiB, children included."""
    cost: dict[str, float] = {}
    process = psutil.Process()
    peak = [_resident(process)]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            peak[0] = max(peak[0], _resident(process))

    watcher = threading.Thread(target=watch, daemon=True, name="dubwright-meter")
    watcher.start()
    wall, cpu = time.perf_counter(), _cpu()
    try:
        yield cost
    finally:
        done.set()
        watcher.join()
        cost |= {
            "wall_s": round(time.perf_counter() - wall, 3),
            "cpu_s": round(_cpu() - cpu, 3),
            "peak_mib": round(max(peak[0], _resident(process)) / 2**20, 1),
        }


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _resident(process: psutil.Process) -> int:
    total, command = process.memory_info().rss, process.cmdline()
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            # Between its fork and its exec a child shows this process's own memory, a second time.
            if child.cmdline() != command:
                total += child.memory_info().rss
    return total
