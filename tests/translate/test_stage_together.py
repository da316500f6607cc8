"""The stage over a packet's episodes: one call of the engine for all scenes, each episode with an outcome of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from dubwright import unit
from dubwright.errors import DubwrightError, EngineOutputError, LanguageError, UnreadableError
from dubwright.lake import Lake
from dubwright.translate import work as stage
from dubwright.translate.engine import BatchTranslator, Scene, Translated
from dubwright.translate.fake import FakeTranslator
from tests.translate.test_stage import LINES, edit, work

EPISODES = (LINES, ("你好。", "再见。"), (), (LINES[0], "翻译失败"))
Answers = list[list[Translated] | DubwrightError]


class Together(FakeTranslator):
    """The fake, taking several scenes at once; how many, call by call. `spoils` is what goes wrong with the answers."""

    calls: ClassVar[list[int]] = []

    def translate_many(self, scenes: Sequence[Scene]) -> Answers:
        self.calls.append(len(scenes))
        return self.spoilt([self.translate(scene) for scene in scenes])

    def spoilt(self, answers: Answers) -> Answers:
        return answers


@pytest.fixture
def machine(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> unit.Machine:
    _use(monkeypatch, Together)
    monkeypatch.setattr(Together, "calls", [])
    return unit.Machine(lake=lake.uri, models_dir=str(tmp_path / "models"))


def _use(monkeypatch: pytest.MonkeyPatch, engine: type[FakeTranslator]) -> None:
    monkeypatch.setattr(unit, "_loaded", {})
    monkeypatch.setattr(unit.engines, "engine_class", lambda stage, name: engine)


def _works(lake: Lake) -> list[unit.Work]:
    return [work(lake, texts, (None,) * len(texts)) for texts in EPISODES]


def _texts(lake: Lake, job: unit.Work) -> list[str]:
    return [row["text"] for row in lake.read(job.key).rows()]


def test_the_rows_are_those_of_one_by_one(lake: Lake, machine: unit.Machine) -> None:
    works = _works(lake)
    alone = [stage.run(job, lake, machine) for job in works]
    assert Together.calls == []
    receipts = unit.execute_all(works, machine)
    assert all(isinstance(receipt, unit.Receipt) and receipt.computed for receipt in receipts)
    # Nobody speaks in one of the four.
    assert Together.calls == [3]
    for job, rows in zip(works, alone, strict=True):
        found = lake.read(job.key).rows()
        assert [{name: row[name] for name in rows[0]} for row in found] == rows if rows else not found


def test_an_engine_for_one_scene_at_a_time_goes_on_as_it_is(
    lake: Lake, machine: unit.Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not isinstance(FakeTranslator, BatchTranslator)
    _use(monkeypatch, FakeTranslator)
    assert stage.ask(_works(lake), lake, machine) == [None] * 4


def test_units_with_edits_whose_unedited_unit_is_committed_ask_nothing(lake: Lake, machine: unit.Machine) -> None:
    works = _works(lake)[:2]
    unit.execute_all(works, machine)
    keys = (edit(lake, 1, "Hi.", "你好。"),)
    edited = [
        replace(job, fingerprint=letter * 32, edits=keys, upstream={**job.upstream, "translate": job.key})
        for job, letter in zip(works, "ef", strict=True)
    ]
    Together.calls.clear()
    assert all(isinstance(receipt, unit.Receipt) for receipt in unit.execute_all(edited, machine))
    assert Together.calls == []
    assert _texts(lake, edited[1]) == ["Hi.", _texts(lake, works[1])[1]]


def test_one_that_fails_stops_no_other(lake: Lake, machine: unit.Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(self: Together, answers: Answers) -> Answers:
        _, second, third = answers
        assert isinstance(second, list)
        return [LanguageError("unknown"), second[:1], third]

    monkeypatch.setattr(Together, "spoilt", spoilt)
    works = _works(lake)
    gone = replace(works[0].upstream["transcribe"], fingerprint="0" * 32)
    works.append(replace(works[0], fingerprint="a" * 32, upstream={"transcribe": gone}))
    outcomes = unit.execute_all(works, machine)
    assert [type(outcome) for outcome in outcomes[:4]] == [LanguageError, EngineOutputError, unit.Receipt, unit.Receipt]
    assert "not one answer per line" in str(outcomes[1])
    assert isinstance(outcomes[4], DubwrightError)
    assert Together.calls == [3]


@pytest.mark.parametrize("trouble", [MemoryError(), ValueError("odd"), UnreadableError("torn")])
def test_where_the_engine_fails_for_all_each_is_asked_alone(
    lake: Lake, machine: unit.Machine, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def fail(self: Together, answers: Any) -> Answers:
        raise trouble

    monkeypatch.setattr(Together, "spoilt", fail)
    works = _works(lake)
    assert all(isinstance(receipt, unit.Receipt) for receipt in unit.execute_all(works, machine))
    assert all(lake.committed(job.key) for job in works)
