"""FreeVC as coqui-tts has it: what was said by one voice, said by another.

A folder with `model.pth`, `config.json`, and the two models that the library would fetch from elsewhere for it:
`WavLM-Large.pt` (what is said) and `speaker_encoder.pt` (who says it).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.dub import computing
from dubwright.dub.engine import Speech

MODEL, CONFIG, WAVLM = FILES = ("model.pth", "config.json", "WavLM-Large.pt")
# For a model that was trained with it, as the published one (`use_spk` in its configuration).
SPEAKERS = "speaker_encoder.pt"
# Layers of WavLM are told as an expression that its code evaluates: numbers, lists and their repetition, nothing else.
_LAYERS = re.compile(r"[\d\s()\[\],+*]{1,400}")

Array = NDArray[np.float32]
_patching = threading.Lock()


class FreeVc:
    """The model, on a device."""

    def __init__(self, folder: Path, device: str) -> None:
        """Raises `ModelError` if the folder does not hold what it takes."""
        computing.require_files(folder, FILES)
        self._device = device
        with computing.loading(folder, "FreeVC"):
            self._model = _load(folder).to(device)
        audio = self._model.config.audio
        self._rate: int = audio.input_sample_rate
        self.rate: int = audio.output_sample_rate
        self.width: int = self._model.args.gin_channels

    def learn(self, clips: Sequence[Speech]) -> Array:
        """Who speaks in some clips, of shape [width]."""
        with computing.seeded("learn"):
            found = self._model._extract_target_se([computing.at_rate(clip, self._rate) for clip in clips])
        return np.asarray(found.float().cpu().numpy(), np.float32).reshape(self.width)

    def converted(self, speech: Speech, speaker: Array) -> Array:
        """What is said in a sound, said by a speaker [width]: samples [n] at `rate`; to be called with dice thrown."""
        import torch

        said = self._model.extract_wavlm_features(computing.at_rate(speech, self._rate).unsqueeze(0).to(self._device))
        sound = self._model.inference(said, g=torch.tensor(speaker)[None, :, None].to(self._device))
        return np.asarray(sound[0, 0].float().cpu().numpy(), np.float32)


def _load(folder: Path) -> Any:
    from TTS.vc.configs.freevc_config import FreeVCConfig
    from TTS.vc.models import freevc as library

    config = FreeVCConfig()
    config.load_json(folder / CONFIG)
    with _instead(library, get_wavlm=lambda: _wavlm(folder / WAVLM), SpeakerEncoderEx=_speakers(folder / SPEAKERS)):
        model = library.FreeVC(config)
    model.load_checkpoint(config, folder / MODEL, eval=True)
    return model


@contextmanager
def _instead(module: Any, **parts: Callable[..., Any]) -> Iterator[None]:
    """Within the block a module has these parts instead of its own, which would go and fetch."""
    with _patching:
        own = {name: getattr(module, name) for name in parts}
        try:
            for name, part in parts.items():
                setattr(module, name, part)
            yield
        finally:
            for name, part in own.items():
                setattr(module, name, part)


def _wavlm(path: Path) -> Any:
    import torch
    from TTS.vc.layers.freevc.wavlm.wavlm import WavLM, WavLMConfig

    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    config = WavLMConfig(checkpoint["cfg"])
    if not _LAYERS.fullmatch(config.conv_feature_layers):
        raise ValueError(f"its layers are no lists of numbers: {config.conv_feature_layers[:80]}")
    wavlm = WavLM(config)
    wavlm.load_state_dict(checkpoint["model"])
    return wavlm.eval()


def _speakers(path: Path) -> Callable[[str], Any]:
    """What makes the encoder of speakers from our file, whatever address it is given."""
    import torch
    from TTS.vc.layers.freevc.speaker_encoder.speaker_encoder import SpeakerEncoder

    def encoder(_: str) -> Any:
        computing.require_files(path.parent, (path.name,))
        made = SpeakerEncoder(str(path))
        # The library passes over weights that are missing.
        missing = set(made.state_dict()) - set(torch.load(path, map_location="cpu", weights_only=True)["model_state"])
        if missing:
            raise ValueError(f"{path.name} lacks {', '.join(sorted(missing)[:3])}")
        return made

    return encoder
