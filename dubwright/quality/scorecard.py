"""The figures of a whole result, taken against a folder of truth: what was said, by whom, when, and how it reads elsewhere.

The truth of an episode is a folder with `lines.json` (a list of `speaker`, `text`, `start_ms`, `end_ms`, `references`
by language, and `kind` where that is not dialogue) and, if it is to be listened to, `speech.flac` and `bed.flac`, whose
sum is the episode's sound.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.errors import InputError
from dubwright.media import ffmpeg
from dubwright.quality import scores
from dubwright.quality.scores import Span
from dubwright.settings import DubSettings

Rows = Sequence[Mapping[str, Any]]

LISTENING_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an episode: rows of the tables of these names, and the finished video, by target language."""

    transcript: Rows
    translations: Mapping[str, Rows] = field(default_factory=dict)
    dubs: Mapping[str, Rows] = field(default_factory=dict)
    videos: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrueLine:
    """One line as it was spoken, with its reference translations by language; `kind` as in the transcript."""

    speaker: str
    text: str
    span: Span
    references: Mapping[str, str]
    kind: str = "dialogue"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: of which `language` (None: the source), and the `bound` that it is held to (None: to none)."""

    metric: str
    language: str | None
    value: float
    bound: float | None = None

    @property
    def passed(self) -> bool:
        return self.bound is None or self.value <= self.bound


def read_truth(folder: Path) -> list[TrueLine]:
    """The lines of an episode's truth. Raises `InputError` if the folder has none that can be read."""
    file = folder / "lines.json"
    try:
        return [
            TrueLine(
                each["speaker"],
                each["text"],
                Span(each["start_ms"], each["end_ms"]),
                each["references"],
                each.get("kind", "dialogue"),
            )
            for each in json.loads(file.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"no truth can be read: {error}", where=str(file)) from error


def score_episode(result: Result, truth: Path, settings: DubSettings) -> list[Figure]:
    """The figures of one episode; `truth` is its folder."""
    return score_series({"": result}, {"": truth}, settings)


def score_series(results: Mapping[str, Result], truths: Mapping[str, Path], settings: DubSettings) -> list[Figure]:
    """The figures of several episodes, by episode: rates over all their text, counts summed, the worst of the rest.

    `cer` (share of the reference's characters) and, for each target language, `chrf` (0 to 100), `overlapping` and
    `outside_caps` (dub lines), `drift_frames` (picture against any sound track, in frames) and `lag_ms` (how far
    any sound track's original sound is from where it was).
    """
    lines = {name: read_truth(truths[name]) for name in results}
    heard = [
        ("".join(line.text for line in lines[name]), _heard(result.transcript)) for name, result in results.items()
    ]
    figures = [Figure("cer", None, scores.cer([true for true, _ in heard], [text for _, text in heard]))]
    languages = sorted({language for result in results.values() for language in result.translations})
    for language in languages:
        figures += _translated(results, lines, language)
    for language in sorted({language for result in results.values() for language in result.dubs}):
        dubs = [result.dubs.get(language, ()) for result in results.values()]
        outside = sum(scores.outside_caps(dub, settings.tempo_floor, settings.tempo_cap) for dub in dubs)
        figures.append(Figure("overlapping", language, sum(map(scores.overlaps, dubs)), bound=0))
        figures.append(Figure("outside_caps", language, outside, bound=0))
    for language in sorted({language for result in results.values() for language in result.videos}):
        figures += _watched(results, truths, language)
    return figures


def _translated(results: Mapping[str, Result], lines: Mapping[str, list[TrueLine]], language: str) -> list[Figure]:
    pairs = [
        pair
        for name, result in results.items()
        for pair in paired(result.transcript, result.translations.get(language, ()), lines[name], language)
    ]
    if not any(reference for _, reference in pairs):
        return []
    return [Figure("chrf", language, scores.chrf([said for said, _ in pairs], [reference for _, reference in pairs]))]


def paired(transcript: Rows, translation: Rows, lines: Sequence[TrueLine], language: str) -> list[tuple[str, str]]:
    """Translation and reference of what was spoken at one time, in order; an untranslated line is paired with nothing."""
    transcript = spoken(transcript)
    texts = {row["segment"]: row["text"] or "" for row in translation}
    spans = [Span(row["start_ms"], row["end_ms"]) for row in transcript]
    return [
        (
            " ".join(filter(None, (texts.get(transcript[at]["segment"], "") for at in found.segments))),
            " ".join(lines[at].references.get(language, "") for at in found.lines),
        )
        for found in scores.match(spans, [line.span for line in lines])
    ]


def spoken(transcript: Rows) -> list[Mapping[str, Any]]:
    """The rows of a transcript that somebody speaks, in order of time: captions only stand in the picture."""
    return sorted((row for row in transcript if row.get("kind") != "caption"), key=lambda row: int(row["start_ms"]))


def _heard(transcript: Rows) -> str:
    return "".join(row["text"] or "" for row in spoken(transcript))


def _watched(results: Mapping[str, Result], truths: Mapping[str, Path], language: str) -> list[Figure]:
    worst_frames, frame_ms = 0.0, 0.0
    lags: list[float] = []
    for name, result in results.items():
        video = result.videos.get(language)
        if video is None:
            continue
        tracks = scores.drift(video)
        worst_frames = max([worst_frames, *(track.frames for track in tracks)])
        frame_ms = max([frame_ms, *(track.frame_ms for track in tracks)])
        lags += _lags(video, len(tracks), truths[name])
    figures = [Figure("drift_frames", language, worst_frames, bound=1)]
    return figures + ([Figure("lag_ms", language, max(map(abs, lags)), bound=frame_ms)] if lags else [])


def _lags(video: Path, tracks: int, truth: Path) -> list[float]:
    """Lag (ms) of the first and of the last third of each sound track; empty where the truth has no sound."""
    from dubwright.media import sound

    if not all((truth / name).is_file() for name in ("speech.flac", "bed.flac")):
        return []
    spoken, _ = sound.read(truth / "speech.flac", rate=LISTENING_HZ, channels=1)
    bed, _ = sound.read(truth / "bed.flac", rate=LISTENING_HZ, channels=1)
    # A dub has the bed alone in common with the original: of both, what the track is the more like tells its lag.
    references = [each[:, 0] for each in (spoken + bed, bed) if each.any()]
    third = len(bed) // 3
    found = []
    for heard in (track(video, number) for number in range(tracks)):
        for part in (slice(0, third), slice(2 * third, 3 * third)):
            lags = [scores.lag(each[part], heard[part], LISTENING_HZ) for each in references if each[part].any()]
            found += [max(lags, key=lambda each: each[1])[0]] if lags else []
    return found


def track(video: Path, number: int) -> NDArray[np.float32]:
    """A sound track of a video as a player gives it, mono at `LISTENING_HZ`, from the picture's start on.

    Raises `ToolError` where there is none that can be decoded.
    """
    raw = ["-map", f"0:a:{number}", "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", str(LISTENING_HZ)]
    found = ffmpeg.run(
        [*ffmpeg.untrusted_input(video), *raw, "-f", "f32le", "pipe:1"], what="listen to a track", timeout_s=600
    )
    return np.frombuffer(found.stdout, "<f4")
