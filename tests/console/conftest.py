"""A console over an empty lake, with a user for each role; passwords cost next to nothing."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
from fastapi import FastAPI

from desk.console.access.access import Access, open_access
from desk.console.access.links import Links
from desk.console.access.roles import ROLES
from desk.console.app import create_app
from desk.console.state import State
from dubwright import settings
from dubwright.lake import Lake, open_lake
from dubwright.settings import ConsoleSettings
from tests.console.browser import PASSWORD, Browser

T = TypeVar("T")
Built = tuple[FastAPI, Access]


def now(awaited: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(awaited)


@pytest.fixture
def cheap(tmp_path: Path) -> dict[str, Any]:
    """Settings of a console in a folder of its own."""
    return {"database": str(tmp_path / "console.sqlite"), "password_memory_mib": 1, "password_passes": 1}


@pytest.fixture
def build(cheap: dict[str, Any], lake: Lake) -> Callable[..., Built]:
    """The application with other settings."""

    def built(**changed: Any) -> Built:
        resolved = settings.load({"profile": "fake", "lake": lake.uri, "console": cheap | changed})
        access = open_access(resolved.console)
        links = Links(access.secret, resolved.console.link_s)
        return create_app(State(resolved, open_lake(lake.uri), links), access), access

    return built


@contextmanager
def served(app: FastAPI, port: int) -> Iterator[str]:
    """An application in a thread of this process; its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join(timeout=30)


@pytest.fixture(scope="session")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with users who are called as their roles are."""
    path = tmp_path_factory.mktemp("staff") / "console.sqlite"
    access = open_access(ConsoleSettings(database=str(path), password_memory_mib=1, password_passes=1))

    async def add() -> None:
        for name, role in reversed(ROLES.items()):
            await access.users.add(name, role, PASSWORD)
        # Only then all of it is in the one file, which is copied.
        await access.database.close()

    now(add())
    return path


@pytest.fixture
def staffed(build: Callable[..., Built], cheap: dict[str, Any], staff: Path) -> Callable[..., Built]:
    """The application with these users."""

    def built(**changed: Any) -> Built:
        shutil.copyfile(staff, cheap["database"])
        return build(**changed)

    return built


@pytest.fixture
def entered(staffed: Callable[..., Built]) -> Callable[[str], Browser]:
    """A browser of somebody who is logged in."""
    app, _ = staffed()

    def browser(name: str) -> Browser:
        found = Browser(app)
        assert found.log_in(name).status_code == 303
        return found

    return browser
