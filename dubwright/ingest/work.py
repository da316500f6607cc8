"""Ingest: a source video to its row of facts and its sound: in its own channels, in stereo, and as 16 kHz mono."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from dubwright import sources
from dubwright.errors import MediaError, ToolError
from dubwright.lake import Lake
from dubwright.media import layouts
from dubwright.media.decode import decode, track_length
from dubwright.media.probe import MediaInfo, probe
from dubwright.media.shots import shot_changes
from dubwright.media.sound import resample_flac
from dubwright.settings import IngestSettings
from dubwright.unit import Machine, Work

SPEECH_RATE = 16_000
FULL_RATES = (44_100, 48_000)


def run(work: Work, lake: Lake, machine: Machine) -> list[dict[str, Any]]:
    """Probe and decode the source; the one row of the `source` table, with its blobs stored.

    Raises `MediaError` for a source that cannot be localized, `StoreError` (tried again) if it changed since it was
    planned: the unit's fingerprint stands for that one.
    """
    settings = cast(IngestSettings, work.settings)
    with TemporaryDirectory(prefix="dubwright-ingest-") as folder:
        own, stereo, speech = (Path(folder, f"{name}.flac") for name in ("own", "stereo", "speech"))
        with sources.opened(work.source_uri, work.source_digest) as path:
            info = probe(path)
            _check_length(info.duration_ms, path, "picture", settings)
            _check_length(info.audio.duration_ms, path, "sound", settings)
            rate = full_rate(info.audio.sample_rate)
            decoded = decode(path, info, own, rate)
            _check_length(decoded.own_ms, path, "sound", settings)
            shots, odd = _shots(path, info)
            # While it is open: what is kept is what was decoded, or the block ends with an error.
            copy = lake.put_blob(path) if machine.copy_sources else None
        mixed_down = decoded.layout is layouts.STEREO
        if mixed_down:
            stereo = own
        else:
            resample_flac(own, stereo, rate=rate, length=track_length(info, rate), channels=2)
        resample_flac(stereo, speech, rate=SPEECH_RATE, length=track_length(info, SPEECH_RATE))
        stored = {path: lake.put_blob(path) for path in {own, stereo, speech}}
    blobs = {
        "speech_blob": stored[speech],
        "stereo_blob": stored[stereo],
        "sound_blob": stored[own],
        "video_blob": copy,
    }
    downmix = [f"{info.audio.layout} sound mixed down to stereo"] if mixed_down and info.audio.channels > 2 else []
    return [_row(work, info) | blobs | {"shots": shots, "notes": [*info.notes, *decoded.notes, *downmix, *odd]}]


def full_rate(rate: int) -> int:
    """The rate (Hz) of the sound kept for a source's rate: its own where that is usual, else the nearer of kin."""
    if rate in FULL_RATES:
        return rate
    return 44_100 if rate % 11_025 == 0 else 48_000


def _shots(path: Path, info: MediaInfo) -> tuple[list[int] | None, list[str]]:
    """When the picture is cut; None, and a note, where that cannot be told: an episode can be dubbed without it."""
    try:
        return shot_changes(path, info.duration_ms), []
    except ToolError as error:
        return None, [f"where the picture is cut is not known: {error.problem}"]


def _row(work: Work, info: MediaInfo) -> dict[str, Any]:
    video, audio = info.video, info.audio
    return {
        "uri": work.source_uri,
        "source_digest": work.source_digest,
        "bytes": info.bytes,
        "container": info.container,
        "duration_ms": info.duration_ms,
        "video_codec": video.codec,
        "width": video.width,
        "height": video.height,
        "rotation": video.rotation,
        "fps": video.fps,
        "variable_frame_rate": video.variable_frame_rate,
        "audio_codec": audio.codec,
        "sample_rate": audio.sample_rate,
        "channels": audio.channels,
        "channel_layout": audio.layout,
        "audio_start_ms": audio.start_ms,
    }


def _check_length(found_ms: int, path: Path, field: str, settings: IngestSettings) -> None:
    if found_ms < settings.shortest_ms:
        raise MediaError(
            f"lasts {found_ms} ms, shorter than {settings.shortest_ms} ms",
            where=str(path),
            field=field,
            remedy="deliver the whole episode, or lower the setting ingest.shortest_ms",
        )
    if found_ms > settings.longest_ms:
        raise MediaError(
            f"lasts {found_ms / 1000:.0f} s, longer than {settings.longest_ms / 1000:.0f} s",
            where=str(path),
            field=field,
            remedy="cut it into episodes, or raise the setting ingest.longest_ms",
        )
