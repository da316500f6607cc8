"""Costs that a lake remembers, and how little of it is read to tell them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.local import LocalStore
from dubwright.planning import backfill, plan
from dubwright.reports import coverage, history
from dubwright.settings import Settings
from tests.planning.test_plan import catalogue

TONGUES = ("de", "en", "es", "pt-BR", "zh-Hant")
SHARED = {"engine": "fake", "engine_version": "1"}


class Asked(LocalStore):
    """A folder that counts the units read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.reads = 0

    def read(self, key: str) -> bytes:
        self.reads += 1
        return super().read(key)


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """The store of a lake where ten episodes of A are translated into five languages."""
    store = Asked(tmp_path / "asked")
    lake = Lake(store)
    for number in range(10):
        for table, language in (("source", None), *(("translation", tongue) for tongue in TONGUES)):
            key = UnitKey(table, "A", f"{number:02d}", language, "0" * 32)
            row = {**SHARED, "language": language or "zh"} | ({"duration_ms": 60_000} if language is None else {})
            lake.commit(key, [row], {"recipe": {"engine": "fake"}, "cost": {"wall_s": 3.0, "device": "cpu"}})
    return store


def test_languages_are_told_in_order(asked: Asked) -> None:
    assert tuple(coverage.languages(Lake(asked), "translation")) == TONGUES
    assert tuple(coverage.languages(Lake(asked), "dub")) == ()


def test_of_each_episode_a_few_languages_are_looked_at(asked: Asked) -> None:
    whole = history.costs(Lake(asked))
    assert {cost.language: cost.units for cost in whole if cost.stage == "translate"} == dict.fromkeys(TONGUES, 10)
    asked.reads = 0
    some = history.costs(Lake(asked), sample=8, tongues=2)
    assert sum(cost.units for cost in some if cost.stage == "translate") == 8 * 2
    assert {cost.wall_s for cost in some} == {3.0}
    assert asked.reads == 8 * 3


def test_a_series_that_nobody_has_begun_is_taken_to_be_like_the_others(asked: Asked, fake_settings: Settings) -> None:
    planner = plan.planner(["en"], fake_settings, Lake(asked), until="translate")
    chosen = backfill.choose(planner, catalogue(["A", "B"]), backfill.Limits(("B",)))
    assert chosen.minutes == 3 * 1.0
    # Three episodes from ingest to translation, of which nothing is known of one stage.
    assert chosen.seconds == 6 * 3.0 and chosen.unknown == ["transcribe"]
