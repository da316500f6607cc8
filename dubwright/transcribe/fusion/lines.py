"""The lines of an episode, decided between what was heard and what was written.

What is written has the better text, what is heard the better times. Where both are there, the line takes the text of
the writing and the times of its words in the sound; where one of them is missing or cannot be believed, the other
stands alone. Every line says which it was, and how sure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from dubwright.transcribe import segments
from dubwright.transcribe.engine import Word
from dubwright.transcribe.fusion.alignment import AROUND_MS, SAME, SOUNDS_SAME, Heard, Wanted, align, alike, letters
from dubwright.transcribe.fusion.cues import Cue, Evidence, Shown
from dubwright.transcribe.fusion.readings import put_right
from dubwright.transcribe.fusion.times import Span, parted, silence, spoken_at, words_of
from dubwright.transcribe.marks import ONE_VOICE, Kind

# So much of a written line must be heard for the two to be one line; of a script without times more, since time does
# not help to tell.
AGREEING, AGREEING_UNTIMED = 0.34, 0.6
# A line of which no letter was heard right may be misheard if so many of its letters sound, whichever.
MISHEARD = 0.5
# A reading that scores less yields to a hearing that is surer of itself.
SURE = 0.8
# Silence (ms) after which what is heard is another utterance.
ANOTHER_BREATH_MS = 150
# Speech (ms) that must sound while a subtitle is shown that nobody could make out, for it to be a spoken one.
LEAST_SPOKEN_MS = 250
# Where subtitles account for so much of what is heard, what they leave out must be worth believing.
SUBTITLED = 0.7
LEAST_PROBABILITY, SHORTEST_ALONE_MS = 0.55, 400
# What a reading is worth that nothing in the sound supports.
UNHEARD = 0.8
# A reader takes the dashes before two people's words for the numeral.
_DASHED = re.compile(r"一(.*?[\s。！？，…])\s*一(.+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the transcript, times in ms; `words` carry its text, `shown` the burned-in subtitles that it was."""

    start_ms: int
    end_ms: int
    words: tuple[Word, ...]
    confidence: float
    evidence: Evidence
    kind: Kind = "dialogue"
    shown: tuple[Shown, ...] = ()
    speaker: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Episode:
    """What fusion goes by: words as heard in order, where anybody speaks (ms, in order), the language, the length of the
    sound (ms), the bounds of a line (ms), whether a recognizer listened at all, and the series' names."""

    words: Sequence[Word]
    speech: Sequence[Span]
    language: str
    duration_ms: int
    pause_ms: int
    longest_ms: int
    listened: bool = True
    names: Collection[str] = ()


def fuse(episode: Episode, cues: Sequence[Cue]) -> list[Line]:
    """The lines of an episode, in order of time, none overlapping another that is spoken; captions may stand beside them."""
    heard = letters(episode.words)
    cues = [turn for cue in cues for turn in _turns(cue, heard)]
    wanted = [
        Wanted(
            letter,
            cue.start_ms if cue.start_ms is not None else 0,
            cue.end_ms if cue.end_ms is not None else episode.duration_ms,
            at,
        )
        for at, cue in enumerate(cues)
        if cue.kind != "caption"
        for letter in cue.letters
    ]
    met: list[list[int | None]] = [[] for _ in cues]
    for letter, index in zip(wanted, align(wanted, heard), strict=True):
        met[letter.line].append(index)
    decided: list[Line] = []
    taken: set[int] = set()
    for cue, indices in zip(cues, met, strict=True):
        found = _within(cue, indices, heard, episode.speech)
        if cue.evidence == "picture" and cue.kind != "caption":
            cue = put_right(cue, found, heard, episode.names)
        lines, words = _written(cue, found, heard, episode)
        decided += lines
        taken |= words
    rest = _left(episode.words, taken, decided)
    share = 1 - sum(word.end_ms - word.start_ms for word in rest) / max(
        1, sum(word.end_ms - word.start_ms for word in episode.words)
    )
    alone = [line for line in _heard_alone(rest, episode) if not cues or share < SUBTITLED or _worth_believing(line)]
    return _apart(sorted([*decided, *alone], key=lambda line: (line.start_ms, line.end_ms)))


