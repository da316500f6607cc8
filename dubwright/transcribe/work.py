"""The stage `transcribe`: an episode's sound and picture in, rows of the `transcript` table out.

Witnesses are heard (speech recognition), seen (burned-in subtitles) and, where subtitles are given, read; `fusion`
decides between them line by line, the series' names put right what was misheard, and every line gets its speaker.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dubwright import unit
from dubwright.errors import InputError, MediaError
from dubwright.lake import Lake
from dubwright.media import sound
from dubwright.series.facts import SeriesFacts
from dubwright.settings import Section, TranscribeSettings
from dubwright.transcribe import attribution, fusion, segments, text, witnesses
from dubwright.transcribe.attribution import Spoken
from dubwright.transcribe.engine import Passage, Transcriber, Word
from dubwright.transcribe.fusion import Cue, Line
from dubwright.transcribe.names import Names
from dubwright.transcribe.stage import engine
from dubwright.voiceprints.warm import voice_encoder

Row = dict[str, Any]
_log = logging.getLogger(__name__)


def run(work: unit.Work, lake: Lake, machine: unit.Machine) -> list[Row]:
    """A row per segment, numbered from 1 in order of time; none where nobody speaks and nothing is written.

    Raises `EngineOutputError` if the recognizer fails or its answer cannot be used, `MediaError` if the sound
    cannot be read, `EngineMissingError` or `ModelError` if what reads pictures or tells voices apart is not there.
    """
    return finish(work, lake, machine, None)


def ask(works: Sequence[unit.Work], lake: Lake, machine: unit.Machine) -> list[list[Passage] | Exception | None]:
    """What is said in several episodes, recognized together; None for those whose engine does not take several."""
    answers: list[list[Passage] | Exception | None] = [None] * len(works)
    alike: dict[tuple[Section, str], list[int]] = {}
    for index, work in enumerate(works):
        if cast(TranscribeSettings, work.settings).subtitles != "only":
            alike.setdefault((work.settings, work.language), []).append(index)
    for (_, language), indices in alike.items():
        many = getattr(_transcriber(works[indices[0]], machine), "transcribe_many", None)
        if many is None:
            continue
        with ExitStack() as files:
            sounds = [files.enter_context(_speech(works[index], lake)) for index in indices]
            for index, answer in zip(indices, many(sounds, language), strict=True):
                answers[index] = answer
    return answers


def finish(work: unit.Work, lake: Lake, machine: unit.Machine, answer: list[Passage] | None) -> list[Row]:
    """`run`, the recognizer's `answer` being at hand already, or not."""
    settings = cast(TranscribeSettings, work.settings)
    cues, notes = _written(work, lake, machine, settings)
    with _speech(work, lake) as file:
        samples = sound.read(file, channels=1)[0][:, 0]
        lines = _lines(work, machine, file, samples, cues, answer)
        spoken = _speakers(work, machine, file, samples, lines)
    rows = [_row(number, each, work.language) for number, each in enumerate(spoken, start=1)]
    if rows and notes:
        rows[0]["notes"] = [*rows[0]["notes"], *notes]
    return rows


def _speech(work: unit.Work, lake: Lake) -> AbstractContextManager[Path]:
    return lake.blob_file(lake.read(work.upstream["ingest"]).row()["speech_blob"])


def _written(
    work: unit.Work, lake: Lake, machine: unit.Machine, settings: TranscribeSettings
) -> tuple[list[Cue], list[str]]:
    """What is written of the episode, in the picture and beside it, and what a reader of the transcript should know."""
    notes: list[str] = []
    given: list[Cue] = []
    try:
        given = witnesses.given(work) if settings.subtitles != "ignore" else []
    except InputError as error:
        # What lies beside a video may be anything; only who asked for it alone cannot do without.
        if settings.subtitles == "only":
            raise
        _log.warning("%s: without the subtitles beside it: %s", work.label, error)
        notes.append(f"{error.where} was left alone: {error.problem}")
    if settings.subtitles == "only" and not given:
        raise InputError(
            "no subtitles came with this video, and it is not to be listened to",
            where=work.source_uri,
            field="transcribe.subtitles",
            remedy="put EPISODE.srt beside it, name one in the manifest, or use --subtitles witness",
        )
    if not settings.picture:
        return given, notes
    try:
        seen = witnesses.seen(work, lake, machine)
    except MediaError as error:
        _log.warning("%s: without its picture: %s", work.label, error)
        return given, [*notes, f"the picture could not be read: {error.problem}"]
    cues = fusion.together(seen, given) if given else seen
    if settings.subtitles == "only":
        cues = [cue for cue in cues if cue.evidence == "given" or cue.kind == "caption"]
    return cues, notes


