"""Short videos with text in the picture, drawn by FFmpeg; and a reader that knows the texts that were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dubwright.media import ffmpeg
from dubwright.media.frames import Grey
from dubwright.transcribe.burned import Box, Reading
from samples.picture import FONT, FONT_FOLDER

FPS = 25
PORTRAIT, LANDSCAPE = (360, 640), (640, 360)

# Backgrounds, as FFmpeg's sources. `LAMPS` is bright and moves, `NOISE` has grain on top, `MAZE` has edges all over.
STILL = "color=c=0x28323c:s={size}:r=25:d={seconds}"
LAMPS = "gradients=s={size}:r=25:d={seconds}:c0=0xc8c8c8:c1=0x8090a0:nb_colors=2:seed=3:speed=0.08"
NOISE = LAMPS + ",noise=alls=24:allf=t"
MAZE = "mandelbrot=s={size}:r=25:start_scale=0.6:end_scale=0.2:end_pts=150,trim=duration={seconds}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text in the picture from `start_ms` up to `end_ms`. Its lower edge's middle is at `x` and `y`, its `height` a
    font size, all as shares of the picture's width and height, the height of its shorter side. `\\N` parts rows;
    `tags` are ASS override tags, in which `{w}` and `{h}` are the picture's size."""

    text: str
    start_ms: int
    end_ms: int
    y: float = 0.78
    x: float = 0.5
    height: float = 0.068
    tags: str = ""


def make(
    path: Path,
    drawn: Sequence[Drawn],
    *,
    seconds: float = 6.0,
    size: tuple[int, int] = PORTRAIT,
    background: str = STILL,
    options: Sequence[str] = (),
) -> Path:
    """A video of these texts over a background, without sound."""
    script = path.with_suffix(".ass")
    script.write_text(_script(drawn, size), encoding="utf-8")
    source = background.format(size=f"{size[0]}x{size[1]}", seconds=seconds)
    picture = f"{source},ass=filename={script}:fontsdir={FONT_FOLDER},format=yuv420p"
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-g", "50", "-threads", "1"]
    codec += [] if "-fps_mode" in options else ["-r", str(FPS)]
    ffmpeg.run(
        [
            "-filter_threads",
            "1",
            "-f",
            "lavfi",
            "-i",
            picture,
            *codec,
            *options,
            "-t",
            str(seconds),
            ffmpeg.address(path),
        ],
        what="draw a clip",
        timeout_s=120,
    )
    return path


def _script(drawn: Sequence[Drawn], size: tuple[int, int]) -> str:
    width, height = size
    head = (
        f"[Script Info]\nScriptType: v4.00+\nPlayResX: {width}\nPlayResY: {height}\nWrapStyle: 2\n\n[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Bold, BorderStyle, Outline, Shadow, "
        f"Alignment, MarginL, MarginR, MarginV\nStyle: Text,{FONT},24,&H00FFFFFF,&H00101010,&H00000000,0,1,2,0,2,0,0,0\n\n"
        "[Events]\nFormat: Layer, Start, End, Style, Text\n"
    )
    lines = []
    for each in drawn:
        tags = each.tags.format(w=width, h=height)
        place = "" if r"\move" in tags else rf"\pos({each.x * width:.0f},{each.y * height:.0f})"
        size_tag = rf"\fs{each.height * min(size):.0f}"
        text = rf"{{{place}{size_tag}{tags}}}{each.text}"
        lines.append(f"Dialogue: 0,{_clock(each.start_ms)},{_clock(each.end_ms)},Text,{text}")
    return head + "\n".join(lines) + "\n"


def _clock(ms: int) -> str:
    return f"{ms // 3_600_000}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms // 10 % 100:02}"


