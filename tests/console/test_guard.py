"""What no request gets past: other sites' forms, names that are not the console's, too much at once; and what answers say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from desk.console.access.access import open_access
from desk.console.access.database import Database
from dubwright.errors import SettingsError
from dubwright.settings import ConsoleSettings
from tests.console.browser import HERE, PASSWORD, Browser
from tests.console.conftest import Built, now

# Each takes an application, or a process, of its own.
pytestmark = pytest.mark.slow

NEW = {"name": "Ana", "role": "viewer", "password": PASSWORD}


def names(built: Built) -> list[str]:
    return [user.name for user in now(built[1].users.all())]


@pytest.mark.parametrize("logged_in", [True, False], ids=["logged in", "without login"])
def test_a_change_needs_the_sessions_own_token(
    logged_in: bool, build: Callable[..., Built], staffed: Callable[..., Built]
) -> None:
    built = staffed() if logged_in else build()
    before = names(built)
    browser, other = Browser(built[0]), Browser(built[0])
    if logged_in:
        browser.log_in("operator")
        other.log_in("operator")
    own, new = browser.token(), NEW | {"role": "operator"}
    post = browser.client.post
    refused = [
        post("/users", data=new),
        post("/users", data=new | {"csrf": ""}),
        post("/users", data=new | {"csrf": "0" * 64}),
        post("/users", data=new | {"csrf": own[:-1]}),
        post("/users", data=new | {"csrf": other.token()}),
        post("/users", data=new | {"csrf": browser.session()}),
        post("/users", data=new, headers={"x-csrf-token": other.token()}),
        post("/users", data=new | {"csrf": own}, headers={"x-csrf-token": ""}),
        post("/users", data=new, headers={"x-csrf-token": b"\xe9"}),
        post("/users", data=new, params={"csrf": own}),
        post("/users", json=new | {"csrf": own}),
        browser.client.delete("/users"),
    ]
    assert {answer.status_code for answer in refused} == {403} and names(built) == before
    assert post("/users", data=new, headers={"x-csrf-token": own}).status_code == 303
    assert names(built) == sorted([*before, "Ana"], key=str.casefold)


def test_a_token_does_not_outlive_its_session(staffed: Callable[..., Built]) -> None:
    browser = Browser(staffed()[0])
    before = browser.token()
    browser.log_in("operator")
    during = browser.token()
    browser.submit("/logout")
    assert len({before, during, browser.token()}) == 3
    answer = browser.client.post("/login", data={"name": "operator", "password": PASSWORD, "csrf": during})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 303),
        ({"origin": HERE}, 303),
        ({"origin": HERE, "sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"origin": "null"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "https://localhost:4280"}, 403),
        ({"origin": "http://localhost:4281"}, 403),
        ({"origin": f"{HERE}.evil.example"}, 403),
        ({"origin": HERE, "sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"referer": "https://evil.example/"}, 303),
    ],
)
def test_changes_come_from_the_consoles_own_pages(
    sent: dict[str, str], status: int, build: Callable[..., Built]
) -> None:
    browser = Browser(build()[0])
    assert browser.client.post("/logout", data={"csrf": browser.token()}, headers=sent).status_code == status


def test_behind_a_proxy_the_origin_is_the_public_address(staffed: Callable[..., Built]) -> None:
    browser = Browser(staffed(url="https://dub.example")[0], "http://dub.example")
    # As the proxy passes it on: in the clear, the cookie included.
    cookie = {"cookie": f"__Host-dubwright={'x' * 43}"}
    found = re.search(r'name="csrf" content="(\w{64})"', browser.get("/login", headers=cookie).text)
    assert found
    form = {"csrf": found[1], "name": "viewer", "password": PASSWORD}
    for origin, status in (("https://dub.example", 303), ("http://dub.example", 403)):
        answer = browser.client.post("/login", data=form, headers=cookie | {"origin": origin})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:4280", 200),
        ("127.0.0.1", 200),
        ("[::1]:4280", 200),
        ("LOCALHOST", 200),
        ("dub.example", 200),
        ("desk.lan:80", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("evil.example:4280@localhost", 421),
        ("localhost,evil.example", 421),
        ("127.0.0.1.", 421),
        ("[", 421),
        ("", 421),
        ("0.0.0.0", 421),
    ],
)
def test_only_names_that_are_its_own_reach_the_console(host: str, status: int, build: Callable[..., Built]) -> None:
    app, _ = build(url="https://dub.example", hosts=["desk.lan"])
    answer = TestClient(app, HERE).get("/api/account", headers={"host": host})
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 421:
        assert "set-cookie" not in answer.headers and "console.url" in answer.text


def test_two_names_are_none(build: Callable[..., Built]) -> None:
    headers = [("host", "localhost"), ("host", "evil.example")]
    assert TestClient(build()[0], HERE).get("/account", headers=headers).status_code == 421


def test_too_many_changes_wait(staffed: Callable[..., Built]) -> None:
    app, _ = staffed(writes_per_minute=5)
    busy, other = Browser(app, address="10.0.0.1"), Browser(app, address="10.0.0.2")
    for browser in (busy, other):
        browser.log_in("operator")
    found = [busy.submit("/users/remove", name="nobody").status_code for _ in range(7)]
    assert found == [404] * 5 + [429] * 2
    assert busy.get("/users").status_code == 200 and other.submit("/users/remove", name="nobody").status_code == 404


def test_every_answer_says_what_a_browser_must_not_do(staffed: Callable[..., Built]) -> None:
    app, _ = staffed()
    browser = Browser(app)
    for path in ("/login", "/account", "/api/account", "/static/console.css", "/nothing", "/media/x"):
        found = browser.get(path).headers
        policy = found["content-security-policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "script-src localhost:4280/static/;" in policy
        assert found["x-content-type-options"] == "nosniff" and found["referrer-policy"] == "same-origin"
        assert "camera=()" in found["permissions-policy"] and "strict-transport-security" not in found
        assert ("no-cache" if "static" in path else "no-store") == found["cache-control"]
    assert "immutable" in browser.get("/static/console.css?0.1.0").headers["cache-control"]
    assert "set-cookie" not in browser.get("/static/console.css").headers


def test_pages_hold_no_script_and_no_style_of_their_own(entered: Callable[[str], Browser]) -> None:
    browser = entered("operator")
    for path in ("/login", "/account", "/users", "/audit"):
        page = browser.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page), path


def test_a_policy_names_no_host_that_could_say_more(build: Callable[..., Built]) -> None:
    policy = (
        TestClient(build()[0], HERE).get("/account", headers={"host": "[::1]:4280"}).headers["content-security-policy"]
    )
    assert "script-src 'self';" in policy


def test_there_are_no_websockets(build: Callable[..., Built]) -> None:
    with pytest.raises(WebSocketDisconnect), TestClient(build()[0], HERE).websocket_connect("/"):
        pass


def test_a_database_that_is_away_is_said_and_what_was_done_is_in_the_log(
    build: Callable[..., Built], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    app, access = build()
    browser = Browser(app)
    token = browser.token()
    monkeypatch.setattr(access.trail, "_database", Database(str(tmp_path / "empty.sqlite")))
    new = NEW | {"role": "operator", "csrf": token}
    assert browser.client.post("/users", data=new).status_code == 303
    assert "not in the audit trail" in caplog.text and "user added" in caplog.text
    monkeypatch.setattr(access.users, "_database", Database(str(tmp_path / "empty.sqlite")))
    answer = Browser(app).get("/api/account")
    assert answer.status_code == 503 and "database" in answer.json()["error"]


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"host": "0.0.0.0"}, "console.host", "console users add"),
        ({"host": "192.168.1.2"}, "console.host", "console users add"),
        ({"host": "dub.example"}, "console.host", "console users add"),
        ({"login": "always"}, "console.login", "console users add"),
        ({"url": "dub.example"}, "console.url", "https://"),
        ({"url": "https://dub.example/console"}, "console.url", "https://"),
        ({"oidc_issuer": "https://id.example"}, "console.oidc_client", "name the client"),
        ({"oidc_issuer": "https://id.example", "oidc_client": "x"}, "console.oidc_roles", "name the client"),
        (
            {"oidc_issuer": "http://id.example", "oidc_client": "x", "oidc_roles": {"a": "viewer"}},
            "console.oidc_issuer",
            "https://",
        ),
        ({"database": "mysql://localhost/x"}, "console.database", "postgresql://"),
        ({"database": "postgresql://ana:secret@localhost/x"}, "console.database", "PGPASSWORD"),
        ({"database": "/proc/none/x"}, "console.database", "folder of yours"),
    ],
)
def test_settings_that_would_let_anybody_or_nobody_in_are_refused(
    given: dict[str, Any], field: str, says: str, cheap: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError) as raised:
        open_access(ConsoleSettings(**cheap | given))
    assert raised.value.field == field and says in str(raised.value) and "secret" not in str(raised.value)


def test_the_whole_network_is_let_in_once_there_is_a_user(
    staffed: Callable[..., Built], build: Callable[..., Built], caplog: pytest.LogCaptureFixture
) -> None:
    staffed()
    app, access = build(host="0.0.0.0", hosts=["dub.example"])
    assert access.hosts >= {"localhost", "dub.example"} and "0.0.0.0" not in access.hosts
    assert Browser(app, "http://dub.example").get("/account").status_code == 303
    assert "in the clear" in caplog.text
