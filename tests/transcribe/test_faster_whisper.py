"""What is faster-whisper's own: the model's folder, and Mandarin as it hears it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jiwer
import numpy as np
import pytest

from dubwright.errors import LanguageError, ModelError
from dubwright.settings import TranscribeSettings
from dubwright.transcribe import text
from dubwright.transcribe.faster_whisper import FasterWhisper
from dubwright.transcribe.whisper import FILES
from tests.transcribe.conftest import LINES, Sound, between_silences, model, music, spoken_by_kokoro


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
