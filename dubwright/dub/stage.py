"""The stage `dub`: rows of the tables `source`, `transcript` and `translation` in, rows of the table `dub` out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dubwright import engines, unit
from dubwright.dub import timing
from dubwright.dub.casting import Speaker, voices_of_lines
from dubwright.dub.engine import Synthesizer, Voice
from dubwright.dub.mixing import PlacedLine, mix
from dubwright.dub.speech_cache import SpeechCache
from dubwright.dub.timing import Line, Placement
from dubwright.dub.wording import spoken
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError
from dubwright.lake import Lake
from dubwright.media import sound
from dubwright.settings import DubSettings, Section
from dubwright.voices import median_pitch, sex_of

REVISION = 2

NO_TRANSLATION = "no translation: the original voice is kept"
NOTHING_TO_SPEAK = "nothing to speak: the original voice is kept"
NOT_SPOKEN = {
    "caption": "a caption: not spoken",
    "song": "a song: not spoken",
    "crowd": "a crowd: not spoken",
    "offscreen": "a voice off screen: not spoken",
    "overlap": "two speak at once: not spoken",
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A line of the transcript, and what became of it: its blob and samples [n] at the episode's rate, or why neither.

    A line that is not `wanted` is of a kind that is not spoken.
    """

    segment: int
    start_ms: int
    end_ms: int
    voice: str
    blob: str | None = None
    samples: NDArray[np.float32] | None = None
    reason: str | None = None
    failed: bool = False
    wanted: bool = True


def engine(settings: Section, language: str) -> EngineInfo:
    """The engine that would speak a language. Raises `LanguageError` if none of those wanted does."""
    return engines.select("dub", cast(DubSettings, settings).engines, language)


def run(work: unit.Work, lake: Lake, machine: unit.Machine) -> list[Row]:
    """A row per segment of the transcript, and one of segment None and verdict `mix` with the whole episode's sound.

    A line without usable translation or speech keeps its original voice, is flagged, and stops nothing.
    Raises `EngineOutputError` if the engine failed on every line.
    """
    settings = cast(DubSettings, work.settings)
    source = lake.read(work.upstream["ingest"]).row()
    transcript = sorted(
        lake.read(work.upstream["transcribe"]).rows(), key=lambda row: (row["start_ms"], row["segment"])
    )
    texts = {row["segment"]: _text(row) for row in lake.read(work.upstream["translate"]).rows()}
    with lake.blob_file(source["stereo_blob"]) as path:
        original, rate = sound.read(path, channels=2)
    episode_ms = len(original) * 1000 // rate
    lines = _speak(work, lake, machine, transcript, texts, rate)
    voiced = {line.segment: line for line in lines if line.samples is not None}
    kept = [span for line in lines if line.samples is None for span in _kept(line, voiced.values())]
    if not voiced:
        unchanged = _row_of_mix(source["stereo_blob"], episode_ms, "no line to dub: the original sound")
        return [*map(_row_unspoken, lines), unchanged]
    placements = timing.plan([_to_place(line, rate) for line in voiced.values()], episode_ms, settings, kept)
    mixed = mix(
        original,
        rate,
        [_placed(voiced[place.segment], place) for place in placements if place.duration_ms],
        [(line.start_ms, line.end_ms) for line in voiced.values()],
        settings,
        kept,
    )
    placed = {place.segment: place for place in placements}
    rows = [_row(line, placed[line.segment]) if line.segment in placed else _row_unspoken(line) for line in lines]
    return [*rows, _row_of_mix(_store(lake, mixed, rate), episode_ms)]


def _text(row: Mapping[str, Any]) -> str | None:
    """What is spoken of a translation; empty if nothing in it can be, None if there is no translation."""
    return None if row["state"] == "failed" or not (row["text"] or "").strip() else spoken(row["text"])


def _kept(line: _Spoken, voiced: Iterable[_Spoken]) -> list[tuple[int, int]]:
    """Where (ms) the original voice of an unspoken line is kept.

    A caption has none; and of what is not wanted, such as a song, a line that is spoken meanwhile comes first.
    """
    if line.wanted:
        return [(line.start_ms, line.end_ms)]
    if line.reason == NOT_SPOKEN["caption"]:
        return []
    spans, start = [], line.start_ms
    for other in sorted(voiced, key=lambda each: each.start_ms):
        if other.start_ms < line.end_ms and other.end_ms > start:
            spans.append((start, other.start_ms))
            start = other.end_ms
    return [(first, last) for first, last in [*spans, (start, line.end_ms)] if first < last]


# Speech -----------------------------------------------------------------------------------------------


