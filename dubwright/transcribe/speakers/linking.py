"""The voices of all episodes of a series linked to characters, under ids that stay: c01, c02 …

What is found depends on which episodes are given and on what was known before, never on the order in which they were
listened to: prints are taken in the order of the catalogue. What cannot be independent of it: an id, once given, is
kept, so a series whose third episode is linked alone numbers its voices before those of the first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dubwright.series.cast import Cast, Decision, Person
from dubwright.series.facts import Character, Sex
from dubwright.transcribe.speakers.prints import VoicePrint
from dubwright.voiceprints.encoder import unit
from dubwright.voiceprints.pitch import sex_of
from dubwright.voiceprints.spectra import Array

# Prints of one voice in two episodes are at least this alike (cosine), with this much speech behind each. Of less speech
# all prints are less alike, those of one voice too: down to `ALIKE_BRIEF`.
ALIKE, ALIKE_BRIEF = 0.84, 0.78
ENOUGH_MS = 6000
# Two voices of one episode were told apart there, with more to go by than their prints: they are joined only beyond this.
ALIKE_TOGETHER = 0.975
# Pitches of one voice differ by less than this (octaves): a man's and a woman's print can be alike, their pitch is not.
SAME_PITCH = 0.3

ID = re.compile(r"c(\d{2,6})")


@dataclass(frozen=True, slots=True)
class EpisodePrint:
    """A voice of an episode; `position` is the episode's place in its series' order."""

    position: int
    episode: str
    print: VoicePrint


@dataclass(frozen=True, slots=True)
class Known:
    """A character's voice over the series so far: its id, its name if it has one, its print, its speech in all (ms)."""

    id: str
    name: str | None
    voice: Array | None
    f0_hz: float
    sex: Sex
    speech_ms: int


@dataclass(frozen=True, slots=True)
class Linked:
    """`of` gives each voice (episode, label) its character's id; `characters` are all that are known now, in order of id."""

    of: Mapping[tuple[str, str], str]
    characters: tuple[Known, ...]


@dataclass(slots=True)
class _Group:
    """Prints that are one voice so far; `known` is the character that it is, if it was known before."""

    members: list[EpisodePrint]
    voice: Array | None
    f0_hz: float
    speech_ms: int
    known: Known | None = None

    @property
    def first(self) -> tuple[int, int, str]:
        return min((each.position, each.print.first_ms, each.print.label) for each in self.members)


def link(prints: Iterable[EpisodePrint], known: Sequence[Known] = (), cast: Sequence[Character] = ()) -> Linked:
    """Link voices to the known characters and to each other, the most alike first; the others become new characters.

    A character may be known by several voices, each an entry of its id: who whispers, or grows up, has more than one.
    Voices without a vector (told apart without an encoder) are each a character of its own. New characters are
    numbered in order of appearance, and named from `cast` only where sex leaves no choice.
    """
    in_order = sorted(prints, key=lambda each: (each.position, each.episode, each.print.first_ms, each.print.label))
    groups = [_Group([], one.voice, one.f0_hz, one.speech_ms, one) for one in known]
    groups += [_Group([one], one.print.voice, one.print.f0_hz, one.print.speech_ms) for one in in_order]
    _join(groups)
    taken = {int(found[1]) for one in known if (found := ID.fullmatch(one.id))}
    next_id = max(taken, default=0) + 1
    of: dict[tuple[str, str], str] = {}
    whole: dict[str, _Group] = {}
    old = [group for group in groups if group.known]
    new = sorted((group for group in groups if not group.known), key=lambda group: group.first)
    for group in (*old, *new):
        if group.known:
            identity = group.known.id
        else:
            identity, next_id = f"c{next_id:02d}", next_id + 1
        of.update({(each.episode, each.print.label): identity for each in group.members})
        whole[identity] = _joined(whole[identity], group) if identity in whole else group
    characters = [_character(identity, group) for identity, group in whole.items()]
    return Linked(of, tuple(sorted(named(characters, cast), key=lambda one: (len(one.id), one.id))))


def _character(identity: str, group: _Group) -> Known:
    before, sex = group.known, sex_of(group.f0_hz)
    if before and before.sex != "unknown":
        sex = before.sex
    return Known(identity, before.name if before else None, group.voice, group.f0_hz, sex, group.speech_ms)