def _lines(
    work: unit.Work,
    machine: unit.Machine,
    file: Path,
    samples: NDArray[np.float32],
    cues: Sequence[Cue],
    passages: list[Passage] | None,
) -> list[Line]:
    """The lines of the episode, decided between what was heard and what is written."""
    settings = cast(TranscribeSettings, work.settings)
    duration_ms = 1000 * len(samples) // witnesses.RATE
    # Only listening can say when the lines of a script without times are spoken.
    listened = settings.subtitles != "only" or any(cue.start_ms is None for cue in cues)
    words: list[Word] = []
    corrected: dict[int, str] = {}
    foreign: str | None = None
    if listened:
        if passages is None:
            passages = witnesses.heard(_transcriber(work, machine), file, work)
        heard = segments.in_order(segments.heard(passages, work.language), duration_ms)
        words, corrected = _named(heard, work.facts, work.language)
        foreign = witnesses.foreign(_transcriber(work, machine), samples, heard, work)
    episode = fusion.Episode(
        words,
        witnesses.speech(samples) if cues else [(word.start_ms, word.end_ms) for word in words],
        work.language,
        duration_ms,
        settings.pause_ms,
        settings.longest_segment_ms,
        listened,
        witnesses.names(work),
    )
    lines = [_noted(line, corrected) for line in fusion.fuse(episode, cues)]
    return [replace(line, notes=(*line.notes, foreign)) for line in lines[:1]] + lines[1:] if foreign else lines


def _transcriber(work: unit.Work, machine: unit.Machine) -> Transcriber:
    info = engine(work.settings, work.language)
    return cast(Transcriber, unit.load_engine("transcribe", info, work.settings, machine))


def _named(words: Sequence[Word], facts: SeriesFacts, language: str) -> tuple[list[Word], dict[int, str]]:
    """The words with the series' names put right; by the time (ms) of the word, what was changed."""
    fixed, corrections = Names(facts, language).correct_words(words)
    changed = {
        new.start_ms: f"{old.text} → {new.text}" for old, new in zip(words, fixed, strict=True) if old.text != new.text
    }
    return fixed, changed if corrections else {}


def _noted(line: Line, corrected: dict[int, str]) -> Line:
    """The line, with what was put right in it where its text is the heard one."""
    if line.evidence != "sound":
        return line
    changes = [corrected[word.start_ms] for word in line.words if word.start_ms in corrected]
    return replace(line, notes=(*line.notes, f"a name put right: {', '.join(changes)}")) if changes else line


def _speakers(
    work: unit.Work, machine: unit.Machine, file: Path, samples: NDArray[np.float32], lines: Sequence[Line]
) -> list[Spoken]:
    """The lines with who speaks them, told apart by the engine where it can, else by their voices."""
    if not lines or not cast(TranscribeSettings, work.settings).speakers:
        return [Spoken(line) for line in lines]
    ask = getattr(_transcriber(work, machine), "speakers", None)
    what = f"telling the speakers of {work.series}/{work.episode} apart"
    turns = unit.ask_engine(what, lambda: ask(file)) if ask is not None else None
    if turns is not None:
        return attribution.from_turns(lines, samples, turns)
    encoder = voice_encoder(machine.models_dir, machine.models_mirror)
    sexes = [person.sex for person in work.facts.cast]
    return unit.ask_engine(what, lambda: attribution.attribute(lines, samples, encoder, sexes))


def _row(number: int, spoken: Spoken, language: str) -> Row:
    line = spoken.line
    return {
        "segment": number,
        "start_ms": line.start_ms,
        "end_ms": line.end_ms,
        "speaker": spoken.speaker,
        "character": line.speaker,
        "text": text.join(line.words, language),
        "words": [
            {"text": word.text, "start_ms": word.start_ms, "end_ms": word.end_ms, "probability": word.probability}
            for word in line.words
        ],
        "confidence": line.confidence,
        "evidence": line.evidence,
        "kind": line.kind,
        "shown": [{name: getattr(shown, name) for name in shown.__slots__} for shown in line.shown],
        "speaker_confidence": spoken.confidence,
        "f0_hz": spoken.f0_hz,
        "voice_print": list(spoken.voice_print) if spoken.voice_print else None,
        "notes": list(line.notes),
    }
