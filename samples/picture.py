"""The sample's picture: a gradient by FFmpeg, and over it one ASS script that holds the set, who speaks, and the subtitles.

The shapes are libass drawings, so that FFmpeg moves them and Python draws no frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from dubwright.media import ffmpeg
from samples.script import Episode, Part, Scene, Style
from samples.sound import Span, Track

WIDTH, HEIGHT, FPS = 720, 1280, 25
FONT = "Dubwright Sample Sans"
FONT_FOLDER = Path(__file__).with_name("font")
TITLE_MS = 1500
NOTE = "AI 配音 · dubwright"
SAMPLE = Style()
# Three lines of any portrait player's controls fit below; a cue's lower edge stands here.
SUBTITLE_BOTTOM = SAMPLE.bottom
LONGEST_ROW = SAMPLE.row
# Where faces are, from the top, in the sample's frame.
FACES = 690


def _head(style: Style) -> str:
    font = style.font or FONT
    # A box stands in the back colour, as far around the text as its shadow would fall.
    border, shadow = (4, max(6.0, style.shadow)) if style.box else (1, style.shadow)
    ink = f"{_ass_colour(style.colour)},{_ass_colour(style.outline_colour)},&H80000000"
    below = style.height - style.bottom
    return "\n".join(
        (
            "[Script Info]",
            "ScriptType: v4.00+",
            f"PlayResX: {style.width}",
            f"PlayResY: {style.height}",
            "WrapStyle: 2",
            "ScaledBorderAndShadow: yes",
            "",
            "[V4+ Styles]",
            "Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Bold, BorderStyle, Outline, "
            "Shadow, Alignment, MarginL, MarginR, MarginV",
            f"Style: Shape,{font},20,&H00FFFFFF,&H00000000,&H00000000,0,1,0,0,7,0,0,0",
            f"Style: Cue,{font},{style.size},{ink},0,{border},{style.outline:g},{shadow:g},2,30,30,{below}",
            f"Style: Title,{font},66,&H00E6F2FF,&H00101010,&H80000000,0,1,2,0,5,30,30,0",
            f"Style: Note,{font},24,&H30FFFFFF,&H60101010,&H80000000,0,1,1,0,9,0,24,28",
            "",
            "[Events]",
            "Format: Layer, Start, End, Style, Text",
        )
    )


def arguments(
    episode: Episode, script: Path, duration_ms: int, style: Style = SAMPLE, scenery: Path | None = None
) -> list[str]:
    """FFmpeg's arguments that draw the picture as its first input and filter, output label `[picture]`.

    `scenery` is a script of the set alone, as `script` makes it for a frame that is not the sample's: the set is drawn
    as for the sample, as wide as the frame, and cut to its height around the faces.
    """
    scene = episode.scene
    # A gradient is smooth: drawn small and enlarged it costs a sixteenth.
    size = f"{WIDTH // 4}x{HEIGHT // 4}"
    gradient = (
        f"gradients=size={size}:rate={FPS}:duration={duration_ms / 1000}:nb_colors=2:speed=0.00001:seed=1"
        f":c0=0x{scene.top}:c1=0x{scene.bottom}:x0={WIDTH // 8}:y0=0:x1={WIDTH // 8}:y1={HEIGHT // 4}"
    )
    fonts = _quoted(font_folder(style))
    texts = f"ass=filename={_quoted(script)}:fontsdir={fonts}[picture]"
    if scenery:
        whole = max(style.height, style.width * HEIGHT // WIDTH // 2 * 2)
        top = min(whole - style.height, max(0, whole * FACES // HEIGHT - style.height // 2))
        drawn = (
            f"[0:v]vignette=angle=PI/4.5,scale={style.width}:{whole}:flags=bilinear,format=yuv420p,"
            f"ass=filename={_quoted(scenery)}:fontsdir={fonts},crop={style.width}:{style.height}:0:{top},{texts}"
        )
    else:
        drawn = f"[0:v]vignette=angle=PI/4.5,scale={WIDTH}:{HEIGHT}:flags=bilinear,format=yuv420p,{texts}"
    return ["-f", "lavfi", "-i", gradient, "-filter_complex", drawn]


def font_folder(style: Style) -> Path:
    """The folder in which libass finds the style's font; machine fonts it finds by itself."""
    return Path(style.font_file).parent if style.font_file else FONT_FOLDER


def script(title: str, episode: Episode, track: Track, parts: Mapping[str, Part], style: Style = SAMPLE) -> str:
    """The ASS script of an episode: the set, who speaks, and all text."""
    return "\n".join((_head(style), *_scenery(episode, track, parts), *_texts(title, episode, track, style), ""))


