"""An episode's music and effects without its voices, computed once for all languages."""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dubwright import beds, engines, unit
from dubwright.dub import kept
from dubwright.dub.separation.engine import Separator
from dubwright.dub.stage import NO_SEPARATOR
from dubwright.errors import EngineOutputError
from dubwright.lake import Lake
from dubwright.media import layouts
from dubwright.settings import DubSettings

# How long a separator may take: many times what the slowest needs on a busy machine.
PATIENCE_S, PATIENCE_PER_SECOND_S = 120.0, 10.0


def of(
    work: unit.Work, lake: Lake, machine: unit.Machine, blob: str, original: NDArray[np.float32], rate: int
) -> NDArray[np.float32] | None:
    """The bed of the sound in a blob, whose samples [n, channels] at `rate` (Hz) are given; None where none is wanted.

    Raises `SettingsError` for a separator that is not registered, `EngineMissingError`, `EngineOutputError`.
    """
    settings = cast(DubSettings, work.settings)
    if settings.separator == NO_SEPARATOR:
        return None
    info = engines.engine_class("separate", settings.separator).info
    entry = beds.entry(blob, info, unit.main_model(info, settings))
    channels = original.shape[1]
    found = kept.find(lake, entry, rate, channels)
    if found and found[1].shape == original.shape:
        return found[1]
    loaded = cast(Separator, unit.load_engine("separate", info, settings, machine))
    what = f"{info.name} on {work.series}/{work.episode}"
    seconds = PATIENCE_S + PATIENCE_PER_SECOND_S * len(original) / rate
    bed = original.copy()
    # It hears two channels: pair by pair, and nobody speaks from the one for low frequencies alone.
    for pair in map(list, layouts.KEPT[channels].pairs):
        heard = np.ascontiguousarray(original[:, pair])
        voices = unit.ask_within(what, seconds, loaded, partial(loaded.voices, heard, rate))
        if voices.shape != heard.shape or not np.isfinite(voices).all():
            raise EngineOutputError(f"{info.name} gave no sound of the episode's length", where=what)
        alone = pair[0] == pair[1]
        bed[:, pair] -= voices.mean(axis=1, keepdims=True) if alone else voices
    return kept.keep(lake, entry, bed, rate, rate, channels)[1]
