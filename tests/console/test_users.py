"""The operators' pages: users and what can be done to them, and the audit trail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from desk.console.access.roles import Role
from desk.console.access.trail import Entry
from desk.console.access.users import normal
from dubwright.errors import SettingsError
from tests.console.browser import PASSWORD, Browser
from tests.console.conftest import Built, now

# Each takes an application, or a process, of its own.
pytestmark = pytest.mark.slow


def test_an_operator_gives_out_accounts(entered: Callable[[str], Browser]) -> None:
    browser = entered("operator")
    name = '<b>安娜</b> & "co"'
    assert browser.submit("/users", name=name, role="editor", password=PASSWORD).headers["location"] == "/users"
    page = browser.get("/users").text
    assert "&lt;b&gt;安娜&lt;/b&gt; &amp; &#34;co&#34;" in page and "<b>安娜" not in page
    browser.submit("/users/role", name=name, role="approver")
    browser.submit("/users/active", name=name, active="false")
    found = {each["name"]: each for each in browser.get("/api/users").json()["users"]}
    assert len(found) == 5 and (found[name]["role"], found[name]["active"]) == ("approver", False)
    browser.submit("/users/active", name=name, active="true")
    browser.submit("/users/password", name=name, password="their own new password")
    assert Browser(browser.client.app).log_in(name, "their own new password").status_code == 303
    browser.submit("/users/remove", name=name)
    assert len(browser.get("/api/users").json()["users"]) == 4
    lines = browser.get("/api/audit", params={"name": "operator"}).json()["lines"]
    done = [line["what"] for line in lines]
    assert done == [
        "user removed",
        "password changed",
        "user activated",
        "user deactivated",
        "role changed",
        "user added",
        "logged in",
    ]
    assert lines[4]["about"] == f"{name}: approver" and PASSWORD not in str(lines) and "127.0.0.1" in str(lines)


@pytest.mark.parametrize(
    ("path", "fields", "status", "says"),
    [
        ("/users", {"name": "OPERATOR", "role": "viewer", "password": PASSWORD}, 422, "there is a user of this name"),
        (
            "/users",
            {"name": "ＯＰＥＲＡＴＯＲ", "role": "viewer", "password": PASSWORD},
            422,
            "there is a user of this name",
        ),
        ("/users", {"name": "a\u202eb", "role": "viewer", "password": PASSWORD}, 422, "characters that can be seen"),
        ("/users", {"name": "a\r\nb", "role": "viewer", "password": PASSWORD}, 422, "characters that can be seen"),
        ("/users", {"name": " ", "role": "viewer", "password": PASSWORD}, 422, "characters that can be seen"),
        ("/users", {"name": "ana", "role": "viewer", "password": "short"}, 422, "12 to 256"),
        ("/users", {"name": "ana", "role": "viewer", "password": "aaaaaaaaaaaaaa"}, 422, "same few"),
        ("/users", {"name": "anastasia", "role": "viewer", "password": "Anastasia2026!"}, 422, "hardly more"),
        ("/users", {"name": "ana", "role": "anyone", "password": PASSWORD}, 422, ""),
        ("/users/role", {"name": "nobody", "role": "viewer"}, 404, "no such user"),
        ("/users/role", {"name": "operator", "role": "viewer"}, 422, "no operator left"),
        ("/users/active", {"name": "operator", "active": "false"}, 422, "no operator left"),
        ("/users/remove", {"name": "operator"}, 422, "no operator left"),
        ("/users/password", {"name": "viewer", "password": "short"}, 422, "12 to 256"),
    ],
)
def test_what_would_not_do_is_said_and_changes_nothing(
    path: str, fields: dict[str, str], status: int, says: str, entered: Callable[[str], Browser]
) -> None:
    browser = entered("operator")
    before = browser.get("/api/users").json()
    answer = browser.submit(path, **fields)
    assert answer.status_code == status and says in answer.text
    assert browser.get("/api/users").json() == before


def test_names_are_kept_in_one_form() -> None:
    assert normal("  Zoe\u0308 ") == "Zoë" and normal("安娜") == "安娜"
    for name in ("", "a" * 101, "a\0b", "a\u200bb", "\ud800"):
        with pytest.raises(SettingsError):
            normal(name)


def test_the_only_user_can_go(build: Callable[..., Built]) -> None:
    _, access = build()
    now(access.users.add("ana", Role.OPERATOR, PASSWORD))
    now(access.users.remove("Ana"))
    assert not now(access.needs_login())


def test_the_trail_is_paged_and_searched(build: Callable[..., Built]) -> None:
    app, access = build()
    now(
        access.trail.write(
            [Entry(n, "ana" if n % 2 else "li\0", "10.0.0.1", "edited", f"line {n}") for n in range(120)]
        )
    )
    browser = Browser(app)
    first = browser.get("/api/audit").json()
    assert (first["total"], first["pages"], len(first["lines"])) == (120, 3, 50)
    assert [line["about"] for line in first["lines"][:2]] == ["line 119", "line 118"]
    last = browser.get("/api/audit", params={"page": 3, "name": "ana"}).json()
    assert (last["total"], last["pages"], last["lines"]) == (60, 2, [])
    assert browser.get("/api/audit", params={"what": "none"}).json()["total"] == 0
    assert browser.get("/api/audit", params={"name": "li\0"}).json()["total"] == 60
    assert "line 60" in browser.get("/audit", params={"page": 2}).text


def test_pages_are_in_chinese_for_who_reads_that(entered: Callable[[str], Browser]) -> None:
    browser = entered("operator")
    browser.client.headers["accept-language"] = "zh-CN,zh;q=0.9"
    for path, says in (("/login", "zh"), ("/account", "退出登录"), ("/users", "用户"), ("/audit", "审计")):
        page = browser.get(path, follow_redirects=True).text
        assert says in page, path
