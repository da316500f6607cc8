"""The page of trends: pictures of figures, and the figures themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desk.console import charts
from desk.console.charts import chart
from desk.console.views.quality import Line, Point, Trend
from dubwright.lake import Lake
from dubwright.settings import load
from tests.console.browser import Browser
from tests.console.conftest import Built
from tests.console.works import deliver, register


def trend(*lines: list[tuple[str, float]], unit: str = "%") -> Trend:
    named = [
        Line(engine=f"engine {number}", points=[Point(at=at, value=value, base=1) for at, value in points])
        for number, points in enumerate(lines)
    ]
    return Trend(measure="on_time", title="Lines on time", unit=unit, lines=named)


def test_days_stand_by_their_distance_and_figures_by_their_size() -> None:
    found = chart(trend([("2026-11-20", 90.0), ("2026-11-21", 95.0), ("2026-11-30", 100.0)]))
    first, second, last = found.lines[0].dots
    assert charts.LEFT < first.x < second.x < last.x < charts.RIGHT
    assert last.x - second.x == pytest.approx(9 * (second.x - first.x))
    assert first.y == charts.BOTTOM and last.y == charts.TOP and first.y > second.y > last.y
    assert [mark.text for mark in found.below] == ["11-20", "11-21", "11-30"]
    assert [mark.text for mark in found.beside] == ["90", "95", "100"]
    assert first.text == "2026-11-20: 90 %"


def test_versions_stand_side_by_side_in_the_order_of_their_numbers() -> None:
    found = chart(trend([("10", 1.0), ("9", 2.0)], [("2", 3.0)]))
    assert [at for at, _ in found.rows] == ["2", "9", "10"]
    assert found.rows[0][1] == [None, 3.0] and [line.style for line in found.lines] == [0, 1]


FIGURES = st.floats(0, 1e6, allow_nan=False)


@example([("2026-11-22", 100.0)])
@example([("2026-11-22", 1e-80)])
@given(st.lists(st.tuples(st.dates().map(str), FIGURES), min_size=1, max_size=9, unique_by=lambda point: point[0]))
def test_every_figure_stands_inside_its_axes(points: list[tuple[str, float]]) -> None:
    found = chart(trend(points))
    for dot in found.lines[0].dots:
        assert charts.LEFT <= dot.x <= charts.RIGHT and charts.TOP - 0.1 <= dot.y <= charts.BOTTOM + 0.1
    assert 2 <= len(found.beside) <= 8 and len(found.below) <= charts.DATES + 1


@pytest.mark.slow
def test_the_page_and_its_twin(lake: Lake, tmp_path: Path, staffed: Callable[..., Built]) -> None:
    register(lake, tmp_path / "dramas", "A/01", "A/02")
    deliver(lake, load({"profile": "fake", "lake": lake.uri}), ["es", "fr"], bad=["02"])
    browser = Browser(staffed()[0])
    browser.log_in("viewer")
    found = browser.get("/api/quality?language=es").json()
    assert found["at"] is None and found["trends"] == [], "nobody waits for it"
    end = time.monotonic() + 20
    while not found["at"] and time.monotonic() < end:
        time.sleep(0.05)
        found = browser.get("/api/quality?language=es").json()
    assert (found["language"], found["languages"], found["episodes"]) == ("es", ["es", "fr"], 2)
    on_time = found["trends"][0]
    assert (on_time["measure"], on_time["unit"], on_time["lines"][0]["points"][0]["value"]) == ("on_time", "%", 75.0)
    page = browser.get("/quality?language=es", headers={"accept-language": "zh"}).text
    assert "按时的台词" in page and "<polyline" in page and "style=" not in page and "75" in page
    assert browser.get("/quality?language=es&by=version").status_code == 200
    assert browser.get("/quality?language=no such&by=day").status_code == 422
    # A language in which nothing is there shows what there is.
    assert browser.get("/api/quality?language=th").json()["language"] in ("es", "fr")
