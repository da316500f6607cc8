"""Tells people of runs that fail, through a notification block of Prefect's that the settings name."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from prefect import Flow
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.logging import get_logger
from prefect.utilities.urls import url_for

from dubwright import settings as all_settings
from dubwright.errors import SettingsError
from dubwright.settings import Settings
from tasks.gate import ENDED
from tasks.report import page_of

# What a message says at most (characters), and how long its way may take (s).
MOST = 2000
PATIENCE_S = 30.0


async def tell_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Of a flow: `on_failure` and `on_crashed`. Runs that belong to another one are told of by that one.

    Raises nothing: that nobody could be told is logged.
    """
    if flow_run.parent_task_run_id is None and not (state.is_crashed() and await _was_cancelled(flow_run)):
        # Where the run failed because of its settings, those of its Prefect worker have to do.
        settings = _settings(flow_run.parameters.get("settings")) or _settings(None)
        if settings:
            await tell(settings, f"dubwright: {flow_run.name}: {state.name}", _body(settings, flow_run, state))


async def tell(settings: Settings, subject: str, body: str) -> bool:
    """Send a message through the settings' block; False where none is named, or it could not be sent."""
    if not settings.notify.block:
        return False
    try:
        async with asyncio.timeout(PATIENCE_S):
            block: Any = await Block.aload(settings.notify.block)
            if not isinstance(block, NotificationBlock):
                raise SettingsError("is no notification block", where=settings.notify.block, field="notify.block")
            # Blocks of other packages may have the one or the other, and either may be a coroutine.
            sent = getattr(block, "anotify", block.notify)(body[:MOST], subject[:MOST])
            if inspect.isawaitable(sent):
                await sent
    except Exception as error:  # each block has errors of its own, and none of them is the run's
        get_logger("dubwright").warning("nobody was told through %s: %s", settings.notify.block, error)
        return False
    return True


async def _was_cancelled(run: FlowRun) -> bool:
    """Whether a person ended it: its process says that it was killed, before Prefect's worker says why."""
    try:
        async with asyncio.timeout(PATIENCE_S), get_client() as client:
            return any(past.type in ENDED for past in await client.read_flow_run_states(run.id))
    except Exception:  # better told of twice than never
        return False


def _settings(given: Any) -> Settings | None:
    try:
        return all_settings.load(given)
    except (SettingsError, TypeError, ValueError):
        return None


def _body(settings: Settings, run: FlowRun, state: State[Any]) -> str:
    page = page_of(settings, str(run.id)) or url_for("flow-run", obj_id=run.id)
    return "\n".join(part for part in (state.message, page) if part)
