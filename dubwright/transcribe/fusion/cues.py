"""Lines that somebody wrote down: burned into the picture, or given in a file. What fusion makes of both is the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from dubwright.transcribe import marks
from dubwright.transcribe.burned import Burned
from dubwright.transcribe.burned.lines import Line as Subtitle
from dubwright.transcribe.marks import Kind

Evidence = Literal["sound", "picture", "both", "given"]

# A burned-in subtitle is the given line that it shares so much of its time and its letters with.
SAME_TIME, SAME_TEXT = 0.5, 0.5
# So many of the next cues are looked at for one that is said at the same time.
NEIGHBOURS = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """A subtitle on the picture: when (ms), and its box in pixels of the upright picture."""

    start_ms: int
    end_ms: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Cue:
    """A line as written: its times (ms; both None in a script without times), how sure its text is (0 to 1), whether
    it was given or read in the picture, the burned-in subtitles that it is, its kind where it is marked, its speaker
    where it is said."""

    start_ms: int | None
    end_ms: int | None
    text: str
    score: float
    evidence: Literal["picture", "given"]
    shown: tuple[Shown, ...] = ()
    kind: Kind = "dialogue"
    speaker: str | None = None

    @property
    def span(self) -> tuple[int, int] | None:
        """Start and end (ms), if it has times."""
        return None if self.start_ms is None or self.end_ms is None else (self.start_ms, self.end_ms)

    @property
    def letters(self) -> list[str]:
        return [char for char in self.text if char.isalnum()]


def of_picture(burned: Burned, cast: Collection[str] = ()) -> list[Cue]:
    """The burned-in subtitles of an episode and what else is written there, in order of time.

    What a subtitle says of itself is heeded: marks of songs and crowds, a name of the `cast` before the line, dashes
    before what two people say.
    """
    subtitles = [
        replace(_cue(line), text=turn.text, kind=turn.kind, speaker=turn.speaker)
        for line in burned.lines
        for turn in marks.turns(line.text, cast)
    ]
    captions = [replace(_cue(line), kind="caption") for line in burned.captions]
    return sorted([*subtitles, *captions], key=_start)


def _cue(line: Subtitle) -> Cue:
    box = line.box
    shown = Shown(line.start_ms, line.end_ms, box.x, box.y, box.width, box.height)
    return Cue(line.start_ms, line.end_ms, line.text, line.score, "picture", (shown,))


def at_once(cues: Sequence[Cue]) -> list[Cue]:
    """Given lines in order of time, those that two people say at once marked as such."""
    found = list(cues)
    for at, one in enumerate(cues):
        for later, other in enumerate(cues[at + 1 : at + 1 + NEIGHBOURS], start=at + 1):
            if one.kind == other.kind == "dialogue" and _share(one, other) >= SAME_TIME:
                found[at], found[later] = replace(one, kind="overlap"), replace(other, kind="overlap")
    return found


def _share(one: Cue, other: Cue) -> float:
    """How much of the shorter one's time two cues share; 0 without times."""
    if one.span is None or other.span is None:
        return 0.0
    (a, b), (c, d) = one.span, other.span
    return max(0, min(b, d) - max(a, c)) / max(1, min(b - a, d - c))


def together(seen: Sequence[Cue], given: Sequence[Cue]) -> list[Cue]:
    """One list of both, in order of time: a given line's text stands above what was read of the same line in the picture."""
    merged: list[Cue] = list(given)
    for cue in seen:
        at = next((at for at, other in enumerate(merged) if _same(cue, other)), None)
        if at is None:
            merged.append(cue)
        else:
            merged[at] = replace(merged[at], shown=(*merged[at].shown, *cue.shown))
    # A script's lines have no times: they stay in their order, before what has.
    return sorted(merged, key=_start)


def _start(cue: Cue) -> int:
    return -1 if cue.start_ms is None else cue.start_ms


def _same(seen: Cue, given: Cue) -> bool:
    if given.evidence != "given" or similarity(seen.text, given.text) < SAME_TEXT:
        return False
    return _share(seen, given) >= SAME_TIME if given.span else not given.shown


def similarity(one: str, other: str) -> float:
    """Share of letters, 0 to 1, that two texts have in common in one order."""
    first, second = ([char.casefold() for char in text if char.isalnum()] for text in (one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
