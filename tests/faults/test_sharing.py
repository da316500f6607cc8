"""Runs that share a cluster: none waits for the other to end, and a release overtakes a backfill."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.faults.rounds import DASK_WORKERS, EPISODES, PROGRAM, Rounds
from tests.flows.conftest import make_video

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
PATIENCE_S = 200.0


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    root = tmp_path_factory.mktemp("sharing")
    made = Rounds(root, make_video(root / "video.mp4", bursts=1, seconds=2.5), seconds=1.2)
    try:
        made.platform.start_prefect()
        made.platform.start_scheduler()
        for name in DASK_WORKERS:
            made.platform.start_dask_worker(name, {"cpu": 1, "asr": 1, "mt": 1, "tts": 1}, preload="tests.faults.slow")
        yield made
    finally:
        made.platform.stop_all()


def run(rounds: Rounds, language: str, priority: str) -> subprocess.Popen[bytes]:
    """A localization into a language, in a lake of its own."""
    lake = rounds.root / f"lake-{language}"
    command = [PROGRAM, "localize", str(rounds.catalogue), "--to", language, "--lake", str(lake), "--json"]
    with (rounds.root / f"{language}.log").open("wb") as log:
        return subprocess.Popen(
            [*command, "--set", f"cluster.priority={priority}"],
            cwd=rounds.root,
            env=rounds.platform.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def started(rounds: Rounds, language: str) -> list[float]:
    """When units of a language's own stages began; those before carry no language."""
    lines = [line.split("\t") for line in rounds.log.read_text().splitlines()] if rounds.log.exists() else []
    return [float(at) for at, key in lines if f"language={language}/" in key]


def ended(*processes: subprocess.Popen[bytes]) -> list[int]:
    try:
        return [process.wait(timeout=PATIENCE_S) for process in processes]
    finally:
        for process in processes:
            process.kill()


def test_of_two_runs_none_waits_for_the_other(rounds: Rounds) -> None:
    assert ended(run(rounds, "en", "normal"), run(rounds, "es", "normal")) == [0, 0]
    en, es = started(rounds, "en"), started(rounds, "es")
    assert len(en) == len(es) == EPISODES * 3
    # From when both had begun until either ended, each got its share: neither stood in line behind the other.
    both, either = max(min(en), min(es)), min(max(en), max(es))
    meanwhile = [sum(both <= at <= either for at in starts) for starts in (en, es)]
    assert min(meanwhile) > sum(meanwhile) / 4, (meanwhile, en, es)


def test_a_release_overtakes_a_backfill(rounds: Rounds) -> None:
    backfill = run(rounds, "fr", "backfill")
    deadline = time.monotonic() + PATIENCE_S
    while not started(rounds, "fr") and time.monotonic() < deadline:
        time.sleep(0.1)
    release = run(rounds, "de", "release")
    assert ended(backfill, release) == [0, 0]
    fr, de = started(rounds, "fr"), started(rounds, "de")
    # From the release's first unit to its last, hardly anything of the backfill was begun; what was sent before ran on.
    meanwhile = sum(min(de) < at < max(de) for at in fr)
    assert meanwhile < len(de) / 2, (meanwhile, len(de))
