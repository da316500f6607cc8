"""The timeline's picture: that it can be looked at, whatever the episode is like."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dubwright.quality import gate, timeline
from dubwright.quality.dub_metrics import RATE, DubbedLine
from dubwright.quality.timeline import COLOURS, Shown
from dubwright.settings import QualitySettings
from tests.quality.test_dub_metrics import line, noise


def drawn(lines: list[DubbedLine], duration_ms: int = 20_000, **about: Any) -> Image.Image:
    rows = [{"metric": "onset_ms", "value": 5000.0, "segment": each.segment} for each in lines[:2]]
    given: dict[str, Any] = {
        "language": "en",
        "spoken": [(each.segment, each.original_start_ms, each.original_end_ms) for each in lines],
        "quality": gate.judge(rows, QualitySettings()),
        "values": {"loudness_lufs": -16.04, "drift_frames": -0.0, "flagged": 0.5, "overlaps": None},
    }
    picture = timeline.draw(Shown(duration_ms=duration_ms, lines=lines, **{**given, **about}))
    image = Image.open(io.BytesIO(picture))
    assert image.format == "PNG" and image.width == 1600 and len(picture) < 200_000
    return image.convert("RGB")


def colours(image: Image.Image) -> set[str]:
    return {f"#{r:02x}{g:02x}{b:02x}" for _, (r, g, b) in image.getcolors(1 << 20) or []}  # type: ignore[misc]


def test_each_verdict_has_its_colour_and_flags_are_marked() -> None:
    lines = [line(number, 4000 * number, 2000, verdict=verdict) for number, verdict in enumerate(COLOURS)]
    track = noise(20, 1)
    image = drawn(lines, original=track, track=track)
    assert set(COLOURS.values()) | {timeline.ALARM, timeline.ORIGINAL_INK} <= colours(image)
    assert image.height < 450


def test_cuts_of_the_picture_stand_where_they_are() -> None:
    image = drawn([line(1, 1000)], shots=(5000, 12_000, 90_000))
    y = timeline.HEAD + timeline.ORIGINAL[0] + timeline.ORIGINAL[1] + 10
    row = [image.getpixel((x, y)) for x in range(image.width)]
    (first, second) = [x for x, colour in enumerate(row) if colour == (0x6D, 0x4C, 0x9F)]
    width = timeline.WIDTH - timeline.LEFT - timeline.RIGHT
    assert (first, second) == pytest.approx((timeline.LEFT + width / 4, timeline.LEFT + width * 0.6), abs=1)
    assert timeline.CUT not in colours(drawn([line(1, 1000)]))


@pytest.mark.parametrize(
    ("duration_ms", "rows"), [(0, 1), (1, 1), (60_000, 1), (60_001, 2), (200_000, 4), (10_800_000, 6)]
)
def test_long_episodes_take_more_rows_but_not_without_end(
    duration_ms: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "MOST_ROWS", 6)
    lines = [line(number, start, 1500) for number, start in enumerate(range(0, duration_ms, 50_000), 1)]
    assert drawn(lines, duration_ms).height == timeline.HEAD + rows * timeline.ROW + timeline.FOOT


def test_odd_lines_are_drawn_too() -> None:
    odd = [
        line(1, None, None, verdict="unfit", original_start_ms=500, original_end_ms=520),
        line(2, None, None, verdict="unfit", original_start_ms=3000, original_end_ms=6000),
        line(3, 19_500, 4000, tempo=9.0, verdict="of a later version"),
        line(4, 100_000, 10, original_start_ms=0, original_end_ms=0),
    ]
    short = np.zeros(RATE // 2, np.float32)
    drawn(odd, original=short, track=short[:0])
    drawn([])


def test_equal_episodes_have_equal_pictures() -> None:
    lines = [line(1, 1000)]
    assert drawn(lines).tobytes() == drawn(lines).tobytes()
