"""One line said at once, to be listened to before it is saved: the next run finds it spoken already."""

from __future__ import annotations

from dataclasses import dataclass

from dubwright import unit
from dubwright.dub import check
from dubwright.dub.engine import Synthesizer, stock
from dubwright.dub.speech_cache import SpeechCache
from dubwright.dub.stage import engine
from dubwright.dub.wording import spoken
from dubwright.errors import EngineOutputError, SettingsError
from dubwright.lake import Lake
from dubwright.settings import DubSettings
from dubwright.unit import Machine

RATE = 48_000
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as it will be spoken: the key of the blob with it, and how long (ms) it is at its own tempo."""

    blob: str
    duration_ms: int


def preview(lake: Lake, settings: DubSettings, machine: Machine, text: str, language: str, voice: str) -> Preview:
    """Say a text with a stock voice. The engine is loaded when first asked, and kept.

    Raises `SettingsError` for a voice that the language's engine has not, `EngineOutputError` if nothing audible comes out,
    and what loading the engine raises.
    """
    info = engine(settings, language)
    names = [each.name for each in stock(info.name, settings, language)]
    if voice not in names:
        raise SettingsError(f"{info.name} has no such voice", field=voice[:80], remedy=f"use one of {', '.join(names)}")
    said = spoken(text, language)
    if not said:
        raise EngineOutputError("the text has nothing that can be spoken", where=info.name, field=text[:80])
    cache = SpeechCache.of(lake, info, settings, language)
    found = cache.find(said, language, voice, RATE)
    if found is None:
        loaded: Synthesizer = unit.load_engine("dub", info, settings, machine)
        what = f"{info.name} on a line in {language}"
        speech = unit.ask_within(what, PATIENCE_S, loaded, lambda: loaded.speak(said, language, voice))
        if fault := check.fault(speech, said):
            raise EngineOutputError(fault, where=info.name, field=text[:80])
        found = cache.keep(said, language, voice, speech, RATE)
    blob, samples = found
    return Preview(blob, round(1000 * len(samples) / RATE))
