"""Coqui's synthesizers through coqui-tts's own loading and inference, on small models with random weights: voices that are
learnt, long lines, files that hold other things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright import unit
from dubwright.dub import check
from dubwright.dub.coqui import xtts
from dubwright.dub.coqui.mms import Mms
from dubwright.dub.coqui.xtts import Xtts
from dubwright.dub.coqui.xtts_model import Part, sampling
from dubwright.dub.coqui.xtts_voices import VOICES
from dubwright.dub.engine import Cloner, Saying
from dubwright.errors import EngineError, EngineOutputError, LanguageError, ModelError
from dubwright.lake import Lake
from dubwright.models import registry
from dubwright.settings import DubSettings
from tests.dub import coqui, small_models
from tests.dub.conftest import Episodes, Said

Models = Mapping[str, Path]
TEXTS = {"xtts": "Nobody told her.", "mms": "Tidak ada yang tahu."}
LANGUAGES = {"xtts": "en", "mms": "id"}


@pytest.fixture
def models(small_coqui_models: Models) -> Models:
    return small_coqui_models


@pytest.fixture
def loaded(small_coqui_engines: dict[str, Any]) -> dict[str, Any]:
    return small_coqui_engines


@pytest.fixture(params=coqui.ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.models
class TestWithModels:
    def test_a_voice_that_was_learnt_speaks(self, name: str, loaded: dict[str, Any]) -> None:
        engine, text, language = loaded[name], TEXTS[name], LANGUAGES[name]
        assert isinstance(engine, Cloner)
        one, other = (
            engine.learn([coqui.clip(210, 4), coqui.clip(215, 2, rate=16_000)]),
            engine.learn([coqui.clip(110, 6, rate=24_000)]),
        )
        assert one != other
        assert engine.learn([coqui.clip(210, 4), coqui.clip(215, 2, rate=16_000)]) == one
        said = engine.speak_as(text, language, one)
        assert said.rate == 24_000
        assert np.array_equal(engine.speak_as(text, language, one).samples, said.samples)
        assert not np.array_equal(engine.speak_as(text, language, other).samples, said.samples)

    def test_what_is_kept_of_a_voice_is_read_as_numbers_alone(self, name: str, loaded: dict[str, Any]) -> None:
        import safetensors.numpy

        engine, others = loaded[name], loaded["mms" if name == "xtts" else "xtts"]
        kept = engine.learn([coqui.clip(210, 4)])
        arrays = safetensors.numpy.load(kept)
        assert all(array.dtype == np.float32 for array in arrays.values())
        broken = [
            b"",
            kept[:-7],
            b"\x80\x04K\x01.",
            others.learn([coqui.clip(210, 4)]),
            safetensors.numpy.save({key: array[..., :0] for key, array in arrays.items()}),
            safetensors.numpy.save({key: array.astype(np.float64) for key, array in arrays.items()}),
            safetensors.numpy.save({key: np.full_like(array, np.nan) for key, array in arrays.items()}),
        ]
        for learnt in broken:
            with pytest.raises(EngineOutputError, match="learnt of the voice"):
                engine.speak_as(TEXTS[name], LANGUAGES[name], learnt)

    def test_a_voice_is_not_learnt_from_almost_nothing(self, name: str, loaded: dict[str, Any]) -> None:
        with pytest.raises(EngineOutputError, match="too little"):
            loaded[name].learn([coqui.clip(210, 0.4)])

    def test_other_lines_and_others_dice_change_nothing(self, name: str, loaded: dict[str, Any]) -> None:
        import torch

        engine, text, language = loaded[name], TEXTS[name], LANGUAGES[name]
        voice = engine.learn([coqui.clip(210, 4)])
        said = engine.speak_as(text, language, voice)
        torch.manual_seed(1)
        before = torch.random.get_rng_state()
        engine.speak_as("Something else.", language, voice)
        assert torch.equal(torch.random.get_rng_state(), before)
        assert np.array_equal(engine.speak_as(text, language, voice).samples, said.samples)

    def test_a_line_longer_than_the_model_takes_is_spoken_in_parts(
        self, name: str, loaded: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine, language = loaded[name], LANGUAGES[name]
        inner = engine._model if name == "xtts" else engine._model_of(language)
        spoken: list[str] = []
        if name == "xtts":
            speak = inner.speak
            monkeypatch.setattr(
                inner, "speak", lambda parts: (spoken.extend(part.text for part in parts), speak(parts))[1]
            )
        else:
            say = inner.say
            monkeypatch.setattr(inner, "say", lambda part, *others: (spoken.append(part), say(part, *others))[1])
        text = "a" * 260 + " " + "the gate was shut, and nobody came " * 3
        engine.speak_as(text, language, engine.learn([coqui.clip(210, 4)]))
        assert len(spoken) > 1
        assert max(map(len, spoken)) <= 250
        whole, parts = "".join(text.split()), {"".join(part.split()) for part in spoken}
        # Short ones may be said first.
        assert "".join(sorted(parts, key=whole.index)) == whole

    @pytest.mark.usefixtures("offline")
    def test_nobody_is_asked(self, name: str, models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(registry.ADDED, str(models["small-xtts"].parent / "artefacts.toml"))
        engine = coqui.ENGINES[name](coqui.SETTINGS, dict(models), 1)
        engine.speak_as(TEXTS[name], LANGUAGES[name], engine.learn([coqui.clip(210, 4)]))

    def test_an_episode_through_the_stage(
        self, name: str, models: Models, lake: Lake, episodes: Episodes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """From the file of artefacts to committed rows, as operators set it up."""
        folder = models["small-xtts"].parent
        monkeypatch.setenv(registry.ADDED, str(folder / "artefacts.toml"))
        monkeypatch.setattr(unit, "_loaded", {})
        # Random weights make noise, which is no line to keep.
        monkeypatch.setattr(check, "fault", lambda *_: None)
        store = folder / "store"
        store.mkdir(exist_ok=True)
        for artefact, path in models.items():
            if not (store / artefact).exists():
                (store / artefact).symlink_to(path, target_is_directory=True)
        machine = unit.Machine(lake=lake.uri, models_dir=str(store), threads=1)
        lines = (Said(500, 2000, TEXTS[name]), Said(2600, 4400, "Tidak."))
        work = episodes.add(lines, language=LANGUAGES[name])
        work = replace(work, settings=coqui.SETTINGS)
        assert unit.execute(work, machine).computed
        rows = lake.read(work.key).rows()
        assert {row["engine"] for row in rows} == {name}
        assert {row["model_sha256"] for row in rows} == {registry.get(f"small-{name}").sha256}
        assert all(row["blob"] for row in rows)


@pytest.mark.models
class TestXtts:
    @pytest.mark.parametrize("legacy", [True, False])
    def test_weights_load_in_both_forms_and_stay_as_they_are(self, tmp_path: Path, legacy: bool) -> None:
        """The published checkpoint has its configuration pickled; the library would write the file anew."""
        coqui.require()
        with small_models.small_networks():
            folder = small_models.xtts(tmp_path / "xtts", legacy=legacy)
            before = {path.name: path.read_bytes() for path in folder.iterdir()}
            Xtts(DubSettings(xtts_model="here"), {"here": folder}, 1)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    def test_every_voice_is_there_and_one_that_is_not_is_an_error(self, loaded: dict[str, Any]) -> None:
        engine = loaded["xtts"]
        assert all(engine._model.speaker(voice.name) for voice in engine.voices("en"))
        with pytest.raises(EngineError, match="no voice"):
            engine.speak("Hello.", "en", "Andrew Chipper")

    @pytest.mark.parametrize("language", sorted(Xtts.info.languages))
    def test_its_languages_are_read(self, language: str, loaded: dict[str, Any]) -> None:
        assert loaded["xtts"]._model.tokens(xtts._spelled("2 x 3, 100 % z.", language), language) > 8

    def test_numbers_are_read_in_hindi(self, loaded: dict[str, Any]) -> None:
        """The library leaves them to one that has no Hindi."""
        engine = loaded["xtts"]
        assert xtts._spelled("42 घर", "hi") == "चार दो घर"
        assert engine.speak("42 घर", "hi", "Claribel Dervla").duration_ms > 0

    def test_japanese_is_read(self, loaded: dict[str, Any]) -> None:
        model = loaded["xtts"]._model
        assert model._model.tokenizer.preprocess_text("将軍が帰ってきました。", "ja").startswith("shougun")

    def test_the_limits_are_the_librarys(self, loaded: dict[str, Any]) -> None:
        assert loaded["xtts"]._model._model.tokenizer.char_limits == xtts._LIMITS

    def test_a_full_stop_at_the_end_stands_apart(self) -> None:
        assert [xtts._pointed(text) for text in ("Ya voy.", "Ya...", "Sí", "1.5")] == ["Ya voy .", "Ya...", "Sí", "1.5"]

    def test_speech_that_never_ends_is_no_speech(self, tmp_path: Path) -> None:
        coqui.require()
        with small_models.small_networks():
            folder = small_models.xtts(tmp_path / "xtts", endless=True)
            engine = Xtts(DubSettings(xtts_model="here"), {"here": folder}, 1)
        with pytest.raises(EngineOutputError, match="did not come to an end in 3 tries"):
            engine.speak("Yes.", "en", VOICES[0].name)

    def test_with_the_same_dice_the_library_says_the_same(self, loaded: dict[str, Any]) -> None:
        import torch

        model = loaded["xtts"]._model
        parts = [
            Part("Nobody told her. " * n, "en", model.speaker(voice.name), 60.0, n)
            for n, voice in enumerate(VOICES[:8], start=1)
        ]
        together = model.speak(parts)
        for part, said in zip(parts, together, strict=True):
            style, speaker = torch.tensor(part.latents.style), torch.tensor(part.latents.speaker)
            told = model._model.inference(
                part.text, "en", style, speaker, do_sample=False, logits_processor=sampling([part.seed])
            )["wav"]
            assert said is not None and np.allclose(said, told, atol=1e-3)
        # They ended at different times.
        assert len({len(said) for said in together}) > 3

    def test_many_lines_go_through_the_model_together(
        self, loaded: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine, batches = loaded["xtts"], []
        speak = engine._model.speak
        monkeypatch.setattr(engine._model, "speak", lambda parts: (batches.append(len(parts)), speak(parts))[1])
        monkeypatch.setattr(xtts, "ATTEMPTS", 1)
        sayings = [Saying(f"Line {n}, and {'more ' * n}.", VOICES[n % 3].name) for n in range(xtts.BATCH + 4)]
        engine.speak_all([*sayings, sayings[0]], "en")
        assert batches == [xtts.BATCH, 4]

    @pytest.mark.parametrize("file", ["model.pth", "config.json", "vocab.json", "speakers_xtts.pth"])
    def test_a_file_that_holds_something_else_is_refused(self, file: str, models: Models, tmp_path: Path) -> None:
        for path in models["small-xtts"].iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes() if path.name != file else b"{}")
        with pytest.raises(ModelError, match=r"cannot be loaded as XTTS-v2|not the second version"):
            Xtts(DubSettings(xtts_model="here"), {"here": tmp_path}, 1)


@pytest.mark.models
class TestMms:
    def test_letters_that_it_has_no_sound_for_are_spelled_or_named(
        self, loaded: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        voice = loaded["mms"]._model_of("id")
        assert voice.parts("Café, 三!") == ["cafe, san!"]
        assert voice.parts("ไทย") == ["ไทย"]
        monkeypatch.setattr(voice, "_known", voice._known - set("0123456789"))
        with pytest.raises(EngineOutputError, match="no sound for '12'"):
            voice.parts("Bab 12.")

    def test_text_is_romanized_for_the_voices_that_were_trained_so(self, tmp_path: Path) -> None:
        from dubwright.dub.coqui.vits import MmsVoice

        coqui.require()
        with small_models.small_networks():
            voice = MmsVoice(small_models.mms(tmp_path / "mya", uroman=True), "my", "cpu")
        (part,) = voice.parts("မင်္ဂလာပါ")
        assert part.isascii()
        assert part.isalpha()

    def test_a_language_without_a_voice_is_named(self, loaded: dict[str, Any]) -> None:
        with pytest.raises(LanguageError, match="no setting names a voice of MMS for Swahili"):
            loaded["mms"].speak("Habari.", "sw", "af_heart")

    def test_its_time_is_the_same_in_every_voice(self, loaded: dict[str, Any]) -> None:
        engine = loaded["mms"]
        voices = (engine.learn([coqui.clip(pitch, 4)]) for pitch in (110, 210))
        one, other = (engine.speak_as("Tidak ada yang tahu.", "id", voice) for voice in voices)
        assert abs(one.duration_ms - other.duration_ms) < 100

    def test_what_a_checkpoint_says_is_not_run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The library evaluates the layers of WavLM as an expression."""
        coqui.require()
        monkeypatch.chdir(tmp_path)
        folder = small_models.freevc(tmp_path / "freevc", layers=small_models.TRAP)
        with pytest.raises(ModelError, match="no lists of numbers"):
            Mms(DubSettings(freevc_model="here"), {"here": folder}, 1)
        assert not (tmp_path / "trapped").exists()

    @pytest.mark.parametrize("file", ["model.pth", "config.json", "WavLM-Large.pt", "speaker_encoder.pt"])
    def test_a_file_that_holds_something_else_is_refused(self, file: str, models: Models, tmp_path: Path) -> None:
        for path in models["small-freevc"].iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes() if path.name != file else b"{}")
        with pytest.raises(ModelError, match="cannot be loaded as FreeVC"):
            Mms(DubSettings(freevc_model="here"), {"here": tmp_path}, 1)
