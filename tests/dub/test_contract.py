"""What every synthesizer keeps to; the fake's promises are those of the real ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np
import pytest

from dubwright import settings
from dubwright.dub.engine import Batching, Cloner, Saying, Speech, Synthesizer
from dubwright.dub.espeak import EspeakNg
from dubwright.dub.fake import FakeCloner, FakeSynthesizer
from dubwright.dub.kokoro import Kokoro
from dubwright.dub.openai_speech import OpenAISpeech
from dubwright.errors import EngineError, EngineOutputError, LanguageError
from dubwright.media.sound import resampled
from dubwright.models.store import ModelStore
from dubwright.settings import DubSettings
from tests.dub import coqui, speech_server

SENTENCES = {
    "en": "The general has returned from the border, and nobody told the princess.",
    "en-GB": "She can't dance at the weekend, can she?",
    "es-ES": "Gracias a vosotros, nadie hizo daño a la princesa en el cruce.",
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

ENGINES = {"fake": FakeSynthesizer, "fake-cloner": FakeCloner, "espeak-ng": EspeakNg, "kokoro": Kokoro}
PARAMETERS = [
    "fake",
    "fake-cloner",
    "espeak-ng",
    "openai-speech",
    *(pytest.param(name, marks=pytest.mark.models) for name in ("kokoro", *coqui.ENGINES)),
]
# Small, with random weights: XTTS's have no notion of how long a text takes.
TIMELESS = {"xtts"}


@contextmanager
def over_http() -> Iterator[Synthesizer]:
    """The engine that asks an endpoint, and one on loopback that speaks through espeak-ng."""
    texts = {text: language for language, text in SENTENCES.items()}
    with speech_server.serving(texts) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUBWRIGHT_ENDPOINT__SPEECH_URL", server.url)
        patch.setenv("OPENAI_API_KEY", "any")
        yield OpenAISpeech(DubSettings(speech_model=speech_server.MODEL), {}, 1)


@pytest.fixture(scope="module", params=PARAMETERS)
def engine(request: pytest.FixtureRequest) -> Iterator[Synthesizer]:
    if request.param == "openai-speech":
        with over_http() as spoken:
            yield spoken
        return
    if request.param in coqui.ENGINES:
        yield request.getfixturevalue("small_coqui_engines")[request.param]
        return
    yield loaded(request.param)


def loaded(name: str) -> Synthesizer:
    kind, store = ENGINES[name], ModelStore(settings.load().models_dir)
    return kind(DubSettings(), {name: store.ensure(name) for name in kind.info.models}, 2)


def spoken_languages(engine: Synthesizer) -> list[str]:
    """Those of the sentences that an engine speaks; of MMS, where each has a model of its own, those that are here."""
    spoken = coqui.MMS_LANGUAGES if engine.info.name == "mms" else tuple(SENTENCES)
    return [language for language in spoken if engine.info.speaks(language)]


def latin(engine: Synthesizer) -> str:
    """A language in which an engine reads Latin letters."""
    return "en" if engine.info.speaks("en") else "id"


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


@pytest.mark.slow
def test_every_language_is_spoken_at_a_plausible_pace(engine: Synthesizer) -> None:
    assert spoken_languages(engine)
    for language in spoken_languages(engine):
        speech = engine.speak(SENTENCES[language], language, first_voice(engine, language))
        check(speech)
        if engine.info.name in TIMELESS:
            continue
        slowest, quickest = PACES.get(language, LATIN_PACE)
        pace = len(SENTENCES[language]) * 1000 / speech.duration_ms
        assert slowest <= pace <= quickest, (language, pace)


def test_every_language_has_voices_of_both_sexes(engine: Synthesizer) -> None:
    for language in engine.info.languages or {"en", "zh"}:
        voices = engine.voices(language)
        assert {voice.sex for voice in voices} == {"female", "male"}, language
        assert len({voice.name for voice in voices}) == len(voices)


def test_spanish_is_americas_unless_spain_is_named(engine: Synthesizer) -> None:
    if engine.info.name not in ("espeak-ng", "kokoro"):
        pytest.skip("its model has one Spanish, or none")
    text, voice = SENTENCES["es-ES"], first_voice(engine, "es")
    plain, american, european = (engine.speak(text, tag, voice).samples for tag in ("es", "es-419", "es-ES"))
    assert np.array_equal(plain, american)
    assert not np.array_equal(plain, european)


def test_voices_differ_and_each_repeats_itself(engine: Synthesizer) -> None:
    text = "Nobody told her."
    language = latin(engine)
    one, other = (voice.name for voice in engine.voices(language)[:2])
    first = engine.speak(text, language, one).samples
    engine.speak("Something else entirely.", language, other)
    assert np.array_equal(engine.speak(text, language, one).samples, first)
    assert not np.array_equal(engine.speak(text, language, other).samples, first)


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
    check(engine.speak(text, latin(engine), first_voice(engine, latin(engine))))


def test_long_text_is_spoken_to_its_end(engine: Synthesizer) -> None:
    once = "The emperor's messenger rode all night through the rain, and nobody opened the gate. "
    language, voice = latin(engine), first_voice(engine, latin(engine))
    short, long = engine.speak(once, language, voice), engine.speak(once * 8, language, voice)
    check(long)
    if engine.info.name not in TIMELESS:
        assert 6 * short.duration_ms < long.duration_ms < 11 * short.duration_ms


@pytest.mark.parametrize("text", ["", "   ", "...!?", "😀"])
def test_nothing_to_speak_is_speech_or_a_typed_error(engine: Synthesizer, text: str) -> None:
    try:
        check(engine.speak(text, latin(engine), first_voice(engine, latin(engine))))
    except EngineOutputError as error:
        assert error.where == engine.info.name


def test_an_unknown_voice_or_language_is_a_typed_error(engine: Synthesizer) -> None:
    with pytest.raises(EngineError, match="voice"):
        engine.speak("Hello.", latin(engine), "../../etc/passwd")
    if engine.info.languages:
        with pytest.raises(LanguageError):
            engine.voices("tlh")
        with pytest.raises(LanguageError):
            engine.speak("Hello.", "tlh", first_voice(engine, latin(engine)))


# Batches ----------------------------------------------------------------------------------------------


def test_lines_said_together_are_as_each_alone(engine: Synthesizer) -> None:
    if not isinstance(engine, Batching):
        pytest.skip("it says lines one by one")
    language = latin(engine)
    one, other = (voice.name for voice in engine.voices(language)[:2])
    long = "The emperor's messenger rode all night through the rain, and nobody opened the gate. "
    texts = ("Go!", "Nobody told her.", "...!?", long, long * 5)
    sayings = [Saying(text, voice) for text in texts for voice in (one, other)]
    if isinstance(engine, Cloner):
        sayings.append(Saying("Nobody told her.", "", engine.learn(clips_of(loaded("fake"), "fake-f1"))))
    for saying, said in zip(sayings, engine.speak_all(sayings, language), strict=True):
        if isinstance(said, EngineOutputError):
            assert not any(map(str.isalnum, saying.text))
            continue
        alone = (
            engine.speak(saying.text, language, saying.voice)
            if saying.learnt is None
            else cast(Cloner, engine).speak_as(saying.text, language, saying.learnt)
        )
        assert len(said.samples) == len(alone.samples)
        assert np.allclose(said.samples, alone.samples, atol=1e-3)
    assert engine.speak_all([], language) == []
    with pytest.raises(EngineError, match="voice"):
        engine.speak_all([Saying("Hello.", one), Saying("Hello.", "nobody")], language)


# Cloners ----------------------------------------------------------------------------------------------


def test_an_engine_says_truly_whether_it_clones(engine: Synthesizer) -> None:
    assert isinstance(engine, Cloner) == engine.info.clones


@pytest.fixture(scope="module", params=["fake-cloner"])
def cloner(request: pytest.FixtureRequest) -> Cloner:
    found = loaded(request.param)
    assert isinstance(found, Cloner)
    return found


def clips_of(engine: Synthesizer, voice: str) -> list[Speech]:
    """Two clips of a stock voice, as the lake keeps clips: at 16 kHz."""
    texts = (SENTENCES["en"], "She rode all night through the rain, and nobody opened the gate.")
    spoken = [engine.speak(text, "en", voice) for text in texts]
    return [Speech(resampled(each.samples, each.rate, 16000), 16000) for each in spoken]


def test_a_voice_is_learnt_alike_and_spoken_with(cloner: Cloner) -> None:
    engine = cast(Synthesizer, cloner)
    one, other = (clips_of(engine, voice.name) for voice in engine.voices("en")[:2])
    learnt = cloner.learn(one)
    assert isinstance(learnt, bytes) and learnt and cloner.learn(one) == learnt != cloner.learn(other)
    for language in spoken_languages(engine)[:3]:
        check(cloner.speak_as(SENTENCES[language], language, learnt))
    first, again, different = (
        cloner.speak_as("Nobody told her.", "en", voice).samples for voice in (learnt, learnt, cloner.learn(other))
    )
    assert np.array_equal(first, again) and not np.array_equal(first, different)


@pytest.mark.parametrize("seconds", [0.0, 0.05, 3.0])
def test_too_little_to_learn_from_is_a_typed_error(seconds: float, cloner: Cloner) -> None:
    for clips in ([], [Speech(np.zeros(round(seconds * 16000), np.float32), 16000)]):
        with pytest.raises(EngineOutputError):
            cloner.learn(clips)


@pytest.mark.parametrize("learnt", [b"", b"\x80\x04.", b"{}", b"x" * 1000])
def test_what_was_never_learnt_is_a_typed_error(learnt: bytes, cloner: Cloner) -> None:
    with pytest.raises(EngineOutputError):
        cloner.speak_as("Hello.", "en", learnt)
