"""Whisper through faster-whisper (CTranslate2), from a folder of the model store."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dubwright.engines import EngineInfo
from dubwright.media import sound as sounds
from dubwright.settings import TranscribeSettings
from dubwright.transcribe import whisper
from dubwright.transcribe.engine import Passage
from dubwright.transcribe.whisper import LONGEST_WINDOW_S, RATE, Heard, Question, Spoken
from dubwright.transcribe.windows import Stretch, pack

DETECTOR_FRAME_S = 0.032  # the detector notices a voice one frame late
SHORTEST_BREAK_MS = 100  # a break in speech that is worth knowing: word times are kept out of it


class FasterWhisper:
    """Whisper on the CPU with 8-bit weights. The same sound gives the same words: nothing is sampled."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="faster-whisper",
        revision=1,
        languages=whisper.LANGUAGES,
        code_licence="MIT",
        weights_licence="MIT",
        package="faster-whisper",
        extra="embedded",
        models=(),
    )

    def __init__(self, settings: TranscribeSettings, models: dict[str, Path], threads: int) -> None:
        folder = models[settings.model]
        whisper.require_files(folder)
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
        # Of the two ways that the library offers this one decodes a window in one go and never returns to its tail,
        # where the other one invents words.
        self._pipeline = BatchedInferencePipeline(model)
        self._model = model
        self._beam_size = settings.beam_size

    def transcribe(self, sound: Path, language: str) -> list[Passage]:
        """The passages of a sound file, one per window of at most 28 s; empty where nobody speaks.

        Raises `LanguageError` for a language that Whisper does not know.
        """
        name = whisper.name(language)
        samples = sounds.read(sound, rate=RATE, channels=1)[0][:, 0]
        windows = pack(speech(samples), len(samples) / RATE, LONGEST_WINDOW_S)
        heard = whisper.hear_all(
            [whisper.hear(window, samples, language) for window in windows],
            lambda questions: [self._answer(question, language, name) for question in questions],
        )
        return [passage for passages in heard for passage in passages]

    def language_of(self, samples: NDArray[np.float32]) -> tuple[str, float]:
        """The likeliest language of a mono sound of shape [n] at 16 kHz, and how likely it is."""
        return whisper.likeliest(self._model.detect_language(samples)[2])

    def _answer(self, question: Question, language: str, name: str) -> Heard:
        sound = question.sound
        answer, _ = self._pipeline.transcribe(
            sound,
            language=name,
            clip_timestamps=[{"start": 0, "end": len(sound) / RATE}],
            beam_size=self._beam_size,
            temperature=0.0,
            initial_prompt=question.prompt,
            word_timestamps=True,
            without_timestamps=True,
            batch_size=1,
        )
        parts = list(answer)
        return whisper.judged(
            question,
            [
                Spoken(word.word, float(word.start), float(word.end), float(word.probability))
                for part in parts
                for word in part.words or ()
            ],
            language,
            no_speech=max((float(part.no_speech_prob) for part in parts), default=1.0),
            log_probability=min((float(part.avg_logprob) for part in parts), default=0.0),
        )


def speech(samples: NDArray[np.float32]) -> list[Stretch]:
    """Where somebody speaks in a mono sound of shape [n] at 16 kHz, by the voice activity detection of Silero."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        min_silence_duration_ms=SHORTEST_BREAK_MS,
        min_speech_duration_ms=100,
        max_speech_duration_s=LONGEST_WINDOW_S - 1,
        speech_pad_ms=0,
    )
    return [
        Stretch(max(0.0, each["start"] / RATE - DETECTOR_FRAME_S), each["end"] / RATE)
        for each in get_speech_timestamps(samples, options)
    ]
