"""Whether an episode is spoken in the language that it is said to be in.

A recognizer that is told a language writes that language whatever it hears, and all that follows is made of nonsense:
so it is asked, once an episode, which one it hears.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from dubwright import languages
from dubwright.transcribe.engine import Word

LONGEST_S = 28.0  # what Whisper hears at once, with room for rounding
SUREST = 0.8  # below this a language is a guess: song, noise, a dialect that it was not taught

Listen = Callable[[NDArray[np.float32]], tuple[str, float]]


def note(words: Sequence[Word], samples: NDArray[np.float32], rate: int, language: str, listen: Listen) -> str | None:
    """What to say of an episode whose speech is in another language; None if it is in its own, or nobody can tell.

    `samples` are its sound, mono, shape [n] at `rate` Hz, of which `listen` is given the part with the most `words`.
    """
    if not words:
        return None
    start_ms = _fullest(words)
    part = samples[start_ms * rate // 1000 :][: int(LONGEST_S * rate)]
    found, probability = listen(part)
    if probability < SUREST or languages.base(found) == languages.base(language):
        return None
    return f"{languages.NOTE}: sounds like {languages.name(found)} ({probability:.2f}), not {languages.name(language)}"


def _fullest(words: Sequence[Word]) -> int:
    """The start (ms) of the `LONGEST_S` in which the most is said; the first of several."""
    best, most, last = words[0].start_ms, 0, 0
    for first, word in enumerate(words):
        while last < len(words) and words[last].end_ms <= word.start_ms + 1000 * LONGEST_S:
            last += 1
        if last - first > most:
            best, most = word.start_ms, last - first
    return best
