"""What a Prefect server is told of the flows: the work pool, its queues, and the deployments of `prefect.yaml`.

    PREFECT_API_URL=http://… python -m flows.deployments [PREFECT_YAML]

Run again, it changes what differs. Prefect's own `prefect deploy --all` deploys, but knows no priorities of queues: it
would make each queue the last.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.workers.process import ProcessWorker

POOL = "dubwright"
# Runs of the first queue are started first, which tells where the pool or its Prefect workers have a limit.
QUEUES = {"release": 1, "normal": 2, "backfill": 3}


def shipped() -> Path:
    """The `prefect.yaml` of this installation: a wheel has it beside this file, a checkout above its folder."""
    here = Path(__file__).parent
    return next(path for path in (here / "prefect.yaml", here.parent / "prefect.yaml") if path.is_file())


async def make_pool() -> None:
    """Make the work pool and its queues where they are missing, and set the queues' priorities."""
    async with get_client() as client:
        template = ProcessWorker.get_default_base_job_template()
        with contextlib.suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
        for name, priority in QUEUES.items():
            await _make_queue(client, name, priority)


async def _make_queue(client: PrefectClient, name: str, priority: int) -> None:
    try:
        queue = await client.read_work_queue_by_name(name, work_pool_name=POOL)
    except ObjectNotFound:
        await client.create_work_queue(name, priority=priority, work_pool_name=POOL)
        return
    if queue.priority != priority:
        await client.update_work_queue(queue.id, priority=priority)


def main() -> None:
    """Make the pool, then deploy; ends with Prefect's exit code."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else shipped()
    asyncio.run(make_pool())
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
    sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
