"""The lines of an episode, decided between what was heard and what was written.

What is written has the better text, what is heard the better times. Where both are there, the line takes the text of
the writing and the times of its words in the sound; where one of them is missing or cannot be believed, the other
stands alone. Every line says which it was, and how sure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dubwright.transcribe import segments, text
from dubwright.transcribe.engine import Word
from dubwright.transcribe.fusion.alignment import AROUND_MS, SAME, SOUNDS_SAME, Heard, Wanted, align, alike, letters
from dubwright.transcribe.fusion.cues import Cue, Evidence, Shown
from dubwright.transcribe.fusion.readings import put_right
from dubwright.transcribe.marks import Kind

Span = tuple[int, int]

# So much of a written line must be heard for the two to be one line; of a script without times more, since time does
# not help to tell.
AGREEING, AGREEING_UNTIMED = 0.34, 0.6
# A reading that scores less yields to a hearing that is surer of itself.
SURE = 0.8
# Two witnesses of one moment (ms) that are no farther apart are both a little wrong.
CLOSE_MS = 250
# Words that end where speech does (ms) are taken to end there.
EDGE_MS = 60
# Words are moved so far (ms) to where speech rises or falls.
REACH_MS = 300
# Silence (ms) after which what is heard is another utterance.
ANOTHER_BREATH_MS = 150
# Speech that pauses for less than this share of a time flows through it.
FLOWING = 0.2
# Speech (ms) that must sound while a subtitle is shown that nobody could make out, for it to be a spoken one.
LEAST_SPOKEN_MS = 250
# Where subtitles account for so much of what is heard, what they leave out must be worth believing.
SUBTITLED = 0.7
LEAST_PROBABILITY, SHORTEST_ALONE_MS = 0.55, 400
SYLLABLE_MS = 180
# What a reading is worth that nothing in the sound supports.
UNHEARD = 0.8
# Runs of Latin letters and digits, stretches of space, and every other character by itself.
# A reader takes the dashes before two people's words for the numeral.
_DASHED = re.compile(r"一(.*?[\s。！？，…])\s*一(.+)")
_PIECES = re.compile(r"[A-Za-z0-9]+|\s+|.", re.DOTALL)


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
    if cue.span is None:
        return list(found)
    start, end = cue.span
    return [
        None
        if index is not None
        and (
            (heard[index].end_ms < start and _silence(heard[index].end_ms, start, speech) >= ANOTHER_BREATH_MS)
            or (heard[index].start_ms > end and _silence(end, heard[index].start_ms, speech) >= ANOTHER_BREATH_MS)
        )
        else index
        for index in found
    ]


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
    timed = cue.start_ms is not None and cue.end_ms is not None
    if cue.kind == "caption":
        return [_caption(cue, "on the picture, not spoken")], set()
    if not own or (agreement == 0 and not _spoken(cue, heard, own)):
        if not timed:
            return [], set()
        return [_unheard(cue, episode)], set()
    if not timed and agreement < AGREEING_UNTIMED:
        return [], set()
    between = heard[min(own) : max(own) + 1]
    sure = sum(each.probability for each in between) / len(between)
    words = {each.word for each in between}
    span = _span(cue, found, heard, episode.speech)
    tokens = _tokens(cue, found, worth, heard, span, episode.language)
    both = agreement >= AGREEING
    if cue.evidence == "picture" and cue.score < SURE and sure > cue.score and not both:
        words_heard = [episode.words[index] for index in sorted(words)]
        return [_line(cue, words_heard, sure, "sound", (f"the subtitle could hardly be read: {cue.text}",))], words
    confidence = 1 - (1 - cue.score) * (1 - agreement * sure) if both else cue.score
    evidence: Evidence = "given" if cue.evidence == "given" else "both" if both else "picture"
    return [_line(cue, part, confidence, evidence) for part in _parts(tokens, episode)], words


def _spoken(cue: Cue, heard: Sequence[Heard], own: Sequence[int]) -> bool:
    """Whether what was heard while a cue was shown may be the cue, misheard: about as many letters."""
    return len(own) >= len(cue.letters) / 2


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
    tokens = _tokens(cue, none, [0.0] * len(none), (), span, episode.language)
    if not episode.listened:
        return _line(cue, tokens, cue.score, cue.evidence)
    return _line(cue, tokens, UNHEARD * cue.score, cue.evidence, ("could not be made out in the sound",))


def _span(cue: Cue, found: Sequence[int | None], heard: Sequence[Heard], speech: Sequence[Span]) -> Span:
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
    flowing = apart <= AROUND_MS and _silence(early, late, speech) < FLOWING * apart
    return shown_ms if flowing else heard_ms


def _tokens(
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


def _parts(words: Sequence[Word], episode: Episode) -> list[Sequence[Word]]:
    """The words, parted where nobody speaks for `pause_ms` between two of them: two lines under one subtitle."""
    parts: list[list[Word]] = []
    for word in words:
        if parts and _silence(parts[-1][-1].end_ms, word.start_ms, episode.speech) >= episode.pause_ms:
            parts.append([word])
        elif parts:
            parts[-1].append(word)
        else:
            parts.append([word])
    return list(parts)


def _silence(start_ms: int, end_ms: int, speech: Sequence[Span]) -> int:
    """How long (ms) nobody speaks between two moments."""
    return end_ms - start_ms - sum(max(0, min(b, end_ms) - max(a, start_ms)) for a, b in speech)


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
    """The lines, those spoken cut where the next one begins; what is left without time is dropped."""
    kept: list[Line] = []
    before: int | None = None
    for line in lines:
        if line.kind != "caption":
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
