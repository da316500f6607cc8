"""Whether what was measured is good enough: thresholds of the settings over rows of the table `quality`.

Figures are facts and stand in the lake; bounds are policy and stand in the settings. So verdicts are made when somebody
reads: a bound that changed needs no new run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dubwright.lake.layout import UnitKey
from dubwright.quality.dub_metrics import VERDICTS
from dubwright.quality.scores import TEMPO_TOLERANCE
from dubwright.settings import QualitySettings

TABLE = "quality"
FLAGGED = "flagged"
PICTURE = "picture"
Side = Literal["most", "least", "within", "fit", "tempo"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a metric is held to: the setting of its name, or `setting`, and the `side` on which it must be.

    `step` is a difference that matters alike in every metric: by it the worst of several is chosen.
    """

    side: Side
    step: float
    setting: str | None = None


LINE_RULES: Mapping[str, Rule] = {
    "fit": Rule("fit", 1),
    "tempo": Rule("tempo", 0.1),
    "onset_ms": Rule("within", 500),
    "level_db": Rule("within", 3),
    "likeness": Rule("least", 0.1, "likeness_least"),
    "likeness_margin": Rule("least", 0.05),
    "residue_db": Rule("most", 6),
    "word_error": Rule("most", 0.2),
}
EPISODE_RULES: Mapping[str, Rule] = {
    "overlaps": Rule("most", 1),
    "drift_frames": Rule("most", 1),
    "loudness_lu": Rule("within", 1),
    "true_peak_dbtp": Rule("most", 1),
    "residue_whole_db": Rule("most", 6),
    "unspoken": Rule("most", 0.1),
    "confidence": Rule("least", 0.1),
    FLAGGED: Rule("most", 0.1),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure and the bound that it was held to: of a line, or of the whole episode (segment None)."""

    metric: str
    value: float
    threshold: float
    passed: bool
    excess: float
    segment: int | None = None

    def __str__(self) -> str:
        value, bound = (
            VERDICTS[int(each)] if self.metric == "fit" else f"{each:.3g}" for each in (self.value, self.threshold)
        )
        return f"{self.metric} {value} (bound: {bound})"


@dataclass(frozen=True, slots=True)
class EpisodeQuality:
    """The verdict on an episode in a language.

    `findings` are the episode's own, the worst first; `flags` the findings of each line that did not pass; `lines`
    counts the lines that were measured. Of an episode that was not `measured` nothing is known, and nothing is held
    against it.
    """

    measured: bool = False
    findings: tuple[Finding, ...] = ()
    flags: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)
    lines: int = 0

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The episode's own figures that are beyond their bounds, the worst first."""
        return tuple(finding for finding in self.findings if not finding.passed)

    @property
    def worst(self) -> Finding | None:
        """The figure that is the furthest beyond its bound, or the nearest to it."""
        return self.findings[0] if self.findings else None

    @property
    def passed(self) -> bool | None:
        """None where nothing was measured."""
        return not self.failed if self.measured else None

    def __str__(self) -> str:
        if not self.measured:
            return "not measured"
        return f"failed: {', '.join(map(str, self.failed))}" if self.failed else "passed"

    def withheld(self, settings: QualitySettings) -> bool:
        """Whether the policy keeps the episode's files back."""
        return settings.deliver == "passed" and self.passed is False


NOT_MEASURED = EpisodeQuality()


def key_of(deliverable: UnitKey) -> UnitKey:
    """The companion of a deliverable: the unit that holds what was measured of it."""
    return replace(deliverable, table=TABLE)


def hold(metric: str, value: float, settings: QualitySettings, segment: int | None = None) -> Finding | None:
    """Hold a figure against its bound; None for a metric that has none."""
    rule = (EPISODE_RULES if segment is None else LINE_RULES).get(metric)
    if rule is None:
        return None
    bound, beyond = _beyond(metric, rule, value, settings)
    # Nothing at all, such as no overlap, is never the worst, however near its bound.
    excess = beyond / rule.step if value or beyond > 0 else -math.inf
    return Finding(metric, value, bound, beyond <= TEMPO_TOLERANCE, excess, segment)


def judge(rows: Iterable[Mapping[str, Any]], settings: QualitySettings) -> EpisodeQuality:
    """The verdict on an episode from its rows of the table `quality`.

    The share of flagged lines is counted anew, under the bounds of today; what could not be measured is passed over.
    """
    rows = list(rows)
    if not rows:
        return NOT_MEASURED
    own: list[Finding] = []
    flags: dict[int, list[Finding]] = {}
    lines = {row["segment"] for row in rows if row["segment"] is not None}
    for row in rows:
        if row["value"] is None or row["metric"] == FLAGGED:
            continue
        finding = hold(row["metric"], row["value"], settings, row["segment"])
        if finding and finding.segment is None:
            own.append(finding)
        elif finding and finding.segment is not None and not finding.passed:
            flags.setdefault(finding.segment, []).append(finding)
    share = hold(FLAGGED, len(flags) / len(lines) if lines else 0.0, settings)
    return EpisodeQuality(
        True,
        worst_first([*own, *([share] if share else [])]),
        {segment: worst_first(found) for segment, found in sorted(flags.items())},
        len(lines),
    )


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings by how far they are beyond their bounds."""
    return tuple(sorted(findings, key=lambda finding: -finding.excess))


def _beyond(metric: str, rule: Rule, value: float, settings: QualitySettings) -> tuple[float, float]:
    """The bound that counts, and how far the value is beyond it; negative within."""
    match rule.side:
        case "fit":
            bound = float(VERDICTS.index(settings.fit))
            return bound, value - bound
        case "tempo":
            fast, slow = value - settings.tempo_fastest, settings.tempo_slowest - value
            return (settings.tempo_fastest, fast) if fast >= slow else (settings.tempo_slowest, slow)
        case "most":
            bound = float(getattr(settings, rule.setting or metric))
            return bound, value - bound
        case "least":
            bound = float(getattr(settings, rule.setting or metric))
            return bound, bound - value
        case "within":
            bound = float(getattr(settings, rule.setting or metric))
            return bound, abs(value) - bound