def named(characters: Sequence[Known], cast: Sequence[Character]) -> list[Known]:
    """The characters, those without a name named where nothing else is possible.

    Of a sex that one listed person and one voice have, neither named yet, the two are the same. With more of either it
    would be a guess: then nobody is named. A voice of unknown sex, or a person of unknown sex, leaves nothing certain.
    """
    names = {one.name for one in characters}
    free = [one for one in cast if one.name not in names and not names & set(one.aliases)]
    unnamed = [one for one in characters if one.name is None]
    people, voices = Counter(one.sex for one in free), Counter(one.sex for one in unnamed)
    if people["unknown"] or voices["unknown"]:
        return list(characters)
    sole = {one.sex: one.name for one in free if people[one.sex] == voices[one.sex] == 1}
    return [replace(one, name=sole.get(one.sex)) if one.name is None else one for one in characters]


def _join(groups: list[_Group]) -> None:
    """Join groups, the two most alike first, until no two may be the same voice."""
    never = -np.inf
    excess = np.full((len(groups), len(groups)), never)
    for at, one in enumerate(groups):
        excess[:at, at] = [_excess(other, one) for other in groups[:at]]
    gone: set[int] = set()
    while len(groups) - len(gone) > 1:
        # Of equals the first: the earlier groups join, however the prints were given.
        kept, merged = divmod(int(excess.argmax()), len(groups))
        if excess[kept, merged] < 0:
            break
        groups[kept] = _joined(groups[kept], groups[merged])
        gone.add(merged)
        excess[merged], excess[:, merged] = never, never
        for at in range(len(groups)):
            if at != kept and at not in gone:
                excess[min(at, kept), max(at, kept)] = _excess(groups[at], groups[kept])
    groups[:] = [group for at, group in enumerate(groups) if at not in gone]


def _excess(one: _Group, other: _Group) -> float:
    """By how much two groups are more alike than one voice must be; below 0 if they cannot be one."""
    if (one.known and other.known and one.known.id != other.known.id) or one.voice is None or other.voice is None:
        return -np.inf
    if abs(np.log2(one.f0_hz / other.f0_hz)) > SAME_PITCH:
        return -np.inf
    brief = 1 - min(one.speech_ms, other.speech_ms, ENOUGH_MS) / ENOUGH_MS
    bar = ALIKE + (ALIKE_BRIEF - ALIKE) * brief
    if {each.episode for each in one.members} & {each.episode for each in other.members}:
        bar = max(bar, ALIKE_TOGETHER)
    return float(one.voice @ other.voice) - bar


def _joined(one: _Group, other: _Group) -> _Group:
    total = one.speech_ms + other.speech_ms
    share = one.speech_ms / max(total, 1)
    voice = one.voice
    if one.voice is not None and other.voice is not None:
        voice = unit((share * one.voice + (1 - share) * other.voice)[None])[0]
    pitches = [(group.f0_hz, group.speech_ms) for group in (one, other) if np.isfinite(group.f0_hz)]
    weight = sum(speech for _, speech in pitches)
    f0_hz = float(np.exp2(sum(np.log2(f0) * speech for f0, speech in pitches) / weight)) if weight else float("nan")
    return _Group(one.members + other.members, voice, f0_hz, total, one.known or other.known)


def decisions(prints: Sequence[EpisodePrint], cast: Cast, listed: Sequence[Character] = ()) -> list[Decision]:
    """What linking the prints of a series adds to its cast: a `link` for each voice that nobody has linked yet.

    Voices that are linked, by whomever, say what their characters sound like; so a correction serves later episodes.
    """
    of_known: dict[str, list[EpisodePrint]] = {}
    strangers: list[EpisodePrint] = []
    for each in prints:
        character = cast.voices.get((each.episode, each.print.label))
        (of_known.setdefault(character, []) if character else strangers).append(each)
    known = [one for person in cast.people.values() for one in _voices(person, of_known.get(person.id, ()))]
    # An id that was given once is never given to somebody else.
    former = [Known(of, None, None, float("nan"), "unknown", 0) for of in cast.former]
    linked = link(strangers, [*known, *former], listed)
    characters = {one.id: one for one in linked.characters}
    return [
        Decision("link", of, name=characters[of].name, sex=characters[of].sex, episode=episode, speaker=label)
        for (episode, label), of in sorted(linked.of.items())
    ]


def _voices(person: Person, prints: Sequence[EpisodePrint]) -> list[Known]:
    """A character by every voice that is linked to it."""
    voices = [(each.print.voice, each.print.f0_hz, each.print.speech_ms) for each in prints]
    return [Known(person.id, person.name, *voice[:2], person.sex, voice[2]) for voice in voices] or [
        Known(person.id, person.name, None, float("nan"), person.sex, 0)
    ]
