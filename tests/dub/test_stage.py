from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright import unit
from dubwright.dub import work as stage
from dubwright.dub.fake import FakeSynthesizer
from dubwright.errors import EngineError, EngineOutputError, LanguageError
from dubwright.lake import Lake
from dubwright.media import sound
from dubwright.series.cast import Cast, Person
from dubwright.series.facts import Character, SeriesFacts
from dubwright.settings import DubSettings
from dubwright.unit import Machine, Work
from tests.dub.conftest import FAKE, LINES, RATE, Dubbed, Episodes, Said, bed, original

pytestmark = pytest.mark.slow

Dub = Callable[[Work], Dubbed]


class Counting(FakeSynthesizer):
    """The fake, remembering what it was asked; it fails on texts with `unspeakable`."""

    asked: list[str] = []  # noqa: RUF012

    def speak(self, text: str, language: str, voice: str) -> Any:
        self.asked.append(text)
        if "unspeakable" in text:
            raise RuntimeError("the model fell over")
        return super().speak(text, language, voice)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine is asked during the test."""
    monkeypatch.setattr(unit, "_loaded", {})
    monkeypatch.setattr("dubwright.dub.fake.FakeSynthesizer", Counting)
    monkeypatch.setattr(unit.engines, "engine_class", lambda stage, name: Counting)
    monkeypatch.setattr(Counting, "asked", [])
    return Counting.asked


def test_every_line_is_placed_and_the_mix_is_as_long_as_the_original(episodes: Episodes, dub: Dub, lake: Lake) -> None:
    rows, mixed = dub(episodes.add())
    assert [row["segment"] for row in rows] == [1, 2, 3]
    assert {row["verdict"] for row in rows} == {"fits"}
    assert [row["start_ms"] for row in rows] == [line.start_ms for line in LINES]
    assert all(lake.store.exists(row["blob"]) for row in rows)
    assert {row["engine"] for row in rows} == {"fake"}
    assert len(mixed) == len(original(LINES, 9.0))


def test_a_line_without_translation_keeps_its_voice_and_is_flagged(episodes: Episodes, dub: Dub) -> None:
    lines = (LINES[0], Said(2600, 4400, None), Said(6000, 7600, "!?…"))
    rows, mixed = dub(episodes.add(lines))
    assert [row["verdict"] for row in rows] == ["fits", "unfit", "unfit"]
    assert rows[1]["reason"] == stage.NO_TRANSLATION
    assert rows[2]["reason"] == stage.NOTHING_TO_SPEAK
    assert rows[1]["blob"] is rows[1]["duration_ms"] is rows[1]["tempo"] is None
    before = original(lines, 9.0)[round(3.0 * RATE) : round(4.0 * RATE)]
    after = mixed[round(3.0 * RATE) : round(4.0 * RATE)]
    # Nothing but one gain lies between them: the voice is there, and neither lowered nor covered.
    gain = float((after * before).sum() / (before * before).sum())
    assert np.abs(after - gain * before).max() < 0.02 * np.abs(after).max() + 1e-3
    assert gain > 0.5


@pytest.mark.parametrize("lines", [(), (Said(500, 2000, None),), (Said(500, 2000, "…"),)])
def test_with_nothing_to_dub_the_original_sound_stands(
    lines: tuple[Said, ...], episodes: Episodes, dub: Dub, lake: Lake
) -> None:
    work = episodes.add(lines)
    rows, _ = dub(work)
    assert len(rows) == len(lines)
    mix = lake.read(work.key).rows()[-1]
    assert mix["blob"] == lake.read(work.upstream["ingest"]).row()["stereo_blob"]


@pytest.mark.parametrize("channels", [1, 6, 8])
def test_a_dub_has_its_sources_channels(channels: int, episodes: Episodes, dub: Dub, lake: Lake) -> None:
    samples = np.zeros((9 * RATE, channels), np.float32)
    samples[:, :2] += bed(9.0)[:, :channels]
    samples[:, min(2, channels - 1)] += (original(LINES, 9.0) - bed(9.0))[:, 0]
    rows, mixed = dub(episodes.add(samples=samples))
    assert {row["verdict"] for row in rows} == {"fits"}
    assert mixed.shape == samples.shape
    silent = [at for at in range(channels) if at > 2]
    assert not mixed[:, silent].any() and np.abs(np.delete(mixed, silent, axis=1)).max(axis=0).min() > 0.01
    work = episodes.add((Said(500, 2000, None),), samples=samples, episode="02")
    dub(work)
    assert lake.read(work.key).rows()[-1]["blob"] == lake.read(work.upstream["ingest"]).row()["sound_blob"]


def test_a_line_that_was_moved_is_spoken_there_and_nothing_is_synthesized_for_it(
    episodes: Episodes, dub: Dub, counting: list[str]
) -> None:
    dub(episodes.add())
    counting.clear()
    lines = (LINES[0], replace(LINES[1], moved=(4100, 5900)), LINES[2])
    rows, mixed = dub(episodes.add(lines))
    assert counting == []
    assert [row["start_ms"] for row in rows] == [LINES[0].start_ms, 4100, LINES[2].start_ms]

    def loudness(first_s: float, last_s: float) -> float:
        return float(np.sqrt(np.square(mixed[round(first_s * RATE) : round(last_s * RATE)]).mean()))

    # Where its original was neither that is heard nor what is said instead.
    assert loudness(2.9, 3.9) < 0.5 * loudness(4.3, 5.3)


def test_a_corrected_line_costs_one_line(episodes: Episodes, dub: Dub, counting: list[str]) -> None:
    dub(episodes.add())
    assert len(counting) == 3
    counting.clear()
    dub(episodes.add((LINES[0], Said(2600, 4400, "No one told her."), LINES[2])))
    assert counting == ["No one told her."]


def test_what_does_not_fit_is_said_in_fewer_words_once(episodes: Episodes, dub: Dub, counting: list[str]) -> None:
    long = "Nobody in the palace ever dared to tell the princess anything at all."
    lines = (LINES[0], Said(2600, 4400, long, short="Nobody told the princess."), Said(4700, 6600, "What shall we do?"))
    rows, _ = dub(episodes.add(lines))
    assert [row["text"] for row in rows] == [None, "Nobody told the princess.", None]
    assert {row["verdict"] for row in rows} == {"fits"}
    assert counting == [lines[0].text, long, lines[2].text, lines[1].short]


@pytest.mark.parametrize(
    ("short", "said"), [(None, 3), ("It is even longer so than it was before, by a good deal." * 2, 4)]
)
def test_what_is_no_shorter_changes_nothing(
    short: str | None, said: int, episodes: Episodes, dub: Dub, counting: list[str]
) -> None:
    long = "Nobody in the palace ever dared to tell the princess anything at all."
    lines = (LINES[0], Said(2600, 4400, long, short=short), Said(4700, 6600, "What shall we do?"))
    rows, _ = dub(episodes.add(lines))
    assert rows[1]["text"] is None
    assert rows[1]["verdict"] != "fits"
    assert len(counting) == said


def test_what_fits_is_said_in_full(episodes: Episodes, dub: Dub, counting: list[str]) -> None:
    rows, _ = dub(episodes.add((Said(500, 2000, "The general is back.", short="He is back."), *LINES[1:])))
    assert rows[0]["text"] is None
    assert "He is back." not in counting


def test_a_lost_blob_is_spoken_again(episodes: Episodes, dub: Dub, counting: list[str], lake: Lake) -> None:
    rows, _ = dub(episodes.add())
    counting.clear()
    lake.store.delete(rows[0]["blob"])
    again, _ = dub(episodes.add(episode="02"))
    assert counting == ["The general is back."]
    assert again[0]["blob"] == rows[0]["blob"]


def test_another_voice_or_language_is_other_speech(
    episodes: Episodes, dub: Dub, counting: list[str], lake: Lake
) -> None:
    dub(episodes.add())
    episodes.facts = SeriesFacts(cast=(Character(name="甲"), Character(name="乙")))
    dub(episodes.add((Said(500, 2000, "The general is back.", "乙"),), episode="02"))
    dub(episodes.add((Said(500, 2000, "The general is back."),), language="es", episode="03"))
    assert counting.count("The general is back.") == 3


def test_a_line_that_the_engine_fails_on_is_flagged_alone(episodes: Episodes, dub: Dub, counting: list[str]) -> None:
    rows, _ = dub(episodes.add((LINES[0], Said(2600, 4400, "An unspeakable line."), LINES[2])))
    assert [row["verdict"] for row in rows] == ["fits", "unfit", "fits"]
    assert "the model fell over" in rows[1]["reason"]


def test_an_engine_that_fails_on_every_line_fails_the_unit(
    episodes: Episodes, machine: Machine, counting: list[str]
) -> None:
    work = episodes.add((Said(500, 2000, "unspeakable"), Said(3000, 4000, "unspeakable too")))
    with pytest.raises(EngineOutputError, match="none of 2 lines"):
        unit.execute(work, machine)


def test_characters_speak_with_their_voices(episodes: Episodes, dub: Dub) -> None:
    episodes.facts = SeriesFacts(
        cast=(
            Character(name="沈清", sex="female", aliases=("清儿",)),
            Character(name="裴渊", sex="male"),
        )
    )
    lines = (
        Said(500, 2000, "One.", "裴渊"),
        Said(2600, 4400, "Two.", "沈清"),
        Said(5000, 6000, "Three.", "清儿"),
        Said(6500, 7500, "Four."),
    )
    rows, _ = dub(episodes.add(lines))
    assert [row["voice"] for row in rows] == ["fake-m1", "fake-f1", "fake-f1", "fake-f1"]


def test_who_was_linked_or_is_heard_speaks_with_a_voice_of_the_sex(episodes: Episodes, dub: Dub) -> None:
    lines = (
        Said(500, 2000, "The first.", speaker="S1", f0_hz=200.0),
        Said(2600, 4400, "The second.", speaker="S2", f0_hz=110.0),
        Said(6000, 7600, "The third.", speaker="S3", f0_hz=220.0),
    )
    # A boy: his voice is as high as a woman's, and a person said so.
    cast = Cast({"c02": Person("c02", sex="male")}, {("01", "S1"): "c02"})
    rows, _ = dub(replace(episodes.add(lines), cast=cast))
    assert [row["voice"] for row in rows] == ["fake-m2", "fake-m1", "fake-f1"]


def test_what_is_no_dialogue_is_not_spoken_unless_asked(episodes: Episodes, dub: Dub, counting: list[str]) -> None:
    lines = (
        Said(200, 8800, "A song, all the way.", kind="song"),
        Said(500, 2000, "The general is back.", kind="dialogue"),
        Said(700, 3000, "Three years later", kind="caption"),
        Said(6000, 7600, "Long live the king!", kind="crowd"),
    )
    rows, mixed = dub(episodes.add(lines))
    assert counting == ["The general is back."]
    assert [(row["verdict"], row["reason"]) for row in rows] == [
        ("kept", "a song: not spoken"),
        ("fits", None),
        ("kept", "a caption: not spoken"),
        ("kept", "a crowd: not spoken"),
    ]
    before = original(lines, 9.0)

    def gain(start: float, end: float) -> float:
        part = slice(round(start * RATE), round(end * RATE))
        return float((mixed[part] * before[part]).sum() / (before[part] * before[part]).sum())

    # Lowered under the spoken line, caption or song or not; elsewhere nothing is.
    assert gain(0.6, 1.9) < 0.5 * gain(4.0, 5.5) and gain(6.2, 7.4) == pytest.approx(gain(4.0, 5.5), rel=0.1)
    counting.clear()
    episodes.settings = FAKE.model_copy(update={"speak": ("dialogue", "crowd")})
    rows, _ = dub(episodes.add(lines))
    assert [row["verdict"] for row in rows] == ["kept", "fits", "kept", "fits"]


def test_tempo_in_the_table_is_never_above_the_cap(episodes: Episodes, dub: Dub) -> None:
    lines = (Said(500, 1200, "A very long translation of a short remark, far too long."), Said(1300, 2000, "Yes."))
    rows, _ = dub(episodes.add(lines))
    assert rows[0]["verdict"] == "unfit"
    assert 1.349 < rows[0]["tempo"] <= 1.35


def test_hostile_times_do_not_stop_an_episode(episodes: Episodes, dub: Dub) -> None:
    lines = (Said(-500, -100, "Before."), Said(8000, 7000, "Backwards."), Said(20_000, 21_000, "After the end."))
    rows, mixed = dub(episodes.add(lines, samples=bed(9.0)))
    assert len(mixed) == round(9.0 * RATE)
    assert rows[2]["verdict"] == "unfit"
    for row in rows:
        if row["duration_ms"] is not None:
            assert 0 <= row["start_ms"] < row["start_ms"] + row["duration_ms"] <= 9000


def test_the_first_engine_that_speaks_the_language_is_taken() -> None:
    settings = DubSettings()
    assert stage.engine(settings, "es-419").name == "kokoro"
    assert stage.engine(settings, "th").name == "espeak-ng"
    with pytest.raises(LanguageError):
        stage.engine(settings, "tlh")


def test_an_engine_that_is_not_installed_says_so(
    episodes: Episodes, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise EngineError("not here")

    monkeypatch.setattr(unit, "load_engine", missing)
    with pytest.raises(EngineError, match="not here"):
        unit.execute(episodes.add(), machine)


def test_loudness_of_a_dub_is_what_the_settings_want(episodes: Episodes, dub: Dub, tmp_path: Path) -> None:
    _, mixed = dub(episodes.add())
    found = sound.loudness(mixed, RATE)
    assert abs(found.integrated_lufs - episodes.settings.loudness_lufs) <= 0.5
    assert found.true_peak_dbtp <= episodes.settings.true_peak_dbtp
