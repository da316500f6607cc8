"""Measuring a delivered dub: the finished video and what the stages left, as rows of the table `quality`.

They are committed as a companion of the deliverable, under the same fingerprint and before it, so that no deliverable is
without them. What cannot be measured is a row without a figure, with the reason: nothing here fails a delivery.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dubwright import beds, engines, sources, unit
from dubwright.errors import KeyMissingError
from dubwright.lake import Lake, layout
from dubwright.media import sound
from dubwright.quality import dub_metrics, gate, scorecard, scores
from dubwright.quality.dub_metrics import RATE, DubbedLine, Samples
from dubwright.quality.gate import PICTURE, key_of
from dubwright.recognizer import Recognizer
from dubwright.settings import DubSettings, QualitySettings

# Rises when a figure comes to mean something else: it stands in every row.
REVISION = 5
ENGINE = {"engine": "dubwright-quality", "engine_version": str(REVISION), "model_sha256": None}
UNTOUCHED = "the original sound, as it came"
# Around a line: a recognizer wants to hear it begin and end.
PAD_MS = 150

Row = dict[str, Any]
Found = TypeVar("Found")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A finished episode in a language: its `video`, and the rows of the tables that it was made from.

    `dub_recipe` is what decided the dub, as its unit says.
    """

    video: Path
    source: Row
    transcript: Sequence[Row]
    translation: Sequence[Row]
    dub: Sequence[Row]
    dub_recipe: Mapping[str, Any]

    @property
    def settings(self) -> DubSettings:
        """The settings that the dub was made by; what is not known of them is as by default."""
        given = self.dub_recipe.get("settings")
        known = {name: value for name, value in (given or {}).items() if name in DubSettings.model_fields}
        return DubSettings(**known)

    @property
    def dubbed(self) -> bool:
        """Whether the first track is a mix of ours; else it is the original sound."""
        mixes = {row["blob"] for row in self.dub if row["verdict"] == dub_metrics.MIX}
        return bool(self.transcript) and sources.own_sound(self.source) not in mixes


def measure(work: unit.Work, lake: Lake, machine: unit.Machine, delivery: Delivery) -> None:
    """Measure a delivery and commit what was found, unless that was done before. Raises only what the lake raises."""
    key = key_of(work.key)
    if lake.committed(key):
        return
    with unit.metered() as cost:
        found = _Measuring(work, lake, machine, delivery).rows()
    shared = {"language": work.language, **ENGINE}
    # What it was made from stands in the deliverable, with which it stays and goes.
    provenance = {"recipe": dict(work.recipe), "upstream": {}, "cost": cost}
    lake.commit(key, [{**shared, **row} for row in found], provenance)


@dataclass(frozen=True, slots=True)
class _Sounds:
    """The finished track, the original sound, and what of it is no voice (None where that is not known)."""

    track: Samples
    original: Samples
    bed: Samples | None


