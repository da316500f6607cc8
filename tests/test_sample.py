"""The sample series through the whole platform with the embedded engines, scored against its truth.

A schedule fires, Prefect runs a flow per series, Dask workers by pools compute, the lake is in S3; then the videos are
exported as a user does it. Prints the scores (they stand in docs/figures.md). Bounds here are those that must hold for
any series, and what burned-in subtitles make sure of; how good the rest is on this one is printed, not asserted beyond
what would mean that something broke.
"""

from __future__ import annotations

from typing import Any

import pytest

from dubwright import settings
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.quality.scorecard import Figure, Result, score_series
from dubwright.quality.transcripts import score_transcripts
from dubwright.reports import coverage
from dubwright.series import facts
from tests.platform.delivered import LANGUAGES, Delivered

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.timeout(2400)]
UNITS = 3 * (2 + 3 * len(LANGUAGES))


def _rows(lake: Lake, table: str, key: UnitKey, language: str | None = None) -> list[dict[str, Any]]:
    return coverage.newest_rows(lake, table, key.series, key.episode, language) or []


@pytest.fixture(scope="module")
def figures(delivered: Delivered) -> dict[tuple[str, str | None], Figure]:
    lake = delivered.lake
    results, truths = {}, {}
    for key in lake.units("source", series=delivered.series):
        name = key.episode
        results[name] = Result(
            transcript=_rows(lake, "transcript", key),
            translations={language: _rows(lake, "translation", key, language) for language in LANGUAGES},
            dubs={language: _rows(lake, "dub", key, language) for language in LANGUAGES},
            videos={
                language: delivered.videos / key.series / name / language / f"{name}.{language}.mp4"
                for language in LANGUAGES
            },
        )
        truths[name] = delivered.catalogue / "truth" / key.series / name
    about = facts.read(delivered.catalogue / delivered.series / facts.FILE)
    rows = {name: result.transcript for name, result in results.items()}
    found = [*score_transcripts(rows, truths, about), *score_series(results, truths, settings.load().dub)]
    return {(figure.metric, figure.language): figure for figure in found}


def test_every_unit_is_committed_once(delivered: Delivered) -> None:
    (series,) = delivered.status["series"]
    assert series["delivered"] == dict.fromkeys(LANGUAGES, 3)
    assert delivered.status["failures"] == delivered.exported["failures"] == []
    assert len(delivered.units) == UNITS
    assert delivered.exported["computed"] == 0
    assert len(delivered.exported["delivered"]) == 3 * len(LANGUAGES)


def test_scores(figures: dict[tuple[str, str | None], Figure], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print("\n\nThe sample series against its ground truth")
        for figure in figures.values():
            bound = "" if figure.bound is None else f"   (bound: {figure.bound:g})"
            print(f"  {figure.metric:<14} {figure.language or 'source':<7} {figure.value:8.3f}{bound}")
    for figure in figures.values():
        if figure.bound is not None:
            assert figure.value <= figure.bound, figure
    # With subtitles burned in, the transcript is as good as they are.
    assert figures["cer", None].value <= 0.01
    assert figures["names", None].value == 1
    assert figures["in_time", None].value >= 0.95
    assert figures["speaker", None].value >= 0.95
    # Below this something is broken, not merely weak.
    assert figures["chrf", "en"].value > 25
    for language in LANGUAGES:
        assert figures["overlapping", language].value == 0
        assert figures["outside_caps", language].value == 0
        assert figures["drift_frames", language].value <= 1
