"""Given voices and clones in the stage: who speaks how, what is synthesized anew, what is flagged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright import unit
from dubwright.dub.engine import Speech
from dubwright.dub.fake import FakeCloner, FakeSynthesizer
from dubwright.lake import Lake
from dubwright.media import sound
from dubwright.series.cast import Cast, Person
from dubwright.series.facts import Character, SeriesFacts
from dubwright.series.voice_facts import NO_CONSENT, CastVoice
from dubwright.unit import Work
from tests.dub.conftest import FAKE, Dubbed, Episodes, Said

pytestmark = pytest.mark.slow

Dub = Callable[[Work], Dubbed]
CAST = Cast(
    {"c01": Person("c01", "沈清", "female"), "c02": Person("c02", None, "male")},
    {("01", "S1"): "c01", ("01", "S2"): "c02"},
)
LINES = (
    Said(500, 2000, "The first.", speaker="S1"),
    Said(2600, 4400, "The second.", speaker="S2"),
    Said(6000, 7600, "The third.", speaker="S1"),
)
VOICES = {"c01": CastVoice("c01", "fake-f3"), "c02": CastVoice("c02", "fake-m3")}


class Listening(FakeCloner):
    """The fake, remembering what it learnt."""

    learnt: list[int] = []  # noqa: RUF012

    def learn(self, clips: Any) -> bytes:
        self.learnt.append(len(clips))
        return super().learn(clips)


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """From how many clips each voice was learnt during the test."""
    monkeypatch.setattr(unit, "_loaded", {})
    monkeypatch.setattr(unit.engines, "engine_class", lambda stage, name: Listening)
    monkeypatch.setattr(Listening, "learnt", [])
    yield Listening.learnt


def given(work: Work, voices: dict[str, CastVoice], mark: str) -> Work:
    return replace(work, cast=CAST, voices=voices, fingerprint=mark * 32)


def clip(lake: Lake, folder: Path, f0_hz: float, seconds: float) -> str:
    """The key of a clip of a voice of this pitch."""
    time = np.arange(round(seconds * 16000)) / 16000
    buzz = sum(0.1 * np.sin(2 * np.pi * f0_hz * n * time) / n for n in range(1, 9))
    sound.write_flac(folder / "clip.flac", np.asarray(buzz, np.float32)[:, None], 16000)
    return lake.put_blob(folder / "clip.flac")


def entries(lake: Lake) -> set[str]:
    return {found.key for found in lake.store.list("speech/")}


def test_characters_speak_with_what_they_were_given_and_strangers_with_something_else(
    episodes: Episodes, dub: Dub
) -> None:
    lines = (*LINES, Said(8000, 8900, "The fourth.", speaker="S9", f0_hz=120.0))
    rows, _ = dub(given(episodes.add(lines), VOICES, "a"))
    assert [row["voice"] for row in rows[:3]] == ["fake-f3", "fake-m3", "fake-f3"]
    assert rows[3]["voice"] == "fake-m1"
    assert not any(row["cloned"] or row["learnt"] or row["reason"] for row in rows)


def test_a_changed_voice_synthesizes_that_character_s_lines_alone(episodes: Episodes, dub: Dub, lake: Lake) -> None:
    work = episodes.add(LINES)
    before, _ = dub(given(work, VOICES, "a"))
    there = entries(lake)
    after, _ = dub(given(work, VOICES | {"c02": CastVoice("c02", "fake-m1")}, "b"))
    assert len(entries(lake) - there) == 1
    assert [old["blob"] == new["blob"] for old, new in zip(before, after, strict=True)] == [True, False, True]
    # Back to the first: all of it was spoken before.
    there = entries(lake)
    dub(given(work, VOICES, "c"))
    assert entries(lake) == there


def test_a_voice_that_the_engine_has_not_is_flagged_and_another_speaks(episodes: Episodes, dub: Dub) -> None:
    rows, _ = dub(given(episodes.add(LINES), {"c01": CastVoice("c01", "af_heart")}, "a"))
    assert [row["reason"] for row in rows] == ["fake has no voice af_heart", None, "fake has no voice af_heart"]
    assert rows[0]["voice"] == rows[2]["voice"] == "fake-f1"


def test_who_transcripts_name_has_the_voice_given_to_the_name(episodes: Episodes, dub: Dub) -> None:
    episodes.facts = SeriesFacts(cast=(Character(name="裴渊", sex="male"),))
    lines = (Said(500, 2000, "One.", "裴渊"), Said(2600, 4400, "Two."))
    rows, _ = dub(replace(episodes.add(lines), voices={"裴渊": CastVoice("裴渊", "fake-m2")}))
    assert [row["voice"] for row in rows] == ["fake-m2", "fake-f1"]


# Clones -----------------------------------------------------------------------------------------------


def cloning(episodes: Episodes, lake: Lake, folder: Path, clips: tuple[str, ...], mark: str) -> Work:
    episodes.settings = FAKE.model_copy(update={"engines": ("fake-cloner",)})
    voices = {
        "c01": CastVoice("c01", "fake-f3", clips),
        "c02": CastVoice("c02", "fake-m3", note=NO_CONSENT),
    }
    return given(episodes.add(LINES), voices, mark)


def test_a_clone_is_learnt_once_and_speaks(
    episodes: Episodes, dub: Dub, lake: Lake, tmp_path: Path, learnt: list[int]
) -> None:
    clips = (clip(lake, tmp_path, 260.0, 2.0), clip(lake, tmp_path, 260.0, 1.5))
    rows, _ = dub(cloning(episodes, lake, tmp_path, clips, "a"))
    assert learnt == [2]
    assert [row["cloned"] for row in rows] == [True, False, True]
    assert rows[0]["voice"].startswith("clone:c01:") and rows[0]["voice"] == rows[2]["voice"]
    assert (rows[1]["voice"], rows[1]["reason"]) == ("fake-m3", NO_CONSENT)
    assert rows[0]["reason"] is None and lake.read_blob(rows[0]["learnt"]).startswith(b"25")
    # Another process of another run finds it in the lake.
    learnt.clear()
    unit._loaded.clear()
    again, _ = dub(cloning(episodes, lake, tmp_path, clips, "b"))
    assert learnt == [] and [row["blob"] for row in again] == [row["blob"] for row in rows]
    # Consent taken back: a stock voice, and only these lines are spoken anew.
    there = entries(lake)
    voices = {"c01": CastVoice("c01", "fake-f3", note=NO_CONSENT), "c02": CastVoice("c02", "fake-m3")}
    work = replace(cloning(episodes, lake, tmp_path, (), "c"), voices=voices)
    rows, _ = dub(work)
    assert [row["cloned"] for row in rows] == [False] * 3 and rows[0]["reason"] == NO_CONSENT
    assert len(entries(lake) - there) == 2


@pytest.mark.parametrize("wrong", ["short", "silent", "gone", "no sound", "no key"])
def test_clips_that_make_no_voice_are_flagged_and_a_stock_voice_speaks(
    wrong: str, episodes: Episodes, dub: Dub, lake: Lake, tmp_path: Path, learnt: list[int]
) -> None:
    keys = {
        "short": lambda: clip(lake, tmp_path, 260.0, 0.4),
        "silent": lambda: clip(lake, tmp_path, 0.0, 2.0),
        "gone": lambda: f"blob/aa/{'a' * 64}.flac",
        "no sound": lambda: lake.put_blob_bytes(b"<html>", "flac"),
        "no key": lambda: "../../etc/passwd",
    }
    rows, _ = dub(cloning(episodes, lake, tmp_path, (keys[wrong](),), "a"))
    assert [row["voice"] for row in rows] == ["fake-f3", "fake-m3", "fake-f3"]
    assert rows[0]["reason"].startswith("a stock voice: ") and not rows[0]["cloned"]


def test_a_lost_voice_is_learnt_again(
    episodes: Episodes, dub: Dub, lake: Lake, tmp_path: Path, learnt: list[int]
) -> None:
    clips = (clip(lake, tmp_path, 260.0, 2.0),)
    rows, _ = dub(cloning(episodes, lake, tmp_path, clips, "a"))
    lake.store.delete(rows[0]["learnt"])
    again, _ = dub(cloning(episodes, lake, tmp_path, clips, "b"))
    assert learnt == [1, 1] and again[0]["learnt"] == rows[0]["learnt"]


def test_the_fake_learns_the_pitch_that_its_own_voices_have() -> None:
    engine = FakeCloner(FAKE, {}, 1)
    for voice, pitch in (("fake-f1", 210.0), ("fake-m2", 100.0)):
        speech = FakeSynthesizer(FAKE, {}, 1).speak("Nobody told the princess of it.", "en", voice)
        assert float(engine.learn([speech])) == pytest.approx(pitch, rel=0.02)
        assert isinstance(engine.speak_as("Hello.", "en", engine.learn([speech])), Speech)
