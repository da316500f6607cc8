"""Units that failed: what is recorded of them in the lake, and how it is read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dubwright.catalogue.catalog import Catalog
from dubwright.lake import Lake
from dubwright.lake.layout import FailureKey, UnitKey


@dataclass(frozen=True, slots=True)
class Failure:
    """One unit that failed: what it was, and why, as recorded."""

    stage: str
    series: str
    episode: str
    language: str | None
    attempts: int
    permanent: bool
    about: dict[str, Any]

    @property
    def reason(self) -> str:
        """The error in one line: where, what, and what to do."""
        place = " · ".join(str(self.about[part]) for part in ("where", "field") if self.about.get(part))
        text = f"{self.about.get('error')}: {place + ': ' if place else ''}{self.about.get('problem')}"
        return f"{text} → {self.about['remedy']}" if self.about.get("remedy") else text


def record_problems(lake: Lake, catalog: Catalog) -> None:
    """Record each episode that the catalogue could not make sense of as a failure of its ingest, once."""
    for problem in catalog.problems:
        key = UnitKey("ingest", problem.series, problem.episode, None, problem.fingerprint)
        if not any(found.unit == key for found in lake.failures("ingest", series=key.series, episode=key.episode)):
            lake.record_failure(key, "ingest", problem.error.as_dict(), permanent=not problem.error.transient)


def read_failure(key: FailureKey, lake: Lake) -> Failure:
    """A recorded failed attempt, with what was recorded."""
    unit = key.unit
    about = lake.read_failure(key)
    return Failure(unit.table, unit.series, unit.episode, unit.language, key.attempt, key.permanent, about)
