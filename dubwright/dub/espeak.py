"""espeak-ng: robotic, but quick, small, and able to speak almost everything; the last resort of every language.

The library and its data come with the `espeakng-loader` package. Each line is spoken by `espeak_host` in a process
of its own (about 50 ms), so that nothing it does reaches this one.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from dubwright import languages
from dubwright.dub import espeak_host
from dubwright.dub.engine import Speech, Voice
from dubwright.dub.silence import fade_ends, trim
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, LanguageError, VoiceError
from dubwright.settings import DubSettings

# Left out of what the library lists: Japanese (reads kanji by their names), Hebrew (needs vowel signs), constructed
# and extinct languages. Thai and Chinese are rough.
_LANGUAGES = (
    "af am an ar as az ba be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gd gn gu hi hr ht hu hy id is it "
    "ka kk kn ko ku ky la lb lt lv mi mk ml mr ms mt my nb ne nl no or pa pl pt ro ru sd si sk sl sq sr sv sw ta te th tk "
    "tr tt ug uk ur uz vi yue zh"
)
# The library's name where it is not the tag itself. Spanish is America's, as its market profile is, unless Spain is named.
_NAMES = {"zh": "cmn", "no": "nb", "en": "en-us", "en-GB": "en", "pt-BR": "pt-br", "es": "es-419", "es-ES": "es"}
_VOICES = "f2 m3 f5 m7 f3 m1 f4 m4 f1 m2 Annie m8 Alicia m5 belinda Andy"
_FEMALE = {"f1", "f2", "f3", "f4", "f5", "Annie", "Alicia", "belinda"}
# The library's default of 175 is hurried beside a human reader.
WORDS_PER_MINUTE = 160
TIMEOUT_S = 20.0


class EspeakNg:
    """espeak-ng 1.52, formant synthesis, 22 kHz."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="espeak-ng",
        revision=3,
        languages=frozenset(_LANGUAGES.split()),
        code_licence="GPL-3.0-or-later",
        weights_licence="GPL-3.0-or-later",
        package="espeakng-loader",
        extra="embedded",
        bounds_itself=True,
    )

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        import espeakng_loader

        self._library = Path(espeakng_loader.get_library_path())
        self._data = Path(espeakng_loader.get_data_path())

    @classmethod
    def voices(cls, language: str) -> Sequence[Voice]:
        """The stock voices for a language, best first: variants of its one voice."""
        _library_name(language)
        return [Voice(name, "female" if name in _FEMALE else "male") for name in _VOICES.split()]

    def speak(self, text: str, language: str, voice: str) -> Speech:
        """Speak a line at 22.05 kHz, without silence at its ends.

        Raises `EngineOutputError` if nothing audible comes out, or nothing in time.
        """
        name = _library_name(language)
        if voice not in _VOICES.split():
            raise VoiceError(f"espeak-ng has no voice {voice!r}", where="espeak-ng", field="voice")
        output = self._host(f"{name}+{voice}", text)
        if len(output) < 4:
            raise EngineOutputError("produced no sound", where="espeak-ng", field=text[:80])
        (rate,) = struct.unpack("<i", output[:4])
        samples = np.frombuffer(output[4 : len(output) // 2 * 2], "<i2") / 32768
        speech = trim(samples.astype(np.float32), rate)
        if not len(speech):
            raise EngineOutputError("produced silence", where="espeak-ng", field=text[:80])
        return Speech(fade_ends(speech, rate), rate)

    def _host(self, voice: str, text: str) -> bytes:
        # A relative path to the data: the library cuts long ones short.
        arguments = [espeak_host.__file__, str(self._library), ".", voice, str(WORDS_PER_MINUTE)]
        try:
            done = subprocess.run(
                [sys.executable, "-I", *arguments],
                input=text.replace("\0", " ").encode("utf-8", "replace"),
                capture_output=True,
                timeout=TIMEOUT_S + len(text) / 100,
                cwd=self._data.parent,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineOutputError("did not answer in time", where="espeak-ng", field=text[:80]) from error
        if done.returncode == espeak_host.NO_VOICE:
            raise LanguageError(f"espeak-ng's data has no {voice}", where="espeak-ng", field="language")
        if done.returncode:
            last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise EngineOutputError(
                f"ended with status {done.returncode}{last and ': ' + last}", where="espeak-ng", field=text[:80]
            )
        return done.stdout


def _library_name(language: str) -> str:
    base = languages.base(language)
    if base not in EspeakNg.info.languages:
        raise LanguageError(f"espeak-ng does not speak {languages.name(language)}", where="espeak-ng", field=language)
    return _NAMES.get(language) or _NAMES.get(base, base)
