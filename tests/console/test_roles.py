"""Every route has a role, and keeps everybody below it out: pages, their twins in JSON, forms, actions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from desk.console.access.roles import Role, requires
from desk.console.access.sessions import csrf_of
from tests.console.browser import Browser
from tests.console.conftest import Built, now

# What is no APIRoute: neither tells anything of the lake.
OPEN = {"/api/openapi.json", "/static"}


@dataclass(frozen=True)
class Ruled:
    """A way in: `role` is the one that is asked for before anything else is looked at, None where none is."""

    path: str
    method: str
    role: Role | None


def ways(app: FastAPI) -> Iterator[Ruled]:
    for found in iter_route_contexts(app.routes):
        if not isinstance(found.original_route, APIRoute):
            assert found.path in OPEN, found
            continue
        first = found.dependant.dependencies[:1]
        for method in found.methods or ():
            yield Ruled(found.path_format or "", method, _role(first[0]) if first else None)


def _role(dependant: Dependant) -> Role | None:
    call = dependant.call
    if call is None or call.__qualname__ != requires(Role.VIEWER).__qualname__:
        return None
    return Role(inspect.getclosurevars(call).nonlocals["role"])


def test_no_route_is_without_a_rule(build: Callable[..., Built]) -> None:
    found = list(ways(build()[0]))
    assert len(found) > 15 and not [way for way in found if way.role is None]
    anyone = {way.path.split("/")[1] for way in found if way.role is Role.ANYONE}
    assert anyone == {"login", "logout", "media"}, "these need no login"


def test_a_page_and_its_twin_take_the_same_role(build: Callable[..., Built]) -> None:
    found = {way.path: way.role for way in ways(build()[0]) if way.method == "GET"}
    twins = [path for path in found if path.startswith("/api") and path.removeprefix("/api") in found]
    assert len(twins) >= 3 and all(found[path] == found[path.removeprefix("/api")] for path in twins)


@pytest.mark.slow
@pytest.mark.parametrize("role", Role, ids=lambda role: role.name.lower())
def test_each_route_lets_in_whom_it_should(role: Role, staffed: Callable[..., Built]) -> None:
    app, access = staffed(login_attempts=1000)
    people = {user.role: user for user in now(access.users.all())}
    client = Browser(app).client
    token = "x" * 43
    for way in sorted(ways(app), key=lambda way: way.method):
        if role in people and (way.method != "GET" or token == "x" * 43):
            # What changes something may end the session that it is asked with.
            token = now(access.sessions.start(people[role], "", ""))
        client.cookies.clear()
        headers = {"cookie": f"{access.cookie}={token}", "x-csrf-token": csrf_of(token, access.secret)}
        body = None if way.method == "GET" else {}
        answer = client.request(way.method, re.sub(r"{\w+}", "2", way.path), headers=headers, json=body)
        kept_out = answer.status_code in (401, 403) or answer.headers.get("location", "").startswith("/login?")
        # Without a provider nobody can come from there.
        expected = (way.role is not None and role < way.role) or way.path.startswith("/login/provider")
        assert kept_out == expected and answer.status_code < 500, (way, answer.status_code)


@pytest.mark.parametrize("below", ["viewer", "editor"])
def test_no_way_round_a_role(below: str, entered: Callable[[str], Browser]) -> None:
    browser = entered(below)
    for path in (
        "/api/users",
        "/api/audit",
        "/users",
        "/audit",
        "/api/users?role=operator",
        "//api/users",
        "/api/users/",
    ):
        answer = browser.get(path, headers={"hx-request": "true", "x-forwarded-user": "operator", "x-role": "operator"})
        assert answer.status_code in (403, 404, 307) and "approver" not in answer.text, path
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        headers = {"x-http-method-override": "GET", "x-csrf-token": browser.token()}
        assert browser.client.request(method, "/api/users", headers=headers).status_code in (403, 405)
    assert browser.client.head("/api/users").status_code in (403, 405)
    assert browser.submit("/users/role", name=below, role="operator").status_code == 403
    assert browser.get("/api/account").json()["role"] == below
