"""The strokes of bright text: what tells it from its background, from other text, and from what moves.

A stroke is brighter than what lies around it within half a character. Patterns are compared where strokes are and
where none are, so that another text at the same place is as far from a pattern as no text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.media.frames import Grey
from dubwright.transcribe.burned.reader import Box

# Strokes are looked at in a picture of about this shorter side (px): characters are 14 to 40 px high there,
SIDE = 360
CHARACTER = 24
# their strokes at most half as wide as this window (px),
WINDOW = 9
# and so much (of 255) brighter than the darkest near them. Compression's noise stays under the lower bound.
STROKE, NO_STROKE = 40, 20
# Fewer pixels than this are no character.
FEWEST = 24


def scale(height: int, width: int) -> int:
    """How many pixels of a picture, each way, make one of its strokes' picture."""
    return max(1, round(min(height, width) / SIDE))


def response(grey: Grey, by: int) -> Grey:
    """How much each point stands out from what is around it: shape [height // by, width // by], 0 to 255."""
    height, width = grey.shape[0] // by, grey.shape[1] // by
    small = grey[: height * by, : width * by]
    if by > 1:
        parts = [small[down::by, along::by] for down in range(by) for along in range(by)]
        small = (np.add.reduce(parts, dtype=np.uint16) // by**2).astype(np.uint8)
    opened = _sliding(_sliding(small, np.minimum), np.maximum)
    return np.asarray(small - np.minimum(small, opened), np.uint8)


def _sliding(picture: Grey, extreme: Callable[[Grey, Grey], Any]) -> Grey:
    """The extreme within a window around each point, doubling the width reached with every step."""
    padded = np.pad(picture, WINDOW // 2, mode="edge")
    for _ in range(2):
        width = 1
        while width < WINDOW:
            step = min(width, WINDOW - width)
            padded = extreme(padded[:-step], padded[step:])
            width += step
        padded = padded.T
    return padded


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text's shape: the points of a response that are strokes, and those around them that are none."""

    on: tuple[NDArray[np.intp], ...]
    off: tuple[NDArray[np.intp], ...]

    def level(self, seen: Grey) -> float:
        """How much of the text is in a response: its strokes' contrast (of 255); near 0 for none, or another text."""
        on = float(seen[self.on].mean())
        return on - float(seen[self.off].mean()) if len(self.off[0]) else on


def pattern(seen: Sequence[Grey], box: Box, *, least_share: float = 0.6) -> Pattern | None:
    """The shape of what stands still inside a box (of the responses) while these were seen; None where nothing does.

    Text that crawls or scrolls keeps less than `least_share` of its strokes where they were.
    """
    part = np.stack([each[max(0, box.y) : box.bottom, max(0, box.x) : box.right] for each in seen])
    always, ever = part.min(axis=0) >= STROKE, part.max(axis=0)
    now = int(np.count_nonzero(part[-1] >= STROKE))
    if np.count_nonzero(always) < max(FEWEST, least_share * now):
        return None
    never = ever < NO_STROKE
    corner = (max(0, box.y), max(0, box.x))
    on, off = (tuple(axis + at for axis, at in zip(np.nonzero(each), corner, strict=True)) for each in (always, never))
    return Pattern(on, off)


def scaled(box: Box, by: int) -> Box:
    """A box of the picture as a box of its response."""
    x, y = box.x // by, box.y // by
    return Box(x, y, max(1, -(-box.right // by) - x), max(1, -(-box.bottom // by) - y))
