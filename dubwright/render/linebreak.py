"""Where a subtitle's text may break: lines no wider than a language allows, two to a cue, balanced, at punctuation first.

Widths are in columns, as `reading` counts them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import accumulate, pairwise

from dubwright.reading import char_width, width

SENTENCE_END = frozenset("。！？!?….؟।")
CLAUSE_END = frozenset("，、；：,;:،؛—–")
CLOSING = SENTENCE_END | CLAUSE_END | frozenset(")]}）］｝」』】》〉”’％%～〜ー々ゝヽっゃゅょッャュョ")
OPENING = frozenset("([{（［｛「『【《〈“‘")
# Thai and Lao write some vowels before the consonant and some behind it; neither stands alone.
LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
TRAILING_VOWELS = frozenset("ะาำๅๆฯະາຳໆຯ")
PHRASE_MARKS = frozenset("ๆฯໆຯ")
# Scripts that put no spaces between words: Thai, Lao, Myanmar, Khmer.
UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))

# What a break costs by what stands before it, on the scale of `_unevenness`; a further cue costs more than all else.
AFTER_SENTENCE, AFTER_CLAUSE, AT_SPACE, BETWEEN_CHARACTERS, INSIDE_WORD = 0.0, 0.05, 0.2, 0.5, 3.0
BETWEEN_SYLLABLES = 0.4
PER_CUE = 1000.0


def break_text(text: str, columns: int) -> list[tuple[str, ...]]:
    """A text as cues of one or two lines of at most `columns`: as few cues as do, then as even and well broken as can be.

    Nothing but the spaces at breaks is lost. An empty text has no cues.
    """
    if not text.strip():
        return []
    layout = _Layout(text, columns)
    # cheapest[i]: least cost of setting all before break i, the break that its last cue starts at, that cue's inner break
    cheapest: list[tuple[float, int, int | None]] = [(0.0, 0, None)]
    for end in range(1, len(layout.breaks)):
        candidates = []
        for start in range(end - 1, -1, -1):
            found = layout.cue(start, end)
            if found is None:
                break
            cost = cheapest[start][0] + found[0] + 2 * layout.costs[end] + PER_CUE
            candidates.append((cost, start, found[1]))
        cheapest.append(min(candidates, key=lambda candidate: candidate[0]))
    cues: list[tuple[str, ...]] = []
    end = len(layout.breaks) - 1
    while end > 0:
        _, start, middle = cheapest[end]
        bounds = [start, end] if middle is None else [start, middle, end]
        cues.append(tuple(layout.slice(a, b) for a, b in pairwise(bounds)))
        end = start
    return cues[::-1]


class _Layout:
    """A text, its possible breaks with their costs, and the widths between them."""

    def __init__(self, text: str, columns: int) -> None:
        self.text = text
        self.columns = columns
        self.before = [0, *accumulate(map(char_width, text))]
        found = sorted(_breaks(text, columns))
        self.breaks = [0, *(position for position, _ in found), len(text)]
        self.costs = [0.0, *(cost for _, cost in found), 0.0]
        # Spaces before a break are not shown, so they take no width.
        self.shown = [len(text[:position].rstrip()) for position in self.breaks]

    def slice(self, start: int, end: int) -> str:
        return self.text[self.breaks[start] : self.breaks[end]].strip()

    def width(self, start: int, end: int) -> int:
        return max(0, self.before[self.shown[end]] - self.before[self.breaks[start]])

    def cue(self, start: int, end: int) -> tuple[float, int | None] | None:
        """Cost and inner break of the best cue between two breaks; None where no cue can hold that much."""
        if self.width(start, end) <= self.columns or end - start == 1:
            return self._unevenness(start, end), None
        best: tuple[float, int | None] | None = None
        for middle in range(end - 1, start, -1):
            if self.width(middle, end) > self.columns:
                break
            if self.width(start, middle) <= self.columns:
                cost = self._unevenness(start, middle) + self._unevenness(middle, end) + self.costs[middle]
                if best is None or cost < best[0]:
                    best = (cost, middle)
        return best

    def _unevenness(self, start: int, end: int) -> float:
        # Of sums of squares with one total the least is that of equal parts.
        return (self.width(start, end) / self.columns) ** 2


def _breaks(text: str, columns: int) -> Iterator[tuple[int, float]]:
    """Positions inside the text where a line may end, with the cost of ending it there."""
    wanted = [(position, cost) for position in range(1, len(text)) if (cost := _cost(text, position)) is not None]
    yield from wanted
    for start, end in pairwise([0, *(position for position, _ in wanted), len(text)]):
        if width(text[start:end].rstrip()) > columns:
            yield from ((position, INSIDE_WORD) for position in _forced(text, start, end, columns))


def _cost(text: str, position: int) -> float | None:
    """Cost of a break before `text[position]`; None where none belongs."""
    left, right = text[position - 1], text[position]
    if right.isspace() or _joins(left, right):
        return None
    if left.isspace():
        return _after(text[:position].rstrip()[-1:], AT_SPACE)
    if not (_unspaced(left) or _unspaced(right)) or right in CLOSING or left in OPENING:
        return None
    if left in LEADING_VOWELS or right in TRAILING_VOWELS:
        return None
    if char_width(left) == 2 or char_width(right) == 2:
        return _after(left, BETWEEN_CHARACTERS)
    # These begin or end a syllable for sure; elsewhere only a dictionary could tell.
    return BETWEEN_SYLLABLES if right in LEADING_VOWELS or left in PHRASE_MARKS else None


def _after(char: str, otherwise: float) -> float:
    return AFTER_SENTENCE if char in SENTENCE_END else AFTER_CLAUSE if char in CLAUSE_END else otherwise


def _forced(text: str, start: int, end: int, columns: int) -> Iterator[int]:
    """Breaks in a stretch that has none of its own yet is wider than a line: between characters, with their marks."""
    last = start
    for position in range(start + 1, end):
        if not _joins(text[position - 1], text[position]) or width(text[last : position + 1]) > columns:
            yield position
            last = position


def _joins(left: str, right: str) -> bool:
    """Whether two characters are drawn as one."""
    return (
        unicodedata.category(right) in ("Mn", "Mc", "Me", "Cf")
        or left == "\N{ZERO WIDTH JOINER}"
        or "\U0001f3fb" <= right <= "\U0001f3ff"  # skin tones
    )


def _unspaced(char: str) -> bool:
    code = ord(char)
    if any(first <= code <= last for first, last in UNSPACED):
        return True
    # Korean is wide too, but puts spaces between its words.
    return char_width(char) == 2 and not 0x1100 <= code <= 0x11FF and not 0xAC00 <= code <= 0xD7FF
