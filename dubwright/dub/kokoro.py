"""Kokoro-82M through kokoro-onnx: natural voices for seven languages on an ordinary computer.

Mandarin is turned into phonemes by misaki, English by its dictionaries, the other languages by the espeak-ng that comes
with kokoro-onnx, in the notation the model was trained on.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dubwright import languages
from dubwright.dub.engine import Speech, Voice
from dubwright.dub.english import English
from dubwright.dub.silence import fade_ends, trim
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, LanguageError, ModelError, VoiceError
from dubwright.settings import DubSettings

MODEL = "kokoro-v1.0-int8"
VOICES = "kokoro-voices"
STYLE_ROWS, STYLE_WIDTH = 510, 256

# Best first: the grades that the model's authors give, corrected by what a recognizer understood of each. A voice is a
# style, not a language: where a language has few of its own, its neighbours' follow, so that a cast can be told apart.
_SPANISH = "ef_dora em_alex pf_dora em_santa if_sara pm_alex ff_siwis im_nicola af_bella am_fenrir"
_VOICES = {
    "en": "af_heart am_michael af_bella am_fenrir bf_emma am_puck af_aoede bm_george af_kore bm_fable af_sarah am_echo "
    "af_nova am_onyx af_alloy bm_lewis af_jessica am_adam bf_isabella am_eric bf_lily am_liam af_sky bm_daniel af_river "
    "bf_alice",
    "en-GB": "bf_emma bm_george bf_isabella bm_fable bf_alice bm_lewis bf_lily bm_daniel",
    "es": _SPANISH,
    "es-ES": _SPANISH,
    "fr": "ff_siwis im_nicola ef_dora em_alex if_sara pm_alex pf_dora em_santa af_bella am_michael",
    "it": "if_sara im_nicola ef_dora em_alex pf_dora pm_alex ff_siwis em_santa af_bella am_michael",
    "pt": "pf_dora pm_alex ef_dora pm_santa if_sara em_alex ff_siwis im_nicola af_bella am_fenrir",
    "hi": "hf_alpha hm_omega hf_beta hm_psi af_bella am_fenrir af_heart am_michael",
    "zh": "zf_xiaoxiao zm_yunxi zf_xiaobei zm_yunjian zf_xiaoyi zm_yunyang zf_xiaoni zm_yunxia",
}
# Where the model speaks a language some fifth slower than people do (articulation as Coupé et al. 2019 measured it), and
# voices that drawl, by `benchmarks.spoken`: brought half way there, and to the pace of the others. The model then speaks
# so by itself, which sounds better than the same sound squeezed.
_HASTE = {"es": 1.15, "es-ES": 1.15, "it": 1.15, "pt": 1.1}
_DRAWLS = {
    "bm_fable": 1.28,
    "am_onyx": 1.24,
    "bm_george": 1.22,
    "bf_lily": 1.14,
    "bm_lewis": 1.14,
    "am_echo": 1.12,
    "im_nicola": 1.12,
    "af_alloy": 1.1,
}
# Spanish is America's, as its market profile is, unless Spain is named.
_ESPEAK = {
    "en": "en-us",
    "en-GB": "en-gb",
    "es": "es-419",
    "es-ES": "es",
    "fr": "fr-fr",
    "it": "it",
    "pt": "pt-br",
    "hi": "hi",
}
_SEX = {"f": "female", "m": "male"}
_LATIN = re.compile(r"[A-Za-z][A-Za-z'’ -]*[A-Za-z]|[A-Za-z]")


class Kokoro:
    """Kokoro-82M v1.0, 8-bit weights, 24 kHz."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="kokoro",
        revision=5,
        languages=frozenset({"en", "es", "fr", "it", "pt", "hi", "zh"}),
        code_licence="MIT",
        weights_licence="Apache-2.0",
        package="kokoro-onnx",
        extra="embedded",
        models=(MODEL, VOICES),
    )

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        """Load. Raises `ModelError` if a model's folder does not hold what it should."""
        self._voices_folder = models[VOICES] / "voices" if (models[VOICES] / "voices").is_dir() else models[VOICES]
        self._styles: dict[str, NDArray[np.float32]] = {}
        self._phonemizers: dict[str, Callable[[str], str]] = {}
        self._engine = _load(models[MODEL], threads)

    @classmethod
    def voices(cls, language: str) -> Sequence[Voice]:
        """The stock voices for a language, best first."""
        names = _VOICES[_variety(language)].split()
        return [Voice(name, "female" if name[1] == "f" else "male") for name in names]

    def speak(self, text: str, language: str, voice: str) -> Speech:
        """Speak a line at 24 kHz, without silence at its ends; what is too long for the model is spoken in parts.

        Raises `EngineOutputError` if nothing audible comes out.
        """
        variety = _variety(language)
        phonemes = self._phonemes(text, variety)
        if not phonemes:
            raise EngineOutputError("the text has nothing that can be spoken", where="kokoro", field=text[:80])
        speed = _HASTE.get(variety, 1.0) * _DRAWLS.get(voice, 1.0)
        samples, rate = self._engine.create(phonemes, self._style(voice), speed=speed, is_phonemes=True, trim=True)
        # Some voices run over full scale: turned down as a whole, they are not distorted.
        peak = max(1.0, float(np.abs(samples).max(initial=0)))
        speech = trim(np.asarray(samples / peak, np.float32), rate)
        if not len(speech):
            raise EngineOutputError("the model produced silence", where="kokoro", field=text[:80])
        return Speech(fade_ends(speech, rate), rate)

    def _style(self, voice: str) -> NDArray[np.float32]:
        if voice not in self._styles:
            path = self._voices_folder / f"{voice}.bin"
            if not re.fullmatch(r"[a-z]{2}_[a-z]+", voice) or not path.is_file():
                raise VoiceError(f"Kokoro has no voice {voice!r}", where=str(self._voices_folder), field="voice")
            style = np.fromfile(path, np.float32)
            # One row for each length of a text in phonemes.
            if len(style) != STYLE_ROWS * STYLE_WIDTH:
                remedy = "dubwright models verify"
                raise VoiceError(f"the file of Kokoro's voice {voice} is cut or spoilt", where=str(path), remedy=remedy)
            self._styles[voice] = style.reshape(STYLE_ROWS, 1, STYLE_WIDTH)
        return self._styles[voice]

    def _phonemes(self, text: str, variety: str) -> str:
        """What the model is to say, in its own alphabet; empty if that is nothing."""
        if variety not in self._phonemizers:
            self._phonemizers[variety] = _mandarin(self._phonemes) if variety == "zh" else _espeak(variety)
        known = self._engine.tokenizer.vocab
        phonemes = "".join(char for char in self._phonemizers[variety](text) if char in known)
        phonemes = " ".join(phonemes.split())
        if not any(char.isalpha() for char in phonemes):
            return ""
        # Without a mark at its end the model tends to swallow the last sound.
        return phonemes if phonemes[-1] in '.!?…,;:"”)' else phonemes + "."


