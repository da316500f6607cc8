"""Roles, and how a route says which one it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from fastapi import Depends, Request

from dubwright.errors import DubwrightError


class Role(IntEnum):
    """What somebody may do; each role may do what those before it may. `ANYONE` needs no login."""

    ANYONE = 0
    VIEWER = 1
    EDITOR = 2
    APPROVER = 3
    OPERATOR = 4


# What can be given to a person, by the name that people use.
ROLES = {role.name.lower(): role for role in Role if role is not Role.ANYONE}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, by the name that goes into the lake with what they decide."""

    name: str
    role: Role


NOBODY = Identity("", Role.ANYONE)


class AccessError(DubwrightError):
    """The console does not do what it was asked; `status` is the answer's in HTTP."""

    status: ClassVar[int] = 403


class LoginRequired(AccessError):
    """Nobody is logged in."""

    status = 401


class NotAllowed(AccessError):
    """Who asks may not do this."""


def _asking(request: Request) -> Identity:
    identity: Identity = getattr(request.state, "identity", NOBODY)
    return identity


# A parameter of a route: who asks.
Who = Annotated[Identity, Depends(_asking)]


class UnknownHost(AccessError):
    """The console does not go by the name under which it was asked."""

    status = 421


class TooManyRequests(AccessError):
    """More was asked in a while than is let through."""

    status = 429


class ProviderError(AccessError):
    """The OpenID provider is away, or answers with what cannot be trusted."""

    status = 502


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
