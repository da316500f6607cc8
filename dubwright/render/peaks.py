"""True peaks as they are delivered: what an encoder adds to them is taken off, and the film written again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dubwright.media import limiter, sound
from dubwright.render import video
from dubwright.render.video import Film

# An encoder answers to each sound anew: more than a second time is rare.
ATTEMPTS = 4
MARGIN_DB = 0.1


def mux(film: Film, out: Path, most_dbtp: float, *, bitrate_kbps: int, threads: int) -> list[str]:
    """Write a film as `video.mux` does, with no true peak of its first sound above `most_dbtp` once it is encoded.

    Where an encoder does not come below that in `ATTEMPTS`, the film stays as near as it came: measuring tells.
    """
    for attempt in range(ATTEMPTS):
        notes = video.mux(film, out, bitrate_kbps=bitrate_kbps, threads=threads)
        over = sound.loudness(out).true_peak_dbtp - most_dbtp
        if over <= 0 or attempt == ATTEMPTS - 1:
            break
        first, *others = film.sounds
        lower = replace(first, path=_lowered(first.path, over + MARGIN_DB, out.with_name(f"lower{attempt}.flac")))
        film = replace(film, sounds=[lower, *others])
    return notes


def _lowered(path: Path, by_db: float, out: Path) -> Path:
    """A sound whose highest peaks are lower by so much; what lies below them stays as it is."""
    samples, rate = sound.read(path)
    highest = float(np.abs(samples).max(initial=1e-9))
    peak = float(limiter.true_peaks(samples, highest).max(initial=1e-9))
    sound.write_flac(out, limiter.limit(samples, rate, 20 * float(np.log10(peak)) - by_db), rate)
    return out
