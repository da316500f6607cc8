"""An operator's morning in a browser, over the sample series as the platform of `test_sample` delivered it, with real engines.

It comes behind `test_sample`, since it corrects what that one scores. `SAMPLE_PROFILE=fake` tries it with engines that do no
real work, in a minute or two.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from desk.console.rendering import url
from dubwright.media import ffmpeg
from tests.console.chromium import CHROMIUM, PAGE_MS, accessible, completed, decoded, ended, opened, played
from tests.platform.delivered import PROFILE, Delivered

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.models,
    pytest.mark.timeout(3000),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: no browser was driven"),
]
# A series whose only video is none at first; when it is mended it is the beginning of the sample.
BROKEN, MENDED_S = "归来", 9
CORRECTED = "Enciende la lámpara."
# What is no silence, of full scale 1.
HEARD = 0.003


@pytest.fixture(scope="module")
def broken(delivered: Delivered) -> Path:
    """The broken video; its series is in a catalogue of its own."""
    folder = delivered.cluster.root / "second"
    (folder / BROKEN).mkdir(parents=True)
    video = folder / BROKEN / "01.mp4"
    video.write_bytes(b"no video at all" * 1000)
    delivered.cluster.command("catalog", "add", "second", str(folder), "--to", "es")
    return video


@pytest.fixture(scope="module")
def page(delivered: Delivered) -> Iterator[Page]:
    with opened(delivered.cluster.platform.start_console()) as page:
        yield page


def start(page: Page, **fields: str) -> None:
    """Fill in the form of the page of runs, look at what it would do, and start it."""
    page.goto("/runs")
    for name, value in fields.items():
        field = page.locator(f"#starting [name={name}]")
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.click("#starting button")
    confirm(page)


def confirm(page: Page) -> None:
    """Say yes to what a run would do."""
    expect(page.locator("dialog .touched")).not_to_be_empty()
    page.click("dialog [value=yes]")


def until(page: Page, path: str, selector: str) -> None:
    """Load a page until it shows something: the picture of the lake is some seconds old."""
    for _ in range(PAGE_MS // 1000):
        page.goto(path)
        if page.locator(selector).count():
            return
        page.wait_for_timeout(1000)
    raise AssertionError(f"{path} never shows {selector}")


def test_the_sample_is_covered(page: Page, delivered: Delivered) -> None:
    page.goto("/")
    row = page.locator("tbody tr", has_text=delivered.series)
    assert row.locator(".cell").count() == 2
    for cell in row.locator(".cell").all():
        expect(cell).to_contain_text("3")
    accessible(page)
    row.locator("th a").click()
    expect(page.locator("h1")).to_have_text(delivered.series)
    assert page.locator("#episodes ~ .scroll a.cell").count() == 6
    accessible(page)


def test_a_broken_video_is_told_of_and_tried_again_when_it_is_mended(
    page: Page, delivered: Delivered, broken: Path
) -> None:
    start(page, source="lake:second", to="es")
    ended(page, "failed")
    until(page, "/?state=failed", "td .cell.failed")
    page.click(f"tbody th a:has-text('{BROKEN}')")
    page.click("tbody th details summary")
    expect(page.locator("tbody th .reason")).not_to_be_empty()
    page.goto("/runs")
    cause = page.locator(".causes .card")
    expect(cause).to_have_count(1)
    cause.locator("summary").click()
    expect(cause.locator(".reason")).to_contain_text(BROKEN)
    accessible(page)

    whole = sorted((delivered.catalogue / delivered.series).glob("*.mp4"))[0]
    mended = broken.with_name("mended.part")
    copied = ["-t", str(MENDED_S), "-c", "copy", "-f", "mp4", f"file:{mended}"]
    ffmpeg.run(["-i", f"file:{whole}", *copied], what="the mended video", timeout_s=60)
    mended.rename(broken)
    cause.locator("[data-retry]").click()
    confirm(page)
    completed(page)
    until(page, f"/?search={BROKEN}", "td .cell.done")
    page.goto("/runs")
    expect(page.locator(".causes .card")).to_have_count(0)


def test_an_episode_is_played_with_its_subtitles(page: Page, delivered: Delivered) -> None:
    page.goto(url("series", delivered.series, "01", "es"))
    accessible(page)
    played(page, 1.0)
    track = "document.getElementById('video').textTracks[0]"
    assert page.evaluate(f"[{track}.mode, {track}.language]") == ["showing", "es"]
    shown = page.evaluate(f"[...{track}.cues].map(cue => [cue.startTime, cue.text])")
    page.evaluate(f"document.getElementById('video').currentTime = {shown[0][0] + 0.05}")
    deadline = time.monotonic() + 10
    while page.evaluate(f"{track}.activeCues.length") == 0:
        assert time.monotonic() < deadline, "no subtitle is shown in its time"
        page.wait_for_timeout(100)
    assert page.evaluate(f"{track}.activeCues[0].text") == shown[0][1]
    video = decoded(page, page.locator("#video").get_attribute("src") or "")
    assert video.seconds > 5 and video.rms > HEARD
    # Its waveforms are drawn.
    waves = page.request.get(f"/api{urlsplit(page.url).path}/waveform").json()
    assert max(waves["original"]) > 20 and max(waves["dub"]) > 20


def test_a_line_is_corrected_heard_dubbed_and_locked(page: Page, delivered: Delivered) -> None:
    at = url("series", delivered.series, "01", "es")
    page.goto(at)
    line = page.locator(".line").first
    before = decoded(page, line.get_attribute("data-sound") or "")
    line.locator("textarea").fill(CORRECTED)
    with page.expect_response(lambda answer: answer.url.endswith("/say"), timeout=PAGE_MS) as said:
        line.locator("[data-do=say]").click()
    expect(line.locator(".fit")).not_to_be_empty()
    tried = decoded(page, said.value.json()["sound"])
    assert tried.rms > HEARD and tried.seconds == pytest.approx(said.value.json()["duration_ms"] / 1000, abs=0.1)
    line.locator("textarea").press("Control+Enter")
    expect(page.locator("#waiting")).to_contain_text("1")
    page.click("#redo")
    completed(page)

    page.goto(at)
    expect(page.locator("#waiting")).to_be_empty()
    line = page.locator(".line").first
    assert line.locator("textarea").input_value() == CORRECTED
    sound = decoded(page, line.get_attribute("data-sound") or "")
    # What was heard before it was saved is what was dubbed.
    assert sound.rms > HEARD and sound.seconds == pytest.approx(tried.seconds, abs=0.05)
    assert PROFILE == "fake" or sound.seconds != pytest.approx(before.seconds, abs=0.005)
    with page.expect_response(lambda answer: "/media/" in answer.url):
        line.locator("[data-do=dub]").click()
    played(page, 0.5)
    line.locator("[data-do=approve]").click()
    line.locator("[data-do=lock]").click()
    expect(line.locator("textarea")).to_have_attribute("readonly", "")
    expect(line.locator(".state")).to_contain_text("locked")


def test_a_language_is_added(page: Page) -> None:
    start(page, do="backfill", source="lake:second", to="fr", series=BROKEN)
    completed(page)
    until(page, url("series", BROKEN), "thead abbr:has-text('fr')")
    page.goto(url("series", BROKEN, "01", "fr"))
    assert page.locator(".line").count() >= 1
    assert decoded(page, page.locator("#video").get_attribute("src") or "").rms > HEARD


def test_what_was_delivered_is_taken_away(page: Page) -> None:
    page.goto(url("series", BROKEN))
    with page.expect_download() as taken:
        page.click("a[download] >> nth=0")
    with zipfile.ZipFile(taken.value.path()) as archive:
        assert archive.testzip() is None
        kinds = {name.rpartition(".")[2] for name in archive.namelist()}
    assert {"mp4", "srt", "vtt"} <= kinds
