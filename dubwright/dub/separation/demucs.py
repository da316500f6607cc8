"""Demucs (https://github.com/adefossez/demucs): networks that tell a mixture's voices from its music, in stereo.

A folder as its author publishes a model: `NAME.yaml`, which lists the networks of a bag, and a `.safetensors` file for each
of them. Older models are pickled, which could run anything: they are not taken.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dubwright.dub import computing
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, ModelError
from dubwright.media import sound
from dubwright.settings import DubSettings

Samples = NDArray[np.float32]

# The networks that a file may name as what it holds; it could name anything that can be imported.
NETWORKS = ("demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs")
VOICES = "vocals"
# Of a piece that it hears at once, as much is heard in the next one too.
OVERLAP = 0.25


class Demucs:
    """A bag of the package `demucs`, on a device."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="demucs",
        revision=1,
        languages=frozenset(),
        code_licence="MIT",
        weights_licence="MIT",
        package="demucs",
        extra="gpu",
        choices=("separator_model",),
        device="cuda",
    )

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        """Raises `ModelError` if the model's folder does not hold what it takes."""
        self._device = computing.ready(threads)
        folder = models[settings.separator_model]
        with computing.loading(folder, "Demucs"):
            self._bag = _bag(folder).to(self._device).eval()
        if VOICES not in self._bag.sources or self._bag.audio_channels != 2:
            raise ModelError(f"tells no {VOICES} in stereo: {', '.join(self._bag.sources)}", where=str(folder))

    def voices(self, samples: Samples, rate: int) -> Samples:
        """The voices in a sound [n, 2] at `rate` (Hz). Raises `EngineOutputError`."""
        import torch
        from demucs.apply import apply_model

        own = int(self._bag.samplerate)
        heard = sound.resampled(samples, rate, own)
        # It learnt from sounds of one level.
        level, spread = float(heard.mean()), float(heard.mean(axis=1).std())
        if not spread > 0:
            return np.zeros_like(samples)
        given = torch.from_numpy(np.ascontiguousarray((heard - level).T / spread))[None]
        with computing.seeded("separate"):
            # It shifts sounds by chance for a little more; the same sound is to give the same bed.
            parts = apply_model(self._bag, given, shifts=0, split=True, overlap=OVERLAP, device=self._device)
        said = parts[0, self._bag.sources.index(VOICES)].float().cpu().numpy().T * np.float32(spread)
        if not np.isfinite(said).all():
            raise EngineOutputError("gave no sound", where=self.info.name)
        return sound.resampled_back(said.astype(np.float32), own, rate, len(samples))


def _bag(folder: Path) -> Any:
    import yaml
    from demucs.apply import BagOfModels
    from demucs.hf import load_safetensors_model

    bags = sorted(folder.glob("*.yaml"))
    if len(bags) != 1:
        raise ModelError(
            f"{len(bags)} lists of networks (*.yaml) instead of one",
            where=str(folder),
            remedy="docs/operations.md lists the files of this model",
        )
    about = yaml.safe_load(bags[0].read_text(encoding="utf-8"))
    files = [f"{name}.safetensors" for name in about["models"]]
    computing.require_files(folder, files)
    for file in files:
        _require_network(folder / file)
    networks = [load_safetensors_model(folder / file) for file in files]
    return BagOfModels(networks, about.get("weights"), about.get("segment"))


def _require_network(file: Path) -> None:
    """Raises `ModelError` for a file that would have anything but a network of Demucs made."""
    from safetensors import safe_open

    with safe_open(str(file), framework="numpy") as opened:
        about = opened.metadata() or {}
    if about.get("klass") not in NETWORKS or "_class" in json.dumps(json.loads(about.get("structure", "{}"))):
        raise ModelError(
            f"holds no network of Demucs that dubwright knows, but {about.get('klass')!r:.80}",
            where=str(file),
            remedy="take the model as its author publishes it, unquantized",
        )
