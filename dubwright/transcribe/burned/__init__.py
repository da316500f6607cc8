"""Subtitles that are burned into the picture: where they stand, when they come and go, what they say.

`read` decodes a video at most twice, the second time in full. Each subtitle is read once, from a picture of it in
which what moved behind it is gone. Text of bright strokes on something darker, in horizontal rows, is meant: what
dramas and their platforms draw. Dark text is found by the light between its strokes, where it stands on a light box.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dubwright.media import frames
from dubwright.transcribe.burned import band as bands
from dubwright.transcribe.burned import lines as all_lines
from dubwright.transcribe.burned.band import Band, Within
from dubwright.transcribe.burned.captions import Captions
from dubwright.transcribe.burned.lines import Line
from dubwright.transcribe.burned.reader import Box, Reader, Reading
from dubwright.transcribe.burned.tracks import Watch

__all__ = ["Band", "Box", "Burned", "Line", "Reader", "Reading", "read"]

# Readings that score less are more often scenery than text; what is right scores above 0.9.
LEAST_SCORE = 0.6


@dataclass(frozen=True, slots=True)
class Burned:
    """What a video's burned-in subtitles are.

    `lines` are in the source language, `others` in another script: the second half of bilingual subtitles, or all of
    them. Where `lines` is empty, `why` says in words why it is. `band` is None where no subtitles stand anywhere.
    `captions` are in the source language's script and stand elsewhere for a while: names, places, times, titles.
    """

    band: Band | None
    lines: tuple[Line, ...] = ()
    others: tuple[Line, ...] = ()
    why: str = ""
    captions: tuple[Line, ...] = ()


def read(
    video: Path, reader: Reader, language: str, *, within: Within | None = None, least_score: float = LEAST_SCORE
) -> Burned:
    """The subtitles that are burned into a video, in order of time, told apart by `language`'s script.

    `within` is where the series' subtitles stand, from and to as shares of the picture's height, if that is known: then
    nothing else is taken for them, and one is enough.
    Raises `MediaError` where the picture cannot be read, `ToolTimeout` where decoding takes absurdly long, and
    whatever the reader raises.
    """
    script = all_lines.base_script(reader, language)
    if script is None:
        return Burned(None, why=f"this reader does not read {all_lines.script_of(language)}, the script of {language}")
    when = frames.clock(video)
    aside = Captions()
    band, why = bands.find(video, when, reader, within, aside.look)
    written = aside.choose(band)
    if band is None:
        if written:
            for _ in aside.watch(frames.every(video, when)):
                pass
        return Burned(None, why=why, captions=tuple(aside.read(reader, language)))
    seen = aside.watch(frames.every(video, when))
    strip = (replace(frame, grey=frame.grey[band.top : band.bottom]) for frame in seen)
    found = all_lines.read(Watch(reader, band).rows(strip), reader, language, least_score)
    own = tuple(line for line in found if line.script == script)
    others = tuple(line for line in found if line.script != script)
    if not own:
        why = f"the subtitles are not in {script}" if others else "nothing in the band can be read"
    return Burned(band, own, others, why, tuple(aside.read(reader, language)))
