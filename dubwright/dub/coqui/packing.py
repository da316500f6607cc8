"""What is kept of a voice: named arrays of numbers, as safetensors writes them, which hold nothing that could be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dubwright.dub.engine import Speech
from dubwright.dub.silence import trim
from dubwright.errors import EngineOutputError

Array = NDArray[np.float32]
# Of speech, all clips together; below it a voice is learnt, but not the one that was shown.
SHORTEST_S = 3.0
# More of it changes little, and time and memory grow with it.
LONGEST_S = 30.0
# A clip below this says nothing of a voice, one below that level (full scale, root mean square) mostly noise.
SHORTEST_CLIP_S = 0.5
QUIETEST = 10 ** (-50 / 20)


def pack(arrays: Mapping[str, Array]) -> bytes:
    """The arrays as bytes: equal ones of equal arrays."""
    from safetensors.numpy import save

    return bytes(save({name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}))


def unpack(learnt: bytes, shapes: Mapping[str, tuple[int, ...]], engine: str) -> dict[str, Array]:
    """The arrays of these names and shapes. Raises `EngineOutputError` if the bytes hold any others, or no numbers."""
    from safetensors.numpy import load

    try:
        arrays: dict[str, Array] = load(learnt)
    except Exception as error:  # whatever is wrong with bytes that may be any
        raise EngineOutputError(f"what was learnt of the voice cannot be read: {error}", where=engine) from error
    found = {name: array.shape for name, array in arrays.items()}
    if found != dict(shapes) or any(array.dtype != np.float32 for array in arrays.values()):
        raise EngineOutputError(
            "what was learnt of the voice is not of this model", where=engine, field=str(found)[:200]
        )
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise EngineOutputError("what was learnt of the voice holds no numbers", where=engine)
    return arrays


def shown(clips: Sequence[Speech], engine: str) -> list[Speech]:
    """The clips that a voice is learnt from, best first: without the silence at their ends, up to `LONGEST_S` of them.

    Raises `EngineOutputError` if they are too short or too quiet.
    """
    usable: list[Speech] = []
    left, quiet = LONGEST_S, 0
    for clip in clips:
        if not np.isfinite(clip.samples).all():
            continue
        samples = trim(np.asarray(clip.samples, np.float32), clip.rate)[: round(left * clip.rate)]
        if len(samples) < SHORTEST_CLIP_S * clip.rate or np.sqrt(np.mean(samples**2)) < QUIETEST:
            quiet += 1
            continue
        usable.append(Speech(samples, clip.rate))
        left -= len(samples) / clip.rate
    seconds = LONGEST_S - left
    if seconds < SHORTEST_S:
        also = f"; {quiet} clips are too short or too quiet" if quiet else ""
        raise EngineOutputError(
            f"{seconds:.1f} s are too little to learn a voice from{also}",
            where=engine,
            field="clips",
            remedy=f"give {SHORTEST_S:.0f} s or more of clean speech, in clips of {SHORTEST_CLIP_S} s or more",
        )
    return usable
