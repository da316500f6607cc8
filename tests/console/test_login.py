"""Logging in and out: what a session is, how long it lasts, and what guesses come to."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from desk.console.access import limits
from desk.console.access.database import sessions, users
from desk.console.access.passwords import Passwords
from desk.console.access.roles import Role
from desk.console.routes.login import own
from tests.console.browser import HERE, PASSWORD, Browser
from tests.console.conftest import Built, now

# Each takes an application, or a process, of its own.
pytestmark = pytest.mark.slow


def test_on_loopback_nobody_logs_in_until_there_is_a_user(build: Callable[..., Built]) -> None:
    app, access = build()
    browser = Browser(app)
    mine = browser.get("/api/account").json()
    assert mine["name"] and (mine["role"], mine["login"]) == ("operator", False)
    assert browser.get("/login", params={"next": "/users"}).headers["location"] == "/users"
    assert browser.submit("/users", name="Ana", role="viewer", password=PASSWORD).status_code == 422
    assert browser.submit("/users", name="Ana", role="operator", password=PASSWORD).status_code == 303
    assert browser.get("/account").headers["location"] == "/login?next=%2Faccount"
    assert browser.get("/api/account").status_code == 401
    assert browser.log_in("ana").headers["location"] == "/"
    assert browser.get("/api/account").json()["name"] == "Ana"
    assert now(access.trail.read(1, 10))[1] == 2


def test_a_login_leads_to_where_one_was_going(staffed: Callable[..., Built]) -> None:
    browser = Browser(staffed()[0])
    page = browser.get(browser.get("/audit").headers["location"])
    assert 'name="next" value="/audit"' in page.text
    assert browser.log_in("operator", next="/audit").headers["location"] == "/audit"
    assert browser.get("/audit").status_code == 200


# Where browsers would take somebody who is sent there, out of the console or in circles.
ASTRAY = [
    *(
        "//evil.example",
        "https://evil.example",
        r"/\evil.example",
        r"\\evil.example",
        "/\t/evil.example",
        "javascript:1",
    ),
    *(
        "",
        "/a\r\nset-cookie: x=1",
        "/login",
        "/logout",
        " /a",
        "/ok\x00",
        "evil",
        "///evil.example",
        "/ //evil.example",
    ),
]


@pytest.mark.parametrize("path", ASTRAY)
def test_nobody_is_led_astray(path: str) -> None:
    assert own(path) == "/"


def test_a_login_leads_nowhere_else(staffed: Callable[..., Built]) -> None:
    browser = Browser(staffed()[0])
    for path in ASTRAY[:8]:
        assert browser.get("/login", params={"next": path}).text.count('name="next" value="/"') == 1
    answer = browser.log_in("viewer", next="/a\r\nset-cookie: x=1")
    assert answer.headers["location"] == "/" and "x=1" not in str(answer.headers)
    assert browser.get("/login", params={"next": "//evil.example"}).headers["location"] == "/"


def test_pages_of_the_console_are_where_one_may_go() -> None:
    assert own("/series/a%2Fb?x=1#line") == "/series/a%2Fb?x=1#line"


def test_a_session_that_was_there_before_is_not_the_one_that_is_logged_in(staffed: Callable[..., Built]) -> None:
    app, access = staffed()
    browser, thief = Browser(app), Browser(app)
    thief.get("/login")
    fixed = thief.session()
    browser.client.cookies.set(access.cookie, fixed, domain="localhost.local")
    assert browser.session() == fixed and "set-cookie" not in browser.get("/login").headers
    assert browser.log_in("viewer").status_code == 303 and browser.session() != fixed
    thief.client.cookies.clear()
    assert thief.get("/api/account", headers={"cookie": f"{access.cookie}={fixed}"}).status_code == 401


def test_a_cookie_is_out_of_reach_of_scripts_and_the_database_cannot_tell_it(staffed: Callable[..., Built]) -> None:
    app, access = staffed()
    browser = Browser(app)
    cookie = browser.log_in("viewer").headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie and "secure" not in cookie

    async def kept() -> str:
        async with access.database.begin() as connection:
            return str((await connection.execute(select(sessions))).all())

    assert browser.session() not in now(kept())


def test_behind_https_the_cookie_never_travels_without(staffed: Callable[..., Built]) -> None:
    app, _ = staffed(url="https://dub.example")
    browser = Browser(app, "https://dub.example")
    answer = browser.log_in("viewer")
    assert answer.status_code == 303 and "max-age=31536000" in answer.headers["strict-transport-security"]
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-dubwright=") and "Secure" in cookie and "Domain" not in cookie
    assert browser.get("/account").status_code == 200


def test_a_second_login_ends_the_first_of_the_same_browser(entered: Callable[[str], Browser]) -> None:
    browser = entered("viewer")
    first = browser.session()
    assert browser.log_in("editor").status_code == 303
    assert browser.get("/api/account").json()["name"] == "editor"
    browser.client.cookies.clear()
    assert browser.get("/api/account", headers={"cookie": f"dubwright-4280={first}"}).status_code == 401


def test_logging_out_ends_one_login_or_all(entered: Callable[[str], Browser]) -> None:
    here, there, elsewhere = (entered("viewer") for _ in range(3))
    other = entered("editor")
    old = here.session()
    assert here.submit("/logout").headers["location"] == "/login" and here.session() != old
    assert here.get("/api/account").status_code == 401 and there.get("/api/account").status_code == 200
    assert here.get("/api/account", headers={"cookie": f"dubwright-4280={old}"}).status_code == 401
    assert len(there.get("/api/account").json()["visits"]) == 2
    there.submit("/logout/everywhere")
    assert elsewhere.get("/api/account").status_code == 401 and other.get("/api/account").status_code == 200


@pytest.mark.parametrize(("column", "hours"), [("seen", 2.1), ("created", 12.1)])
def test_a_session_runs_out(column: str, hours: float, staffed: Callable[..., Built]) -> None:
    app, access = staffed()
    browser = Browser(app)
    browser.log_in("viewer")

    async def age() -> None:
        async with access.database.begin() as connection:
            await connection.execute(update(sessions).values({column: time.time() - hours * 3600}))

    assert browser.get("/account").status_code == 200
    now(age())
    assert browser.get("/account").status_code == 303


def test_what_is_changed_of_a_user_holds_at_once(staffed: Callable[..., Built]) -> None:
    app, access = staffed()
    browser = Browser(app)
    browser.log_in("operator")
    now(access.users.add("second", Role.OPERATOR, PASSWORD))
    assert browser.get("/users").status_code == 200
    now(access.users.set_role("operator", Role.EDITOR))
    assert browser.get("/users").status_code == 403 and browser.get("/account").status_code == 200
    now(access.users.set_active("operator", False))
    assert browser.get("/account").status_code == 303 and browser.log_in("operator").status_code == 401
    now(access.users.set_active("operator", True))
    assert browser.get("/account").status_code == 303 and browser.log_in("operator").status_code == 303
    now(access.users.set_password("operator", "another good password"))
    assert browser.get("/account").status_code == 303 and browser.log_in("operator").status_code == 401
    assert browser.log_in("operator", "another good password").status_code == 303
    now(access.users.remove("operator"))
    assert browser.get("/account").status_code == 303


def test_ones_own_password_takes_the_old_one_and_ends_all_other_logins(entered: Callable[[str], Browser]) -> None:
    here, there = entered("viewer"), entered("viewer")
    path, new = "/account/password", "a much better password"
    assert here.submit(path, current="wrong", password=new).status_code == 403
    short = here.submit(path, current=PASSWORD, password="short")
    assert short.status_code == 422 and "12 to 256" in short.text
    assert there.get("/account").status_code == 200
    old = here.session()
    assert here.submit(path, current=PASSWORD, password=new).status_code == 303
    assert here.session() != old and here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303 and there.log_in("viewer", new).status_code == 303


def test_guesses_are_held_off_for_the_user_and_for_the_address(staffed: Callable[..., Built]) -> None:
    app, access = staffed(login_attempts=3)
    answers = [Browser(app, address=f"10.0.0.{n}").log_in("viewer", "guess") for n in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert int(answers[-1].headers["retry-after"]) > 60
    # Not even the right password tells that it is right, and no other name finds out whether it is one.
    assert Browser(app, address="10.0.0.9").log_in("VIEWER").status_code == 429
    unknown = [Browser(app, address="10.0.1.1").log_in("nobody", "guess") for _ in range(4)]
    assert [answer.status_code for answer in unknown] == [401, 401, 401, 429]
    spray = [Browser(app, address="10.0.2.2").log_in(f"user{n}", "guess").status_code for n in range(10)]
    assert spray == [401] * 9 + [429]
    lines, _ = now(access.trail.read(1, 100, what="login failed"))
    assert {line.address for line in lines if line.name == "viewer"} == {"10.0.0.0", "10.0.0.1", "10.0.0.2"}


def test_another_way_to_write_a_name_is_no_way_round_a_limit(staffed: Callable[..., Built]) -> None:
    app, _ = staffed(login_attempts=2)
    names = ("viewer", "ＶＩＥＷＥＲ", "View\0er", " VIEWer ", "ⓥiewer")
    found = [Browser(app, address=f"10.0.0.{n}").log_in(name, "guess") for n, name in enumerate(names)]
    assert [answer.status_code for answer in found] == [401, 401, 429, 429, 429]


def test_whoever_knows_the_password_is_never_held_off_by_logging_in(staffed: Callable[..., Built]) -> None:
    app, _ = staffed(login_attempts=2)
    assert {Browser(app).log_in("viewer").status_code for _ in range(8)} == {303}


def test_a_user_who_is_none_costs_as_much_as_one_who_is(
    staffed: Callable[..., Built], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, access = staffed()
    compared: list[str] = []
    real = Passwords._verify
    monkeypatch.setattr(
        Passwords, "_verify", lambda self, kept, given: compared.append(kept) or real(self, kept, given)
    )
    assert now(access.users.check("nobody", PASSWORD)) is None
    assert now(access.users.check("viewer", "wrong")) is None
    now(access.users.set_active("viewer", False))
    assert now(access.users.check("viewer", PASSWORD)) is None
    assert len(compared) == 3 and {one.split("$")[3] for one in compared} == {"m=1024,t=1,p=4"}


def test_a_hash_is_made_anew_when_parameters_rise(build: Callable[..., Built]) -> None:
    _, access = build()
    now(access.users.add("ana", Role.OPERATOR, PASSWORD))
    _, dearer = build(password_passes=2)

    async def kept() -> str:
        async with dearer.database.begin() as connection:
            return str((await connection.execute(select(users.c.password))).scalar_one())

    assert "t=1" in now(kept())
    assert now(dearer.users.check("ana", "wrong password")) is None and "t=1" in now(kept())
    assert now(dearer.users.check("Ana", PASSWORD)) and "t=2" in now(kept())
    assert now(dearer.users.check("ana", PASSWORD))


def test_limits_fill_again_and_forget_who_asks_no_more() -> None:
    clock = [0.0]
    limit = limits.Limiter(2, 10, keys=3, clock=lambda: clock[0])
    assert [limit.take("a") for _ in range(3)] == [0, 0, 5]
    clock[0] = 5
    assert limit.take("a") == 0 and limit.take("a") == 5
    limit.give_back("a")
    assert limit.take("a") == 0
    for name in "bcd":
        limit.take(name)
    assert len(limit._left) == 3 and "a" not in limit._left


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_a_household_is_one_address(address: str, network: str) -> None:
    assert limits.neighbourhood(address) == network


def test_forms_of_any_length_and_letters_are_answered(staffed: Callable[..., Built]) -> None:
    browser = Browser(staffed()[0])
    for name in (
        "\0",
        "a\0b",
        "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
        "ﬁ" * 400,
        "x" * 5000,
    ):
        assert browser.log_in(name, "y" * 900).status_code in (401, 422)
    assert browser.log_in("viewer", "z" * 70_000).status_code == 403
    assert browser.client.post(f"{HERE}/login", content=b"%ff=%ff&csrf=%ff").status_code == 403
