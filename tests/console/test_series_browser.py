"""A series' page in a real browser: who is who is said there, after it was shown what that redoes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from desk.console.rendering import url
from dubwright.lake import Lake
from dubwright.series import cast
from tests.console.browser import PASSWORD
from tests.console.chromium import CHROMIUM, accessible, opened
from tests.console.conftest import Built, served
from tests.console.furnished import SERIES, furnish
from tests.flows.conftest import make_video
from tests.platform.platform import free_port

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: no browser was driven"),
]


@pytest.fixture
def page(lake: Lake, tmp_path: Path, staffed: Callable[..., Built]) -> Iterator[Page]:
    """The page of the furnished series, before an editor."""
    furnish(lake, make_video(tmp_path / "video.mp4"))
    app, _ = staffed(port=(port := free_port()))
    with served(app, port) as address, opened(address) as page:
        page.goto("/login")
        page.fill("[name=name]", "editor")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/")
        page.goto(url("series", SERIES))
        yield page


def said(page: Page, character: str, does: str, choice: dict[str, str]) -> None:
    """Say who a character is, and go on once it was shown what that redoes."""
    form = page.locator(f"[data-character={character}] form[data-do={does}]")
    form.locator("xpath=ancestor::details/summary").click()
    form.locator("select").select_option(**choice)
    accessible(page)
    form.locator("button").click()
    expect(page.locator("#decision")).to_be_visible()
    expect(page.locator("#decision .touched")).not_to_be_empty()
    with page.expect_navigation():
        page.click("#decision button[value=yes]")


def test_a_voice_is_split_off_and_two_characters_become_one(page: Page, lake: Lake) -> None:
    before = set(cast.read(lake, SERIES).people)
    said(page, "c03", "split", {"label": "06 · S3"})
    (new,) = set(cast.read(lake, SERIES).people) - before
    expect(page.locator(f"[data-character={new}]")).to_be_visible()
    assert cast.read(lake, SERIES).episodes_of(new) == ["06"]
    said(page, new, "merge", {"value": "c03"})
    expect(page.locator(f"[data-character={new}]")).to_have_count(0)
    assert set(cast.read(lake, SERIES).people) == before
