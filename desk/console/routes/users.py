"""The users, for operators: who may log in, and what they may do. What is changed holds at once."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from desk.console.access.access import Access, Entrance
from desk.console.access.roles import ROLES, Role, requires
from desk.console.access.trail import audit
from desk.console.pages import Pages
from desk.console.rendering import render
from desk.console.views.access import People, person
from dubwright.errors import SettingsError

pages = Pages("users")
forms = APIRouter(dependencies=[Depends(requires(Role.OPERATOR))], include_in_schema=False)

Name = Annotated[str, Form(max_length=400)]
Password = Annotated[str, Form(max_length=1000)]
RoleName = Annotated[str, Form(pattern=f"^({'|'.join(ROLES)})$")]


@pages.page("/users", "users.html", Role.OPERATOR)
async def users(access: Entrance) -> People:
    """Everybody who may log in."""
    return await _people(access)


@forms.post("/users")
async def add(request: Request, access: Entrance, name: Name, role: RoleName, password: Password) -> Response:
    """Somebody new."""
    return await _done(request, access, access.users.add(name, ROLES[role], password), "user added", f"{name}: {role}")


@forms.post("/users/role")
async def set_role(request: Request, access: Entrance, name: Name, role: RoleName) -> Response:
    """Another role."""
    return await _done(request, access, access.users.set_role(name, ROLES[role]), "role changed", f"{name}: {role}")


@forms.post("/users/password")
async def set_password(request: Request, access: Entrance, name: Name, password: Password) -> Response:
    """Another password, for somebody who lost theirs; they are logged out everywhere."""
    return await _done(request, access, access.users.set_password(name, password), "password changed", name)


@forms.post("/users/active")
async def set_active(request: Request, access: Entrance, name: Name, active: Annotated[bool, Form()]) -> Response:
    """Whether somebody may log in."""
    what = "user activated" if active else "user deactivated"
    return await _done(request, access, access.users.set_active(name, active), what, name)


@forms.post("/users/remove")
async def remove(request: Request, access: Entrance, name: Name) -> Response:
    """Forget somebody."""
    return await _done(request, access, access.users.remove(name), "user removed", name)


async def _done(request: Request, access: Access, change: Awaitable[object], what: str, about: str) -> Response:
    try:
        await change
    except SettingsError as error:
        return render(request, "users.html", await _people(access, error.problem), 422)
    audit(request, what, about)
    return RedirectResponse("/users", 303)


async def _people(access: Access, problem: str | None = None) -> People:
    return People(users=[person(user) for user in await access.users.all()], problem=problem)


pages.router.include_router(forms)
