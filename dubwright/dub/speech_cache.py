"""Speech that was synthesized before, found again: one corrected line costs one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dubwright import engines, unit
from dubwright.dub import kept
from dubwright.dub.engine import Configured, Speech
from dubwright.engines import EngineInfo
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, layout
from dubwright.settings import DubSettings


@dataclass(frozen=True, slots=True)
class SpeechCache:
    """The lines that one engine with these `models`, digests or other names by what they are, has spoken into this lake."""

    lake: Lake
    info: EngineInfo
    models: Mapping[str, str]

    @classmethod
    def of(cls, lake: Lake, info: EngineInfo, settings: DubSettings, language: str) -> SpeechCache:
        """The lines of an engine as it speaks a language under these settings."""
        models = unit.model_digests(info, settings, language)
        found = engines.engine_class("dub", info.name)
        if isinstance(found, Configured):
            models["named"] = found.decides(settings)
        return cls(lake, info, models)

    def key(self, text: str, language: str, voice: str) -> str:
        """Key of the entry for a line."""
        decides = {
            "text": text,
            "language": language,
            "voice": voice,
            "engine": self.info.name,
            "revision": self.info.revision,
            "models": dict(self.models),
        }
        return layout.speech(fingerprint(decides))

    def find(self, text: str, language: str, voice: str, rate: int) -> tuple[str, NDArray[np.float32]] | None:
        """Key of the line's blob, and its samples [n] at `rate` Hz; None if it was never spoken."""
        found = kept.find(self.lake, self.key(text, language, voice), rate, channels=1)
        return (found[0], found[1][:, 0]) if found else None

    def keep(self, text: str, language: str, voice: str, speech: Speech, rate: int) -> tuple[str, NDArray[np.float32]]:
        """Store a line's speech; key and samples [n] at `rate` Hz as `find` will give them."""
        entry = self.key(text, language, voice)
        blob, samples = kept.keep(self.lake, entry, speech.samples, speech.rate, rate, channels=1)
        return blob, samples[:, 0]
