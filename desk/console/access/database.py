"""The console's own database: who may log in, their sessions, what they did. A file, or PostgreSQL."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from dubwright.errors import SettingsError, StoreError

# Rises with every change to the tables; `_STEPS` then says what an older database still lacks.
VERSION = 1
_STEPS: dict[int, tuple[str, ...]] = {}
# How long one of many who write a file at once waits for its turn (s).
PATIENCE_S = 30
_POOL: dict[str, Any] = {"pool_size": 5, "max_overflow": 10}
_tables = MetaData()

# Times are seconds since 1970.
users = Table(
    "users",
    _tables,
    Column("key", String(400), primary_key=True),  # the name without case, so that none looks like another's
    Column("name", String(100), nullable=False),
    Column("password", Text),  # an Argon2 hash; nothing: logs in elsewhere
    Column("subject", String(600), unique=True),  # the provider's address and its name for this person
    Column("role", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created", Double, nullable=False),
)
sessions = Table(
    "sessions",
    _tables,
    Column("digest", String(64), primary_key=True),
    Column("user_key", ForeignKey("users.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", Double, nullable=False),
    Column("seen", Double, nullable=False),
    Column("address", String(100), nullable=False),
    Column("agent", String(200), nullable=False),
)
trail = Table(
    "trail",
    _tables,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Double, nullable=False),
    Column("name", String(100), nullable=False),
    Column("address", String(100), nullable=False),
    Column("what", String(100), nullable=False, index=True),
    Column("about", String(1000), nullable=False),
)
about = Table("about", _tables, Column("name", String(50), primary_key=True), Column("value", Text, nullable=False))


class Database:
    """The tables above, behind a file's path or the address of a PostgreSQL database."""

    def __init__(self, address: str) -> None:
        """Connects to nothing yet. Raises `SettingsError` for an address that cannot be one, or holds a password."""
        self._address = address
        self._engine = _engine(address)

    async def open(self) -> str:
        """Create what is missing of the tables; returns the secret that the consoles on this database share.

        Raises `StoreError` if the database is away, `SettingsError` if a later dubwright made it.
        """
        if self._engine.dialect.name == "sqlite":
            try:
                await asyncio.to_thread(_write_ahead, str(self._engine.url.database))
            except sqlite3.Error as error:
                raise self._away(error) from error
        async with self.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Two that start at once: IF NOT EXISTS alone does not keep them apart.
                await connection.execute(text("SELECT pg_advisory_xact_lock(6402374)"))
            for table in _tables.sorted_tables:
                await connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    await connection.execute(CreateIndex(index, if_not_exists=True))
            found = int(await self._about(connection, "version", str(VERSION)))
            if found > VERSION:
                raise SettingsError(
                    f"is of version {found}, this dubwright knows {VERSION}",
                    where=self._address,
                    field="console.database",
                    remedy="start a later dubwright",
                )
            for step in range(found, VERSION):
                for statement in _STEPS[step + 1]:
                    await connection.execute(text(statement))
                await connection.execute(about.update().where(about.c.name == "version").values(value=str(step + 1)))
            return await self._about(connection, "secret", secrets.token_urlsafe(32))

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, rolled back on an error. Raises `StoreError` if the database is away."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except (DBAPIError, OSError) as error:
            raise self._away(error) from error

    async def close(self) -> None:
        """Close what is open; the next transaction connects anew."""
        await self._engine.dispose()

    def _away(self, error: Exception) -> StoreError:
        return StoreError(
            f"the console's database does not answer: {type(error).__name__}",
            where=self._address,
            field="console.database",
            remedy="see that it runs and may be written",
        )

    async def _about(self, connection: AsyncConnection, name: str, value: str) -> str:
        """What is kept under a name, or `value`, kept from now on: whoever is first decides."""
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        await connection.execute(dialect.insert(about).values(name=name, value=value).on_conflict_do_nothing())
        return str((await connection.execute(select(about.c.value).where(about.c.name == name))).scalar_one())


def _engine(address: str) -> AsyncEngine:
    if "://" in address:
        return create_async_engine(_postgres(address), pool_pre_ping=True, **_POOL)
    path = Path(address).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError as error:
        raise SettingsError(
            f"cannot be written: {error.strerror}",
            where=str(path),
            field="console.database",
            remedy="name a file in a folder of yours",
        ) from error
    # Connections are kept: each has a thread of its own, and every request asks who is there.
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)), **_POOL, connect_args={"timeout": PATIENCE_S}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    return engine


def _write_ahead(path: str) -> None:
    """Let who writes wait for no reader, and who reads for no writer: every request reads who asks.

    The file keeps it. Of several that ask for it at once SQLite refuses some without waiting, so they ask again.
    Raises `sqlite3.Error` if the file cannot be written or is none of SQLite's.
    """
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=PATIENCE_S)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.05)


def _postgres(address: str) -> URL:
    try:
        found = make_url(address)
    except ArgumentError:
        found = None
    if found is None or found.get_backend_name() != "postgresql" or not found.database:
        raise SettingsError(
            "neither a file nor a PostgreSQL database",
            where="settings",
            field="console.database",
            remedy="give a path, or postgresql://USER@HOST/NAME",
        )
    if found.password is not None:
        # Settings are kept with every run.
        raise SettingsError(
            "holds a password",
            where="settings",
            field="console.database",
            remedy="leave it out and set PGPASSWORD, or write it into ~/.pgpass",
        )
    return found.set(drivername="postgresql+asyncpg")