class _Measuring:
    """One episode being measured."""

    def __init__(self, work: unit.Work, lake: Lake, machine: unit.Machine, delivery: Delivery) -> None:
        self.work, self.lake, self.machine, self.delivery = work, lake, machine, delivery
        self.settings: QualitySettings = machine.quality
        self.found: list[Row] = []

    def rows(self) -> list[Row]:
        """Every figure: of each line, then of the episode, then the picture."""
        known = self._try("lines", self._lines)
        lines = known or []
        sounds = self._try("sounds", self._sounds) if self.delivery.dubbed else None
        for line in lines:
            self._add("fit", dub_metrics.fit(line), line, line.verdict + (f": {line.reason}" if line.reason else ""))
            self._add("tempo", line.tempo, line, None if line.tempo else line.reason)
            self._add("onset_ms", dub_metrics.onset_ms(line), line, None if line.span else line.reason)
        if sounds:
            self._try("level_db", lambda: self._levels(sounds, lines))
            self._try("residue_db", lambda: self._residues(sounds, lines))
        self._try("likeness", lambda: self._likenesses(lines))
        if sounds:
            self._try("word_error", lambda: self._listen(sounds, lines))
        if known is not None:
            self._count(lines)
        self._try("confidence", lambda: self._add("confidence", dub_metrics.confidence(self.delivery.transcript)))
        self._try("overlaps", lambda: self._add("overlaps", scores.overlaps(self.delivery.dub)))
        self._try("drift_frames", self._drift)
        self._try("loudness_lufs", self._loudness)
        if self.settings.picture:
            self._try(PICTURE, lambda: self._picture(lines, sounds))
        return self.found

    def _try(self, metric: str, measuring: Callable[[], Found]) -> Found | None:
        """What `measuring` gives; where it fails, a row that says why, and None."""
        try:
            return measuring()
        except Exception as error:
            _log.warning("%s: %s could not be measured: %s", self.work.label, metric, error)
            self._add(metric, None, reason=f"{type(error).__name__}: {error}")
            return None

    def _add(
        self,
        metric: str,
        value: float | None,
        line: DubbedLine | None = None,
        reason: str | None = None,
        blob: str | None = None,
    ) -> None:
        known = float(value) if value is not None and np.isfinite(value) else None
        segment = line.segment if line else None
        finding = None if known is None else gate.hold(metric, known, self.settings, segment)
        row: Row = {"metric": metric, "value": known, "segment": segment, "reason": reason, "blob": blob}
        self.found.append(row | {"threshold": finding and finding.threshold, "passed": finding and finding.passed})

    # What it is taken of ------------------------------------------------------------------------------

    def _lines(self) -> list[DubbedLine]:
        return dub_metrics.lines_of(self.delivery.transcript, self.delivery.translation, self.delivery.dub)

    def _sounds(self) -> _Sounds:
        track = scorecard.track(self.delivery.video, 0)
        # Made mono as its bed is and the track, which what is left of its voices is told by.
        original = self._blob(self.delivery.source["sound_blob"] or self.delivery.source["speech_blob"])
        return _Sounds(track, original, self._try("residue_db", self._bed))

    def _blob(self, key: str) -> Samples:
        with self.lake.blob_file(key) as path:
            return sound.read(path, rate=RATE, channels=1)[0][:, 0]

    def _bed(self) -> Samples | None:
        """The bed that the dub has kept; None where it keeps none."""
        settings = self.delivery.settings
        if settings.separator == "none":
            return None
        info = engines.engine_class("separate", settings.separator).info
        entry = beds.entry(sources.own_sound(self.delivery.source), info, unit.main_model(info, settings))
        try:
            blob = self.lake.store.read(entry).decode("ascii", "replace")
            return self._blob(blob) if layout.is_blob(blob) else None
        except KeyMissingError:
            return None

    # Lines --------------------------------------------------------------------------------------------

    def _levels(self, sounds: _Sounds, lines: Sequence[DubbedLine]) -> None:
        levels = dub_metrics.levels_db(sounds.track, lines)
        for line in lines:
            if line.segment in levels:
                self._add("level_db", levels[line.segment], line)

    def _residues(self, sounds: _Sounds, lines: Sequence[DubbedLine]) -> None:
        if sounds.bed is None:
            self._add("residue_whole_db", None, reason="no bed is kept, so the original voices are not known")
            return
        spoken = [(row["start_ms"], row["end_ms"]) for row in self.delivery.transcript if row["kind"] != "caption"]
        parts = []
        for line in lines:
            if line.span:
                spans = dub_metrics.shared(line.span, spoken)
                part = dub_metrics.residue(sounds.track, sounds.original, sounds.bed, spans)
                left = dub_metrics.residue_db([part] if part else [])
                self._add("residue_db", left, line, None if part else "nobody spoke here")
                parts += [part] if part else []
        reason = None if parts else "nobody spoke under a line"
        self._add("residue_whole_db", dub_metrics.residue_db(parts), reason=reason)

    def _likenesses(self, lines: Sequence[DubbedLine]) -> None:
        wanted = [
            line
            for line in lines
            if self.settings.likeness == "all" or (self.settings.likeness == "cloned" and line.cloned)
        ]
        voices = [(line, self._blob(line.blob)) for line in wanted if line.blob]
        long = [(line, voice) for line, voice in voices if len(voice) >= dub_metrics.SHORTEST_VOICE_S * RATE]
        if not long:
            return
        # Loading torch's format takes a moment; and nobody waits for a download in order that something is measured.
        from dubwright.voiceprints.warm import voice_encoder

        encoder = voice_encoder(self.machine.models_dir, self.machine.models_mirror, fetch=False)
        found = encoder.embed([voice for _, voice in long])
        alike = dub_metrics.likenesses(found, [line.who for line, _ in long])
        for (line, _), one in zip(long, alike, strict=True):
            self._add("likeness", one.own, line, None if one.own is not None else "its speaker's only line")
            if one.margin is not None:
                self._add("likeness_margin", one.margin, line)

    def _listen(self, sounds: _Sounds, lines: Sequence[DubbedLine]) -> None:
        listen = self.settings.listen
        wanted = [line for line in lines if line.span and (listen == "all" or dub_metrics.implausible(line))]
        if listen == "never" or not wanted:
            return
        language = self.work.language
        ears = Recognizer(self.settings.recognizer, self.settings.recognizer_model, language, self.machine)
        for line in wanted:
            start_ms, end_ms = line.span or (0, 0)
            heard = ears.heard(dub_metrics.cut(sounds.track, (start_ms - PAD_MS, end_ms + PAD_MS)), RATE)
            wrong, words = scores.word_errors(line.text, heard, language)
            self._add("word_error", wrong / words if words else None, line, f"heard: {heard}")

    # The episode --------------------------------------------------------------------------------------

    def _count(self, lines: Sequence[DubbedLine]) -> None:
        silent = sum(line.span is None for line in lines)
        flagged = gate.judge(self.found, self.settings).flags
        self._add("lines", len(lines))
        self._add("unspoken", silent / len(lines) if lines else 0.0)
        self._add(gate.FLAGGED, len(flagged) / len(lines) if lines else 0.0)

    def _drift(self) -> None:
        tracks = scores.drift(self.delivery.video)
        worst = max((track.frames for track in tracks), default=None)
        self._add("drift_frames", worst, reason=None if tracks else "no sound track")

    def _loudness(self) -> None:
        found = sound.loudness(self.delivery.video)
        silent = "silence" if found.integrated_lufs <= sound.QUIETEST_LUFS else None
        reason = silent or (None if self.delivery.dubbed else UNTOUCHED)
        self._add("loudness_lufs", found.integrated_lufs, reason=reason)
        off = found.integrated_lufs - self.delivery.settings.loudness_lufs
        self._add("loudness_lu", None if reason else off, reason=reason)
        self._add("true_peak_dbtp", None if reason else found.true_peak_dbtp, reason=reason)

    def _picture(self, lines: Sequence[DubbedLine], sounds: _Sounds | None) -> None:
        from dubwright.quality import timeline

        drawn = timeline.draw(self._shown(lines, sounds))
        self._add(PICTURE, None, blob=self.lake.put_blob_bytes(drawn, "png"))

    def _shown(self, lines: Sequence[DubbedLine], sounds: _Sounds | None) -> Any:
        from dubwright.quality.timeline import Shown

        values = {row["metric"]: row["value"] for row in self.found if row["segment"] is None}
        return Shown(
            language=self.work.language,
            duration_ms=self.delivery.source["duration_ms"],
            spoken=tuple(_spoken(self.delivery.transcript)),
            lines=tuple(lines),
            quality=gate.judge(self.found, self.settings),
            values=values,
            original=sounds.original if sounds else None,
            track=sounds.track if sounds else None,
            shots=self.delivery.source["shots"] or (),
        )


def _spoken(transcript: Sequence[Row]) -> Iterator[tuple[int, int, int]]:
    """Segment, start and end (ms) of each row that somebody speaks."""
    for row in sorted(transcript, key=lambda row: (row["start_ms"], row["segment"])):
        if row["kind"] != "caption":
            yield row["segment"], row["start_ms"], row["end_ms"]