def _turns(cue: Cue, heard: Sequence[Heard]) -> list[Cue]:
    """The cue, in two where it begins and goes on with what may be a dash and nobody says as the numeral one."""
    dashed = _DASHED.fullmatch(cue.text) if cue.evidence == "picture" and cue.span else None
    if dashed is None or cue.span is None:
        return [cue]
    start, end = cue.span[0] - AROUND_MS, cue.span[1] + AROUND_MS
    said = "".join(each.letter for each in heard if start <= (each.start_ms + each.end_ms) / 2 <= end)
    if not said or any(f"一{part.strip()[:1]}" in said for part in dashed.groups()):
        return [cue]
    return [replace(cue, text=part.strip(" ，")) for part in dashed.groups()]


def _within(cue: Cue, found: Sequence[int | None], heard: Sequence[Heard], speech: Sequence[Span]) -> list[int | None]:
    """The places of a cue's letters, without those that are heard in another breath, before or after it is shown."""
    shown = cue.span
    if shown is None:
        return list(found)
    return [None if at is None or _in_another_breath(heard[at], shown, speech) else at for at in found]


def _in_another_breath(letter: Heard, shown: Span, speech: Sequence[Span]) -> bool:
    if letter.end_ms < shown[0]:
        return silence(letter.end_ms, shown[0], speech) >= ANOTHER_BREATH_MS
    return letter.start_ms > shown[1] and silence(shown[1], letter.start_ms, speech) >= ANOTHER_BREATH_MS


# What is written ------------------------------------------------------------------------------------------


def _written(
    cue: Cue, found: Sequence[int | None], heard: Sequence[Heard], episode: Episode
) -> tuple[list[Line], set[int]]:
    """The lines that a cue makes, and the heard words (by index) that are accounted for by it."""
    if not cue.letters:
        return [], set()
    worth = [alike(a, heard[b].letter) if b is not None else 0.0 for a, b in zip(cue.letters, found, strict=False)]
    agreement = sum(each in (SAME, SOUNDS_SAME) for each in worth) / len(cue.letters)
    own = [index for index in found if index is not None]
    if cue.kind == "caption":
        return [_caption(cue, "on the picture, not spoken")], set()
    if not own or (agreement == 0 and len(own) < MISHEARD * len(cue.letters)):
        return ([_unheard(cue, episode)] if cue.span else []), set()
    if cue.span is None and agreement < AGREEING_UNTIMED:
        return [], set()
    between = heard[min(own) : max(own) + 1]
    sure = sum(each.probability for each in between) / len(between)
    words = {each.word for each in between}
    span = spoken_at(cue, found, heard, episode.speech)
    tokens = words_of(cue, found, worth, heard, span, episode.language)
    both = agreement >= AGREEING
    if cue.evidence == "picture" and cue.score < SURE and sure > cue.score and not both:
        words_heard = [episode.words[index] for index in sorted(words)]
        return [_line(cue, words_heard, sure, "sound", (f"the subtitle could hardly be read: {cue.text}",))], words
    confidence = 1 - (1 - cue.score) * (1 - agreement * sure) if both else cue.score
    evidence: Evidence = "given" if cue.evidence == "given" else "both" if both else "picture"
    return [_line(cue, part, confidence, evidence) for part in parted(tokens, episode.speech, episode.pause_ms)], words


def _line(cue: Cue, words: Sequence[Word], confidence: float, evidence: Evidence, notes: tuple[str, ...] = ()) -> Line:
    return Line(
        words[0].start_ms,
        words[-1].end_ms,
        tuple(words),
        round(confidence, 3),
        evidence,
        cue.kind,
        cue.shown,
        cue.speaker,
        notes,
    )


