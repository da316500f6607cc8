"""Forced alignment: when each character of a known text is spoken, by a wav2vec2 model of its language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright import languages
from dubwright.errors import ModelError
from dubwright.transcribe.whisper import RATE, Spoken
from dubwright.transcribe.whisperx import offline


class Aligner:
    """A wav2vec2 model with a CTC head, as transformers saves it, from a folder."""

    def __init__(self, folder: Path, language: str, device: str) -> None:
        if not (folder / "config.json").is_file():
            raise ModelError("config.json is missing", where=str(folder), remedy="run `dubwright models verify`")
        self._library = offline.alignment()
        self._device = device
        try:
            self._model, self._about = self._library.load_align_model(
                languages.base(language), device, model_name=str(folder), model_cache_only=True
            )
        except (ValueError, OSError) as error:
            raise ModelError(
                f"cannot be loaded as an aligner: {error}",
                where=str(folder),
                remedy="it takes a folder that Wav2Vec2ForCTC and Wav2Vec2Processor can be loaded from",
            ) from error
        self._model.eval()

    def timed(self, words: Sequence[Spoken], samples: NDArray[np.float32]) -> list[Spoken]:
        """The words at the times at which their characters stand in a mono sound of shape [n] at 16 kHz.

        What the model has no characters for keeps the times that it came with.
        """
        line = "".join(word.text for word in words)
        found = self._library.align(
            [{"text": line, "start": 0.0, "end": len(samples) / RATE}],
            self._model,
            self._about,
            samples,
            self._device,
            return_char_alignments=True,
        )
        chars = [char for segment in found["segments"] for char in segment.get("chars") or ()]
        if [char["char"] for char in chars] != list(line):
            return list(words)
        aligned, at = [], 0
        for word in words:
            aligned.append(_over(word, chars[at : at + len(word.text)]))
            at += len(word.text)
        return aligned


def _over(word: Spoken, chars: Sequence[dict[str, Any]]) -> Spoken:
    """A word over its spoken characters: punctuation has no time of its own, whatever the model says."""
    spoken = [char for char in chars if char["char"].isalnum() and "start" in char and "end" in char]
    if not spoken:
        return word
    return replace(
        word,
        start_s=min(float(char["start"]) for char in spoken),
        end_s=max(float(char["end"]) for char in spoken),
    )
