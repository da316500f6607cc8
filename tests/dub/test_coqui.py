"""What the contract does not say of Coqui's synthesizers: clips, settings, what they say of themselves. No model is loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright import engines, unit
from dubwright.dub import stage
from dubwright.dub.coqui.mms import PUBLISHED, Mms
from dubwright.dub.coqui.packing import shown
from dubwright.dub.coqui.xtts import Xtts
from dubwright.dub.coqui.xtts_voices import VOICES
from dubwright.dub.engine import Cloner, Speech
from dubwright.dub.fake import FakeSynthesizer
from dubwright.errors import EngineOutputError, ModelError, SettingsError
from dubwright.models import registry
from dubwright.planning.recipes import Recipes
from dubwright.settings import DubSettings, Settings
from dubwright.stages import STAGES
from tests.dub import coqui

# Clips ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_usable_clips_are_taken_up_to_half_a_minute() -> None:
    clips = [
        coqui.clip(200, 12),
        coqui.clip(200, 0.3),
        coqui.clip(200, 12, level=1e-3),
        coqui.clip(200, 12),
        coqui.clip(200, 12),
    ]
    taken = shown(clips, "xtts")
    assert [round(each.duration_ms, -2) for each in taken] == [12000, 12000, 6000]


@pytest.mark.parametrize(
    "clips",
    [
        [],
        [coqui.clip(200, 0.4)],
        [coqui.clip(200, 0.4)] * 20,
        [coqui.clip(200, 2.5)],
        [coqui.clip(200, 10, level=1e-3)],
        [Speech(np.zeros(441_000, np.float32), 44_100)],
        [Speech(np.full(441_000, np.nan, np.float32), 44_100)],
    ],
)
def test_too_little_is_no_voice(clips: list[Speech]) -> None:
    with pytest.raises(EngineOutputError, match="too little to learn a voice from") as caught:
        shown(clips, "xtts")
    assert caught.value.where == "xtts"


# Choosing ---------------------------------------------------------------------------------------------


@pytest.fixture
def thai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's file of artefacts with a voice of MMS for Thai and one for Vietnamese, and the others' models."""
    entries = ""
    for name, language in (("mms-tha", "th"), ("mms-vie", "vi"), ("freevc24", "mul"), ("xtts-v2", "mul")):
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        files = f'[{{path = "model.pth", sha256 = "{sha256}", bytes = 1}}]'
        entries += (
            f'["{name}"]\ndescription = "x"\nlicence = "CC-BY-NC-4.0"\nlanguages = ["{language}"]\nfiles = {files}\n'
        )
    (tmp_path / "artefacts.toml").write_text(entries, encoding="utf-8")
    monkeypatch.setenv(registry.ADDED, str(tmp_path / "artefacts.toml"))


OWN = DubSettings(
    engines=("xtts", "mms", "espeak-ng"),
    xtts_model="xtts-v2",
    mms_models=("mms-vie", "mms-tha"),
    freevc_model="freevc24",
)


@pytest.mark.usefixtures("thai")
def test_each_language_is_spoken_by_the_first_engine_that_has_a_model_for_it() -> None:
    chosen = {language: stage.engine(OWN, language).name for language in ("en", "es-419", "th", "vi", "id", "sv")}
    assert chosen == {"en": "xtts", "es-419": "xtts", "th": "mms", "vi": "mms", "id": "espeak-ng", "sv": "espeak-ng"}


@pytest.mark.usefixtures("thai")
@pytest.mark.parametrize(
    ("left_out", "language", "field"),
    [
        ({"xtts_model": ""}, "en", "xtts_model"),
        ({"freevc_model": ""}, "th", "freevc_model"),
        ({"mms_models": ("mms-tha",)}, "id", "mms_models"),
        ({"mms_models": ()}, "th", "mms_models"),
    ],
)
def test_a_model_that_no_setting_names_is_asked_for(left_out: dict[str, Any], language: str, field: str) -> None:
    settings = OWN.model_copy(update={"engines": ("xtts", "mms") if language == "en" else ("mms",), **left_out})
    with pytest.raises(SettingsError) as caught:
        stage.engine(settings, language)
    assert caught.value.field == f"dub.{field}"


@pytest.mark.usefixtures("thai")
def test_a_language_goes_by_its_own_models_alone() -> None:
    digest = {name: registry.get(name).sha256 for name in ("mms-tha", "mms-vie")}
    assert unit.main_model(Mms.info, OWN, "th") == digest["mms-tha"]
    assert unit.main_model(Mms.info, OWN, "vi") == digest["mms-vie"]
    assert set(unit.artefacts(Mms.info, OWN)) >= {"mms-tha", "mms-vie", "freevc24", "kokoro-v1.0-int8"}

    def recipe(language: str, **chosen: Any) -> dict[str, Any]:
        settings = Settings(dub=OWN.model_copy(update=chosen))
        return Recipes(settings, "zh").recipe(STAGES["dub"], language, source=None, upstream={}, facts=None)

    assert recipe("th", mms_models=("mms-tha",)) == recipe("th")
    assert recipe("sv", mms_models=(), xtts_model="", freevc_model="") == recipe("sv")
    assert recipe("vi", mms_models=("mms-tha",))["engine"] == "espeak-ng"


def test_what_they_say_of_themselves() -> None:
    assert Xtts.info.weights_licence == "LicenseRef-CPML"
    assert Mms.info.weights_licence == "CC-BY-NC-4.0"
    for info in (Xtts.info, Mms.info):
        assert info.clones
        assert info.device == "cuda"
        assert engines.engine_class("dub", info.name).info is info
    assert len(Xtts.info.languages) == 17
    assert not Xtts.info.languages & set(PUBLISHED)
    assert len({voice.name for voice in VOICES}) == len(VOICES) == 55


@pytest.mark.parametrize("kind", [Xtts, Mms])
def test_an_empty_folder_is_refused_before_the_library_looks_elsewhere(kind: type[Xtts | Mms], tmp_path: Path) -> None:
    coqui.require()
    with pytest.raises(ModelError, match=r"model\.pth is missing"):
        kind(coqui.SETTINGS, dict.fromkeys(("small-xtts", "small-mms", "small-freevc"), tmp_path), 1)


def test_the_fake_does_not_clone() -> None:
    assert not isinstance(FakeSynthesizer(DubSettings(), {}, 1), Cloner)
