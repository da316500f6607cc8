"""What a stranger's video is: its streams, their clocks and lengths, what is odd about it. Nothing is taken on trust.

Headers lie, so every packet's time is read (but not decoded); a video of some minutes takes a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition

from dubwright.errors import MediaError
from dubwright.media import ffmpeg

OPEN_TIMEOUT_S = 60.0
MAX_PACKETS = 4_000_000
MAX_UNDECODED = 500
# A file that ends before this share of what it announces was cut off; above it, the rest is worth delivering.
SOUND_SHARE = 0.9
_REMEDY = "deliver this episode again as a video with picture and sound, such as MP4 with H.264 and AAC"


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The first moving picture. `width` and `height` are coded pixels; turning it `rotation` degrees (a quarter,
    clockwise) shows it upright. `start_ms` is when it begins on the file's own clock, which starts at 0 with
    whatever stream begins first."""

    codec: str
    width: int
    height: int
    rotation: int
    fps: float
    variable_frame_rate: bool
    pixel_format: str
    start_ms: int = 0


@dataclass(frozen=True, slots=True)
class AudioStream:
    """The first sound. `start_ms` is when it begins after the picture (before it where negative), `duration_ms`
    how long its packets last, gaps not counted."""

    codec: str
    sample_rate: int
    channels: int
    layout: str
    start_ms: int
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A video file. `duration_ms` is the picture's; `notes` say in words what is odd."""

    container: str
    bytes: int
    duration_ms: int
    video: VideoStream
    audio: AudioStream
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Clock:
    """Packet times of one stream, in seconds on the file's clock."""

    starts: list[float]
    end: float = 0.0
    lasting: float = 0.0
    corrupt: int = 0

    def add(self, packet: Any) -> None:
        self.corrupt += packet.is_corrupt
        duration = float((packet.duration or 0) * packet.time_base)
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None or packet.is_discard:
            return
        start = float(time * packet.time_base)
        self.starts.append(start)
        self.end = max(self.end, start + duration) if len(self.starts) > 1 else start + duration
        self.lasting += duration

    @property
    def start(self) -> float:
        return min(self.starts)


def probe(path: Path) -> MediaInfo:
    """Read what a file is. Raises `MediaError` for one that is empty, no media, has no picture or no sound,
    is cut off, or is missing; it names the file, the stream and the remedy."""
    size = _size(path)
    with open_untrusted(path) as container:
        picture, sound = _picture(container, path), _sound(container, path)
        frame = _first_frame(container, picture, path)
        announced = (container.duration or 0) / av.time_base
        video_clock, audio_clock = _read_clocks(container, picture, sound, path)
        notes: list[str] = []
        steps = np.diff(np.sort(np.array(video_clock.starts)))
        usual = float(np.median(steps)) if len(steps) else 1 / float(picture.average_rate or 25)
        # The last frame's own duration is often not written down.
        picture_end = max(video_clock.end, max(video_clock.starts) + usual)
        first = min(video_clock.start, audio_clock.start)
        _check_whole(path, announced, max(picture_end, audio_clock.end) - first, notes)
        rotation, odd = _rotation(frame)
        if odd:
            notes.append(odd)
        if video_clock.corrupt or audio_clock.corrupt:
            notes.append(f"{video_clock.corrupt + audio_clock.corrupt} packets are marked as damaged")
        duration = picture_end - video_clock.start
        context = sound.codec_context
        return MediaInfo(
            container=container.format.name,
            bytes=size,
            duration_ms=round(1000 * duration),
            video=VideoStream(
                codec=picture.codec_context.name,
                width=picture.codec_context.width,
                height=picture.codec_context.height,
                rotation=rotation,
                fps=round(len(video_clock.starts) / duration, 3),
                variable_frame_rate=_is_variable(steps),
                pixel_format=frame.format.name,
                start_ms=round(1000 * (video_clock.start - first)),
            ),
            audio=AudioStream(
                codec=context.name,
                sample_rate=context.sample_rate,
                channels=context.layout.nb_channels,
                layout=context.layout.name,
                start_ms=round(1000 * (audio_clock.start - video_clock.start)),
                duration_ms=round(1000 * audio_clock.lasting),
            ),
            notes=tuple(notes),
        )


@contextmanager
def open_untrusted(path: Path) -> Iterator[InputContainer]:
    """Open a stranger's file for demuxing, from the disk only and only as a self-contained container.

    FFmpeg's errors inside the block become `MediaError`s that name the file.
    """
    try:
        with av.open(
            ffmpeg.address(path), "r", options=dict(ffmpeg.UNTRUSTED_OPTIONS), timeout=OPEN_TIMEOUT_S
        ) as container:
            yield container
    except (av.error.FFmpegError, UnicodeError) as error:
        raise MediaError(
            f"no video that can be read ({error.strerror if isinstance(error, av.error.FFmpegError) else error})",
            where=str(path),
            field="container",
            remedy=_REMEDY,
        ) from error


