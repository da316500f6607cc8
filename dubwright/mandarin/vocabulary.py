"""Mandarin's ordinary words and how frequent they are: whether what was written down makes sense as it stands."""

from __future__ import annotations

import math
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from dubwright.errors import EngineMissingError

LONGEST = 6
# A word that stands as often as this in 60 million is ordinary, and one of `FREQUENT` is so in any company.
ORDINARY, FREQUENT = 25, 1500
# Of characters that no list has: one in a hundred million.
_UNKNOWN = math.log(1e-8)


@cache
def frequencies() -> dict[str, int]:
    """Words of at most `LONGEST` characters → how often they stand in 60 million words. Half a second, once.

    Raises `EngineMissingError` where the package that brings the list is not there.
    """
    # The list alone is read: the package would keep a copy of it in a folder that everybody can write to.
    found = find_spec("jieba")
    if found is None or not found.submodule_search_locations:
        raise EngineMissingError(
            "names are told from ordinary words by a list in the package jieba",
            field="jieba",
            remedy="pip install 'dubwright[embedded]'",
        )
    known: dict[str, int] = {}
    with (Path(found.submodule_search_locations[0]) / "dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, _, rest = line.partition(" ")
            if len(word) <= LONGEST:
                known[word] = int(rest.partition(" ")[0])
    return known


@cache
def _total() -> float:
    return math.log(sum(frequencies().values()))


def frequency(word: str) -> int:
    """How often a word stands in 60 million; 0 for what is none."""
    return frequencies().get(word, 0)


class Reading:
    """A line as the likeliest row of ordinary words, and what it would cost to cut it elsewhere.

    `parts` are the words' places, begin and end. Likelihoods are natural logarithms.
    """

    def __init__(self, line: str) -> None:
        size = len(line)
        known = frequencies()
        self._before = [0.0] + [-math.inf] * size
        self._after = [-math.inf] * size + [0.0]
        came = [0] * (size + 1)
        words = [
            (begin, end, _likelihood(known, line[begin:end]))
            for begin in range(size)
            for end in range(begin + 1, min(size, begin + LONGEST) + 1)
            if end == begin + 1 or known.get(line[begin:end])
        ]
        for begin, end, likelihood in words:
            if self._before[begin] + likelihood > self._before[end]:
                self._before[end], came[end] = self._before[begin] + likelihood, begin
        for begin, end, likelihood in reversed(words):
            self._after[begin] = max(self._after[begin], self._after[end] + likelihood)
        self.parts: list[tuple[int, int]] = []
        end = size
        while end:
            self.parts.insert(0, (came[end], end))
            end = came[end]

    @property
    def likelihood(self) -> float:
        """How likely the line is as a row of ordinary words."""
        return self._before[-1]

    def gain(self, begin: int, end: int, likelihood: float) -> float:
        """How much likelier the line is with one word of this likelihood from `begin` to `end`."""
        return self._before[begin] + likelihood + self._after[end] - self._before[-1]

    def cuts(self, begin: int, end: int) -> int:
        """How many of the line's words a border at `begin` or `end` would cut through."""
        return sum(start < at < stop for start, stop in self.parts for at in (begin, end))


def _likelihood(known: dict[str, int], word: str) -> float:
    if count := known.get(word):
        return math.log(count) - _total()
    # Punctuation and foreign letters say nothing either way.
    return _UNKNOWN if "\u3400" <= word <= "\u9fff" else -1.0
