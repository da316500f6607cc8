"""Links to sound and pictures: good for one object, for a while, and for nothing else in the lake."""

from __future__ import annotations

import time
from collections.abc import Callable

import itsdangerous
import pytest

from desk.console.access.links import Links
from dubwright.errors import KeyMissingError
from dubwright.lake import Lake, layout
from tests.console.browser import Browser
from tests.console.conftest import Built


@pytest.fixture
def blob(lake: Lake) -> str:
    return lake.put_blob_bytes(b"sound", "wav")


def test_a_link_gives_its_object_to_who_has_it(staffed: Callable[..., Built], blob: str) -> None:
    app, access = staffed()
    answer = Browser(app).get(Links(access.secret, 3600).to(blob, "audio/wav", 'x\r\nset-cookie: a=1".wav'))
    assert answer.content == b"sound" and "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff" and "set-cookie" not in answer.headers
    assert "\n" not in answer.headers["content-disposition"] and '"' not in answer.headers["content-disposition"]


def test_a_link_runs_out(build: Callable[..., Built], blob: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app, access = build(link_s=60)
    path, browser = Links(access.secret, 60).to(blob, "audio/wav"), Browser(app)
    assert browser.get(path).status_code == 200
    later = time.time() + 62
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: later)
    assert browser.get(path).status_code == 404


def test_a_link_that_was_not_made_here_leads_nowhere(build: Callable[..., Built], blob: str) -> None:
    app, access = build()
    browser, path = Browser(app), Links(access.secret, 3600).to(blob, "audio/wav")
    forged = [
        Links("another secret", 3600).to(blob, "audio/wav"),
        path[:-1],
        path + "A",
        path.replace("/media/", "/media/A"),
        path.split(".")[0],
        "/media/" + itsdangerous.URLSafeTimedSerializer(access.secret, salt="another use").dumps([blob, "a/b", None]),
        "/media/" + itsdangerous.URLSafeSerializer(access.secret, salt="dubwright media").dumps([blob, "a/b", None]),
        *(f"/media/{name}" for name in ("%2e%2e%2fconsole.sqlite", "..%5c..", "%00", "x" * 5000, "é")),
        "/media/../console.sqlite",
        f"/media/{blob}",
        "/media/",
    ]
    for each in forged:
        assert browser.get(each).status_code == 404, each


@pytest.mark.parametrize(
    "key",
    [
        *("", "/etc/passwd", "../x", "blob/../../etc/passwd", "blob/aa/../../x", "lease/run/x.json"),
        *(f"blob/aa/{'b' * 64}", f"BLOB/aa/{'a' * 64}.wav", f"blob//{'a' * 64}.wav", f"blob/aa/{'a' * 64}.wav\n"),
        *(f"blob/aa/{'a' * 64}.../../x", "series/series=x/cast/1.parquet", "translation/language=en/x.parquet"),
    ],
)
def test_only_blobs_have_links(key: str) -> None:
    assert not layout.is_blob(key)
    with pytest.raises(KeyMissingError):
        Links("secret", 60).to(key, "audio/wav")


@pytest.mark.parametrize(
    "path", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", "%5c..%5capp.py", ".", ""]
)
def test_static_is_static_alone(path: str, build: Callable[..., Built]) -> None:
    answer = Browser(build()[0]).get(f"/static/{path}")
    assert answer.status_code in (404, 307) and "create_app" not in answer.text