def _speak(
    work: unit.Work,
    lake: Lake,
    machine: unit.Machine,
    transcript: Sequence[Row],
    texts: Mapping[int, str | None],
    rate: int,
) -> list[_Spoken]:
    """Every line of the transcript, spoken or with the reason why not; the engine is loaded when first needed."""
    info = engine(work.settings, work.language)
    voices = engines.engine_class("dub", info.name).voices(work.language)
    speak = cast(DubSettings, work.settings).speak
    spoken_rows = [row for row in transcript if _kind(row) in speak]
    chosen = dict(zip((row["segment"] for row in spoken_rows), _voices(work, spoken_rows, voices), strict=True))
    cache = SpeechCache(lake, info, unit.main_model(info, work.settings))
    lines: list[_Spoken] = []
    for row in transcript:
        line = _Spoken(row["segment"], row["start_ms"], row["end_ms"], chosen.get(row["segment"], ""))
        text = texts.get(row["segment"])
        if row["segment"] not in chosen:
            lines.append(replace(line, reason=NOT_SPOKEN[_kind(row)], wanted=False))
        elif not text:
            lines.append(replace(line, reason=NO_TRANSLATION if text is None else NOTHING_TO_SPEAK))
        else:
            lines.append(_speak_line(line, text, work, machine, cache, rate))
    failed = [line for line in lines if line.failed]
    if failed and not any(line.samples is not None for line in lines):
        raise EngineOutputError(
            f"none of {len(failed)} lines could be spoken; of the first: {failed[0].reason}",
            where=work.label,
            remedy="try another engine in the setting dub.engines",
        )
    return lines


def _kind(row: Row) -> str:
    return row["kind"] if row["kind"] in NOT_SPOKEN else "dialogue"


def _voices(work: unit.Work, rows: Sequence[Row], voices: Sequence[Voice]) -> list[str]:
    """The voice of each line of a transcript; a stranger's sex is guessed by the pitch of what the stranger says."""
    pitches: dict[str, list[tuple[float | None, float]]] = {}
    for row in rows:
        pitches.setdefault(row["speaker"], []).append((row["f0_hz"], row["end_ms"] - row["start_ms"]))
    sexes = {label: sex_of(median_pitch(lines)) for label, lines in pitches.items() if label}

    def who(row: Row) -> Speaker:
        person = work.cast.who(work.episode, row["speaker"], row["start_ms"], row["end_ms"])
        if person:
            return Speaker(person.name, person.id, row["speaker"], person.sex)
        return Speaker(row["character"], None, row["speaker"], sexes.get(row["speaker"], "unknown"))

    return voices_of_lines([who(row) for row in rows], voices, work.facts)


def _speak_line(
    line: _Spoken, text: str, work: unit.Work, machine: unit.Machine, cache: SpeechCache, rate: int
) -> _Spoken:
    found = cache.find(text, work.language, line.voice, rate)
    if found is None:
        loaded = cast(Synthesizer, unit.load_engine("dub", cache.info, work.settings, machine))
        what = f"{cache.info.name} on {work.series}/{work.episode} line {line.segment} in {work.language}"
        try:
            speech = unit.ask_engine(what, lambda: loaded.speak(text, work.language, line.voice))
            if not len(speech.samples) or not np.isfinite(speech.samples).all():
                raise EngineOutputError("gave no sound", where=what)
        except EngineOutputError as error:
            return replace(line, reason=f"{error.problem}: the original voice is kept", failed=True)
        found = cache.keep(text, work.language, line.voice, speech, rate)
    return replace(line, blob=found[0], samples=found[1])


def _to_place(line: _Spoken, rate: int) -> Line:
    samples = cast(NDArray[np.float32], line.samples)
    return Line(line.segment, line.start_ms, line.end_ms, max(1, ceil(1000 * len(samples) / rate)))


def _placed(line: _Spoken, place: Placement) -> PlacedLine:
    samples = cast(NDArray[np.float32], line.samples)
    return PlacedLine(samples, place.start_ms, place.duration_ms, place.tempo, place.cut)


# Rows -------------------------------------------------------------------------------------------------


def _row(line: _Spoken, place: Placement) -> Row:
    """A line that was spoken; where there was no room to begin it, without times."""
    sounds = bool(place.duration_ms)
    return {
        "segment": line.segment,
        "start_ms": place.start_ms if sounds else None,
        "duration_ms": place.duration_ms if sounds else None,
        "tempo": _not_above(place.tempo) if sounds else None,
        "voice": line.voice,
        "cloned": False,
        "blob": line.blob,
        "verdict": place.verdict,
        "reason": place.reason,
    }


def _row_unspoken(line: _Spoken) -> Row:
    verdict = "unfit" if line.wanted else "kept"
    return {"segment": line.segment, "voice": None, "cloned": False, "verdict": verdict, "reason": line.reason}


def _row_of_mix(blob: str, duration_ms: int, reason: str | None = None) -> Row:
    row = {"segment": None, "start_ms": 0, "duration_ms": duration_ms, "tempo": None, "voice": None, "cloned": None}
    return {**row, "blob": blob, "verdict": "mix", "reason": reason}


def _not_above(tempo: float) -> float:
    """The tempo as the table's 32-bit number, never rounded up past a cap."""
    narrow = np.float32(tempo)
    return float(narrow if float(narrow) <= tempo else np.nextafter(narrow, np.float32(0)))


def _store(lake: Lake, mixed: NDArray[np.float32], rate: int) -> str:
    with TemporaryDirectory(prefix="dubwright-dub-") as folder:
        path = Path(folder, "mix.flac")
        sound.write_flac(path, mixed, rate)
        return lake.put_blob(path)
