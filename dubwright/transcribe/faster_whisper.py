"""Whisper through faster-whisper (CTranslate2), from a folder of the model store."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dubwright import languages
from dubwright.engines import EngineInfo
from dubwright.errors import LanguageError, ModelError
from dubwright.media import sound as sounds
from dubwright.settings import TranscribeSettings
from dubwright.transcribe import text
from dubwright.transcribe.engine import Passage, Word
from dubwright.transcribe.windows import Stretch, Window, pack

RATE = 16000
LONGEST_WINDOW_S = 28.0  # Whisper hears 30 s at once; the rest is room for rounding
DETECTOR_FRAME_S = 0.032  # the detector notices a voice one frame late
SHORTEST_BREAK_MS = 100  # a break in speech that is worth knowing: word times are kept out of it
FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")

# Whisper imitates what it was told before. Without this it writes Mandarin mostly without punctuation, and in either
# script. Question and exclamation marks are half-width on purpose: after full-width ones it writes other characters
# that begin with the same bytes, such as `１`.
PROMPTS = {"zh": "以下是短剧对白。你来了?对,我来了!"}

SHORTEST_UNHEARD_S = 0.4  # speech that an answer leaves out is asked for again if it is longer than a breath

# Bounds of a believable answer; the first two are Whisper's own.
MOST_COMPRESSIBLE = 2.4
LEAST_LOG_PROBABILITY = -1.0
MOST_NO_SPEECH = 0.6
MOST_LETTERS_PER_S = 30.0

# Credits that stood over silence and music in what Whisper learned from; no actor says them.
CREDITS = (
    "amara.org",
    "明镜与点点",
    "明鏡與點點",
    "字幕志愿者",
    "字幕志願者",
    "请不吝点赞",
    "請不吝點贊",
    "作词作曲",
    "作詞作曲",
)

_LANGUAGES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fil fo fr gl gu ha haw he hi hr ht hu hy "
    "id is it ja jv ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my nb ne nl nn no oc pa pl ps pt ro ru sa "
    "sd si sk sl sn so sq sr su sv sw ta te tg th tk tr tt uk ur uz vi yi yo zh"
)
_WHISPER_NAMES = {"fil": "tl", "jv": "jw", "nb": "no"}


@dataclass(frozen=True, slots=True)
class _Heard:
    """What Whisper made of a window."""

    passage: Passage
    log_probability: float
    invented: bool

    @property
    def believable(self) -> bool:
        return bool(self.passage.words) and not self.invented and self.log_probability >= LEAST_LOG_PROBABILITY

    @property
    def silent(self) -> bool:
        """Whether nobody spoke, by Whisper's own rule."""
        return self.passage.no_speech > MOST_NO_SPEECH and self.log_probability < LEAST_LOG_PROBABILITY


