"""What a separator is to the stage `dub`."""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from dubwright.engines import EngineInfo


class Separator(Protocol):
    """Tells voices from all else. Loaded with its settings, the folders of its models by name, and threads to use."""

    info: ClassVar[EngineInfo]

    def voices(self, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        """The voices in a sound of shape [n, 2] at `rate` (Hz), in the same shape and time.

        The sound less its voices is the bed. Raises `EngineOutputError`.
        """
        ...