def scripts(title: str, episode: Episode, track: Track, parts: Mapping[str, Part], style: Style) -> tuple[str, str]:
    """The scripts of the set and of the text, for a frame that is not the sample's."""
    scenery = "\n".join((_head(SAMPLE), *_scenery(episode, track, parts), ""))
    return scenery, "\n".join((_head(style), *_texts(title, episode, track, style), ""))


def _scenery(episode: Episode, track: Track, parts: Mapping[str, Part]) -> Iterator[str]:
    yield from _set(episode.scene, track)
    yield from _speakers(episode, track, parts)
    if episode.scene.rain:
        yield from _rain(track.duration_ms)
    if episode.effect.kind == "thunder":
        yield from _lightning(track.effect.start_ms)


def _texts(title: str, episode: Episode, track: Track, style: Style) -> Iterator[str]:
    """Subtitles, title, label, and what else is written into the picture."""
    end = track.duration_ms
    for span, text in cues(episode, track, style):
        yield _event(9, span, "Cue", text)
    number = f"第{'零一二三四五六七八九'[int(episode.name)]}集"
    centre = rf"\pos({style.width // 2},{420 * style.height // HEIGHT})"
    yield _event(
        9, Span(0, TITLE_MS), "Title", rf"{{\fad(250,250){centre}}}{title}\N{{\fs38}}{number} · {episode.title}"
    )
    yield _event(9, Span(0, end), "Note", NOTE)
    if style.logo:
        yield _event(9, Span(0, end), "Note", rf"{{\an7\pos(28,28)\fs38}}{style.logo}")
    for caption in episode.captions:
        text = r"\N".join(caption.text) if caption.vertical else caption.text
        place = rf"{{\an5\pos({caption.x},{caption.y})\fs{caption.size}\bord2\fad(200,200)}}"
        yield _event(9, Span(caption.start_ms, min(caption.end_ms, end)), "Note", place + text)