def _caption(cue: Cue, why: str) -> Line:
    start, end = cue.start_ms or 0, cue.end_ms or 0
    word = Word(cue.text, start, end, cue.score)
    return Line(start, end, (word,), round(cue.score, 3), cue.evidence, "caption", cue.shown, cue.speaker, (why,))


def _unheard(cue: Cue, episode: Episode) -> Line:
    """A cue of which nothing was made out: spoken all the same if somebody speaks meanwhile, else a caption.

    What people gave as dialogue is believed to be spoken.
    """
    start, end = cue.start_ms or 0, cue.end_ms or 0
    during = [(max(a, start), min(b, end)) for a, b in episode.speech if min(b, end) > max(a, start)]
    spoken_ms = sum(b - a for a, b in during)
    if cue.evidence == "given":
        span = (during[0][0], during[-1][1]) if spoken_ms >= LEAST_SPOKEN_MS else (start, end)
    elif spoken_ms >= min(LEAST_SPOKEN_MS, (end - start) // 2) and spoken_ms > 0:
        span = (during[0][0], during[-1][1])
    else:
        return _caption(cue, "nobody speaks while it is shown")
    none: list[int | None] = [None] * len(cue.letters)
    tokens = words_of(cue, none, [0.0] * len(none), (), span, episode.language)
    if not episode.listened:
        return _line(cue, tokens, cue.score, cue.evidence)
    return _line(cue, tokens, UNHEARD * cue.score, cue.evidence, ("could not be made out in the sound",))


# What is heard only ---------------------------------------------------------------------------------------


def _left(words: Sequence[Word], taken: set[int], decided: Sequence[Line]) -> list[Word]:
    """The heard words of which no written line accounts, neither by their letters nor by their time."""
    spoken = [(line.start_ms, line.end_ms) for line in decided if line.kind != "caption"]
    return [
        word
        for index, word in enumerate(words)
        if index not in taken and not any(a <= (word.start_ms + word.end_ms) / 2 <= b for a, b in spoken)
    ]


def _heard_alone(words: Sequence[Word], episode: Episode) -> Iterator[Line]:
    for part in segments.parts(words, episode.pause_ms, episode.longest_ms):
        confidence = sum(word.probability for word in part) / len(part)
        yield Line(part[0].start_ms, part[-1].end_ms, tuple(part), round(confidence, 3), "sound")


def _worth_believing(line: Line) -> bool:
    return line.confidence >= LEAST_PROBABILITY and line.end_ms - line.start_ms >= SHORTEST_ALONE_MS


def _apart(lines: Sequence[Line]) -> list[Line]:
    """The lines, what one person says cut where the next one begins to; the rest may stand beside it."""
    kept: list[Line] = []
    before: int | None = None
    for line in lines:
        if line.kind in ONE_VOICE:
            if before is not None and kept[before].end_ms > line.start_ms:
                kept[before] = _ending(kept[before], max(line.start_ms, kept[before].start_ms + 1))
                if line.start_ms < kept[before].end_ms:
                    line = _beginning(line, kept[before].end_ms)
            before = len(kept)
        kept.append(line)
    return kept


def _ending(line: Line, at_ms: int) -> Line:
    words = segments.in_order(line.words, max(at_ms, line.start_ms + len(line.words)))
    return replace(line, end_ms=max(at_ms, words[-1].end_ms), words=tuple(words))


def _beginning(line: Line, at_ms: int) -> Line:
    moved = [
        replace(word, start_ms=max(word.start_ms, at_ms), end_ms=max(word.end_ms, at_ms + 1)) for word in line.words
    ]
    words = segments.in_order(moved, max(line.end_ms, at_ms + len(moved)))
    return replace(line, start_ms=words[0].start_ms, end_ms=words[-1].end_ms, words=tuple(words))
