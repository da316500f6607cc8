"""XTTS-v2 as coqui-tts has it: a folder with `model.pth`, `config.json`, `vocab.json` and `speakers_xtts.pth`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.dub import computing
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
TEMPERATURE, TOP_K, TOP_P, REPETITION_PENALTY = 0.75, 50, 0.85, 10.0

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Latents:
    """A voice: its style, of shape [1, 32, width], and its speaker, of shape [1, width, 1]."""

    style: Array
    speaker: Array


@dataclass(frozen=True, slots=True)
class Part:
    """A text that is spoken at once, in which language and with whose voice; `longest_s` is when that is no speech any more,
    `seed` decides what the model leaves to chance."""

    text: str
    language: str
    latents: Latents
    longest_s: float
    seed: int


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

    def speak(self, parts: Sequence[Part]) -> list[Array | None]:
        """Samples [n] at `rate` of each part, the same whatever is spoken beside it; None of one that does not end in time."""
        import torch

        with computing.seeded("speak"):
            texts = [
                torch.tensor([self._model.tokenizer.encode(part.text.strip().lower(), lang=part.language)])
                .int()
                .to(self._device)
                for part in parts
            ]
            codes = self._codes(parts, texts)
            return [
                self._sound(*of_part) if self._ended(of_part[2]) else None
                for of_part in zip(parts, texts, codes, strict=True)
            ]

    def _codes(self, parts: Sequence[Part], texts: Sequence[Any]) -> list[Any]:
        """The codes of each part's sound, of shape [1, n], up to the one that says that it is the last, if that comes in time.

        The library says one text at a time. Here what comes before the sound, voice and text, is filled up on its left, so
        that all sounds begin at one place, and the filling is not looked at.
        """
        import torch

        gpt = self._model.gpt
        before = []
        for part, text in zip(parts, texts, strict=True):
            gpt.compute_embeddings(torch.tensor(part.latents.style).to(self._device), text)
            before.append(gpt.gpt_inference.cached_prefix_emb[0])
        longest = max(len(each) for each in before)
        filled = [torch.nn.functional.pad(each, (0, 0, longest - len(each), 0)) for each in before]
        gpt.gpt_inference.store_prefix_emb(torch.stack(filled))
        # The library gives what comes before the sound as ones, then the code with which sound begins.
        given = torch.ones((len(parts), longest + 1), dtype=torch.long, device=self._device)
        given[:, -1] = gpt.start_audio_token
        looked_at = torch.ones_like(given)
        for row, each in zip(looked_at, before, strict=True):
            row[: longest - len(each)] = 0
        steps = min(gpt.max_gen_mel_tokens, max(self._steps(part.longest_s) for part in parts))
        found = gpt.gpt_inference.generate(
            given,
            attention_mask=looked_at,
            bos_token_id=gpt.start_audio_token,
            pad_token_id=gpt.stop_audio_token,
            eos_token_id=gpt.stop_audio_token,
            max_length=given.shape[1] + steps,
            # It is sampled all the same, by dice of each part's own: see `sampling`.
            do_sample=False,
            num_beams=1,
            repetition_penalty=REPETITION_PENALTY,
            logits_processor=sampling([part.seed for part in parts]),
        )[:, given.shape[1] :]
        ends = (found == gpt.stop_audio_token).int()
        return [
            row[None, : int(end.argmax()) + 1] if end.any() else row[None] for row, end in zip(found, ends, strict=True)
        ]

    def _steps(self, seconds: float) -> int:
        """Codes of so much sound, and one more."""
        return ceil(seconds * float(self._model.config.audio.sample_rate) / int(self._model.gpt.code_stride_len)) + 1

    def _ended(self, codes: Any) -> bool:
        return bool(codes[0, -1] == self._model.gpt.stop_audio_token)

    def _sound(self, part: Part, text: Any, codes: Any) -> Array | None:
        import torch

        gpt = self._model.gpt
        latents = gpt(
            text,
            torch.tensor([text.shape[-1]], device=self._device),
            codes,
            torch.tensor([codes.shape[-1] * gpt.code_stride_len], device=self._device),
            cond_latents=torch.tensor(part.latents.style).to(self._device),
            return_attentions=False,
            return_latent=True,
        )
        sound = self._model.hifigan_decoder(latents, g=torch.tensor(part.latents.speaker).to(self._device))
        samples = np.atleast_1d(np.asarray(sound.cpu().squeeze(), np.float32))
        return samples if len(samples) <= part.longest_s * self.rate else None


def sampling(seeds: Sequence[int]) -> Any:
    """What makes the greatest logit of each row a sample of that row, thrown by a seed of its own; for `generate`."""
    from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    return LogitsProcessorList(
        [TemperatureLogitsWarper(TEMPERATURE), TopKLogitsWarper(TOP_K), TopPLogitsWarper(TOP_P), _Dice(seeds)]
    )


class _Dice:
    """Adds Gumbel noise to the logits [n, codes]: the greatest is then a sample of their softmax (Gumbel 1954).

    `generate` would throw for all rows at once, so that a line said beside others would sound otherwise than alone.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        import torch

        self._dice = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        thrown = torch.stack([torch.empty(scores.shape[1]).exponential_(generator=dice) for dice in self._dice])
        return scores - thrown.to(scores.device).log()


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
