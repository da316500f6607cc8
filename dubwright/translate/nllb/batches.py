"""Questions by their lengths, so that little is computed for padding.

A question is padded to a width that its own length decides, not its neighbours': so they cannot change its answer. Where
numbers are coarse (16 bits) even the number of rows computed together shows in them, so that a batch can be filled up.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dubwright.translate.nllb.decoding import Hypothesis, Question, Search

# Tokens of sources, and partial answers, computed together: memory for the scores of a whole vocabulary goes with these.
MOST_TOKENS = {"cuda": 8192, "cpu": 1024}
MOST_BEAMS = {"cuda": 1024, "cpu": 128}
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


class Batched(ABC):
    """A model that answers a batch at a time; of `most_tokens` of sources and `most_beams` partial answers at most."""

    def __init__(self, device: str) -> None:
        self.most_tokens, self.most_beams = MOST_TOKENS[device], MOST_BEAMS[device]

    def answers(self, questions: Sequence[Question], search: Search) -> list[list[Hypothesis]]:
        """The answers to each question, the best first."""
        found: list[list[Hypothesis]] = [[] for _ in questions]
        lengths = [len(question.source) for question in questions]
        for batch in batches(lengths, self.most_tokens, max(1, self.most_beams // search.beam_size)):
            asked = [questions[place] for place in batch.places]
            for place, hypotheses in zip(batch.places, self._batch(asked, batch, search), strict=True):
                found[place] = hypotheses
        return found

    @abstractmethod
    def _batch(self, asked: Sequence[Question], batch: Batch, search: Search) -> list[list[Hypothesis]]:
        """The answers to the questions of one batch."""
