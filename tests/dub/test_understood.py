"""A recognizer understands what Kokoro says: the voice that a series gets first, in every language that both know."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dubwright import settings
from dubwright.dub.kokoro import Kokoro
from dubwright.models.store import ModelStore
from dubwright.settings import DubSettings
from tests.dub.test_contract import SENTENCES

pytestmark = pytest.mark.models
MOST_WRONG = 0.1


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


@pytest.fixture(scope="module")
def store() -> ModelStore:
    return ModelStore(settings.load().models_dir)


@pytest.mark.parametrize("language", ["en", "es-419", "fr", "it", "pt-BR", "zh"])
@pytest.mark.parametrize("nth", [0, 1])
def test_the_first_voices_are_understood(store: ModelStore, language: str, nth: int) -> None:
    import jiwer
    from faster_whisper import WhisperModel
    from opencc import OpenCC

    kokoro = Kokoro(DubSettings(), {name: store.ensure(name) for name in Kokoro.info.models}, 2)
    model = WhisperModel(str(store.ensure("whisper-base")), device="cpu", compute_type="int8", cpu_threads=2)
    speech = kokoro.speak(SENTENCES[language], language, kokoro.voices(language)[nth].name)
    times = np.arange(round(len(speech.samples) * 16_000 / speech.rate)) * speech.rate / 16_000
    sound = np.interp(times, np.arange(len(speech.samples)), speech.samples).astype(np.float32)
    heard = " ".join(part.text for part in model.transcribe(sound, language=language.partition("-")[0])[0])
    heard = OpenCC("t2s").convert(heard)
    assert jiwer.cer(letters(SENTENCES[language]), letters(heard)) <= MOST_WRONG, heard
