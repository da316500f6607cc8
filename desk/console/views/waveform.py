"""How loud a sound is over its time, for a picture of it."""

from __future__ import annotations

from functools import partial

import numpy as np
from pydantic import BaseModel

from dubwright.errors import CatalogError
from dubwright.lake import Lake
from dubwright.lately import Lately
from dubwright.media import sound
from dubwright.reports.coverage import newest_rows

POINTS_A_SECOND = 20
# Enough to see a voice; loudness needs no more.
RATE = 8000
# Blobs never change: peaks of so many are kept, some KB each.
KEPT = 2000


class Waveform(BaseModel):
    """Peaks, 0 to 255, `per_second`: of the original sound, and of the dub where there is one."""

    per_second: int
    original: list[int]
    dub: list[int]


def waveform(lake: Lake, series: str, episode: str, language: str) -> Waveform:
    """The waveforms of an episode. Raises `CatalogError` where there is no such episode."""
    source = next(iter(newest_rows(lake, "source", series, episode) or []), None)
    if source is None:
        raise CatalogError("the lake has no such episode", where=f"{series}/{episode}", remedy="see its series")
    mixes = [row for row in newest_rows(lake, "dub", series, episode, language) or [] if row["verdict"] == "mix"]
    return Waveform(
        per_second=POINTS_A_SECOND,
        original=_points(lake, source["speech_blob"]),
        dub=_points(lake, mixes[0]["blob"] if mixes else None),
    )


_kept: Lately[tuple[Lake, str], bytes] = Lately(KEPT)


def _points(lake: Lake, blob: str | None) -> list[int]:
    return list(_kept.one((lake, blob), partial(_peaks, lake, blob))) if blob else []


def _peaks(lake: Lake, blob: str) -> bytes:
    with lake.blob_file(blob) as path:
        samples = np.abs(sound.read(path, rate=RATE, channels=1)[0][:, 0])
    size = RATE // POINTS_A_SECOND
    padded = np.zeros(-(-len(samples) // size) * size, np.float32)
    padded[: len(samples)] = samples
    peaks = padded.reshape(-1, size).max(axis=1, initial=0)
    return bytes(np.round(np.clip(peaks, 0, 1) * 255).astype(np.uint8))
