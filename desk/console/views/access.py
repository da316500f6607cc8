"""Who may use the console, and what they did: logging in, one's own account, all users, the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel

from desk.console.access.sessions import Session
from desk.console.access.trail import Entry
from desk.console.access.users import User

PAGE = 50


class Login(BaseModel):
    """The form for name and password; `next` is the page to go on to, `problem` what went wrong."""

    next: str
    name: str = ""
    problem: str | None = None
    provider: bool = False


class Visit(BaseModel):
    """One of somebody's logins."""

    address: str
    agent: str
    since: datetime
    seen: datetime
    own: bool


class Account(BaseModel):
    """Who asks, their logins, and the token that scripts send along as X-CSRF-Token; no `login`: nobody needs one."""

    name: str
    role: str
    login: bool
    visits: list[Visit]
    csrf: str
    problem: str | None = None


class Person(BaseModel):
    """A user; `elsewhere` if an OpenID provider decides their role."""

    name: str
    role: str
    active: bool
    elsewhere: bool
    created: datetime


class People(BaseModel):
    """Everybody who may log in."""

    users: list[Person]
    problem: str | None = None


class Line(BaseModel):
    """A line of the audit trail."""

    at: datetime
    name: str
    address: str
    what: str
    about: str


class Audited(BaseModel):
    """A page of the audit trail, the newest first; `kinds` are all that was ever done."""

    lines: list[Line]
    kinds: list[str]
    name: str
    what: str
    total: int
    page: int
    pages: int


def visit(session: Session, own: str | None) -> Visit:
    """A session as its user sees it; `own` is the digest of the one that asks."""
    return Visit(
        address=session.address,
        agent=session.agent,
        since=_time(session.created),
        seen=_time(session.seen),
        own=session.digest == own,
    )


def person(user: User) -> Person:
    """A user as operators see them."""
    role = user.role.name.lower()
    return Person(name=user.name, role=role, active=user.active, elsewhere=user.elsewhere, created=_time(user.created))


def audited(entries: list[Entry], kinds: list[str], total: int, page: int, name: str, what: str) -> Audited:
    """A page of the trail."""
    return Audited(
        lines=[
            Line(at=_time(one.at), name=one.name, address=one.address, what=one.what, about=one.about)
            for one in entries
        ],
        kinds=kinds,
        name=name,
        what=what,
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
