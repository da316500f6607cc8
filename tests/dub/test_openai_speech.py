"""Speech from an endpoint: what is no speech is one line's fault, an endpoint that is away is nobody's."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright import unit
from dubwright.dub import openai_speech, sound_bytes
from dubwright.dub.engine import stock
from dubwright.dub.openai_speech import OpenAISpeech
from dubwright.errors import EndpointError, EngineError, EngineOutputError, SettingsError
from dubwright.lake import Lake
from dubwright.settings import DubSettings
from dubwright.unit import Machine
from tests.dub.conftest import Episodes
from tests.dub.speech_server import MODEL, VOICES, Answer, SpeechServer, serving, wav

TEXT = "Nobody told the princess that the general is back."
SETTINGS = DubSettings(
    engines=("openai-speech",), speech_model=MODEL, speech_voices=VOICES, separator="none", tempo_cap=1.35
)
JSON = b'{"error": {"message": "no", "type": "x"}}'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SpeechServer]:
    with serving() as server:
        monkeypatch.setenv("DUBWRIGHT_ENDPOINT__SPEECH_URL", server.url)
        monkeypatch.setenv("DUBWRIGHT_ENDPOINT__RETRIES", "2")
        monkeypatch.setenv("OPENAI_API_KEY", "any")
        yield server


def made(**update: Any) -> OpenAISpeech:
    return OpenAISpeech(SETTINGS.model_copy(update=update), {}, 1)


@pytest.mark.parametrize("kind", ["wav", "flac", "pcm"])
def test_a_line_is_one_question(server: SpeechServer, kind: str) -> None:
    speech = made(speech_format=kind).speak(TEXT, "en", "otto")
    (asked,) = server.asked
    assert asked == {
        "model": MODEL,
        "voice": "otto",
        "input": TEXT,
        "response_format": kind,
        "speed": 1.0,
        "path": "/v1/audio/speech",
        "key": "Bearer any",
    }
    direct = server.engine.speak(TEXT, "en", "m3")
    assert speech.rate == (24_000 if kind == "pcm" else direct.rate)
    assert abs(speech.duration_ms - direct.duration_ms) <= 45
    assert speech.samples.std() == pytest.approx(direct.samples.std(), rel=0.05)


@pytest.mark.slow
def test_it_is_asked_again_while_it_is_busy(server: SpeechServer) -> None:
    server.answers.extend([Answer(429, JSON, {"Retry-After-Ms": "10"}), Answer(500, b"<h1>oops</h1>")])
    assert made().speak(TEXT, "en", "anna").duration_ms > 1500
    assert len(server.asked) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer", [Answer(429), Answer(500), Answer(0), Answer(delay_s=1.0), Answer(drip_s=0.1), Answer(drip_s=1.0)]
)
def test_no_line_is_failed_because_it_is_away(
    server: SpeechServer, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setenv("DUBWRIGHT_ENDPOINT__RETRIES", "1")
    monkeypatch.setenv("DUBWRIGHT_ENDPOINT__TIMEOUT_S", "0.3")
    if answer.drip_s:
        answer.body = bytes(200)
    server.answers.extend([answer] * 4)
    with pytest.raises(EndpointError) as raised:
        made().speak(TEXT, "en", "anna")
    assert raised.value.transient and len(str(raised.value)) < 500


SILENCE = wav(np.zeros(24_000, np.float32), 24_000)
GOOD = wav(np.sin(np.arange(24_000) / 20).astype(np.float32), 24_000)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(body=GOOD, headers={"Content-Type": "audio/wav"}, sent=5000), "cut off"),
        (Answer(body=GOOD[:5000]), "came"),
        (Answer(body=b"<html>welcome</html>", headers={"Content-Type": "text/html"}), "text/html: <html>welcome"),
        (Answer(body=JSON), "application/json"),
        (Answer(body=b""), "no sound"),
        (Answer(body=SILENCE), "silence"),
        (Answer(body=wav(np.zeros(0, np.float32), 24_000)), "no sound"),
        (Answer(body=GOOD.replace(struct.pack("<I", 24_000), struct.pack("<I", 5), 1)), "samples a second"),
        (Answer(body=GOOD.replace(struct.pack("<I", 24_000), struct.pack("<I", 2**31), 1)), "samples a second"),
        (Answer(body=b"fLaC" + bytes(100)), "no sound"),
        (Answer(body=b"ID3" + bytes(100), headers={"Content-Type": "audio/mpeg"}), "audio/mpeg"),
        (Answer(400, JSON), "refuses the question"),
    ],
)
def test_what_is_no_speech_is_the_lines_fault(server: SpeechServer, answer: Answer, told: str) -> None:
    server.answers.append(answer)
    with pytest.raises(EngineOutputError, match=told) as raised:
        made().speak(TEXT, "en", "anna")
    assert len(str(raised.value)) < 500
    assert made().speak(TEXT, "en", "anna").duration_ms > 1500


def test_a_huge_answer_is_not_read_to_its_end(server: SpeechServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_speech, "MOST_BYTES", 10_000)
    with pytest.raises(EngineOutputError, match="larger than 10000 bytes"):
        made().speak(TEXT, "en", "anna")


def test_a_size_that_nobody_knew_is_no_cut(server: SpeechServer) -> None:
    for size in (0, 0xFFFFFFFF, 0x7FFFFFFF):
        server.answers.append(Answer(body=GOOD[:40] + struct.pack("<I", size) + GOOD[44:]))
        assert made().speak(TEXT, "en", "anna").duration_ms == pytest.approx(1000, abs=10)


def test_other_rates_and_channels_are_taken_as_they_say(server: SpeechServer) -> None:
    stereo = GOOD[:22] + struct.pack("<HIIHH", 2, 48_000, 192_000, 4, 16) + GOOD[36:]
    server.answers.append(Answer(body=stereo))
    speech = made().speak(TEXT, "en", "anna")
    assert (speech.rate, round(speech.duration_ms, -1)) == (48_000, 250)


@pytest.mark.parametrize(("status", "word"), [(401, "KEY"), (403, "KEY"), (404, "speech_model")])
def test_a_key_or_model_that_is_refused_says_what_to_correct(server: SpeechServer, status: int, word: str) -> None:
    server.answers.append(Answer(status, JSON))
    with pytest.raises(EndpointError, match=word):
        made().speak(TEXT, "en", "anna")
    assert len(server.asked) == 1


def test_without_key_model_or_voices_it_says_what_to_set(server: SpeechServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="speech_model"):
        made(speech_model="")
    for voices in (("anna",), (":female",), ("anna:child",)):
        with pytest.raises(SettingsError, match="speech_voices"):
            stock("openai-speech", SETTINGS.model_copy(update={"speech_voices": voices}), "en")
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(EndpointError, match="OPENAI_API_KEY"):
        made()


@given(st.binary(max_size=200), st.sampled_from([b"", GOOD[:44], GOOD[:20], b"fLaC"]), st.booleans())
def test_whatever_comes_is_sound_or_a_typed_error(content: bytes, head: bytes, pcm: bool) -> None:
    try:
        speech = sound_bytes.decoded(head + content, "audio/x", pcm=pcm, where="test")
    except EngineOutputError:
        return
    assert speech.samples.dtype == np.float32 and speech.samples.ndim == 1 and np.abs(speech.samples).max() <= 1


@pytest.mark.slow
def test_an_episode_is_dubbed_by_the_voices_that_the_settings_name(
    server: SpeechServer, episodes: Episodes, lake: Lake, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit, "_loaded", {})
    episodes.settings = SETTINGS.model_copy(update={"engines": ("openai-speech", "espeak-ng")})
    # One line is never right: the next engine says it.
    server.answers.extend([Answer(body=SILENCE)] * 2)
    work = episodes.add()
    unit.execute(work, machine)
    rows = lake.read(work.key).rows()
    assert [(row["engine"], row["voice"]) for row in rows[:3]] == [
        ("espeak-ng", "f2"),
        ("openai-speech", "anna"),
        ("openai-speech", "anna"),
    ]
    assert rows[0]["verdict"] == "unfit" and "silence" in rows[0]["reason"]
    # Another model is other speech, in the same voices.
    asked = len(server.asked)
    episodes.settings = episodes.settings.model_copy(update={"speech_model": "voices-small"})
    unit.execute(episodes.add(), machine)
    assert [each["model"] for each in server.asked[asked:]] == ["voices-small"] * 3
    # An endpoint that is away fails the unit, to be tried again.
    server.answers.extend([Answer(0)] * 3)
    with pytest.raises(EndpointError):
        unit.execute(episodes.add(episode="02", language="es"), machine)
