"""Demucs as a separator: the package's own loading and inference, on a small network with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright import unit
from dubwright.dub import stage
from dubwright.dub.separation import bed as separation
from dubwright.dub.separation.demucs import VOICES, Demucs
from dubwright.errors import ModelError, SettingsError
from dubwright.models import registry
from dubwright.planning.recipes import Recipes
from dubwright.settings import DubSettings, Settings
from dubwright.stages import STAGES
from dubwright.unit import Machine
from tests.dub.conftest import FAKE, LINES, RATE, Episodes, original
from tests.transcribe.small_models import entry

SETTINGS = DubSettings(separator="demucs", separator_model="small-demucs")
SOURCES = ["drums", "bass", "other", VOICES]


def network(sources: list[str]) -> tuple[Any, dict[str, int]]:
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(1)
    sizes = {"channels": 16, "depth": 4, "t_layers": 1, "t_heads": 2, "bottom_channels": 32, "segment": 2}
    return HTDemucs(sources, samplerate=RATE, **sizes), sizes


def published(folder: Path, sources: list[str] | None = None, **about: str) -> Path:
    """A folder as a model of Demucs is published, with a network of another kind, or other metadata, where told."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    sources = sources or SOURCES
    made, sizes = network(sources)
    arguments = {"args": json.dumps([sources]), "kwargs": json.dumps({"samplerate": RATE, **sizes})}
    metadata = {"klass": "demucs.htdemucs.HTDemucs", **arguments, **about}
    tensors = {name: tensor.contiguous() for name, tensor in made.state_dict().items()}
    save_file(tensors, folder / "5ma11.safetensors", metadata=metadata)
    (folder / "small.yaml").write_text("models: ['5ma11']\n", encoding="utf-8")
    return folder


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small Demucs in the models' folder, as an operator's own artefacts name it."""
    if not Demucs.info.installed:
        pytest.skip("demucs is not installed here: `make test-gpu` tries it")
    folder = published(tmp_path / "models" / "small-demucs")
    pinned = tmp_path / "artefacts.toml"
    pinned.write_text(entry("small-demucs", folder, ("mul",), "5ma11.safetensors"), encoding="utf-8")
    monkeypatch.setenv(registry.ADDED, str(pinned))
    return folder


def loaded(folder: Path) -> Demucs:
    return Demucs(SETTINGS, {"small-demucs": folder}, 1)


# Choosing ---------------------------------------------------------------------------------------------


def test_it_takes_a_model_and_a_gpu_and_is_part_of_what_decides_a_dub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError) as caught:
        stage.besides(SETTINGS.model_copy(update={"separator_model": ""}))
    assert caught.value.field == "dub.separator_model"
    digests = []
    for weights in (b"one", b"other"):
        pinned = tmp_path / f"{weights.decode()}.toml"
        folder = tmp_path / weights.decode()
        folder.mkdir()
        (folder / "5ma11.safetensors").write_bytes(weights)
        pinned.write_text(entry("small-demucs", folder, ("mul",), "5ma11.safetensors"), encoding="utf-8")
        monkeypatch.setenv(registry.ADDED, str(pinned))
        settings = Settings(dub=SETTINGS)
        recipe = Recipes(settings, "zh").recipe(STAGES["dub"], "en", source=None, upstream={}, facts=None)
        digests.append(recipe["models"]["small-demucs"])
        kokoro, demucs = STAGES["dub"].engines(settings.dub, "en")
        assert (kokoro.name, demucs.name, demucs.device) == ("kokoro", "demucs", "cuda")
    assert digests[0] != digests[1]


def test_who_separates_otherwise_has_the_dubs_that_they_had() -> None:
    settings = Settings()
    recipe = Recipes(settings, "zh").recipe(STAGES["dub"], "en", source=None, upstream={}, facts=None)
    assert set(recipe["models"]) == set(unit.model_digests(stage.engine(settings.dub, "en"), settings.dub, "en"))
    assert "separator_model" not in recipe["settings"]


# The network ------------------------------------------------------------------------------------------


@pytest.mark.models
def test_what_the_package_takes_for_voices_is_taken(small: Path) -> None:
    import torch
    from demucs.apply import apply_model

    samples = original(LINES, 5.0)
    found = loaded(small).voices(samples, RATE)
    level, spread = samples.mean(), samples.mean(axis=1).std()
    given = torch.from_numpy((samples - level).T.copy() / spread)[None]
    made = network(SOURCES)[0].eval()
    own = apply_model(made, given, shifts=0)[0, SOURCES.index(VOICES)].numpy().T * spread
    assert found.shape == samples.shape and found.dtype == np.float32
    assert np.abs(own).max() > 0
    assert np.allclose(found, own, atol=1e-4 * np.abs(own).max())
    assert (loaded(small).voices(samples, RATE) == found).all()


@pytest.mark.models
def test_other_rates_silence_and_nothing(small: Path) -> None:
    separator = loaded(small)
    samples = original(LINES, 3.0)
    assert separator.voices(samples, 48_000).shape == samples.shape
    assert separator.voices(samples[:100], RATE).shape == (100, 2)
    assert not separator.voices(np.zeros((RATE, 2), np.float32), RATE).any()
    assert separator.voices(np.zeros((0, 2), np.float32), RATE).shape == (0, 2)


@pytest.mark.models
@pytest.mark.usefixtures("small")
def test_a_bed_of_it_is_kept(episodes: Episodes, tmp_path: Path) -> None:
    samples = original(LINES, 3.0)
    episodes.settings = FAKE.model_copy(update={"separator": "demucs", "separator_model": "small-demucs"})
    machine = Machine(episodes.lake.uri, str(tmp_path / "models"))
    ask = (episodes.add(LINES), episodes.lake, machine, "blob/00/" + "0" * 64 + ".flac", samples, RATE)
    first, again = separation.of(*ask), separation.of(*ask)
    assert first is not None and again is not None
    assert first.shape == samples.shape
    assert (first == again).all()


# What is no model -------------------------------------------------------------------------------------


@pytest.mark.models
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("about", "problem"),
    [
        ({"klass": "pathlib.Path", "args": '["trapped"]', "kwargs": "{}"}, "no network of Demucs"),
        ({"klass": "subprocess.Popen", "args": '["touch trapped"]', "kwargs": '{"shell": true}'}, "no network of"),
        ({"structure": '{"_class": "os.system"}'}, "no network of Demucs"),
        ({"structure": "[" * 9}, "cannot be loaded as Demucs"),
        ({"args": "no json"}, "cannot be loaded as Demucs"),
        ({"args": '[["voices", "drums"]]'}, "cannot be loaded as Demucs"),
    ],
)
def test_a_file_has_nothing_else_made(tmp_path: Path, about: dict[str, str], problem: str) -> None:
    with pytest.raises(ModelError, match=problem):
        loaded(published(tmp_path / "other", **about))
    assert not list(tmp_path.rglob("trapped"))


@pytest.mark.models
def test_a_folder_that_lacks_something_says_what(small: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="tells no vocals in stereo"):
        loaded(published(tmp_path / "instruments", ["drums", "bass"]))
    (small / "5ma11.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ModelError, match="cannot be loaded as Demucs"):
        loaded(small)
    (small / "5ma11.safetensors").unlink()
    with pytest.raises(ModelError, match=r"5ma11\.safetensors is missing"):
        loaded(small)
    (small / "small.yaml").unlink()
    with pytest.raises(ModelError, match="0 lists of networks"):
        loaded(small)
