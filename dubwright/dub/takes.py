"""A line is said in takes: as it stands, worded a little otherwise, by another engine. The first that sounds as it should
is kept; who said it, where that was not who should have, is told.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dubwright import engines, unit
from dubwright.dub import check
from dubwright.dub.engine import Batching, Saying, Speech, Voice, stock
from dubwright.dub.learnt import synthesizer
from dubwright.dub.listening import Listener
from dubwright.dub.speech_cache import SpeechCache
from dubwright.dub.stage import engine
from dubwright.dub.voicing import LineVoice
from dubwright.engines import EngineInfo
from dubwright.errors import EngineError, EngineHungError, EngineOutputError, ModelError, SettingsError, VoiceError
from dubwright.lake import Lake
from dubwright.settings import DubSettings

# How long an engine in this process may take for a line: many times what the slowest needs on a busy machine.
PATIENCE_S, PATIENCE_PER_CHARACTER_S = 120.0, 1.0
PAUSE_S = 0.18
# Where an engine lacks a voice, so many others of the sex are tried.
STAND_INS = 2
_CLAUSES = re.compile(r"(?<=[.!?;:,…])\s+|(?<=[。！？；：，、…])\s*")
_CLOSED = re.compile(r"[.!?…。！？؟।]\W*$")
_HAN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A line to say: its text, worded for speech, the voice, and how long (ms) that should take."""

    segment: int
    text: str
    voice: LineVoice
    expected_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """A line as it was said: by which engine, its model's digest, with which voice; its blob and samples [n] at the
    episode's rate.

    `note` says why it was neither the engine nor the voice that was asked for.
    """

    engine: EngineInfo
    model_sha256: str | None
    voice: str
    blob: str
    samples: NDArray[np.float32]
    note: str | None = None


@dataclass(slots=True)
class Takes:
    """The lines of one unit, `rate` being that of its episode (Hz)."""

    work: unit.Work
    lake: Lake
    machine: unit.Machine
    rate: int
    _caches: dict[str, SpeechCache] = field(default_factory=dict)
    # By text and voice, what was said of lines that were said together.
    _ahead: dict[tuple[str, str], Speech | EngineOutputError] = field(default_factory=dict)

    def ahead(self, lines: Sequence[Asked]) -> None:
        """Have those of the lines that nobody said before said together, where the engine can, for `take` to find.

        What goes wrong with all of them is no matter: `take` asks line by line then.
        """
        info, language = self._engines()[0], self.work.language
        if not issubclass(engines.engine_class("dub", info.name), Batching):
            return
        cache = self._cache(info)
        new = [asked for asked in lines if cache.find(asked.text, language, asked.voice.name, self.rate) is None]
        if len(new) < 2:
            return
        loaded = unit.load_engine("dub", info, self.work.settings, self.machine)
        sayings = [
            Saying(asked.text, asked.voice.name, asked.voice.learnt.content if asked.voice.learnt else None)
            for asked in new
        ]

        def speak() -> dict[tuple[str, str], Speech | EngineOutputError]:
            said = [
                each if isinstance(each, EngineOutputError) else _plain(each)
                for each in loaded.speak_all(sayings, language)
            ]
            return {(saying.text, saying.voice): each for saying, each in zip(sayings, said, strict=True)}

        what = f"{info.name} on {len(new)} lines of {self.work.label}"
        try:
            self._ahead = unit.ask_within(what, sum(_patience(asked.text) for asked in new), loaded, speak)
        except (EngineError, MemoryError) as error:
            _log.warning("%s: %s; they are said one by one", what, error)

    def take(self, asked: Asked) -> Take:
        """The first take of a line that sounds as it should.

        Raises `EngineOutputError` with what was wrong with each where none does. What is the operator's to mend (the
        engine of the language is not installed, its model cannot be had, its endpoint is away) is raised as it is.
        """
        first, *others = self._engines()
        wrong: list[str] = []
        found = self._by(first, self._voices(first, asked.voice), asked, wrong)
        for info in others:
            if found is not None:
                break
            # Of an engine that only stands in, a lack of any kind is one more reason.
            try:
                found = self._by(info, self._stand_ins(asked.voice, info)[:1], asked, wrong)
            except (EngineError, ModelError, SettingsError) as error:
                wrong.append(error.problem)
        if found is None:
            raise EngineOutputError(_told(wrong), where=self.work.label)
        return found

    def _engines(self) -> list[EngineInfo]:
        """The language's engine, and those that are named after it and could stand in."""
        names = cast(DubSettings, self.work.settings).engines
        first = engine(self.work.settings, self.work.language)
        after = names[names.index(first.name) + 1 :] if first.name in names else ()
        found: list[EngineInfo] = []
        for name in after:
            try:
                found.append(engines.engine_class("dub", name).info)
            except SettingsError:  # nobody needed it so far
                continue
        return [first, *(info for info in found if info.speaks(self.work.language))]

    def _voices(self, info: EngineInfo, voice: LineVoice) -> Iterator[str]:
        yield voice.name
        if voice.learnt:
            yield voice.stock
        yield from self._stand_ins(voice, info)[:STAND_INS]

    def _stand_ins(self, voice: LineVoice, info: EngineInfo) -> list[str]:
        return stand_ins(voice.stock or voice.name, self._stock(self._engines()[0]), self._stock(info))

    def _stock(self, info: EngineInfo) -> Sequence[Voice]:
        return stock(info.name, cast(DubSettings, self.work.settings), self.work.language)

    def _by(
        self, info: EngineInfo, voices: Iterator[str] | Sequence[str], asked: Asked, wrong: list[str]
    ) -> Take | None:
        """A take by one engine, the next of the voices where it lacks one; None, and why, if it says nothing usable."""
        cache, language = self._cache(info), self.work.language
        for voice in voices:
            instead = f"{_told(wrong)}: {voice} of {info.name} speaks" if wrong else None
            found = cache.find(asked.text, language, voice, self.rate)
            if found is None:
                try:
                    speech = self._said(info, voice, asked, wrong)
                except VoiceError as error:
                    wrong.append(error.problem)
                    continue
                if speech is None:
                    return None
                found = cache.keep(asked.text, language, voice, speech, self.rate)
            return Take(info, self._model(info), voice, *found, instead)
        return None

    def _said(self, info: EngineInfo, voice: str, asked: Asked, wrong: list[str]) -> Speech | None:
        """What one voice says, in the first wording that it says as it should."""
        for pieces in wordings(asked.text):
            try:
                speech = joined([self._piece(info, voice, piece, asked) for piece in pieces])
            except EngineHungError as error:
                # Each time costs a thread and a model: another wording is not worth it.
                wrong.append(f"{info.name} {error.problem}")
                return None
            except EngineOutputError as error:
                wrong.append(error.problem)
                continue
            except MemoryError:
                wrong.append(f"{info.name} ran out of memory")
                continue
            fault = check.fault(speech, asked.text, asked.expected_ms) or self._misheard(speech, asked.text)
            if fault is None:
                return speech
            wrong.append(f"{info.name} {fault}")
        return None

    def _piece(self, info: EngineInfo, voice: str, text: str, asked: Asked) -> Speech:
        said = self._ahead.pop((text, voice), None) if info == self._engines()[0] else None
        if isinstance(said, EngineOutputError):
            raise said
        if said is not None:
            return said
        loaded = unit.load_engine("dub", info, self.work.settings, self.machine)
        learnt = asked.voice.learnt if voice == asked.voice.name else None
        speaker = synthesizer(info, self.work.settings, self.machine, learnt)
        language = self.work.language
        what = f"{info.name} on {self.work.series}/{self.work.episode} line {asked.segment} in {language}"
        return unit.ask_within(what, _patience(text), loaded, lambda: _plain(speaker.speak(text, language, voice)))

    def _misheard(self, speech: Speech, text: str) -> str | None:
        listener = Listener.of(self.work, self.machine)
        return listener.misheard(speech, text) if listener else None

    def _model(self, info: EngineInfo) -> str | None:
        return unit.main_model(info, self.work.settings, self.work.language)

    def _cache(self, info: EngineInfo) -> SpeechCache:
        if info.name not in self._caches:
            settings = cast(DubSettings, self.work.settings)
            self._caches[info.name] = SpeechCache.of(self.lake, info, settings, self.work.language)
        return self._caches[info.name]


