"""The audit trail: who did what when, and from where. Lines are added, never changed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import func, insert, select

from desk.console.access.database import Database, trail
from desk.console.access.roles import NOBODY, Identity


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `at` in seconds since 1970, whose `name` (empty: nobody's), `what` they did, to what it was done."""

    at: float
    name: str
    address: str
    what: str
    about: str


class Trail:
    """The trail in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, entries: Iterable[Entry]) -> None:
        """Add lines. Raises `StoreError` if the database is away."""
        rows = [
            {"at": one.at, "address": one.address[:100], "what": one.what[:100]}
            | {"name": _storable(one.name)[:100], "about": _storable(one.about)[:1000]}
            for one in entries
        ]
        if rows:
            async with self._database.begin() as connection:
                await connection.execute(insert(trail), rows)

    async def read(self, page: int, size: int, name: str = "", what: str = "") -> tuple[list[Entry], int]:
        """A page of lines, the newest first, and how many there are: all, somebody's, or of one kind."""
        fits = [column == _storable(value) for column, value in ((trail.c.name, name), (trail.c.what, what)) if value]
        asked = select(trail).where(*fits).order_by(trail.c.id.desc()).limit(size).offset((page - 1) * size)
        async with self._database.begin() as connection:
            rows = [
                Entry(row.at, row.name, row.address, row.what, row.about) for row in await connection.execute(asked)
            ]
            total = (await connection.execute(select(func.count()).select_from(trail).where(*fits))).scalar_one()
        return rows, total

    async def kinds(self) -> list[str]:
        """All that was ever done, by what it is called."""
        async with self._database.begin() as connection:
            return list((await connection.execute(select(trail.c.what).distinct().order_by(trail.c.what))).scalars())


def audit(request: Request, what: str, about: str = "", name: str | None = None) -> None:
    """Have the trail say that who asks did `what`, to what `about` names; written before the answer goes out.

    `name` says who it was where nobody is logged in yet.
    """
    identity: Identity = getattr(request.state, "identity", NOBODY)
    entry = Entry(time.time(), identity.name if name is None else name, request.state.address, what, about)
    request.state.audited.append(entry)


def _storable(text: str) -> str:
    """A text without what PostgreSQL cannot keep: whoever fails to log in types what they like."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
