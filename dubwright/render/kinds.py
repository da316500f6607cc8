"""The kinds of deliverables, as the table names them."""

from __future__ import annotations

SOURCE = "source-"  # begins the kinds that hold the source language's text

ENDINGS = {"video": "mp4", "srt": "srt", "vtt": "vtt", "source-srt": "srt", "source-vtt": "vtt"}
MIME = {"video": "video/mp4", "srt": "application/x-subrip", "vtt": "text/vtt"}
MIME |= {SOURCE + kind: MIME[kind] for kind in ("srt", "vtt")}
