"""Verdicts: facts of the table under bounds of the settings, at the moment of reading."""

from __future__ import annotations

from typing import Any

import pytest

from dubwright.quality import gate
from dubwright.settings import QualitySettings

BOUNDS = QualitySettings()


def row(metric: str, value: float | None, segment: int | None = None, **other: Any) -> dict[str, Any]:
    return {"metric": metric, "value": value, "segment": segment, **other}


@pytest.mark.parametrize(
    ("metric", "segment", "passing", "failing"),
    [
        ("fit", 1, 2, 3),
        ("tempo", 1, 1.35000002, 1.36),
        ("tempo", 1, 0.85, 0.84),
        ("onset_ms", 1, -1000, 1001),
        ("onset_ms", 1, 1000, -1001),
        ("level_db", 1, -6, 6.1),
        ("likeness", 1, 0.6, 0.59),
        ("likeness_margin", 1, -0.05, -0.06),
        ("residue_db", 1, -12, -11),
        ("word_error", 1, 0.5, 0.51),
        ("overlaps", None, 0, 1),
        ("drift_frames", None, 1, 1.1),
        ("loudness_lu", None, -1, 1.1),
        ("true_peak_dbtp", None, -1, -0.9),
        ("residue_whole_db", None, -20, -19),
        ("unspoken", None, 0.1, 0.2),
        ("confidence", None, 0.4, 0.39),
    ],
)
def test_each_metric_has_its_bound(metric: str, segment: int | None, passing: float, failing: float) -> None:
    for value, expected in ((passing, True), (failing, False)):
        finding = gate.hold(metric, value, BOUNDS, segment)
        assert finding is not None and finding.passed is expected, (metric, value)


def test_every_rule_has_a_setting_and_what_has_none_is_held_to_nothing() -> None:
    for rules, segment in ((gate.LINE_RULES, 1), (gate.EPISODE_RULES, None)):
        for metric in rules:
            assert gate.hold(metric, 0.0, BOUNDS, segment) is not None
    assert gate.hold("loudness_lufs", -16, BOUNDS) is None
    assert gate.hold("overlaps", 5, BOUNDS, segment=1) is None


def test_a_bound_that_changed_needs_no_new_measurement() -> None:
    # What was in force when it was measured says nothing today.
    rows = [
        row("drift_frames", 1.5, passed=True, threshold=2.0),
        row("fit", 0, 1),
        row("onset_ms", 700, 1),
        row("fit", 0, 2),
    ]
    strict = gate.judge(rows, QualitySettings(onset_ms=500))
    assert strict.passed is False and [each.metric for each in strict.failed] == ["flagged", "drift_frames"]
    assert {segment: [each.metric for each in found] for segment, found in strict.flags.items()} == {1: ["onset_ms"]}
    mild = gate.judge(rows, QualitySettings(onset_ms=800, drift_frames=2))
    assert mild.passed is True and not mild.flags and mild.lines == 2


def test_the_worst_is_the_furthest_beyond_its_bound_or_the_nearest_to_it() -> None:
    failed = gate.judge([row("drift_frames", 1.2), row("true_peak_dbtp", 3.0), row("overlaps", 0)], BOUNDS)
    assert str(failed.worst) == "true_peak_dbtp 3 (bound: -1)"
    assert str(failed) == "failed: true_peak_dbtp 3 (bound: -1), drift_frames 1.2 (bound: 1)"
    passed = gate.judge([row("drift_frames", 0.4), row("true_peak_dbtp", -1.1), row("overlaps", 0)], BOUNDS)
    assert str(passed) == "passed" and passed.worst is not None and passed.worst.metric == "true_peak_dbtp"


def test_what_was_not_measured_is_held_against_nobody() -> None:
    nothing = gate.judge([], BOUNDS)
    assert nothing.passed is None and str(nothing) == "not measured"
    strict = QualitySettings(deliver="passed")
    assert not nothing.withheld(strict)
    unknown = gate.judge([row("drift_frames", None), row("picture", None)], BOUNDS)
    assert unknown.passed is True


def test_the_policy_says_what_is_withheld() -> None:
    failed = gate.judge([row("overlaps", 2)], BOUNDS)
    assert not failed.withheld(BOUNDS)
    assert failed.withheld(QualitySettings(deliver="passed"))
    assert not gate.judge([row("overlaps", 0)], BOUNDS).withheld(QualitySettings(deliver="passed"))


def test_the_share_of_flagged_lines_is_counted_anew() -> None:
    rows = [row("flagged", 0.0), *(row("fit", 3 if number < 3 else 0, number) for number in range(1, 9))]
    found = gate.judge(rows, BOUNDS)
    assert found.passed is True and len(found.flags) == 2
    assert str(gate.judge(rows, QualitySettings(flagged=0.2)).failed[0]) == "flagged 0.25 (bound: 0.2)"
    assert str(found.flags[1][0]) == "fit unfit (bound: late)"
