"""Lines with their times become cues, and cues become SRT and WebVTT text."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import pysubs2

from dubwright import languages, reading
from dubwright.reading import LINGER_MS, SHORTEST_SLOT_MS
from dubwright.render import linebreak
from dubwright.settings import RenderSettings

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ps", "yi", "dv", "ug", "sd", "ckb"})
RIGHT_TO_LEFT_MARK = "\N{RIGHT-TO-LEFT MARK}"
# Embeddings, overrides and isolates: left open, they turn around what follows. Plain direction marks may stay.
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Players take braces and backslashes for ASS commands, in SRT too, and no format can escape them there: `{\an8}`
# moves a line, `{…}` hides it. The full-width forms show the same text and command nothing.
NO_COMMANDS = str.maketrans("{}\\", "｛｝＼")


@dataclass(frozen=True, slots=True)
class Line:
    """What is said, and when it is heard (ms); `aside` is what is only read, such as a caption."""

    start_ms: int
    end_ms: int
    text: str
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """A subtitle on screen: its times (ms) and its one or two lines."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def clean(text: str) -> str:
    """A text as one line that commands nothing: no control characters, no markup braces, single spaces."""
    text = BIDI_CONTROLS.sub("", unicodedata.normalize("NFC", text)).translate(NO_COMMANDS)
    visible = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in text)
    return " ".join(visible.split())


def make_cues(lines: Iterable[Line], language: str, total_ms: int, settings: RenderSettings) -> list[Cue]:
    """Cues in order, none overlapping another or outlasting `total_ms`.

    A cue starts with its voice. It ends with it, or later where reading takes longer: up to 12 frames, and further
    only to reach `settings.cue_shortest_ms`. A line that needs more than two lines on screen becomes several cues.
    What is aside is left out while a line stands.
    """
    pace = reading.pace(language)
    parts = _parts(_given_way(lines, settings), pace.columns, total_ms, settings)
    starts, gap = _starts([part.start_ms for part in parts], total_ms, settings.cue_gap_ms)
    limits = [*(start - gap for start in starts), total_ms][1:]
    cues = []
    for part, start, limit in zip(parts, starts, limits, strict=True):
        needed = round(1000 * reading.width("".join(part.lines)) / pace.per_second)
        end = max(part.end_ms, min(start + needed, part.end_ms + LINGER_MS), start + settings.cue_shortest_ms)
        cues.append(replace(part, start_ms=start, end_ms=min(end, start + settings.cue_longest_ms, limit)))
    return cues


def _given_way(lines: Iterable[Line], settings: RenderSettings) -> list[Line]:
    """The lines; each that is aside only in its longest stretch without a line, or not at all where it is too short."""
    lines = list(lines)
    spoken = sorted((line for line in lines if not line.aside), key=lambda line: line.start_ms)
    kept = list(spoken)
    for line in lines:
        if not line.aside:
            continue
        free, start = [], line.start_ms
        for other in spoken:
            if other.end_ms > start and other.start_ms < line.end_ms:
                free.append((start, other.start_ms - settings.cue_gap_ms))
                start = max(start, other.end_ms + settings.cue_gap_ms)
        first, last = max([*free, (start, line.end_ms)], key=lambda span: span[1] - span[0])
        if last - first >= min(settings.cue_shortest_ms, line.end_ms - line.start_ms):
            kept.append(replace(line, start_ms=first, end_ms=last))
    return kept


def _parts(lines: Iterable[Line], columns: int, total_ms: int, settings: RenderSettings) -> list[Cue]:
    """Each line's text as cues that share the line's time by their width."""
    spoken = sorted(lines, key=lambda line: (line.start_ms, line.end_ms))
    limits = [*(line.start_ms - settings.cue_gap_ms for line in spoken), total_ms][1:]
    parts = []
    for line, limit in zip(spoken, limits, strict=True):
        texts = linebreak.break_text(clean(line.text), columns)
        widths = [max(1, reading.width("".join(text))) for text in texts]
        # Several cues need more time than one: take what the pause behind the line offers.
        wanted = len(texts) * (settings.cue_shortest_ms + settings.cue_gap_ms) if len(texts) > 1 else 0
        length = max(line.end_ms - line.start_ms, min(wanted, limit - line.start_ms), 0)
        done = 0
        for text, share in zip(texts, widths, strict=True):
            start = line.start_ms + length * done // sum(widths)
            done += share
            parts.append(Cue(start, line.start_ms + length * done // sum(widths), text))
    return parts


def _starts(wanted: Sequence[int], total_ms: int, gap_ms: int) -> tuple[list[int], int]:
    """In-times as near to the wanted ones as leaves each cue a slot, and the gap that the slots have room for."""
    if not wanted:
        return [], gap_ms
    slot = max(1, min(SHORTEST_SLOT_MS + gap_ms, total_ms // len(wanted)))
    starts: list[int] = []
    for start in wanted:
        starts.append(max(start, starts[-1] + slot if starts else 0))
    latest = total_ms - slot
    for i in reversed(range(len(starts))):
        starts[i] = min(starts[i], latest)
        latest = starts[i] - slot
    return starts, min(gap_ms, slot - 1)


# Files ------------------------------------------------------------------------------------------------


def to_srt(cues: Sequence[Cue], language: str) -> str:
    """SRT text. The format has no escapes, so what players would take for a tag or a time is set in full width."""
    return _write(cues, language, "srt", lambda line: re.sub(r"<(?=[a-zA-Z/!])", "＜", line).replace("-->", "--＞"))


def to_vtt(cues: Sequence[Cue], language: str, note: str = "") -> str:
    """WebVTT text; `note` is kept in it as a comment."""
    text = _write(cues, language, "vtt", lambda line: html.escape(line, quote=False))
    comment = clean(note).replace("-->", "--＞")
    return text.replace("WEBVTT\n", f"WEBVTT\n\nNOTE {comment}\n", 1) if comment else text


def _write(cues: Sequence[Cue], language: str, format_: str, escape: Callable[[str], str]) -> str:
    file = pysubs2.SSAFile()
    for cue in cues:
        text = r"\N".join(_directed(escape(line), language) for line in cue.lines)
        file.append(pysubs2.SSAEvent(start=cue.start_ms, end=cue.end_ms, text=text))
    return file.to_string(format_, keep_ssa_tags=True)


def _directed(line: str, language: str) -> str:
    """A right-to-left line between marks, so that a name or a full stop at its end does not turn it around."""
    if languages.base(language) in RIGHT_TO_LEFT:
        return f"{RIGHT_TO_LEFT_MARK}{line}{RIGHT_TO_LEFT_MARK}"
    return line
