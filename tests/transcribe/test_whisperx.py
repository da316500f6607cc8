"""What is WhisperX's own: batches over several sounds, an aligner, a diarizer, and no word to anybody outside."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest

from dubwright import unit
from dubwright.dub.kokoro import Kokoro
from dubwright.errors import DubwrightError, LanguageError, ModelError
from dubwright.media import sound as sounds
from dubwright.models import registry
from dubwright.models.store import ModelStore
from dubwright.settings import DubSettings, TranscribeSettings
from dubwright.transcribe import text
from dubwright.transcribe.engine import Passage, Word
from dubwright.transcribe.faster_whisper import FasterWhisper
from dubwright.transcribe.whisper import FILES
from dubwright.transcribe.whisperx.alignment import Aligner
from dubwright.transcribe.whisperx.diarization import Diarizer
from dubwright.transcribe.whisperx.engine import WhisperX
from dubwright.transcribe.whisperx.recognition import _ended, _within
from dubwright.transcribe.windows import Stretch
from tests.transcribe import small_models
from tests.transcribe.conftest import (
    LINES,
    RATE,
    Sound,
    at_16_khz,
    between_silences,
    model,
    music,
    silence,
    spoken_by_kokoro,
)

Write = Callable[[Sound], Path]


def test_it_loads_what_its_settings_name() -> None:
    chosen = TranscribeSettings(aligners=("zh-aligner", "en-aligner"), diarizer="who")
    assert unit.artefacts(WhisperX.info, chosen) == ("whisper-base", "zh-aligner", "en-aligner", "who")
    assert unit.artefacts(FasterWhisper.info, chosen) == ("whisper-base",)


def test_breaks_are_seen_where_the_detector_is_unsure() -> None:
    region = Stretch(1, 9)
    assert _within(region, [Stretch(0.5, 2), Stretch(2.05, 3), Stretch(5, 9.5)]) == [Stretch(1, 3), Stretch(5, 9)]
    assert _within(region, [Stretch(0, 0.5), Stretch(10, 11)]) == [region]
    assert _within(Stretch(1, 1.05), []) == []


def test_a_stretch_ends_with_the_voice_not_with_the_detectors_doubt() -> None:
    stretch = Stretch(1, 3)
    assert _ended(stretch, [Stretch(1.1, 2), Stretch(2.1, 2.9), Stretch(3.5, 4)]) == Stretch(1, 2.9)
    # A soft end is no doubt.
    assert _ended(stretch, [Stretch(1.1, 2)]) == stretch
    assert _ended(stretch, [Stretch(4, 5)]) == stretch


@pytest.mark.parametrize("missing", FILES)
def test_an_incomplete_model_is_refused_before_the_library_looks_elsewhere(tmp_path: Path, missing: str) -> None:
    for name in set(FILES) - {missing}:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelError, match=f"{missing} is missing"):
        WhisperX(TranscribeSettings(engine="whisperx", model="here"), {"here": tmp_path}, 1)


def test_folders_without_a_model_are_refused_before_a_library_looks_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        Aligner(tmp_path, "zh", "cpu")
    with pytest.raises(ModelError, match=r"config\.yaml is missing"):
        Diarizer(tmp_path, "cpu")


@pytest.fixture(scope="module")
def engine() -> WhisperX:
    if not WhisperX.info.installed:
        pytest.skip("whisperx is not installed here: `make test-gpu` tries it")
    return WhisperX(TranscribeSettings(engine="whisperx"), {"whisper-base": model("whisper-base")}, 2)


@pytest.fixture(scope="module")
def speech() -> tuple[Sound, list[tuple[int, int]]]:
    return between_silences(spoken_by_kokoro(LINES))


def _words(passages: list[Passage]) -> list[Word]:
    return [word for passage in passages for word in passage.words]


def _line(passages: list[Passage], language: str) -> str:
    return text.join(text.clean(_words(passages), language), language)


def _letters(line: str, besides: str = "") -> str:
    return "".join(char for char in line if char.isalnum() or char in besides)


@pytest.mark.models
@pytest.mark.usefixtures("offline")
class TestWithItsModel:
    def test_mandarin_is_understood_without_a_network(
        self, engine: WhisperX, speech: tuple[Sound, list[tuple[int, int]]], written: Write
    ) -> None:
        line = _line(engine.transcribe(written(speech[0]), "zh"), "zh")
        assert jiwer.cer(_letters("".join(LINES)), _letters(line)) <= 0.25, line
        assert not set(line) & set("師條電誰會來們沒")
        assert any(mark in line for mark in "。？！")

    def test_a_language_with_spaces_has_them(self, engine: WhisperX, written: Write) -> None:
        kokoro = Kokoro(DubSettings(), {name: model(name) for name in Kokoro.info.models}, 2)
        said = "Where were you last night? I waited until midnight."
        voice = at_16_khz(kokoro.speak(said, "en", Kokoro.voices("en")[0].name))
        line = _line(engine.transcribe(written(np.concatenate([silence(900), voice, silence(900)])), "en"), "en")
        assert jiwer.wer(*(_letters(each.lower(), " ") for each in (said, line))) <= 0.3, line

    def test_several_sounds_share_batches_and_one_that_cannot_be_read_stands_alone(
        self,
        engine: WhisperX,
        speech: tuple[Sound, list[tuple[int, int]]],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        parts = [speech[0][: 6 * RATE], silence(3000), speech[0], speech[0][3 * RATE :]]
        files = []
        for index, part in enumerate(parts):
            files.append(tmp_path / f"{index}.flac")
            sounds.write_flac(files[-1], part, RATE)
        broken = tmp_path / "broken.flac"
        broken.write_bytes(b"no sound")
        asked: list[int] = []
        decode = engine._recognizer.decode
        monkeypatch.setattr(
            engine._recognizer, "decode", lambda windows, *rest: asked.append(len(windows)) or decode(windows, *rest)
        )
        first, quiet, failed, whole, rest = engine.transcribe_many([*files[:2], broken, *files[2:]], "zh")
        assert asked[0] == 3
        assert isinstance(failed, DubwrightError)
        assert quiet == []
        monkeypatch.undo()
        for file, together in ((files[0], first), (files[2], whole), (files[3], rest)):
            assert not isinstance(together, DubwrightError)
            assert _line(together, "zh") == _line(engine.transcribe(file, "zh"), "zh")

    def test_an_unknown_language_is_refused(self, engine: WhisperX, written: Write) -> None:
        with pytest.raises(LanguageError, match="Tok Pisin"):
            engine.transcribe(written(music(1000)), "tpi")

    def test_without_a_diarizer_nobody_says_who_speaks(self, engine: WhisperX, written: Write) -> None:
        assert engine.speakers(written(music(1000))) is None

    def test_aligner_and_diarizer_of_the_operators_own(
        self,
        engine: WhisperX,
        speech: tuple[Sound, list[tuple[int, int]]],
        written: Write,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """From a file of artefacts by way of the model store; of random weights the mechanics can be asked, no more."""
        store = ModelStore(tmp_path / "models")
        characters = _letters("".join(LINES))[::2]  # what the aligner has never seen is timed too
        aligner = small_models.aligner(store.directory / "small-aligner", characters)
        diarizer = small_models.diarizer(store.directory / "small-diarizer")
        named = tmp_path / "artefacts.toml"
        named.write_text(
            small_models.entry("small-aligner", aligner, ["zh"], "model.safetensors")
            + small_models.entry("small-diarizer", diarizer, ["mul"], "config.yaml"),
            encoding="utf-8",
        )
        monkeypatch.setenv(registry.ADDED, str(named))
        store = ModelStore(tmp_path / "models")
        chosen = TranscribeSettings(engine="whisperx", aligners=("small-aligner",), diarizer="small-diarizer")
        models = {name: store.ensure(name) for name in ("small-aligner", "small-diarizer")}
        tried = WhisperX(chosen, models | {"whisper-base": model("whisper-base")}, 2)

        samples, lines = speech
        file = written(samples)
        # One line: an aligner that knows nothing may leave a whole line without a word, which is then asked for again.
        alone = tmp_path / "line.flac"
        sounds.write_flac(alone, samples[: lines[0][1] * RATE // 1000 + RATE // 2], RATE)
        own, aligned = _words(engine.transcribe(alone, "zh")), _words(tried.transcribe(alone, "zh"))
        assert [word.text for word in aligned] == [word.text for word in own]
        assert [(word.start_ms, word.end_ms) for word in aligned] != [(word.start_ms, word.end_ms) for word in own]
        assert all(word.start_ms <= word.end_ms for word in aligned)
        assert all(before.start_ms <= after.start_ms for before, after in pairwise(aligned))

        turns = tried.speakers(file)
        assert turns
        for turn in turns:
            assert 0 <= turn.start_ms < turn.end_ms <= 1000 * len(samples) // RATE
            assert turn.label
            assert len(turn.voice_print) == 256 and np.linalg.norm(turn.voice_print) == pytest.approx(1)
        for start_ms, end_ms in lines:
            assert any(turn.start_ms < end_ms and turn.end_ms > start_ms for turn in turns)