def _size(path: Path) -> int:
    try:
        if not path.is_file():
            problem = "not a file" if path.exists() else "no such file"
            raise MediaError(problem, where=str(path), remedy="correct the path, or put the video there")
        size = path.stat().st_size
    except OSError as error:
        raise MediaError(error.strerror or str(error), where=str(path), remedy="check the path") from error
    if not size:
        raise MediaError("the file is empty", where=str(path), field="size", remedy="copy or deliver it again")
    return size


def _picture(container: InputContainer, path: Path) -> Any:
    # A cover image is a video stream to FFmpeg, and no moving picture to anyone else.
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    for stream in container.streams.video:
        if not stream.disposition & still:
            return _decodable(stream, path, "picture")
    raise MediaError("has no picture stream", where=str(path), field="picture", remedy=_REMEDY)


def _sound(container: InputContainer, path: Path) -> Any:
    for stream in container.streams.audio:
        return _decodable(stream, path, "sound")
    raise MediaError("has no sound stream", where=str(path), field="sound", remedy=_REMEDY)


def _decodable(stream: Any, path: Path, field: str) -> Any:
    if stream.codec_context is None:
        raise MediaError(f"no decoder for the {field}'s codec", where=str(path), field=field, remedy=_REMEDY)
    return stream


def _first_frame(container: InputContainer, picture: Any, path: Path) -> Any:
    """The first frame that decodes; the container stands at its start again."""
    for count, packet in enumerate(container.demux(picture)):
        with suppress(av.error.FFmpegError):
            for frame in packet.decode():
                container.seek(0)
                return frame
        if count >= MAX_UNDECODED:
            break
    raise MediaError("no frame of the picture can be decoded", where=str(path), field="picture", remedy=_REMEDY)


def _read_clocks(container: InputContainer, picture: Any, sound: Any, path: Path) -> tuple[_Clock, _Clock]:
    clocks = {picture.index: _Clock([]), sound.index: _Clock([])}
    heard = False
    for count, packet in enumerate(container.demux(picture, sound)):
        clocks[packet.stream_index].add(packet)
        if packet.stream_index == sound.index and not heard:
            heard = _hear(packet, clocks[sound.index])
        if count >= MAX_PACKETS:
            raise MediaError(f"has more than {MAX_PACKETS} packets", where=str(path), remedy="is this an episode?")
    for stream, field in ((picture, "picture"), (sound, "sound")):
        if not clocks[stream.index].starts:
            raise MediaError(f"its {field} stream is empty", where=str(path), field=field, remedy=_REMEDY)
    return clocks[picture.index], clocks[sound.index]


def _hear(packet: Any, clock: _Clock) -> bool:
    """Take the first decoded frame's time for the sound's start: the packets before it may only prime the decoder."""
    with suppress(av.error.FFmpegError):
        for frame in packet.decode():
            if frame.pts is not None:
                clock.starts[:] = [float(frame.pts * frame.time_base)]
            return True
    return False


def _check_whole(path: Path, announced: float, found: float, notes: list[str]) -> None:
    """`announced` and `found` are lengths of the whole file in seconds."""
    if found < announced * SOUND_SHARE:
        raise MediaError(
            f"is cut off: it announces {announced:.1f} s and ends after {found:.1f} s",
            where=str(path),
            field="duration",
            remedy="copy or deliver it again, whole",
        )
    if abs(found - announced) > max(1.0, 0.02 * announced) and announced:
        notes.append(f"the file announces {announced:.1f} s and lasts {found:.1f} s")


def _rotation(frame: Any) -> tuple[int, str | None]:
    """Clockwise turn in degrees, nearest quarter; and a note where the file asks for another angle."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return 0, None
    a, b = np.frombuffer(bytes(matrix), np.int32)[:2].astype(float)
    clockwise = round(float(np.degrees(np.arctan2(b, a)))) % 360
    quarter = round(clockwise / 90) * 90 % 360
    if clockwise == quarter:
        return quarter, None
    return quarter, f"the file asks to be turned by {clockwise}°; taken as {quarter}°"


def _is_variable(steps: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Whether more than 1 % of the times between frames differ by more than rounding and 5 % from the usual one."""
    if len(steps) < 2:
        return False
    usual = float(np.median(steps))
    uneven = np.abs(steps - usual) > max(0.0015, 0.05 * usual)
    return bool(np.count_nonzero(uneven) > max(1, 0.01 * len(steps)))
