"""Which rendering of a line is spoken: the best that fits the time there is, or else one asked for in fewer letters.

A line has its slot and may borrow the silence behind it, as the dub will; tempo is free up to the dub's own bound. What
does not fit is shortened in its words, before anything is synthesized, and not by speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

from dubwright import reading
from dubwright.errors import EndpointError, EngineError
from dubwright.settings import DubSettings
from dubwright.translate import glossary
from dubwright.translate.condense import condensed
from dubwright.translate.engine import Line, Scene, Translated
from dubwright.translate.length import SHORTEST_MS, letters, predicted_ms

# The episode's end is not known here: so much silence behind its last line is taken for granted.
BEHIND_LAST_MS = 1000
# Where another speaks into a line, no text is short enough; so much of its slot it keeps in any case.
LEAST_SHARE = 0.5
# From this share of the room on a real voice may need more than was predicted: a shorter version is kept ready.
NEAR = 1.0
# So much of the free tempo is made use of when a shorter text is asked for: what is predicted is not what is spoken.
AIM = 0.95
# A version that spares less is no help.
WORTH = 0.95
# What is not spoken needs no room.
SPOKEN = "dialogue"
CAPTION = "caption"

_DUB = DubSettings()

Shorten = Callable[[Line, str, int], Translated | None]


class Times(NamedTuple):
    """How long (ms) a line's dub may last, None where it is not spoken, and how long its subtitle may stand."""

    room_ms: int | None
    reading_ms: int


def times(transcript: Sequence[Mapping[str, Any]]) -> dict[int, Times]:
    """The times of each segment of a transcript; captions take nobody's room."""
    rows = sorted(transcript, key=lambda row: (row["start_ms"], row["segment"]))
    found: dict[int, Times] = {}
    following: int | None = None
    for row in reversed(rows):
        start, end = row["start_ms"], row["end_ms"]
        last = end + BEHIND_LAST_MS if following is None else following - _DUB.guard_ms
        room = max(last - start, ceil((end - start) * LEAST_SHARE), SHORTEST_MS)
        spoken = (row.get("kind") or SPOKEN) == SPOKEN
        found[row["segment"]] = Times(room if spoken else None, reading.cue_ms(start, end, following))
        if row.get("kind") != CAPTION:
            following = start
    return found


def fits(text: str, language: str, room_ms: int) -> bool:
    """Whether a text can be spoken in a room without being hurried."""
    return over_ms(text, language, room_ms) == 0


def over_ms(text: str, language: str, room_ms: int) -> int:
    """By how much a text, as fast as it may freely be spoken, is longer than the room."""
    return max(ceil(predicted_ms(text, language) / _DUB.tempo_free) - room_ms, 0)


def choose(candidates: Iterable[str], language: str, room_ms: int) -> str:
    """The first of some renderings that fits, since the engine prefers it; where none does, the one least over."""
    return min(candidates, key=lambda text: over_ms(text, language, room_ms))


def fitted(line: Line, answer: Translated, language: str, shorten: Shorten) -> Translated:
    """The answer with the rendering that is to be spoken as its text, and notes of what was done and what is still over.

    `shorten` asks the engine for fewer letters, once, and only where none of the renderings fits. Raises
    `EndpointError` while the engine's endpoint is away.
    """
    room_ms, first = line.room_ms, answer.text
    if first is None or room_ms is None:
        return answer
    notes_of = _renderings(answer)
    text, failed = choose(notes_of, language, room_ms), ""
    if not fits(text, language, room_ms):
        again, failed = _asked_again(line, text, language, int(room_ms * _DUB.tempo_free * AIM), shorten)
        notes_of = {**_renderings(again), **notes_of} if again else notes_of
        text = choose([text, *notes_of], language, room_ms)
    notes = [*notes_of[text], *([failed] if failed else [])]
    needed = predicted_ms(text, language)
    if text != first:
        before = predicted_ms(first, language)
        notes.append(f"shortened: {before} to {needed} ms, {letters(first)} to {letters(text)} letters")
    if not fits(text, language, room_ms):
        notes.append(f"length: takes {needed} ms, has {room_ms}")
    return replace(answer, text=text, notes=tuple(notes))


def shorter(line: Line, answer: Translated, scene: Scene, shorten: Shorten) -> str | None:
    """What the dub may say instead if the text turns out not to fit when it is spoken; None where that is not likely.

    Where the engine knows nothing, what a subtitle could do without is left out (`condense`). Raises `EndpointError`
    while the engine's endpoint is away.
    """
    text, room_ms, language = answer.text, line.room_ms, scene.target
    needed = predicted_ms(text, language) if text else 0
    if not text or room_ms is None or needed <= NEAR * room_ms:
        return None
    found = [each for each in answer.others if letters(each)]
    # What does not fit by prediction has been asked for in fewer letters already.
    if not found and fits(text, language, room_ms):
        found = _others(_asked_again(line, text, language, room_ms, shorten)[0])
    terms = glossary.occurring(line.text, scene.glossary)
    found.append(condensed(text, language, int(reading.width(text) * room_ms / needed), terms, line.text))
    return next((each for each in found if predicted_ms(each, language) <= WORTH * needed), None)


def _others(answer: Translated | None) -> list[str]:
    return list(_renderings(answer)) if answer else []


def _renderings(answer: Translated) -> dict[str, tuple[str, ...]]:
    """What an answer offers to say, in its order of preference, each with its notes."""
    own = {answer.text: answer.notes} if answer.text else {}
    return {**own, **{text: () for text in answer.others if letters(text) and text not in own}}


def _asked_again(line: Line, text: str, language: str, ms: int, shorten: Shorten) -> tuple[Translated | None, str]:
    """What the engine says in as many letters as take so long, or else why it could not be asked."""
    share = ms / predicted_ms(text, language)
    try:
        return shorten(line, text, max(1, int(letters(text) * share))), ""
    except EndpointError:
        raise
    except EngineError as error:
        return None, f"length: could not be shortened: {error.problem}"


def readable(line: Line, text: str, scene: Scene) -> tuple[str | None, list[str]]:
    """What is read where the text itself is too fast for that, else None; and a note on what still is."""
    if not text or not line.reading_ms:
        return None, []
    pace = reading.pace(scene.target)
    terms = glossary.occurring(line.text, scene.glossary)
    shown = condensed(text, scene.target, pace.width_in(line.reading_ms), terms, line.text)
    per_second = 1000 * reading.width(shown) / line.reading_ms
    over = per_second > pace.per_second
    notes = [f"subtitle: {per_second:.0f} characters a second, above {pace.per_second:g}"] if over else []
    return (shown if shown != text else None), notes
