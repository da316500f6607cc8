"""Speech that was synthesized before, found again: one corrected line costs one line.

The lake holds, under the fingerprint of what decides a line's sound, the key of the blob with that sound. Like all
in the lake it is created once; a lost entry or blob only costs the synthesis again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from dubwright.dub.engine import Speech
from dubwright.engines import EngineInfo
from dubwright.errors import KeyMissingError, MediaError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, layout
from dubwright.media import sound


@dataclass(frozen=True, slots=True)
class SpeechCache:
    """The lines that one engine with one model has spoken into this lake."""

    lake: Lake
    info: EngineInfo
    model_sha256: str | None

    def key(self, text: str, language: str, voice: str) -> str:
        """Key of the entry for a line."""
        decides = {
            "text": text,
            "language": language,
            "voice": voice,
            "engine": self.info.name,
            "revision": self.info.revision,
            "model": self.model_sha256,
        }
        return layout.speech(fingerprint(decides))

    def find(self, text: str, language: str, voice: str, rate: int) -> tuple[str, NDArray[np.float32]] | None:
        """Key of the line's blob, and its samples [n] at `rate` Hz; None if it was never spoken."""
        try:
            blob = self.lake.store.read(self.key(text, language, voice)).decode("ascii", "replace")
            return (blob, self._read(blob, rate)) if layout.is_blob(blob) else None
        except (KeyMissingError, MediaError):
            return None

    def keep(self, text: str, language: str, voice: str, speech: Speech, rate: int) -> tuple[str, NDArray[np.float32]]:
        """Store a line's speech; key and samples [n] at `rate` Hz as `find` will give them."""
        with TemporaryDirectory(prefix="dubwright-speech-") as folder:
            path = Path(folder, "line.flac")
            sound.write_flac(path, speech.samples, speech.rate)
            blob = self.lake.put_blob(path)
        self.lake.store.put_if_absent(self.key(text, language, voice), blob.encode())
        return blob, self._read(blob, rate)

    def _read(self, blob: str, rate: int) -> NDArray[np.float32]:
        with self.lake.blob_file(blob) as path:
            samples, _ = sound.read(path, rate=rate, channels=1)
        return samples[:, 0]
