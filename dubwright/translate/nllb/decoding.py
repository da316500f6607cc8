"""What a search for a translation is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Tokens = tuple[int, ...]

# So many times fewer tokens are scored at once than are searched from: there are scores for each place, not the last.
SCORED = 8


@dataclass(frozen=True, slots=True)
class Question:
    """A text to translate: its tokens with those of its language and end, and the tokens that the answer begins with,
    the target language first."""

    source: Tokens
    prefix: Tokens


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """An answer: the tokens after the language's and before the end, and whether it came to an end."""

    tokens: Tokens
    ended: bool


@dataclass(frozen=True, slots=True)
class Search:
    """How to search: partial answers kept, the exponent of the length that scores are divided by, and how many tokens
    in a row may not come twice (0: any may)."""

    beam_size: int
    length_penalty: float
    no_repeat: int


class Model(Protocol):
    """A model that searches."""

    def answers(self, questions: Sequence[Question], search: Search) -> list[list[Hypothesis]]:
        """The answers to each question, `search.beam_size` at most, the best first.

        Neither order nor company of the questions changes an answer.
        """
        ...

    def log_probabilities(self, answered: Sequence[tuple[Question, Tokens]]) -> list[list[float]]:
        """For each answer to a question how likely the model finds each of its tokens, and the end after them."""
        ...


def longest_answer(width: int) -> int:
    """Tokens that the answer to a source of up to `width` tokens may have: about three times what a good one needs."""
    return 24 + 3 * width
