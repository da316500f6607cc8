"""Flow runs as a desk sees them: a page of them, one with its sub-runs and tasks, and what they left behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterId,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterId,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterParentTaskRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import Artifact as PrefectArtifact
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.utilities.urls import url_for
from pydantic import BaseModel, ConfigDict

from desk.runs.server import PATIENCE_S, found, server
from dubwright.stages import STAGES

FLOWS = ("localize-catalog", "localize-series", "backfill", "maintain", "evaluate")
MOST_A_PAGE = 200
# Task runs that are counted, and artifacts that are shown, of one run.
MOST_TASKS = 2000
MOST_ARTIFACTS = 50
_PICTURE = "data:image/png;base64,"
State = Literal[
    "scheduled", "pending", "running", "completed", "failed", "cancelled", "crashed", "paused", "cancelling"
]
UNDER_WAY: tuple[State, ...] = ("scheduled", "pending", "running", "paused", "cancelling")


class Model(BaseModel):
    """What is shown of Prefect: as it was when it was asked for."""

    model_config = ConfigDict(frozen=True)


class Run(Model):
    """A flow run. Times in UTC, `seconds` what it has taken so far; `page` is Prefect's own page of it.

    `state` is Prefect's type of state, `said` the message that came with it.
    """

    id: UUID
    name: str
    flow: str
    deployment: str | None
    state: State | None
    said: str | None
    expected: datetime | None
    started: datetime | None
    ended: datetime | None
    seconds: float
    tags: list[str]
    parameters: dict[str, Any]
    queue: str | None
    page: str | None

    def told(self) -> str:
        """What it is called."""
        return self.name

    @property
    def final(self) -> bool:
        return self.state in ("completed", "failed", "cancelled", "crashed")


class Page(Model):
    """Some of `total` runs, from `offset` on."""

    runs: list[Run]
    total: int
    offset: int


class Tasks(Model):
    """Task runs (packets of units) of a run by stage and state; `complete` is False where there are more than were counted."""

    counts: dict[str, dict[str, int]]
    complete: bool


class Artifact(Model):
    """What a run left behind: a table's `rows`, a `picture` as data URL of a PNG, or `text` (Markdown)."""

    id: UUID
    kind: str
    key: str | None
    about: str | None
    at: datetime | None
    rows: list[dict[str, Any]] | None = None
    picture: str | None = None
    text: str | None = None


async def listed(
    limit: int = 25,
    offset: int = 0,
    flow: str | None = None,
    states: Sequence[State] = (),
    tags: Sequence[str] = (),
) -> Page:
    """Runs that belong to no other, newest first, `limit` at most; those that are scheduled for later are left out.

    Raises `ClusterError`.
    """
    which = FlowRunFilter(
        parent_task_run_id=FlowRunFilterParentTaskRunId(is_null_=True),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
        state=_in(states),
        tags=FlowRunFilterTags(all_=list(tags)) if tags else None,
    )
    async with server() as client:
        return await _page(client, which, limit, offset, flow)


async def active(patience_s: float = PATIENCE_S) -> list[Run]:
    """The newest runs that are due and have not ended, also those that belong to others, `MOST_A_PAGE` at most.

    Raises `ClusterError`.
    """
    due = FlowRunFilterExpectedStartTime(before_=datetime.now(UTC))
    async with server(patience_s) as client:
        return (await _page(client, FlowRunFilter(state=_in(UNDER_WAY), expected_start_time=due), MOST_A_PAGE, 0)).runs


async def sub_runs(run: UUID, limit: int = 25, offset: int = 0, states: Sequence[State] = ()) -> Page:
    """Runs that belong to this one: of a catalogue its series, of all catalogues each. Newest first. Raises `ClusterError`."""
    below = FlowRunFilterParentFlowRunId(any_=[run])
    async with server() as client:
        await found(client, run)
        return await _page(client, FlowRunFilter(parent_flow_run_id=below, state=_in(states)), limit, offset)


async def one(run: UUID) -> Run:
    """A run. Raises `RunMissingError`, `ClusterError`."""
    async with server() as client:
        (shown,) = await described(client, [await found(client, run)])
        return shown


