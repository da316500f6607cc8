"""Engines that misbehave: a line is said again, by another engine, or keeps its original voice; it is flagged, and alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright import engines, settings, unit, watched
from dubwright.dub import takes
from dubwright.dub.engine import Speech, Voice
from dubwright.dub.kokoro import VOICES, Kokoro
from dubwright.dub.separation import bed as separation
from dubwright.dub.takes import joined, stand_ins, wordings
from dubwright.dub.voicing import LineVoice
from dubwright.errors import EngineMissingError, EngineOutputError, EngineStuckError, LanguageError, VoiceError
from dubwright.lake import Lake
from dubwright.models.store import ModelStore
from dubwright.settings import DubSettings
from dubwright.unit import Machine, Work
from tests.dub import faulty
from tests.dub.conftest import LINES, Dubbed, Episodes, Said
from tests.dub.faulty import FAULTS, Faulty, Separator, Together

Dub = Callable[[Work], Dubbed]
ALONE = DubSettings(engines=("faulty",), separator="none")
TWO = DubSettings(engines=("faulty", "stand-in"), separator="none")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    faulty.register(monkeypatch)
    # With so little patience a healthy engine must still be in time on a busy machine.
    monkeypatch.setattr(takes, "PATIENCE_S", 4.0)
    monkeypatch.setattr(takes, "PATIENCE_PER_CHARACTER_S", 0.0)
    yield
    faulty.released.set()


def predicted(lake: Lake, work: Work) -> Work:
    """The unit, each line's translation saying how long it should take; as the fixtures say nothing."""
    rows = lake.read(work.upstream["translate"]).rows()
    engine = Faulty(ALONE, {}, 1)
    for row in rows:
        row["predicted_ms"] = engine.speak(row["text"].replace("princess", "xxxxxxxx"), "en", "fake-f1").duration_ms
    key = replace(work.upstream["translate"], fingerprint="0" * 32)
    names = ("segment", "text", "state", "predicted_ms", "language", "engine", "engine_version")
    lake.commit(key, [{name: row[name] for name in names} for row in rows], {})
    Faulty.asked.clear()
    return replace(work, upstream={**work.upstream, "translate": key})


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_another_engine_speaks_the_line(
    episodes: Episodes, dub: Dub, lake: Lake, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(Faulty, "fault", fault)
    episodes.settings = TWO
    rows, _ = dub(predicted(lake, episodes.add()))
    assert [row["verdict"] for row in rows] == ["fits", "unfit", "fits"]
    assert [row["engine"] for row in rows] == ["faulty", "stand-in", "faulty"]
    assert [row["voice"] for row in rows] == ["fake-f1", "sfake-f1", "fake-f1"]
    assert rows[1]["engine_version"] == "4"
    assert "sfake-f1 of stand-in speaks" in rows[1]["reason"]
    assert lake.store.exists(rows[1]["blob"]) and rows[1]["duration_ms"]
    # Asked twice at least before it is given up, unless it hangs.
    assert (len([text for text in Faulty.asked if faulty.BAD in text]) >= 2) == (fault != "hangs")


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_without_another_the_original_voice_is_kept(
    episodes: Episodes, dub: Dub, lake: Lake, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(Faulty, "fault", fault)
    episodes.settings = ALONE
    rows, _ = dub(predicted(lake, episodes.add()))
    assert [row["verdict"] for row in rows] == ["fits", "unfit", "fits"]
    assert rows[1]["blob"] is None and rows[1]["voice"] is None
    assert rows[1]["reason"].endswith("the original voice is kept")


@pytest.mark.slow
def test_a_line_that_is_right_in_another_wording_is_not_flagged(
    episodes: Episodes, dub: Dub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Faulty, "fault", "whole_only")
    episodes.settings = TWO
    line = Said(2600, 5400, "Nobody told the princess, not even you.")
    rows, _ = dub(episodes.add((LINES[0], line)))
    assert [(row["verdict"], row["engine"], row["reason"]) for row in rows] == [("fits", "faulty", None)] * 2
    assert Faulty.asked[1:] == [line.text, "Nobody told the princess,", "not even you."]
    # What was asked for is found again as it was asked for.
    Faulty.asked.clear()
    dub(episodes.add((LINES[0], line), episode="02"))
    assert Faulty.asked == []


@pytest.fixture
def together(episodes: Episodes) -> None:
    episodes.settings = DubSettings(engines=("together", "stand-in"), separator="none")
    Faulty.asked.clear()
    Together.batches.clear()


@pytest.mark.slow
@pytest.mark.usefixtures("together")
def test_lines_that_nobody_said_before_are_said_together(episodes: Episodes, dub: Dub) -> None:
    rows, _ = dub(episodes.add())
    assert Together.batches == [3] and len(Faulty.asked) == 3
    new = Said(5000, 6000, "Who was it?")
    again, _ = dub(episodes.add((*LINES, new), episode="02"))
    assert Together.batches == [3] and Faulty.asked[3:] == [new.text]
    episodes.settings = ALONE
    alone, _ = dub(episodes.add(episode="03"))
    assert [row["blob"] for row in rows] == [row["blob"] for row in alone]
    assert {row["verdict"] for row in rows + again} == {"fits"}


@pytest.mark.slow
@pytest.mark.usefixtures("together")
@pytest.mark.parametrize("fault", ["silent", "falls_over", "nothing", "not_a_number"])
def test_a_line_that_goes_wrong_among_others_is_said_again_alone(
    episodes: Episodes, dub: Dub, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(Faulty, "fault", fault)
    rows, _ = dub(episodes.add())
    assert [(row["verdict"], row["engine"]) for row in rows] == [
        ("fits", "together"),
        ("unfit", "stand-in"),
        ("fits", "together"),
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("together")
@pytest.mark.parametrize("broken", ["falls over", "hangs", "short", "nothing", "no sounds"])
def test_where_they_cannot_be_said_together_they_are_said_one_by_one(
    episodes: Episodes, dub: Dub, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(takes, "PATIENCE_S", 1.0)
    monkeypatch.setattr(Together, "broken", broken)
    rows, _ = dub(episodes.add())
    assert Together.batches == [3]
    assert [(row["verdict"], row["engine"]) for row in rows] == [("fits", "together")] * 3


@pytest.mark.slow
def test_a_voice_that_is_missing_is_stood_in_for_by_the_same_engine(
    episodes: Episodes, dub: Dub, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Faulty.speak

    def speak(self: Faulty, text: str, language: str, voice: str) -> Any:
        return (
            self.no_voice(Speech(np.zeros(0, np.float32), 1), text)
            if voice == "fake-f1"
            else real(self, text, language, voice)
        )

    monkeypatch.setattr(Faulty, "speak", speak)
    episodes.settings = TWO
    rows, _ = dub(episodes.add())
    assert {(row["engine"], row["voice"], row["verdict"]) for row in rows} == {("faulty", "fake-f2", "unfit")}
    assert "the file of the voice is gone" in rows[0]["reason"]


@pytest.mark.slow
def test_a_stand_in_that_is_not_installed_is_one_more_reason(
    episodes: Episodes, dub: Dub, monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    monkeypatch.setattr(Faulty, "fault", "silent")
    episodes.settings = ALONE.model_copy(update={"engines": ("faulty", "missing", "nobody", "stand-in")})
    rows, _ = dub(episodes.add())
    assert rows[1]["engine"] == "stand-in"
    assert "no-such-package" in rows[1]["reason"]
    # As the language's own engine it is the operator's to install.
    episodes.settings = ALONE.model_copy(update={"engines": ("missing", "stand-in")})
    with pytest.raises(EngineMissingError, match="pip install"):
        unit.execute(episodes.add(), machine)


@pytest.mark.slow
def test_an_engine_that_fails_on_a_whole_episode_is_not_stood_in_for(
    episodes: Episodes, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Faulty, "fault", "falls_over")
    monkeypatch.setattr(faulty, "BAD", "")
    episodes.settings = TWO
    with pytest.raises(EngineOutputError, match="none of 3 lines could be spoken by faulty") as raised:
        unit.execute(episodes.add(), machine)
    assert raised.value.transient


@pytest.mark.slow
def test_an_engine_that_hangs_is_loaded_anew_and_then_asked_no_more(
    episodes: Episodes, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Faulty, "fault", "hangs")
    monkeypatch.setattr(takes, "PATIENCE_S", 2.0)
    episodes.settings = TWO
    work = episodes.add()
    first = unit.load_engine("dub", Faulty.info, work.settings, machine)
    asked = takes.Takes(work, episodes.lake, machine, 44_100)
    for number in (1, 2):
        assert (
            asked.take(takes.Asked(number, f"Princess {number}, princess.", LineVoice("fake-f1"))).engine.name
            == "stand-in"
        )
    assert unit.load_engine("dub", Faulty.info, work.settings, machine) is not first
    with pytest.raises(EngineStuckError, match="hung 3 times") as raised:
        asked.take(takes.Asked(3, "A princess.", LineVoice("fake-f1")))
    assert raised.value.transient
    with pytest.raises(EngineStuckError):
        unit.load_engine("dub", Faulty.info, work.settings, machine)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["falls over", "no memory", "hangs", "not a number", "short"])
def test_where_voices_cannot_be_separated_the_original_is_lowered(
    episodes: Episodes, lake: Lake, machine: Machine, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(separation, "PATIENCE_S", 4.0 if fault == "hangs" else 60)
    monkeypatch.setattr(separation, "PATIENCE_PER_SECOND_S", 0)
    monkeypatch.setattr(Separator, "fault", fault)
    episodes.settings = TWO.model_copy(update={"separator": "separator"})
    work = episodes.add()
    unit.execute(work, machine)
    *lines, mix = lake.read(work.key).rows()
    assert {row["verdict"] for row in lines} == {"fits"}
    assert "the original is lowered" in mix["reason"]
    monkeypatch.setattr(Separator, "fault", "")
    again = episodes.add(episode="02")
    unit.execute(again, machine)
    assert lake.read(again.key).rows()[-1]["reason"] is None


@pytest.mark.slow
def test_hostile_lines_are_flagged_alone(episodes: Episodes, dub: Dub) -> None:
    episodes.settings = DubSettings(engines=("espeak-ng",), separator="none")
    lines = (
        Said(200, 900, "?!… —"),
        Said(1000, 1800, "😀👩‍👩‍👧"),
        Said(2000, 4000, "Wait! 😀 What?"),
        Said(4500, 5500, "And then the general said to everybody " * 12),
        Said(6000, 8000, "Nobody told her."),
    )
    rows, mixed = dub(episodes.add(lines, seconds=40.0))
    assert [row["verdict"] for row in rows] == ["unfit", "unfit", "fits", "unfit", "late"]
    assert rows[0]["reason"] == rows[1]["reason"] == "nothing to speak: the original voice is kept"
    assert "into what follows" in rows[3]["reason"] and rows[3]["tempo"] == pytest.approx(1.35, abs=0.01)
    assert np.abs(mixed).max() > 0.1


def test_a_language_that_no_engine_speaks_names_one_that_would() -> None:
    with pytest.raises(LanguageError, match=r"dub\.engines: none of the engines kokoro handles Thai.*espeak-ng"):
        engines.select("dub", ("kokoro",), "th")


@pytest.mark.models
def test_a_voice_file_that_is_missing_or_cut_is_a_typed_error(tmp_path: Path) -> None:
    store = ModelStore(settings.load().models_dir)
    found = {name: store.ensure(name) for name in Kokoro.info.models}
    (tmp_path / "af_bella.bin").write_bytes(b"\0" * 1000)
    engine = Kokoro(DubSettings(), {**found, VOICES: tmp_path}, 1)
    for voice in ("af_heart", "af_bella"):
        with pytest.raises(VoiceError, match="voice"):
            engine.speak("Hello.", "en", voice)


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("Go", [("Go",), ("Go.",)]),
        ("Go!", [("Go!",), ("Go!",)]),
        ("走", [("走",), ("走。",)]),
        ("Stop, he said. Why?", [("Stop, he said. Why?",), ("Stop,", "he said.", "Why?")]),
        ("别走，好吗？", [("别走，好吗？",), ("别走，", "好吗？")]),
        ("1,5 and 3:2", [("1,5 and 3:2",), ("1,5 and 3:2.",)]),
        ("… well", [("… well",), ("… well.",)]),
    ],
)
def test_a_line_is_said_in_other_wordings(text: str, ways: list[tuple[str, ...]]) -> None:
    assert wordings(text) == ways


def test_pieces_are_joined_with_pauses() -> None:
    piece = Speech(np.ones(1000, np.float32), 1000)
    assert joined([piece, piece, piece]).duration_ms == 3000 + 2 * 180
    with pytest.raises(EngineOutputError):
        joined([piece, Speech(piece.samples, 2000)])


def test_stand_ins_are_of_the_sex_and_told_apart() -> None:
    own = [Voice("a", "female"), Voice("b", "male"), Voice("c", "female"), Voice("d", "female")]
    others = [Voice("x", "male"), Voice("y", "female"), Voice("z", "female")]
    assert [stand_ins(voice.name, own, others)[0] for voice in own] == ["y", "x", "z", "y"]
    assert stand_ins("gone", own, others)[0] == "x"
    assert stand_ins("a", own, own) == ["c", "d"]
    assert stand_ins("b", own, own) == ["a", "c", "d"]
    assert stand_ins("a", own[:1], own[:1]) == []


def test_a_call_that_does_not_return_is_left_behind() -> None:
    assert watched.within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        watched.within(5, lambda: 1 / 0)
    with pytest.raises(watched.NotReturned):
        watched.within(0.05, lambda: faulty.released.wait(60))
    assert watched.within(5, lambda: 8) == 8
