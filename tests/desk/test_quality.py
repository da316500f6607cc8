"""`dubwright status --quality`, and what a policy keeps from being exported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click.testing
import pytest
from typer.testing import CliRunner

from desk.cli import app
from dubwright.errors import SettingsError
from dubwright.lake import Lake
from dubwright.lake.compaction import compact
from dubwright.lake.layout import UnitKey
from dubwright.quality import standing
from dubwright.settings import QualitySettings

SHARED = {"engine": "fake", "engine_version": "1"}
PICTURE = b"\x89PNG as far as anybody looks"


def deliver(
    lake: Lake, episode: str, language: str, figures: dict[tuple[str, int | None], float | None] | None
) -> UnitKey:
    """Commit a deliverable of one subtitle file, and what was measured of it."""
    key = UnitKey("deliverable", "长夜灯", episode, language, f"{abs(hash((episode, language))):032x}"[-32:])
    if figures is not None:
        rows: list[dict[str, Any]] = [
            {**SHARED, "metric": metric, "segment": segment, "value": value}
            for (metric, segment), value in figures.items()
        ]
        rows.append({**SHARED, "metric": "picture", "blob": lake.put_blob_bytes(PICTURE, "png")})
        lake.commit(replace(key, table="quality"), rows, {})
    text = f"{episode} {language}".encode()
    blob = lake.put_blob_bytes(text, "srt")
    about = {"kind": "srt", "blob": blob, "bytes": len(text), "sha256": Path(blob).stem}
    lake.commit(key, [SHARED | about], {})
    return key


GOOD: dict[tuple[str, int | None], float | None] = {
    ("fit", 1): 0.0, ("onset_ms", 1): 40.0, ("fit", 2): 1.0, ("onset_ms", 2): 700.0, ("drift_frames", None): 0.4,
}  # fmt: skip
BAD = {**GOOD, ("drift_frames", None): 2.5, ("fit", 2): 3.0, ("loudness_lu", None): None}


@pytest.fixture
def lake(lake: Lake) -> Lake:
    deliver(lake, "01", "en", GOOD)
    deliver(lake, "01", "es", BAD)
    deliver(lake, "02", "en", None)
    return lake


def run(lake: Lake, *arguments: str) -> click.testing.Result:
    ran = CliRunner().invoke(app, [*arguments, "--lake", lake.uri])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran


def test_every_deliverable_has_its_verdict(lake: Lake) -> None:
    content = json.loads(run(lake, "status", "--quality", "--json").stdout)
    found = {(each["episode"], each["language"]): each for each in content["quality"]}
    assert {where: each["passed"] for where, each in found.items()} == {
        ("01", "en"): True,
        ("01", "es"): False,
        ("02", "en"): None,
    }
    bad = found["01", "es"]
    assert bad["worst"] == {"metric": "flagged", "value": 0.5, "threshold": 0.25}
    assert [each["metric"] for each in bad["failed"]] == ["flagged", "drift_frames"]
    assert bad["flagged"] == {"2": [{"metric": "fit", "value": 3.0, "threshold": 2.0}]}
    assert bad["figures"]["loudness_lu"] is None and "figures_of_lines" not in bad
    shown = run(lake, "status", "--quality").stdout
    assert "not measured" in shown and "failed" in shown and "1 of 2" in shown


def test_one_episode_is_shown_line_by_line_under_the_bounds_of_today(lake: Lake) -> None:
    narrowed = ("status", "--quality", "--series", "长夜灯", "--episode", "01")
    content = json.loads(run(lake, *narrowed, "--set", "quality.onset_ms=500", "--json").stdout)
    english = content["quality"][0]
    assert english["flagged"] == {"2": [{"metric": "onset_ms", "value": 700.0, "threshold": 500.0}]}
    assert english["passed"] is False
    assert english["figures_of_lines"]["1"] == {"fit": 0.0, "onset_ms": 40.0}
    shown = run(lake, *narrowed).stdout
    assert "Lines in en" in shown and "Lines in es" in shown and "unfit" in shown
    assert json.loads(run(lake, "status", "--quality", "--series", "B", "--json").stdout)["quality"] == []
    assert "nothing delivered" in run(lake, "status", "--quality", "--series", "B").stdout
    with pytest.raises(SettingsError, match="--quality"):
        run(lake, "status", "--episode", "01")


def test_pictures_are_written_where_they_are_asked_for(lake: Lake, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    content = json.loads(run(lake, "status", "--quality", "--picture", str(out), "--json").stdout)
    assert len(content["pictures"]) == 2
    assert (out / "长夜灯" / "01.es.png").read_bytes() == PICTURE


def test_what_failed_is_exported_unless_the_policy_says_otherwise(lake: Lake, tmp_path: Path) -> None:
    out = tmp_path / "out"
    always = run(lake, "export", "--to", "en,es", "--out", str(out / "always"))
    assert always.exit_code == 0 and (out / "always" / "长夜灯" / "01" / "es" / "01.es.srt").exists()
    passed = run(lake, "export", "--to", "en,es", "--out", str(out / "passed"), "--set", "quality.deliver=passed")
    assert passed.exit_code == 3
    assert "长夜灯/01 es" in passed.stderr and "drift_frames 2.5 (bound: 1)" in passed.stderr
    files = {path.name for path in (out / "passed").rglob("*.srt")}
    # What was never measured is not held back.
    assert files == {"01.en.srt", "02.en.srt"}
    lenient = ("--set", "quality.drift_frames=3", "--set", "quality.flagged=0.5")
    again = run(lake, "export", "--to", "es", "--out", str(out / "es"), "--set", "quality.deliver=passed", *lenient)
    assert again.exit_code == 0 and (out / "es" / "长夜灯" / "01" / "es" / "01.es.srt").exists()


def test_what_cannot_be_read_counts_as_not_measured(lake: Lake) -> None:
    key = deliver(lake, "03", "en", None)
    lake.store.put_if_absent(str(replace(key, table="quality")), b"no Parquet")
    assert standing.of_unit(lake, key, QualitySettings()).quality.passed is None
    assert "not measured" in run(lake, "status", "--quality", "--episode", "03").stdout


def test_a_compacted_series_is_read_as_one_file(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [deliver(lake, f"{number:02}", "fr", GOOD if number % 2 else BAD) for number in range(1, 12)]
    before = list(standing.of_units(lake, keys, QualitySettings()))
    compact(lake)
    newest = deliver(lake, "99", "fr", BAD)
    read: list[str] = []
    columns = standing.reading.columns
    monkeypatch.setattr(
        standing.reading, "columns", lambda lake, key, names: read.append(key) or columns(lake, key, names)
    )
    after = list(standing.of_units(lake, [*keys, newest], QualitySettings()))
    assert [(each.key, each.quality) for each in after[:-1]] == [(each.key, each.quality) for each in before]
    assert after[-1].quality.passed is False
    assert sorted(key.partition("/")[0] for key in read) == ["compacted", "quality"]
