"""An operator's morning in a real browser, on a platform that `dubwright up` started. Engines are fakes here."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from desk.console.rendering import url
from dubwright.catalogue import registered
from dubwright.lake import open_lake
from tests.console.chromium import CHROMIUM, PAGE_MS, accessible, completed, opened, played
from tests.flows.conftest import make_video
from tests.platform.test_up import Up

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: no browser was driven"),
]
SERIES = "长夜灯"
FINISHED = ".cell.done, .cell.flagged"


class Platform(Up):
    """The platform with the real console."""

    def command(self) -> list[str]:
        return [str(Path(sys.executable).with_name("dubwright")), "up", "--state", str(self.state), "--json"]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    running = Platform(tmp_path_factory.mktemp("morning"))
    folder = running.root / "catalogue"
    make_video(folder / SERIES / "01.mp4")
    registered.add(open_lake(str(running.root / "lake")), registered.new("dramas", str(folder), ["es"]))
    try:
        yield running.start()  # type: ignore[misc]
    finally:
        if running.process.poll() is None:
            running.end()
        assert running.processes() == []


@pytest.fixture(scope="module")
def page(platform: Platform) -> Iterator[Page]:
    with opened(platform.addresses["console"]) as page:
        yield page


def test_a_morning(platform: Platform, page: Page) -> None:
    # Nothing is there yet: a run is started, after it was shown what it would do.
    page.goto("/runs")
    accessible(page)
    page.fill("[name=to]", "es")
    page.click("#starting button")
    expect(page.locator("dialog .touched")).to_contain_text("5")
    page.click("dialog [value=yes]")
    completed(page)
    accessible(page)

    # It is covered, and plays: time goes on, and the sound is decoded.
    for _ in range(PAGE_MS // 1000):
        page.goto("/")
        if page.locator(FINISHED).count() == 1:
            break
        page.wait_for_timeout(1000)
    accessible(page)
    page.click(FINISHED)
    accessible(page)
    page.click(FINISHED)
    accessible(page)
    played(page, 0.3)
    # Before and after, at the same moment.
    moment = page.evaluate("document.getElementById('video').currentTime")
    page.keyboard.press("b")
    expect(page.locator("[data-sound=original]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("b")
    expect(page.locator("[data-sound=dub]")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.getElementById('video').currentTime") >= moment

    # A remark is written, answered and settled, by keyboard.
    page.locator(".line").nth(1).focus()
    page.keyboard.press("r")
    page.keyboard.type("Too formal?")
    page.keyboard.press("Enter")
    remark = page.locator(".line").nth(1).locator("[data-remark]")
    remark.locator("input").fill("No.")
    remark.locator("input").press("Enter")
    expect(remark.locator(".answer")).to_contain_text("No.")
    accessible(page)
    remark.locator("[data-do=resolve]").click()
    expect(page.locator(".line").nth(1).locator(".resolved")).to_have_count(1)

    # A line is corrected, heard before it is saved, and dubbed.
    line = page.locator(".line").first
    line.locator("textarea").fill("Enciende la lámpara.")
    line.locator("[data-do=say]").click()
    expect(line.locator(".fit")).not_to_be_empty()
    line.locator("textarea").press("Control+Enter")
    expect(page.locator("#waiting")).to_contain_text("1")
    page.click("#redo")
    completed(page)
    page.goto(url("series", SERIES, "01", "es"))
    expect(page.locator("#waiting")).to_be_empty()
    assert page.locator(".line").first.locator("textarea").input_value() == "Enciende la lámpara."
    page.locator(".line").first.focus()
    page.keyboard.press("h")
    expect(page.locator(".line").first.locator(".past li")).to_have_count(2)

    # It is approved and locked, and nobody changes it then.
    page.locator(".line").first.locator("[data-do=approve]").click()
    page.locator(".line").first.locator("[data-do=lock]").click()
    expect(page.locator(".line").first.locator("textarea")).to_have_attribute("readonly", "")

    # A language is added, from the first page and by keyboard.
    page.goto("/")
    expect(page.locator("#starting button")).to_be_disabled()
    page.locator("[data-choose]").first.press("Space")
    expect(page.locator("#chosen")).to_contain_text("1")
    page.select_option("[name=do]", "backfill")
    page.fill("[name=to]", "fr")
    page.locator("[name=to]").press("Enter")
    page.click("dialog [value=yes]")
    completed(page)
    page.goto(url("series", SERIES))
    expect(page.locator("thead abbr")).to_have_text(["es", "fr"])

    # What was delivered is taken away, and how good it is shown.
    with page.expect_download() as taken:
        page.click("a[download] >> nth=0")
    with zipfile.ZipFile(taken.value.path()) as archive:
        assert archive.testzip() is None and f"{SERIES}/01/es/01.es.mp4" in archive.namelist()
    page.goto("/quality")
    expect(page.locator("svg.chart").first).to_be_visible()
    accessible(page)
    # All of it stands in the trail.
    page.goto("/audit")
    accessible(page)
    for what in ("run started", "remark resolved", "line corrected", "lines reviewed"):
        expect(page.locator("tbody td", has_text=what).first).to_be_visible()


def test_two_editors_see_each_other(platform: Platform, page: Page) -> None:
    at = url("series", SERIES, "01", "es")
    page.goto(at)
    other = page.context.new_page()
    other.goto(at)
    for each, text in ((other, "Otra cosa."), (page, "Una tercera.")):
        each.locator(".line").nth(1).locator("textarea").fill(text)
        each.locator(".line").nth(1).locator("textarea").press("Control+Enter")
        if each is other:
            expect(other.locator("#waiting")).to_contain_text("1")
    told = page.locator(".line").nth(1).locator(".conflict")
    expect(told).to_contain_text("Otra cosa.")
    told.locator("[data-do=mine]").click()
    expect(page.locator(".line").nth(1).locator(".state")).to_contain_text("edited")
    other.reload()
    assert other.locator(".line").nth(1).locator("textarea").input_value() == "Una tercera."
    other.close()
