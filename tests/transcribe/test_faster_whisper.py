"""What is Whisper's own: answers that cannot be believed, and the model's folder."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from dubwright.errors import LanguageError, ModelError
from dubwright.settings import TranscribeSettings
from dubwright.transcribe import text
from dubwright.transcribe.engine import Passage, Word
from dubwright.transcribe.faster_whisper import FILES, PROMPTS, FasterWhisper, _Heard, unbelievable
from dubwright.transcribe.windows import Stretch, Window, pack
from tests.transcribe.conftest import LINES, Sound, between_silences, model, music, spoken_by_kokoro

STRETCHES = [Stretch(1, 2), Stretch(3, 4), Stretch(7, 8), Stretch(9, 10)]


@pytest.mark.parametrize(
    ("heard", "speech_s"),
    [
        ("请问" + "问" * 200, 28),
        ("你怎么还不走？我在等一个人。", 0.3),
        ("作词 作曲 李宗盛", 10),
        ("字幕由 Amara.org 社区提供", 10),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", 10),
        (PROMPTS["zh"], 10),
    ],
    ids=["repeats", "too fast", "music credits", "credits", "more credits", "the prompt"],
)
def test_what_nobody_said_is_not_believed(heard: str, speech_s: float) -> None:
    assert unbelievable(heard, speech_s, PROMPTS["zh"])


@pytest.mark.parametrize("heard", ["你怎么还不走？", "站住！站住！站住！", "对不起对不起对不起，我错了。", "OK."])
def test_what_people_say_is_believed(heard: str) -> None:
    assert not unbelievable(heard, 2.0, PROMPTS["zh"])


class Scripted(FasterWhisper):
    """Answers by what it is given: invents as long as the stretch at `bad_s` is in the window, and leaves out all but
    the first `most` stretches."""

    def __init__(self, bad_s: float, *, hears_without_prompt: bool = False, most: int = 99) -> None:
        self.bad_s, self.hears_without_prompt, self.most = bad_s, hears_without_prompt, most
        self.prompts: list[str | None] = []

    def _decode(self, window: Window, samples: Sound, language: str, prompt: str | None) -> _Heard:
        self.prompts.append(prompt)
        bad = any(stretch.start_s == self.bad_s for stretch in window.stretches)
        if prompt is None and self.hears_without_prompt:
            bad = False
        heard = window.stretches[: self.most]
        words = tuple(Word("好", round(1000 * each.start_s), round(1000 * each.end_s), 0.9) for each in heard)
        return _Heard(Passage(words), log_probability=-0.3, invented=bad)


def _starts(engine: Scripted) -> list[int]:
    (window,) = pack(STRETCHES, 11, 28)
    heard = engine._hear(window, np.zeros(11 * 16000, np.float32), "zh")
    return [word.start_ms for passage in heard for word in passage.words]


def test_only_the_stretch_that_is_not_understood_is_lost() -> None:
    assert _starts(Scripted(7)) == [1000, 3000, 9000]


def test_a_good_answer_is_taken_at_once() -> None:
    engine = Scripted(-1)
    assert _starts(engine) == [1000, 3000, 7000, 9000]
    assert engine.prompts == [PROMPTS["zh"]]


def test_without_the_prompt_it_is_asked_again() -> None:
    engine = Scripted(7, hears_without_prompt=True)
    assert _starts(engine) == [1000, 3000, 7000, 9000]
    assert engine.prompts == [PROMPTS["zh"], None]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_speech_that_is_left_out_is_asked_for_again(most: int) -> None:
    assert _starts(Scripted(-1, most=most)) == [1000, 3000, 7000, 9000]


def test_of_an_answer_without_words_nothing_is_left() -> None:
    assert _starts(Scripted(-1, most=0)) == []


def test_an_unsure_answer_counts_where_somebody_spoke() -> None:
    word = (Word("好", 0, 100, 0.3),)
    assert not _Heard(Passage(word, no_speech=0.1), log_probability=-1.5, invented=False).silent
    assert not _Heard(Passage(word, no_speech=0.9), log_probability=-0.5, invented=False).silent
    assert _Heard(Passage(word, no_speech=0.9), log_probability=-1.5, invented=False).silent


@pytest.mark.parametrize("missing", FILES)
def test_an_incomplete_folder_is_refused_before_the_library_looks_elsewhere(tmp_path: Path, missing: str) -> None:
    for name in set(FILES) - {missing}:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelError, match=f"{missing} is missing"):
        FasterWhisper(TranscribeSettings(model="here"), {"here": tmp_path}, 1)


def test_languages_go_by_their_tags() -> None:
    assert all(FasterWhisper.info.speaks(tag) for tag in ("zh", "zh-TW", "en", "pt-BR", "fil", "jv", "nb"))
    assert not FasterWhisper.info.speaks("tpi")


@pytest.fixture(scope="module")
def voices() -> tuple[Sound, ...]:
    return spoken_by_kokoro(LINES)


@pytest.fixture(scope="module")
def folder() -> Path:
    return model("whisper-base")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.models
class TestWithItsModel:
    def test_mandarin_is_understood_without_a_network(
        self, voices: tuple[Sound, ...], folder: Path, written: Callable[[Sound], Path], offline: None
    ) -> None:
        engine = FasterWhisper(TranscribeSettings(), {"whisper-base": folder}, 2)
        samples, _ = between_silences(voices)
        bed = music(1000 * len(samples) // 16000 + 1, level=0.005)[: len(samples)]
        for sound in (samples, samples + bed):
            words = [word for each in engine.transcribe(written(sound), "zh") for word in each.words]
            line = text.join(text.clean(words, "zh"), "zh")
            error = jiwer.cer(_letters("".join(LINES)), _letters(line))
            assert error <= 0.25, line
            assert " " not in line
            assert any(mark in line for mark in "。？！")

    def test_long_sound_is_heard_to_its_end(
        self, voices: tuple[Sound, ...], folder: Path, written: Callable[[Sound], Path]
    ) -> None:
        engine = FasterWhisper(TranscribeSettings(beam_size=1), {"whisper-base": folder}, 2)
        samples, lines = between_silences(voices)
        words = [word for each in engine.transcribe(written(np.tile(samples, 6)), "zh") for word in each.words]
        for time in range(6):
            for start_ms, end_ms in lines:
                begin = start_ms + time * round(len(samples) / 16)
                assert any(word.start_ms < begin + end_ms - start_ms and word.end_ms > begin for word in words)

    def test_an_unknown_language_is_refused(self, folder: Path, written: Callable[[Sound], Path]) -> None:
        engine = FasterWhisper(TranscribeSettings(), {"whisper-base": folder}, 2)
        with pytest.raises(LanguageError, match="Tok Pisin"):
            engine.transcribe(written(music(1000)), "tpi")


def _letters(line: str) -> str:
    return "".join(char for char in line if char.isalnum())
