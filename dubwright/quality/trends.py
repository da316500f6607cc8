"""How the quality of what was delivered in a language went over time, by engine: from a bounded sample of the lake.

Every measure is a sum over a sum (lines on time over lines, seconds over minutes), so that samples add up. Also of
deliverables that were superseded meanwhile, as long as the lake has them: they are what went before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from dubwright.errors import KeyMissingError, UnreadableError
from dubwright.lake import Lake, layout, reading
from dubwright.lake.layout import UnitKey
from dubwright.lake.spreading import spread
from dubwright.quality import gate
from dubwright.quality.gate import key_of
from dubwright.settings import QualitySettings
from dubwright.stages import STAGES

# The newest days on which something was delivered, and the deliverables of each that are looked at.
DAYS, A_DAY = 60, 8
# The newest evaluations that are read.
EVALUATIONS = 200
READS_AT_ONCE = 8
By = Literal["day", "version"]
# What is shown of each language, and the stage whose engine it is told of.
MEASURES = {
    "on_time": "dub",
    "tempo": "dub",
    "word_error": "dub",
    "flags": "dub",
    "dub_cost": "dub",
    "translate_cost": "translate",
    "chrf": "translate",
}
_OF_LINES = {"fit": "on_time", "tempo": "tempo"}


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured of one thing made by an engine: `total` over `base` for each measure.

    `at` is when (UTC), `version` the engine's own.
    """

    at: datetime
    engines: Mapping[str, str]
    versions: Mapping[str, str]
    sums: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Point:
    """A measure on a day, or of a version of an engine: the mean over `base` (lines, minutes of video or evaluations)."""

    at: str
    value: float
    base: float


Known = MutableMapping[UnitKey, Sample | None]


def samples(lake: Lake, language: str, settings: QualitySettings, known: Known) -> list[Sample]:
    """What was delivered in a language on the newest days, some of each day, oldest first.

    What was read before stands in `known`, and what is read now is added there. A deliverable that was not measured, or
    cannot be read any more, is left out.
    """
    drawn = _drawn(lake, language)
    unread = [key for key in drawn if key not in known]
    read = spread(lambda key: _sample(lake, key, settings), unread, READS_AT_ONCE)
    known.update(zip(unread, read, strict=True))
    for key in known.keys() - set(drawn):
        del known[key]
    found = [sample for key in drawn if (sample := known[key])]
    return sorted(found, key=lambda sample: sample.at)


def evaluations(lake: Lake, language: str) -> Iterator[Sample]:
    """The newest evaluations of translators into a language, oldest first."""
    keys = [key for key in lake.evaluations(language) if not key.accepted][-EVALUATIONS:]
    for key in keys:
        try:
            rows, _ = lake.read_evaluation(key)
        except (KeyMissingError, UnreadableError):
            continue
        for row in rows:
            if row["metric"] == "chrf" and row["value"] is not None:
                own = {"translate": row["engine"]}, {"translate": row["engine_version"]}
                yield Sample(row["created_at"].astimezone(UTC), *own, {"chrf": (row["value"], 1.0)})


def trend(found: Iterable[Sample], measure: str, by: By) -> dict[str, list[Point]]:
    """A measure by engine, in the order of the days or of the versions' first appearance."""
    stage = MEASURES[measure]
    sums: dict[str, dict[str, tuple[float, float]]] = {}
    for sample in found:
        total, base = sample.sums.get(measure, (0.0, 0.0))
        if base and stage in sample.engines:
            at = f"{sample.at:%Y-%m-%d}" if by == "day" else sample.versions[stage]
            points = sums.setdefault(sample.engines[stage], {})
            before = points.get(at, (0.0, 0.0))
            points[at] = (before[0] + total, before[1] + base)
    return {
        engine: [Point(at, total / base, base) for at, (total, base) in points.items()]
        for engine, points in sorted(sums.items())
    }


def _drawn(lake: Lake, language: str) -> list[UnitKey]:
    """Deliverables by the day of their commit; of a day's many always the same."""
    days: dict[str, list[str]] = {}
    for found in lake.store.list(layout.unit_prefix("deliverable", language)):
        kept = days.setdefault(f"{found.modified:%Y-%m-%d}", [])
        kept.append(found.key)
        if len(kept) > 64 * A_DAY:
            kept[:] = _lot(kept)
    newest = sorted(days)[-DAYS:]
    return [key for day in newest for each in _lot(days[day]) if (key := layout.parse_unit(each))]


def _lot(keys: list[str]) -> list[str]:
    # A fingerprint is as good as a lot, and stays the same.
    return sorted(keys, key=lambda key: key.rpartition("/")[2])[:A_DAY]


def _sample(lake: Lake, key: UnitKey, settings: QualitySettings) -> Sample | None:
    try:
        measured = reading.table(lake, str(key_of(key)))
        about = reading.said(measured.schema)
        lengths = reading.columns(lake, str(key), ("duration_ms",)).column(0).to_pylist()
        upstream = about.get("recipe", {}).get("upstream", {})
        made = {
            stage: reading.about(lake, str(_above(key, stage, upstream[stage])))
            for stage in ("translate", "dub")
            if stage in upstream
        }
    except (KeyMissingError, UnreadableError, KeyError):
        return None
    minutes = max((length for length in lengths if length), default=0) / 60_000
    rows = measured.to_pylist()
    sums = _of_lines(rows, settings)
    sums["flags"] = (float(len(gate.judge(rows, settings).flags)), minutes)
    for stage, said in made.items():
        spent = said.get("cost", {}).get("wall_s")
        if spent is not None:
            sums[f"{stage}_cost"] = (float(spent), minutes)
    recipes = {stage: said.get("recipe", {}) for stage, said in made.items()}
    return Sample(
        datetime.fromisoformat(str(about["committed_at"])),
        {stage: str(recipe.get("engine", "")) for stage, recipe in recipes.items()},
        {stage: str(recipe.get("engine_revision", "")) for stage, recipe in recipes.items()},
        sums,
    )


def _above(key: UnitKey, stage: str, fingerprint: str) -> UnitKey:
    return UnitKey(STAGES[stage].table, key.series, key.episode, key.language, fingerprint)


def _of_lines(rows: Iterable[Mapping[str, Any]], settings: QualitySettings) -> dict[str, tuple[float, float]]:
    """Lines within their bounds, and words that were heard otherwise."""
    sums: dict[str, tuple[float, float]] = {}

    def add(measure: str, value: float) -> None:
        total, base = sums.get(measure, (0.0, 0.0))
        sums[measure] = (total + value, base + 1)

    for row in rows:
        metric, value, segment = row["metric"], row["value"], row["segment"]
        if value is None or segment is None:
            continue
        if metric == "word_error":
            add(metric, value)
        elif metric in _OF_LINES:
            finding = gate.hold(metric, value, settings, segment)
            add(_OF_LINES[metric], float(finding is not None and finding.passed))
    return sums