def _patience(text: str) -> float:
    """How long (s) an engine may take for a text."""
    return PATIENCE_S + PATIENCE_PER_CHARACTER_S * len(text)


def _plain(speech: Speech) -> Speech:
    """What an engine gave, in the types that it promised; raises whatever numpy does where it cannot be."""
    return Speech(np.asarray(speech.samples, np.float32), int(speech.rate))


def _told(wrong: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(wrong))


def wordings(text: str) -> list[tuple[str, ...]]:
    """How else a text may be said, at least twice in all: as it stands, with a mark at its end, clause by clause."""
    ways: list[tuple[str, ...]] = [(text,)]
    if not _CLOSED.search(text):
        ways.append((text + ("。" if _HAN.search(text) else "."),))
    clauses = _clauses(text)
    if len(clauses) > 1:
        ways.append(clauses)
    # Nothing to vary: what an endpoint says is another take all the same.
    return ways if len(ways) > 1 else ways * 2


def _clauses(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for piece in _CLAUSES.split(text):
        if any(map(str.isalnum, piece)):
            found.append(piece)
        elif piece.strip() and found:
            found[-1] += " " + piece
    return tuple(found)


def joined(pieces: Sequence[Speech]) -> Speech:
    """Pieces of a line one after the other, short pauses between them. Raises `EngineOutputError` if they do not go together."""
    if len(pieces) == 1:
        return pieces[0]
    rate = pieces[0].rate
    if any(piece.rate != rate or piece.samples.ndim != 1 for piece in pieces):
        raise EngineOutputError("gave pieces that are no sounds of one kind")
    pause = np.zeros(round(PAUSE_S * rate), np.float32)
    parts = [part for piece in pieces for part in (pause, piece.samples)][1:]
    return Speech(np.concatenate(parts), rate)


def stand_ins(voice: str, own: Sequence[Voice], others: Sequence[Voice]) -> list[str]:
    """Voices among the others for one of one's own, best first: of its sex, and the nth of them for the nth, so that two
    whom the cast tells apart stay so while there are enough."""
    sex = next((each.sex for each in own if each.name == voice), "unknown")
    alike = [each.name for each in own if each.sex == sex]
    fitting = [each.name for each in others if sex in ("unknown", each.sex) and each.name != voice]
    names = fitting or [each.name for each in others if each.name != voice]
    at = alike.index(voice) % len(names) if voice in alike and names else 0
    return names[at:] + names[:at]
