"""A line of a character in the voices that may become its own, to be listened to before anybody decides."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dubwright import unit
from dubwright.dub.engine import Speech
from dubwright.dub.learnt import Learnt, learn, synthesizer
from dubwright.dub.wording import spoken
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, KeyMissingError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey, parse_unit
from dubwright.lake.reading import about, columns
from dubwright.media import sound
from dubwright.reports import coverage
from dubwright.series.cast import Cast
from dubwright.series.voice_facts import CastVoice
from dubwright.settings import DubSettings
from dubwright.unit import Machine

# Every engine says figures in the language that it is asked for: they are spoken where no line is known.
FIGURES = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10."
# Of a character's lines the longest is spoken that has no more letters; it is looked for in so many episodes.
LETTERS, EPISODES = 120, 5
ENDINGS = (".flac", ".wav")


@dataclass(frozen=True, slots=True)
class Audition:
    """An engine and a language in which voices are tried."""

    lake: Lake
    info: EngineInfo
    settings: DubSettings
    machine: Machine
    language: str

    def speak(self, text: str, voice: CastVoice) -> Speech:
        """A text with a stock voice, or with the clone that there are clips for. Raises `EngineOutputError`, `EngineError`."""
        learnt = self._learn(voice.clips) if voice.clips else None
        loaded = synthesizer(self.info, self.settings, self.machine, learnt)
        line = spoken(text, self.language)
        if not line:
            raise EngineOutputError("the text has nothing that can be spoken", where=self.info.name, field=text[:80])
        return unit.ask_engine(self.info.name, lambda: loaded.speak(line, self.language, voice.voice))

    def _learn(self, clips: Sequence[str]) -> Learnt:
        return learn(self.lake, self.info, self.settings, self.machine, clips, self.language)

    def line_of(self, series: str, cast: Cast, character: str) -> str | None:
        """A line of somebody (by id or name) as it was translated last; None where none is."""
        found: list[str] = []
        for key in list(coverage.newest(self.lake, "translation", self.language, series))[:EPISODES]:
            texts = columns(self.lake, str(key), ["segment", "text"]).to_pylist()
            own = self._own(key, cast, character)
            found += [row["text"] for row in texts if row["segment"] in own and spoken(row["text"] or "")]
        return max((text for text in found if len(text) <= LETTERS), key=lambda text: (len(text), text), default=None)

    def _own(self, key: UnitKey, cast: Cast, character: str) -> set[int]:
        """The lines of somebody in the transcript that a translation was made from."""
        transcript = parse_unit(str(about(self.lake, str(key)).get("upstream", {}).get("transcribe")))
        if transcript is None:
            return set()
        try:
            rows = columns(
                self.lake, str(transcript), ["segment", "speaker", "character", "start_ms", "end_ms"]
            ).to_pylist()
        except KeyMissingError:  # collected since
            return set()
        own = set()
        for row in rows:
            person = cast.who(key.episode, row["speaker"], row["start_ms"], row["end_ms"])
            if character == (person.id if person else row.get("character")):
                own.add(row["segment"])
        return own


def write(path: Path, speech: Speech) -> None:
    """Write a sound to a file, by its ending as FLAC or WAV. Raises OSError."""
    if path.suffix.lower() == ".wav":
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(speech.rate)
            file.writeframes(np.round(np.clip(speech.samples, -1, 1) * 32767).astype("<i2").tobytes())
    else:
        sound.write_flac(path, speech.samples, speech.rate)
