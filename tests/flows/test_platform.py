"""The platform as a cluster runs it: Prefect on PostgreSQL, deployments, schedules, Dask workers by pools, a lake in S3.

Every process is a real one on loopback. Where a part is not installed, what ran instead is said: PostgreSQL (SQLite)
and radosgw (a folder as lake).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName, LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings

from dubwright.lake import Lake, open_lake
from dubwright.stages import STAGES
from tests.flows.conftest import make_video
from tests.lake.conftest import KEY, SECRET, start_radosgw
from tests.platform import Platform
from tests.platform.platform import REPOSITORY, postgres_installed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
POOLS = {"cpu": {"cpu": 1}, "asr": {"asr": 1}, "mt": {"mt": 1}, "tts": {"tts": 1}}
SERIES = "localize-series/localize-series"


class Cluster:
    """A platform with everything started, its lake, and what a test asks of it."""

    def __init__(self, root: Path, settings: dict[str, str]) -> None:
        self.address, credentials = _lake(root)
        told = {"DUBWRIGHT_LAKE": self.address, "DUBWRIGHT_CLUSTER__SERIES_DEPLOYMENT": SERIES}
        self.platform = Platform(root, told | credentials | settings)
        self.root = root

    def start(self) -> None:
        if not postgres_installed():
            warnings.warn("PostgreSQL is not installed: Prefect's server ran on SQLite", stacklevel=1)
        platform = self.platform
        platform.start_prefect(platform.start_postgres() if postgres_installed() else None)
        platform.start_scheduler()
        for pool, resources in POOLS.items():
            platform.start_dask_worker(pool, resources)
        self.deploy(self.deployments())
        platform.start_prefect_worker("dubwright")

    @property
    def lake(self) -> Lake:
        return open_lake(self.address)

    def deployments(self) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text(encoding="utf-8"))
        return content

    def deploy(self, deployments: dict[str, Any]) -> None:
        """What `prefect deploy --all` does, with the pool and its queues before it."""
        file = self.root / "prefect.yaml"
        file.write_text(yaml.safe_dump(deployments), encoding="utf-8")
        ran = self.platform.run("infra.prefect.deploy", str(file))
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def command(self, *arguments: str, timeout_s: float = 120) -> Any:
        """`dubwright … --json` on the platform; what it printed."""
        program = [str(Path(sys.executable).with_name("dubwright")), *arguments, "--json"]
        environment = self.platform.environment()
        ran = subprocess.run(
            program, cwd=self.root, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    def run(self, deployment: str, parameters: dict[str, Any], timeout_s: float = 150) -> FlowRun:
        """Start a run of a deployment as a person would and watch it to its end."""
        mark = f"watched-{time.monotonic_ns()}"
        command = ["deployment", "run", deployment, "--params", json.dumps(parameters), "--tag", mark]
        ran = self.platform.run(
            "prefect", *command, "--watch", "--watch-timeout", str(timeout_s), timeout_s=timeout_s + 60
        )
        (found,) = [run for run in self.runs(deployment) if mark in run.tags]
        assert found.state and found.state.is_final(), (
            ran.stdout + ran.stderr + self.platform.tail("prefect-worker", 80)
        )
        return found

    def runs(self, deployment: str) -> list[FlowRun]:
        only = DeploymentFilter(name=DeploymentFilterName(any_=[deployment.partition("/")[2]]))
        with temporary_settings(self._api), get_client(sync_client=True) as client:
            return client.read_flow_runs(deployment_filter=only)

    def log(self, run: FlowRun) -> list[str]:
        """What a flow run wrote to its log, as the server has it."""
        with temporary_settings(self._api), get_client(sync_client=True) as client:
            return [
                entry.message for entry in client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id])))
            ]

    @property
    def _api(self) -> dict[Any, Any]:
        return {PREFECT_API_URL: self.platform.environment()["PREFECT_API_URL"]}

    def units(self) -> dict[str, str]:
        """Every committed unit, and when it was committed."""
        lake = self.lake
        keys = [key for stage in STAGES.values() for key in lake.units(stage.table)]
        return {str(key): str(lake.read(key).provenance["committed_at"]) for key in keys}

    def wait(self, what: str, until: Callable[[], bool], patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while not until():
            assert time.monotonic() < deadline, f"{what}: not so\n{self.platform.tail('prefect-worker', 80)}"
            time.sleep(1)


def _lake(root: Path) -> tuple[str, dict[str, str]]:
    if not shutil.which("radosgw"):
        warnings.warn("radosgw is not installed: the lake was a folder", stacklevel=1)
        return str(root / "lake"), {}
    credentials = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    return start_radosgw().address(), credentials


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        cluster = Cluster(tmp_path_factory.mktemp("platform"), {"DUBWRIGHT_CLUSTER__PATIENCE_S": "3"})
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        with cluster.platform:
            cluster.start()
            yield cluster


@pytest.fixture(scope="module")
def catalogue(cluster: Cluster) -> Path:
    folder = cluster.root / "catalogue"
    first = make_video(folder / "长夜灯" / "01.mp4")
    shutil.copyfile(first, folder / "长夜灯" / "02.mp4")
    cluster.command("catalog", "add", "dramas", str(folder), "--to", "en,es")
    return folder


def test_a_schedule_fires_and_localizes_what_is_registered(cluster: Cluster, catalogue: Path) -> None:
    deployments = cluster.deployments()
    (nightly,) = (each for each in deployments["deployments"] if each["name"] == "nightly")
    often = nightly | {"schedules": [schedule | {"cron": "* * * * *"} for schedule in nightly["schedules"]]}
    cluster.deploy(deployments | {"deployments": [often]})
    try:
        scheduled = "localize-catalog/nightly"

        def completed() -> bool:
            ended = [run for run in cluster.runs(scheduled) if run.auto_scheduled and run.start_time]
            for run in ended:
                assert run.state and not run.state.is_failed() and not run.state.is_crashed(), (
                    f"{run.state}\n{cluster.platform.tail('prefect-worker', 80)}"
                )
            return any(run.state and run.state.is_completed() for run in ended)

        cluster.wait("a scheduled run is completed", completed, 210)
    finally:
        # As prefect.yaml has it: at night.
        cluster.deploy(deployments | {"deployments": [nightly]})
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


def test_the_database_and_the_server_may_die_and_runs_go_on(cluster: Cluster, catalogue: Path) -> None:
    for name in ("postgres", "prefect") if postgres_installed() else ("prefect",):
        cluster.platform.restart(name)
    run = cluster.run(SERIES, {"source": "lake:dramas", "series": "长夜灯", "to": ["ar"]})
    assert run.state and run.state.is_completed(), run.state
