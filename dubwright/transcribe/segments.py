"""From words to segments: where lines of dialogue begin and end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dubwright.errors import EngineOutputError
from dubwright.transcribe import text
from dubwright.transcribe.engine import Passage, Word

# After a sentence's end a pause much shorter than `pause_ms` is enough: in fast exchanges someone else speaks next.
SENTENCE_PAUSE_MS = 120


@dataclass(frozen=True, slots=True)
class Segment:
    """One line: its words, in order; its times are those of its first and last word (ms)."""

    words: tuple[Word, ...]

    @property
    def start_ms(self) -> int:
        return self.words[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.words[-1].end_ms

    @property
    def confidence(self) -> float:
        """Mean probability of the words, 0 to 1."""
        return sum(word.probability for word in self.words) / len(self.words)


def cut(
    passages: Sequence[Passage], language: str, *, duration_ms: int, pause_ms: int, longest_ms: int
) -> list[Segment]:
    """Segments of a sound of `duration_ms`, in order and without overlap; every word is in exactly one.

    Cut at pauses of `pause_ms`, at the ends of sentences that a noticeable pause follows, and, where still longer
    than `longest_ms`, at the longest pause inside; only a single word can remain longer.
    Raises `EngineOutputError` for more words than milliseconds.
    """
    words = in_order(heard(passages, language), duration_ms)
    return [Segment(tuple(part)) for part in parts(words, pause_ms, longest_ms)]


def heard(passages: Sequence[Passage], language: str) -> list[Word]:
    """The words of all passages, in the language's own punctuation."""
    return text.clean([word for passage in passages for word in passage.words], language)


def parts(words: Sequence[Word], pause_ms: int, longest_ms: int) -> Iterator[Sequence[Word]]:
    """Words in order, parted as `cut` says."""
    for line in _at_pauses(words, pause_ms):
        yield from _no_longer_than(line, longest_ms)


def in_order(words: Sequence[Word], duration_ms: int) -> list[Word]:
    """The words with times that hold: each at least 1 ms long, none before the last one's end, all within the sound.

    Recognizers give words of no length, backwards, or beyond the sound's end. Raises `EngineOutputError` for more
    words than milliseconds.
    """
    if len(words) > duration_ms:
        raise EngineOutputError(f"{len(words)} words in {duration_ms} ms of sound")
    ordered: list[Word] = []
    earliest = 0
    for index, word in enumerate(words):
        after = len(words) - index - 1
        following = words[index + 1].start_ms if after else duration_ms
        # The words to come need a millisecond each.
        start = min(max(word.start_ms, earliest), duration_ms - after - 1)
        end = min(max(min(word.end_ms, following), start + 1), duration_ms - after)
        ordered.append(replace(word, start_ms=start, end_ms=end, probability=_share(word.probability)))
        earliest = end
    return ordered


def _share(probability: float) -> float:
    """Within 0 to 1; 0 for what is no number."""
    return min(probability, 1.0) if probability >= 0 else 0.0


def _pause(words: Sequence[Word], index: int) -> int:
    """Silence (ms) before the word at `index`."""
    return words[index].start_ms - words[index - 1].end_ms


def _at_pauses(words: Sequence[Word], pause_ms: int) -> Iterator[Sequence[Word]]:
    begin = 0
    for index in range(1, len(words)):
        needed = min(pause_ms, SENTENCE_PAUSE_MS) if text.ends_sentence(words[index - 1].text) else pause_ms
        if _pause(words, index) >= needed:
            yield words[begin:index]
            begin = index
    if words:
        yield words[begin:]


def _no_longer_than(words: Sequence[Word], longest_ms: int) -> Iterator[Sequence[Word]]:
    """The words cut in two at their longest pause until nothing is too long."""
    waiting = [words]
    while waiting:
        part = waiting.pop()
        if len(part) == 1 or part[-1].end_ms - part[0].start_ms <= longest_ms:
            yield part
        else:
            at = _longest_pause(part)
            waiting += [part[at:], part[:at]]


def _longest_pause(words: Sequence[Word]) -> int:
    """Index of the word after the longest pause; among equal pauses nearest the middle."""
    middle = (words[0].start_ms + words[-1].end_ms) / 2

    def rank(index: int) -> tuple[int, float]:
        return _pause(words, index), -abs(words[index].start_ms - middle)

    return max(range(1, len(words)), key=rank)
