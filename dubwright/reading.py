"""What a viewer can read: how wide a text is on screen, how fast a language is read, how long a subtitle may stand.

Widths are in columns: a Latin letter takes one, a Chinese character two, a combining mark none.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from dubwright import languages
from dubwright.settings import RenderSettings

LINGER_MS = 500  # 12 frames: how far a cue may outlast its voice for the sake of reading
SHORTEST_SLOT_MS = 250  # what a cue gets even where lines start almost together

_DEFAULTS = RenderSettings()


@dataclass(frozen=True, slots=True)
class Pace:
    """What a viewer reads: `columns` a line at most, `per_second` columns a second."""

    columns: int
    per_second: float

    def width_in(self, ms: int) -> int:
        """The width of what can be read in so long."""
        return int(ms * self.per_second / 1000)


# Netflix Timed Text Style Guide, adult programmes (general requirements and each language's guide). It counts
# characters; where a character is full width (zh, ja, ko) both figures are doubled into columns here.
DEFAULT_PACE = Pace(42, 17)
PACES = {
    "en": Pace(42, 20),
    "ar": Pace(42, 20),
    "hi": Pace(42, 22),
    "th": Pace(35, 17),
    "zh": Pace(2 * 16, 2 * 9),
    "ja": Pace(2 * 13, 2 * 4),
    "ko": Pace(2 * 16, 2 * 12),
}


def pace(language: str) -> Pace:
    """A language's reading limits, whatever its region or script."""
    return PACES.get(languages.base(language), DEFAULT_PACE)


def cue_ms(start_ms: int, end_ms: int, next_ms: int | None) -> int:
    """How long the subtitle of a line that is heard from `start_ms` to `end_ms` may stand, before one at `next_ms`.

    Times are in ms; a cue's own limits are the render settings' defaults.
    """
    own = max(end_ms + LINGER_MS, start_ms + _DEFAULTS.cue_shortest_ms)
    last = own if next_ms is None else min(own, next_ms - _DEFAULTS.cue_gap_ms)
    return max(last - start_ms, SHORTEST_SLOT_MS)


def width(text: str) -> int:
    """Columns that a text takes."""
    return sum(map(char_width, text))


def char_width(char: str) -> int:
    """Columns that a character takes: 0, 1 or 2."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
