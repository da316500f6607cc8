"""Cuts of a picture: found where they are, and not where something only moves or is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from dubwright.errors import ToolError
from dubwright.media.shots import shot_changes
from tests.media import clips

pytestmark = pytest.mark.slow
FRAME_MS = 40


def test_cuts_are_found_at_their_first_frames(tmp_path: Path) -> None:
    path = clips.make_cut(tmp_path / "a:b 'c'.mp4", "testsrc2", "smptebars", "mandelbrot", each_s=1.2)
    assert shot_changes(path, 3600) == [1200, 2400]


def test_times_are_the_picture_s_own(tmp_path: Path) -> None:
    # The sound begins half a second before the picture.
    cut = clips.make_cut(tmp_path / "a.mp4", "testsrc2", "smptebars", each_s=1.2)
    late = clips.make_delayed_picture(tmp_path / "late.mkv", cut, 0.5)
    assert shot_changes(late, 2400) == [1200]
    turned = clips.turned(tmp_path / "turned.mp4", cut, 90)
    assert shot_changes(turned, 2400) == [1200]


def test_a_moving_picture_with_changing_subtitles_is_one_shot(tmp_path: Path) -> None:
    written = "drawbox=x=8:y=80:w=48:h=12:color=white:t=fill:enable='lt(mod(t,1),0.6)'"
    path = clips.make_clip(tmp_path / "a.mp4", seconds=4, options=("-vf", written))
    assert shot_changes(path, 4000) == []


def test_what_is_no_video_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="FFmpeg"):
        shot_changes(clips.make_text(tmp_path / "a.mp4"), 1000)
    with pytest.raises(ToolError):
        shot_changes(clips.make_sound_only(tmp_path / "b.mp4"), 1000)
