"""What a stranger's video is: its streams, their clocks and lengths, what is odd about it. Nothing is taken on trust.

Headers lie, so every packet's time is read (but not decoded); a video of some minutes takes a fraction of a second.
"""

from __future__ import annotations

import math
from array import array
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
MAX_PIXELS = 8192 * 8192
# A file that ends before this share of what it announces was cut off; above it, the rest is worth delivering.
WHOLE_SHARE = 0.9
NOTICEABLE_S = 0.25
# Times of decoding never fall in a sound file; by so much they fall only where another file's begin.
RESTART_S = 1.0
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
    how long its packets say that they last, together."""

    codec: str
    sample_rate: int
    channels: int
    layout: str
    start_ms: int
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A video file. `duration_ms` is the picture's; `notes` say in words what is odd.

    `picture_starts_s` is the time (s) that the file itself writes on the picture's first frame.
    """

    container: str
    bytes: int
    duration_ms: int
    video: VideoStream
    audio: AudioStream
    notes: tuple[str, ...] = ()
    picture_starts_s: float = 0.0


class _Track:
    """One stream's packet times in seconds on the file's clock, and its first decoded frame."""

    def __init__(self, stream: Any, *, has_pts: bool = True) -> None:
        self.stream = stream
        self.has_pts = has_pts
        self.starts = array("d")
        self.end = -math.inf
        self.lasting = 0.0
        self.corrupt = 0
        self.restarts = 0
        self.frame: Any = None
        self._tried = 0
        self._dts = -math.inf

    def add(self, packet: Any) -> None:
        self.corrupt += packet.is_corrupt
        if self.frame is None and self._tried < MAX_UNDECODED:
            self._tried += 1
            with suppress(av.error.FFmpegError):
                self.frame = next(iter(packet.decode()), None)
        time = packet.pts if self.has_pts and packet.pts is not None else packet.dts
        if time is None or packet.is_discard:
            return
        start, duration = float(time * packet.time_base), float((packet.duration or 0) * packet.time_base)
        dts = start if packet.dts is None else float(packet.dts * packet.time_base)
        self.restarts += dts < self._dts - RESTART_S
        self._dts = dts
        self.starts.append(start)
        self.end = max(self.end, start + duration)
        self.lasting += duration

    @property
    def start(self) -> float:
        return min(self.starts)

    @property
    def heard(self) -> float:
        """When the first decoded sound is heard: the packets before it may only prime the decoder."""
        return self.start if self.frame.pts is None else float(self.frame.pts * self.frame.time_base)


def probe(path: Path) -> MediaInfo:
    """Read what a file is. Raises `MediaError` for one that is empty, no media, has no picture or no sound,
    is cut off, or is missing; it names the file, the stream and the remedy."""
    size = _size(path)
    with open_untrusted(path) as container:
        # AVI writes no times of display down, and what FFmpeg makes up for them is late by a frame or two.
        picture = _Track(first_picture(container, path), has_pts=container.format.name != "avi")
        sound = _Track(first_sound(container, path))
        _read_packets(container, picture, sound, path)
        steps = np.diff(np.sort(np.asarray(picture.starts)))
        usual = float(np.median(steps)) if len(steps) else 0.0
        usual = usual or 1 / float(picture.stream.average_rate or 25)
        # The last frame's own duration is often not written down.
        picture_end = max(picture.end, max(picture.starts) + usual)
        duration = picture_end - picture.start
        first = min(picture.start, sound.heard)
        rotation, turned = quarter_turn(picture.frame)
        notes = [
            _check_whole(path, (container.duration or 0) / av.time_base, max(picture_end, sound.end) - first),
            turned,
            f"packets marked as damaged: {picture.corrupt + sound.corrupt}"
            if picture.corrupt + sound.corrupt
            else None,
        ]
        seen, heard = picture.stream.codec_context, sound.stream.codec_context
        return MediaInfo(
            container=container.format.name,
            bytes=size,
            duration_ms=round(1000 * duration),
            video=VideoStream(
                codec=seen.codec.canonical_name,
                width=seen.width,
                height=seen.height,
                rotation=rotation,
                fps=round(len(picture.starts) / duration, 3),
                variable_frame_rate=_is_variable(steps),
                pixel_format=picture.frame.format.name,
                start_ms=round(1000 * (picture.start - first)),
            ),
            audio=AudioStream(
                codec=heard.codec.canonical_name,
                sample_rate=heard.sample_rate,
                channels=heard.layout.nb_channels,
                layout=heard.layout.name,
                start_ms=round(1000 * (sound.heard - picture.start)),
                duration_ms=round(1000 * sound.lasting),
            ),
            notes=tuple(note for note in notes if note),
            picture_starts_s=picture.start,
        )


