"""The render stage: an episode's deliverables in one language, as rows of the table `deliverable`."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from dubwright import engines, languages, sources
from dubwright.errors import InputError, SettingsError, StoreFullError
from dubwright.lake import Lake
from dubwright.moved import span
from dubwright.quality.measuring import Delivery, measure
from dubwright.render import label, peaks, subtitles, video
from dubwright.render.kinds import ENDINGS, MIME, SOURCE
from dubwright.render.subtitles import Line
from dubwright.render.video import Film, Track
from dubwright.settings import RenderSettings
from dubwright.unit import Machine, Work

MIX = "mix"
FAILED = "failed"
NO_WEIGHTS = {"", "none"}
NO_SPEECH = "no speech: original sound kept"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Material:
    """What the stages above left: the source's row, the transcript's, the translation's and the dub's rows.

    `dub_recipe` is what decided the dub.
    """

    source: Row
    transcript: list[Row]
    translation: list[Row]
    dub: list[Row]
    dub_recipe: Mapping[str, Any]

    def source_lines(self) -> list[Line]:
        return [_line(row, row["text"]) for row in self.transcript]

    def target_lines(self) -> list[Line]:
        """Translated lines, at their originals' times unless they were moved, as they are to be read."""
        heard = {row["segment"]: row for row in self.transcript}
        return [
            _line(_moved(heard[row["segment"]], row), row["subtitle_text"] or row["text"])
            for row in self.translation
            if row["segment"] in heard and row["text"] and row["state"] != FAILED
        ]

    def mix(self) -> str:
        """Key of the dubbed sound."""
        for row in self.dub:
            if row["verdict"] == MIX and row["blob"]:
                return str(row["blob"])
        raise InputError("the dub has no mixed sound", field="dub", remedy="dub this episode again")

    def failures(self) -> list[str]:
        """A note that counts the lines without translation, if there are any."""
        failed = len(self.transcript) - len(self.target_lines())
        lines = "1 line has" if failed == 1 else f"{failed} lines have"
        return [f"{lines} no usable translation, so no subtitle"] if failed else []

    def shown(self) -> tuple[int, int]:
        """Width and height as shown."""
        size = (self.source["width"], self.source["height"])
        return size[::-1] if (self.source["rotation"] or 0) % 180 else size


def _moved(heard: Row, translated: Row) -> Row:
    start_ms, end_ms = span(heard, translated)
    return {**heard, "start_ms": start_ms, "end_ms": end_ms}


def _line(times: Row, text: str | None) -> Line:
    return Line(times["start_ms"], times["end_ms"], text or "", aside=times["kind"] == "caption")


def run(work: Work, lake: Lake, machine: Machine) -> list[Row]:
    """Render one episode in one language: a video and its subtitles, stored as blobs; a row for each.

    What was measured of the video is committed on the way, so that no deliverable is without it.
    Raises `InputError` if what the stages above left is not enough, `MediaError` if the picture cannot be read,
    `StoreError` (tried again) if the source changed since it was planned, `StoreFullError` if the scratch folder or the
    lake is full.
    """
    dub = lake.read(work.upstream["dub"])
    material = _Material(
        source=lake.read(work.upstream["ingest"]).row(),
        transcript=lake.read(work.upstream["transcribe"]).rows(),
        translation=lake.read(work.upstream["translate"]).rows(),
        dub=dub.rows(),
        dub_recipe=dub.provenance.get("recipe", {}),
    )
    with _scratch() as folder:
        render = _Render(work, lake, machine, material, folder)
        rows = render.localized() if material.transcript else [render.unchanged()]
        measure(work, lake, machine, render.delivery())
        return rows


