"""A stranger's picture as grey frames, upright, one at a time: all of them, or a few all over the video."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from dubwright.errors import MediaError, ToolTimeout
from dubwright.media.probe import first_picture, open_untrusted, quarter_turn

Grey = NDArray[np.uint8]

# Planar formats whose first plane is the brightness, a byte each: it is looked at where it lies.
_BRIGHTNESS_FIRST = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray")
# The second frame of a pair stands so much (s) after the first: what crawls has moved, what is read has not.
PAIR_S = 0.2
# Decoding may take this long, and so much for each second of video.
PATIENCE_S, PATIENCE = 120.0, 4.0


@dataclass(frozen=True, slots=True)
class Clock:
    """When a picture is shown: `origin_s`, the time that the file writes on its first frame; its length (s); and how
    far apart (s, at most) the frames are that decode without others."""

    origin_s: float
    duration_s: float
    key_gap_s: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture or a part of it, upright, `grey` of shape [height, width]; `at_ms` is 0 for the video's first frame.

    `grey` may be the decoder's own memory: copy what is kept.
    """

    at_ms: int
    grey: Grey


def clock(path: Path) -> Clock:
    """Read every packet's time, decode nothing. Raises `MediaError` where there is no picture."""
    shown, keys = [], []
    with open_untrusted(path) as container:
        for packet in container.demux(first_picture(container, path)):
            if packet.pts is not None and not packet.is_discard:
                shown.append(float(packet.pts * packet.time_base))
                if packet.is_keyframe:
                    keys.append(shown[-1])
    if not shown:
        raise MediaError("nothing of its picture can be decoded", where=str(path), field="picture")
    first, last = min(shown), max(shown)
    step = (last - first) / max(1, len(shown) - 1)
    gaps = np.diff([first, *sorted(keys), last + step])
    return Clock(first, last - first + step, float(gaps.max()))


def every(path: Path, when: Clock, top: int = 0, bottom: int | None = None) -> Iterator[Frame]:
    """Every frame's rows from `top` up to `bottom` (px of the upright picture). Frames that cannot be decoded are left out.

    Raises `MediaError` where the file cannot be read, `ToolTimeout` where decoding takes absurdly long.
    """
    with open_untrusted(path) as container:
        stream = first_picture(container, path)
        stream.thread_type = "AUTO"
        turn = _Turn()
        yield from (
            Frame(at_ms, turn.upright(frame)[top:bottom])
            for at_ms, frame in _decoded(container.demux(stream), path, when)
        )


def pairs(path: Path, when: Clock, step_s: float) -> Iterator[tuple[Frame, Frame]]:
    """Two frames, 0.2 s apart, about every `step_s`: at frames that decode alone where there are enough of them.

    Raises what `every` raises.
    """
    with open_untrusted(path) as container:
        stream = first_picture(container, path)
        stream.thread_type = "AUTO"
        turn, chosen = _Turn(), _Chosen(when, step_s, everything=when.key_gap_s > 2 * step_s)
        # Frames that no other is made from are not missed here, and take half of the time.
        stream.codec_context.skip_frame = "NONREF"
        first: Frame | None = None
        for at_ms, frame in _decoded(chosen.of(container.demux(stream), stream), path, when):
            if first is None and at_ms >= chosen.due_ms:
                first = Frame(at_ms, turn.upright(frame).copy())
            elif first is not None and at_ms >= first.at_ms + 1000 * PAIR_S:
                yield first, Frame(at_ms, turn.upright(frame).copy())
                chosen.found(first.at_ms)
                first = None


@dataclass(slots=True)
class _Chosen:
    """Which packets are worth decoding: those from a keyframe that is due until its pair has been found."""

    when: Clock
    step_s: float
    everything: bool
    due_ms: float = 0.0
    wanted: bool = False

    def of(self, packets: Iterator[Any], stream: Any) -> Iterator[Any]:
        for packet in packets:
            if packet.is_keyframe and packet.pts is not None and not self.wanted:
                at_ms = 1000 * (float(packet.pts * packet.time_base) - self.when.origin_s)
                if at_ms >= self.due_ms and not self.everything:
                    stream.codec_context.flush_buffers()
                    self.wanted = True
            if self.wanted or self.everything:
                yield packet

    def found(self, at_ms: int) -> None:
        self.due_ms = at_ms + 1000 * self.step_s
        self.wanted = False


def _decoded(packets: Iterator[Any], path: Path, when: Clock) -> Iterator[tuple[int, Any]]:
    """Frames with their times (ms), in order; one without a time of its own, back in time or of another size than the
    first is left out."""
    deadline = time.monotonic() + PATIENCE_S + PATIENCE * when.duration_s
    latest = -1
    size: tuple[int, int] | None = None
    for packet in packets:
        frames: list[Any] = []
        with suppress(av.error.FFmpegError):
            frames = packet.decode()
        for frame in frames:
            at_ms = latest if frame.pts is None else round(1000 * (float(frame.pts * frame.time_base) - when.origin_s))
            size = size or (frame.width, frame.height)
            if at_ms > latest and (frame.width, frame.height) == size:
                latest = at_ms
                yield at_ms, frame
        if time.monotonic() > deadline:
            raise ToolTimeout("decoding takes too long", where=str(path), remedy="is the machine overloaded?")


class _Turn:
    """Turns frames upright, by the first one's word."""

    def __init__(self) -> None:
        self._quarters: int | None = None

    def upright(self, frame: Any) -> Grey:
        """A frame as a view of shape [height, width]."""
        if self._quarters is None:
            self._quarters = quarter_turn(frame)[0] // 90
        if frame.format.name in _BRIGHTNESS_FIRST:
            plane = frame.planes[0]
            whole = np.frombuffer(plane, np.uint8)[: plane.line_size * frame.height]
            grey: Grey = whole.reshape(frame.height, plane.line_size)[:, : frame.width]
        else:
            grey = frame.to_ndarray(format="gray")
        return np.rot90(grey, -self._quarters)
