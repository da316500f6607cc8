"""A stranger's sound to one unbroken track on the picture's clock.

Sample 0 is heard with the picture's first frame, the last one with its last. What comes late is preceded by silence,
what is missing is replaced by silence, and what lies outside the picture is left out, so that nothing after a fault
is out of step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from dubwright.errors import MediaError, ToolTimeout
from dubwright.media import layouts
from dubwright.media.layouts import Layout
from dubwright.media.probe import WHOLE_SHARE, MediaInfo, first_sound, open_untrusted
from dubwright.media.sound import flac_writer, write_silence

# Timestamps are rounded, and some muxers let them jitter: sound is moved at once where it is this far off,
HARD_S = 0.1
# and where it stays off by this much (under one packet, whose loss must show) over so many frames.
SOFT_S = 0.015
PATIENCE = 8
# Packets that a decoder may take before it gives its first frame.
DECODER_DELAY = 2
# What a note is worth.
NOTICEABLE_S = 0.1


@dataclass(frozen=True, slots=True)
class Decoded:
    """The layout that was kept, how much sound there was of its own (ms, silence filled in not counted), what was odd."""

    layout: Layout
    own_ms: int
    notes: tuple[str, ...]


class _LayoutChanges(Exception):
    """Midway the sound comes in another layout than the one to be kept."""


def decode(path: Path, info: MediaInfo, target: Path, rate: int) -> Decoded:
    """Write the first sound stream as 16-bit FLAC of exactly `track_length(info, rate)` samples, in its layout if that is kept.

    `info` is what `probe` said of the file. A sound whose layout is not kept, or that comes in several, is made stereo:
    more than two channels are mixed down, the centre in both.
    Raises `MediaError` where too little can be decoded, `ToolTimeout` where decoding takes absurdly long.
    """
    try:
        return _decode(path, info, target, rate, layouts.kept(info.audio.layout, info.audio.channels))
    except _LayoutChanges:
        return _decode(path, info, target, rate, layouts.STEREO)


def _decode(path: Path, info: MediaInfo, target: Path, rate: int, layout: Layout) -> Decoded:
    deadline = time.monotonic() + 120 + 2 * info.duration_ms / 1000
    channels = len(layout.channels)
    with flac_writer(target, rate, channels) as write:
        track = _Track(write, rate, channels, track_length(info, rate))
        converter = _Converter(rate, layout)
        with open_untrusted(path) as container:
            stream = first_sound(container, path)
            for packet in container.demux(stream):
                frames: list[Any] = []
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    track.damaged += 1
                track.packets += bool(packet.size) and not packet.is_discard
                track.heard += bool(frames)
                for frame in frames:
                    for at_s, samples in converter.convert(frame):
                        track.place(None if at_s is None else at_s - info.picture_starts_s, samples)
                if time.monotonic() > deadline:
                    raise ToolTimeout("decoding takes too long", where=str(path), remedy="is the machine overloaded?")
            for at_s, samples in converter.flush():
                track.place(None if at_s is None else at_s - info.picture_starts_s, samples)
        track.finish()
    _check_share(path, track)
    return Decoded(layout, round(1000 * track.decoded / rate), tuple(track.notes()))


def track_length(info: MediaInfo, rate: int) -> int:
    """Samples of a track at `rate` Hz that lasts as long as the picture."""
    return round(info.duration_ms * rate / 1000)


@dataclass(slots=True)
class _Track:
    """Sound laid onto the picture's clock, written as it comes. Lengths are in samples."""

    write: Callable[[Any], None]
    rate: int
    channels: int
    length: int
    cursor: int = 0
    decoded: int = 0
    damaged: int = 0
    packets: int = 0
    heard: int = 0
    gaps: int = 0
    filled: int = 0
    dropped: int = 0
    early: int = 0
    late: int = 0
    short: int = 0
    _off: int = field(default=0, repr=False)
    _begun: bool = field(default=False, repr=False)

    def place(self, at_s: float | None, samples: NDArray[np.int16]) -> None:
        """Lay samples of shape [n, channels] at a time (s) on the picture's clock; without one, after what was laid before."""
        self.decoded += len(samples)
        off = 0 if at_s is None else round(at_s * self.rate) - self.cursor
        if self.cursor >= self.length:
            self.late += len(samples)
            return
        if not self._begun:
            self._begin(off, samples)
            return
        self._off = self._off + 1 if abs(off) > SOFT_S * self.rate else 0
        if abs(off) > HARD_S * self.rate or self._off > PATIENCE:
            self._off = 0
            if off > 0:
                self.gaps += 1
                self.filled += self._fill(off)
            else:
                self.dropped += min(-off, len(samples))
                samples = samples[-off:]
        self._lay(samples)

    def _begin(self, off: int, samples: NDArray[np.int16]) -> None:
        if off < 0:
            self.early += min(-off, len(samples))
            samples = samples[-off:]
        else:
            self._fill(off)
        self._begun = bool(len(samples))
        self._lay(samples)

    def _fill(self, length: int) -> int:
        length = max(0, min(length, self.length - self.cursor))
        write_silence(self.write, length, self.channels)
        self.cursor += length
        return length

    def _lay(self, samples: NDArray[np.int16]) -> None:
        kept = samples[: self.length - self.cursor]
        self.late += len(samples) - len(kept)
        self.write(kept)
        self.cursor += len(kept)

    def finish(self) -> None:
        self.short = self.length - self.cursor
        self._fill(self.short)

    def notes(self) -> list[str]:
        found = [f"packets of the sound that cannot be decoded: {self.damaged}"] if self.damaged else []
        for samples, text in (
            (self.filled, f"gaps in the sound: {self.gaps}, in all {{}}; filled with silence"),
            (self.dropped, "{} of the sound overlap what came before: left out"),
            (self.early, "the sound begins {} before the picture: left out"),
            (self.late, "the sound runs {} past the picture: left out"),
            (self.short, "the sound ends {} before the picture: silence follows"),
        ):
            if samples > NOTICEABLE_S * self.rate:
                found.append(text.format(f"{samples / self.rate:.2f} s"))
        return found


