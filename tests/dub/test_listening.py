"""A second listen: a line that is not what it should be is told; numbers, case and marks make no difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from dubwright import engines, settings, unit
from dubwright.dub.engine import Speech
from dubwright.dub.espeak import EspeakNg
from dubwright.dub.listening import Listener, alike
from dubwright.dub.takes import Asked, Takes
from dubwright.dub.voicing import LineVoice
from dubwright.engines import EngineInfo
from dubwright.settings import DubSettings
from dubwright.unit import Machine
from tests.dub import faulty
from tests.dub.conftest import Episodes
from tests.dub.faulty import Faulty

TEXT = "The general has returned from the border."


def test_case_marks_and_accents_make_no_difference() -> None:
    assert alike("el general NO volvió", "¡El general no volvio!", "es") == 1
    assert alike("It was 1998, Mr. Li.", "It was nineteen ninety-eight, Mister Li.", "en") == 1
    assert alike("Nobody told the princess.", "The ship sails at dawn, my lord.", "en") < 0.6


@pytest.mark.slow
def test_a_line_that_is_heard_as_another_is_not_kept(episodes: Episodes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        info: ClassVar[EngineInfo] = EngineInfo("deaf", 1, frozenset({"en"}), "", "", choices=())

        mood: ClassVar[list[str]] = []

        def __init__(self, *_: Any) -> None:
            pass

        def transcribe(self, sound: Path, language: str) -> list[Any]:
            assert sound.stat().st_size
            if "broken" in self.mood:
                raise RuntimeError("no ears")
            return []

    faulty.register(monkeypatch)
    monkeypatch.setitem(faulty.ENGINES, "deaf", Deaf)
    episodes.settings = DubSettings(engines=("faulty",), separator="none", listener="deaf")
    work = episodes.add()
    with pytest.raises(Exception, match="faulty was not understood at all"):
        Takes(work, episodes.lake, Machine(episodes.lake.uri, ""), 44_100).take(Asked(1, TEXT, LineVoice("fake-f1")))
    # A recognizer that falls over is not held against a line.
    Deaf.mood.append("broken")
    one = Takes(work, episodes.lake, Machine(episodes.lake.uri, ""), 44_100)
    assert one.take(Asked(1, TEXT, LineVoice("fake-f1"))).note is None
    # Nor is a language that it does not know.
    thai = Takes(episodes.add(language="th"), episodes.lake, Machine(episodes.lake.uri, ""), 44_100)
    assert thai.take(Asked(1, TEXT, LineVoice("fake-f1"))).note is None
    assert len(Faulty.asked) == 4


@pytest.mark.models
def test_whisper_understands_espeak_and_misses_what_was_left_out(episodes: Episodes) -> None:
    episodes.settings = DubSettings(engines=("espeak-ng",), listener="faster-whisper")
    machine = Machine(episodes.lake.uri, str(settings.load().models_dir), threads=2)
    listener = Listener.of(episodes.add(), machine)
    assert listener
    speech = EspeakNg(DubSettings(), {}, 1).speak(TEXT, "en", "m3")
    assert listener.misheard(speech, TEXT) is None
    half = Speech(speech.samples[: len(speech.samples) * 2 // 5], speech.rate)
    assert "heard to say" in (listener.misheard(half, TEXT) or "")
    assert engines.engine_class("transcribe", "faster-whisper").info.name in {key[1] for key in unit._loaded}