@dataclass(frozen=True, slots=True)
class _Render:
    """One run of the stage; `folder` holds its files until they are stored."""

    work: Work
    lake: Lake
    machine: Machine
    material: _Material
    folder: Path

    @property
    def settings(self) -> RenderSettings:
        return cast(RenderSettings, self.work.settings)

    def localized(self) -> list[Row]:
        target, source = self.work.language, self.work.source_language
        notes = self.material.failures()
        rows, tracks = [], []
        for prefix, language, lines in (
            ("", target, self.material.target_lines()),
            (SOURCE, source, self.material.source_lines()),
        ):
            cues = subtitles.make_cues(lines, language, self.material.source["duration_ms"], self.settings)
            statement = label.STATEMENTS[f"{prefix}vtt"]
            rows.append(self._sidecar(f"{prefix}srt", subtitles.to_srt(cues, language)))
            rows.append(self._sidecar(f"{prefix}vtt", subtitles.to_vtt(cues, language, statement)))
            if cues:
                # From WebVTT, whose text FFmpeg takes literally; SRT's it would search for tags.
                tracks.append(Track(self._file(f"{prefix}vtt"), language, languages.name(language)))
        sounds = [(self.material.mix(), target, f"{languages.name(target)} (dubbed)")]
        if self.settings.original_track:
            sounds.append(self._original())
        metadata = {
            label.METADATA_KEY: label.aigc(self.work.fingerprint, self.settings.producer),
            "comment": label.STATEMENTS["video"],
        }
        about = {"licences": _licences(self.material, "video"), "label": label.STATEMENTS["video"]}
        rows.insert(0, self._video(sounds, tracks, metadata) | about)
        # What is missing from the target language concerns every file but the source's own text.
        return [row if row["kind"].startswith(SOURCE) else row | {"notes": row["notes"] + notes} for row in rows]

    def unchanged(self) -> Row:
        """The row of an episode in which nobody speaks: nothing in it is generated, so it bears no label."""
        row = self._video([self._original()], [], {})
        return row | {"licences": [], "label": None, "notes": [NO_SPEECH, *row["notes"]]}

    def delivery(self) -> Delivery:
        """What was rendered, to be measured."""
        found = self.material
        return Delivery(
            self._file("video"), found.source, found.transcript, found.translation, found.dub, found.dub_recipe
        )

    def _original(self) -> tuple[str, str, str]:
        """The original sound's blob, language and title."""
        language = self.work.source_language
        return sources.own_sound(self.material.source), language, f"{languages.name(language)} (original)"

    def _picture(self) -> AbstractContextManager[Path]:
        copy = self.material.source["video_blob"]
        return sources.ingested(self.work.source_uri, self.work.source_digest, copy, self.lake)

    def _video(self, sounds: Iterable[tuple[str, str, str]], tracks: list[Track], metadata: Mapping[str, str]) -> Row:
        """The video's row, its file stored; `sounds` are a blob's key, its language and title each."""
        with ExitStack() as opened:
            film = Film(
                picture=opened.enter_context(self._picture()),
                duration_ms=self.material.source["duration_ms"],
                sounds=[Track(opened.enter_context(self.lake.blob_file(key)), *about) for key, *about in sounds],
                subtitles=tracks,
                metadata={"title": f"{self.work.series} · {self.work.episode}", **metadata},
            )
            out = self._file("video")
            encoding = {"bitrate_kbps": self.settings.audio_bitrate_kbps, "threads": self.machine.threads}
            delivery = self.delivery()
            if delivery.dubbed:
                notes = peaks.mux(film, out, delivery.settings.true_peak_dbtp, **encoding)
            else:  # the original sound, as it came
                notes = video.mux(film, out, **encoding)
        width, height = self.material.shown()
        shape = {"width": width, "height": height, "duration_ms": film.duration_ms}
        return self._stored("video") | shape | {"notes": notes}

    def _sidecar(self, kind: str, text: str) -> Row:
        self._file(kind).write_text(text, encoding="utf-8", newline="\n")
        about = {"licences": _licences(self.material, kind), "label": label.STATEMENTS[kind], "notes": []}
        return self._stored(kind) | about

    def _file(self, kind: str) -> Path:
        return self.folder / f"{kind}.{ENDINGS[kind]}"

    def _stored(self, kind: str) -> Row:
        path = self._file(kind)
        key = self.lake.put_blob(path)
        about = {"bytes": path.stat().st_size, "sha256": Path(key).stem, "mime": MIME[kind]}
        return {"segment": None, "kind": kind, "blob": key} | about


def _licences(material: _Material, kind: str) -> list[str]:
    """Licences of the weights whose output a file of this kind holds."""
    used = {"transcribe": material.transcript}
    if not kind.startswith(SOURCE):
        used["translate"] = material.translation
    if kind == "video":
        used["dub"] = material.dub
    found = {_licence(stage, row["engine"]) for stage, rows in used.items() for row in rows}
    return sorted(found - NO_WEIGHTS)


def _licence(stage: str, name: str) -> str:
    try:
        return str(engines.engine_class(stage, name).info.weights_licence)
    except SettingsError:  # computed by an engine that is no longer registered
        return f"unknown ({name})"


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for the time of the block."""
    try:
        with tempfile.TemporaryDirectory(prefix="dubwright-render-") as folder:
            yield Path(folder)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StoreFullError(
            "no space left for this episode's files while they are made",
            where=tempfile.gettempdir(),
            remedy="free space, or name another folder in TMPDIR, then run again",
        ) from error
