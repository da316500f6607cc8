"""What there is to go by for an episode's transcript: its sound, its picture, and the subtitles given with it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dubwright import sources, unit
from dubwright.lake import Lake
from dubwright.transcribe import burned
from dubwright.transcribe import foreign as foreign_speech
from dubwright.transcribe import given as given_subtitles
from dubwright.transcribe.burned import Burned, Reader
from dubwright.transcribe.engine import Passage, Transcriber, Word
from dubwright.transcribe.fusion import Cue, at_once, of_picture

RATE = 16000

_log = logging.getLogger(__name__)
_warm: dict[tuple[str, str, int], Any] = {}
_warming = threading.Lock()


def heard(transcriber: Transcriber, sound: Path, work: unit.Work) -> list[Passage]:
    """What the recognizer says of the sound. Raises `EngineOutputError`."""
    what = f"{transcriber.info.name} on {work.series}/{work.episode}"
    return unit.ask_engine(what, lambda: transcriber.transcribe(sound, work.language))


def foreign(
    transcriber: Transcriber, samples: NDArray[np.float32], words: Sequence[Word], work: unit.Work
) -> str | None:
    """What to say of an episode that is spoken in another language than it is said to be; None where no engine can tell.

    `samples` are its sound, mono, shape [n] at 16 kHz, `words` what was heard in it.
    """
    ask = getattr(transcriber, "language_of", None)
    if ask is None:
        return None
    what = f"the language of {work.series}/{work.episode}"
    return foreign_speech.note(
        words, samples, RATE, work.language, lambda part: unit.ask_engine(what, lambda: ask(part))
    )


def speech(samples: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Where anybody speaks (start and end, ms) in a mono sound of shape [n] at 16 kHz."""
    from dubwright.transcribe.faster_whisper import speech as detected

    return [(round(1000 * each.start_s), round(1000 * each.end_s)) for each in detected(samples)]


def seen(work: unit.Work, lake: Lake, machine: unit.Machine) -> list[Cue]:
    """The burned-in subtitles and captions, in order; none where nothing in the language is written.

    Raises `EngineMissingError` without a reader, `MediaError` where the picture cannot be read.
    """
    copied = lake.read(work.upstream["ingest"]).row()["video_blob"]
    with sources.ingested(work.source_uri, work.source_digest, copied, lake) as video:
        reader = _reader()
        what = f"reading the picture of {work.series}/{work.episode}"
        found: Burned = unit.ask_engine(
            what, lambda: burned.read(video, reader, work.language, within=work.facts.subtitles.band)
        )
    if found.why:
        _log.info("%s: no burned-in subtitles: %s", work.label, found.why)
    return of_picture(found, cast_names(work))


def given(work: unit.Work) -> list[Cue]:
    """The lines of the subtitles or the script that came with the video, in order; none where nothing came.

    Raises `InputError` for a file that cannot be used, `StoreError` if its store fails.
    """
    if work.subtitles is None:
        return []
    with sources.opened(work.subtitles) as file:
        _, name = sources.folder_and_name(work.subtitles)
        found = given_subtitles.read(file, name, work.language, cast_names(work))
    return at_once(
        [Cue(line.start_ms, line.end_ms, line.text, 1.0, "given", (), line.kind, line.speaker) for line in found.lines]
    )


def cast_names(work: unit.Work) -> set[str]:
    """What the people of a series are called."""
    return {name for person in work.facts.cast for name in (person.name, *person.aliases)}


def names(work: unit.Work) -> set[str]:
    """All names of a series: of its people, and what else its glossary fixes."""
    return cast_names(work) | {name for term in work.facts.glossary for name in (term.source, *term.aliases)}


def _reader() -> Reader:
    with _warming:
        key = ("reader", "", 1)
        if key not in _warm:
            from dubwright.transcribe.burned.rapidocr import RapidOcr

            # A second thread costs twice the CPU time and saves no time to speak of.
            _warm[key] = RapidOcr(threads=1)
        return cast(Reader, _warm[key])