def cues(episode: Episode, track: Track, style: Style = SAMPLE) -> Iterator[tuple[Span, str]]:
    """The subtitles with their times: mostly a line each, from its start to its end."""
    found: list[tuple[Span, str]] = []
    spans = iter(zip(episode.lines, track.lines, strict=True))
    for line, span in spans:
        if line.with_next:
            other, until = next(spans)
            dashed = rf"- {_written(line.text, style)}\N- {_written(other.text, style)}"
            found.append((Span(span.start_ms, until.end_ms), dashed))
            continue
        at, shown = span.start_ms, line.subtitles or (line.text,)
        for part in shown:
            end = at + round((span.end_ms - span.start_ms) * len(part) / len(line.text))
            text = rows(_written(part, style), style.row)
            if style.second:
                text += rf"\N{{\fs{style.second_size}}}{line.references.get(style.second, '')}"
            found.append((Span(at, span.end_ms if part is shown[-1] else end), text))
            at = end
    befores = [0, *(span.end_ms for span, _ in found)]
    afters = [*(span.start_ms for span, _ in found[1:]), track.duration_ms]
    for (span, text), before, after in zip(found, befores, afters, strict=False):
        # Of the room between two subtitles, who comes has the half that it wants, who goes the other.
        start = max(span.start_ms - style.early_ms, min(span.start_ms, (before + span.start_ms) // 2))
        yield Span(start, min(span.end_ms + style.late_ms, max(span.end_ms, (span.end_ms + after) // 2))), text


def _written(text: str, style: Style) -> str:
    """A line as this series writes it: many show a space where a comma would be, and nothing at the end."""
    return text if style.punctuation else re.sub("[，。！？、…—]+", " ", text).strip()


def rows(text: str, longest: int = LONGEST_ROW) -> str:
    """A line as it stands in the picture: in two rows, cut after the comma nearest the middle, where one is too wide."""
    if len(text) <= longest:
        return text
    cuts = [at + 1 for at, char in enumerate(text[:-1]) if char in "，。？！、 "]
    cut = min(cuts or [len(text) // 2], key=lambda at: abs(at - len(text) / 2))
    if max(cut, len(text) - cut) > longest:
        cut = len(text) // 2
    return rf"{text[:cut]}\N{text[cut:]}"


# What is drawn -----------------------------------------------------------------------------------------


def _set(scene: Scene, track: Track) -> Iterator[str]:
    """The backdrop, and the light that hangs in it until it goes out."""
    end = track.duration_ms
    dice = np.random.default_rng(4)
    if scene.backdrop == "lane":
        yield _shape(1, Span(0, end), _LANE_FAR, scene.bottom, alpha=0x50)
        yield _shape(2, Span(0, end), _LANE_NEAR, scene.bottom)
    else:
        for column in range(6):
            for row in range(9):
                if dice.random() < 0.6:
                    yield _shape(
                        1,
                        Span(0, end),
                        _box(60 + column * 108, 150 + row * 88, 70, 54),
                        scene.glow,
                        alpha=int(dice.integers(0xA0, 0xE4)),
                    )
        yield _shape(2, Span(0, end), _box(0, 1010, WIDTH, 270), scene.bottom)
    dark = track.lines[scene.dark_from_line - 1].start_ms if scene.dark_from_line else end
    period = 1600
    for number, start in enumerate(range(0, dark, period)):
        span = Span(start, min(start + period, dark))
        swing = (-2, 2) if number % 2 else (2, -2)
        turn = rf"\org(560,0)\frz{swing[0]}\t(0,{period},\frz{swing[1]})"
        if scene.backdrop == "lane":
            yield _shape(3, span, _circle(560, 330, 120), scene.glow, alpha=0xA0, more=r"\blur40")
            yield _shape(4, span, _LANTERN, scene.glow, more=turn)
        else:
            yield _shape(3, span, _circle(560, 250, 90), scene.glow, alpha=0xA8, more=r"\blur40")
    if dark < end and scene.backdrop == "lane":
        yield _shape(4, Span(dark, end), _LANTERN, scene.top)


def _speakers(episode: Episode, track: Track, parts: Mapping[str, Part]) -> Iterator[str]:
    """Whoever speaks comes up from the side on which that character stands."""
    order = list(dict.fromkeys(line.speaker for line in episode.lines))
    ends = [span.start_ms for span in track.lines[1:]] + [track.duration_ms]
    for line, span, end in zip(episode.lines, track.lines, ends, strict=True):
        x = 250 if order.index(line.speaker) % 2 else 470
        shown = Span(span.start_ms, max(span.end_ms, min(end, span.end_ms + 600)))
        move = rf"\move({x},{700},{x - 14 if x > 360 else x + 14},{690})\fad(120,160)"
        part = parts[line.speaker]
        for path, colour in (
            (_LONG_HAIR if part.hair == "long" else "", part.hair_colour),
            (_SHOULDERS, part.colour),
            (_FACE, _SKIN),
            (_FRINGE, part.hair_colour),
        ):
            if path:
                yield _shape(6, shown, path, colour, at=move)


def _rain(end: int) -> Iterator[str]:
    dice = np.random.default_rng(3)
    fall = 640
    for start in range(0, end, fall):
        for _ in range(16):
            x, begin = int(dice.integers(WIDTH + 160)), start + int(dice.integers(fall))
            move = rf"\move({x},-120,{x - 160},{HEIGHT})"
            yield _shape(
                5, Span(begin, min(begin + fall, end)), "m 0 0 l 3 0 l -9 96 l -11 96", "b8c8e0", alpha=0x90, at=move
            )


def _lightning(start: int) -> Iterator[str]:
    for delay, length, alpha in ((0, 120, 0x50), (200, 280, 0x80)):
        span = Span(start + delay, start + delay + length)
        yield _shape(7, span, _box(0, 0, WIDTH, HEIGHT), "e8eeff", alpha=alpha, at=rf"\pos(0,0)\fad(0,{length - 40})")


def _box(x: int, y: int, width: int, height: int) -> str:
    return f"m {x} {y} l {x + width} {y} l {x + width} {y + height} l {x} {y + height}"


def _circle(x: int, y: int, radius: int) -> str:
    k = round(radius * 0.5523)
    return (
        f"m {x} {y - radius} b {x + k} {y - radius} {x + radius} {y - k} {x + radius} {y} "
        f"b {x + radius} {y + k} {x + k} {y + radius} {x} {y + radius} "
        f"b {x - k} {y + radius} {x - radius} {y + k} {x - radius} {y} "
        f"b {x - radius} {y - k} {x - k} {y - radius} {x} {y - radius}"
    )


_LANE_FAR = (
    "m 0 560 l 120 500 b 160 520 180 540 230 545 l 230 1280 l 0 1280 m 420 600 b 470 590 520 560 560 520 "
    "l 720 600 l 720 1280 l 420 1280"
)
_LANE_NEAR = (
    "m 0 640 b 90 640 150 600 200 560 l 214 580 b 180 620 170 640 170 680 l 170 1280 l 0 1280 "
    "m 720 690 b 660 680 610 650 575 600 l 560 618 b 590 670 600 700 600 740 l 600 1280 l 720 1280 "
    "m 0 1130 l 720 1090 l 720 1280 l 0 1280"
)
_LANTERN = (
    "m 558 0 l 562 0 l 562 262 l 558 262 m 530 262 l 590 262 l 590 276 l 530 276 "
    "m 530 280 b 480 310 480 380 530 412 l 590 412 b 640 380 640 310 590 280 m 532 416 l 588 416 l 588 428 l 532 428 "
    "m 556 428 l 564 428 l 564 490 l 556 490"
)
# A bust around x = 0, from y = -190 down to beyond the frame.
_SKIN = "b48a70"
_LONG_HAIR = (
    "m 0 -196 b 100 -196 122 -110 116 -20 b 112 60 132 150 150 250 l -150 250 "
    "b -132 150 -112 60 -116 -20 b -122 -110 -100 -196 0 -196"
)
_SHOULDERS = "m -40 118 b -120 138 -196 150 -222 240 l -246 610 l 246 610 l 222 240 b 196 150 120 138 40 118 l 0 176"
_FACE = (
    "m 0 -176 b 66 -176 88 -112 80 -54 b 74 0 54 34 40 50 l 42 120 l 0 178 l -42 120 l -40 50 "
    "b -54 34 -74 0 -80 -54 b -88 -112 -66 -176 0 -176"
)
_FRINGE = (
    "m 0 -194 b 84 -196 106 -120 90 -30 b 84 -70 60 -96 20 -112 b -10 -92 -60 -84 -84 -34 b -108 -120 -84 -192 0 -194"
)


# How it is written ------------------------------------------------------------------------------------


def _shape(
    layer: int, span: Span, path: str, colour: str, *, alpha: int = 0, at: str = r"\pos(0,0)", more: str = ""
) -> str:
    tags = rf"{{\an7{at}\1c&H{_bgr(colour)}&\1a&H{alpha:02X}&{more}\p1}}"
    return _event(layer, span, "Shape", tags + path)


def _bgr(colour: str) -> str:
    return colour[4:] + colour[2:4] + colour[:2]


def _ass_colour(colour: str) -> str:
    return f"&H00{_bgr(colour).upper()}"


def _event(layer: int, span: Span, style: str, text: str) -> str:
    return f"Dialogue: {layer},{_clock(span.start_ms)},{_clock(span.end_ms)},{style},{text}"


def _clock(ms: int) -> str:
    return f"{ms // 3_600_000}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms // 10 % 100:02}"


def _quoted(path: Path) -> str:
    """A path inside a filter's option inside a filter graph, each of which takes a level of escapes away."""
    text = str(path.absolute())
    for special in ("\\':", "\\'[],;"):
        text = "".join(f"\\{char}" if char in special else char for char in text)
    return text


def encode(
    episode: Episode,
    title: str,
    track: Track,
    parts: Mapping[str, Part],
    folder: Path,
    threads: int,
    style: Style = SAMPLE,
) -> Path:
    """Draw the picture, join the sound `mix.wav` of `folder`, and write `folder`/episode.mp4."""
    ass, set_ass, mp4 = folder / "picture.ass", folder / "set.ass", folder / "episode.mp4"
    if (style.width, style.height) == (WIDTH, HEIGHT):
        ass.write_text(script(title, episode, track, parts, style), encoding="utf-8")
        video = arguments(episode, ass, track.duration_ms, style)
    else:
        for path, text in zip((set_ass, ass), scripts(title, episode, track, parts, style), strict=True):
            path.write_text(text, encoding="utf-8")
        video = arguments(episode, ass, track.duration_ms, style, set_ass)
    sound = ffmpeg.trusted_input(folder / "mix.flac")
    codec = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", "-r", str(FPS), "-g", "50"]
    codec += ["-threads", str(threads), "-c:a", "aac", "-b:a", "160k", "-ar", "48000", "-ac", "2"]
    marks = ["-metadata", f"title={title} {episode.name}", "-metadata:s:a:0", "language=zho", "-movflags", "+faststart"]
    ends = ["-map", "[picture]", "-map", "1:a", "-t", f"{track.duration_ms / 1000}", ffmpeg.address(mp4)]
    ffmpeg.run(
        [*video[:4], *sound, *video[4:], *codec, *marks, *ends], what=f"draw episode {episode.name}", timeout_s=900
    )
    return mp4
