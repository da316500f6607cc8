"""The voice encoder of this process: loaded when it is first needed, and kept."""

from __future__ import annotations

import threading

from dubwright.errors import ModelError
from dubwright.models.registry import VOICE_ENCODER
from dubwright.models.store import ModelStore
from dubwright.voiceprints.encoder import VoiceEncoder

_loaded: dict[str, VoiceEncoder] = {}
_loading = threading.Lock()


def voice_encoder(models_dir: str, mirror: str | None, *, fetch: bool = True) -> VoiceEncoder:
    """The encoder, its weights fetched first if they are not there.

    Raises `ModelError` if they cannot be had, or are not there and not to be fetched.
    """
    with _loading:
        if models_dir not in _loaded:
            store = ModelStore(models_dir, mirror)
            if not fetch and not store.present(VOICE_ENCODER.name):
                raise ModelError(
                    "the voice encoder is not on this machine",
                    where=models_dir,
                    field=VOICE_ENCODER.name,
                    remedy=f"dubwright models pull {VOICE_ENCODER.name}",
                )
            _loaded[models_dir] = VoiceEncoder(store.ensure(VOICE_ENCODER.name) / "pretrained.pt")
        return _loaded[models_dir]