async def tasks(run: UUID) -> Tasks:
    """The task runs of a run, counted. Raises `ClusterError`."""
    counts: dict[str, Counter[str]] = {stage: Counter() for stage in STAGES}
    which, seen, complete = FlowRunFilter(id=FlowRunFilterId(any_=[run])), 0, False
    async with server() as client:
        await found(client, run)
        while seen < MOST_TASKS and not complete:
            some = await client.read_task_runs(flow_run_filter=which, limit=MOST_A_PAGE, offset=seen)
            seen, complete = seen + len(some), len(some) < MOST_A_PAGE
            for task in some:
                # Named by its stage; sub-runs have a task run too, which is none of ours.
                stage = task.task_key.rpartition(".")[2].partition("-")[0]
                if stage in counts:
                    counts[stage][task.state_type.value.lower() if task.state_type else "pending"] += 1
    return Tasks(counts={stage: dict(found) for stage, found in counts.items() if found}, complete=complete)


async def artifacts(run: UUID) -> list[Artifact]:
    """What a run left behind, in the order of their keys. Raises `ClusterError`."""
    which = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
    async with server() as client:
        await found(client, run)
        left = await client.read_artifacts(artifact_filter=which, limit=MOST_ARTIFACTS)
    return sorted((_artifact(each) for each in left), key=lambda each: (each.key or "", each.about or ""))


async def described(client: PrefectClient, runs: Sequence[FlowRun]) -> list[Run]:
    """Runs with the names of their flows and deployments."""
    if not runs:
        return []
    ids = FlowRunFilter(id=FlowRunFilterId(any_=[run.id for run in runs]))
    flows = {flow.id: flow.name for flow in await client.read_flows(flow_run_filter=ids)}
    deployed = {run.deployment_id for run in runs if run.deployment_id}
    which = DeploymentFilter(id=DeploymentFilterId(any_=list(deployed)))
    known = await client.read_deployments(deployment_filter=which) if deployed else []
    deployments = {deployment.id: deployment.name for deployment in known}
    return [_run(run, flows.get(run.flow_id, ""), deployments.get(run.deployment_id)) for run in runs]  # type: ignore[arg-type]


async def _page(client: PrefectClient, which: FlowRunFilter, limit: int, offset: int, flow: str | None = None) -> Page:
    ours = FlowFilter(name=FlowFilterName(any_=[flow] if flow else list(FLOWS)))
    offset, limit = max(0, offset), min(max(1, limit), MOST_A_PAGE)
    total = await client.count_flow_runs(flow_filter=ours, flow_run_filter=which)
    runs = await client.read_flow_runs(
        flow_filter=ours,
        flow_run_filter=which,
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=limit,
        offset=offset,
    )
    return Page(runs=await described(client, runs), total=total, offset=offset)


def _in(states: Sequence[State]) -> FlowRunFilterState | None:
    types = [StateType(state.upper()) for state in states]
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=types)) if types else None


def _run(run: FlowRun, flow: str, deployment: str | None) -> Run:
    state: Any = run.state_type.value.lower() if run.state_type else None
    return Run(
        id=run.id,
        name=run.name,
        flow=flow,
        deployment=deployment,
        state=state,
        said=run.state.message if run.state else None,
        expected=run.expected_start_time,
        started=run.start_time,
        ended=run.end_time,
        seconds=run.estimated_run_time.total_seconds(),
        tags=list(run.tags),
        parameters=run.parameters,
        queue=run.work_queue_name,
        page=url_for("flow-run", obj_id=run.id),
    )


def _artifact(left: PrefectArtifact) -> Artifact:
    about = {"id": left.id, "kind": left.type or "", "key": left.key, "about": left.description, "at": left.updated}
    data = left.data
    if left.type == "table":
        return Artifact(**about, rows=rows(data))
    if left.type == "image":
        # Nothing but a picture that is in the artifact itself: no address of somebody else's.
        return Artifact(**about, picture=data if isinstance(data, str) and data.startswith(_PICTURE) else None)
    return Artifact(**about, text=data if isinstance(data, str) else json.dumps(data, default=str))


def rows(data: Any) -> list[dict[str, Any]]:
    """The rows of a table's data as Prefect keeps it; none where it is something else."""
    try:
        content = json.loads(data) if isinstance(data, str) else data
    except ValueError:
        return []
    return [row for row in content if isinstance(row, dict)] if isinstance(content, list) else []
