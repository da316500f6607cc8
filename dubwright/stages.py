"""The five stages: what each reads and writes, and what it needs of the machine that runs it.

Every stage is a package of this name with a `stage.py` that has

    REVISION                                  raised when its results change
    engine(settings, language) -> EngineInfo  what would compute it
    run(work, lake, machine) -> list of rows  of the stage's table, blobs already stored

and, where an engine answers for several units at once, `ask` and `finish` (`Batched`), where it goes by rules of the
language's own, `rules` (`Ruled`).

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
    """What a stage's `stage.py` offers."""

    REVISION: int

    def engine(self, settings: Section, language: str) -> EngineInfo: ...

    def run(self, work: Work, lake: Lake, machine: Machine) -> list[dict[str, Any]]: ...


@runtime_checkable
class Batched(Protocol):
    """A stage module whose engine fills its batches over several units: `run` is `finish` on what `ask` returned."""

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


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: the `table` it writes, the stages whose tables it `reads`, the Dask `resource` it needs.

    A stage `per_language` runs once for each target language, the others once for each episode. People's edits apply
    to the rows of an `editable` one. `told` is what else of its episode can change its result: the `subtitles` that
    came with the video, or who speaks in it, the `cast`. Of the series' facts a `concerned` one is given only those that
    concern its episode.
    """

    name: str
    table: str
    reads: tuple[str, ...]
    resource: str
    per_language: bool
    editable: bool = False
    told: Literal["subtitles", "cast"] | None = None
    concerned: bool = False

    @property
    def module(self) -> StageModule:
        return cast(StageModule, import_module(f"dubwright.{self.name}.stage"))


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
            concerned=True,
        ),
        Stage("dub", "dub", ("ingest", "transcribe", "translate"), "tts", per_language=True, told="cast"),
        Stage("render", "deliverable", ("ingest", "transcribe", "translate", "dub"), "cpu", per_language=True),
    )
}
