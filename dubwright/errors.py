"""Every error that dubwright raises on purpose.

    DubwrightError
    ├── SettingsError            a flag, environment variable, settings file or profile is wrong
    ├── CatalogError             the source of works cannot be understood
    │   ├── ManifestError        a manifest's row or a series.yaml's field is wrong
    │   └── DuplicateEpisodeError
    ├── InputError               one episode's own material is unusable; the others go on
    │   └── MediaError           the file is empty, no media, has no picture or no sound, is too short
    ├── EngineError              an engine cannot do what was asked
    │   ├── EngineMissingError   not installed: names the extra that brings it
    │   ├── LanguageError        no engine speaks or reads this language
    │   ├── VoiceError           an engine has not the voice that was asked for
    │   ├── EngineOutputError    an engine answered, but with nothing usable
    │   │   └── EngineHungError  or not in time
    │   ├── EngineStuckError     an engine hung so often that this process asks it no more
    │   ├── QuestionRefused      the endpoint that an engine asks takes the question for a wrong one
    │   └── EndpointError        the endpoint that an engine asks is away, or out of order
    ├── EvaluationError          the translator that is about to work does worse than the accepted one
    ├── ModelError               a model cannot be had, or is not what its digest says
    ├── ToolError                an external program failed
    │   └── ToolTimeout
    ├── EditError                a correction or a review is not taken
    │   ├── EditConflictError    somebody else changed the line in the meantime
    │   └── LockedError          the line is locked
    ├── StoreError               the object store did not do what was asked
    │   ├── StoreFullError       no space left
    │   ├── StoreDeniedError     it refuses: no such bucket, no right, no or wrong credentials
    │   ├── KeyMissingError      the store has no object of this key
    │   ├── UnreadableError      an object of the lake is not what its key says
    │   └── LeaseError           somebody else works on this part of the lake, or our own lease has run out
    └── ClusterError             Prefect or the Dask cluster cannot do its part (no Dask worker offers what a unit needs)
        ├── SchedulerLostError   its scheduler went away
        ├── RunMissingError      Prefect knows no flow run of this id
        └── RunStateError        a flow run is in no state for what is asked of it

Only errors whose class says `transient` are retried. A permanent one is recorded in the lake for its
unit at once, and the unit is left alone until something that decides its result changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class DubwrightError(Exception):
    """An error that a person can act on.

    `problem` says what is wrong in one sentence, `where` names the file, key or unit, `field` the
    setting, column or stream inside it, and `remedy` what to do next.
    """

    transient: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        problem: str,
        *,
        where: str | None = None,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = where
        self.field = field
        self.remedy = remedy

    def __str__(self) -> str:
        place = " · ".join(part for part in (self.where, self.field) if part)
        text = f"{place}: {self.problem}" if place else self.problem
        return f"{text} → {self.remedy}" if self.remedy else text

    def __reduce__(self) -> tuple[object, ...]:
        # The default pickles `args` alone and loses the keywords on the way back from a Dask worker.
        return (_restore, (type(self), self.problem, self.where, self.field, self.remedy))

    def as_dict(self) -> dict[str, str | bool | None]:
        """The error as JSON-able data: class, problem, where, field, remedy, transient."""
        return {
            "error": type(self).__name__,
            "problem": self.problem,
            "where": self.where,
            "field": self.field,
            "remedy": self.remedy,
            "transient": self.transient,
        }


def _restore(
    kind: type[DubwrightError], problem: str, where: str | None, field: str | None, remedy: str | None
) -> DubwrightError:
    return kind(problem, where=where, field=field, remedy=remedy)


class SettingsError(DubwrightError):
    exit_code = 2


class CatalogError(DubwrightError):
    exit_code = 2


class ManifestError(CatalogError):
    pass


class DuplicateEpisodeError(CatalogError):
    pass


class InputError(DubwrightError):
    pass


class MediaError(InputError):
    pass


class EngineError(DubwrightError):
    pass


class EngineMissingError(EngineError):
    exit_code = 2


class LanguageError(EngineError):
    exit_code = 2


class VoiceError(EngineError):
    pass


class EngineOutputError(EngineError):
    transient = True


class EngineHungError(EngineOutputError):
    pass


class EngineStuckError(EngineError):
    transient = True


class QuestionRefused(EngineError):
    pass


class EndpointError(EngineError):
    transient = True


class EvaluationError(DubwrightError):
    exit_code = 2


class ModelError(DubwrightError):
    transient = True


class ToolError(DubwrightError):
    pass


class ToolTimeout(ToolError):
    transient = True


class EditError(DubwrightError):
    exit_code = 2


class EditConflictError(EditError):
    """What the other one saved: `text` (None: the engine's), `editor`, when (`at`, UTC), its `number` in the line's chain."""

    def __init__(
        self,
        problem: str,
        *,
        where: str | None = None,
        field: str | None = None,
        remedy: str | None = None,
        text: str | None = None,
        editor: str | None = None,
        at: datetime | None = None,
        number: int = 0,
    ) -> None:
        super().__init__(problem, where=where, field=field, remedy=remedy)
        self.text, self.editor, self.at, self.number = text, editor, at, number

    def __reduce__(self) -> tuple[object, ...]:
        said = (self.text, self.editor, self.at, self.number)
        return (_restore_conflict, (type(self), self.problem, self.where, self.field, self.remedy, *said))

    def as_dict(self) -> dict[str, str | bool | None]:
        at = self.at.isoformat() if self.at else None
        return {**super().as_dict(), "text": self.text, "editor": self.editor, "at": at}


def _restore_conflict(
    kind: type[EditConflictError],
    problem: str,
    where: str | None,
    field: str | None,
    remedy: str | None,
    text: str | None,
    editor: str | None,
    at: datetime | None,
    number: int,
) -> EditConflictError:
    return kind(problem, where=where, field=field, remedy=remedy, text=text, editor=editor, at=at, number=number)


class LockedError(EditError):
    pass


class StoreError(DubwrightError):
    transient = True


class StoreFullError(StoreError):
    pass


class StoreDeniedError(StoreError):
    transient = False


class KeyMissingError(StoreError):
    transient = False


class UnreadableError(StoreError):
    transient = False


class LeaseError(StoreError):
    pass


class ClusterError(DubwrightError):
    pass


class SchedulerLostError(ClusterError):
    transient = True


class RunMissingError(ClusterError):
    pass


class RunStateError(ClusterError):
    pass
