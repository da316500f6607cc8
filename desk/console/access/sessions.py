"""Who is logged in: sessions that the server keeps, each known by a random number in a cookie."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, select, update

from desk.console.access.database import Database, sessions, users
from desk.console.access.roles import Identity, Role
from desk.console.access.users import User

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# When a session was last used is written down no more often than this (s).
NOTED_S = 60.0


@dataclass(frozen=True, slots=True)
class Session:
    """A login: of whom, from where, since when, last seen (s since 1970). `digest` is all that is known of its token."""

    digest: str
    identity: Identity
    address: str
    agent: str
    created: float
    seen: float


class Sessions:
    """The logins of a database, over after `idle_s` without a request or `longest_s` in any case."""

    def __init__(self, database: Database, idle_s: float, longest_s: float) -> None:
        self._database = database
        self._idle = idle_s
        self._longest = longest_s

    async def start(self, user: User, address: str, agent: str) -> str:
        """Log somebody in: a new token, for the cookie alone. Sessions that have run out are forgotten on the way."""
        token, now = new_token(), time.time()
        over = (sessions.c.seen < now - self._idle) | (sessions.c.created < now - self._longest)
        key = select(users.c.key).where(users.c.name == user.name).scalar_subquery()
        row = {"created": now, "seen": now, "address": address[:100], "agent": agent[:200]}
        async with self._database.begin() as connection:
            await connection.execute(delete(sessions).where(over))
            await connection.execute(sessions.insert().values(digest=digest(token), user_key=key, **row))
        return token

    async def find(self, token: str) -> Session | None:
        """The session of a token, where it has not run out and its user may log in."""
        found, now = digest(token), time.time()
        asked = self._select().where(sessions.c.digest == found, *self._alive(now))
        async with self._database.begin() as connection:
            row = (await connection.execute(asked)).first()
            if row is None:
                return None
            if now - row.seen > NOTED_S:
                await connection.execute(update(sessions).where(sessions.c.digest == found).values(seen=now))
        return _session(row)

    async def of(self, name: str) -> list[Session]:
        """Somebody's sessions, the newest first."""
        asked = (
            self._select().where(users.c.name == name, *self._alive(time.time())).order_by(sessions.c.created.desc())
        )
        async with self._database.begin() as connection:
            return [_session(row) for row in await connection.execute(asked)]

    async def end(self, found: str) -> None:
        """Log out the session of a digest."""
        async with self._database.begin() as connection:
            await connection.execute(delete(sessions).where(sessions.c.digest == found))

    async def end_all(self, name: str) -> None:
        """Log somebody out everywhere."""
        key = select(users.c.key).where(users.c.name == name).scalar_subquery()
        async with self._database.begin() as connection:
            await connection.execute(delete(sessions).where(sessions.c.user_key == key))

    def _select(self) -> Select[Any]:
        return select(sessions, users.c.name, users.c.role).join(users, users.c.key == sessions.c.user_key)

    def _alive(self, now: float) -> tuple[ColumnElement[bool], ...]:
        return users.c.active, sessions.c.seen >= now - self._idle, sessions.c.created >= now - self._longest


def new_token() -> str:
    """256 random bits, for a cookie."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether a text could be a token."""
    return _TOKEN.fullmatch(text) is not None


def digest(token: str) -> str:
    """What is kept of a token: a copy of the database logs nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_of(token: str, secret: str) -> str:
    """What a page of this session sends along with everything that changes something."""
    return hmac.new(secret.encode(), b"csrf " + token.encode(), hashlib.sha256).hexdigest()


def _session(row: Row[Any]) -> Session:
    return Session(row.digest, Identity(row.name, Role(row.role)), row.address, row.agent, row.created, row.seen)
