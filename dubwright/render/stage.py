"""The render stage: an episode's deliverables in one language, as rows of the table `deliverable`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from dubwright import engines, languages
from dubwright.engines import EngineInfo
from dubwright.errors import InputError, SettingsError
from dubwright.lake import Lake
from dubwright.media import ffmpeg
from dubwright.render import label, subtitles, video
from dubwright.render.subtitles import Line
from dubwright.render.video import Film, Track
from dubwright.settings import RenderSettings, Section
from dubwright.unit import Machine, Work

REVISION = 1

MIX = "mix"
FAILED = "failed"
NO_SPEECH = "no speech: original sound kept"
MIME = {"srt": "application/x-subrip", "vtt": "text/vtt"}

Row = dict[str, Any]


def engine(settings: Section, language: str) -> EngineInfo:
    return ffmpeg.INFO


@dataclass(frozen=True, slots=True)
class _Material:
    """What the stages above left: the source's row, the transcript's, the translation's and the dub's rows."""

    source: Row
    transcript: list[Row]
    translation: list[Row]
    dub: list[Row]

    def source_lines(self) -> list[Line]:
        return [_line(row, row["text"]) for row in self.transcript]

    def target_lines(self) -> list[Line]:
        """Translated lines, at their originals' times."""
        heard = {row["segment"]: row for row in self.transcript}
        return [
            _line(heard[row["segment"]], row["text"])
            for row in self.translation
            if row["segment"] in heard and row["text"] and row["state"] != FAILED
        ]

    def mix(self) -> str:
        """Key of the dubbed sound."""
        for row in self.dub:
            if row["verdict"] == MIX and row["blob"]:
                return str(row["blob"])
        raise InputError("the dub has no mixed sound", field="dub", remedy="dub this episode again")

    def shown(self) -> tuple[int, int]:
        """Width and height as shown."""
        size = (self.source["width"], self.source["height"])
        return size[::-1] if (self.source["rotation"] or 0) % 180 else size


def _line(times: Row, text: str | None) -> Line:
    return Line(times["start_ms"], times["end_ms"], text or "")


def run(work: Work, lake: Lake, machine: Machine) -> list[Row]:
    """Render one episode in one language: a video and its subtitles, stored as blobs; a row for each.

    Raises `InputError` if what the stages above left is not enough, `MediaError` if the picture cannot be read.
    """
    settings = cast(RenderSettings, work.settings)
    material = _Material(
        source=lake.read(work.upstream["ingest"]).row(),
        transcript=lake.read(work.upstream["transcribe"]).rows(),
        translation=lake.read(work.upstream["translate"]).rows(),
        dub=lake.read(work.upstream["dub"]).rows(),
    )
    with _scratch() as folder:
        if not material.transcript:
            return [_unchanged(work, lake, machine, material, settings, folder)]
        return _localized(work, lake, machine, material, settings, folder)


def _localized(
    work: Work, lake: Lake, machine: Machine, material: _Material, settings: RenderSettings, folder: Path
) -> list[Row]:
    target, source = work.language, work.source_language
    total_ms = material.source["duration_ms"]
    written = {
        "": subtitles.make_cues(material.target_lines(), target, total_ms, settings),
        "source-": subtitles.make_cues(material.source_lines(), source, total_ms, settings),
    }
    notes = _notes(material)
    rows, tracks = [], []
    for prefix, cues in written.items():
        language = source if prefix else target
        texts = {
            "srt": subtitles.to_srt(cues, language),
            "vtt": subtitles.to_vtt(cues, language, label.STATEMENTS[f"{prefix}vtt"]),
        }
        for ending, text in texts.items():
            kind = prefix + ending
            path = folder / f"{kind}.{ending}"
            path.write_text(text, encoding="utf-8", newline="\n")
            about = {"licences": _licences(material, kind), "label": label.STATEMENTS[kind], "mime": MIME[ending]}
            rows.append(_stored(lake, kind, path) | about | {"notes": [] if prefix else notes})
        if cues:
            # From WebVTT, whose text FFmpeg takes literally; SRT's it would search for tags.
            tracks.append(Track(folder / f"{prefix}vtt.vtt", language, languages.name(language)))
    sounds = [(material.mix(), target, f"{languages.name(target)} (dubbed)")]
    if settings.original_track:
        sounds.append((material.source["stereo_blob"], source, _original(source)))
    metadata = {
        label.METADATA_KEY: label.aigc(work.fingerprint, settings.producer),
        "comment": label.STATEMENTS["video"],
    }
    row = _video(work, lake, machine, material, settings, folder, sounds, tracks, metadata)
    about = {"licences": _licences(material, "video"), "label": label.STATEMENTS["video"]}
    return [row | about | {"notes": [*row["notes"], *notes]}, *rows]


def _unchanged(
    work: Work, lake: Lake, machine: Machine, material: _Material, settings: RenderSettings, folder: Path
) -> Row:
    """The row of an episode in which nobody speaks: nothing in it is generated, so it bears no label."""
    source = work.source_language
    sounds = [(material.source["stereo_blob"], source, _original(source))]
    row = _video(work, lake, machine, material, settings, folder, sounds, [], {})
    return row | {"licences": [], "label": None, "notes": [NO_SPEECH, *row["notes"]]}


def _video(
    work: Work,
    lake: Lake,
    machine: Machine,
    material: _Material,
    settings: RenderSettings,
    folder: Path,
    sounds: Iterable[tuple[str, str, str]],
    tracks: Iterable[Track],
    metadata: Mapping[str, str],
) -> Row:
    """The video's row, the file stored; `sounds` are a blob's key, its language and title each."""
    out = folder / "video.mp4"
    with ExitStack() as opened:
        film = Film(
            picture=Path(work.source_uri),
            codec=material.source["video_codec"],
            duration_ms=material.source["duration_ms"],
            shown=material.shown(),
            sounds=[Track(opened.enter_context(lake.blob_file(key)), *about) for key, *about in sounds],
            subtitles=list(tracks),
            metadata={"title": f"{work.series} · {work.episode}", **metadata},
        )
        notes = video.mux(film, out, bitrate_kbps=settings.audio_bitrate_kbps, threads=machine.threads)
    width, height = film.shown
    shape = {"mime": "video/mp4", "width": width, "height": height, "duration_ms": film.duration_ms}
    return _stored(lake, "video", out) | shape | {"notes": notes}


def _stored(lake: Lake, kind: str, path: Path) -> Row:
    key = lake.put_blob(path)
    digest = Path(key).stem
    return {"segment": None, "kind": kind, "blob": key, "bytes": path.stat().st_size, "sha256": digest}


def _notes(material: _Material) -> list[str]:
    failed = len(material.transcript) - len(material.target_lines())
    lines = "1 line has" if failed == 1 else f"{failed} lines have"
    return [f"{lines} no usable translation, so no subtitle"] if failed else []


def _original(language: str) -> str:
    return f"{languages.name(language)} (original)"


def _licences(material: _Material, kind: str) -> list[str]:
    """Licences of the weights whose output a file of this kind holds."""
    used = {"transcribe": material.transcript}
    if not kind.startswith("source-"):
        used["translate"] = material.translation
    if kind == "video":
        used["dub"] = material.dub
    found = {_licence(stage, row["engine"]) for stage, rows in used.items() for row in rows}
    return sorted(found - {""})


def _licence(stage: str, name: str) -> str:
    try:
        return str(engines.engine_class(stage, name).info.weights_licence)
    except SettingsError:  # computed by an engine that is no longer registered
        return f"unknown ({name})"


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dubwright-render-") as folder:
        yield Path(folder)
