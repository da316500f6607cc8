"""A voice of Meta's MMS as coqui-tts has it: a VITS model of one language and one speaker.

A folder with `G_100000.pth`, `config.json` and `vocab.txt`, as published for fairseq.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np

from dubwright import languages
from dubwright.dub import computing
from dubwright.dub.coqui.cutting import cut
from dubwright.dub.engine import Speech
from dubwright.errors import EngineOutputError

FILES = ("G_100000.pth", "config.json", "vocab.txt")
# Letters at once: the model attends to all of them, and its melody flattens.
LONGEST = 200


class MmsVoice:
    """The model of a language, on a device."""

    def __init__(self, folder: Path, language: str, device: str) -> None:
        """Raises `ModelError` if the folder does not hold what it takes."""
        computing.require_files(folder, FILES)
        self._device, self._language = device, languages.base(language)
        with computing.loading(folder, "a voice of MMS"):
            self._model = _load(folder).to(device)
        self._tokenizer = self._model.tokenizer
        self._known = set(self._tokenizer.characters.vocab)
        self.rate: int = self._model.config.audio.sample_rate

    def parts(self, text: str) -> list[str]:
        """What of a text is said at once: its letters as the model has them.

        Raises `EngineOutputError` if it holds letters or digits that the model has no sound for.
        """
        cleaned = self._tokenizer.text_cleaner(text, lang=self._language)
        spelled = "".join(map(self._spelled, cleaned))
        unknown = "".join(dict.fromkeys(char for char in spelled if _said(char) and char not in self._known))
        if unknown:
            raise EngineOutputError(f"the model has no sound for {unknown[:40]!r}", where="mms", field=text[:80])
        return cut(spelled, lambda part: len(part) <= LONGEST)

    def say(self, part: str) -> Speech:
        """The model's own voice; to be called with dice that are thrown."""
        import torch

        numbers = self._tokenizer.text_to_ids(part, language=self._language)
        said = self._model.inference(torch.tensor([numbers], device=self._device))["model_outputs"]
        return Speech(np.asarray(said[0, 0].float().cpu().numpy(), np.float32), self.rate)

    def _spelled(self, char: str) -> str:
        """A letter in others that the model knows, where it does not know it: é by e, 三 by san."""
        if char in self._known or not _said(char):
            return char
        from anyascii import anyascii

        plain = anyascii(char).lower()
        return plain if plain and all(each in self._known for each in plain) else char


def _said(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _load(folder: Path) -> Any:
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import Vits, VitsArgs

    # Without what only training takes, as large again as the rest.
    config = VitsConfig(model_args=VitsArgs(init_discriminator=False))
    model = Vits(config)
    model.load_fairseq_checkpoint(config, folder / FILES[0], eval=True)
    return model