def _variety(language: str) -> str:
    """The key of `_VOICES` for a language tag. Raises `LanguageError` for one that the model does not speak."""
    variety = language if language in _VOICES else languages.base(language)
    if variety not in _VOICES:
        raise LanguageError(f"Kokoro does not speak {languages.name(language)}", where="kokoro", field=language)
    return variety


def _load(model: Path, threads: int) -> Any:
    import onnxruntime
    from kokoro_onnx import Kokoro as KokoroOnnx

    path = model if model.is_file() else next(iter(sorted(model.glob("*.onnx"))), None)
    if path is None:
        raise ModelError("no .onnx file in the model's folder", where=str(model), remedy="dubwright models verify")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that wait by spinning take the cores from the other Dask workers: a third more CPU time for nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    # The library wants an archive of voices; ours are single files, read when first used.
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "voices.npz"
        np.savez(archive)
        return KokoroOnnx.from_session(session, str(archive))


def _espeak(variety: str) -> Callable[[str], str]:
    from misaki import espeak

    logging.getLogger("phonemizer").setLevel(logging.ERROR)  # it reports every foreign word
    if variety.startswith("en"):
        word = espeak.EspeakFallback(british=variety == "en-GB")

        def said(text: str) -> str:
            # Of "general" it would keep the r twice.
            return str(word(SimpleNamespace(text=text))[0] or "").replace("ɹɹ", "ɹ")

        return English(said, british=variety == "en-GB")
    other = espeak.EspeakG2P(_ESPEAK[variety])
    return lambda text: str(other(text)[0])


def _mandarin(phonemes: Callable[[str, str], str]) -> Callable[[str], str]:
    """Mandarin, with Latin words in between spoken as English by way of `phonemes`."""
    import jieba  # type: ignore[import-untyped]
    from misaki.zh import ZHG2P

    jieba.setLogLevel(logging.ERROR)
    # Its cache is read as code would be; in the folder everyone can write to it must not be trusted.
    with tempfile.TemporaryDirectory() as folder:
        jieba.dt.tmp_dir = folder
        jieba.initialize()
    speak = ZHG2P()

    def mandarin(text: str) -> str:
        text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
        english = _LATIN.sub(lambda found: f" {phonemes(found[0], 'en').rstrip('.')} ", text)
        return str(speak(english)[0])

    return mandarin
