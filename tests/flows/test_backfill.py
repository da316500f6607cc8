"""Backfills as an operator runs them: what they reuse, what limits leave out, what they say before they begin."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dubwright.lake import open_lake
from tests.flows.conftest import Ran

pytestmark = pytest.mark.e2e
NIGHTLY = """
import asyncio
from flows.localize import localize_catalog
state = asyncio.run(localize_catalog("lake:", settings={"lake": "lake"}, return_state=True))
print(state.type.value, state.message)
"""


@pytest.fixture
def catalogue(tmp_path: Path, video: Path) -> Path:
    for name in ("A/01.mp4", "A/02.mp4", "B/01.mp4", "B/02.mp4"):
        path = tmp_path / "catalogue" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(video, path)
    return tmp_path / "catalogue"


def test_a_language_is_added_from_what_is_there(
    catalogue: Path, dubwright: Callable[..., Ran], environment: dict[str, str], tmp_path: Path
) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    assert dubwright("catalog", "add", "dramas", str(catalogue), "--to", "en").code == 0
    assert dubwright("localize", "lake:dramas").code == 0
    source_side = {
        str(key): lake.read(key).provenance for table in ("source", "transcript") for key in lake.units(table)
    }
    assert len(source_side) == 8

    # Before it begins: units, hours from the lake's own history, bytes.
    told = dubwright("backfill", "--to", "fr", "--dry-run").content
    assert {(row["stage"], row["language"]): row["wanted"] for row in told["units"]} == {
        (stage, "fr"): 4 for stage in ("translate", "dub", "render")
    }
    assert (told["series"], told["without history"]) == (2, [])
    assert told["minutes"] == pytest.approx(4 * 6 / 60, rel=0.05) and told["hours"] >= 0 and told["bytes"] > 10_000
    assert not list(lake.units("translation", language="fr"))

    # Limits: whole episodes in the catalogue's order until the budget is used, one series, nothing as old as this.
    assert dubwright("backfill", "--to", "fr", "--minutes", "0.25", "--dry-run").content["series"] == 1
    assert dubwright("backfill", "--to", "fr", "--series", "B", "--dry-run").content["series"] == 1
    assert dubwright("backfill", "--to", "fr", "--since", "2990-01-01", "--dry-run").content["units"] == []
    wrong = dubwright("backfill", "--to", "fr", "--series", "C")
    assert (wrong.code, wrong.content["error"]["field"]) == (2, "series")

    part = dubwright("backfill", "--to", "fr", "--minutes", "0.25")
    assert (part.code, part.content["computed"]) == (0, 6), part.stderr
    assert {key.series for key in lake.units("deliverable", language="fr")} == {"A"}
    rest = dubwright("backfill", "--to", "fr")
    assert (rest.code, rest.content["computed"]) == (0, 6), rest.stderr
    assert dubwright("backfill", "--to", "fr").content["computed"] == 0
    now = {str(key): lake.read(key).provenance for table in ("source", "transcript") for key in lake.units(table)}
    assert now == source_side

    costs = dubwright("status", "--costs").content["costs"]
    assert {row["stage"] for row in costs} == {"ingest", "transcribe", "translate", "dub", "render"}
    assert all(row["units"] == 4 and row["wall_s"] >= 0 and row["device"] == "cpu" for row in costs)
    status = dubwright("status", "--series", "B").content
    assert [(row["series"], row["episodes"], row["delivered"]) for row in status["series"]] == [
        ("B", 2, {"en": 2, "fr": 2})
    ]

    # The nightly run brings each registered catalogue into its own languages.
    (catalogue / "A").rename(tmp_path / "A")
    assert dubwright("catalog", "add", "dramas", str(catalogue), "--to", "en,es").code == 0
    assert dubwright("catalog", "add", "urgent", str(tmp_path / "A"), "--to", "de", "--priority", "release").code == 0
    ran = subprocess.run(
        [sys.executable, "-c", NIGHTLY],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "COMPLETED 2 registered catalogues" in ran.stdout, ran.stdout + ran.stderr
    delivered = {(key.language, key.series) for key in lake.units("deliverable")}
    assert delivered == {*((tag, name) for tag in ("en", "fr") for name in "AB"), ("es", "B"), ("de", "A")}
