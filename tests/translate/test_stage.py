"""The stage: transcript in, translation out, people's edits over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dubwright import unit
from dubwright.errors import EngineOutputError, SettingsError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.series.cast import Cast, Person
from dubwright.series.facts import SeriesFacts
from dubwright.settings import TranslateSettings
from dubwright.translate import work as stage
from dubwright.translate.engine import Scene, Translated
from dubwright.translate.fake import FakeTranslator

FACTS = SeriesFacts.model_validate({"glossary": [{"source": "林晚", "renderings": {"en": "Lin Wan", "es": "Lin Wan"}}]})
LINES = ("林晚，你终于来了。", "让她走，我不想见她。", "外面下着大雨。")


@pytest.fixture
def machine(lake: Lake, tmp_path: Path) -> unit.Machine:
    return unit.Machine(lake=lake.uri, models_dir=str(tmp_path / "models"))


def work(lake: Lake, texts: Sequence[str] = LINES, speakers: Sequence[str | None] = (None,) * 3) -> unit.Work:
    """A unit that translates these lines to English; their transcript is committed."""
    key = UnitKey("transcript", "长安", "01", None, fingerprint({"texts": list(texts), "speakers": list(speakers)}))
    rows = [
        {
            "segment": number,
            "language": "zh",
            "engine": "fake",
            "engine_version": "1",
            "start_ms": number * 3000,
            "end_ms": number * 3000 + 1800,
            "text": text,
            "speaker": speaker,
            "words": [],
        }
        for number, (text, speaker) in enumerate(zip(texts, speakers, strict=False), start=1)
    ]
    lake.commit(key, rows, {})
    return unit.Work(
        stage="translate",
        series="长安",
        episode="01",
        language="en",
        source_language="zh",
        source_uri="",
        source_digest="",
        fingerprint=fingerprint({"translate": list(texts)}),
        settings=TranslateSettings(engine="fake", model=""),
        upstream={"transcribe": key},
        facts=FACTS,
    )


def edit(lake: Lake, segment: int, text: str, source_text: str = "") -> str:
    source_text = source_text or LINES[segment - 1]
    return lake.add_edit("en", "长安", "01", segment=segment, source_text=source_text, text=text, editor="ana")


def committed(lake: Lake, work: unit.Work, machine: unit.Machine) -> list[dict[str, Any]]:
    unit.execute(work, machine)
    return lake.read(work.key).rows()


def test_a_row_per_segment_fits_the_table(lake: Lake, machine: unit.Machine) -> None:
    job = work(lake)
    rows = committed(lake, job, machine)
    assert [row["segment"] for row in rows] == [1, 2, 3]
    assert [row["source_text"] for row in rows] == list(LINES)
    assert {row["state"] for row in rows} == {"draft"}
    assert {row["slot_ms"] for row in rows} == {1800}
    assert {row["glossary_version"] for row in rows} == {FACTS.digest_for("translate", "en")}
    assert rows[0]["text"].startswith("Lin Wan")
    assert all(row["predicted_ms"] > 0 for row in rows)


def test_no_lines_give_no_rows(lake: Lake, machine: unit.Machine) -> None:
    assert committed(lake, work(lake, ()), machine) == []


def test_a_failed_line_is_recorded_and_the_others_delivered(lake: Lake, machine: unit.Machine) -> None:
    rows = committed(lake, work(lake, (LINES[0], "翻译失败", LINES[2])), machine)
    assert [row["state"] for row in rows] == ["draft", "failed", "draft"]
    assert rows[1]["text"] == ""
    assert rows[1]["notes"]
    assert rows[1]["predicted_ms"] == 0


def test_when_every_line_failed_there_is_no_unit(lake: Lake, machine: unit.Machine) -> None:
    job = work(lake, ("翻译失败", "又翻译失败"))
    with pytest.raises(EngineOutputError, match="none of 2 lines"):
        unit.execute(job, machine)
    assert not lake.committed(job.key)


def test_an_edit_holds_while_its_source_text_does_and_the_latest_wins(lake: Lake, machine: unit.Machine) -> None:
    keys = (
        edit(lake, 1, "First try"),
        edit(lake, 2, "Of another source", source_text="让他走。"),
        edit(lake, 1, " Lin Wan, at last. "),
        edit(lake, 9, "No such line", source_text=LINES[0]),
    )
    job = work(lake)
    before = committed(lake, job, machine)
    rows = committed(lake, replace(job, fingerprint="e" * 32, edits=keys), machine)
    assert rows[0]["text"] == "Lin Wan, at last."
    assert rows[0]["state"] == "edited"
    assert rows[0]["editor"] == "ana"
    assert rows[0]["predicted_ms"] != before[0]["predicted_ms"]
    assert [row["text"] for row in rows[1:]] == [row["text"] for row in before[1:]]
    assert {row["state"] for row in rows[1:]} == {"draft"}


def test_an_edit_saves_a_line_that_failed(lake: Lake, machine: unit.Machine) -> None:
    job = work(lake, ("翻译失败",))
    key = edit(lake, 1, "It failed.", source_text="翻译失败")
    (row,) = committed(lake, replace(job, edits=(key,)), machine)
    assert (row["text"], row["state"], row["notes"]) == ("It failed.", "edited", [])


def test_with_edits_the_engine_is_not_asked_again(lake: Lake, machine: unit.Machine) -> None:
    job = work(lake)
    before = committed(lake, job, machine)
    # An engine that is not there cannot be asked: the other lines come from the unit without edits.
    edited = replace(
        job,
        fingerprint="d" * 32,
        edits=(edit(lake, 2, "Tell her to go."),),
        upstream={**job.upstream, "translate": job.key},
        settings=TranslateSettings(engine="absent", model=""),
    )
    rows = stage.run(edited, lake, machine)
    assert rows[1]["text"] == "Tell her to go."
    assert [rows[at]["text"] for at in (0, 2)] == [before[at]["text"] for at in (0, 2)]
    missing = replace(edited, upstream={**job.upstream, "translate": replace(job.key, fingerprint="c" * 32)})
    with pytest.raises(SettingsError, match="absent"):
        stage.run(missing, lake, machine)


def test_who_speaks_is_told_by_the_best_name_there_is(
    lake: Lake, machine: unit.Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes: list[Scene] = []

    class Listening(FakeTranslator):
        def translate(self, scene: Scene) -> list[Translated]:
            scenes.append(scene)
            return super().translate(scene)

    monkeypatch.setattr(unit, "_loaded", {})
    monkeypatch.setattr(unit.engines, "engine_class", lambda stage, name: Listening)
    people = {"c01": Person("c01", "老王"), "c02": Person("c02")}
    cast = Cast(people, {("01", "S1"): "c01", ("01", "S2"): "c02"})
    job = work(lake, speakers=("S1", "S2", "S3"))
    committed(lake, replace(job, cast=cast), machine)
    assert [line.speaker for line in scenes[0].lines] == ["老王", "c02", "S3"]
