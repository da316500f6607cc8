"""Pictures of every page, to be looked at: in both languages, at both widths, light and dark, over a lake as a desk has it.

    SCREENSHOTS=DIR pytest -m e2e tests/console/test_screenshots.py

Without the variable nothing is drawn; that no page overflows is tested either way. Prefect's answers are made up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from playwright.sync_api import Page

from desk.console.rendering import url
from desk.runs import listing
from desk.runs import progress as progresses
from desk.runs.listing import Artifact, Run, Tasks
from desk.runs.progress import Counts, Progress
from dubwright.lake import Lake
from tests.console.browser import PASSWORD
from tests.console.chromium import CHROMIUM, WIDTHS, opened
from tests.console.conftest import Built, served
from tests.console.furnished import LONG, SERIES, furnish
from tests.flows.conftest import make_video
from tests.platform.platform import free_port

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: no picture was taken"),
]
FOLDER = os.environ.get("SCREENSHOTS")
# Without somebody who looks, two of the four are enough.
LOOKS = [("en", "light"), ("zh", "dark"), *([("en", "dark"), ("zh", "light")] if FOLDER else [])]
NOW = datetime.now(UTC)
RUN = UUID("01959c1e-7d3a-7c50-8d5e-8f3b0c6f2a10")
# By the name of its picture: what is opened there, and which details are unfolded there.
PAGES: dict[str, tuple[str, str | None]] = {
    "coverage": ("/", None),
    "coverage-failed": ("/?state=failed", None),
    "coverage-none": ("/?search=nobody", None),
    "series": (url("series", SERIES), None),
    "series-cast": (url("series", SERIES), "[data-do=who] summary"),
    "series-failures": (url("series", "雪落城南"), "tbody th details summary"),
    "series-long": (url("series", LONG), None),
    "episode": (url("series", SERIES, "01", "es"), None),
    "episode-arabic": (url("series", SERIES, "02", "ar"), ".line .times summary"),
    "queue": (url("queue", SERIES, "es"), None),
    "runs": ("/runs", ".causes summary"),
    "run": (f"/runs/{RUN}", None),
    "quality": ("/quality?language=es", None),
    "account": ("/account", None),
    "users": ("/users", None),
    "audit": ("/audit", None),
    "problem": ("/series/nobody", None),
}


def _run(number: int, name: str, state: Any, minutes: float, **more: Any) -> Run:
    values: dict[str, Any] = {
        "id": RUN if number == 0 else UUID(int=number), "name": name, "flow": "localize-catalog", "deployment": "nightly",
        "state": state,
        "said": None, "expected": NOW - timedelta(hours=number), "started": NOW - timedelta(hours=number), "ended": None,
        "seconds": minutes * 60, "tags": ["en", "es"], "parameters": {}, "queue": "normal", "page": None,
    }  # fmt: skip
    return Run(**values | more)


RUNS = [
    _run(0, "lake:dramas to en, es, fr, th, ar, id, pt-BR", "running", 42),
    _run(
        1,
        f"{LONG} to en",
        "failed",
        12,
        said="3 units are missing, 0 episodes cannot be read; the others are delivered",
    ),
    _run(2, "backfill of lake: to fr", "completed", 190, flow="backfill"),
    _run(3, "lake:archive to en", "crashed", 3),
    _run(4, "retry of lake: to es", "cancelled", 1, flow="backfill"),
    _run(5, "maintenance", "paused", 1, flow="maintain"),
]


async def _listed(*_: Any, **__: Any) -> listing.Page:
    return listing.Page(runs=RUNS, total=60, offset=0)


async def _one(run: UUID) -> Run:
    return RUNS[0]


async def _tasks(run: UUID) -> Tasks:
    return Tasks(counts={}, complete=True)


async def _below(run: UUID, *_: Any, **__: Any) -> listing.Page:
    return listing.Page(runs=RUNS[1:4], total=3, offset=0)


async def _artifacts(run: UUID) -> list[Artifact]:
    rows = [
        {
            "series": name,
            "episode": f"{n:02d}",
            "language": "es",
            "lines": 31,
            "speech s": 62.4,
            "quality": "failed: loudness_lu 3",
        }
        for n, name in enumerate((SERIES, LONG, "长夜灯"), start=1)
    ]
    shared: dict[str, Any] = {"at": NOW, "key": "localization"}
    return [Artifact(id=UUID(int=9), kind="table", about="lake:dramas to en, es", rows=rows, **shared)]


async def _progress(run: UUID) -> Progress:
    stages = [
        Counts(stage=stage, done=done, running=2, waiting=120 - done, failed=failed, blocked=failed)
        for stage, done, failed in (
            ("ingest", 120, 0),
            ("transcribe", 96, 1),
            ("translate", 60, 3),
            ("dub", 31, 0),
            ("render", 28, 0),
        )
    ]
    counts = {
        name: sum(getattr(each, name) for each in stages)
        for name in ("done", "running", "waiting", "failed", "blocked")
    }
    return Progress(stages=stages, all=Counts(stage="all", **counts), per_minute=14.2, left_s=1312, at=NOW)


@pytest.fixture
def console(lake: Lake, tmp_path: Path, staffed: Callable[..., Built]) -> Iterator[str]:
    """A console in a thread of this process; its address."""
    furnish(lake, make_video(tmp_path / "video.mp4"))
    app, _ = staffed(port=(port := free_port()))
    made_up = {"listed": _listed, "one": _one, "tasks": _tasks, "artifacts": _artifacts, "sub_runs": _below}
    with ExitStack() as stack:
        for name, made in made_up.items():
            stack.enter_context(patch.object(listing, name, made))
        stack.enter_context(patch.object(progresses, "progress", _progress))
        yield stack.enter_context(served(app, port))


def overflowing(page: Page, name: str) -> list[str]:
    """Look at a page at both widths: where something of it lies beyond its edge."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(150)
        if FOLDER:
            Path(FOLDER).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(FOLDER) / f"{name}.{width}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{name} at {width}")
    return found


def test_every_page_at_every_width(console: str) -> None:
    beyond: list[str] = []
    with opened(console, told=("404",)) as page:
        for language, theme in LOOKS:
            cookies = {"language": language, "theme": theme}
            page.context.add_cookies([{"name": key, "value": value, "url": console} for key, value in cookies.items()])
            if (language, theme) == LOOKS[0]:
                page.goto("/login")
                beyond += overflowing(page, f"login.{language}.{theme}")
                page.fill("[name=name]", "operator")
                page.fill("[name=password]", PASSWORD)
                page.click("main button[type=submit]")
                page.wait_for_url("**/")
            for name, (path, opens) in PAGES.items():
                page.goto(path)
                for each in page.locator(opens).all()[:2] if opens else ():
                    each.evaluate("summary => { summary.parentElement.open = true; }")
                beyond += overflowing(page, f"{name}.{language}.{theme}")
    assert beyond == []
