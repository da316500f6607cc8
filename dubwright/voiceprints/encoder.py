"""A voice encoder: speech to a direction in space that says whose voice it is. Resemblyzer's network, in numpy.

Three LSTM layers over mel spectra (generalized end-to-end loss, trained by its authors on read and broadcast speech),
under the Apache License 2.0 with its weights. No torch: the checkpoint is read as data, and a whole episode's voices
are one batch of matrix products.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.errors import ModelError
from dubwright.voiceprints import spectra
from dubwright.voiceprints.spectra import Array

LAYERS, HIDDEN, CHANNELS = 3, 256, 40
WINDOW_FRAMES = 160
STEP_FRAMES = 80
LEVEL_DBFS = -30.0
BATCH = 128
_SIZE = 400


class VoiceEncoder:
    """The encoder, loaded. One thread at a time."""

    def __init__(self, checkpoint: Path) -> None:
        """Load. Raises `ModelError` for a file that is not this network's checkpoint."""
        weights = _checkpoint(checkpoint)
        try:
            # Input and state go through one product: [x, h] @ W + b.
            self._layers = [
                (
                    np.concatenate([weights[f"lstm.weight_ih_l{n}"], weights[f"lstm.weight_hh_l{n}"]], axis=1).T.copy(),
                    weights[f"lstm.bias_ih_l{n}"] + weights[f"lstm.bias_hh_l{n}"],
                )
                for n in range(LAYERS)
            ]
            self._linear = (weights["linear.weight"].T.copy(), weights["linear.bias"])
        except (KeyError, ValueError) as error:
            raise _not_ours(checkpoint, error) from error
        shapes = [matrix.shape for matrix, _ in self._layers]
        if shapes != [((CHANNELS if n == 0 else HIDDEN) + HIDDEN, 4 * HIDDEN) for n in range(LAYERS)]:
            raise _not_ours(checkpoint, ValueError(f"layers of shapes {shapes}"))

    def embed(self, sounds: Sequence[Array]) -> Array:
        """The voice of each sound (mono, 16 kHz), as unit vectors of shape [n, 256]. Below 0.7 s they are worth little."""
        windows, owners = [], []
        for index, samples in enumerate(sounds):
            found = _windows(samples)
            windows += found
            owners += [index] * len(found)
        if not windows:
            return np.zeros((len(sounds), HIDDEN), np.float32)
        each = np.concatenate(
            [self._forward(np.stack(windows[at : at + BATCH])) for at in range(0, len(windows), BATCH)]
        )
        summed = np.zeros((len(sounds), HIDDEN), np.float32)
        np.add.at(summed, owners, each)
        return unit(summed)

    def _forward(self, mels: Array) -> Array:
        """Unit vectors of shape [n, 256] of mel spectra of shape [n, frames, 40]."""
        sequence = np.ascontiguousarray(mels.transpose(1, 0, 2))
        for matrix, bias in self._layers:
            state = np.zeros((sequence.shape[1], HIDDEN), np.float32)
            memory = np.zeros_like(state)
            outputs = np.empty((len(sequence), *state.shape), np.float32)
            for step, given in enumerate(sequence):
                gates = np.concatenate([given, state], axis=1) @ matrix + bias
                keep, forget, new, show = np.split(gates, 4, axis=1)
                memory = _sigmoid(forget) * memory + _sigmoid(keep) * np.tanh(new)
                state = outputs[step] = _sigmoid(show) * np.tanh(memory)
            sequence = outputs
        matrix, bias = self._linear
        return unit(np.maximum(0, sequence[-1] @ matrix + bias))


def unit(vectors: Array) -> Array:
    """Rows brought to length 1; rows of nothing stay nothing."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Array = (vectors / np.maximum(length, 1e-9)).astype(np.float32)
    return found


def _windows(samples: Array) -> list[Array]:
    """Mel spectra of 1.6 s every 0.8 s; of a shorter sound its own, said over and over until they are as long."""
    level = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    if not level:
        return []
    spectrum = spectra.power(samples * np.float32(10 ** (LEVEL_DBFS / 20) / level), _SIZE)
    mels = spectrum @ spectra.mel_filters(_SIZE, CHANNELS).T
    if len(mels) < WINDOW_FRAMES:
        mels = np.tile(mels, (-(-WINDOW_FRAMES // len(mels)), 1))[:WINDOW_FRAMES]
    starts = list(range(0, len(mels) - WINDOW_FRAMES + 1, STEP_FRAMES))
    if len(mels) - WINDOW_FRAMES - starts[-1] >= STEP_FRAMES // 4:
        starts.append(len(mels) - WINDOW_FRAMES)
    return [mels[start : start + WINDOW_FRAMES] for start in starts]


def _sigmoid(values: Array) -> Array:
    found: Array = 0.5 * np.tanh(0.5 * values) + 0.5
    return found


# The checkpoint ---------------------------------------------------------------------------------------


def _checkpoint(path: Path) -> dict[str, NDArray[np.float32]]:
    """Name → tensor, from a file of torch's older format: pickles, then each storage's length and floats.

    Nothing that a pickle can ask for is run but the making of dictionaries and of views.
    """
    try:
        with path.open("rb") as file:
            for _ in range(3):
                _Reader(file).load()
            content = _Reader(file).load()
            storages = {}
            for key in _Reader(file).load():
                count = int.from_bytes(file.read(8), "little")
                storages[str(key)] = np.frombuffer(file.read(4 * count), "<f4")
                if len(storages[str(key)]) != count:
                    raise ValueError("the file ends early")
        return {name: view(storages) for name, view in content["model_state"].items() if isinstance(view, _View)}
    except (pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise _not_ours(path, error) from error


class _View:
    """A tensor of a checkpoint, before its numbers are read."""

    def __init__(self, storage: tuple[Any, ...], offset: int, shape: tuple[int, ...], *_: Any) -> None:
        self.key, self.offset, self.shape = str(storage[2]), int(offset), tuple(int(size) for size in shape)

    def __call__(self, storages: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        size = int(np.prod(self.shape, dtype=np.int64))
        return storages[self.key][self.offset : self.offset + size].reshape(self.shape)


class _Reader(pickle.Unpickler):
    _KNOWN = {  # noqa: RUF012
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _View,
        ("torch", "FloatStorage"): "float32",
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._KNOWN:
            raise pickle.UnpicklingError(f"asks for {module}.{name}")
        return self._KNOWN[module, name]

    def persistent_load(self, pid: Any) -> Any:
        return pid


def _not_ours(path: Path, error: Exception) -> ModelError:
    return ModelError(
        f"not a checkpoint of the voice encoder: {error}", where=str(path), remedy="run `dubwright models verify`"
    )