class KnowingReader:
    """Finds rows of white marks in any picture, and reads those of the texts that it was told of, by their shapes.

    `looked` and `read_lines` count what it was asked.
    """

    scripts = frozenset({"Hani", "Latn"})
    # Brighter than this (of 255) is text: no background here is.
    WHITE = 190
    # Texts are compared in this size (px), of any text.
    SHAPE = (16, 192)

    def __init__(self, texts: Sequence[str], folder: Path) -> None:
        self.looked = 0
        self.read_lines: list[str] = []
        self._known = list(_shapes(texts, folder))

    def find(self, picture: Grey, row_height: int = 0) -> list[Box]:
        """Boxes around rows of white, as wide as a gap of a row's height allows."""
        self.looked += 1
        marks = picture >= self.WHITE
        found = []
        for top, bottom in _runs(marks.sum(axis=1) >= 3, 3):
            for left, right in _runs(marks[top:bottom].any(axis=0), bottom - top):
                part = marks[top:bottom, left:right]
                ys = np.flatnonzero(part.any(axis=1))
                box = Box(left, top + int(ys[0]), right - left, int(ys[-1] - ys[0]) + 1)
                if box.height >= 7 and 0.08 < part.mean() < 0.7:
                    found.append(box)
        return found

    def read(self, line: Grey) -> Reading:
        """The known text whose shape is nearest, scored by the correlation of the two."""
        shape = _shape(line)
        if shape is None:
            return Reading("", 0.0)
        scores = [(_likeness(shape, known), text) for text, known in self._known]
        score, text = max(scores, default=(0.0, ""))
        self.read_lines.append(text)
        return Reading(text, score) if score > 0 else Reading("", 0.0)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A text's strokes, stretched to one size, and how wide it is for its height."""

    marks: NDArray[np.float64]
    aspect: float


def _likeness(one: _Shape, other: _Shape) -> float:
    if not 0.75 < one.aspect / other.aspect < 1.33:
        return 0.0
    return float(np.corrcoef(one.marks.ravel(), other.marks.ravel())[0, 1])


def _shape(line: Grey) -> _Shape | None:
    marks = line >= KnowingReader.WHITE
    ys, xs = np.flatnonzero(marks.sum(axis=1) >= 2), np.flatnonzero(marks.any(axis=0))
    if len(ys) < 5 or len(xs) < 5:
        return None
    part = marks[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1].astype(np.float64)
    rows, columns = KnowingReader.SHAPE
    # Means over a grid, by way of running sums: an area may be smaller than a pixel.
    down = np.linspace(0, part.shape[0], rows + 1)
    along = np.linspace(0, part.shape[1], columns + 1)
    sums = np.apply_along_axis(lambda each: np.interp(down, np.arange(len(each)), each), 0, _running(part, 0))
    sums = np.apply_along_axis(
        lambda each: np.interp(along, np.arange(len(each)), each), 1, _running(np.diff(sums, axis=0), 1)
    )
    return _Shape(np.diff(sums, axis=1), part.shape[1] / part.shape[0])


def _running(part: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    zero = np.zeros_like(part.take([0], axis=axis))
    return np.concatenate([zero, part.cumsum(axis=axis)], axis=axis)


def _shapes(texts: Sequence[str], folder: Path) -> list[tuple[str, _Shape]]:
    """Each text drawn alone, and the shape of it."""
    if not texts:
        return []
    drawn = [Drawn(text, 1000 * at, 1000 * (at + 1), y=0.6, height=0.1) for at, text in enumerate(texts)]
    script = folder / "known.ass"
    width, height = 960, 240
    script.write_text(_script(drawn, (width, height)), encoding="utf-8")
    source = f"color=c=black:s={width}x{height}:r=1:d={len(texts)},ass=filename={script}:fontsdir={FONT_FOLDER}"
    drawing = ["-f", "lavfi", "-i", source, "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    raw = ffmpeg.run(drawing, what="draw texts", timeout_s=60).stdout
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, height, width)
    shapes = [(text, _shape(picture)) for text, picture in zip(texts, pictures, strict=False)]
    return [(text, shape) for text, shape in shapes if shape]


def _runs(marked: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Stretches of marked places; gaps of up to `gap` do not part them."""
    found: list[tuple[int, int]] = []
    for at in np.flatnonzero(marked).tolist():
        if found and at - found[-1][1] <= gap:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found
