"""`dubwright console users`: who may log in to the operator's console. Works while it runs, and holds at once."""

from __future__ import annotations

import asyncio
import getpass
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from desk import show
from desk.cast import editor_of
from desk.options import Json, Set, to_flags
from dubwright import settings
from dubwright.errors import EngineMissingError, SettingsError

if TYPE_CHECKING:
    from desk.console.access.database import Database
    from desk.console.access.roles import Role
    from desk.console.access.users import Users

T = TypeVar("T")
app = typer.Typer(help="Who may log in to the console: list, add, passwd, role, remove.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
RoleOption = Annotated[str | None, typer.Option("--role", help="viewer, editor, approver or operator.")]
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="viewer, editor, approver or operator.")]


@app.command("list")
def list_users(assign: Set = None, as_json: Json = False) -> None:
    """List the users, their roles, and whether they may log in."""
    show.as_json = as_json
    users = _with_users(assign, lambda users: users.all())
    found = [
        {
            "name": user.name,
            "role": user.role.name.lower(),
            "active": user.active,
            "elsewhere": user.elsewhere,
            "created": datetime.fromtimestamp(user.created, UTC).isoformat(timespec="seconds"),
        }
        for user in users
    ]
    if as_json:
        show.print_json({"users": found})
        return
    table = show.new_table("users of the console", "name", "role", "state", "logs in", "since")
    for each in found:
        state = "active" if each["active"] else "deactivated"
        how = "through the provider" if each["elsewhere"] else "with a password"
        table.add_row(*show.cells(each["name"], each["role"], state, how, each["created"]))
    show.console.print(table)


@app.command()
def add(name: Name, role: RoleOption = None, assign: Set = None) -> None:
    """Add a user, with a password from a prompt or from standard input. The first one is an operator."""

    async def adding(users: Users) -> str:
        given = role or ("viewer" if await users.exist() else "operator")
        await users.add(name, _role(given), _password())
        return given

    given = _with_users(assign, adding, "user added", lambda role: f"{name}: {role}")
    show.note(f"{name} may log in as {given}.")


@app.command()
def passwd(name: Name, assign: Set = None) -> None:
    """Give a user another password, from a prompt or from standard input. All their logins end."""
    _with_users(assign, lambda users: users.set_password(name, _password()), "password changed", lambda _: name)
    show.note(f"{name} has another password.")


@app.command("role")
def set_role(name: Name, role: RoleName, assign: Set = None) -> None:
    """Give a user another role, from their next request on."""
    _with_users(assign, lambda users: users.set_role(name, _role(role)), "role changed", lambda _: f"{name}: {role}")
    show.note(f"{name} is {role}.")


@app.command()
def remove(name: Name, assign: Set = None) -> None:
    """Remove a user; all their logins end. What they did stays in the audit trail and the lake."""
    _with_users(assign, lambda users: users.remove(name), "user removed", lambda _: name)
    show.note(f"{name} is removed.")


def _with_users(
    assign: list[str] | None,
    ask: Callable[[Users], Awaitable[T]],
    what: str | None = None,
    about: Callable[[T], str] = str,
) -> T:
    """What `ask` makes of the users in the settings' database; the trail says `what` was done."""
    found = settings.load(to_flags(assign)).console
    try:
        from desk.console.access.database import Database
        from desk.console.access.passwords import Passwords
        from desk.console.access.users import Users
    except ModuleNotFoundError as error:
        raise EngineMissingError(
            "the console is not installed", field=error.name, remedy="pip install 'dubwright[console]'"
        ) from error
    database = Database(found.database)
    users = Users(database, Passwords(found.password_memory_mib, found.password_passes))

    async def run() -> T:
        try:
            await database.open()
            result = await ask(users)
            if what:
                await _note(database, what, about(result))
            return result
        finally:
            await database.close()

    return asyncio.run(run())


async def _note(database: Database, what: str, about: str) -> None:
    from desk.console.access.trail import Entry, Trail

    await Trail(database).write([Entry(time.time(), editor_of(None), "command line", what, about)])


def _role(name: str) -> Role:
    from desk.console.access.roles import ROLES

    if name not in ROLES:
        raise SettingsError(f"there is no role {name!r}", field="role", remedy=f"choose one of {', '.join(ROLES)}")
    return ROLES[name]


def _password() -> str:
    """From a prompt, twice, or the first line of standard input; never an argument, which others on the machine can read."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise SettingsError("the two differ", field="password", remedy="type it once more")
    return password
