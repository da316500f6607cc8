"""Sound that was computed before, found again: spoken lines, beds.

The lake holds, under the fingerprint of what decides a sound, the key of the blob with it. Like all in the lake it is
created once; a lost entry or blob only costs the computation again.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from dubwright.errors import KeyMissingError, MediaError
from dubwright.lake import Lake, layout
from dubwright.media import sound

Samples = NDArray[np.float32]


def find(lake: Lake, entry: str, rate: int, channels: int) -> tuple[str, Samples] | None:
    """Key of the blob that an entry names, and its samples [n, channels] at `rate` Hz; None where there is none."""
    try:
        blob = lake.store.read(entry).decode("ascii", "replace")
        return (blob, _read(lake, blob, rate, channels)) if layout.is_blob(blob) else None
    except (KeyMissingError, MediaError):
        return None


def keep(lake: Lake, entry: str, samples: Samples, own_rate: int, rate: int, channels: int) -> tuple[str, Samples]:
    """Store samples at their own rate (Hz); key and samples at `rate` as `find` will give them, whoever was first."""
    with TemporaryDirectory(prefix="dubwright-kept-") as folder:
        path = Path(folder, "sound.flac")
        sound.write_flac(path, samples, own_rate)
        blob = lake.put_blob(path)
    lake.store.put_if_absent(entry, blob.encode())
    return blob, _read(lake, blob, rate, channels)


def _read(lake: Lake, blob: str, rate: int, channels: int) -> Samples:
    with lake.blob_file(blob) as path:
        return sound.read(path, rate=rate, channels=channels)[0]
