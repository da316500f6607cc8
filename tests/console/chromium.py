"""Chromium for tests of the pages: a page of it, what axe finds wrong with one, and what its sounds hold."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
# Without these it looks for its maker's servers at every start.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (1280, 390)
# A page may wait for Prefect's server, which has 30 s to answer.
RUN_MS, PAGE_MS = 400_000, 60_000
# The length (s) of a file that the page may ask for, and its loudest moment, decoded as the page would.
_DECODED = """async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status} for ${address}`);
  const bytes = await answer.arrayBuffer();
  const found = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(bytes);
  let sum = 0;
  const samples = found.getChannelData(0);
  for (const each of samples) sum += each * each;
  return [found.duration, Math.sqrt(sum / samples.length)];
}"""


@dataclass(frozen=True)
class Sound:
    """What a browser decoded: length in s, root mean square of 1."""

    seconds: float
    rms: float


@contextmanager
def opened(address: str, told: tuple[str, ...] = ("409",)) -> Iterator[Page]:
    """A page of a browser in front of the console at `address`; at the end nothing was wrong in it.

    Answers that a person is `told` of, such as conflicts, are no errors.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900}, base_url=address)
        page = context.new_page()
        page.set_default_timeout(PAGE_MS)
        expect.set_options(timeout=PAGE_MS)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        yield page
        browser.close()
        assert [said for said in wrong if not any(each in said for each in told)] == []


def accessible(page: Page) -> None:
    """What axe finds wrong with the page, which is nothing, at both widths."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})


def completed(page: Page) -> None:
    """Watch the run whose page is opened until it is completed."""
    ended(page, "completed")


def ended(page: Page, state: str, patience_ms: int = RUN_MS) -> None:
    """Watch the run whose page is opened until it has ended so."""
    page.wait_for_url("**/runs/*-*")
    expect(page.locator("#progress .badge").first).to_have_text(state, timeout=patience_ms)


def played(page: Page, seconds: float) -> None:
    """Play the page's video until so much of it has been seen and heard."""
    page.evaluate("document.getElementById('video').play()")
    deadline = time.monotonic() + 30 + seconds
    # Not by wait_for_function: the page lets no script be made of text.
    while page.evaluate("document.getElementById('video').currentTime") < seconds:
        assert time.monotonic() < deadline, "the video does not play"
        page.wait_for_timeout(200)
    assert page.evaluate("document.getElementById('video').webkitAudioDecodedByteCount") > 0
    page.evaluate("document.getElementById('video').pause()")


def decoded(page: Page, address: str) -> Sound:
    """The first sound track of a file, decoded by the page."""
    found: list[Any] = page.evaluate(_DECODED, address)
    return Sound(*found)
