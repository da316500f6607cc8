"""A series is cast: each character that has no voice yet in a language is given one, once for all its episodes.

This comes after its voices are linked, when all of its episodes that can be are transcribed, so that the casting depends on
no order in which they were. What was given before stays, whatever is heard later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from dubwright.dub import assignment, timbre
from dubwright.dub.assignment import Role
from dubwright.dub.engine import Voice, stock
from dubwright.engines import EngineInfo
from dubwright.errors import KeyMissingError, StoreError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.reading import columns
from dubwright.lake.spreading import spread
from dubwright.series import cast as casts
from dubwright.series import voice_facts
from dubwright.series.cast import Cast
from dubwright.series.facts import SeriesFacts, Sex
from dubwright.series.voice_facts import CastVoice, Entry, Given
from dubwright.settings import DubSettings
from dubwright.transcribe.speakers.prints import DIALOGUE
from dubwright.voiceprints.pitch import median_pitch, sex_of

COLUMNS = ("start_ms", "end_ms", "speaker", "character", "kind", "f0_hz")
# How often somebody else may decide something while this looks.
ATTEMPTS = 20


def cast_series(
    lake: Lake,
    series: str,
    transcripts: Sequence[UnitKey],
    facts: SeriesFacts,
    wanted: Mapping[str, EngineInfo],
    settings: DubSettings,
) -> int:
    """Give a voice to every character without one, in each language with its engine; how many were given.

    `transcripts` are the series' newest, one of each episode. A character whose voice may be cloned also gets the clips to
    clone it from, as soon as there are any. Raises `StoreError`, `MediaError`.
    """

    @cache
    def heard(cast_version: int) -> list[Role]:
        return roles_of(lake, casts.read(lake, series), transcripts, facts)

    for _ in range(ATTEMPTS):
        log, decided = voice_facts.log(lake, series), casts.log(lake, series)
        voices, cast = voice_facts.resolve(log.entries), casts.resolve(decided.decisions)
        entries: list[Entry] = []
        for language, info in wanted.items():
            there = stock(info.name, settings, language)
            new = _stock(heard(decided.version), cast, there, info, voices.given(language, info.name))
            automatic = voices.automatic.get((language, info.name), {})
            bare = {who: voice.voice for who, voice in automatic.items() if not voice.clips} | new
            clips = _clips(lake, series, transcripts, cast, facts, language, bare) if info.clones else {}
            entries += [
                Entry(who, language, info.name, voice, clips.get(who, ()))
                for who, voice in sorted(bare.items())
                if who in new or who in clips
            ]
        if not entries:
            return 0
        if voice_facts.append(lake, series, entries, after=log.version):
            return len(entries)
    raise StoreError(
        f"{ATTEMPTS} times somebody else decided on the voices meanwhile",
        where=lake.uri,
        field=series,
        remedy="run again",
    )


def _stock(
    roles: Sequence[Role], cast: Cast, voices: Sequence[Voice], info: EngineInfo, given: Given
) -> dict[str, str]:
    """A stock voice for each role that has none, in the knowledge of those that others have."""
    there = {role.id: voice.voice for role in roles if (voice := _of(role.id, cast, given))}
    if len(there) == len(roles):
        return {}
    # Also of who is not heard any more, but who was merged into somebody else.
    there = {who: voice.voice for who, voice in given.items() if who not in cast.former} | there
    return assignment.assign(roles, voices, timbre.of_engine(info.name), there)


def _of(character: str, cast: Cast, given: Given) -> CastVoice | None:
    """Somebody's voice, by id or by the name by which transcripts knew them before."""
    person = cast.people.get(character)
    return given.get(character) or (given.get(person.name) if person and person.name else None)


def _clips(
    lake: Lake,
    series: str,
    transcripts: Sequence[UnitKey],
    cast: Cast,
    facts: SeriesFacts,
    language: str,
    among: Iterable[str],
) -> dict[str, tuple[str, ...]]:
    """The blobs to clone a voice from, by character, of those whose voice may be cloned and was heard clearly enough."""
    consenting = [
        one.id
        for who in among
        if (one := cast.people.get(who)) and one.name and (of := facts.listed(one.name)) and of.consents(language)
    ]
    if not consenting:
        return {}
    # Here: who only asks which voice a character has, decodes no sound.
    from dubwright.transcribe.speakers.clips import keep, references_of

    keep(lake, series, transcripts)
    found = {who: tuple(each.blob for each in references_of(lake, series, cast, who)) for who in consenting}
    return {who: clips for who, clips in found.items() if clips}


def roles_of(lake: Lake, cast: Cast, transcripts: Sequence[UnitKey], facts: SeriesFacts) -> list[Role]:
    """Everybody to be cast: the linked characters, and whom transcripts name themselves; how they sound, where they speak."""
    said: dict[str, dict[str, int]] = {name: {} for name in cast.people}
    pitches: dict[str, list[tuple[float | None, float]]] = {}
    for key, rows in zip(transcripts, spread(lambda key: _rows(lake, key), transcripts), strict=True):
        for row in rows:
            character = _who(cast, facts, key.episode, row)
            if character and (row.get("kind") or DIALOGUE) == DIALOGUE:
                length = max(0, row["end_ms"] - row["start_ms"])
                of = said.setdefault(character, {})
                of[key.episode] = of.get(key.episode, 0) + length
                pitches.setdefault(character, []).append((row.get("f0_hz"), float(length)))
    found = []
    for character, spoken in sorted(said.items()):
        f0_hz = median_pitch(pitches.get(character, ()))
        found.append(Role(character, _sex(cast, facts, character, f0_hz), f0_hz, spoken))
    return found


def _who(cast: Cast, facts: SeriesFacts, episode: str, row: Mapping[str, Any]) -> str | None:
    """By what a line's speaker is cast: the character's id, else the name that the transcript gives, as it is listed."""
    person = cast.who(episode, row["speaker"], row["start_ms"], row["end_ms"])
    if person:
        return person.id
    name = row.get("character")
    if not isinstance(name, str) or not name:
        return None
    listed = facts.listed(name)
    known = cast.find(listed.name if listed else name)
    return known.id if known else listed.name if listed else name


def _sex(cast: Cast, facts: SeriesFacts, character: str, f0_hz: float) -> Sex:
    person = cast.people.get(character)
    if person and person.sex != "unknown":
        return person.sex
    listed = facts.listed((person.name if person else character) or "")
    return listed.sex if listed and listed.sex != "unknown" else sex_of(f0_hz)


def _rows(lake: Lake, key: UnitKey) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = columns(lake, str(key), COLUMNS).to_pylist()
    except KeyMissingError:  # collected since it was listed
        return []
    return rows
