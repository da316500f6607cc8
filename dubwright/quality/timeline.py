"""A picture of an episode in a language: what was spoken, what is spoken now, how fast, and what deserves a look.

Rows of a minute, one under the other. Drawn with Pillow, which the extras `embedded` and `gpu` bring; its own font has
Latin letters alone, so lines go by their numbers, as `dubwright status --quality` prints them.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dubwright.quality.dub_metrics import RATE, VERDICTS, DubbedLine, Samples, cut
from dubwright.quality.gate import EpisodeQuality

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH, LEFT, RIGHT = 1600, 92, 24
ROW_MS, MOST_ROWS = 60_000, 40
HEAD, FOOT = 84, 10
# From a row's top, where each of its tracks begins and how high it is.
ORIGINAL, DUB, TEMPO, FLAGS, AXIS, ROW = (18, 58), (98, 66), (180, 64), (252, 30), 286, 316
SLOWEST, FASTEST = 0.7, 1.5
GRID = (0.85, 1.0, 1.2, 1.35)
COLOURS = dict(zip(VERDICTS, ("#009e73", "#e69f00", "#0072b2", "#d55e00"), strict=True))
INK, FAINT, LINE, PAPER, SHADE, ORIGINAL_INK, ALARM, CUT = (
    "#1f2933",
    "#7b8794",
    "#d9dee4",
    "#ffffff",
    "#f3f5f7",
    "#7f8b99",
    "#b3003c",
    "#6d4c9f",
)
MEANINGS = {
    "fits": "fits",
    "tight": "tight: above free tempo",
    "late": "late: starts away from its original",
    "unfit": "unfit",
}
# What stands in the head, in words: metric, text, decimals, factor.
HEADLINE = (
    ("loudness_lufs", "loudness {} LUFS", 1, 1),
    ("true_peak_dbtp", "true peak {} dBTP", 1, 1),
    ("drift_frames", "drift {} frames", 2, 1),
    ("residue_whole_db", "original voices left {} dB", 0, 1),
    ("overlaps", "overlaps {}", 0, 1),
    ("unspoken", "unspoken {} %", 0, 100),
    ("flagged", "flagged {} %", 0, 100),
)
FAILED_AS = {"loudness_lufs": "loudness_lu"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is drawn. `spoken` has segment, start and end (ms) of each original line, `shots` when the picture is cut (ms); the
    sounds may be missing."""

    language: str
    duration_ms: int
    spoken: Sequence[tuple[int, int, int]]
    lines: Sequence[DubbedLine]
    quality: EpisodeQuality
    values: Mapping[str, float | None]
    original: Samples | None = None
    track: Samples | None = None
    shots: Sequence[int] = ()


def draw(shown: Shown) -> bytes:
    """The picture as PNG. Raises `ModuleNotFoundError` where Pillow is not installed."""
    from PIL import Image, ImageDraw

    shortest = min(max(shown.duration_ms, 5000), ROW_MS)
    row_ms = max(math.ceil(shortest / 5000) * 5000, math.ceil(shown.duration_ms / MOST_ROWS))
    rows = max(1, math.ceil(shown.duration_ms / row_ms))
    image = Image.new("RGB", (WIDTH, HEAD + rows * ROW + FOOT), PAPER)
    pen = _Pen(ImageDraw.Draw(image))
    _head(pen, shown)
    for number in range(rows):
        _Row(pen, shown, number * row_ms, row_ms, HEAD + number * ROW).draw()
    out = io.BytesIO()
    image.quantize(96).save(out, "PNG", optimize=True)
    return out.getvalue()


class _Pen:
    """Draws on the picture."""

    def __init__(self, canvas: ImageDraw) -> None:
        from PIL import ImageFont

        self.canvas = canvas
        self._fonts: dict[int, Any] = {size: ImageFont.load_default(size) for size in (11, 12, 13, 20)}

    def text(self, x: float, y: float, text: str, colour: str = INK, size: int = 12, anchor: str = "la") -> float:
        """Write; how wide (pixels) it is."""
        font = self._fonts[size]
        self.canvas.text((x, y), text, fill=colour, font=font, anchor=anchor)
        return float(font.getlength(text))

    def width(self, text: str, size: int = 11) -> float:
        return float(self._fonts[size].getlength(text))

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: str | None = None, edge: str | None = None) -> None:
        self.canvas.rectangle((x0, y0, max(x0, x1), max(y0, y1)), fill=fill, outline=edge)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: int = 1) -> None:
        self.canvas.line(list(points), fill=colour, width=width)

    def flag(self, x: float, y: float) -> None:
        """A triangle that points up to what it is about."""
        self.canvas.polygon([(x, y), (x - 5, y + 9), (x + 5, y + 9)], fill=ALARM)


