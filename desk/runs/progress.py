"""How far a run is: what it and its sub-runs publish (`tasks.progress`), added up. A few requests, whatever its size."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType

from desk.runs.listing import Model, rows
from desk.runs.server import found, server
from dubwright.stages import STAGES
from tasks.progress import ALL, SERIES, STATES, WEIGHT, Row
from tasks.published import ARTIFACT

# Series that run side by side, or catalogues of one run: more are not added up.
MOST_BELOW = 200
LIVE = (StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING)


class Counts(Model):
    """Units of a stage (or of `all`), or series, by how they fare; `waiting` ones are still to come in this run."""

    stage: str
    done: int = 0
    running: int = 0
    waiting: int = 0
    failed: int = 0
    blocked: int = 0


class Progress(Model):
    """How far a run is. `series` is None for a run of one series.

    `per_minute` are units done a minute over the last five, `left_s` how long (s) the rest takes at that pace: None while
    nothing has been done. `at` is when it was published last.
    """

    stages: list[Counts]
    all: Counts
    series: Counts | None = None
    per_minute: float = 0.0
    left_s: float | None = None
    at: datetime | None = None


async def progress(run: UUID) -> Progress | None:
    """How far a run is; None where it has published nothing, as before it has planned. Raises `ClusterError`."""
    async with server() as client:
        await found(client, run)
        return await _of(client, run)


async def _of(client: PrefectClient, run: UUID) -> Progress | None:
    own = await _published(client, ArtifactFilterFlowRunId(any_=[run]))
    if not own:
        # A run of all catalogues counts nothing itself: each catalogue is a run of its own below it.
        parts = [
            await _of(client, each.id)
            for each in await client.read_flow_runs(
                flow_run_filter=FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run])),
                limit=MOST_BELOW,
            )
        ]
        return together([part for part in parts if part])
    (at, counted), *_ = own
    if not any(row.get("stage") == SERIES for row in counted):
        return _progress(counted, at)
    live = FlowRunFilter(
        parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(LIVE))),
    )
    below = await _published(client, None, live)
    return with_live(_progress(counted, at), [_progress(each, when) for when, each in below])


async def _published(
    client: PrefectClient, runs: ArtifactFilterFlowRunId | None, below: FlowRunFilter | None = None
) -> list[tuple[datetime | None, list[Row]]]:
    which = ArtifactFilter(key=ArtifactFilterKey(any_=[ARTIFACT]), **({"flow_run_id": runs} if runs else {}))
    more: dict[str, Any] = {"flow_run_filter": below} if below else {}
    left = await client.read_artifacts(artifact_filter=which, limit=MOST_BELOW, **more)
    return [(each.updated, rows(each.data)) for each in left]


def _progress(counted: Sequence[Row], at: datetime | None) -> Progress:
    by_stage = {str(row.get("stage")): row for row in counted}
    whole = by_stage.get(ALL, {})
    return Progress(
        stages=[_counts(by_stage[stage]) for stage in STAGES if stage in by_stage],
        all=_counts({**whole, "stage": ALL}),
        series=_counts(by_stage[SERIES]) if SERIES in by_stage else None,
        per_minute=float(whole.get("per_minute") or 0),
        left_s=whole.get("left_s"),
        at=at,
    )


def _counts(row: Row) -> Counts:
    return Counts(stage=str(row["stage"]), **{state: int(row.get(state) or 0) for state in STATES})


def with_live(catalogue: Progress, live: Sequence[Progress]) -> Progress:
    """A catalogue's progress, which counts the series that have ended, with that of those that run."""
    begun = {stage: [count for each in live for count in each.stages if count.stage == stage] for stage in STAGES}
    known = {counts.stage: counts for counts in catalogue.stages}
    stages = []
    for stage in STAGES:
        if stage in known or begun[stage]:
            base, more = known.get(stage, Counts(stage=stage)), _sum(stage, begun[stage])
            taken = more.done + more.running + more.failed + more.blocked
            waiting = max(more.waiting, base.waiting - taken)
            stages.append(
                _sum(stage, [base.model_copy(update={"waiting": waiting}), more.model_copy(update={"waiting": 0})])
            )
    return catalogue.model_copy(update={"stages": stages, "all": _sum(ALL, stages), **_pace(catalogue, live, stages)})


def together(parts: Sequence[Progress]) -> Progress | None:
    """Catalogues that one run brings along one after the other, added up."""
    if not parts:
        return None
    stages = [
        _sum(stage, found) for stage in STAGES if (found := [c for p in parts for c in p.stages if c.stage == stage])
    ]
    series = [part.series for part in parts if part.series]
    return Progress(
        stages=stages,
        all=_sum(ALL, stages),
        series=_sum(SERIES, series) if series else None,
        at=max((part.at for part in parts if part.at), default=None),
        **_pace(parts[-1], [part for part in parts if part.all.running or part.all.waiting], stages),
    )


def _pace(base: Progress, live: Sequence[Progress], stages: Sequence[Counts]) -> dict[str, Any]:
    """Units a minute and seconds left for `stages`, at the pace of what runs; of `base` where nothing does."""
    speed = sum(_weight(each.stages) / each.left_s for each in live if each.left_s)
    if not speed:
        return {"per_minute": base.per_minute, "left_s": base.left_s}
    at = max((each.at for each in live if each.at), default=base.at)
    per_minute = round(sum(each.per_minute for each in live), 1)
    return {"per_minute": per_minute, "left_s": round(_weight(stages) / speed), "at": at}


def _weight(stages: Sequence[Counts]) -> float:
    return sum(WEIGHT[counts.stage] * (counts.running + counts.waiting) for counts in stages)


def _sum(stage: str, parts: Sequence[Counts]) -> Counts:
    return Counts(stage=stage, **{state: sum(getattr(part, state) for part in parts) for state in STATES})
