"""Sound of our own making: reading, writing, loudness, tempo. Samples are float32 within -1 to 1, frames first.

A stranger's sound is decoded in `decode`.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

from dubwright.errors import MediaError, StoreError, StoreFullError, ToolError
from dubwright.media import ffmpeg, layouts

Samples = NDArray[np.float32]
LAYOUTS = {count: layout.name for count, layout in layouts.KEPT.items()}
QUIETEST_LUFS = -70.0
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Loudness:
    """By EBU R128. Silence, and sound too short to measure (0.4 s), has `QUIETEST_LUFS`; silence's peak is -inf."""

    integrated_lufs: float
    true_peak_dbtp: float


def read(path: Path, *, rate: int | None = None, channels: int | None = None) -> tuple[Samples, int]:
    """Decode a file of our own: samples of shape [n, channels], and their rate (Hz).

    `rate` and `channels` convert: stereo to mono by the mean, mono to stereo by repeating it, more channels to either as
    FFmpeg mixes them down, unscaled, so that they may exceed -1 to 1.
    Raises `MediaError` for a file that cannot be decoded or whose channels cannot be so converted.
    """
    found: list[Samples] = []
    with _decoding(path) as stream:
        rate = rate or stream.codec_context.sample_rate
        layout = stream.codec_context.layout
        if channels in (1, 2) and layout.nb_channels > 2:
            layout = av.AudioLayout(LAYOUTS[channels])
        resampler = av.AudioResampler("flt", layout, rate)
        for frame in chain(stream.container.decode(stream), [None]):
            found += [_floats(each) for each in resampler.resample(frame)]
    samples = np.concatenate(found) if found else np.zeros((0, layout.nb_channels), np.float32)
    return _with_channels(samples, channels or layout.nb_channels, path), rate


def channels_of(path: Path) -> int:
    """How many channels a file of our own has. Raises `MediaError` for one that holds no sound."""
    with _decoding(path) as stream:
        return int(stream.codec_context.layout.nb_channels)


def write_flac(path: Path, samples: Samples, rate: int, *, bits: Literal[16, 24] = 16) -> None:
    """Write samples of shape [n] or [n, channels] (as in `LAYOUTS`); equal samples give equal bytes.

    What exceeds -1 to 1 is clipped. Raises `ValueError` for NaN or infinity, `StoreFullError` where the disk is full.
    """
    frames = _frames(samples)
    if not np.isfinite(frames).all():
        raise ValueError("samples must be finite")
    with flac_writer(path, rate, frames.shape[1], bits=bits) as write:
        for start in range(0, len(frames), _CHUNK):
            write(_integers(frames[start : start + _CHUNK], bits))


@contextmanager
def flac_writer(path: Path, rate: int, channels: int, *, bits: Literal[16, 24] = 16) -> Iterator[Callable[[Any], None]]:
    """A function that appends integer samples of shape [n, channels]: int16, or int32 whose top 24 bits count.

    The bytes depend on the samples only, not on how they were cut into calls.
    """
    kind, layout = ("s16" if bits == 16 else "s32"), LAYOUTS[channels]
    with _writing(path):
        # bitexact: no date and no library's version inside, so that equal sound is one blob.
        container = av.open(str(path), "w", format="flac", options={"fflags": "+bitexact"})
        stream: Any = container.add_stream("flac", rate=rate, layout=layout, format=kind)
    written = 0

    def write(samples: NDArray[np.int16] | NDArray[np.int32]) -> None:
        nonlocal written
        if not len(samples):
            return
        packed: Any = np.ascontiguousarray(samples).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, kind, layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, written, Fraction(1, rate)
        with _writing(path):
            container.mux(stream.encode(frame))
        written += len(samples)

    try:
        yield write
        with _writing(path):
            container.mux(stream.encode(None))
    finally:
        with _writing(path):
            container.close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except av.error.FFmpegError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFullError("no space left for sound", where=str(path), remedy="free space, run again") from error
        raise StoreError(f"cannot write sound: {error.strerror}", where=str(path)) from error


