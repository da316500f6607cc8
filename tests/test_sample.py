"""The sample series through the whole job with the embedded engines, as a user runs it, scored against its truth.

Prints the scores (they stand in docs/figures.md). Bounds here are those that must hold for any series; how good the
embedded models are on this one is printed, not asserted beyond what would mean that something broke.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dubwright import facts, settings
from dubwright.lake import Lake, open_lake
from dubwright.quality.scorecard import Figure, Result, newest, score_series
from dubwright.quality.transcripts import score_transcripts
from dubwright.stages import STAGES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
LANGUAGES = ("en", "es")
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory, sample_catalogue: Path) -> Iterator[Path]:
    """A folder with `catalogue`, its `lake` and the exported `videos`, and what the command printed in `ran.json`."""
    folder = tmp_path_factory.mktemp("delivered")
    shutil.copytree(sample_catalogue, folder / "catalogue")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DUBWRIGHT_")}
    localize = [
        str(BIN / "dubwright"),
        "localize",
        "catalogue",
        "--to",
        ",".join(LANGUAGES),
        "--out",
        "videos",
        "--json",
    ]
    ran = subprocess.run(
        localize, check=True, timeout=1500, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    (folder / "ran.json").write_text(ran.stdout, encoding="utf-8")
    yield folder


@pytest.fixture(scope="module")
def figures(delivered: Path) -> dict[tuple[str, str | None], Figure]:
    lake = open_lake(str(delivered / "lake"))
    results, truths = {}, {}
    for key in lake.units("source"):
        name = key.episode
        results[name] = Result(
            transcript=newest(lake, "transcript", key.series, name),
            translations={language: newest(lake, "translation", key.series, name, language) for language in LANGUAGES},
            dubs={language: newest(lake, "dub", key.series, name, language) for language in LANGUAGES},
            videos={
                language: delivered / "videos" / key.series / name / language / f"{name}.{language}.mp4"
                for language in LANGUAGES
            },
        )
        truths[name] = delivered / "catalogue" / "truth" / key.series / name
    (series,) = {key.series for key in lake.units("source")}
    about = facts.read(delivered / "catalogue" / series / facts.FILE)
    rows = {name: result.transcript for name, result in results.items()}
    found = [*score_transcripts(rows, truths, about), *score_series(results, truths, settings.load().dub)]
    return {(figure.metric, figure.language): figure for figure in found}


def test_every_unit_is_committed_once(delivered: Path) -> None:
    ran = json.loads((delivered / "ran.json").read_text(encoding="utf-8"))
    lake: Lake = open_lake(str(delivered / "lake"))
    units = [key for stage in STAGES.values() for key in lake.units(stage.table)]
    assert ran["computed"] == len(units) == 3 * (2 + 3 * len(LANGUAGES))
    assert len(ran["delivered"]) == 3 * len(LANGUAGES)
    assert ran["failures"] == []


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