@contextmanager
def open_untrusted(path: Path) -> Iterator[InputContainer]:
    """Open a stranger's file for demuxing, from the disk only and only as a self-contained container.

    FFmpeg's errors inside the block become `MediaError`s that name the file.
    """
    try:
        # Not `options`: before 17.1 PyAV crashes on those where streams show up late, as in FLV.
        with av.open(
            ffmpeg.address(path), "r", container_options=dict(ffmpeg.UNTRUSTED_OPTIONS), timeout=OPEN_TIMEOUT_S
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


def first_picture(container: InputContainer, path: Path) -> Any:
    """The stream that counts as the file's picture. Raises `MediaError` if there is none, or none that decodes."""
    # A cover image is a video stream to FFmpeg, and no moving picture to anyone else.
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    for stream in container.streams.video:
        if not stream.disposition & still:
            _check_decodable(stream, path, "picture")
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            return stream
    raise MediaError("has no picture stream", where=str(path), field="picture", remedy=_REMEDY)


def first_sound(container: InputContainer, path: Path) -> Any:
    """The stream that counts as the file's sound. Raises `MediaError` if there is none, or none that decodes."""
    for stream in container.streams.audio:
        _check_decodable(stream, path, "sound")
        return stream
    raise MediaError("has no sound stream", where=str(path), field="sound", remedy=_REMEDY)


def _check_decodable(stream: Any, path: Path, field: str) -> None:
    if stream.codec_context is None:
        raise MediaError(f"no decoder for the {field}'s codec", where=str(path), field=field, remedy=_REMEDY)


def _read_packets(container: InputContainer, picture: _Track, sound: _Track, path: Path) -> None:
    """Read the file from end to end."""
    tracks = {picture.stream.index: picture, sound.stream.index: sound}
    for count, packet in enumerate(container.demux(picture.stream, sound.stream)):
        tracks[packet.stream_index].add(packet)
        if count >= MAX_PACKETS:
            raise MediaError(f"has more than {MAX_PACKETS} packets", where=str(path), remedy="is this an episode?")
    for track, field in ((picture, "picture"), (sound, "sound")):
        if not track.starts or track.frame is None:
            problem = f"nothing of its {field} can be decoded"
            raise MediaError(problem, where=str(path), field=field, remedy=_REMEDY)
        if track.restarts:
            raise MediaError(
                "its clock starts anew midway, as where files were put together byte by byte",
                where=str(path),
                field=f"{field} timestamps",
                remedy="write it anew with timestamps that rise: ffmpeg -i OLD -c copy NEW.mp4",
            )


def _check_whole(path: Path, announced: float, found: float) -> str | None:
    """Compare the whole file's announced and found lengths (s); a note where they differ a little."""
    if found < announced * WHOLE_SHARE:
        raise MediaError(
            f"is cut off: it announces {announced:.1f} s and ends after {found:.1f} s",
            where=str(path),
            field="duration",
            remedy="copy or deliver it again, whole",
        )
    if announced and abs(found - announced) > NOTICEABLE_S:
        return f"the file announces {announced:.1f} s and lasts {found:.1f} s"
    return None


def quarter_turn(frame: Any) -> tuple[int, str | None]:
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
