"""The platform as a cluster runs it: Prefect on PostgreSQL, deployments, schedules, Dask workers by pools, a lake in S3.

Every process is a real one on loopback; engines are fakes here, and the real ones in `tests/test_sample.py`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.gate import ASK_EVERY_S
from tests.flows.conftest import make_video
from tests.platform.cluster import SERIES, Cluster, started
from tests.platform.platform import postgres_installed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with started(tmp_path_factory.mktemp("platform"), DUBWRIGHT_CLUSTER__PATIENCE_S="3") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def catalogue(cluster: Cluster) -> Path:
    folder = cluster.root / "catalogue"
    first = make_video(folder / "长夜灯" / "01.mp4")
    shutil.copyfile(first, folder / "长夜灯" / "02.mp4")
    cluster.command("catalog", "add", "dramas", str(folder), "--to", "en,es")
    return folder


def test_a_schedule_fires_and_localizes_what_is_registered(cluster: Cluster, catalogue: Path) -> None:
    cluster.wait_for_schedule(210)
    assert len(cluster.units()) == 2 * (2 + 2 * 3)
    # Each series was a flow run of its own.
    assert any(run.state and run.state.is_completed() for run in cluster.runs(SERIES))
    assert cluster.command("status")["failures"] == []


def test_a_series_is_run_by_hand_and_only_what_is_missing_is_done(cluster: Cluster, catalogue: Path) -> None:
    before = cluster.units()
    run = cluster.run(SERIES, {"source": "lake:dramas", "series": "长夜灯", "to": ["en", "fr"]})
    assert run.state and run.state.is_completed(), run.state
    after = cluster.units()
    assert {key: after.get(key) for key in before} == before
    new = {key for key in after if key not in before}
    assert all("/language=fr/" in key or "/language=en/" in key for key in new)
    assert len([key for key in new if "/language=fr/" in key]) == 2 * 3


def test_what_no_dask_worker_can_serve_is_an_error_that_says_so(cluster: Cluster, catalogue: Path) -> None:
    series = {"source": "lake:dramas", "series": "长夜灯", "to": ["th"]}
    cluster.platform.kill("tts")
    try:
        failed = cluster.run(SERIES, series)
        assert failed.state and failed.state.is_failed(), failed.state
        said = [line for line in cluster.log(failed) if "no Dask worker offers tts=1" in line]
        assert said and all("start one with --resources 'tts=1'" in line for line in said)
    finally:
        cluster.platform.restart("tts")
    # It stands in nobody's way: with a Dask worker for it the next run ends complete.
    healed = cluster.run(SERIES, series)
    assert healed.state and healed.state.is_completed(), healed.state
    assert cluster.command("status")["failures"] == []


def test_a_cancelled_run_ends_and_keeps_what_is_committed(cluster: Cluster, catalogue: Path) -> None:
    series = {"source": "lake:dramas", "series": "长夜灯", "to": ["it"]}
    cluster.platform.kill("tts")
    try:
        # Without a Dask worker for its dubs the run waits, for longer than this test.
        waiting = {**series, "settings": {"cluster": {"patience_s": 600}}}
        run = cluster.start_run(SERIES, waiting)
        cluster.wait("both episodes are translated", lambda: cluster.count("translation", "it") == 2, 120)
        cancel = cluster.platform.run("prefect", "flow-run", "cancel", str(run.id))
        assert cancel.returncode == 0, cancel.stderr
        cluster.wait("the run is cancelled", lambda: cluster.state(run).is_cancelled(), 120)
    finally:
        cluster.platform.restart("tts")
    before = cluster.units()
    resumed = cluster.run(SERIES, series)
    assert resumed.state and resumed.state.is_completed(), resumed.state
    assert {key: cluster.units()[key] for key in before} == before
    assert cluster.count("deliverable", "it") == 2


def test_a_paused_run_sends_nothing_until_it_is_resumed(cluster: Cluster, catalogue: Path) -> None:
    cluster.platform.kill("tts")
    try:
        series = {"source": "lake:dramas", "series": "长夜灯", "to": ["ja"]}
        run = cluster.start_run(SERIES, {**series, "settings": {"cluster": {"patience_s": 600}}})
        cluster.wait("both episodes are translated", lambda: cluster.count("translation", "ja") == 2, 120)
        cluster.pause(run)
        # As often as flow runs look at their state.
        time.sleep(2 * ASK_EVERY_S)
    finally:
        cluster.platform.restart("tts")
    time.sleep(2 * ASK_EVERY_S)
    assert cluster.count("dub", "ja") == 0 and cluster.state(run).is_paused()
    cluster.resume(run)
    cluster.wait("the run is completed", lambda: cluster.state(run).is_completed(), 120)
    assert cluster.count("deliverable", "ja") == 2


def test_every_deployment_runs(cluster: Cluster, catalogue: Path) -> None:
    runs = [
        cluster.start_run("localize-catalog/release", {"source": "lake:dramas", "to": ["pt"]}),
        cluster.start_run("backfill/backfill", {"to": ["de"]}),
        cluster.start_run("maintain/maintain", {}),
        cluster.start_run("evaluate/evaluate", {"episodes": 5}),
    ]
    cluster.wait("every run has ended", lambda: all(cluster.state(run).is_final() for run in runs), 300)
    states = [cluster.state(run) for run in runs]
    assert all(state.is_completed() for state in states), f"{states}\n{cluster.platform.tail('prefect-worker', 80)}"
    assert cluster.count("deliverable", "pt") == cluster.count("deliverable", "de") == 2


def test_the_database_and_the_server_may_die_and_runs_go_on(cluster: Cluster, catalogue: Path) -> None:
    for name in ("postgres", "prefect") if postgres_installed() else ("prefect",):
        cluster.platform.restart(name)
    run = cluster.run(SERIES, {"source": "lake:dramas", "series": "长夜灯", "to": ["ar"]})
    assert run.state and run.state.is_completed(), run.state