def _head(pen: _Pen, shown: Shown) -> None:
    quality = shown.quality
    verdict = "passed" if not quality.failed else "failed"
    lines = f"{len(shown.lines)} line" + ("" if len(shown.lines) == 1 else "s")
    x = 16 + pen.text(16, 12, f"{shown.language} · {_clock(shown.duration_ms)} · {lines} · ", size=20)
    pen.text(x, 12, verdict, ALARM if quality.failed else COLOURS["fits"], size=20)
    x, failed = 16.0, {finding.metric for finding in quality.failed}
    for metric, text, decimals, factor in HEADLINE:
        value = shown.values.get(metric)
        if value is not None:
            # Never "-0".
            figure = f"{round(value * factor, decimals) + 0.0:.{decimals}f}"
            said = text.format(figure)
            x += pen.text(x, 44, said, ALARM if FAILED_AS.get(metric, metric) in failed else INK, 13) + 26
    x = 16.0
    for name in VERDICTS:
        pen.box(x, 67, x + 11, 78, COLOURS[name])
        x += 17 + pen.text(x + 17, 66, MEANINGS[name], FAINT, 12) + 20
    pen.flag(x + 5, 68)
    x += 36 + pen.text(x + 16, 66, "flagged: beyond a bound of the quality settings", FAINT, 12)
    if shown.shots:
        pen.line([(x, 66), (x, 79)], CUT, 2)
        pen.text(x + 8, 66, "the picture is cut", FAINT, 12)


