"""What was read set against what was heard: the same characters in the same order, near each other in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from dubwright.errors import EngineMissingError
from dubwright.mandarin import pinyin
from dubwright.transcribe.engine import Word

# A subtitle comes and goes within so much (ms) of its words.
AROUND_MS = 700
# Farther from it than this (ms) a meeting is worth less.
BESIDE_MS, OUTSIDE = 200, 0.8
SAME, SOUNDS_SAME, OTHER, SKIPPED = 2.0, 1.5, -0.2, -0.5
# Of a longer script without times only so much is looked at for each line: more would take minutes and find nothing.
WIDEST = 1500
_LAST_OTHER = "\u33ff"  # Chinese characters come after it


@dataclass(frozen=True, slots=True)
class Heard:
    """One letter or character as heard: times in ms, the mark that follows it (`，`), the index of its word."""

    letter: str
    start_ms: int
    end_ms: int
    probability: float
    mark: str
    word: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """One letter or character as read, and from when to when (ms) it can be heard; the line that it is of."""

    letter: str
    start_ms: int
    end_ms: int
    line: int


def letters(words: Sequence[Word]) -> list[Heard]:
    """The letters of words, each word's time spread evenly over its own."""
    found: list[Heard] = []
    for index, word in enumerate(words):
        own = [char for char in word.text if char.isalnum()]
        tail = word.text[max((at for at, char in enumerate(word.text) if char.isalnum()), default=-1) + 1 :].strip()
        each = (word.end_ms - word.start_ms) / max(1, len(own))
        for at, char in enumerate(own):
            start, end = round(word.start_ms + at * each), round(word.start_ms + (at + 1) * each)
            found.append(Heard(char, start, end, word.probability, tail if at == len(own) - 1 else "", index))
    return found


def _worth(wanted: Wanted, heard: Heard) -> float:
    """What it is worth to let two letters meet; less where the one is heard before or after the other is shown."""
    middle = (heard.start_ms + heard.end_ms) / 2
    outside = not wanted.start_ms - BESIDE_MS <= middle <= wanted.end_ms + BESIDE_MS
    return alike(wanted.letter, heard.letter) - (OUTSIDE if outside else 0.0)


def alike(one: str, other: str) -> float:
    """What it is worth to set two letters against each other: the same, pronounced much the same, or neither."""
    if one.casefold() == other.casefold():
        return SAME
    return SOUNDS_SAME if _sound_same(one, other) else OTHER


@cache
def _sound_same(one: str, other: str) -> bool:
    if not (one > _LAST_OTHER and other > _LAST_OTHER):
        return False
    try:
        first, second = pinyin.syllables(one)[0], pinyin.syllables(other)[0]
    except EngineMissingError:  # without readings only the same character is the same
        return False
    return pinyin.distance(first, second) <= pinyin.NEAR_FINAL


def align(read: Sequence[Wanted], heard: Sequence[Heard]) -> list[int | None]:
    """For every letter that was read, in order of time, the index of the heard one that it is, or None.

    The best match of both in order (Needleman and Wunsch, 1970), in which a letter meets only what is heard while it is
    shown or shortly around it. Letters that differ may meet: what was misheard still says when it was said.
    """
    if not read or not heard:
        return [None] * len(read)
    bands = _bands(read, heard)
    scores: list[float] = [SKIPPED * j for j in range(len(heard) + 1)]
    first = 0
    steps: list[tuple[int, list[int]]] = []
    for wanted, (low, high) in zip(read, bands, strict=True):
        # Cells are states: `scores[j - first]` is the best so far with the letters before `j` consumed.
        before = _reaching(scores, first, low, high)
        row = [before[0] + SKIPPED]
        step = [0]
        for j in range(low + 1, high + 1):
            met = before[j - 1 - low] + _worth(wanted, heard[j - 1])
            unread, unheard = before[j - low] + SKIPPED, row[-1] + SKIPPED
            best = max(met, unread, unheard)
            row.append(best)
            step.append(1 if best == met else 0 if best == unread else 2)
        steps.append((low, step))
        scores, first = row, low
    return _back(steps, scores, first)


def _bands(read: Sequence[Wanted], heard: Sequence[Heard]) -> list[tuple[int, int]]:
    """For each letter the states (letters consumed) from which and up to which it may be met; neither ever falls."""
    middles = [(each.start_ms + each.end_ms) / 2 for each in heard]
    bands: list[tuple[int, int]] = []
    low = high = 0
    for wanted in read:
        while low < len(heard) and middles[low] < wanted.start_ms - AROUND_MS:
            low += 1
        high = max(high, low)
        while high < len(heard) and middles[high] <= wanted.end_ms + AROUND_MS and high - low < WIDEST:
            high += 1
        bands.append((low, high))
    return bands


def _reaching(scores: Sequence[float], first: int, low: int, high: int) -> list[float]:
    """The states from `low` to `high`, reached from those of the row before by passing over letters."""
    reached = [max(score + SKIPPED * (low - first - at) for at, score in enumerate(scores[: low - first + 1]))]
    for j in range(low + 1, high + 1):
        own = scores[j - first] if 0 <= j - first < len(scores) else float("-inf")
        reached.append(max(own, reached[-1] + SKIPPED))
    return reached


def _back(steps: Sequence[tuple[int, list[int]]], scores: Sequence[float], first: int) -> list[int | None]:
    """The way that led to the best last state."""
    found: list[int | None] = []
    j = first + max(range(len(scores)), key=lambda at: (scores[at], -at))
    for low, step in reversed(steps):
        j = min(j, low + len(step) - 1)
        while step[j - low] == 2:
            j -= 1
        if step[j - low] == 1:
            j -= 1
            found.append(j)
        else:
            found.append(None)
    return found[::-1]
