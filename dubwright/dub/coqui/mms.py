"""MMS with FreeVC: languages that XTTS and Kokoro lack, Thai among them, in any voice.

Of each language MMS has one voice. Whatever it says, FreeVC says again in another: in that of a character, from clips,
or in one of Kokoro's, whose sexes are known and which may be used for anything. MMS's weights may be used for no
commercial purpose; which of them are used is the operator's choice: `dub.mms_models` and `dub.freevc_model` name
artefacts of their own (`DUBWRIGHT_ARTEFACTS`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dubwright import engines, languages
from dubwright.dub import computing, kokoro
from dubwright.dub.coqui import packing
from dubwright.dub.coqui.freevc import FreeVc
from dubwright.dub.coqui.vits import MmsVoice
from dubwright.dub.engine import Speech, Voice
from dubwright.dub.kokoro import Kokoro
from dubwright.engines import EngineInfo
from dubwright.errors import EngineError, LanguageError
from dubwright.models import registry
from dubwright.settings import DubSettings

# What MMS calls them: nearly ISO 639-3.
PUBLISHED: Mapping[str, str] = {
    "th": "tha",
    "id": "ind",
    "vi": "vie",
    "ms": "zlm",
    "fil": "tgl",
    "bn": "ben",
    "ta": "tam",
    "te": "tel",
    "ml": "mal",
    "kn": "kan",
    "mr": "mar",
    "gu": "guj",
    "ur": "urd-script_arabic",
    "fa": "fas",
    "sw": "swh",
    "my": "mya",
    "km": "khm",
    "lo": "lao",
    "uk": "ukr",
    "ro": "ron",
    "el": "ell",
}
# What Kokoro's voices are known by: what they say in it is of no account, only how they sound.
SHOWN = "Nobody told the general that the princess had left the city, and now it is too late."
SPEAKER = "freevc_speaker"


class Mms:
    """MMS's VITS voices and FreeVC through coqui-tts, 24 kHz, on a GPU where torch sees one."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="mms",
        revision=1,
        languages=frozenset(PUBLISHED),
        code_licence="MPL-2.0",
        weights_licence="CC-BY-NC-4.0",
        package="coqui-tts",
        extra="gpu",
        models=(kokoro.MODEL, kokoro.VOICES),
        choices=("mms_models", "freevc_model"),
        by_language="mms_models",
        device="cuda",
        clones=True,
    )

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        """Raises `ModelError` if FreeVC's folder does not hold what it takes; languages are loaded when first spoken."""
        self._device = computing.ready(threads)
        self._converter = FreeVc(models[settings.freevc_model], self._device)
        self._settings, self._models, self._threads = settings, models, threads
        self._artefacts = [registry.get(name) for name in settings.mms_models]
        self._loaded: dict[str, MmsVoice] = {}
        self._kokoro: Kokoro | None = None
        self._stock: dict[str, NDArray[np.float32]] = {}

    @classmethod
    def voices(cls, language: str) -> Sequence[Voice]:
        """Kokoro's English voices, the same for every language."""
        _base(language)
        return Kokoro.voices("en")

    def speak(self, text: str, language: str, voice: str) -> Speech:
        """Speak a line at 24 kHz, without silence at its ends; what is too long for the model is spoken in parts.

        Raises `EngineOutputError` if nothing audible comes out, or the text has letters that the language has not.
        """
        if not any(voice == known.name for known in Kokoro.voices("en")):
            raise EngineError(f"MMS has no voice {voice!r}", where="mms", field="voice")
        model = self._model_of(language)
        if voice not in self._stock:
            if self._kokoro is None:
                engines.require_installed(Kokoro.info)
                self._kokoro = Kokoro(self._settings, self._models, self._threads)
            self._stock[voice] = self._converter.learn([self._kokoro.speak(SHOWN, "en", voice)])
        return self._speak(text, model, self._stock[voice], voice)

    def learn(self, clips: Sequence[Speech]) -> bytes:
        """FreeVC's embedding of a voice, the same for every language; see `Cloner.learn`."""
        return packing.pack({SPEAKER: self._converter.learn(packing.shown(clips, "mms"))})

    def speak_as(self, text: str, language: str, learnt_voice: bytes) -> Speech:
        """Speak a line with a voice that was learnt; otherwise as `speak`."""
        speaker = packing.unpack(learnt_voice, {SPEAKER: (self._converter.width,)}, "mms")[SPEAKER]
        voice = blake2b(learnt_voice, digest_size=16).hexdigest()
        return self._speak(text, self._model_of(language), speaker, voice)

    def _speak(self, text: str, model: MmsVoice, speaker: NDArray[np.float32], voice: str) -> Speech:
        parts = model.parts(text)
        if not parts:
            raise computing.nothing_to_say(text, "mms")
        said = []
        for part in parts:
            # Not by the voice: all of a language keep the same time and melody.
            with computing.seeded(part):
                own = model.say(part)
            with computing.seeded(part, voice):
                said.append(self._converter.converted(own, speaker))
        return computing.joined(said, self._converter.rate, text, "mms")

    def _model_of(self, language: str) -> MmsVoice:
        """The model of a language, loaded at first use."""
        base = _base(language)
        if base not in self._loaded:
            named = next((artefact.name for artefact in self._artefacts if artefact.speaks(language)), None)
            if named is None:
                raise LanguageError(
                    f"no setting names a voice of MMS for {languages.name(language)}",
                    where="mms",
                    field="dub.mms_models",
                    remedy=f"pin what MMS publishes as {PUBLISHED[base]}; docs/operations.md",
                )
            self._loaded[base] = MmsVoice(self._models[named], language, self._device)
        return self._loaded[base]


def _base(language: str) -> str:
    """The key of `PUBLISHED` for a language. Raises `LanguageError` for one that is not there."""
    base = languages.base(language)
    if base not in PUBLISHED:
        raise LanguageError(f"MMS is not used for {languages.name(language)}", where="mms", field=language)
    return base
