"""The voice encoder of this process: loaded when it is first needed, and kept."""

from __future__ import annotations

import threading

from dubwright.models.registry import VOICE_ENCODER
from dubwright.models.store import ModelStore
from dubwright.voiceprints.encoder import VoiceEncoder

_loaded: dict[str, VoiceEncoder] = {}
_loading = threading.Lock()


def voice_encoder(models_dir: str, mirror: str | None) -> VoiceEncoder:
    """The encoder, its weights fetched first if they are not there. Raises `ModelError` if they cannot be had."""
    with _loading:
        if models_dir not in _loaded:
            _loaded[models_dir] = VoiceEncoder(
                ModelStore(models_dir, mirror).ensure(VOICE_ENCODER.name) / "pretrained.pt"
            )
        return _loaded[models_dir]
