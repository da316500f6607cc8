"""Who speaks when, by a pyannote pipeline from a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dubwright.errors import ModelError
from dubwright.transcribe.engine import Turn
from dubwright.transcribe.whisperx import offline

CONFIG = "config.yaml"


class Diarizer:
    """A diarization pipeline of pyannote: a folder whose `config.yaml` names its models below `$model/`."""

    def __init__(self, folder: Path, device: str) -> None:
        if not (folder / CONFIG).is_file():
            # A name that is no folder would be looked up on a model hub.
            raise ModelError(f"{CONFIG} is missing", where=str(folder), remedy="run `dubwright models verify`")
        offline.close()
        from whisperx.diarize import DiarizationPipeline

        try:
            self._pipeline = DiarizationPipeline(model_name=str(folder), device=device)
        except Exception as error:  # whatever the classes that config.yaml names raise
            raise ModelError(
                f"cannot be loaded as a diarization pipeline: {type(error).__name__}: {error}",
                where=str(folder),
                remedy="it takes all files of the pipeline's repository, each in its subfolder",
            ) from error

    def turns(self, samples: NDArray[np.float32]) -> list[Turn]:
        """Who speaks in a mono sound of shape [n] at 16 kHz, in order; turns of two people may overlap."""
        found, prints = self._pipeline(samples, return_embeddings=True)
        length_ms = 1000 * len(samples) // 16000
        turns = [
            Turn(
                max(0, round(1000 * float(start_s))),
                min(length_ms, round(1000 * float(end_s))),
                str(label),
                _unit((prints or {}).get(label, ())),
            )
            for start_s, end_s, label in zip(found["start"], found["end"], found["speaker"], strict=True)
        ]
        return sorted(
            (turn for turn in turns if turn.start_ms < turn.end_ms), key=lambda turn: (turn.start_ms, turn.end_ms)
        )


def _unit(vector: object) -> tuple[float, ...]:
    """A vector at length 1; nothing where it is none."""
    values = np.asarray(vector, np.float64)
    length = float(np.linalg.norm(values)) if values.size else 0.0
    return tuple((values / length).tolist()) if np.isfinite(length) and length > 0 else ()
