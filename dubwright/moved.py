"""When a translated line is spoken and shown: while its original is, unless a person moved it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def span(heard: Row, translated: Row | None) -> tuple[int, int]:
    """Start and end (ms) of a line, from its rows in the tables `transcript` and `translation`."""
    start_ms, end_ms = (translated.get("start_ms"), translated.get("end_ms")) if translated else (None, None)
    if start_ms is None or end_ms is None:
        return heard["start_ms"], heard["end_ms"]
    return start_ms, end_ms
