"""A market's part in a translation: told to a translator that takes instructions, and kept in the notes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dubwright import unit
from dubwright.lake import Lake
from dubwright.translate import market
from dubwright.translate import work as stage
from dubwright.translate.chat import scene as scenes
from dubwright.translate.engine import Line, Scene, Translated
from dubwright.translate.market import finding
from tests.translate import test_stage as plain

LINES = ("师父，给我十万。", "你吃醋了？", "外面下着大雨。")
ANSWERS = ("Teacher, ten thousand, please.", "You are eating vinegar?", "It's pouring outside.")


@pytest.fixture
def machine(lake: Lake, tmp_path: Path) -> unit.Machine:
    return unit.Machine(lake=lake.uri, models_dir=str(tmp_path / "models"))


def answered(*texts: str) -> list[Translated]:
    return [Translated(at, text, ("length: much longer than the line",)) for at, text in enumerate(texts, start=1)]


def test_findings_are_notes_and_texts_stay(lake: Lake, machine: unit.Machine) -> None:
    rows = stage.finish(plain.work(lake, LINES), lake, machine, answered(*ANSWERS))
    assert [row["text"] for row in rows] == list(ANSWERS)
    found = [[each for note in row["notes"] if (each := finding.parse(note))] for row in rows]
    assert [[each.kind for each in findings] for findings in found] == [["amount", "address"], ["idiom"], []]
    assert all(row["notes"][0] == "length: much longer than the line" for row in rows)


def test_a_persons_text_is_reviewed_like_any_other(lake: Lake, machine: unit.Machine) -> None:
    job = plain.work(lake, LINES)
    fixed = plain.edit(lake, 1, "Master, a hundred thousand.", source_text=LINES[0])
    worse = plain.edit(lake, 3, "Then I'll kill myself.", source_text=LINES[2])
    edited = unit.Work(**{name: getattr(job, name) for name in unit.Work.__slots__} | {"edits": (fixed, worse)})
    rows = stage.finish(edited, lake, machine, answered(*ANSWERS))
    assert rows[0]["notes"] == []
    (note,) = rows[2]["notes"]
    assert note.startswith("sensitive: “kill myself”, self-harm")


def test_the_model_is_told_what_its_lines_need() -> None:
    lines = [Line(at, text, None, 1500) for at, text in enumerate(LINES, start=1)]
    scene = Scene("zh", "es", lines, glossary={"师父": "maestro"}, market=market.of("es"))
    asked = json.loads(scenes.question(scene, lines[:2], [], lines[2:])[1]["content"])
    told = asked["market"]
    assert told["say"] == {"吃醋": market.of("es").idioms["吃醋"].say}
    assert told["amounts"] == {"十万": "100.000"}
    assert told["you"]["superior"] == "usted"
    later = json.loads(scenes.question(scene, lines[2:], [], [])[1]["content"])["market"]
    assert set(later) == {"style", "you", "punctuation", "numbers"}
    # A scene that was given no market asks for nothing of one.
    assert json.loads(scenes.question(Scene("zh", "es", lines), lines[2:], [], [])[1]["content"])["market"] == {}


def test_every_part_of_a_market_is_explained_to_the_model() -> None:
    for name in ("you", "style", "punctuation", "numbers", "say", "amounts", "care"):
        assert f"`{name}`" in scenes.INSTRUCTIONS
