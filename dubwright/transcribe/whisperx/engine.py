"""WhisperX as a transcriber."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dubwright import languages
from dubwright.engines import EngineInfo
from dubwright.errors import DubwrightError
from dubwright.media import sound as sounds
from dubwright.models import registry
from dubwright.settings import TranscribeSettings
from dubwright.transcribe import whisper
from dubwright.transcribe.engine import Passage, Turn
from dubwright.transcribe.whisper import LONGEST_WINDOW_S, RATE, Heard, Question
from dubwright.transcribe.whisperx import offline
from dubwright.transcribe.whisperx.alignment import Aligner
from dubwright.transcribe.whisperx.diarization import Diarizer
from dubwright.transcribe.whisperx.recognition import Recognizer
from dubwright.transcribe.windows import pack

Sound = NDArray[np.float32]


class WhisperX:
    """Whisper in batches, its words timed by an aligner of their language, and who speaks by pyannote.

    With 16-bit weights on a GPU where torch sees one, else with 8-bit weights on the processor. Without an aligner for
    a language words have the recognizer's own times; without a diarizer `speakers` is None.
    """

    info: ClassVar[EngineInfo] = EngineInfo(
        name="whisperx",
        revision=2,
        languages=whisper.LANGUAGES,
        code_licence="BSD-2-Clause",
        weights_licence="MIT",
        package="whisperx",
        extra="gpu",
        choices=("model", "aligners", "diarizer"),
        device="cuda",
    )

    def __init__(self, settings: TranscribeSettings, models: dict[str, Path], threads: int) -> None:
        whisper.require_files(models[settings.model])
        self._device = offline.device()
        self._recognizer = Recognizer(models[settings.model], self._device, settings.beam_size, threads)
        self._aligners = {
            languages.base(language): (models[name], language)
            for name in settings.aligners
            for language in registry.get(name).languages
        }
        self._loaded: dict[str, Aligner] = {}
        self._diarizer = Diarizer(models[settings.diarizer], self._device) if settings.diarizer else None

    def transcribe(self, sound: Path, language: str) -> list[Passage]:
        """The passages of a sound file, one per window of at most 28 s; empty where nobody speaks.

        Raises `LanguageError` for a language that Whisper does not know.
        """
        (answer,) = self.transcribe_many([sound], language)
        if isinstance(answer, DubwrightError):
            raise answer
        return answer

    def transcribe_many(self, files: Sequence[Path], language: str) -> list[list[Passage] | DubwrightError]:
        """The passages of each file, in order; in the place of those that cannot be read, why.

        The windows of all of them share batches: an episode of a minute or two has too few to fill a GPU.
        Raises `LanguageError` for a language that Whisper does not know.
        """
        name = whisper.name(language)
        answers: list[list[Passage] | DubwrightError] = []
        hearings, homes = [], []
        for index, file in enumerate(files):
            try:
                samples = sounds.read(file, rate=RATE, channels=1)[0][:, 0]
            except DubwrightError as error:
                answers.append(error)
                continue
            answers.append([])
            for window in pack(self._recognizer.stretches(samples), len(samples) / RATE, LONGEST_WINDOW_S):
                hearings.append(whisper.hear(window, samples, language))
                homes.append(index)
        heard = whisper.hear_all(hearings, lambda questions: self._answer(questions, language, name))
        for index, passages in zip(homes, heard, strict=True):
            found = answers[index]
            if not isinstance(found, DubwrightError):
                found += passages
        return answers

    def speakers(self, sound: Path) -> list[Turn] | None:
        """Who speaks when in a sound file; None where no diarizer is set."""
        if self._diarizer is None:
            return None
        return self._diarizer.turns(sounds.read(sound, rate=RATE, channels=1)[0][:, 0])

    def language_of(self, samples: Sound) -> tuple[str, float]:
        """The likeliest language of a mono sound of shape [n] at 16 kHz, and how likely it is."""
        return self._recognizer.language_of(samples)

    def _answer(self, questions: Sequence[Question], language: str, name: str) -> list[Heard]:
        """Questions answered in as few batches as there are prompts: a batch is told one."""
        answers: dict[int, Heard] = {}
        order = sorted(range(len(questions)), key=lambda index: questions[index].prompt or "")
        for prompt, group in groupby(order, key=lambda index: questions[index].prompt):
            indices = list(group)
            windows = [questions[index].sound for index in indices]
            for index, window, found in zip(
                indices, windows, self._recognizer.decode(windows, name, prompt), strict=True
            ):
                aligner = self._aligner(language)
                answers[index] = whisper.judged(
                    questions[index],
                    aligner.timed(found.words, window) if aligner and found.words else found.words,
                    language,
                    no_speech=found.no_speech,
                    log_probability=found.log_probability,
                )
        return [answers[index] for index in range(len(questions))]

    def _aligner(self, language: str) -> Aligner | None:
        """The aligner of a language, loaded at first use; None where the settings name none."""
        base = languages.base(language)
        if base not in self._loaded and base in self._aligners:
            self._loaded[base] = Aligner(*self._aligners[base], self._device)
        return self._loaded.get(base)
