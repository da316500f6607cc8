"""One's own account: where one is logged in, and one's password."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from desk.console.access.access import Access, Entrance
from desk.console.access.guard import enter
from desk.console.access.limits import neighbourhood
from desk.console.access.roles import Role, TooManyRequests, requires
from desk.console.access.trail import audit
from desk.console.access.users import key_of
from desk.console.pages import Pages
from desk.console.rendering import render
from desk.console.views.access import Account, visit
from dubwright.errors import SettingsError

pages = Pages("account")


@pages.page("/account", "account.html")
async def account(request: Request, access: Entrance) -> Account:
    """Who asks, and where they are logged in."""
    return await _account(request, access)


@pages.router.post("/account/password", dependencies=[Depends(requires(Role.VIEWER))], include_in_schema=False)
async def set_password(
    request: Request,
    access: Entrance,
    current: Annotated[str, Form(max_length=1000)],
    password: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Another password, for who knows the one so far; all other logins end."""
    name, shown = request.state.identity.name, await _account(request, access)
    by = ((access.by_user, key_of(name)), (access.by_address, neighbourhood(request.state.address)))
    if wait := max(limit.take(key) for limit, key in by):
        raise TooManyRequests("too many wrong passwords", remedy=f"wait {wait:.0f} s")
    user = await access.users.check(name, current) if request.state.session else None
    if user is None:
        audit(request, "password not changed")
        shown.problem = "The password so far is wrong."
        return render(request, "account.html", shown, 403)
    for limit, key in by:
        limit.give_back(key)
    try:
        await access.users.set_password(name, password)
    except SettingsError as error:
        shown.problem = error.problem
        return render(request, "account.html", shown, 422)
    audit(request, "password changed", name)
    token = await access.sessions.start(user, request.state.address, request.headers.get("user-agent", ""))
    enter(request, token, request.state.identity)
    return RedirectResponse("/account", 303)


async def _account(request: Request, access: Access) -> Account:
    identity, own = request.state.identity, request.state.session
    sessions = await access.sessions.of(identity.name) if own else []
    return Account(
        name=identity.name,
        role=identity.role.name.lower(),
        login=own is not None,
        visits=[visit(each, own) for each in sessions],
        csrf=request.state.csrf,
    )
