"""Readings of the picture put right by what was heard: a reader mistakes one glyph for another that looks like it.

Sound and picture rarely go wrong at the same character, and never in the same way. So where they differ in a single one
and agree on both sides of it, a name of the series that was heard is right, and else what makes ordinary words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from dubwright.errors import EngineMissingError
from dubwright.mandarin import vocabulary
from dubwright.transcribe.fusion.alignment import SAME, SOUNDS_SAME, Heard, alike
from dubwright.transcribe.fusion.cues import Cue

# A reading that scores more is right, character by character.
FLAWLESS = 0.96
# The heard character must make the line so much likelier (natural logarithm), and must be so surely heard.
LIKELIER, LEAST_PROBABILITY = 3.0, 0.5


def put_right(cue: Cue, found: Sequence[int | None], heard: Sequence[Heard], names: Collection[str]) -> Cue:
    """The cue with what was misread, where what was heard tells; `found` has each letter's place in `heard`."""
    letters = cue.letters
    changed = list(letters)
    for name in names:
        for at in range(len(letters) - len(name) + 1):
            own = found[at : at + len(name)]
            written = "".join(letters[at : at + len(name)])
            spoken = "".join(heard[index].letter for index in own if index is not None)
            if spoken == name != written and written not in names and _differing(written, name) == 1:
                changed[at : at + len(name)] = name
    if cue.score < FLAWLESS:
        for at in range(len(letters)):
            if changed[at] == letters[at] and (likelier := _heard_instead(letters, found, heard, at)):
                changed[at] = likelier
    if changed == letters:
        return cue
    rest = iter(changed)
    return replace(cue, text="".join(next(rest) if char.isalnum() else char for char in cue.text))


def _differing(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _heard_instead(letters: Sequence[str], found: Sequence[int | None], heard: Sequence[Heard], at: int) -> str | None:
    """The character heard at a place, if those beside it agree and it makes better words than the one read."""
    index = found[at]
    if index is None or alike(letters[at], heard[index].letter) >= SOUNDS_SAME:
        return None
    beside = [
        near is not None and near - index == step and alike(letters[at + step], heard[near].letter) == SAME
        for step in (-1, 1)
        if 0 <= at + step < len(letters)
        for near in (found[at + step],)
    ]
    if not beside or not all(beside) or heard[index].probability < LEAST_PROBABILITY:
        return None
    char = heard[index].letter
    if not ("\u3400" <= char <= "\u9fff" and "\u3400" <= letters[at] <= "\u9fff"):
        return None
    try:
        read = vocabulary.Reading("".join(letters)).likelihood
        instead = vocabulary.Reading("".join([*letters[:at], char, *letters[at + 1 :]])).likelihood
    except EngineMissingError:  # without ordinary words nobody can tell
        return None
    return char if instead - read >= LIKELIER else None
