"""Whatever is killed, the next run completes, nothing is lost, nothing is done twice, nothing hangs.

`make test` plays a round for each kind of process, `make faults` thirty with random victims (FAULT_ROUNDS, FAULT_SEED).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dubwright.lake import open_lake
from tests.faults import slow
from tests.faults.rounds import DASK_WORKERS, EPISODES, FLOW, PROGRAM, Rounds
from tests.flows.conftest import make_video

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "0"))
SEED = int(os.environ.get("FAULT_SEED", "7"))
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600 + 240 * ROUNDS)]


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    root = tmp_path_factory.mktemp("faults")
    video = make_video(root / "video.mp4", bursts=2, seconds=3.5)
    made = Rounds(root, video)
    try:
        made.start()
        yield made
    finally:
        made.platform.stop_all()


def _short() -> list[list[str]]:
    """Each kind of process once, two of them together."""
    return [[DASK_WORKERS[0], "scheduler"], [FLOW], ["prefect"], ["postgres"]]


def _long(dice: random.Random, victims: list[str]) -> list[list[str]]:
    """Every kind in turn, so that each is met, with up to two more at random."""
    return [
        list(dict.fromkeys([victims[number % len(victims)], *dice.sample(victims, dice.randrange(3))]))
        for number in range(ROUNDS)
    ]


def test_whatever_is_killed_the_next_run_completes(rounds: Rounds) -> None:
    dice = random.Random(SEED)
    plan = _long(dice, rounds.victims) if ROUNDS else _short()
    told = []
    for number, victims in enumerate(plan, 1):
        there = [victim for victim in victims if victim in rounds.victims]
        if not there:
            continue
        told.append(rounds.play(number, there, dice))
        print(f"round {number}: {told[-1]}", flush=True)
    assert not [problem for each in told for problem in each.problems]


def test_a_run_ends_though_nothing_comes_back(rounds: Rounds) -> None:
    told = rounds.play(1000, [victim for victim in rounds.victims if victim != FLOW], random.Random(SEED), revive=False)
    assert told.ended in (0, 1, 3) and not told.problems, str(told)


def test_a_unit_that_kills_its_worker_fails_alone(rounds: Rounds, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue" / "S"
    catalogue.mkdir(parents=True)
    for name in (slow.DEADLY, "01", "02", "03"):
        shutil.copyfile(rounds.catalogue / "长夜灯" / "01.mp4", catalogue / f"{name}.mp4")
    started = time.monotonic()
    ran = subprocess.run(
        [PROGRAM, "localize", str(catalogue.parent), "--to", "en", "--lake", str(tmp_path / "lake"), "--json"],
        env=rounds.platform.environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 3, ran.stderr
    content = json.loads(ran.stdout)
    assert {row["episode"] for row in content["delivered"]} == {"01", "02", "03"}
    (failure,) = content["failures"]
    assert (failure["episode"], failure["stage"], failure["error"]) == (slow.DEADLY, "transcribe", "ClusterError")
    assert "died" in failure["problem"] and failure["remedy"]
    lake = open_lake(str(tmp_path / "lake"))
    assert len(list(lake.failures("transcribe"))) >= 1
    print(f"recorded after {time.monotonic() - started:.0f} s; {EPISODES} episodes' platform still up")
    assert all(rounds.platform.alive(name) for name in ("scheduler", "prefect"))
