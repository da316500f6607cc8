"""With which voice each line of an episode is spoken: the one that its character was given, cloned where that may be, else
one by rule for whom the series is not cast yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from dubwright.dub import engine
from dubwright.dub.casting import Speaker, voices_of_lines
from dubwright.dub.learnt import Learnt, learn
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, MediaError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.series.voice_facts import CastVoice
from dubwright.settings import DubSettings
from dubwright.unit import Machine, Work
from dubwright.voiceprints.pitch import median_pitch, sex_of

CLONE = "clone:"
# Hexadecimal digits that tell clones of one character apart.
DIGEST = 12


@dataclass(frozen=True, slots=True)
class LineVoice:
    """The voice of a line: a stock voice's name, or what a clone is called; `learnt` is what makes the clone, `stock` the
    voice that would speak without it.

    `flag` says, where the engine could have cloned it, why it did not.
    """

    name: str = ""
    flag: str | None = None
    learnt: Learnt | None = None
    stock: str = ""


NOBODY = LineVoice()


def voices_of(
    work: Work, lake: Lake, machine: Machine, info: EngineInfo, rows: Sequence[Mapping[str, Any]]
) -> list[LineVoice]:
    """The voice of each of a transcript's rows. Clones that nobody made before are learnt now, which loads the engine."""
    stock = engine.stock(info.name, cast(DubSettings, work.settings), work.language)
    names = {voice.name for voice in stock}
    given = [_given(work, row) for row in rows]
    speakers = _speakers(work, rows, [voice.voice if voice and voice.voice in names else None for voice in given])
    chosen = voices_of_lines(speakers, stock, work.facts)
    made: dict[CastVoice | None, LineVoice] = {}
    found = []
    for voice, name in zip(given, chosen, strict=True):
        if voice is None:
            found.append(LineVoice(name))
            continue
        if voice not in made:
            made[voice] = _made(voice, name, work, lake, machine, info)
        found.append(made[voice])
    return found


def called(voice: CastVoice) -> str:
    """What a clone is called in rows: by its character and by what it is made of."""
    return f"{CLONE}{voice.character}:{fingerprint({'clips': voice.clips})[:DIGEST]}"


def _given(work: Work, row: Mapping[str, Any]) -> CastVoice | None:
    person = work.cast.who(work.episode, row["speaker"], row["start_ms"], row["end_ms"])
    if person:
        return work.voices.get(person.id)
    return work.voices.get(row["character"]) if row["character"] else None


def _made(voice: CastVoice, stock: str, work: Work, lake: Lake, machine: Machine, info: EngineInfo) -> LineVoice:
    """The clone of a character's voice, or with the reason why not the stock voice that is spoken instead."""
    if stock != voice.voice:
        return LineVoice(stock, f"{info.name} has no voice {voice.voice}")
    if not voice.clips or not info.clones:
        return LineVoice(stock, voice.note)
    try:
        learnt = learn(lake, info, work.settings, machine, voice.clips, work.language)
        return LineVoice(called(voice), learnt=learnt, stock=stock)
    except (EngineOutputError, MediaError) as error:
        return LineVoice(stock, f"a stock voice: {error.problem}")


def _speakers(work: Work, rows: Sequence[Mapping[str, Any]], given: Sequence[str | None]) -> list[Speaker]:
    """Who speaks each row; a stranger's sex is guessed by the pitch of what the stranger says."""
    pitches: dict[str, list[tuple[float | None, float]]] = {}
    for row in rows:
        pitches.setdefault(row["speaker"], []).append((row["f0_hz"], row["end_ms"] - row["start_ms"]))
    sexes = {label: sex_of(median_pitch(lines)) for label, lines in pitches.items() if label}

    def who(row: Mapping[str, Any], voice: str | None) -> Speaker:
        person = work.cast.who(work.episode, row["speaker"], row["start_ms"], row["end_ms"])
        if person:
            return Speaker(person.name, person.id, row["speaker"], person.sex, voice)
        return Speaker(row["character"], None, row["speaker"], sexes.get(row["speaker"], "unknown"), voice)

    return [who(row, voice) for row, voice in zip(rows, given, strict=True)]
