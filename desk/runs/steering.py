"""A person holds, resumes or ends a run. Flow runs look at their state every few seconds (`tasks.gate`)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.objects import State as PrefectState
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus
from prefect.states import Paused

from desk.runs.listing import Run, described
from desk.runs.server import found, server
from dubwright.errors import RunStateError

# A run that nobody resumes for so long (s) ends failed.
LONGEST_PAUSE_S = 30 * 24 * 3600
MOST_BELOW = 200
Answer = OrchestrationResult[Any]
UNDER_WAY = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED)


async def pause(run: UUID) -> Run:
    """Have a run send no new units; what Dask workers have begun they finish. The run as it then is.

    Raises `RunStateError` unless it is running, `RunMissingError`, `ClusterError`.
    """
    async with server() as client:
        whole = [await found(client, run), *await _catalogues(client, run, StateType.RUNNING)]
        for each in whole:
            asked: Answer = await client.set_flow_run_state(each.id, Paused(timeout_seconds=LONGEST_PAUSE_S))
            _accepted(each, asked, "paused", only=each is whole[0])
        return await _now(client, run)


async def resume(run: UUID) -> Run:
    """Have a paused run go on. Raises `RunStateError` unless it is paused, `RunMissingError`, `ClusterError`."""
    async with server() as client:
        whole = [await found(client, run), *await _catalogues(client, run, StateType.PAUSED)]
        for each in reversed(whole):
            _accepted(each, await client.resume_flow_run(each.id), "resumed", only=each is whole[0])
        return await _now(client, run)


async def cancel(run: UUID) -> Run:
    """End a run and those below it that have processes of their own; what is committed stays.

    Raises `RunStateError` if it has ended, `RunMissingError`, `ClusterError`.
    """
    async with server() as client:
        first = await found(client, run)
        below = await _below(client, [first.id])
        for each in [first, *(each for each in below if each.deployment_id)]:
            asked = await client.set_flow_run_state(each.id, PrefectState(type=StateType.CANCELLING))
            _accepted(each, asked, "cancelled", only=each is first)
        return await _now(client, run)


async def _now(client: PrefectClient, run: UUID) -> Run:
    (shown,) = await described(client, [await found(client, run)])
    return shown


async def _catalogues(client: PrefectClient, run: UUID, state: StateType) -> list[FlowRun]:
    """The runs below a run that have runs below them: a series heeds its own state and that of the run above it alone."""
    below = await _children(client, [run], [state])
    return [each for each in below if await _children(client, [each.id], UNDER_WAY, limit=1)]


async def _below(client: PrefectClient, runs: list[UUID]) -> list[FlowRun]:
    """All runs below these that have not ended."""
    children = await _children(client, runs, UNDER_WAY)
    return [*children, *await _below(client, [each.id for each in children])] if children else []


async def _children(
    client: PrefectClient, runs: list[UUID], states: tuple[StateType, ...] | list[StateType], limit: int = MOST_BELOW
) -> list[FlowRun]:
    which = FlowRunFilter(
        parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=runs),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
    )
    return await client.read_flow_runs(flow_run_filter=which, limit=limit)


def _accepted(run: FlowRun, answer: Answer, what: str, *, only: bool) -> None:
    """Raise unless the server took a state; of a run below the one that was asked for, it may have ended meanwhile."""
    if only and answer.status is not SetStateStatus.ACCEPT:
        said = getattr(answer.details, "reason", None) or answer.status.value.lower()
        raise RunStateError(
            f"cannot be {what}: {said}",
            where=run.name,
            field=run.state_name,
            remedy="look at its state: it may have ended meanwhile",
        )
