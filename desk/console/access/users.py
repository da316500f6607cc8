"""The people who may log in. What is changed of them holds from the next request on."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.console.access.database import Database, sessions, users
from desk.console.access.passwords import Passwords, require_good
from desk.console.access.roles import Role
from dubwright.errors import CatalogError, SettingsError

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class User:
    """Somebody: `elsewhere` if an OpenID provider knows them, `created` in seconds since 1970."""

    name: str
    role: Role
    active: bool
    elsewhere: bool
    created: float


class Users:
    """The users of a database. Names differ by more than case."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def all(self) -> list[User]:
        """Everybody, by name."""
        async with self._database.begin() as connection:
            return [_user(row) for row in await connection.execute(select(users).order_by(users.c.key))]

    async def exist(self) -> bool:
        """Whether there is anybody."""
        async with self._database.begin() as connection:
            return (await connection.execute(select(users.c.key).limit(1))).first() is not None

    async def add(self, name: str, role: Role, password: str) -> User:
        """Somebody who logs in with a password. Raises `SettingsError` for a name or password that will not do."""
        name = normal(name)
        require_good(password, name)
        if role is not Role.OPERATOR and not await self.exist():
            raise SettingsError("the first user is an operator", field="role", remedy="choose operator")
        return await self._add(name, role, password=await self._passwords.hash(password))

    async def check(self, name: str, password: str) -> User | None:
        """Who has this name and this password; None, after as long, for anybody else."""
        async with self._database.begin() as connection:
            row = (await connection.execute(select(users).where(users.c.key == key_of(name)))).first()
        if not await self._passwords.fits(row.password if row else None, password) or row is None or not row.active:
            return None
        if self._passwords.outdated(row.password):
            renewed = await self._passwords.hash(password)
            async with self._database.begin() as connection:
                same = (users.c.key == row.key) & (users.c.password == row.password)
                await connection.execute(update(users).where(same).values(password=renewed))
        return _user(row)

    async def from_elsewhere(self, subject: str, name: str, role: Role) -> User | None:
        """Who an OpenID provider says this is, with the role that it gives, added where new; None if deactivated here.

        Raises `SettingsError` if somebody else has the name.
        """
        async with self._database.begin() as connection:
            changed = update(users).where(users.c.subject == subject).values(role=int(role)).returning(users)
            row = (await connection.execute(changed)).first()
        if row is None:
            return await self._add(normal(name), role, subject=subject)
        return _user(row) if row.active else None

    async def set_password(self, name: str, password: str) -> None:
        """Another password; whoever is logged in with the old one no longer is. Raises `SettingsError`, `CatalogError`."""
        require_good(password, normal(name))
        await self._change(name, leave=True, password=await self._passwords.hash(password))

    async def set_role(self, name: str, role: Role) -> None:
        """Another role. Raises `CatalogError`, and `SettingsError` if nobody would be left to give out roles."""
        await self._change(name, leave=False, role=int(role))

    async def set_active(self, name: str, active: bool) -> None:
        """Whether somebody may log in. Raises `CatalogError`, and `SettingsError` if no operator would be left."""
        await self._change(name, leave=not active, active=active)

    async def remove(self, name: str) -> None:
        """Forget somebody; what they did stays in the trail. Raises `CatalogError`, `SettingsError` as above."""
        async with self._database.begin() as connection:
            gone = await connection.execute(delete(users).where(users.c.key == key_of(name)))
            if not gone.rowcount:
                raise _unknown(name)
            await _require_operator(connection)

    async def _add(self, name: str, role: Role, **values: Any) -> User:
        row = {"name": name, "role": int(role), "active": True, "created": time.time(), **values}
        try:
            async with self._database.begin() as connection:
                await connection.execute(users.insert().values(key=key_of(name), **row))
        except IntegrityError as error:
            raise SettingsError(
                "there is a user of this name", where=name, field="name", remedy="choose another name"
            ) from error
        return User(name, role, True, "subject" in values, row["created"])

    async def _change(self, name: str, *, leave: bool, **values: Any) -> None:
        async with self._database.begin() as connection:
            if not (
                await connection.execute(update(users).where(users.c.key == key_of(name)).values(**values))
            ).rowcount:
                raise _unknown(name)
            if leave:
                await connection.execute(delete(sessions).where(sessions.c.user_key == key_of(name)))
            await _require_operator(connection)


def normal(name: str) -> str:
    """A name as it is kept. Raises `SettingsError` for one that is empty, too long, or has characters that show nothing."""
    found = unicodedata.normalize("NFC", name).strip()
    if not found or len(found) > LONGEST_NAME or not found.isprintable():
        raise SettingsError(
            f"a user's name has 1 to {LONGEST_NAME} characters that can be seen",
            field="name",
            remedy="choose another name",
        )
    return found


def key_of(name: str) -> str:
    """What is the same for all ways to write a name, so that none gets round a limit or past a user who has it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).strip().casefold())[:400].replace("\0", "")


async def _require_operator(connection: AsyncConnection) -> None:
    """Rolls back what leaves people who can log in and nobody to say what they may."""
    anybody = (await connection.execute(select(func.count()).select_from(users))).scalar_one()
    operators = (users.c.role == int(Role.OPERATOR)) & users.c.active
    if (
        anybody
        and not (await connection.execute(select(func.count()).select_from(users).where(operators))).scalar_one()
    ):
        raise SettingsError(
            "there would be no operator left", field="role", remedy="make somebody else an operator first"
        )


def _unknown(name: str) -> CatalogError:
    return CatalogError("there is no such user", where=name, field="name", remedy="dubwright console users list")


def _user(row: Row[Any]) -> User:
    return User(row.name, Role(row.role), row.active, row.subject is not None, row.created)
