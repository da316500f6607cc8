"""Which part of an episode is listened to for its language, and what is made of the answer."""

from __future__ import annotations

import numpy as np
import pytest

from dubwright.transcribe import foreign
from dubwright.transcribe.engine import Word

RATE = 100


def words(*starts_s: float) -> list[Word]:
    return [Word("字", round(1000 * start), round(1000 * start) + 500, 0.9) for start in starts_s]


@pytest.mark.parametrize(
    ("said", "start_s", "length_s"),
    [
        ([1.0], 1, 28),
        ([1.0, 40.0, 41.0, 67.4], 40, 28),
        ([1.0, 30.0], 1, 28),
        ([50.0, 51.0], 50, 10),
    ],
)
def test_the_part_in_which_the_most_is_said_is_listened_to(said: list[float], start_s: int, length_s: int) -> None:
    samples, asked = np.arange(60 * RATE if said[0] > 1 else 70 * RATE, dtype=np.float32), []

    def listen(part: np.ndarray) -> tuple[str, float]:
        asked.append(part)
        return "zh", 1.0

    assert foreign.note(words(*said), samples, RATE, "zh-CN", listen) is None
    assert (asked[0][0], len(asked[0])) == (start_s * RATE, length_s * RATE)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (("en", 0.97), "language: sounds like English (0.97), not Chinese"),
        (("en", 0.79), None),
        (("zh", 0.5), None),
        (("yue", 0.9), "language: sounds like Cantonese (0.90), not Chinese"),
    ],
)
def test_only_what_is_sure_is_told(found: tuple[str, float], expected: str | None) -> None:
    assert foreign.note(words(1.0), np.zeros(500, np.float32), RATE, "zh", lambda _: found) == expected


def test_where_nobody_speaks_nothing_is_asked() -> None:
    def never(_: np.ndarray) -> tuple[str, float]:
        raise AssertionError("asked about silence")

    assert foreign.note([], np.zeros(500, np.float32), RATE, "zh", never) is None
