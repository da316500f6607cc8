"""Logging in, with a password or through an OpenID provider, and out."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from desk.console.access.access import Access, Entrance
from desk.console.access.guard import enter, leave
from desk.console.access.limits import neighbourhood
from desk.console.access.provider import Provider
from desk.console.access.roles import NOBODY, AccessError, Identity, NotAllowed, ProviderError, Role, requires
from desk.console.access.trail import audit
from desk.console.access.users import User, key_of
from desk.console.rendering import render
from desk.console.views.access import Login
from dubwright.errors import SettingsError

# Between leaving for a provider and coming back (s).
ELSEWHERE_S = 600
# A page of this console and of no other: browsers read // and /\ as the beginning of another site's name.
_OWN = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
_WRONG = "Name or password is wrong."

router = APIRouter(tags=["login"], include_in_schema=False, dependencies=[Depends(requires(Role.ANYONE))])
Next = Annotated[str, Query(max_length=2000)]


@router.get("/login")
async def login(request: Request, access: Entrance, next: Next = "/") -> Response:  # noqa: A002
    """The form; whoever is logged in already, or need not be, goes on."""
    if request.state.identity is not NOBODY:
        return RedirectResponse(own(next), 303)
    return render(request, "login.html", Login(next=own(next), provider=access.provider is not None))


@router.post("/login")
async def log_in(
    request: Request,
    access: Entrance,
    name: Annotated[str, Form(max_length=400)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002
) -> Response:
    """Check name and password. An answer takes as long, and says the same, whether or not there is such a user."""
    shown = Login(next=own(next), name=name, provider=access.provider is not None)
    by = ((access.by_user, key_of(name)), (access.by_address, neighbourhood(request.state.address)))
    waits = [limit.take(key) for limit, key in by]
    if max(waits):
        audit(request, "login held off", name=name)
        shown.problem = "Too many failed logins: wait some minutes."
        return render(request, "login.html", shown, 429, {"retry-after": str(int(max(waits)) + 1)})
    user = await access.users.check(name, password)
    if user is None:
        audit(request, "login failed", name=name)
        shown.problem = _WRONG
        return render(request, "login.html", shown, 401)
    for limit, key in by:
        limit.give_back(key)
    await _enter(request, access, user)
    return RedirectResponse(own(next), 303)


@router.post("/logout")
async def log_out(request: Request, access: Entrance) -> Response:
    """End this login."""
    if request.state.session:
        audit(request, "logged out")
        await access.sessions.end(request.state.session)
    leave(request)
    return RedirectResponse("/login", 303)


@router.post("/logout/everywhere")
async def log_out_everywhere(request: Request, access: Entrance) -> Response:
    """End all of one's logins."""
    if request.state.session:
        audit(request, "logged out everywhere")
        await access.sessions.end_all(request.state.identity.name)
    leave(request)
    return RedirectResponse("/login", 303)


@router.get("/login/provider")
async def to_provider(request: Request, access: Entrance, next: Next = "/") -> Response:  # noqa: A002
    """Off to the OpenID provider."""
    provider = _provider(access)
    kept: dict[str, object] = {}
    request.scope["session"] = kept
    answer = await provider.leave(request, _back(request, access))
    answer.set_cookie(
        f"{access.cookie}-away",
        _signer(access).dumps([own(next), kept]),
        max_age=ELSEWHERE_S,
        secure=access.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/login/provider/back")
async def from_provider(request: Request, access: Entrance) -> Response:
    """Back from there."""
    provider = _provider(access)
    wait = access.by_address.take(neighbourhood(request.state.address))
    try:
        if wait:
            raise NotAllowed("too many failed logins", remedy=f"wait {wait:.0f} s")
        going_to, request.scope["session"] = _kept(request, access)
        claims = await provider.come_back(request)
        user = await access.users.from_elsewhere(claims.subject, claims.name, claims.role)
        if user is None:
            raise NotAllowed("this user was deactivated", where=claims.name, remedy="ask who gives out roles")
    except (AccessError, SettingsError) as error:
        audit(request, "login failed", error.problem, name=error.where or "")
        raise
    access.by_address.give_back(neighbourhood(request.state.address))
    await _enter(request, access, user)
    answer = RedirectResponse(own(going_to), 303)
    answer.delete_cookie(f"{access.cookie}-away", secure=access.secure, httponly=True, samesite="lax")
    return answer


def own(path: str) -> str:
    """`path` where it is a page of this console, else the first page."""
    return path if _OWN.fullmatch(path) and not path.startswith(("/login", "/logout")) else "/"


async def _enter(request: Request, access: Access, user: User) -> None:
    if request.state.session:
        await access.sessions.end(request.state.session)
    agent = request.headers.get("user-agent", "")
    token = await access.sessions.start(user, request.state.address, agent)
    enter(request, token, Identity(user.name, user.role))
    audit(request, "logged in")


def _provider(access: Access) -> Provider:
    if access.provider is None:
        raise NotAllowed("no provider is named", field="console.oidc_issuer", remedy="log in with a password")
    return access.provider


def _back(request: Request, access: Access) -> str:
    # Of the settings where they name it: behind a proxy the request knows neither scheme nor name.
    here = access.settings.url.rstrip("/") or f"{request.url.scheme}://{request.headers['host']}"
    return f"{here}/login/provider/back"


def _kept(request: Request, access: Access) -> tuple[str, dict[str, object]]:
    try:
        found = request.cookies.get(f"{access.cookie}-away", "")
        going_to, kept = _signer(access).loads(found, max_age=ELSEWHERE_S)
    except (BadData, ValueError, TypeError) as error:
        raise ProviderError("this login began elsewhere, or too long ago", remedy="log in once more") from error
    return going_to, kept


def _signer(access: Access) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(access.secret, salt="dubwright login elsewhere")