class _Row:
    """A stretch of the episode from `start_ms` on, at `top` of the picture."""

    def __init__(self, pen: _Pen, shown: Shown, start_ms: int, length_ms: int, top: int) -> None:
        self.pen, self.shown, self.top = pen, shown, top
        self.start_ms, self.length_ms = start_ms, length_ms
        self.end_ms = min(start_ms + length_ms, shown.duration_ms)

    def draw(self) -> None:
        self._frame()
        if self.shown.original is not None:
            self._wave(self.shown.original, ORIGINAL, self.start_ms, self.end_ms, "#c9d0d8", self.shown.original)
        if self.shown.track is not None:
            self._wave(self.shown.track, DUB, self.start_ms, self.end_ms, "#c9d0d8", self.shown.track)
        for segment, start, end in self.shown.spoken:
            if self._inside(start, end):
                self._original(segment, start, end)
        for line in self.shown.lines:
            self._dubbed(line)
        self._cuts()
        self._flags()

    def _x(self, ms: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (ms - self.start_ms) / self.length_ms

    def _inside(self, start: int, end: int) -> bool:
        return start < self.start_ms + self.length_ms and end > self.start_ms

    def _clip(self, start: int, end: int) -> tuple[float, float]:
        last = self._x(self.start_ms + self.length_ms)
        return max(LEFT, self._x(start)), min(last, self._x(end))

    def _frame(self) -> None:
        """The tracks' names and grounds, the lines of equal tempo, the axis."""
        end = self._x(self.end_ms)
        for (offset, height), name in ((ORIGINAL, "original"), (DUB, "dub"), (TEMPO, "tempo")):
            self.pen.box(LEFT, self.top + offset, end, self.top + offset + height, SHADE)
            if name != "tempo":
                self.pen.text(LEFT - 12, self.top + offset + height / 2, name, FAINT, 13, "rm")
        self.pen.text(16, self._tempo_y(1.0), "tempo", FAINT, 13, "lm")
        for tempo in GRID:
            y = self._tempo_y(tempo)
            self.pen.line([(LEFT, y), (end, y)], FAINT if tempo == 1 else LINE)
            self.pen.text(LEFT - 8, y, f"{tempo:g}", FAINT, 11, "rm")
        step = 5000 if self.length_ms <= 2 * ROW_MS else math.ceil(self.length_ms / 24 / 5000) * 5000
        for ms in range(self.start_ms, self.end_ms + 1, step):
            x = self._x(ms)
            self.pen.line([(x, self.top + AXIS - 4), (x, self.top + AXIS)], FAINT)
            self.pen.text(x, self.top + AXIS + 3, _clock(ms), FAINT, 11, "ma")
        self.pen.line([(LEFT, self.top + AXIS), (end, self.top + AXIS)], FAINT)

    def _tempo_y(self, tempo: float) -> float:
        offset, height = TEMPO
        share = (min(max(tempo, SLOWEST), FASTEST) - SLOWEST) / (FASTEST - SLOWEST)
        return self.top + offset + height * (1 - share)

    def _wave(
        self, samples: Samples, track: tuple[int, int], start: int, end: int, colour: str, whole: Samples
    ) -> None:
        """A sound's envelope between two times, a column for each pixel; its `whole` says how loud is high."""
        offset, height = track
        middle, reach = self.top + offset + height / 2, height / 2 - 4
        first, last = self._clip(start, end)
        loudest = float(np.quantile(np.abs(whole[::16]), 0.999)) if len(whole) else 0.0
        for x, level in _columns(samples, self._span_of(first, last), round(last - first), loudest):
            half = max(0.5, reach * level)
            self.pen.line([(first + x, middle - half), (first + x, middle + half)], colour)

    def _span_of(self, first: float, last: float) -> tuple[int, int]:
        per_pixel = self.length_ms / (WIDTH - LEFT - RIGHT)
        return (
            round(self.start_ms + (first - LEFT) * per_pixel),
            round(self.start_ms + (last - LEFT) * per_pixel),
        )

    def _original(self, segment: int, start: int, end: int) -> None:
        first, last = self._clip(start, end)
        y = self.top + ORIGINAL[0]
        self.pen.box(first, y, last, y + ORIGINAL[1], "#e4e8ed")
        if self.shown.original is not None:
            self._wave(self.shown.original, ORIGINAL, start, end, ORIGINAL_INK, self.shown.original)
        self.pen.text((first + last) / 2, y - 3, str(segment), FAINT, 11, "mb")

    def _dubbed(self, line: DubbedLine) -> None:
        colour = COLOURS.get(line.verdict, FAINT)
        y = self.top + DUB[0]
        if line.span is None:
            if self._inside(line.original_start_ms, line.original_end_ms):
                first, last = self._clip(line.original_start_ms, line.original_end_ms)
                self.pen.box(first, y, last, y + DUB[1], PAPER, colour)
                said = f"{line.segment}: not spoken"
                fits = self.pen.width(said) < last - first - 4
                self.pen.text((first + last) / 2, y + DUB[1] / 2, said if fits else str(line.segment), colour, 11, "mm")
            return
        if not self._inside(*line.span):
            return
        first, last = self._clip(*line.span)
        self.pen.box(first, y, last, y + DUB[1], _pale(colour))
        if self.shown.track is not None:
            self._wave(self.shown.track, DUB, *line.span, colour, self.shown.track)
        self.pen.box(first, y, last, y + 3, colour)
        if line.span[0] >= self.start_ms:
            from_x = min(max(LEFT, self._x(line.original_start_ms)), WIDTH - RIGHT)
            self.pen.line([(from_x, self.top + sum(ORIGINAL) + 1), (first, y - 1)], colour, 2)
            self._tempo(line, first, last, colour)

    def _tempo(self, line: DubbedLine, first: float, last: float, colour: str) -> None:
        """How fast a line is: a bar from 1 up or down, with its number where there is room."""
        tempo = line.tempo or 1.0
        high, low = sorted((self._tempo_y(tempo), self._tempo_y(1.0)))
        self.pen.box(first, high - 1, last, low + 1, colour)
        text = f"{tempo:.2f}"
        if self.pen.width(text) <= last - first:
            above = tempo >= 1
            self.pen.text((first + last) / 2, high - 4 if above else low + 5, text, INK, 11, "mb" if above else "ma")

    def _cuts(self) -> None:
        """A line across both sounds wherever the picture is cut."""
        for cut_ms in self.shown.shots:
            if self.start_ms <= cut_ms < self.end_ms:
                x = self._x(cut_ms)
                self.pen.line([(x, self.top + ORIGINAL[0]), (x, self.top + sum(DUB))], CUT)

    def _flags(self) -> None:
        """A mark for each flagged line, with the metrics; in two rows, so that neighbours do not run into each other."""
        free = [0.0, 0.0]
        for line in self.shown.lines:
            found = self.shown.quality.flags.get(line.segment)
            start = line.span[0] if line.span else line.original_start_ms
            if not found or not self.start_ms <= start < self.start_ms + self.length_ms:
                continue
            x = max(LEFT, self._x(start)) + 6
            text = f"{line.segment} {', '.join(_called(finding.metric, line) for finding in found)}"
            level = next((at for at in (0, 1) if free[at] <= x - 6), 0 if free[0] <= free[1] else 1)
            y = self.top + FLAGS[0] + level * 16
            self.pen.flag(x, y)
            room = WIDTH - RIGHT - x - 10
            if free[level] <= x - 6:
                shown = text if self.pen.width(text) <= room else str(line.segment)
                free[level] = x + 14 + self.pen.text(x + 9, y - 2, shown, ALARM, 11)


def _called(metric: str, line: DubbedLine) -> str:
    """A metric in a word or two."""
    return line.verdict if metric == "fit" else metric.removesuffix("_ms").removesuffix("_db").replace("_", " ")


def _columns(samples: Samples, span: tuple[int, int], count: int, loudest: float) -> Iterator[tuple[int, float]]:
    """The level (0 to 1) of each of `count` columns of a span (ms)."""
    piece = np.abs(cut(samples, span))
    if count < 1 or not len(piece) or loudest <= 0:
        return
    # The sound may end before the span does.
    filled = max(1, min(count, round(count * len(piece) / max(1, (span[1] - span[0]) * RATE // 1000))))
    bounds = np.linspace(0, len(piece), filled + 1).astype(int)[:-1]
    for x, level in enumerate(np.maximum.reduceat(piece, np.minimum(bounds, len(piece) - 1))):
        yield x, min(1.0, float(level) / loudest)


def _pale(colour: str) -> str:
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * 0.18):02x}" for part in parts)


def _clock(ms: int) -> str:
    return f"{ms // 60_000}:{ms % 60_000 // 1000:02d}"
