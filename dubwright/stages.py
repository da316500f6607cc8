"""The five stages: what each reads and writes, and what it needs of the machine that runs it.

Every stage is a package of this name with a `stage.py`, cheap to import, by which it is planned,

    REVISION                                  raised when its results change
    engine(settings, language) -> EngineInfo  what would compute it
    rules(language) -> digest                 where it goes by rules of the language's own (`Ruled`)
    besides(settings) -> EngineInfos          what else computes, such as a separator of voices (`Accompanied`)

and a `work.py`, which carries out its units:

    run(work, lake, machine) -> list of rows  of the stage's table, blobs already stored
    ask, finish                               where an engine answers for several units at once (`Batched`)

Stages meet in the tables only; none imports another's insides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from dubwright.engines import EngineInfo
    from dubwright.lake import Lake
    from dubwright.settings import Section
    from dubwright.unit import Machine, Work


class StageModule(Protocol):
    """What a stage's `stage.py` says to a plan."""

    REVISION: int

    def engine(self, settings: Section, language: str) -> EngineInfo: ...


class WorkModule(Protocol):
    """What a stage's `work.py` does for a unit."""

    def run(self, work: Work, lake: Lake, machine: Machine) -> list[dict[str, Any]]: ...


@runtime_checkable
class Batched(Protocol):
    """A work module whose engine fills its batches over several units: `run` is `finish` on what `ask` returned."""

    def ask(self, works: Sequence[Work], lake: Lake, machine: Machine) -> list[Any]:
        """For each unit the engine's answer, or the error that it failed with, or None where `run` should ask."""
        ...

    def finish(self, work: Work, lake: Lake, machine: Machine, answer: Any) -> list[dict[str, Any]]: ...


@runtime_checkable
class Ruled(Protocol):
    """A stage module that goes by rules of a language's own, which ship with dubwright as data."""

    def rules(self, language: str) -> str:
        """Digest of the rules, part of every fingerprint in that language."""
        ...


@runtime_checkable
class Accompanied(Protocol):
    """A stage module whose units take engines besides the one that makes their rows."""

    def besides(self, settings: Section) -> tuple[EngineInfo, ...]: ...


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: the `table` it writes, the stages whose tables it `reads`, the Dask `resource` it needs.

    A stage `per_language` runs once for each target language, the others once for each episode. People's edits apply
    to the rows of an `editable` one. `told` is what else of its episode can change its result: the `subtitles` that
    came with the video, who speaks in it, the `cast`, or that and with which `voices`. Of the series' facts a `concerned`
    one is given only those that concern its episode: terms and people, or the terms alone.
    """

    name: str
    table: str
    reads: tuple[str, ...]
    resource: str
    per_language: bool
    editable: bool = False
    told: Literal["subtitles", "cast", "voices"] | None = None
    concerned: Literal["facts", "terms"] | None = None

    @property
    def module(self) -> StageModule:
        return cast(StageModule, import_module(f"dubwright.{self.name}.stage"))

    def engines(self, settings: Section, language: str) -> tuple[EngineInfo, ...]:
        """All that would compute a unit, what makes its rows first. Raises what the module's `engine` does."""
        module = self.module
        others = module.besides(settings) if isinstance(module, Accompanied) else ()
        return (module.engine(settings, language), *others)

    @property
    def work(self) -> WorkModule:
        """Imports what carrying out a unit takes, which a plan does without."""
        return cast(WorkModule, import_module(f"dubwright.{self.name}.work"))


STAGES: Mapping[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("ingest", "source", (), "cpu", per_language=False),
        Stage("transcribe", "transcript", ("ingest",), "asr", per_language=False, told="subtitles"),
        Stage(
            "translate",
            "translation",
            ("transcribe",),
            "mt",
            per_language=True,
            editable=True,
            told="cast",
            concerned="facts",
        ),
        Stage(
            "dub",
            "dub",
            ("ingest", "transcribe", "translate"),
            "tts",
            per_language=True,
            told="voices",
            concerned="terms",
        ),
        Stage("render", "deliverable", ("ingest", "transcribe", "translate", "dub"), "cpu", per_language=True),
    )
}
