"""Where a picture is cut, as FFmpeg's scene score tells it: hard cuts, not dissolves."""

from __future__ import annotations

import re
from pathlib import Path

from dubwright.media import ffmpeg

# From this score (0 to 1) on, two frames are of two shots; 0.3 to 0.5 is what FFmpeg's manual calls sane.
SCORE = 0.3
# Pictures are compared this wide (px): grain and a line of subtitles count for little, and it costs little.
WIDTH = 160
# Decoding may take this long, and so much for each second of video.
PATIENCE_S, PATIENCE = 120.0, 4.0
_TIME = re.compile(rb"pts_time:(\d+(?:\.\d+)?)")


def shot_changes(path: Path, duration_ms: int) -> list[int]:
    """When (ms, 0 is the first frame) a shot begins that another one comes before, of the first picture stream; rising.

    Raises `ToolError` where it cannot be decoded, `ToolTimeout` where that takes absurdly long.
    """
    steps = [
        "setpts=PTS-STARTPTS",
        rf"scale=w=min({WIDTH}\,iw):h=-2:flags=fast_bilinear",
        rf"select=gt(scene\,{SCORE})",
        "metadata=print:file=-",
    ]
    found = ffmpeg.run(
        ["-threads", "1", *ffmpeg.untrusted_input(path), "-map", "0:V:0", "-vf", ",".join(steps), "-f", "null", "-"],
        what="find where the picture is cut",
        timeout_s=PATIENCE_S + PATIENCE * duration_ms / 1000,
    )
    times = {round(1000 * float(at)) for at in _TIME.findall(found.stdout)}
    return sorted(at for at in times if 0 < at < duration_ms)
