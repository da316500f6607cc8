"""Questions by their lengths, so that little is computed for padding.

A question is padded to a width that its own length decides, not its neighbours': so they cannot change its answer. Where
numbers are coarse (16 bits) even the number of rows computed together shows in them, so that a batch can be filled up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Lengths are rounded up to a multiple of this.
STEP = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions, by their places, of sources up to `width` tokens long; `rows` would fill it."""

    places: tuple[int, ...]
    width: int
    rows: int


def batches(lengths: Sequence[int], most_tokens: int, most_rows: int) -> Iterator[Batch]:
    """Sources of these lengths, the longest first, in batches of at most so many tokens and rows.

    A source longer than `most_tokens` has a batch of its own.
    """
    by_width: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        by_width.setdefault(max(STEP, -(-length // STEP) * STEP), []).append(place)
    for width, places in sorted(by_width.items(), reverse=True):
        rows = max(1, min(most_rows, most_tokens // width))
        for start in range(0, len(places), rows):
            yield Batch(tuple(places[start : start + rows]), width, rows)
