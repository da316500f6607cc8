"""Stock voices for a series' characters at least cost: of the right sex, near in pitch, far from whom they meet.

What counts comes in this order: that no two share a voice who meet in an episode; that nobody does, those who speak
least first; then taste, in semitones, a lead's the most: the pitch, the quality of the voice, and how easily those who
meet are taken for each other. A character that meets fewer others than there are voices of its sex shares with none of
them. What was given before is never moved.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dubwright.dub.engine import Voice
from dubwright.dub.timbre import Sound, alike, semitones
from dubwright.series.facts import Sex

# What each place in the list of voices of a sex costs, and what it costs that two leads who are always together have one
# voice, beside a pitch that is a semitone off.
QUALITY, CONFUSED = 1.0, 12.0
# The taste of who says next to nothing counts this much beside the lead's.
LEAST = 0.1
# No pitch is further off than this (semitones).
FURTHEST = 24.0
ROUNDS = 50
_CLOSER = 1e-6

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Role:
    """A character to be cast: median pitch over the series (Hz, NaN where unknown), how long it speaks by episode (ms)."""

    id: str
    sex: Sex = "unknown"
    f0_hz: float = math.nan
    said_ms: Mapping[str, int] = field(default_factory=dict)

    @property
    def speech_ms(self) -> int:
        return sum(self.said_ms.values())

    def meets(self, other: Role) -> int:
        """How long both speak in the episodes that they share (ms)."""
        return sum(min(ms, other.said_ms[episode]) for episode, ms in self.said_ms.items() if episode in other.said_ms)


def fitting(sex: Sex, voices: Sequence[Voice]) -> list[Voice]:
    """The voices that may speak for somebody of a sex; all where there is none of it, or it is unknown."""
    return [voice for voice in voices if sex in ("unknown", voice.sex)] or list(voices)


def assign(
    roles: Sequence[Role], voices: Sequence[Voice], sounds: Mapping[str, Sound], given: Mapping[str, str]
) -> dict[str, str]:
    """The voice of each role that is not `given` one; `voices` best first, `sounds` of those that were measured.

    Of those who were given one some may be no roles: nothing more is known of them. The result does not depend on the order
    of `roles`. Raises `ValueError` without voices.
    """
    if not voices:
        raise ValueError("no voices to cast from")
    known = {role.id for role in roles}
    roles = [*roles, *(Role(who) for who in given if who not in known)]
    in_order = sorted(roles, key=lambda role: (-role.speech_ms, role.id))
    problem = _Problem(in_order, voices, sounds, given)
    chosen = problem.greedy()
    for _ in range(ROUNDS):
        if not problem.improve(chosen):
            break
    return {role.id: voices[chosen[n]].name for n, role in enumerate(in_order) if role.id not in given}


def targets(roles: Sequence[Role], voices: Sequence[Voice], sounds: Mapping[str, Sound]) -> dict[str, float]:
    """The pitch (Hz) that each role's voice should have: where it stands among the series' voices of its sex, among the
    engine's. So what is high for a woman here is high there, in whatever register all of them act.
    """
    found: dict[str, float] = {}
    for sex in ("female", "male", "unknown"):
        known = {role.id: role.f0_hz for role in roles if role.sex == sex and role.f0_hz > 0}
        there = [math.log2(sounds[voice.name].f0_hz) for voice in fitting(sex, voices) if voice.name in sounds]
        if not known or not there:
            continue
        pitches = np.array(list(known.values()))
        # Of equal ones each has the middle of their places.
        below, level = (pitches[:, None] > pitches).sum(axis=1), (pitches[:, None] == pitches).sum(axis=1)
        places = np.exp2(np.quantile(there, (below + level / 2) / len(pitches)))
        found.update(zip(known, places.tolist(), strict=True))
    return found


class _Problem:
    """The costs of all choices as numbers: roles by voices `alone`, roles by roles `meeting`, voices by voices `likeness`."""

    def __init__(
        self, roles: Sequence[Role], voices: Sequence[Voice], sounds: Mapping[str, Sound], given: Mapping[str, str]
    ) -> None:
        self.at = {voice.name: place for place, voice in enumerate(voices)}
        # A voice that the engine has no more stays who had it: it is in nobody's way.
        self.fixed = {n: self.at.get(given[role.id], -1) for n, role in enumerate(roles) if role.id in given}
        self.roles, self.free = roles, [n for n, role in enumerate(roles) if role.id not in given]
        most = max((role.speech_ms for role in roles), default=0) or 1
        weight = np.array([LEAST + (1 - LEAST) * role.speech_ms / most for role in roles])
        self.alone = weight[:, None] * _alone(roles, voices, sounds)
        meeting = np.array([[0 if one is other else one.meets(other) for other in roles] for one in roles], float)
        meeting = meeting.reshape(len(roles), len(roles)) / most
        likeness = _likeness(voices, sounds)
        # Each kind of cost is worth more than all that comes after it can be for one role.
        taste = 1 + FURTHEST + QUALITY * len(voices) + CONFUSED * len(roles)
        share = taste * (weight[:, None] + weight) / LEAST
        clash = (meeting > 0) * (1 + share.max(initial=0) * len(roles) + taste) * (1 + meeting)
        np.fill_diagonal(share, 0)
        self.same = share + clash
        self.confused = CONFUSED * meeting
        self.likeness = likeness

    def costs(self, role: int, chosen: Mapping[int, int]) -> Array:
        """What each voice would cost for a role, shape [voices], the others as chosen."""
        own: Array = self.alone[role]
        others = [(other, voice) for other, voice in chosen.items() if other != role and voice >= 0]
        if not others:
            return own
        who, voices = (list(each) for each in zip(*others, strict=True))
        shared = np.bincount(voices, self.same[role, who], len(self.likeness))
        cost: Array = own + self.confused[role, who] @ self.likeness[voices] + shared
        return cost

    def greedy(self) -> dict[int, int]:
        """The cheapest voice for each role in turn, beginning with who speaks most."""
        chosen = dict(self.fixed)
        for role in self.free:
            chosen[role] = int(np.argmin(self.costs(role, chosen)))
        return chosen

    def improve(self, chosen: dict[int, int]) -> bool:
        """One round of better voices for one role, or of two that change theirs; whether there was any."""
        better = False
        for role in self.free:
            costs = self.costs(role, chosen)
            best = int(np.argmin(costs))
            if costs[best] < costs[chosen[role]] - _CLOSER:
                chosen[role], better = best, True
        for place, one in enumerate(self.free):
            for other in self.free[place + 1 :]:
                better |= self._swapped(one, other, chosen)
        return better

    def _swapped(self, one: int, other: int, chosen: dict[int, int]) -> bool:
        mine, yours = chosen[one], chosen[other]
        if mine == yours:
            return False
        costs = [self.costs(role, {n: v for n, v in chosen.items() if n not in (one, other)}) for role in (one, other)]
        if costs[0][yours] + costs[1][mine] >= costs[0][mine] + costs[1][yours] - _CLOSER:
            return False
        chosen[one], chosen[other] = yours, mine
        return True


def _alone(roles: Sequence[Role], voices: Sequence[Voice], sounds: Mapping[str, Sound]) -> Array:
    """What each voice costs for each role, whoever has the others; infinite for one of another sex."""
    found = np.full((len(roles), len(voices)), np.inf)
    wanted = targets(roles, voices, sounds)
    place = {voice.name: n for n, voice in enumerate(voices)}
    for row, role in enumerate(roles):
        there = fitting(role.sex, voices)
        for rank, voice in enumerate(there):
            cost = QUALITY * rank
            if role.id in wanted and voice.name in sounds:
                cost += min(FURTHEST, semitones(wanted[role.id], sounds[voice.name].f0_hz))
            found[row, place[voice.name]] = cost
    return found


def _likeness(voices: Sequence[Voice], sounds: Mapping[str, Sound]) -> Array:
    """How easily each voice is taken for each other one, 0 to 1; nothing is known of those that nobody measured."""
    found = np.eye(len(voices))
    for row, one in enumerate(voices):
        for column, other in enumerate(voices):
            if row != column and one.name in sounds and other.name in sounds:
                found[row, column] = alike(sounds[one.name], sounds[other.name])
    return found
