"""Voices made of pulses and formants: two differ in pitch and in the length of their throats, a line in its vowels."""

from __future__ import annotations

import pickle
import sys
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.voiceprints.encoder import CHANNELS, HIDDEN, LAYERS

RATE = 16000
VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (440, 1020, 2240),
)

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Voice:
    """A voice: its pitch (Hz) and how much its formants lie above an ordinary man's."""

    f0_hz: float
    throat: float
    tilt: float = 1.0

    def say(self, length_ms: int, seed: int) -> Sound:
        rng = np.random.default_rng(seed)
        time = np.arange(RATE * length_ms // 1000) / RATE
        tone = np.interp(time, np.linspace(0, max(time[-1], 0.1), 6), rng.uniform(-0.1, 0.1, 6))
        phase = 2 * np.pi * np.cumsum(self.f0_hz * 2**tone) / RATE
        syllable = (time / 0.18).astype(int)
        choice = rng.integers(0, len(VOWELS), syllable[-1] + 1)
        formants = self.throat * np.array(VOWELS, float)[choice][syllable]
        sound = np.zeros(len(time))
        for harmonic in range(1, int(6500 / self.f0_hz)):
            hertz = harmonic * self.f0_hz
            gain = sum(1 / (1 + ((hertz - formants[:, n]) / (60 + 40 * n)) ** 2) for n in range(3))
            sound += gain * np.sin(harmonic * phase) / harmonic**self.tilt
        sound *= 0.4 + 0.6 * np.abs(np.sin(np.pi * time / 0.18))
        level: Sound = (0.1 * sound / np.sqrt(np.mean(sound**2))).astype(np.float32)
        return level


MAN = Voice(115, 1.0)
WOMAN = Voice(225, 1.17, 1.3)
BOY = Voice(300, 1.35, 0.9)


def scene(lines: list[tuple[Voice, int]], bed: Sound | None = None) -> tuple[Sound, list[tuple[int, int]]]:
    """Lines (voice, ms) with pauses over a faint noise and, if given, a bed; and their times (ms)."""
    at, spans, parts = 1500, [], [np.zeros(1500 * RATE // 1000, np.float32)]
    for number, (voice, length_ms) in enumerate(lines):
        spans.append((at, at + length_ms))
        parts += [voice.say(length_ms, number), np.zeros(400 * RATE // 1000, np.float32)]
        at += length_ms + 400
    whole = np.concatenate([*parts, np.zeros(RATE, np.float32)])
    whole = whole + np.random.default_rng(3).standard_normal(len(whole)).astype(np.float32) * np.float32(5e-4)
    return (whole if bed is None else whole + bed[: len(whole)]), spans


def checkpoint(path: Path, seed: int = 1, *, leave_out: str = "") -> Path:
    """A checkpoint of the encoder's shape in torch's older format, with weights by chance."""
    rng = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"linear.weight": (HIDDEN, HIDDEN), "linear.bias": (HIDDEN,)}
    for layer in range(LAYERS):
        width = CHANNELS if layer == 0 else HIDDEN
        shapes |= {f"lstm.weight_ih_l{layer}": (4 * HIDDEN, width), f"lstm.weight_hh_l{layer}": (4 * HIDDEN, HIDDEN)}
        shapes |= {f"lstm.bias_ih_l{layer}": (4 * HIDDEN,), f"lstm.bias_hh_l{layer}": (4 * HIDDEN,)}
    shapes.pop(leave_out, None)
    tensors = {name: (rng.standard_normal(shape) * 0.1).astype("<f4") for name, shape in shapes.items()}
    state = OrderedDict((name, _Tensor(name, values)) for name, values in tensors.items())
    with _torch(), path.open("wb") as file:
        for content in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
            pickle.dump(content, file, protocol=2)
        _Pickler(file, protocol=2).dump({"step": 1, "model_state": state})
        pickle.dump(list(tensors), file, protocol=2)
        for values in tensors.values():
            file.write(values.size.to_bytes(8, "little") + values.tobytes())
    return path


class _Storage:
    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size


class _Tensor:
    def __init__(self, name: str, values: Sound) -> None:
        self.name, self.values = name, values

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2  # type: ignore[attr-defined]
        strides = tuple(stride // 4 for stride in self.values.strides)
        storage = _Storage(self.name, self.values.size)
        return rebuild, (storage, 0, self.values.shape, strides, False, OrderedDict())


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, _Storage):
            return ("storage", sys.modules["torch"].FloatStorage, obj.name, "cpu", obj.size, None)  # type: ignore[attr-defined]
        return None


class _torch:  # noqa: N801
    """Names of torch's that a checkpoint mentions, for the time of the `with` block."""

    def __enter__(self) -> None:
        torch, inner = ModuleType("torch"), ModuleType("torch._utils")
        storage = type("FloatStorage", (), {"__module__": "torch"})

        def _rebuild_tensor_v2(*_: Any) -> None: ...

        _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
        torch.FloatStorage, inner._rebuild_tensor_v2 = storage, _rebuild_tensor_v2  # type: ignore[attr-defined]
        torch._utils = inner  # type: ignore[attr-defined]
        self.before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
        sys.modules.update({"torch": torch, "torch._utils": inner})

    def __exit__(self, *_: object) -> None:
        for name, module in self.before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
