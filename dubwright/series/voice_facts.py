"""Which voice each character of a series has in each language: given once, kept for the whole series.

Entries are series facts in the lake, `series/series=S/voice/<version>.parquet`: none is ever changed, later ones stand above
earlier ones, and a person's choice above what was given automatically. A character always has a stock voice of the
engine; where there are clips of it, and the series' cast list says `consent: granted` at the time, a clone of them
speaks instead (docs/decisions/0018).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import SeriesKey
from dubwright.series.cast import Cast
from dubwright.series.facts import SeriesFacts

FACT = "voice"
EDITOR = "dubwright"
NO_CONSENT = "a stock voice: no consent to clone this character's"
NO_CLIPS = "a stock voice: nothing clear enough to clone is kept of this character"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table `voice`: the voice of `character` in `language` with `engine`.

    `character` is an id of the series' cast (c01, p01), or the name by which transcripts know who is in none. `clips` are
    the keys of the blobs to clone from, best first. What a person has `chosen` stands above what was cast; a choice of None
    is taken back.
    """

    character: str
    language: str
    engine: str
    voice: str | None
    clips: tuple[str, ...] = ()
    chosen: bool = False
    editor: str = EDITOR


@dataclass(frozen=True, slots=True)
class CastVoice:
    """The voice that a character has in a language: a stock voice, and the clips of which a clone speaks instead, if any.

    `character` is what a clone is called by; `note` says why there is none where the engine could make one.
    """

    character: str
    voice: str
    clips: tuple[str, ...] = ()
    chosen: bool = False
    editor: str = EDITOR
    note: str | None = None

    @property
    def digest(self) -> str:
        """What of it can change a dub."""
        return fingerprint({"voice": self.voice, "note": self.note} | self._clone)

    @property
    def _clone(self) -> dict[str, Any]:
        return {"clone": self.character, "clips": self.clips} if self.clips else {}


# By character: id or name.
Given = Mapping[str, CastVoice]
Of = TypeVar("Of")


@dataclass(frozen=True, slots=True)
class Voices:
    """What the entries of a series come to. Empty where it was never cast."""

    of: Mapping[tuple[str, str], Given] = field(default_factory=dict)
    automatic: Mapping[tuple[str, str], Given] = field(default_factory=dict)

    def given(self, language: str, engine: str) -> Given:
        """The voice of each character in a language with an engine; empty where the series is not cast for these."""
        return self.of.get((language, engine), {})


NONE = Voices()


def resolve(entries: Iterable[Entry]) -> Voices:
    """The voices that entries give, oldest first."""
    automatic: dict[tuple[str, str], dict[str, CastVoice]] = {}
    chosen: dict[tuple[str, str], dict[str, CastVoice]] = {}
    for entry in entries:
        into = (chosen if entry.chosen else automatic).setdefault((entry.language, entry.engine), {})
        if entry.voice:
            into[entry.character] = CastVoice(entry.character, entry.voice, entry.clips, entry.chosen, entry.editor)
        else:
            into.pop(entry.character, None)
    both = {where: {**automatic.get(where, {}), **chosen.get(where, {})} for where in {**automatic, **chosen}}
    return Voices({where: given for where, given in both.items() if given}, automatic)


def of_all(given: Given, cast: Cast, facts: SeriesFacts, language: str, *, clones: bool) -> dict[str, CastVoice]:
    """The voices of a series' characters as they may be used: by id, and by every name that transcripts may give them.

    `clones` tells whether the engine can. Without consent to it a voice is not cloned.
    """
    found: dict[str, CastVoice] = {}
    for one in cast.people.values():
        if voice := given.get(one.id) or (given.get(one.name) if one.name else None):
            found[one.id] = permitted(voice, one.name, facts, language, clones=clones)
    called = {one.name: found[one.id] for one in cast.people.values() if one.name and one.id in found}
    for name, voice in given.items():
        if name not in cast.people and name not in cast.former:
            called.setdefault(name, permitted(voice, name, facts, language, clones=clones))
    for listed in facts.cast:
        if voice := called.get(listed.name):
            called |= {alias: voice for alias in listed.aliases if alias not in called}
    return called | found


def in_episode(of_series: Mapping[str, Of], speaking: Cast, said: str | None) -> dict[str, Of]:
    """What of a series' characters, by id and name, its episode's units may use: of whom its cast has, or its transcript names.

    `said` is what the transcript holds, where that is known.
    """
    names = {*speaking.people, *(said.splitlines() if said else ())}
    return {name: of_series[name] for name in sorted(names & of_series.keys())}


def permitted(voice: CastVoice, name: str | None, facts: SeriesFacts, language: str, *, clones: bool) -> CastVoice:
    """A voice as it may be used for a character of this name: without clips where nobody consented to a clone."""
    if not clones:
        return replace(voice, clips=())
    listed = facts.listed(name) if name else None
    consent = bool(listed and listed.consents(language))
    note = None if voice.chosen else NO_CONSENT if not consent else None if voice.clips else NO_CLIPS
    return replace(voice, clips=voice.clips if consent else (), note=note)


# The lake ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Log:
    """A series' entries, oldest first, up to a version of them (0: there is none)."""

    entries: tuple[Entry, ...] = ()
    version: int = 0


def read(lake: Lake, series: str, keys: Sequence[SeriesKey] | None = None) -> Voices:
    """The voices of a series as the lake has them, or by what stands under these keys. Raises `StoreError`."""
    return resolve(log(lake, series, keys).entries)


def log(lake: Lake, series: str, keys: Sequence[SeriesKey] | None = None) -> Log:
    """What was given, or what of it stands under these keys. Raises `StoreError`, `UnreadableError`."""
    keys = lake.series_facts(series, FACT) if keys is None else keys
    return Log(tuple(map(_entry, lake.read_series_facts(keys))), max((key.version for key in keys), default=0))


def decide(lake: Lake, series: str, entries: Sequence[Entry]) -> SeriesKey:
    """Append entries as one version, all or none; its key."""
    while True:
        version = max((key.version for key in lake.series_facts(series, FACT)), default=0)
        if append(lake, series, entries, after=version):
            return SeriesKey(series, FACT, version + 1)


def append(lake: Lake, series: str, entries: Sequence[Entry], *, after: int) -> bool:
    """Append entries that were made in the knowledge of all up to version `after`; False if there are newer ones."""
    rows = [{**{name: getattr(one, name) for name in Entry.__slots__}, "clips": list(one.clips)} for one in entries]
    return lake.add_series_fact(SeriesKey(series, FACT, after + 1), rows)


def _entry(row: Mapping[str, Any]) -> Entry:
    values: dict[str, Any] = {name: row[name] for name in Entry.__slots__}
    return Entry(**values | {"clips": tuple(row["clips"] or ()), "chosen": bool(row["chosen"])})
