"""Failures that still stand, grouped by what caused them: a hundred episodes with one missing model are one thing to mend."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from hashlib import blake2b

from desk.runs.listing import Model
from dubwright.reports.failures import Failure

# What differs between failures of one cause: what is quoted, addresses and paths, digests, numbers.
_PARTICULARS = re.compile(
    r"""(?P<quoted>'[^'\n]*'|"[^"\n]*"|“[^”\n]*”|`[^`\n]*`)|(?P<path>(?:\w+:/)?/[^\s:,;)]+)"""
    r"""|(?P<digest>\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b)|(?P<number>\d+(?:[.,]\d+)*)"""
)
_STAND_INS = {"quoted": "‘…’", "path": "…", "digest": "#", "number": "#"}
# What is looked at of a message (characters): it may hold anything.
MOST = 400


class FailedUnit(Model):
    """A unit that failed, and how often it was tried."""

    stage: str
    series: str
    episode: str
    language: str | None
    attempts: int
    permanent: bool


class Cause(Model):
    """Failures with the same class of error and, but for names and numbers, the same message.

    `id` stays the same while the message does; `example` is the whole of one, with its remedy.
    """

    id: str
    error: str
    problem: str
    example: str
    remedy: str | None
    units: list[FailedUnit]

    @property
    def series(self) -> list[str]:
        return sorted({unit.series for unit in self.units})

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(unit.stage for unit in self.units))

    @property
    def languages(self) -> list[str]:
        """The languages of those units that have one."""
        return sorted({unit.language for unit in self.units if unit.language})

    @property
    def permanent(self) -> int:
        """How many of the units no run tries again unless it is told to."""
        return sum(unit.permanent for unit in self.units)


def causes(failures: Iterable[Failure]) -> list[Cause]:
    """Group failures, such as those of `coverage.standing_failures`; what most units have in common first."""
    groups: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        error = str(failure.about.get("error"))
        groups.setdefault((error, normal(str(failure.about.get("problem") or ""))), []).append(failure)
    found = [_cause(error, problem, members) for (error, problem), members in groups.items()]
    return sorted(found, key=lambda cause: (-len(cause.units), cause.error, cause.problem))


def together(found: Collection[Cause]) -> Cause:
    """What several causes (one at least) made fail, as if it were one."""
    first = next(iter(found))
    return first.model_copy(update={"units": [unit for cause in found for unit in cause.units]})


def normal(problem: str) -> str:
    """A message without what differs between failures of one cause."""
    text = " ".join(problem[:MOST].split())
    return _PARTICULARS.sub(lambda found: _STAND_INS[str(found.lastgroup)], text)


def _cause(error: str, problem: str, members: list[Failure]) -> Cause:
    remedy = members[0].about.get("remedy")
    return Cause(
        id=blake2b(f"{error}\0{problem}".encode(), digest_size=8).hexdigest(),
        error=error,
        problem=problem,
        example=members[0].reason,
        remedy=str(remedy) if remedy else None,
        units=[
            FailedUnit(
                stage=each.stage,
                series=each.series,
                episode=each.episode,
                language=each.language,
                attempts=each.attempts,
                permanent=each.permanent,
            )
            for each in members
        ],
    )