class _Converter:
    """Decoded frames as int16 samples of shape [n, channels] in one layout at one rate, each with its time (s) where it has one.

    Anything becomes stereo. Raises `_LayoutChanges` for what another layout would lose.
    """

    def __init__(self, rate: int, layout: Layout) -> None:
        self._rate, self._layout = rate, layout
        self._resampler: Any = None
        self._made_for: tuple[str, str, int] | None = None

    def convert(self, frame: Any) -> list[tuple[float | None, NDArray[np.int16]]]:
        # Sound may change its form midway; and one that never said its layout is taken by its number of channels.
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        rest = []
        if form != self._made_for:
            if self._layout not in (layouts.STEREO, layouts.kept(frame.layout.name, frame.layout.nb_channels)):
                raise _LayoutChanges
            rest = self.flush()
            # Mono is repeated below: FFmpeg would make it 3 dB quieter.
            layout = layouts.MONO if frame.layout.nb_channels == 1 else self._layout
            self._resampler, self._made_for = av.AudioResampler("s16", layout.name, self._rate), form
        return rest + [self._converted(each) for each in self._resampler.resample(frame)]

    def flush(self) -> list[tuple[float | None, NDArray[np.int16]]]:
        if self._resampler is None:
            return []
        with suppress(av.error.FFmpegError):
            return [self._converted(each) for each in self._resampler.resample(None) if each is not None]
        return []

    def _converted(self, frame: Any) -> tuple[float | None, NDArray[np.int16]]:
        samples = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
        at_s = None if frame.pts is None else float(frame.pts * frame.time_base)
        return at_s, np.repeat(samples, len(self._layout.channels) // samples.shape[1], axis=1)


def _check_share(path: Path, track: _Track) -> None:
    """Raise `MediaError` where the sound cannot be delivered as it was meant."""
    if track.heard < WHOLE_SHARE * track.packets - DECODER_DELAY or not track.decoded:
        raise MediaError(
            f"only {100 * track.heard / max(1, track.packets):.0f} % of the sound can be decoded",
            where=str(path),
            field="sound",
            remedy="copy or deliver it again; this file is damaged",
        )
    if track.dropped > (1 - WHOLE_SHARE) * track.decoded:
        raise MediaError(
            f"{track.dropped / track.rate:.1f} s of the sound overlap what came before",
            where=str(path),
            field="sound timestamps",
            remedy="write the file anew with timestamps that rise",
        )
