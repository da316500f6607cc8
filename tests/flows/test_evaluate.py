"""The weekly evaluation on Dask workers, and what it stops: the flow and the command, in processes of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dubwright.lake import open_lake
from dubwright.lake.lake import ulid
from tests.flows.conftest import Ran

pytestmark = pytest.mark.e2e

WEEKLY = """
import asyncio, json, sys
from desk.run import quiet_prefect
quiet_prefect(False)
from flows.evaluate import evaluate
found = asyncio.run(evaluate())
with open("found.json", "w") as file:
    json.dump(found, file)
"""


def weekly(environment: dict[str, str], folder: Path) -> dict[str, Any]:
    """What a run of the deployment's flow returns, with its defaults."""
    subprocess.run([sys.executable, "-c", WEEKLY], cwd=folder, env=environment, timeout=240, check=True)
    found: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return found


def test_a_translator_that_lost_too_much_begins_nothing(
    video: Path, dubwright: Callable[..., Ran], environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "catalogue" / "长夜灯").mkdir(parents=True)
    shutil.copyfile(video, tmp_path / "catalogue" / "长夜灯" / "01.mp4")
    assert dubwright("catalog", "add", "dramas", "catalogue", "--to", "en,pt-BR").code == 0

    first = weekly(environment, tmp_path)
    assert {row["language"] for row in first["translators"]} == {"en", "pt-BR"}
    assert {row["passed"] for row in first["translators"]} == {None}
    assert dubwright("evaluate", "--accept").code == 0

    # An accepted one that was better in English than the fake translator will ever be.
    lake = open_lake(str(tmp_path / "lake"))
    (accepted,) = [key for key in lake.evaluations("en") if key.accepted]
    rows, about = lake.read_evaluation(accepted)
    kept = ("episode", "engine_version", "metric")
    best = [{name: row[name] for name in kept} | {"value": 100.0} for row in rows]
    lake.add_evaluation(replace(accepted, ulid=ulid(), candidate="0" * 32), best, about)
    again = weekly(environment, tmp_path)["translators"]
    assert [(row["language"], row["metric"]) for row in again if row["passed"] is False] == [("en", "chrf")]

    refused = dubwright("localize", "lake:dramas")
    assert (refused.code, refused.content["error"]["error"]) == (2, "EvaluationError")
    assert not list(lake.units("source"))
    assert dubwright("localize", "lake:dramas", "--to", "pt-BR").code == 0
    assert dubwright("evaluate", "--to", "en", "--accept").code == 0
    assert dubwright("localize", "lake:dramas").code == 0