def resample_flac(source: Path, target: Path, *, rate: int, length: int, channels: Literal[1, 2] = 1) -> None:
    """Write a file of our own as mono or stereo 16-bit FLAC at `rate`, cut or filled with silence to `length` samples.

    More channels are mixed down, the centre in both; mono is repeated.
    """
    with _decoding(source) as stream, flac_writer(target, rate, channels) as write:
        left = length
        # FFmpeg would make mono 3 dB quieter in stereo.
        layout = LAYOUTS[min(channels, stream.codec_context.layout.nb_channels)]
        resampler = av.AudioResampler("s16", layout, rate)
        for frame in chain(stream.container.decode(stream), [None]):
            for each in resampler.resample(frame):
                samples = each.to_ndarray().reshape(-1, each.layout.nb_channels)[:left]
                write(np.repeat(samples, channels // samples.shape[1], axis=1))
                left -= len(samples)
        write_silence(write, left, channels)


def resampled_back(samples: Samples, rate: int, to: int, length: int) -> Samples:
    """What was made of so many samples at the rate `to` (Hz), at that rate again and as long: rates that are no multiples of
    each other leave a sample more or less.
    """
    found = resampled(samples, rate, to)[:length]
    return np.pad(found, [(0, length - len(found))] + [(0, 0)] * (found.ndim - 1))


def resampled(samples: Samples, rate: int, to: int) -> Samples:
    """Samples [n] or [n, channels] (as in `LAYOUTS`) at another rate (Hz), beginning at the same moment."""
    if rate == to or not len(samples):
        return samples
    frames = _frames(samples)
    layout = LAYOUTS[frames.shape[1]]
    packed = np.ascontiguousarray(frames, np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
    frame.sample_rate = rate
    resampler = av.AudioResampler("flt", layout, to)
    found = [_floats(each) for each in (*resampler.resample(frame), *resampler.resample(None))]
    return np.concatenate(found).reshape(-1, *samples.shape[1:])


def write_silence(write: Callable[[Any], None], length: int, channels: int) -> None:
    """Append `length` samples of silence through a `flac_writer`."""
    silence = np.zeros((min(length, _CHUNK), channels), np.int16)
    for start in range(0, length, _CHUNK):
        write(silence[: length - start])


def loudness(source: Path | Samples, rate: int | None = None) -> Loudness:
    """Measure a file of our own, or samples of shape [n] or [n, channels] at `rate` Hz."""
    if isinstance(source, Path):
        opened, stdin = ffmpeg.trusted_input(source), None
        timeout_s = 600.0
    else:
        if not rate:
            raise ValueError("samples need their rate")
        frames = _frames(source)
        opened, stdin = [*_raw(rate, frames.shape[1]), "-i", "pipe:0"], _bytes(frames)
        timeout_s = 60.0 + len(frames) / rate
    # Figures are printed per 0.1 s; without the padding the last piece of sound would go unmeasured.
    meter = "apad=pad_dur=0.099,ebur128=peak=true:metadata=1,ametadata=mode=print:file=-"
    output = ffmpeg.run(
        [*opened, "-map", "0:a:0", "-af", meter, "-f", "null", "-"],
        what="measure loudness",
        timeout_s=timeout_s,
        stdin=stdin,
    )
    text = output.stdout.decode("ascii", errors="replace")
    integrated = re.findall(r"lavfi\.r128\.I=(\S+)", text)
    peaks = re.findall(r"lavfi\.r128\.true_peaks_ch\d+=(\S+)", text)
    if not integrated or not peaks:
        return Loudness(QUIETEST_LUFS, -np.inf)
    peak = max(map(float, peaks))
    return Loudness(max(float(integrated[-1]), QUIETEST_LUFS), 20 * float(np.log10(peak)) if peak > 0 else -np.inf)


def time_stretch(samples: Samples, rate: int, tempo: float) -> Samples:
    """Speak `tempo` times as fast at the same pitch; samples of shape [n] or [n, channels] become round(n / tempo)."""
    if tempo <= 0:
        raise ValueError("a tempo is above 0")
    if tempo == 1 or not len(samples):
        return samples
    frames = _frames(samples)
    raw = _raw(rate, frames.shape[1])
    # The filter holds its last window back, and of a very short sound everything: silence pushes it out.
    output = ffmpeg.run(
        [*raw, "-i", "pipe:0", "-af", f"apad=pad_dur=0.5,rubberband=tempo={tempo:.6f}", *raw, "pipe:1"],
        what="change tempo",
        timeout_s=60 + len(frames) / rate,
        stdin=_bytes(frames),
    )
    length = round(len(samples) / tempo)
    stretched = np.frombuffer(output.stdout, np.float32).reshape(-1, frames.shape[1])[:length]
    if not len(stretched) and length:
        raise ToolError("FFmpeg's rubberband filter gave no sound", where="change tempo")
    fitted = np.concatenate([stretched, np.zeros((length - len(stretched), frames.shape[1]), np.float32)])
    return fitted.reshape((length, *samples.shape[1:]))


@contextmanager
def _decoding(path: Path) -> Iterator[Any]:
    """The first sound stream of a file of our own."""
    try:
        with av.open(ffmpeg.address(path), "r", container_options={"protocol_whitelist": "file"}) as container:
            streams = container.streams.audio
            # FFmpeg opens any file that is called .flac, and only then finds nothing in it.
            if not streams or not streams[0].codec_context.sample_rate:
                raise MediaError("has no sound stream", where=str(path), field="sound")
            yield streams[0]
    except (av.error.FFmpegError, UnicodeError) as error:
        raise MediaError(f"sound that cannot be read: {error}", where=str(path), field="sound") from error


def _frames(samples: Samples) -> Samples:
    """Samples of shape [n] or [n, channels] as [n, channels]."""
    return samples[:, np.newaxis] if samples.ndim == 1 else samples


def _floats(frame: Any) -> Samples:
    packed: Samples = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
    return packed


def _with_channels(samples: Samples, channels: int, path: Path) -> Samples:
    found = samples.shape[1]
    if found == channels:
        return samples
    if channels == 1:
        mono: Samples = samples.mean(axis=1, keepdims=True, dtype=np.float32)
        return mono
    if (found, channels) == (1, 2):
        return np.repeat(samples, channels, axis=1)
    raise MediaError(f"{found} channels cannot become {channels}", where=str(path), field="sound")


def _integers(frames: Samples, bits: int) -> NDArray[np.int16] | NDArray[np.int32]:
    scale = 1 << (bits - 1)
    rounded = np.clip(np.rint(frames.astype(np.float64) * scale), -scale, scale - 1)
    return rounded.astype(np.int16) if bits == 16 else rounded.astype(np.int32) << 8


def _bytes(frames: Samples) -> bytes:
    return np.ascontiguousarray(frames, dtype="<f4").tobytes()


def _raw(rate: int, channels: int) -> list[str]:
    return ["-f", "f32le", "-ar", str(rate), "-ch_layout", LAYOUTS[channels]]
