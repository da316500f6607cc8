"""Quality over time: sums over sums, of a bounded sample, by the engine that made it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dubwright.lake import Lake
from dubwright.lake.lake import ulid
from dubwright.lake.layout import EvaluationKey
from dubwright.quality import trends
from dubwright.quality.trends import Point, evaluations, samples, trend
from dubwright.settings import Settings, load
from tests.console.works import deliver, register


@pytest.fixture
def settings(lake: Lake) -> Settings:
    return load({"profile": "fake", "lake": lake.uri})


def only(points: dict[str, list[Point]]) -> Point:
    """The one figure of the one engine."""
    ((engine, found),) = points.items()
    assert engine == "fake" and len(found) == 1
    return found[0]


def test_measures_are_sums_over_sums(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    register(lake, tmp_path / "dramas", "A/01", "A/02")
    deliver(lake, settings, ["es", "fr"], bad=["02"])
    found = samples(lake, "es", settings.quality, {})
    assert len(found) == 2
    figures = {measure: only(trend(found, measure, "day")) for measure in ("on_time", "tempo", "word_error", "flags")}
    # Four lines, one of them far too late; four minutes of video.
    assert (figures["on_time"].value, figures["on_time"].base) == (0.75, 4)
    assert (figures["tempo"].value, figures["flags"].value, figures["flags"].base) == (1.0, 0.25, 4)
    assert figures["word_error"].value == pytest.approx(0.1)
    assert only(trend(found, "dub_cost", "day")).value == 15 == only(trend(found, "translate_cost", "day")).value
    assert only(trend(found, "on_time", "version")).at == found[0].versions["dub"] != ""
    assert trend(found, "chrf", "day") == {}
    assert only(trend(found, "on_time", "day")).at == f"{found[0].at:%Y-%m-%d}"


def test_what_was_read_once_is_not_read_again(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    register(lake, tmp_path / "dramas", "A/01")
    deliver(lake, settings)
    known: trends.Known = {}
    before = samples(lake, "es", settings.quality, known)
    for found in list(lake.store.list("quality/")):
        lake.store.delete(found.key)
    assert samples(lake, "es", settings.quality, known) == before
    assert samples(lake, "es", settings.quality, {}) == [], "what was not measured says nothing"
    for found in list(lake.store.list("deliverable/")):
        lake.store.delete(found.key)
    assert samples(lake, "es", settings.quality, known) == [] and known == {}


def test_of_a_day_only_some_are_looked_at_and_always_the_same(
    lake: Lake, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trends, "A_DAY", 2)
    register(lake, tmp_path / "dramas", *(f"A/{number:02d}" for number in range(9)))
    deliver(lake, settings)
    first: trends.Known = {}
    again: trends.Known = {}
    assert len(samples(lake, "es", settings.quality, first)) == 2
    samples(lake, "es", settings.quality, again)
    assert first.keys() == again.keys()


def test_evaluations_are_of_translators(lake: Lake) -> None:
    for engine, value in (("llama", 40.0), ("llama", 44.0), ("nllb", 50.0)):
        key = EvaluationKey("es", "packaged", engine, "0" * 32, ulid())
        row = {"episode": "all", "engine_version": "3", "metric": "chrf", "value": value}
        lake.add_evaluation(key, [row, {**row, "metric": "names", "value": 90.0}], {})
    found = trend(evaluations(lake, "es"), "chrf", "version")
    assert found == {"llama": [Point("3", 42.0, 2.0)], "nllb": [Point("3", 50.0, 1.0)]}
    assert list(evaluations(lake, "fr")) == []
