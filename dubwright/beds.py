"""Where the bed of a sound is found again in the lake: the dub keeps it there, and what measures a dub looks there."""

from __future__ import annotations

from dubwright.engines import EngineInfo
from dubwright.fingerprint import fingerprint
from dubwright.lake import layout


def entry(blob: str, separator: EngineInfo, model_sha256: str | None) -> str:
    """The key of the entry that leads to what a separator left of the sound in a blob."""
    return layout.speech(
        fingerprint({"bed": blob, "separator": separator.name, "revision": separator.revision, "model": model_sha256})
    )
