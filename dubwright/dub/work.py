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

from dubwright import sources, unit
from dubwright.dub import timing
from dubwright.dub.learnt import Learnt
from dubwright.dub.mixing import PlacedLine, mix
from dubwright.dub.separation import bed as separation
from dubwright.dub.stage import engine
from dubwright.dub.takes import Asked, Take, Takes
from dubwright.dub.timing import Line, Placement
from dubwright.dub.voicing import NOBODY, LineVoice, voices_of
from dubwright.dub.wording import spoken
from dubwright.errors import EngineOutputError
from dubwright.lake import Lake
from dubwright.media import sound
from dubwright.moved import span
from dubwright.settings import DubSettings

NO_TRANSLATION = "no translation: the original voice is kept"
NOTHING_TO_SPEAK = "nothing to speak: the original voice is kept"
NOT_SPOKEN = {
    "caption": "a caption: not spoken",
    "song": "a song: not spoken",
    "crowd": "a crowd: not spoken",
    "offscreen": "a voice off screen: not spoken",
    "overlap": "two speak at once: not spoken",
}

# An engine that fails on all of so many lines is taken for broken.
BROKEN = 3
# The translation's column with what may be said instead.
SHORT = "short_text"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A line of the transcript, and what became of it: its blob and samples [n] at the episode's rate, or why neither.

    `start_ms` and `end_ms` are its original's; it is to be spoken in its `slot`, which a person may have moved.

    A line that is not `wanted` is of a kind that is not spoken. Of one that was said in fewer words than it was translated
    in, `text` is what was said. One that `failed` was not said by the engine and voice that were asked for: by others, or
    not at all.
    """

    segment: int
    start_ms: int
    end_ms: int
    slot: tuple[int, int]
    voice: LineVoice = NOBODY
    blob: str | None = None
    samples: NDArray[np.float32] | None = None
    reason: str | None = None
    failed: bool = False
    wanted: bool = True
    take: Take | None = None
    text: str | None = None

    @property
    def cloned(self) -> Learnt | None:
        """What made the clone that speaks it, if one does."""
        return self.voice.learnt if self.take and self.take.voice == self.voice.name else None


def run(work: unit.Work, lake: Lake, machine: unit.Machine) -> list[Row]:
    """A row per segment of the transcript, and one of segment None and verdict `mix` with the whole episode's sound.

    A line without usable translation or speech keeps its original voice, is flagged, and stops nothing; so does an episode
    whose voices cannot be separated: there the original is lowered. Raises `EngineOutputError` if the engine failed on
    every line, and what only the operator can mend.
    """
    settings = cast(DubSettings, work.settings)
    source = lake.read(work.upstream["ingest"]).row()
    transcript = sorted(
        lake.read(work.upstream["transcribe"]).rows(), key=lambda row: (row["start_ms"], row["segment"])
    )
    translation = {row["segment"]: row for row in lake.read(work.upstream["translate"]).rows()}
    blob = sources.own_sound(source)
    with lake.blob_file(blob) as path:
        original, rate = sound.read(path)
    episode_ms = len(original) * 1000 // rate
    takes = Takes(work, lake, machine, rate)
    lines = _speak(work, lake, machine, transcript, translation, takes)
    voiced = {line.segment: line for line in lines if line.samples is not None}
    kept = [span for line in lines if line.samples is None for span in _kept(line, voiced.values())]
    if not voiced:
        unchanged = _row_of_mix(blob, episode_ms, "no line to dub: the original sound")
        return [*map(_row_unspoken, lines), unchanged]
    shots = source["shots"] or ()
    placements = timing.plan([_to_place(line, rate) for line in voiced.values()], episode_ms, settings, kept, shots)
    short = {segment: _text(translation.get(segment), work, SHORT) for segment in voiced}
    if shorter := _said_shorter(voiced, placements, short, takes):
        voiced |= shorter
        placements = timing.plan([_to_place(line, rate) for line in voiced.values()], episode_ms, settings, kept, shots)
    bed, lowered = _bed(work, lake, machine, blob, original, rate)
    mixed = mix(
        original,
        rate,
        [_placed(voiced[place.segment], place) for place in placements if place.duration_ms],
        [(line.start_ms, line.end_ms) for line in voiced.values()],
        settings,
        kept,
        bed,
        machine.threads,
    )
    placed = {place.segment: place for place in placements}
    rows = [
        _row(voiced[line.segment], placed[line.segment]) if line.segment in placed else _row_unspoken(line)
        for line in lines
    ]
    return [*rows, _row_of_mix(_store(lake, mixed, rate), episode_ms, lowered)]


def _bed(
    work: unit.Work, lake: Lake, machine: unit.Machine, blob: str, original: NDArray[np.float32], rate: int
) -> tuple[NDArray[np.float32] | None, str | None]:
    """The episode's bed, or why there is none although one is wanted.

    A separator that is not there, or not its model, fails the unit: every episode would be the worse for it.
    """
    try:
        return separation.of(work, lake, machine, blob, original, rate), None
    except EngineOutputError as error:
        return None, f"{error.problem}: the original is lowered under the lines"
    except MemoryError:
        return None, "the separator ran out of memory: the original is lowered under the lines"


def _text(row: Mapping[str, Any] | None, work: unit.Work, column: str = "text") -> str | None:
    """What is spoken of a translation; empty if nothing in it can be, None if there is no translation."""
    if row is None or row["state"] == "failed" or not (row[column] or "").strip():
        return None
    return spoken(row[column], work.language, work.facts.pronunciations_for(work.language))


def _kept(line: _Spoken, voiced: Iterable[_Spoken]) -> list[tuple[int, int]]:
    """Where (ms) the original voice of an unspoken line is kept.

    A caption has none; and of what is not wanted, such as a song, a line that is spoken meanwhile comes first.
    """
    if line.wanted:
        return [(line.start_ms, line.end_ms)]
    if line.reason == NOT_SPOKEN["caption"]:
        return []
    spans, start = [], line.start_ms
    # Of a line that was moved neither its original is to be heard nor anything above what is said instead.
    for first, last in sorted({other for each in voiced for other in ((each.start_ms, each.end_ms), each.slot)}):
        if first < line.end_ms and last > start:
            spans.append((start, first))
            start = last
    return [(first, last) for first, last in [*spans, (start, line.end_ms)] if first < last]


# Speech -----------------------------------------------------------------------------------------------


def _speak(
    work: unit.Work,
    lake: Lake,
    machine: unit.Machine,
    transcript: Sequence[Row],
    translation: Mapping[int, Row],
    takes: Takes,
) -> list[_Spoken]:
    """Every line of the transcript, spoken or with the reason why not; the engine is loaded when first needed."""
    info = engine(work.settings, work.language)
    speak = cast(DubSettings, work.settings).speak
    spoken_rows = [row for row in transcript if _kind(row) in speak]
    voices = voices_of(work, lake, machine, info, spoken_rows)
    chosen = dict(zip((row["segment"] for row in spoken_rows), voices, strict=True))
    texts = {segment: _text(translation.get(segment), work) for segment in chosen}
    asked = {
        segment: Asked(segment, text, chosen[segment], translation[segment]["predicted_ms"])
        for segment, text in texts.items()
        if text
    }
    takes.ahead(list(asked.values()))
    lines: list[_Spoken] = []
    for row in transcript:
        segment = row["segment"]
        slot = span(row, translation.get(segment))
        line = _Spoken(segment, row["start_ms"], row["end_ms"], slot, chosen.get(segment, NOBODY))
        if segment not in chosen:
            lines.append(replace(line, reason=NOT_SPOKEN[_kind(row)], wanted=False))
        elif segment not in asked:
            lines.append(replace(line, reason=NO_TRANSLATION if texts[segment] is None else NOTHING_TO_SPEAK))
        else:
            lines.append(_speak_line(line, asked[segment], takes))
    failed = [line for line in lines if line.failed]
    takers = {line.take.engine.name for line in lines if line.take}
    # An engine that says nothing of a whole episode is broken, not its lines: better tried again than dubbed by another.
    if failed and info.name not in takers and (not takers or len(failed) >= BROKEN):
        raise EngineOutputError(
            f"none of {len(failed)} lines could be spoken by {info.name}; of the first: {failed[0].reason}",
            where=work.label,
            remedy="try another engine in the setting dub.engines",
        )
    return lines


def _kind(row: Row) -> str:
    return row["kind"] if row["kind"] in NOT_SPOKEN else "dialogue"


def _speak_line(line: _Spoken, asked: Asked, takes: Takes) -> _Spoken:
    try:
        take = takes.take(asked)
    except EngineOutputError as error:
        return replace(line, reason=f"{error.problem}: the original voice is kept", failed=True)
    return replace(
        line, blob=take.blob, samples=take.samples, reason=take.note, failed=take.note is not None, take=take
    )


def _said_shorter(
    voiced: Mapping[int, _Spoken], placements: Sequence[Placement], short: Mapping[int, str | None], takes: Takes
) -> dict[int, _Spoken]:
    """The lines that do not fit and have a shorter version ready, said in that; only those that it makes shorter."""
    settings = cast(DubSettings, takes.work.settings)
    found: dict[int, _Spoken] = {}
    for place in placements:
        line, text = voiced[place.segment], short[place.segment]
        fits = place.verdict != "unfit" and place.tempo <= settings.tempo_free
        if fits or not text or line.samples is None or line.failed:
            continue
        again = _speak_line(line, Asked(line.segment, text, line.voice), takes)
        if not again.failed and again.samples is not None and len(again.samples) < len(line.samples):
            found[place.segment] = replace(again, text=text)
    return found


def _to_place(line: _Spoken, rate: int) -> Line:
    samples = cast(NDArray[np.float32], line.samples)
    return Line(line.segment, *line.slot, max(1, ceil(1000 * len(samples) / rate)))


def _placed(line: _Spoken, place: Placement) -> PlacedLine:
    samples = cast(NDArray[np.float32], line.samples)
    heard = (line.start_ms, line.end_ms)
    return PlacedLine(samples, place.start_ms, place.duration_ms, place.tempo, place.cut, heard)


# Rows -------------------------------------------------------------------------------------------------


def _row(line: _Spoken, place: Placement) -> Row:
    """A line that was spoken; where there was no room to begin it, without times. One that was not spoken as asked is
    unfit whatever its place, and says by whom it was."""
    sounds = bool(place.duration_ms)
    return {
        **_by(line),
        "segment": line.segment,
        "start_ms": place.start_ms if sounds else None,
        "duration_ms": place.duration_ms if sounds else None,
        "tempo": _not_above(place.tempo) if sounds else None,
        "voice": line.take.voice if line.take else line.voice.name,
        "cloned": line.cloned is not None,
        "learnt": line.cloned and line.cloned.blob,
        "text": line.text,
        "blob": line.blob,
        "verdict": "unfit" if line.failed else place.verdict,
        "reason": "; ".join(filter(None, (line.reason, place.reason, line.voice.flag))) or None,
    }


def _by(line: _Spoken) -> Row:
    """The engine of a line that another one than the unit's spoke."""
    if not line.failed or line.take is None:
        return {}
    info = line.take.engine
    return {"engine": info.name, "engine_version": info.version, "model_sha256": line.take.model_sha256}


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
