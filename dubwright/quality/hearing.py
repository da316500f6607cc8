"""What listens to a dub in order to measure it: the voice encoder, a recognizer. Neither is loaded unless it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright import engines, unit
from dubwright.errors import ModelError
from dubwright.media import sound
from dubwright.models.registry import VOICE_ENCODER
from dubwright.models.store import ModelStore
from dubwright.quality.dub_metrics import RATE, Samples, cut
from dubwright.settings import TranscribeSettings

# Around a line: a recognizer wants to hear it begin and end.
PAD_MS = 150


def prints(voices: Sequence[Samples], machine: unit.Machine) -> NDArray[np.float32]:
    """Whose voice each sound is, as unit vectors [n, d]. Raises `ModelError` where the encoder's weights are not.

    They are not fetched: nobody waits for a download in order that something is measured.
    """
    from dubwright.voiceprints.warm import voice_encoder

    if not ModelStore(machine.models_dir, machine.models_mirror).present(VOICE_ENCODER.name):
        raise ModelError(
            "the voice encoder is not on this machine",
            where=machine.models_dir,
            field=VOICE_ENCODER.name,
            remedy=f"dubwright models pull {VOICE_ENCODER.name}",
        )
    return voice_encoder(machine.models_dir, machine.models_mirror).embed(voices)


class Ear:
    """A recognizer that is played pieces of a track."""

    def __init__(self, language: str, machine: unit.Machine) -> None:
        """Load what the settings name. Raises `SettingsError`, `LanguageError`, `EngineMissingError`, `ModelError`."""
        name, model = machine.quality.recognizer, machine.quality.recognizer_model
        info = engines.select("transcribe", (name,), language)
        settings = TranscribeSettings(engine=name, model=model)
        self._engine: Any = unit.load_engine("transcribe", info, settings, machine)
        self._language = language

    def heard(self, track: Samples, span: tuple[int, int]) -> str:
        """What is said in a span (ms) of a track. Raises `EngineOutputError`."""
        piece = cut(track, (span[0] - PAD_MS, span[1] + PAD_MS))
        with TemporaryDirectory(prefix="dubwright-quality-") as folder:
            path = Path(folder, "line.flac")
            sound.write_flac(path, piece, RATE)
            passages = unit.ask_engine("a recognizer", lambda: self._engine.transcribe(path, self._language))
        return " ".join(word.text.strip() for passage in passages for word in passage.words)
