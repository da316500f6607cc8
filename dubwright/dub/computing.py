"""Torch as these models use it: where they compute, with what dice, and how sound goes in and comes out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.dub.engine import Speech
from dubwright.dub.silence import fade_ends, trim
from dubwright.errors import EngineOutputError, ModelError
from dubwright.models import offline

Array = NDArray[np.float32]
# Between two parts of a line that was too long to be spoken at once.
PAUSE_S = 0.15


def ready(threads: int) -> str:
    """To be called before the library is imported: `cuda` where torch sees a GPU, else `cpu`."""
    offline.close()
    import torch

    torch.set_num_threads(threads)
    # It warns of each text that is long, and of each character that it leaves out: both are seen to before.
    logging.getLogger("TTS").setLevel(logging.ERROR)
    return "cuda" if torch.cuda.is_available() else "cpu"


def require_files(folder: Path, names: Sequence[str]) -> None:
    """Raises `ModelError` naming the first of the files that is missing."""
    for name in names:
        if not (folder / name).is_file():
            raise ModelError(
                f"{name} is missing", where=str(folder), remedy="docs/operations.md lists the files of this model"
            )


@contextmanager
def loading(folder: Path, what: str) -> Iterator[None]:
    """Whatever the library raises in the block about files that may hold anything becomes a `ModelError`."""
    try:
        yield
    except (ModelError, MemoryError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:240] or type(error).__name__
        raise ModelError(
            f"cannot be loaded as {what}: {said}",
            where=str(folder),
            remedy="it takes the files as they are published; docs/operations.md",
        ) from error


@contextmanager
def seeded(*decides: str) -> Iterator[None]:
    """Within the block the same dice fall for the same texts, on the processor and the GPU; nobody else's are touched."""
    import torch

    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with (
        torch.random.fork_rng(devices),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
        torch.inference_mode(),
    ):
        torch.manual_seed(seed(*decides))
        yield


def seed(*decides: str) -> int:
    """A seed for dice that these texts decide."""
    return int.from_bytes(blake2b("\0".join(decides).encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")


def at_rate(speech: Speech, rate: int) -> Any:
    """The samples as a tensor [n] at a rate (Hz)."""
    import torch
    from torchaudio.functional import resample

    return resample(torch.from_numpy(np.ascontiguousarray(speech.samples, np.float32)), speech.rate, rate)


def joined(parts: Sequence[Array], rate: int, text: str, engine: str) -> Speech:
    """The parts of a line as one, without silence at its ends. Raises `EngineOutputError` if one of them is silent."""
    pause = np.zeros(round(PAUSE_S * rate), np.float32)
    pieces: list[Array] = []
    for part in parts:
        if not np.isfinite(part).all():
            raise EngineOutputError("the model produced no sound", where=engine, field=text[:80])
        # Where it runs over full scale, turned down as a whole it is not distorted.
        peak = max(1.0, float(np.abs(part).max(initial=0)))
        spoken = trim(np.asarray(part / peak, np.float32), rate)
        if not len(spoken):
            raise EngineOutputError("the model produced silence", where=engine, field=text[:80])
        pieces += [pause, fade_ends(spoken, rate)] if pieces else [fade_ends(spoken, rate)]
    return Speech(np.concatenate(pieces), rate)


def nothing_to_say(text: str, engine: str) -> EngineOutputError:
    """The error for a text without a letter or digit."""
    return EngineOutputError("the text has nothing that can be spoken", where=engine, field=text[:80])
