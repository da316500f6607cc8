"""When a written line is spoken, and each of its words: by what was heard of it, by when it is shown, by where anybody
speaks at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dubwright.transcribe import segments, text
from dubwright.transcribe.engine import Word
from dubwright.transcribe.fusion.alignment import AROUND_MS, SAME, SOUNDS_SAME, Heard
from dubwright.transcribe.fusion.cues import Cue

Span = tuple[int, int]

# Two witnesses of one moment (ms) that are no farther apart are both a little wrong.
CLOSE_MS = 250
# Words that end where speech does (ms) are taken to end there.
EDGE_MS = 60
# Words are moved so far (ms) to where speech rises or falls.
REACH_MS = 300
# Speech that pauses for less than this share of a time flows through it.
FLOWING = 0.2
# What a letter takes that was not heard.
SYLLABLE_MS = 180
# Runs of Latin letters and digits, stretches of space, and every other character by itself.
_PIECES = re.compile(r"[A-Za-z0-9]+|\s+|.", re.DOTALL)


def spoken_at(cue: Cue, found: Sequence[int | None], heard: Sequence[Heard], speech: Sequence[Span]) -> Span:
    """When a cue is spoken: by its first and last heard letters, held against when it is shown."""
    own = [index for index in found if index is not None]
    # Letters that were not heard at either end take their time as well.
    before = next(at for at, index in enumerate(found) if index is not None)
    after = next(at for at, index in enumerate(reversed(found)) if index is not None)
    start = heard[own[0]].start_ms - SYLLABLE_MS * before
    end = heard[own[-1]].end_ms + SYLLABLE_MS * after
    if own[0] > 0:
        start = max(start, heard[own[0] - 1].end_ms) if before else start
    if own[-1] + 1 < len(heard):
        end = min(end, heard[own[-1] + 1].start_ms) if after else end
    if cue.span is not None:
        start, end = _to_edges(start, end, cue.span, speech)
        start = _settled(start, cue.span[0], speech)
        # Where a voice falls silent is heard well, and subtitles stay on a little.
        lingers = cue.span[1] > end and any(abs(falls - end) <= EDGE_MS for _, falls in speech)
        end = end if lingers else _settled(end, cue.span[1], speech)
    return start, max(end, start + 1)


def _to_edges(start: int, end: int, shown: Span, speech: Sequence[Span]) -> Span:
    """A line's times moved to where speech rises and falls, which is heard better than where words begin and end, if
    that is near and the line is shown by then."""
    for rises, falls in speech:
        if rises < start <= min(falls, rises + REACH_MS) and shown[0] <= rises + EDGE_MS:
            start = rises
        if max(rises, falls - REACH_MS) <= end < falls <= shown[1] + EDGE_MS:
            end = falls
    return start, end


def _settled(heard_ms: int, shown_ms: int, speech: Sequence[Span]) -> int:
    """One time out of two: their middle where they are close. Inside speech that does not pause a recognizer only
    guesses where a word ends, and the subtitle knows better; elsewhere subtitles linger, or come early."""
    apart = abs(heard_ms - shown_ms)
    if apart <= CLOSE_MS:
        return (heard_ms + shown_ms) // 2
    early, late = min(heard_ms, shown_ms), max(heard_ms, shown_ms)
    flowing = apart <= AROUND_MS and silence(early, late, speech) < FLOWING * apart
    return shown_ms if flowing else heard_ms


def words_of(
    cue: Cue,
    found: Sequence[int | None],
    worth: Sequence[float],
    heard: Sequence[Heard],
    span: Span,
    language: str,
) -> list[Word]:
    """The cue's text as words with times: of the heard letters where there are any, evenly between them elsewhere."""
    start, end = span
    count = len(cue.letters)
    times: list[int | None] = [None] * (count + 1)
    times[0], times[count] = start, end
    for at, index in enumerate(found):
        if index is not None and at:
            times[at] = min(max(heard[index].start_ms, start), end)
    filled = _filled(times)
    words: list[Word] = []
    at = 0
    tokens = _written_words(cue.text, language)
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        length = sum(char.isalnum() for char in token)
        if not length:
            if words:
                words[-1] = replace(words[-1], text=words[-1].text + token)
            continue
        last = at + length - 1
        ends = filled[at + length]
        index = found[last] if last < len(found) else None
        mark = ""
        if index is not None and last + 1 < count:
            # A pause after a letter is no part of it.
            ends = min(ends, max(heard[index].end_ms, filled[last] + 1))
        if index is not None and worth[last] >= SOUNDS_SAME and (token + following)[-1:].isalnum():
            # Subtitles mostly go without marks; what was heard has them.
            mark = heard[index].mark if following else heard[index].mark.rstrip("，、,")
        probability = sum(max(0.0, each) / SAME for each in worth[at : at + length]) / length
        words.append(Word(token + mark, filled[at], max(ends, filled[at] + 1), round(max(probability, 0.0), 3)))
        at += length
    return segments.in_order(text.clean(words, language), max(end, start + count))


def _written_words(line: str, language: str) -> list[str]:
    """A line in pieces that are timed: a character each where a language writes no spaces, words elsewhere."""
    if text.spaced(language):
        return line.split()
    return ["，" if piece.isspace() else piece for piece in _PIECES.findall(line)]


def _filled(times: Sequence[int | None]) -> list[int]:
    """Times that never fall, the unknown ones evenly between the known."""
    known = [(at, each) for at, each in enumerate(times) if each is not None]
    filled = [0] * len(times)
    for (left, a), (right, b) in pairwise(known):
        for at in range(left, right + 1):
            filled[at] = a + max(0, b - a) * (at - left) // (right - left)
    for at in range(1, len(filled)):
        filled[at] = max(filled[at], filled[at - 1])
    return filled


def parted(words: Sequence[Word], speech: Sequence[Span], pause_ms: int) -> list[Sequence[Word]]:
    """The words, parted where nobody speaks for `pause_ms` between two of them: two lines under one subtitle."""
    parts: list[Sequence[Word]] = []
    begin = 0
    for at in range(1, len(words)):
        if silence(words[at - 1].end_ms, words[at].start_ms, speech) >= pause_ms:
            parts.append(words[begin:at])
            begin = at
    return [*parts, words[begin:]]


def silence(start_ms: int, end_ms: int, speech: Sequence[Span]) -> int:
    """How long (ms) nobody speaks between two moments."""
    return end_ms - start_ms - sum(max(0, min(b, end_ms) - max(a, start_ms)) for a, b in speech)
