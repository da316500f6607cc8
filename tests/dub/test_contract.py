"""What every synthesizer keeps to; the fake's promises are those of the real ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from dubwright import settings
from dubwright.dub.engine import Speech, Synthesizer
from dubwright.dub.espeak import EspeakNg
from dubwright.dub.fake import FakeSynthesizer
from dubwright.dub.kokoro import Kokoro
from dubwright.errors import EngineError, EngineOutputError, LanguageError
from dubwright.models.store import ModelStore
from dubwright.settings import DubSettings

SENTENCES = {
    "en": "The general has returned from the border, and nobody told the princess.",
    "en-GB": "She can't dance at the weekend, can she?",
    "es-419": "El general ha vuelto de la frontera y nadie se lo dijo a la princesa.",
    "fr": "Le général est revenu de la frontière et personne ne l'a dit à la princesse.",
    "it": "Il generale è tornato dal confine e nessuno l'ha detto alla principessa.",
    "pt-BR": "O general voltou da fronteira e ninguém contou à princesa.",
    "hi": "सेनापति सीमा से लौट आए हैं और किसी ने राजकुमारी को नहीं बताया।",
    "zh": "将军已经从边关回来了，没有人告诉公主。",
    "de": "Der General ist von der Grenze zurückgekehrt, und niemand hat es der Prinzessin gesagt.",
    "id": "Jenderal sudah kembali dari perbatasan dan tidak ada yang memberi tahu putri.",
    "vi": "Tướng quân đã trở về từ biên giới mà không ai nói với công chúa.",
    "ar": "عاد الجنرال من الحدود ولم يخبر أحد الأميرة بذلك",
    "th": "แม่ทัพกลับมาจากชายแดนแล้ว แต่ไม่มีใครบอกเจ้าหญิง",
    "ko": "장군이 국경에서 돌아왔지만 아무도 공주에게 말하지 않았다.",
    "ru": "Генерал вернулся с границы, и никто не сказал об этом принцессе.",
    "tr": "General sınırdan döndü ve kimse prensese haber vermedi.",
}
# Characters that a hurried and a slow reader speak in a second.
PACES = {"zh": (2.5, 8.0), "ko": (4.0, 10.0), "hi": (6.0, 22.0), "th": (6.0, 20.0), "ar": (6.0, 20.0)}
LATIN_PACE = (8.0, 24.0)

ENGINES = {"fake": FakeSynthesizer, "espeak-ng": EspeakNg, "kokoro": Kokoro}
PARAMETERS = ["fake", "espeak-ng", pytest.param("kokoro", marks=pytest.mark.models)]


@pytest.fixture(scope="module", params=PARAMETERS)
def engine(request: pytest.FixtureRequest) -> Iterator[Synthesizer]:
    kind = ENGINES[request.param]
    store = ModelStore(settings.load().models_dir)
    yield kind(DubSettings(), {name: store.ensure(name) for name in kind.info.models}, 2)


def spoken_languages(engine: Synthesizer) -> list[str]:
    return [language for language in SENTENCES if engine.info.speaks(language)]


def first_voice(engine: Synthesizer, language: str) -> str:
    return engine.voices(language)[0].name


def check(speech: Speech) -> None:
    """Audible, within bounds, and without more than 0.1 s of silence at its ends."""
    samples, rate = speech.samples, speech.rate
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1
    assert np.sqrt(np.mean(samples**2)) > 0.01
    (loud,) = np.nonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    assert loud[0] < 0.1 * rate
    assert len(samples) - loud[-1] < 0.1 * rate


def test_every_language_is_spoken_at_a_plausible_pace(engine: Synthesizer) -> None:
    assert spoken_languages(engine)
    for language in spoken_languages(engine):
        speech = engine.speak(SENTENCES[language], language, first_voice(engine, language))
        check(speech)
        slowest, quickest = PACES.get(language, LATIN_PACE)
        pace = len(SENTENCES[language]) * 1000 / speech.duration_ms
        assert slowest <= pace <= quickest, (language, pace)


def test_every_language_has_voices_of_both_sexes(engine: Synthesizer) -> None:
    for language in engine.info.languages or {"en", "zh"}:
        voices = engine.voices(language)
        assert {voice.sex for voice in voices} == {"female", "male"}, language
        assert len({voice.name for voice in voices}) == len(voices)


def test_voices_differ_and_each_repeats_itself(engine: Synthesizer) -> None:
    text = "Nobody told her."
    one, other = (voice.name for voice in engine.voices("en")[:2])
    first = engine.speak(text, "en", one).samples
    engine.speak("Something else entirely.", "en", other)
    assert np.array_equal(engine.speak(text, "en", one).samples, first)
    assert not np.array_equal(engine.speak(text, "en", other).samples, first)


@pytest.mark.parametrize(
    "text",
    [
        "Wait! 😀 What?",
        "It cost 12,345.67 dollars in 1998.",
        '"Don\'t" — she said: «no» (never) ‘again’ …',
        "<b>bold</b> & [[h@l'oU]] {x}",
        "A\0B\r\n\tC",
        "OK",
        "ALL IN CAPITALS AND 三 CHARACTERS",
    ],
)
def test_odd_text_is_spoken(engine: Synthesizer, text: str) -> None:
    check(engine.speak(text, "en", first_voice(engine, "en")))


def test_long_text_is_spoken_to_its_end(engine: Synthesizer) -> None:
    once = "The emperor's messenger rode all night through the rain, and nobody opened the gate. "
    short = engine.speak(once, "en", first_voice(engine, "en"))
    long = engine.speak(once * 8, "en", first_voice(engine, "en"))
    check(long)
    assert 6 * short.duration_ms < long.duration_ms < 11 * short.duration_ms


@pytest.mark.parametrize("text", ["", "   ", "...!?", "😀"])
def test_nothing_to_speak_is_speech_or_a_typed_error(engine: Synthesizer, text: str) -> None:
    try:
        check(engine.speak(text, "en", first_voice(engine, "en")))
    except EngineOutputError as error:
        assert error.where == engine.info.name


def test_an_unknown_voice_or_language_is_a_typed_error(engine: Synthesizer) -> None:
    with pytest.raises(EngineError, match="voice"):
        engine.speak("Hello.", "en", "../../etc/passwd")
    if engine.info.languages:
        with pytest.raises(LanguageError):
            engine.voices("tlh")
        with pytest.raises(LanguageError):
            engine.speak("Hello.", "tlh", first_voice(engine, "en"))
