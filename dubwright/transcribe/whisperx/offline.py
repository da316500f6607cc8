"""WhisperX and what it stands on, without a word to anybody outside this machine."""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

from dubwright.models import offline


def close() -> None:
    """To be called before WhisperX is imported: no hub is asked, nothing is reported, for the life of this process."""
    offline.close()
    # pyannote reports each model and sound to its makers unless it is told not to.
    os.environ["PYANNOTE_METRICS_ENABLED"] = "false"
    # WhisperX would print what it does to the standard output, which is the command's own.
    loud = logging.getLogger("whisperx")
    if not loud.handlers:
        loud.addHandler(logging.NullHandler())
        loud.setLevel(logging.ERROR)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    # Sound is handed over as samples: that pyannote finds no FFmpeg of its own to decode files is no loss.
    warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed correctly")


def device() -> str:
    """`cuda` where torch sees a GPU, else `cpu`."""
    close()
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


class OneSentence:
    """Takes a text as one sentence. WhisperX would fetch a sentence splitter, for groups that are not used here."""

    @staticmethod
    def span_tokenize(line: str) -> list[tuple[int, int]]:
        """The whole text, as a splitter of NLTK gives it."""
        return [(0, len(line))]


def alignment() -> Any:
    """The module `whisperx.alignment`, which looks nothing up any more."""
    close()
    from whisperx import alignment as module

    module.nltk_load = lambda _: OneSentence
    return module
