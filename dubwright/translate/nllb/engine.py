"""NLLB-200 as a translator, in the two forms that it comes in.

Its weights may be used for no commercial purpose, and which of them is used is the operator's choice: `translate.model`
names an artefact of their own (`DUBWRIGHT_ARTEFACTS`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from dubwright.engines import EngineInfo
from dubwright.errors import DubwrightError
from dubwright.settings import TranslateSettings
from dubwright.translate.engine import Scene, Translated
from dubwright.translate.nllb.ct2_model import Ct2Model
from dubwright.translate.nllb.decoding import Model
from dubwright.translate.nllb.languages import LANGUAGES
from dubwright.translate.nllb.torch_model import TorchModel
from dubwright.translate.nllb.translating import Translation
from dubwright.translate.nllb.vocabulary import Vocabulary

WEIGHTS_LICENCE = "CC-BY-NC-4.0"


class Nllb:
    """NLLB-200 of any size (600M, 1.3B, 3.3B) through transformers, on a GPU where torch sees one."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="nllb",
        revision=1,
        languages=LANGUAGES,
        code_licence="Apache-2.0",
        weights_licence=WEIGHTS_LICENCE,
        package="transformers",
        extra="gpu",
        device="cuda",
    )

    def __init__(self, settings: TranslateSettings, models: dict[str, Path], threads: int) -> None:
        """Raises `ModelError` if the model's folder does not hold what it takes."""
        folder = models[settings.model]
        self._settings = settings
        self._vocabulary = Vocabulary(folder)
        self._model = self._load(folder, threads)

    def _load(self, folder: Path, threads: int) -> Model:
        return TorchModel(folder, self._vocabulary, threads)

    def translate(self, scene: Scene) -> list[Translated]:
        """One answer per line. Raises `LanguageError` for a language that the model does not know."""
        (answer,) = self.translate_many([scene])
        if isinstance(answer, DubwrightError):
            raise answer
        return answer

    def translate_many(self, scenes: Sequence[Scene]) -> list[list[Translated] | DubwrightError]:
        """The answers to each scene, all lines of all of them in common batches."""
        return Translation(self._model, self._vocabulary, self._settings).of(scenes)


class NllbCt2(Nllb):
    """The same model converted for CTranslate2: smaller and faster, and on a processor without torch."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="nllb-ct2",
        revision=1,
        languages=LANGUAGES,
        code_licence="MIT",
        weights_licence=WEIGHTS_LICENCE,
        package="ctranslate2",
        extra="embedded",
        device="cuda",
    )

    def _load(self, folder: Path, threads: int) -> Model:
        return Ct2Model(folder, self._vocabulary, threads)
