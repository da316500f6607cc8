"""Logging in through an OpenID provider: who comes in with which role, and which answers are not believed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from desk.console.access.roles import Role
from tests.console.browser import HERE, PASSWORD, Browser
from tests.console.conftest import Built, now
from tests.console.provider_server import CLIENT, SECRET, ProviderServer, provider_server

# A server answers, and each login reads all certificates of this machine anew.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[ProviderServer]:
    with provider_server() as found:
        yield found


@pytest.fixture
def provider(server: ProviderServer) -> Iterator[ProviderServer]:
    before = vars(server) | {"person": dict(server.person)}
    yield server
    vars(server).update(before)


@pytest.fixture
def console(build: Callable[..., Built], provider: ProviderServer, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.setenv("OIDC_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("NO_PROXY", "*")
    roles = {"desk": "editor", "leads": "approver", "admins": "operator"}
    return build(oidc_issuer=provider.issuer, oidc_client=CLIENT, oidc_roles=roles)


def return_from(browser: Browser, path: str = "/login/provider?next=/account", **changed: str) -> httpx.Response:
    """Off to the provider, and back with what it said."""
    away = browser.get(path)
    assert away.status_code == 302, away.text
    back = httpx.get(away.headers["location"], trust_env=False)
    location = httpx.URL(back.headers["location"])
    assert location.host == "localhost"
    return browser.get(str(location.copy_merge_params(changed)))


def test_somebody_comes_in_with_the_highest_of_their_roles(console: Built, provider: ProviderServer) -> None:
    app, access = console
    browser = Browser(app)
    assert browser.get("/").status_code in (303, 404) and "/login/provider?next=" in browser.get("/login").text
    provider.person |= {"groups": ["else", "desk", "leads"]}
    browser.get("/login")
    before = browser.session()
    answer = return_from(browser)
    assert answer.headers["location"] == "/account" and browser.session() != before
    mine = browser.get("/api/account").json()
    assert (mine["name"], mine["role"]) == ("ana", "approver")
    assert not [cookie.name for cookie in browser.client.cookies.jar if "away" in cookie.name]
    # Their name may change at the provider, and their role; here they are who they were.
    provider.person |= {"preferred_username": "anna", "groups": ["desk"]}
    return_from(Browser(app))
    assert browser.get("/api/account").json()["role"] == "editor"
    (user,) = now(access.users.all())
    assert (user.name, user.role, user.elsewhere) == ("ana", Role.EDITOR, True)
    assert Browser(app).log_in("ana", "").status_code in (401, 422) and Browser(app).log_in("ana").status_code == 401


def test_what_the_token_lacks_userinfo_says(console: Built, provider: ProviderServer) -> None:
    provider.person = {"sub": "2"}
    provider.more = {"sub": "2", "preferred_username": "li", "groups": "admins"}
    assert return_from(Browser(console[0])).headers["location"] == "/account"
    provider.more = {"sub": "3", "preferred_username": "eve", "groups": "admins"}
    assert return_from(Browser(console[0])).status_code == 502
    assert [user.name for user in now(console[1].users.all())] == ["li"]


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": int(time.time()) - 3600},
        {"sub": ["x"]},
        {"preferred_username": ["ana"]},
    ],
    ids=lambda lies: "+".join(lies),
)
def test_a_token_that_does_not_fit_lets_nobody_in(
    lies: dict[str, Any], console: Built, provider: ProviderServer
) -> None:
    app, access = console
    provider.lies = lies
    browser = Browser(app)
    answer = return_from(browser)
    assert answer.status_code == 502, answer.text
    assert browser.get("/account").status_code == 303 and not now(access.users.all())
    (line, *_), _ = now(access.trail.read(1, 10, what="login failed"))
    assert "provider" in line.about


def test_a_strangers_signature_lets_nobody_in(console: Built, provider: ProviderServer) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "1"})
    assert return_from(Browser(console[0])).status_code == 502


def test_a_description_of_another_provider_is_not_believed(console: Built, provider: ProviderServer) -> None:
    provider.description = {"issuer": "https://evil.example"}
    assert Browser(console[0]).get("/login/provider").status_code == 502


def test_only_who_left_comes_back(console: Built, provider: ProviderServer) -> None:
    app, _ = console
    browser, other = Browser(app), Browser(app)
    away = browser.get("/login/provider")
    back = httpx.get(away.headers["location"], trust_env=False).headers["location"]
    # Somebody is made to follow a link that logs them in as somebody else.
    assert other.get(back).status_code == 502
    other.get("/login/provider")
    assert other.get(back).status_code == 502
    assert return_from(Browser(app), state="another").status_code == 502
    refused = Browser(app)
    refused.get("/login/provider")
    answer = refused.get("/login/provider/back?error=access_denied&error_description=<script>no</script>")
    assert answer.status_code == 502 and "<script>no" not in answer.text
    forged = Browser(app)
    forged.client.cookies.set("dubwright-4280-away", "WyIvIix7fV0.x.y", domain="localhost.local")
    assert forged.get(back).status_code == 502
    assert browser.get(back).status_code == 303 and browser.get(back).status_code == 502


def test_who_has_no_role_or_is_deactivated_stays_out(console: Built, provider: ProviderServer) -> None:
    app, access = console
    for groups in (["else"], None, [["admins"]], {"admins": True}):
        provider.person = {"sub": "9", "preferred_username": "eve", "groups": groups}
        assert return_from(Browser(app)).status_code == 403, groups
    assert not now(access.users.all())
    provider.person["groups"] = ["admins"]
    assert return_from(Browser(app)).status_code == 303
    now(access.users.add("local", Role.OPERATOR, PASSWORD))
    now(access.users.set_active("eve", False))
    assert return_from(Browser(app)).status_code == 403


def test_nobody_takes_over_a_local_users_name(console: Built, provider: ProviderServer) -> None:
    app, access = console
    now(access.users.add("Ana", Role.OPERATOR, PASSWORD))
    assert return_from(Browser(app)).status_code == 422
    assert not now(access.users.all())[0].elsewhere


def test_nobody_is_led_astray_by_the_provider_either(console: Built) -> None:
    assert return_from(Browser(console[0]), "/login/provider?next=//evil.example").headers["location"] == "/"


def test_a_provider_that_is_away_is_said(build: Callable[..., Built], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    app, _ = build(oidc_issuer="http://127.0.0.1:9", oidc_client="x", oidc_roles={"a": "viewer"})
    answer = Browser(app, HERE).get("/login/provider")
    assert answer.status_code == 502 and "127.0.0.1:9" in answer.text
