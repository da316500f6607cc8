"""A recognizer as a second pair of ears: what is heard in a short sound that should say something known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright import engines, unit
from dubwright.media import sound
from dubwright.settings import TranscribeSettings

# What recognizers want.
RATE = 16_000
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Recognizer:
    """An engine of the stage `transcribe` with one of its models, asked in one language."""

    engine: str
    model: str
    language: str
    machine: unit.Machine

    def heard(self, samples: NDArray[np.float32], rate: int) -> str:
        """What is said in mono samples [n], words with single spaces between them. The engine is loaded when first asked.

        Raises `SettingsError`, `LanguageError`, `EngineMissingError` and `ModelError` for one that cannot be had,
        `EngineOutputError` if it fails or hangs.
        """
        info = engines.select("transcribe", (self.engine,), self.language)
        settings = TranscribeSettings(engine=self.engine, model=self.model)
        loaded: Any = unit.load_engine("transcribe", info, settings, self.machine)
        with TemporaryDirectory(prefix="dubwright-heard-") as folder:
            path = Path(folder, "sound.flac")
            sound.write_flac(path, samples if rate == RATE else sound.resampled(samples, rate, RATE), RATE)
            passages = unit.ask_within(
                f"the recognizer {self.engine}", PATIENCE_S, loaded, lambda: loaded.transcribe(path, self.language)
            )
        return " ".join(word.text.strip() for passage in passages for word in passage.words)
