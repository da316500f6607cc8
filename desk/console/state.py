"""What the routes of a running console share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from desk.console.access.links import Links
from dubwright.lake import Lake
from dubwright.settings import Settings


@dataclass(frozen=True, slots=True)
class State:
    """The settings that the console was started with, the lake that it shows, and its links to what lies there."""

    settings: Settings
    lake: Lake
    links: Links


def _state(request: Request) -> State:
    state: State = request.app.state.console
    return state


# A parameter of a route.
Console = Annotated[State, Depends(_state)]
