"""Coqui's synthesizers loaded from small models, as an operator's own artefacts name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from dubwright.dub import kokoro
from dubwright.dub.coqui.mms import Mms
from dubwright.dub.coqui.xtts import Xtts
from dubwright.dub.engine import Speech
from dubwright.models import registry
from dubwright.models.store import ModelStore
from dubwright.settings import DubSettings, Settings
from tests.dub import small_models
from tests.transcribe.small_models import entry

ENGINES = {"xtts": Xtts, "mms": Mms}
SETTINGS = DubSettings(
    engines=("xtts", "mms"),
    separator="none",
    xtts_model="small-xtts",
    mms_models=("small-mms",),
    freevc_model="small-freevc",
)
# Of what the voice of MMS is made to speak.
MMS_LANGUAGES = ("id", "vi", "th")
MMS_LETTERS = small_models.LETTERS + "0123456789'-" + "".join(map(chr, range(0x0E01, 0x0E4F)))
MAIN = {"small-xtts": "model.pth", "small-mms": "G_100000.pth", "small-freevc": "model.pth"}


def require() -> None:
    """Skip the test where the library is not installed."""
    if not Xtts.info.installed:
        pytest.skip("coqui-tts is not installed here: `make test-gpu` tries it")


def artefacts(folder: Path) -> Mapping[str, Path]:
    """Small models, by the names that `SETTINGS` has for them; their entries in `artefacts.toml` beside them."""
    folders = {
        "small-xtts": small_models.xtts(folder / "small-xtts"),
        "small-mms": small_models.mms(folder / "small-mms", MMS_LETTERS),
        "small-freevc": small_models.freevc(folder / "small-freevc"),
    }
    spoken = {"small-mms": MMS_LANGUAGES}
    entries = [entry(name, path, spoken.get(name, ("mul",)), MAIN[name]) for name, path in folders.items()]
    (folder / "artefacts.toml").write_text("".join(entries), encoding="utf-8")
    return folders


@contextmanager
def small_coqui(folder: Path) -> Iterator[Mapping[str, Path]]:
    """Within the block the models of `SETTINGS` are there: by their names their folders, and those of Kokoro."""
    require()
    with small_models.small_networks(), pytest.MonkeyPatch.context() as patch:
        models = dict(artefacts(folder))
        patch.setenv(registry.ADDED, str(folder / "artefacts.toml"))
        store = ModelStore(Settings().models_dir)
        yield models | {name: store.ensure(name) for name in (kokoro.MODEL, kokoro.VOICES)}


def clip(pitch_hz: float, seconds: float, rate: int = 44_100, level: float = 0.3) -> Speech:
    """A sound with harmonics, as loud as a voice."""
    time = np.arange(round(seconds * rate)) / rate
    sound = sum(np.sin(2 * np.pi * pitch_hz * n * time) / n for n in range(1, 20))
    return Speech((level * sound * (1 + np.sin(8 * np.pi * time)) / 4).astype(np.float32), rate)
