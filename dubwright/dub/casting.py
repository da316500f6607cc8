"""Who speaks with which voice: one voice for each character of a series in each language.

The cast alone decides, never an episode, so that all episodes agree without asking each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from dubwright.dub.engine import Voice
from dubwright.facts import SeriesFacts, Sex


class Casting:
    """Stock voices for a series' cast, best first to the cast's first, each of the character's sex, distinct while they last.

    Raises `ValueError` without voices.
    """

    def __init__(self, voices: Sequence[Voice], facts: SeriesFacts) -> None:
        if not voices:
            raise ValueError("no voices to cast from")
        self._voices = list(voices)
        self._used: Counter[str] = Counter()
        self._of: dict[str, str] = {}
        for character in facts.cast:
            voice = self._choose(character.sex)
            for name in (character.name, *character.aliases):
                self._of.setdefault(name, voice)

    @property
    def narrator(self) -> str:
        """Who speaks where nobody knows who does."""
        return self._voices[0].name

    def with_speakers(self, speakers: Iterable[str]) -> dict[str, str]:
        """Voices of one episode's speakers whom nobody has bound to a character, by their labels."""
        used = self._used.copy()
        chosen = {label: self._choose("unknown") for label in sorted(set(speakers), key=_natural)}
        self._used = used
        return chosen

    def voice(self, character: str | None) -> str | None:
        """The voice of a character, by name or alias; None for a stranger."""
        return self._of.get(character) if character else None

    def _choose(self, sex: Sex) -> str:
        """The least used voice of a sex, the best of those."""
        fitting = [voice.name for voice in self._voices if sex in ("unknown", voice.sex)]
        names = fitting or [voice.name for voice in self._voices]
        chosen = min(names, key=lambda name: self._used[name])
        self._used[chosen] += 1
        return chosen


def voices_of_lines(
    lines: Iterable[tuple[str | None, str | None]], voices: Sequence[Voice], facts: SeriesFacts
) -> list[str]:
    """The voice of each line (character, speaker): the character's, else the speaker's, else the narrator's."""
    lines = list(lines)
    casting = Casting(voices, facts)
    strangers = casting.with_speakers(
        label for character, speaker in lines if not casting.voice(character) and (label := character or speaker)
    )
    return [
        casting.voice(character) or strangers.get(character or speaker or "") or casting.narrator
        for character, speaker in lines
    ]


def _natural(label: str) -> list[tuple[int, str]]:
    """So that S2 sorts before S10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", label)]
