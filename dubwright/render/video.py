"""Picture, sound tracks and subtitles to one MP4: the picture's stream is copied, its first frame is the clock's zero."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dubwright import languages
from dubwright.errors import ToolError, ToolTimeout
from dubwright.media import ffmpeg, probe, sound

log = logging.getLogger(__name__)

# What MP4 may hold and players of MP4 play. Anything else is encoded anew as H.264: a file that opens everywhere
# serves a catalogue better than a faithful one that opens in few places.
COPIED = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
# These keep no presentation times, so that a copy would show frames in the wrong order.
TIMELESS = frozenset({"avi"})
CRF = 20
SAMPLE_RATE = 48000


@dataclass(frozen=True, slots=True)
class Track:
    """A file of our own that becomes a track: the language of its content (BCP-47), and its title in players."""

    path: Path
    language: str
    title: str


@dataclass(frozen=True, slots=True)
class Film:
    """What an MP4 is made of. The first of `sounds` and of `subtitles` is played unless the viewer chooses.

    `duration_ms` is the picture's length.
    """

    picture: Path
    duration_ms: int
    sounds: Sequence[Track]
    subtitles: Sequence[Track] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


def mux(film: Film, out: Path, *, bitrate_kbps: int, threads: int) -> list[str]:
    """Write a film as MP4; what a viewer should know of its picture, in words. `bitrate_kbps` is that of two channels.

    Raises `MediaError` if the picture cannot be read, `ToolError` if it cannot be written.
    """
    source = probe.probe(film.picture)
    start, codec = source.picture_starts_s, source.video.codec
    if codec in COPIED and source.container not in TIMELESS:
        try:
            _run(film, start, _copied(codec), out, bitrate_kbps, timeout_s=120 + film.duration_ms / 500)
            return []
        except ToolTimeout:
            raise
        except ToolError as error:
            log.warning("the picture of %s cannot be copied, so it is encoded anew: %s", film.picture, error)
    _run(film, start, _encoded(threads), out, bitrate_kbps, timeout_s=300 + film.duration_ms / 20)
    return [f"picture encoded anew as H.264: MP4 cannot hold its {codec} stream as it is"]


def _run(film: Film, start: float, picture: list[str], out: Path, bitrate_kbps: int, timeout_s: float) -> None:
    # With -copyts the offset is exactly the one measured, not relative to whichever stream FFmpeg finds earliest.
    inputs = ["-copyts", "-itsoffset", f"{-start:.6f}", *ffmpeg.untrusted_input(film.picture)]
    for track in (*film.sounds, *film.subtitles):
        inputs += ffmpeg.trusted_input(track.path)
    # V: a cover image is no picture stream.
    maps = ["-map", "0:V:0", *(word for i in range(len(film.sounds)) for word in ("-map", f"{i + 1}:a:0"))]
    for i in range(len(film.subtitles)):
        maps += ["-map", f"{len(film.sounds) + i + 1}:s:0"]
    seconds = f"{film.duration_ms / 1000:.3f}"
    sounds = ["-c:a", "aac", "-ar", str(SAMPLE_RATE), *_bitrates(film.sounds, bitrate_kbps)]
    sounds += ["-filter:a", f"apad=whole_dur={seconds},atrim=end={seconds}"]
    subtitles = ["-c:s", "mov_text"] if film.subtitles else []
    ffmpeg.run(
        [
            *inputs,
            *maps,
            *picture,
            *sounds,
            *subtitles,
            # Nothing of the source's own metadata: places, dates and names of people may stand there.
            *("-map_metadata", "-1", "-map_chapters", "-1"),
            *_metadata(film),
            # bitexact: no date and no library's version inside, so that equal films are one blob.
            *("-fflags", "+bitexact", "-movflags", "+faststart+use_metadata_tags", "-f", "mp4", ffmpeg.address(out)),
        ],
        what=f"write the video of {film.picture.name}",
        timeout_s=timeout_s,
    )


def _bitrates(tracks: Sequence[Track], bitrate_kbps: int) -> Iterator[str]:
    """Each track's, which keeps its channels: so much for two, and in proportion for more."""
    for i, track in enumerate(tracks):
        yield from (f"-b:a:{i}", f"{bitrate_kbps * max(2, sound.channels_of(track.path)) // 2}k")


def _copied(codec: str) -> list[str]:
    # Apple's players open HEVC under this tag only.
    return ["-c:v", "copy", *(["-tag:v", "hvc1"] if codec == "hevc" else [])]


def _encoded(threads: int) -> list[str]:
    # H.264 in 4:2:0 has even sides; frames keep their times.
    codec = ["-c:v", "libx264", "-preset", "veryfast", "-crf", str(CRF), "-pix_fmt", "yuv420p"]
    even = ["-filter:v", "setpts=PTS-STARTPTS,scale=trunc(iw/2)*2:trunc(ih/2)*2"]
    return [*codec, *even, "-fps_mode:v", "vfr", "-enc_time_base:v", "demux", "-threads:v", str(threads)]


def _metadata(film: Film) -> Iterator[str]:
    for key, value in film.metadata.items():
        yield from ("-metadata", f"{key}={_printable(value)}")
    for kind, tracks in (("a", film.sounds), ("s", film.subtitles)):
        for i, track in enumerate(tracks):
            title = _printable(track.title)
            yield from (f"-metadata:s:{kind}:{i}", f"language={languages.iso639_2(track.language)}")
            # Some players show the one, some the other.
            yield from (f"-metadata:s:{kind}:{i}", f"title={title}")
            yield from (f"-metadata:s:{kind}:{i}", f"handler_name={title}")
            yield from (f"-disposition:{kind}:{i}", "0" if i else "default")


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())
