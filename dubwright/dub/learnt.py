"""What an engine keeps of a cloned voice: learnt once from a character's clips, found again in the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dubwright import unit
from dubwright.dub.engine import Cloner, Speech, Synthesizer
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, KeyMissingError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, layout
from dubwright.media import sound
from dubwright.settings import Section
from dubwright.unit import Machine

# Sounds as they are kept as clips.
RATE = 16000


@dataclass(frozen=True, slots=True)
class Learnt:
    """A voice as an engine keeps it, and the key of the blob that holds it."""

    blob: str
    content: bytes


class CloneOf:
    """A synthesizer whose only voice is one that it learnt."""

    def __init__(self, cloner: Cloner, learnt: bytes) -> None:
        self._cloner, self._learnt = cloner, learnt

    def speak(self, text: str, language: str, voice: str) -> Speech:
        """Speak a line; the voice's name is only what it is called by."""
        return self._cloner.speak_as(text, language, self._learnt)


def synthesizer(
    info: EngineInfo, settings: Section, machine: Machine, learnt: Learnt | None = None
) -> Synthesizer | CloneOf:
    """The engine of this process, loaded; with a voice that it learnt, as one that has no other. Raises what loading does."""
    loaded = unit.load_engine("dub", info, settings, machine)
    return CloneOf(loaded, learnt.content) if learnt else loaded


def learn(
    lake: Lake, info: EngineInfo, settings: Section, machine: Machine, clips: Sequence[str], language: str
) -> Learnt:
    """What the engine, with its models of a language, keeps of the voice in these blobs, best first; it is loaded only if
    nobody learnt the voice before.

    Raises `EngineOutputError` if the clips do not make a voice or are gone, `MediaError` if one is no sound.
    """
    models = unit.model_digests(info, settings, language)
    decides = {"learnt": list(clips), "engine": info.name, "revision": info.revision, "models": models}
    entry = layout.speech(fingerprint(decides))
    try:
        return _read(lake, entry)
    except KeyMissingError:
        pass
    try:
        sounds = [Speech(_clip(lake, key), RATE) for key in clips]
    except KeyMissingError as error:
        raise EngineOutputError("a clip of the voice is gone", where=info.name, field=error.field) from error
    cloner = unit.load_engine("dub", info, settings, machine)
    content = unit.ask_engine(f"{info.name} learning a voice", lambda: cloner.learn(sounds))
    if not isinstance(content, bytes) or not content:
        raise EngineOutputError("learnt nothing", where=info.name)
    lake.store.put_if_absent(entry, lake.put_blob_bytes(content, "bin").encode())
    # As whoever was first left it.
    return _read(lake, entry)


def _read(lake: Lake, entry: str) -> Learnt:
    blob = lake.store.read(entry).decode("ascii", "replace")
    if not layout.is_blob(blob):
        raise KeyMissingError("names no blob", where=lake.uri, field=entry)
    return Learnt(blob, lake.read_blob(blob))


def _clip(lake: Lake, key: str) -> NDArray[np.float32]:
    if not layout.is_blob(key):
        raise KeyMissingError("no key of a blob", where=lake.uri, field=key)
    with lake.blob_file(key) as path:
        samples: NDArray[np.float32] = sound.read(path, rate=RATE, channels=1)[0][:, 0]
        return samples
