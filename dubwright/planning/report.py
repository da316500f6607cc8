"""What was delivered and what was not, read back from the lake: for tables that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from dubwright import languages
from dubwright.lake import Lake, UnitFile
from dubwright.lake.layout import UnitKey
from dubwright.planning.plan import Plan, Planner
from dubwright.planning.series_plan import PlannedUnit
from dubwright.planning.survey import Survey
from dubwright.quality import standing
from dubwright.quality.gate import NOT_MEASURED, EpisodeQuality
from dubwright.reports.failures import Failure, read_failure
from dubwright.settings import QualitySettings
from dubwright.stages import STAGES

# What notes of a translation, and of what was heard, deserve a look, by the word before their colon.
FLAGGED = ("glossary", "length", "subtitle", "sensitive", "amount")
HEARD = (languages.NOTE,)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One episode in one language.

    `speech_s` is the length of all its lines, `wall_s` what its units took (those that serve every language shared out
    evenly), `rtf` that by the episode's length. `flags` counts what deserves a look, by kind. `key` is the unit that lists
    the deliverables, `quality` the verdict on them, `withheld` whether the policy keeps them back, `picture` the blob
    with their timeline.
    """

    series: str
    episode: str
    language: str
    lines: int
    video_s: float
    speech_s: float
    wall_s: float
    rtf: float
    flags: dict[str, int]
    key: UnitKey | None
    quality: EpisodeQuality = NOT_MEASURED
    withheld: bool = False
    picture: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As flat JSON-able data."""
        flags = ", ".join(f"{count} {kind}" for kind, count in self.flags.items())
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        told = {"flags": flags, "key": self.key and str(self.key), "quality": str(self.quality)}
        return named | told

    @property
    def complaint(self) -> str:
        """Which figures of the episode are beyond which bounds, in one line."""
        figures = ", ".join(map(str, self.quality.failed))
        kept = "; its files are withheld (quality.deliver)" if self.withheld else ""
        return f"{self.series}/{self.episode} {self.language}: {figures}{kept}"


def delivered(plans: Iterable[Plan], lake: Lake, quality: QualitySettings) -> Iterator[Delivered]:
    """Every episode and language that is committed up to the last planned stage, plan by plan, in order.

    What was measured of them is held against the bounds of `quality`.
    """
    for plan in plans:
        by_episode: dict[tuple[str, str], list[PlannedUnit]] = {}
        for unit in plan:
            by_episode.setdefault((unit.work.series, unit.work.episode), []).append(unit)
        for units in by_episode.values():
            for each in _of_episode(units, plan.languages, lake):
                yield _judged(each, lake, quality)


def _judged(row: Delivered, lake: Lake, quality: QualitySettings) -> Delivered:
    if row.key is None:
        return row
    found = standing.of_unit(lake, row.key, quality)
    return replace(row, quality=found.quality, withheld=found.quality.withheld(quality), picture=found.picture)


def _of_episode(units: Sequence[PlannedUnit], languages: Sequence[str], lake: Lake) -> Iterator[Delivered]:
    shared = {unit.work.stage: unit for unit in units if not STAGES[unit.work.stage].per_language}
    if any(unit.state != "committed" for unit in shared.values()):
        return
    files = {stage: lake.read(unit.work.key) for stage, unit in shared.items()}
    for language in languages:
        own = {unit.work.stage: unit for unit in units if unit.work.key.language == language}
        if own and all(unit.state == "committed" for unit in own.values()):
            mine = {stage: lake.read(unit.work.key) for stage, unit in own.items()}
            yield _delivered(files, mine, language, len(languages))


def _delivered(shared: dict[str, UnitFile], own: dict[str, UnitFile], language: str, sharers: int) -> Delivered:
    source = shared["ingest"]
    lines = shared["transcribe"].rows() if "transcribe" in shared else []
    video_s = source.row()["duration_ms"] / 1000
    wall_s = sum(_wall(file) for file in own.values()) + sum(_wall(file) for file in shared.values()) / sharers
    return Delivered(
        series=source.key.series,
        episode=source.key.episode,
        language=language,
        lines=len(lines),
        video_s=video_s,
        speech_s=round(sum(line["end_ms"] - line["start_ms"] for line in lines) / 1000, 1),
        wall_s=round(wall_s, 1),
        rtf=round(wall_s / video_s, 2) if video_s else 0.0,
        flags=_flags(lines, own),
        key=own["render"].key if "render" in own else None,
    )


def _wall(file: UnitFile) -> float:
    return float(file.provenance.get("cost", {}).get("wall_s", 0.0))


def _flags(lines: Sequence[dict[str, Any]], own: dict[str, UnitFile]) -> dict[str, int]:
    flags = Counter({} if lines else {"no speech": 1})
    for row in lines:
        flags.update(_noted(row, HEARD))
    for row in own["translate"].rows() if "translate" in own else []:
        flags.update(["untranslated"] if row["state"] == "failed" else _noted(row, FLAGGED))
    for row in own["dub"].rows() if "dub" in own else []:
        if row["verdict"] not in ("fits", "kept", "mix"):
            flags[row["verdict"]] += 1
    return dict(flags)


def _noted(row: dict[str, Any], kinds: Sequence[str]) -> list[str]:
    noted = {note.partition(":")[0] for note in row["notes"] or ()}
    return [kind for kind in kinds if kind in noted]


def failures(planner: Planner, survey: Survey, lake: Lake) -> Iterator[Failure]:
    """Every surveyed unit that has failed and is not committed, and every episode that could not be read."""
    troubled = survey.catalog.of(survey.troubled)
    for plan in planner.by_series(troubled) if survey.troubled else ():
        for unit in plan:
            if unit.failure and unit.state != "committed":
                yield read_failure(unit.failure, lake)
    for problem in survey.catalog.problems:
        error = problem.error
        yield Failure("ingest", problem.series, problem.episode, None, 1, not error.transient, error.as_dict())
