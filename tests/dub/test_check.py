"""What engines really say is let pass, whatever the language and the voice; what fell over is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright import settings
from dubwright.dub import check
from dubwright.dub.engine import Speech
from dubwright.dub.espeak import EspeakNg
from dubwright.dub.kokoro import Kokoro
from dubwright.dub.wording import spoken
from dubwright.models.store import ModelStore
from dubwright.settings import DubSettings
from dubwright.translate.length import predicted_ms
from tests.dub.faulty import Faulty
from tests.dub.test_contract import SENTENCES

TEXT = "Nobody told the princess, and nobody will."
SHORT = {"en": "Psst!", "es": "¡Shh!", "de": "Pst!", "fr": "Chut !", "it": "Sst!"}


def said(fault: str, text: str = TEXT) -> Speech:
    engine = Faulty(DubSettings(), {}, 1)
    good = Speech(engine.speak(text.replace("princess", "x" * 8), "en", "fake-f1").samples, 24_000)
    found: Speech = getattr(engine, fault)(good, text) if fault else good
    return found


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("", None),
        ("silent", "silence"),
        ("empty", "no sound"),
        ("not_a_number", "no sound"),
        ("two_channels", "no sound"),
        ("clipping", "clipped"),
        ("noise", "noise"),
        ("hum", "hum"),
        ("half", "not all of it"),
        ("endless", "went on"),
    ],
)
def test_each_fault_is_told_by_its_name(fault: str, told: str | None) -> None:
    found = check.fault(said(fault), TEXT, said("").duration_ms)
    assert (found is None) if told is None else (found is not None and told in found)


def test_without_a_prediction_only_what_cannot_be_is_told() -> None:
    assert check.fault(said("half"), TEXT) is None
    hour = Speech(np.tile(said("").samples, 40), 24_000)
    assert "at most" in (check.fault(hour, TEXT) or "")


@pytest.mark.parametrize("rate", [0, -1, 1, 10**9])
def test_a_rate_that_is_none_is_told(rate: int) -> None:
    assert "samples a second" in (check.fault(Speech(said("").samples, rate), TEXT, 2000) or "")


@pytest.mark.slow
@given(
    st.lists(st.floats(width=32), max_size=50),
    st.integers(-10, 200_000),
    st.text(max_size=20),
    st.one_of(st.none(), st.integers(-5, 10**9)),
)
def test_whatever_comes_is_judged(values: list[float], rate: int, text: str, expected: int | None) -> None:
    assert isinstance(check.fault(Speech(np.array(values, np.float32), rate), text, expected), str | None)


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_what_espeak_says_is_let_pass(language: str) -> None:
    engine = EspeakNg(DubSettings(), {}, 1)
    for place, voice in enumerate(engine.voices(language)[:2]):
        text = spoken(SHORT.get(language, SENTENCES[language]) if place else SENTENCES[language])
        speech = engine.speak(text, language, voice.name)
        assert check.fault(speech, text, predicted_ms(text, language)) is None, (voice, text)


@pytest.mark.models
def test_what_kokoro_says_is_let_pass() -> None:
    store = ModelStore(settings.load().models_dir)
    engine = Kokoro(DubSettings(), {name: store.ensure(name) for name in Kokoro.info.models}, 2)
    for language in (each for each in SENTENCES if engine.info.speaks(each)):
        for voice in engine.voices(language)[:3]:
            text = spoken(SENTENCES[language])
            speech = engine.speak(text, language, voice.name)
            assert check.fault(speech, text, predicted_ms(text, language)) is None, (voice, text)
