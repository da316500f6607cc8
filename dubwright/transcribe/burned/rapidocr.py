"""PP-OCRv4 through rapidocr-onnxruntime, which brings its models with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dubwright.engines import EngineInfo, require_installed
from dubwright.media.frames import Grey
from dubwright.transcribe.burned.reader import Box, Reading

INFO = EngineInfo(
    name="rapidocr",
    revision=1,
    languages=frozenset(),
    code_licence="Apache-2.0",
    weights_licence="Apache-2.0",
    package="rapidocr-onnxruntime",
    extra="embedded",
)

# Text is found in a picture of this shorter side (px): a subtitle is then 20 to 40 px high, as the detector likes it,
SEARCHED_SIDE = 480
# and rows of a known height at this one (px).
SEARCHED_ROW = 34


class RapidOcr:
    """Chinese and Latin text. Raises `EngineMissingError` where the package is not installed."""

    scripts = frozenset({"Hani", "Latn"})

    def __init__(self, threads: int) -> None:
        require_installed(INFO)
        from rapidocr_onnxruntime import RapidOCR

        # `max` leaves the picture's size to us: the library would enlarge a flat band eightfold.
        self._engine: Any = RapidOCR(
            intra_op_num_threads=threads, inter_op_num_threads=1, det_limit_type="max", text_score=0.0
        )

    def find(self, picture: Grey, row_height: int = 0) -> list[Box]:
        """Boxes around text, upright rectangles around what the detector gives as quadrangles."""
        import cv2

        by = SEARCHED_ROW / row_height if row_height else min(1.0, SEARCHED_SIDE / min(picture.shape))
        if by != 1:
            size = (max(1, round(picture.shape[1] * by)), max(1, round(picture.shape[0] * by)))
            how = cv2.INTER_AREA if by < 1 else cv2.INTER_LINEAR
            picture = np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=how), np.uint8)
        found, _ = self._engine(_in_colour(picture), use_cls=False, use_rec=False)
        return [_around(np.asarray(corners, np.float64) / by) for corners in found or []]

    def read(self, line: Grey) -> Reading:
        """What the line says; the score is the mean probability of its characters."""
        found, _ = self._engine(_in_colour(line), use_det=False, use_cls=False)
        text, score = found[0] if found else ("", 0.0)
        return Reading(str(text), float(score) if text else 0.0)


def _in_colour(picture: Grey) -> Grey:
    return np.repeat(picture[:, :, None], 3, axis=2)


def _around(corners: Any) -> Box:
    """The box around corners of shape [4, 2]."""
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return Box(round(left), round(top), max(1, round(right - left)), max(1, round(bottom - top)))
