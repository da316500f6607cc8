"""What is Whisper's own, whichever library runs it: its languages, its prompts, and which of its answers are believed.

`hear` decides what to ask about a window of sound and asks by yielding, so that one adapter may answer question by
question and another many of them at once (`hear_all`).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dubwright import languages
from dubwright.errors import LanguageError, ModelError
from dubwright.transcribe import text
from dubwright.transcribe.engine import Passage, Word
from dubwright.transcribe.windows import Window

RATE = 16000
FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")  # of a model for CTranslate2
LONGEST_WINDOW_S = 28.0  # Whisper hears 30 s at once; the rest is room for rounding

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

_TAGS = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fil fo fr gl gu ha haw he hi hr ht hu hy "
    "id is it ja jv ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my nb ne nl nn no oc pa pl ps pt ro ru sa "
    "sd si sk sl sn so sq sr su sv sw ta te tg th tk tr tt uk ur uz vi yi yo zh"
)
LANGUAGES = frozenset(_TAGS.split())
_NAMES = {"fil": "tl", "jv": "jw", "nb": "no"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word as the library gives it: its text with the space before it, times (s) in its window."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What does a window of `samples`, a mono sound of shape [n] at 16 kHz, say? `prompt` is told before it."""

    window: Window
    samples: NDArray[np.float32]
    prompt: str | None

    @property
    def sound(self) -> NDArray[np.float32]:
        """The samples of the window."""
        return self.window.samples(self.samples, RATE)


@dataclass(frozen=True, slots=True)
class Heard:
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


Hearing = Generator[Question, Heard, list[Passage]]


def name(language: str) -> str:
    """What Whisper calls a language. Raises `LanguageError` for one that it does not know."""
    base = languages.base(language)
    if not {language, base} & LANGUAGES:
        raise LanguageError(f"Whisper does not know {languages.name(language)} ({language})", field="language")
    return _NAMES.get(base, base)


def likeliest(found: Sequence[tuple[str, float]]) -> tuple[str, float]:
    """Of Whisper's languages and their probabilities the likeliest, by its BCP-47 tag."""
    known, probability = max(found, key=lambda each: each[1])
    tags = {name: tag for tag, name in _NAMES.items()}
    return tags.get(known, known), float(probability)


def require_files(folder: Path) -> None:
    """Raise `ModelError` if a model's folder lacks a file: the library would look for it on a model hub."""
    for file in FILES:
        # Newer models have their vocabulary as JSON.
        if not any((folder / each).is_file() for each in (file, file.replace(".txt", ".json"))):
            raise ModelError(f"{file} is missing", where=str(folder), remedy="run `dubwright models verify`")


def hear(window: Window, samples: NDArray[np.float32], language: str) -> Hearing:
    """What is said in a window, asked for again where the answer is not believable or leaves speech out.

    Again means: without the prompt, then half by half; so that of what Whisper cannot cope with little is lost.
    """
    answers = []
    for prompt in dict.fromkeys((PROMPTS.get(languages.base(language)), None)):
        answers.append((yield Question(window, samples, prompt)))
        if answers[-1].believable:
            break
    best = max(answers, key=lambda heard: (heard.believable, not heard.invented, heard.log_probability))
    if len(window.stretches) == 1:
        # Over noise one of the two may sound sure of itself; the other's verdict holds.
        nothing = best.invented or not best.passage.words or any(heard.silent for heard in answers)
        return [] if nothing else [best.passage]
    sound_s = len(samples) / RATE
    if not best.believable:
        found = []
        for half in window.halves(sound_s):
            found += yield from hear(half, samples, language)
        return found
    times = [(word.start_ms / 1000, word.end_ms / 1000) for word in best.passage.words]
    words = list(best.passage.words)
    for left_out in window.unheard(times, SHORTEST_UNHEARD_S, sound_s):
        for passage in (yield from hear(left_out, samples, language)):
            words += passage.words
    return [Passage(tuple(sorted(words, key=lambda word: word.start_ms)), no_speech=best.passage.no_speech)]


def hear_all(
    hearings: Sequence[Hearing], answer: Callable[[Sequence[Question]], Sequence[Heard]]
) -> list[list[Passage]]:
    """Carry hearings to their ends, round by round: `answer` gets one question of each that is not there yet."""
    results: list[list[Passage]] = [[] for _ in hearings]
    asked: dict[int, Question] = {}

    def resume(index: int, heard: Heard | None) -> None:
        try:
            # A generator that has not begun yet takes nothing but None.
            asked[index] = next(hearings[index]) if heard is None else hearings[index].send(heard)
        except StopIteration as end:
            results[index] = end.value

    for index in range(len(hearings)):
        resume(index, None)
    while asked:
        indices = tuple(asked)
        answers = answer([asked.pop(index) for index in indices])
        for index, heard in zip(indices, answers, strict=True):
            resume(index, heard)
    return results


def judged(
    question: Question, spoken: Sequence[Spoken], language: str, *, no_speech: float, log_probability: float
) -> Heard:
    """The library's answer to a question: words on the sound's clock, in the language's script; and whether it can be."""
    closing = [word.text.rstrip()[-1:] in "。，！？、,.!?" for word in spoken]
    times = question.window.on_sound([(word.start_s, word.end_s) for word in spoken], closing)
    words = [
        Word(word.text, round(1000 * start_s), round(1000 * end_s), word.probability)
        for word, (start_s, end_s) in zip(spoken, times, strict=True)
    ]
    return Heard(
        Passage(tuple(text.in_script(text.whole(words, language), language)), no_speech=no_speech),
        log_probability=log_probability,
        invented=unbelievable("".join(word.text for word in spoken), question.window.speech_s, question.prompt),
    )


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
