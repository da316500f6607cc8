"""A whole cluster for a test: every process of the platform, the deployments, the lake, and what tests ask of them.

Where a part is not installed, what runs instead is said: PostgreSQL (then SQLite) and radosgw (then a folder as lake).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName, LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Paused

from dubwright.lake import Lake, open_lake
from dubwright.stages import STAGES
from tests.lake.conftest import KEY, SECRET, start_radosgw
from tests.platform.platform import REPOSITORY, Platform, postgres_installed

POOLS = {"cpu": {"cpu": 1}, "asr": {"asr": 1}, "mt": {"mt": 1}, "tts": {"tts": 1}}
NIGHTLY = "localize-catalog/nightly"
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

    def start_run(self, deployment: str, parameters: dict[str, Any], *options: str, timeout_s: float = 240) -> FlowRun:
        """Start a run of a deployment as a person would; the one run, as it is now."""
        mark = f"started-{time.monotonic_ns()}"
        command = ["deployment", "run", deployment, "--params", json.dumps(parameters), "--tag", mark, *options]
        ran = self.platform.run("prefect", *command, timeout_s=timeout_s)
        found = [run for run in self.runs(deployment) if mark in run.tags]
        assert len(found) == 1, ran.stdout + ran.stderr
        return found[0]

    def run(self, deployment: str, parameters: dict[str, Any], within_s: int = 150) -> FlowRun:
        """Start a run of a deployment and watch it to its end."""
        watched = ("--watch", "--watch-timeout", str(within_s))
        run = self.start_run(deployment, parameters, *watched, timeout_s=within_s + 90)
        assert run.state and run.state.is_final(), f"{run.state}\n{self.platform.tail('prefect-worker', 80)}"
        return run

    def state(self, run: FlowRun) -> State[Any]:
        with temporary_settings(self._api), get_client(sync_client=True) as client:
            state = client.read_flow_run(run.id).state
        assert state
        return state

    def pause(self, run: FlowRun) -> None:
        with temporary_settings(self._api), get_client(sync_client=True) as client:
            answer: OrchestrationResult[Any] = client.set_flow_run_state(run.id, Paused(timeout_seconds=3600))
        assert answer.status is SetStateStatus.ACCEPT, answer

    def resume(self, run: FlowRun) -> None:
        with temporary_settings(self._api), get_client(sync_client=True) as client:
            answer = client.resume_flow_run(run.id)
        assert answer.status is SetStateStatus.ACCEPT, answer

    def count(self, table: str, language: str) -> int:
        return sum(1 for _ in self.lake.units(table, language=language))

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

    def wait_for_schedule(self, patience_s: float) -> None:
        """Have the nightly run scheduled every minute until one was completed; fails with the first that does not."""
        deployments = self.deployments()
        (nightly,) = (each for each in deployments["deployments"] if each["name"] == "nightly")
        often = [schedule | {"cron": "* * * * *"} for schedule in nightly["schedules"]]

        def completed() -> bool:
            begun = [run for run in self.runs(NIGHTLY) if run.auto_scheduled and run.start_time and run.state]
            bad = [run.state for run in begun if run.state and (run.state.is_failed() or run.state.is_crashed())]
            assert not bad, f"{bad}\n{self.platform.tail('prefect-worker', 80)}"
            return any(run.state and run.state.is_completed() for run in begun)

        self.deploy(deployments | {"deployments": [nightly | {"schedules": often}]})
        try:
            self.wait("a scheduled run is completed", completed, patience_s)
        finally:
            # As prefect.yaml has it: at night.
            self.deploy(deployments | {"deployments": [nightly]})

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


@contextmanager
def started(root: Path, **settings: str) -> Iterator[Cluster]:
    """A cluster below `root` for the time of the block; `settings` are environment variables of its processes."""
    with pytest.MonkeyPatch.context() as patch:
        cluster = Cluster(root, settings)
        # For the lake as the test itself opens it.
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        with cluster.platform:
            cluster.start()
            yield cluster
