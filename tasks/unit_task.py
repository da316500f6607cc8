"""The project's one task decorator.

A Prefect task run is one unit, or a packet of short ones. Its result is not kept by Prefect: a unit's existence in the
lake is its result. Only transient errors are tried again (`with_options(retries=…)`), after a delay that grows and
differs between packets; what a packet has done already is not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from tasks.cluster import is_transient
from tasks.dispatch import Packet

StageFunction = Callable[[Packet], Coroutine[Any, Any, None]]


async def _worth_another_try(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, BaseException) and is_transient(error)


def unit_task(function: StageFunction) -> Task[[Packet], Coroutine[Any, Any, None]]:
    """Make a stage's function a Prefect task, named after the stage.

    Without tags: a task run that has any asks the server for a concurrency slot, and waits for it while it is away.
    """
    return task(
        name=function.__name__,
        task_run_name="{packet.label}",
        retry_delay_seconds=exponential_backoff(backoff_factor=2),
        retry_jitter_factor=0.5,
        retry_condition_fn=_worth_another_try,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(function)
