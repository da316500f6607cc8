"""The console's database: made at the start, kept by later versions, a file for its owner alone, or PostgreSQL."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from desk.console.access import database
from desk.console.access.access import open_access
from desk.console.access.database import Database
from desk.console.access.roles import Role
from desk.console.access.trail import Entry
from dubwright.errors import SettingsError, StoreError
from dubwright.settings import ConsoleSettings
from tests.console.browser import PASSWORD
from tests.console.conftest import now
from tests.platform.platform import Platform, postgres_installed


def test_it_is_made_once_and_keeps_its_secret(tmp_path: Path) -> None:
    path = tmp_path / "new" / "console.sqlite"
    first = now(Database(str(path)).open())
    assert len(first) >= 43 and now(Database(str(path)).open()) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_that_start_at_once_agree(tmp_path: Path) -> None:
    async def both() -> list[str]:
        return await asyncio.gather(*(Database(str(tmp_path / "console.sqlite")).open() for _ in range(4)))

    assert len(set(now(both()))) == 1


def test_an_older_one_is_brought_up_and_a_later_one_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Database(str(tmp_path / "console.sqlite"))
    now(found.open())
    monkeypatch.setattr(database, "VERSION", 2)
    monkeypatch.setattr(database, "_STEPS", {2: ("ALTER TABLE users ADD COLUMN shoe INTEGER",)})
    now(found.open())
    now(found.open())

    async def shoes() -> Any:
        async with found.begin() as connection:
            return (await connection.exec_driver_sql("SELECT shoe FROM users")).all()

    assert now(shoes()) == []
    monkeypatch.setattr(database, "VERSION", 1)
    with pytest.raises(SettingsError, match="later dubwright"):
        now(found.open())


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "console.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="does not answer"):
        now(Database(str(path)).open())


def test_a_database_that_is_away_is_said() -> None:
    with pytest.raises(StoreError, match="does not answer"):
        now(Database("postgresql://ana@127.0.0.1:9/console").open())


@pytest.fixture
def postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if not postgres_installed():
        pytest.skip("PostgreSQL is not installed")
    with Platform(tmp_path) as platform:
        found = make_url(platform.start_postgres())
        monkeypatch.setenv("PGPASSWORD", str(found.password))
        yield f"postgresql://{found.username}@{found.host}:{found.port}/{found.database}"


@pytest.mark.e2e
def test_everything_lies_in_postgresql_as_well(postgres: str) -> None:
    settings = ConsoleSettings(database=postgres, password_memory_mib=1, password_passes=1)
    access = open_access(settings)

    async def use() -> None:
        users, sessions, trail = access.users, access.sessions, access.trail
        assert not await access.needs_login()
        ana = await users.add("Ana", Role.OPERATOR, PASSWORD)
        with pytest.raises(SettingsError, match="of this name"):
            await users.add("ANA", Role.VIEWER, PASSWORD)
        assert await users.check("ana", PASSWORD) == ana and await users.check("a\0na", "x") is None
        token = await sessions.start(ana, "10.0.0.1", "browser")
        session = await sessions.find(token)
        assert session and session.identity.role is Role.OPERATOR and len(await sessions.of("Ana")) == 1
        li = await users.from_elsewhere("issuer 1", "li", Role.EDITOR)
        assert li and await users.from_elsewhere("issuer 1", "li", Role.VIEWER) is not None
        with pytest.raises(SettingsError, match="no operator left"):
            await users.set_role("ana", Role.VIEWER)
        await users.set_password("ana", "another good password")
        assert await sessions.find(token) is None and access.database
        await sessions.start(ana, "10.0.0.1", "browser")
        await users.remove("li")
        await users.remove("ana")
        await trail.write([Entry(float(n), "ana\0", "10.0.0.1", "edited", "安娜") for n in range(3)])
        assert (await trail.read(1, 2, name="ana\0"))[1] == 3
        await access.database.close()

    now(use())
    assert open_access(settings).secret == access.secret