class FasterWhisper:
    """Whisper on the CPU with 8-bit weights. The same sound gives the same words: nothing is sampled."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="faster-whisper",
        revision=1,
        languages=frozenset(_LANGUAGES.split()),
        code_licence="MIT",
        weights_licence="MIT",
        package="faster-whisper",
        extra="embedded",
        models=(),
    )

    def __init__(self, settings: TranscribeSettings, models: dict[str, Path], threads: int) -> None:
        folder = models[settings.model]
        for name in FILES:
            # The library would look for what is missing on a model hub.
            if not (folder / name).is_file():
                raise ModelError(f"{name} is missing", where=str(folder), remedy="run `dubwright models verify`")
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
        # Of the two ways that the library offers this one decodes a window in one go and never returns to its tail,
        # where the other one invents words.
        self._pipeline = BatchedInferencePipeline(model)
        self._beam_size = settings.beam_size

    def transcribe(self, sound: Path, language: str) -> list[Passage]:
        """The passages of a sound file, one per window of at most 28 s; empty where nobody speaks.

        Raises `LanguageError` for a language that Whisper does not know.
        """
        if not self.info.speaks(language):
            raise LanguageError(f"Whisper does not know {languages.name(language)} ({language})", field="language")
        samples = sounds.read(sound, rate=RATE, channels=1)[0][:, 0]
        length_s = len(samples) / RATE
        windows = pack(speech(samples), length_s, LONGEST_WINDOW_S)
        return [passage for window in windows for passage in self._hear(window, samples, language)]

    def _hear(self, window: Window, samples: NDArray[np.float32], language: str) -> list[Passage]:
        """What is said in a window, asked for again where the answer is not believable or leaves speech out.

        Again means: without the prompt, then half by half; so that of what Whisper cannot cope with little is lost.
        """
        answers = []
        for prompt in dict.fromkeys((PROMPTS.get(languages.base(language)), None)):
            answers.append(self._decode(window, samples, language, prompt))
            if answers[-1].believable:
                break
        best = max(answers, key=lambda heard: (heard.believable, not heard.invented, heard.log_probability))
        if len(window.stretches) == 1:
            # Over noise one of the two may sound sure of itself; the other's verdict holds.
            nothing = best.invented or not best.passage.words or any(heard.silent for heard in answers)
            return [] if nothing else [best.passage]
        sound_s = len(samples) / RATE
        if not best.believable:
            return [passage for half in window.halves(sound_s) for passage in self._hear(half, samples, language)]
        times = [(word.start_ms / 1000, word.end_ms / 1000) for word in best.passage.words]
        rest = [
            passage
            for left_out in window.unheard(times, SHORTEST_UNHEARD_S, sound_s)
            for passage in self._hear(left_out, samples, language)
        ]
        words = [word for passage in (best.passage, *rest) for word in passage.words]
        return [Passage(tuple(sorted(words, key=lambda word: word.start_ms)), no_speech=best.passage.no_speech)]

    def _decode(self, window: Window, samples: NDArray[np.float32], language: str, prompt: str | None) -> _Heard:
        sound = window.samples(samples, RATE)
        answer, _ = self._pipeline.transcribe(
            sound,
            language=_WHISPER_NAMES.get(languages.base(language), languages.base(language)),
            clip_timestamps=[{"start": 0, "end": len(sound) / RATE}],
            beam_size=self._beam_size,
            temperature=0.0,
            initial_prompt=prompt,
            word_timestamps=True,
            without_timestamps=True,
            batch_size=1,
        )
        parts = list(answer)
        words = _words([word for part in parts for word in part.words or ()], window)
        return _Heard(
            Passage(
                tuple(text.in_script(text.whole(words, language), language)),
                no_speech=max((float(part.no_speech_prob) for part in parts), default=1.0),
            ),
            log_probability=min((float(part.avg_logprob) for part in parts), default=0.0),
            invented=unbelievable("".join(part.text for part in parts), window.speech_s, prompt),
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


def unbelievable(heard: str, speech_s: float, prompt: str | None) -> bool:
    """Whether a text cannot have been spoken in a time (s): repeated on and on, too fast, credits, the prompt itself."""
    data = heard.encode()
    letters = [char for char in heard if char.isalnum()]
    # A Chinese character is a syllable, three letters' worth.
    pace = sum(3 if ord(char) > 0x2E7F else 1 for char in letters)
    return (
        len(data) / max(1, len(zlib.compress(data))) > MOST_COMPRESSIBLE
        or pace > MOST_LETTERS_PER_S * (speech_s + 0.5)
        or any(credit in "".join(heard.casefold().split()) for credit in CREDITS)
        or (prompt is not None and prompt[:8] in heard)
    )


def _words(found: Sequence[Any], window: Window) -> list[Word]:
    """The library's words of a window, on the clock of the sound."""
    closing = [word.word.rstrip()[-1:] in "。，！？、,.!?" for word in found]
    times = window.on_sound([(float(word.start), float(word.end)) for word in found], closing)
    return [
        Word(word.word, round(1000 * start_s), round(1000 * end_s), float(word.probability))
        for word, (start_s, end_s) in zip(found, times, strict=True)
    ]
