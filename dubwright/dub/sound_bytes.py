"""Sound as it comes over HTTP, in memory: WAV as any server writes it, FLAC, bare samples. From outside, so hostile."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
from numpy.typing import NDArray

from dubwright.dub.engine import Speech
from dubwright.errors import EngineOutputError

# What OpenAI means by `pcm`.
PCM_RATE = 24_000
RATES = (8_000, 192_000)
MOST_CHANNELS = 8
MOST_SAMPLES = 192_000 * 600
# Format tags of WAV.
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_KINDS = {(_PCM, 16): "<i2", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8", (_PCM, 8): "u1"}


def decoded(content: bytes, kind: str, *, pcm: bool, where: str) -> Speech:
    """Mono samples and their rate. `kind` is the content type, told where it is no sound; `pcm`: bare samples are expected.

    Raises `EngineOutputError`.
    """
    try:
        if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
            samples, rate = _wav(content)
        elif content[:4] == b"fLaC":
            samples, rate = _flac(content)
        elif pcm and content and not kind.startswith(("text/", "application/json")):
            samples, rate = _mono(np.frombuffer(content[: len(content) // 2 * 2], "<i2") / 32768, 1), PCM_RATE
        else:
            said = " ".join(content[:120].decode("utf-8", "replace").split())
            raise ValueError(f"it is {kind or 'of no kind'}: {said}")
        if not RATES[0] <= rate <= RATES[1]:
            raise ValueError(f"{rate} samples a second")
    except (ValueError, struct.error, av.error.FFmpegError) as error:
        raise EngineOutputError(f"the answer is no sound: {error}", where=where) from error
    if not len(samples) or not np.isfinite(samples).all():
        raise EngineOutputError("the answer holds no sound", where=where)
    return Speech(np.clip(samples, -1, 1), rate)


def _wav(content: bytes) -> tuple[NDArray[np.float32], int]:
    at, kind, channels, rate, bits = 12, 0, 0, 0, 0
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        at += 8
        if name == b"fmt ":
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content, at)
            if kind == _EXTENSIBLE:
                (kind,) = struct.unpack_from("<H", content, at + 24)
        elif name == b"data":
            if (kind, bits) not in _KINDS or not 1 <= channels <= MOST_CHANNELS:
                raise ValueError(f"WAV of kind {kind} with {bits} bits in {channels} channels")
            # Who writes while speaking does not know the size, and says 0 or the largest there is.
            known = size not in (0, 0x7FFFFFFF, 0xFFFFFFFF) and size < 0xFFFFF000
            if known and at + size > len(content):
                raise ValueError(f"of {size} bytes of sound {len(content) - at} came")
            body = content[at : at + size] if known else content[at:]
            width = channels * bits // 8
            found = np.frombuffer(body[: len(body) // width * width], _KINDS[kind, bits])
            return _mono(_scaled(found, bits), channels), rate
        at += size + size % 2
    raise ValueError("WAV without sound")


def _scaled(values: NDArray[np.generic], bits: int) -> NDArray[np.float64]:
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    whole = values.astype(np.float64)
    return (whole - 128) / 128 if values.dtype.kind == "u" else whole / 2.0 ** (bits - 1)


def _mono(values: NDArray[np.float64], channels: int) -> NDArray[np.float32]:
    mono: NDArray[np.float32] = values.reshape(-1, channels).mean(axis=1).astype(np.float32)
    return mono


def _flac(content: bytes) -> tuple[NDArray[np.float32], int]:
    parts: list[NDArray[np.float32]] = []
    rate, count = 0, 0
    with av.open(io.BytesIO(content), "r", format="flac") as container:
        resampler = None
        for frame in container.decode(audio=0):
            rate = rate or frame.sample_rate
            resampler = resampler or av.AudioResampler("flt", "mono", rate)
            for each in resampler.resample(frame):
                parts.append(np.asarray(each.to_ndarray().reshape(-1), np.float32))
                count += len(parts[-1])
            if count > MOST_SAMPLES:
                raise ValueError("it does not come to an end")
    return (np.concatenate(parts) if parts else np.zeros(0, np.float32)), rate
