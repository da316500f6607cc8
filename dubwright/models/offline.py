"""Libraries that look for models elsewhere, kept to what the model store gave them."""

from __future__ import annotations

import os
import sys

_CLOSED = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def close() -> None:
    """To be called before transformers is imported: no model hub is asked, for the life of this process."""
    os.environ |= _CLOSED
    # Read when they were imported, which another engine of this process may have done before.
    for module, setting in (
        ("huggingface_hub.constants", "HF_HUB_OFFLINE"),
        ("transformers.utils.hub", "_is_offline_mode"),
    ):
        if module in sys.modules:
            setattr(sys.modules[module], setting, True)
