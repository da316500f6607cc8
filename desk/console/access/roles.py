"""Roles, and how a route says which one it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from fastapi import Depends, Request

from dubwright.errors import DubwrightError


class Role(IntEnum):
    """What somebody may do; each role may do what those before it may. `ANYONE` needs no login."""

    ANYONE = 0
    VIEWER = 1
    EDITOR = 2
    APPROVER = 3
    OPERATOR = 4


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, by the name that goes into the lake with what they decide."""

    name: str
    role: Role


NOBODY = Identity("", Role.ANYONE)


class LoginRequired(DubwrightError):
    """Nobody is logged in."""


class NotAllowed(DubwrightError):
    """Who asks may not do this."""


def _asking(request: Request) -> Identity:
    identity: Identity = getattr(request.state, "identity", NOBODY)
    return identity


# A parameter of a route: who asks.
Who = Annotated[Identity, Depends(_asking)]


def requires(role: Role) -> Callable[[Request], Identity]:
    """A dependency that lets nobody through below a role. Raises `LoginRequired`, `NotAllowed`."""

    def check(request: Request) -> Identity:
        identity = _asking(request)
        if identity.role >= role:
            return identity
        if identity is NOBODY:
            raise LoginRequired("nobody is logged in", remedy="log in")
        raise NotAllowed(
            f"takes the role {role.name.lower()}", where=identity.name, field="role", remedy="ask who gives out roles"
        )

    return check
