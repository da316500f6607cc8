"""What a reader of pictures is to dubwright, and what it gives: boxes around lines of text, and what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from dubwright.media.frames import Grey


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels: its left upper corner, its width and height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def joined(self, other: Box) -> Box:
        """The smallest box around both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def moved(self, x: int, y: int) -> Box:
        return Box(self.x + x, self.y + y, self.width, self.height)

    def same_row(self, other: Box) -> bool:
        """Whether the lower of two boxes begins above the middle of the higher one."""
        return min(self.bottom, other.bottom) - max(self.y, other.y) > 0.5 * min(self.height, other.height)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line says; the reader's own score, 0 to 1."""

    text: str
    score: float


class Reader(Protocol):
    """Finds and reads lines of text in grey pictures of shape [height, width]. Called from one thread at a time."""

    scripts: frozenset[str]
    """ISO 15924 codes of the scripts that it reads; `Hani` stands for Chinese in either script."""

    def find(self, picture: Grey, row_height: int = 0) -> list[Box]:
        """Boxes around what looks like lines of text, or parts of lines, in any order. Where the height of rows (px)
        is known, the picture need not be looked at any larger than such rows take."""
        ...

    def read(self, line: Grey) -> Reading:
        """What one line says, cut out with a little room around it; an empty text with score 0 where nothing is read."""
        ...


# Phrases in one row stand apart by a space or two: up to so many heights of the row.
PHRASES_APART = 2.5


def rows(boxes: Iterable[Box]) -> list[Box]:
    """Boxes of whole rows, from the top down: parts of one row, which readers give apart, put together."""
    whole: list[Box] = []
    for box in sorted(boxes, key=lambda each: each.x):
        for index, row in enumerate(whole):
            if row.same_row(box) and box.x - row.right <= PHRASES_APART * max(row.height, box.height):
                whole[index] = row.joined(box)
                break
        else:
            whole.append(box)
    return sorted(whole, key=lambda each: each.y)
