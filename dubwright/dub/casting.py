"""Who speaks with which voice by rule: characters to whom none was given yet, and whoever is nobody's character.

The cast alone decides, never an episode, so that all episodes agree without asking each other: whom the series' own
list names has the voice that the list gives, whom linking numbered has one by sex and number. So a character's voice
never depends on who else was heard; that two of a sex share one, where there are more of them than voices, does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dubwright.dub.engine import Voice
from dubwright.order import natural
from dubwright.series.facts import SeriesFacts, Sex


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks a line: by `name`, by the `character`'s id in the series' cast, by the episode's `label`; what is known.

    `voice` is the one that was given to the character, if any was.
    """

    name: str | None = None
    character: str | None = None
    label: str | None = None
    sex: Sex = "unknown"
    voice: str | None = None


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

    def with_strangers(self, strangers: Mapping[str, Sex], heard: Sequence[str] = ()) -> dict[str, str]:
        """Voices of one episode's speakers who are nobody's characters, by their labels; rather not one of those `heard`."""
        used = self._used.copy()
        self._used.update(set(heard))
        chosen = {label: self._choose(strangers[label]) for label in sorted(strangers, key=natural)}
        self._used = used
        return chosen

    def numbered(self, character: str, sex: Sex) -> str:
        """The voice of a character that the list does not name: c01 has the first voice of its sex that is left, and so on.

        People's own characters (p01) are counted from the last voice back, so that the first of both are two.
        """
        names = self._fitting(sex)
        number = int(character[1:]) if character[1:].isdecimal() else 1
        given = sum(self._used[name] for name in names)
        return names[(given + number - 1 if character[:1] != "p" else -number) % len(names)]

    def voice(self, character: str | None) -> str | None:
        """The voice of a character, by name or alias; None for a stranger."""
        return self._of.get(character) if character else None

    def _choose(self, sex: Sex) -> str:
        """The least used voice of a sex, the best of those."""
        chosen = min(self._fitting(sex), key=lambda name: self._used[name])
        self._used[chosen] += 1
        return chosen

    def _fitting(self, sex: Sex) -> list[str]:
        names = [voice.name for voice in self._voices if sex in ("unknown", voice.sex)]
        return names or [voice.name for voice in self._voices]


def voices_of_lines(lines: Sequence[Speaker], voices: Sequence[Voice], facts: SeriesFacts) -> list[str]:
    """The voice of each line: the given one, the listed character's, the numbered one's, the stranger's, the narrator's."""
    casting = Casting(voices, facts)
    known = [
        who.voice or casting.voice(who.name) or (who.character and casting.numbered(who.character, who.sex))
        for who in lines
    ]
    strangers = {
        label: who.sex
        for who, voice in zip(lines, known, strict=True)
        if not voice and (label := who.name or who.label)
    }
    chosen = casting.with_strangers(strangers, [voice for voice in known if voice])
    return [
        voice or chosen.get(who.name or who.label or "") or casting.narrator
        for who, voice in zip(lines, known, strict=True)
    ]
