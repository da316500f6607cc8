"""`dubwright console users`, beside a console that runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk.cli import app
from dubwright.errors import CatalogError, DubwrightError, SettingsError

PASSWORD = "correct horse battery"
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    costs = {"database": tmp_path / "console.sqlite", "password_memory_mib": 1, "password_passes": 1}
    settings = [part for name, value in costs.items() for part in ("--set", f"console.{name}={value}")]

    def run(*arguments: str, password: str = PASSWORD) -> str:
        found = CliRunner().invoke(app, ["console", "users", *arguments, *settings], input=f"{password}\n")
        if isinstance(found.exception, DubwrightError):
            raise found.exception
        assert found.exit_code == 0, found.output
        return found.output

    return run


def users(run: Run) -> dict[str, tuple[str, bool]]:
    return {each["name"]: (each["role"], each["active"]) for each in json.loads(run("list", "--json"))["users"]}


def test_users_come_change_and_go(run: Run) -> None:
    assert users(run) == {}
    assert "may log in as operator" in run("add", "Ana")
    assert "as viewer" in run("add", "李雷")
    assert "as editor" in run("add", "li", "--role", "editor")
    run("role", "li", "approver")
    run("passwd", "li", password="a better password, this")
    run("remove", "李雷")
    assert users(run) == {"Ana": ("operator", True), "li": ("approver", True)}
    assert "approver" in run("list")


@pytest.mark.parametrize(
    ("arguments", "password", "error", "says"),
    [
        (["add", "ana"], PASSWORD, SettingsError, "there is a user of this name"),
        (["add", "li", "--role", "king"], PASSWORD, SettingsError, "viewer, editor, approver, operator"),
        (["add", "li"], "short", SettingsError, "12 to 256"),
        (["passwd", "li"], PASSWORD, CatalogError, "no such user"),
        (["role", "li", "viewer"], PASSWORD, CatalogError, "no such user"),
        (["role", "Ana", "viewer"], PASSWORD, SettingsError, "no operator left"),
        (["remove", "li"], PASSWORD, CatalogError, "no such user"),
    ],
)
def test_what_will_not_do_is_said(
    arguments: list[str], password: str, error: type[DubwrightError], says: str, run: Run
) -> None:
    run("add", "Ana")
    with pytest.raises(error, match=says):
        run(*arguments, password=password)
    assert users(run) == {"Ana": ("operator", True)}


def test_a_password_is_no_argument(run: Run) -> None:
    with pytest.raises(AssertionError, match="unexpected extra argument"):
        run("add", "ana", PASSWORD)
