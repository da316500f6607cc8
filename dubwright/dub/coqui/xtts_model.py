"""XTTS-v2 as coqui-tts has it: a folder with `model.pth`, `config.json`, `vocab.json` and `speakers_xtts.pth`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.dub.coqui import computing
from dubwright.dub.engine import Speech
from dubwright.errors import ModelError

FILES = ("model.pth", "config.json", "vocab.json", "speakers_xtts.pth")
# The names of what is kept of a voice, there and here.
LATENT, SPEAKER = "gpt_cond_latent", "speaker_embedding"
# Latents that the second version's resampler makes of any sound.
STYLES = 32
RATE = 22050
# Of a voice this much is listened to, in pieces of this length (s); as the model was published.
LISTENED_S, PIECE_S = 30, 4
# The library's own choice. What the folder says of it is not asked: it is in no fingerprint.
SAMPLING: Mapping[str, Any] = {
    "temperature": 0.75,
    "length_penalty": 1.0,
    "repetition_penalty": 10.0,
    "top_k": 50,
    "top_p": 0.85,
    "do_sample": True,
    "num_beams": 1,
}

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Latents:
    """A voice: its style, of shape [1, 32, width], and its speaker, of shape [1, width, 1]."""

    style: Array
    speaker: Array


class XttsModel:
    """The model and its studio speakers, on a GPU where torch sees one."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Raises `ModelError` if the folder does not hold what it takes. Nothing in it is changed."""
        computing.require_files(folder, FILES)
        self._device = computing.ready(threads)
        with computing.loading(folder, "XTTS-v2"):
            self._model = _load(folder).to(self._device)
        self._speakers: Mapping[str, Any] = self._model.speaker_manager.speakers
        arguments = self._model.args
        self.rate: int = self._model.config.audio.output_sample_rate
        self.most_tokens: int = arguments.gpt_max_text_tokens
        self.shapes: Mapping[str, tuple[int, ...]] = {
            LATENT: (1, STYLES, arguments.gpt_n_model_channels),
            SPEAKER: (1, arguments.d_vector_dim, 1),
        }
        self._folder = folder

    def speaker(self, name: str) -> Latents | None:
        """The latents of a studio speaker; None where the folder has no such. Raises `ModelError` if they are damaged."""
        if name not in self._speakers:
            return None
        with computing.loading(self._folder, "the speakers of XTTS-v2"):
            found = {key: self._speakers[name][key].float().cpu().numpy() for key in self.shapes}
            if any(
                found[key].shape != shape or not np.isfinite(found[key]).all() for key, shape in self.shapes.items()
            ):
                raise ValueError(f"speakers_xtts.pth has no latents of this model for {name}")
        return Latents(found[LATENT], found[SPEAKER])

    def tokens(self, text: str, language: str) -> int:
        """How many tokens the model reads of a text, with its numbers and signs spelled out."""
        return len(self._model.tokenizer.encode(text.lower(), lang=language))

    def learn(self, clips: Sequence[Speech]) -> Latents:
        """The latents of the voice of some clips."""
        import torch

        with computing.seeded("learn"):
            sounds = [computing.at_rate(clip, RATE).unsqueeze(0).to(self._device) for clip in clips]
            speaker = torch.stack([self._model.get_speaker_embedding(sound, RATE) for sound in sounds]).mean(0)
            style = self._model.get_gpt_cond_latents(
                torch.cat(sounds, 1), RATE, length=LISTENED_S, chunk_length=PIECE_S
            )
        return Latents(style.float().cpu().numpy(), speaker.float().cpu().numpy())

    def speak(self, text: str, language: str, latents: Latents) -> tuple[Array, bool]:
        """Samples [n] at `rate`, and whether the model came to an end by itself; to be called with dice that are thrown."""
        import torch

        said = self._model.inference(
            text, language, torch.tensor(latents.style), torch.tensor(latents.speaker), **SAMPLING
        )
        ended = said["gpt_latents"].shape[1] < self._model.gpt.max_gen_mel_tokens
        return np.atleast_1d(np.asarray(said["wav"], np.float32)), ended


def _load(folder: Path) -> Any:
    from TTS.tts.configs.xtts_config import XttsConfig
    from TTS.tts.models.xtts import Xtts

    config = XttsConfig()
    config.load_json(folder / "config.json")
    if not config.model_args.gpt_use_perceiver_resampler:
        raise ModelError("it is not the second version of XTTS", where=str(folder), field="config.json")
    model = Xtts(config)
    # The library would write the published weights anew, in a form that loads without further ado.
    model._load_checkpoint = _weights
    model.load_checkpoint(config, checkpoint_dir=str(folder), eval=True, use_deepspeed=False)
    return model


def _weights(path: Path) -> dict[str, Any]:
    """The weights of a checkpoint, also where its configuration was pickled beside them, as in the published one."""
    import torch
    from TTS.tts.models.xtts import _legacy_safe_globals

    with _legacy_safe_globals():
        weights: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)["model"]
    return weights
