"""XTTS-v2: clones a voice from seconds of it, and speaks with it in seventeen languages.

Its weights may be used for no commercial purpose, and whether they are used is the operator's choice: `dub.xtts_model`
names an artefact of their own (`DUBWRIGHT_ARTEFACTS`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dubwright import languages
from dubwright.dub import computing
from dubwright.dub.coqui import packing
from dubwright.dub.coqui.cutting import cut
from dubwright.dub.coqui.xtts_model import LATENT, SPEAKER, Latents, Part, XttsModel
from dubwright.dub.coqui.xtts_voices import VOICES
from dubwright.dub.engine import Saying, Speech, Voice
from dubwright.engines import EngineInfo
from dubwright.errors import EngineError, EngineOutputError, LanguageError
from dubwright.settings import DubSettings

# Letters that the model speaks at once in good order, and more or less the seconds that it takes for so many.
_LIMITS = {
    "en": 250,
    "de": 253,
    "fr": 273,
    "es": 239,
    "it": 213,
    "pt": 203,
    "pl": 224,
    "zh": 82,
    "ar": 166,
    "cs": 186,
    "ru": 182,
    "nl": 251,
    "tr": 226,
    "ja": 71,
    "hu": 224,
    "ko": 95,
    "hi": 150,
}
FULL_S = 17.0
# So many parts are spoken at once; on a GPU that takes little longer than one.
BATCH = 16
# Now and then it goes on after the last word, or never ends: what takes so many times what the text should, and these
# seconds besides, is thrown again, as often as this.
RUNAWAY, GRACE_S = 3.0, 2.0
ATTEMPTS = 3
_HINDI_DIGITS = ("शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ")
# Marks at which it makes words up.
_QUOTES = re.compile('["“”„«»「」『』]')


class Xtts:
    """XTTS-v2 through coqui-tts, 24 kHz, on a GPU where torch sees one."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="xtts",
        revision=2,
        languages=frozenset(_LIMITS),
        code_licence="MPL-2.0",
        weights_licence="LicenseRef-CPML",
        package="coqui-tts",
        extra="gpu",
        choices=("xtts_model",),
        device="cuda",
        clones=True,
    )

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        """Raises `ModelError` if the model's folder does not hold what it takes."""
        self._model = XttsModel(models[settings.xtts_model], threads)

    @classmethod
    def voices(cls, language: str) -> Sequence[Voice]:
        """The studio speakers, the same for every language."""
        _base(language)
        return VOICES

    def speak(self, text: str, language: str, voice: str) -> Speech:
        """Speak a line at 24 kHz, without silence at its ends; what is too long for the model is spoken in parts.

        Raises `EngineOutputError` if nothing audible comes out, or what comes out does not end.
        """
        return self._alone(Saying(text, voice), language)

    def learn(self, clips: Sequence[Speech]) -> bytes:
        """The model's two latents of a voice; see `Cloner.learn`."""
        found = self._model.learn(packing.shown(clips, "xtts"))
        return packing.pack({LATENT: found.style, SPEAKER: found.speaker})

    def speak_as(self, text: str, language: str, learnt_voice: bytes) -> Speech:
        """Speak a line with a voice that was learnt; otherwise as `speak`."""
        return self._alone(Saying(text, "", learnt_voice), language)

    def speak_all(self, sayings: Sequence[Saying], language: str) -> list[Speech | EngineOutputError]:
        """Speak lines together; see `Batching.speak_all`."""
        base, voices, lines = _base(language), {}, []
        for saying in sayings:
            key = saying.learnt or saying.voice
            if key not in voices:
                voices[key] = self._voice(saying)
            lines.append([(part, base, voices[key]) for part in self._parts(saying.text, base)])
        said = self._said([part for line in lines for part in line])
        return [
            self._joined(saying.text, [said[part] for part in line])
            for saying, line in zip(sayings, lines, strict=True)
        ]

    def _alone(self, saying: Saying, language: str) -> Speech:
        (speech,) = self.speak_all([saying], language)
        if isinstance(speech, EngineOutputError):
            raise speech
        return speech

    def _voice(self, saying: Saying) -> _Voice:
        if saying.learnt is not None:
            arrays = packing.unpack(saying.learnt, self._model.shapes, "xtts")
            name = blake2b(saying.learnt, digest_size=16).hexdigest()
            return _Voice(name, Latents(arrays[LATENT], arrays[SPEAKER]))
        known = any(saying.voice == voice.name for voice in VOICES)
        latents = self._model.speaker(saying.voice) if known else None
        if latents is None:
            raise EngineError(f"XTTS has no voice {saying.voice!r}", where="xtts", field="voice")
        return _Voice(saying.voice, latents)

    def _parts(self, text: str, language: str) -> list[str]:
        return cut(_spelled(text, language), lambda part: self._fits(part, language))

    def _fits(self, part: str, language: str) -> bool:
        return len(part) <= _LIMITS[language] and self._model.tokens(_pointed(part), language) < self._model.most_tokens

    def _said(self, parts: Sequence[_Part]) -> dict[_Part, NDArray[np.float32] | None]:
        """Each part's samples [n]; None of one that came to no end however often it was tried."""
        found: dict[_Part, NDArray[np.float32] | None] = dict.fromkeys(parts)
        for attempt in range(ATTEMPTS):
            # Those of a length together: a batch takes as long as the longest in it.
            left = sorted((part for part, samples in found.items() if samples is None), key=lambda part: len(part[0]))
            for first in range(0, len(left), BATCH):
                batch = left[first : first + BATCH]
                found |= zip(batch, self._model.speak([_thrown(part, attempt) for part in batch]), strict=True)
        return found

    def _joined(self, text: str, parts: Sequence[NDArray[np.float32] | None]) -> Speech | EngineOutputError:
        whole = [part for part in parts if part is not None]
        if not parts:
            return computing.nothing_to_say(text, "xtts")
        if len(whole) < len(parts):
            return EngineOutputError(
                f"the model did not come to an end in {ATTEMPTS} tries", where="xtts", field=text[:80]
            )
        try:
            return computing.joined(whole, self._model.rate, text, "xtts")
        except EngineOutputError as error:
            return error


@dataclass(frozen=True, slots=True, eq=False)
class _Voice:
    """A voice, and what tells it from others."""

    name: str
    latents: Latents


# What is spoken at once: a text, the model's name of its language, and the voice.
_Part = tuple[str, str, _Voice]


def _thrown(part: _Part, attempt: int) -> Part:
    text, language, voice = part
    return Part(
        _pointed(text),
        language,
        voice.latents,
        longest_s=GRACE_S + RUNAWAY * FULL_S * len(text) / _LIMITS[language],
        seed=computing.seed(text, language, voice.name, str(attempt)),
    )


def _base(language: str) -> str:
    """The model's name of a language. Raises `LanguageError` for one that it does not speak."""
    base = languages.base(language)
    if base not in _LIMITS:
        raise LanguageError(f"XTTS does not speak {languages.name(language)}", where="xtts", field=language)
    return base


def _spelled(text: str, language: str) -> str:
    """The text in letters and marks that the model, and what the library reads numbers with, are known to take."""
    text = _QUOTES.sub("", text).replace("’", "'")
    if language == "hi":  # digit by digit: it knows no number in Hindi, and gives up
        text = re.sub(r"\d", lambda digit: f" {_HINDI_DIGITS[int(digit[0])]} ", text)
    return " ".join(text.split())


def _pointed(part: str) -> str:
    """In several languages it reads a full stop at the end aloud, unless that stands apart."""
    return re.sub(r"(?<=[^\s.])\.$", " .", part)
