"""A second listen: what a recognizer makes of a synthesized line, held against what it was to say. Only where asked for."""

from __future__ import annotations

import logging
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import cast

from dubwright import engines, unit
from dubwright.dub.engine import Speech
from dubwright.dub.wording import spoken
from dubwright.errors import EngineOutputError
from dubwright.recognizer import Recognizer
from dubwright.settings import DubSettings

NONE = "none"
# A recognizer errs, most of all on names; what it shares less than this with the text is another text, or half of it.
LEAST_ALIKE = 0.6
# Of a word or two it makes anything.
LEAST_LETTERS = 12

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """The recognizer that the settings of a unit ask for, in its language."""

    work: unit.Work
    recognizer: Recognizer

    @classmethod
    def of(cls, work: unit.Work, machine: unit.Machine) -> Listener | None:
        """The listener of a unit; None where none is wanted, or it does not know the language.

        Raises `SettingsError` for one that is not registered.
        """
        wanted = cast(DubSettings, work.settings)
        if wanted.listener == NONE:
            return None
        if not engines.engine_class("transcribe", wanted.listener).info.speaks(work.language):
            return None
        return cls(work, Recognizer(wanted.listener, wanted.listener_model, work.language, machine))

    def misheard(self, speech: Speech, text: str) -> str | None:
        """What was heard instead, in words; None where it is the text, nearly, and where the recognizer itself fails.

        Raises as `unit.load_engine` does.
        """
        if len(_letters(text)) < LEAST_LETTERS:
            return None
        try:
            heard = self.recognizer.heard(speech.samples, speech.rate)
        except EngineOutputError as error:
            _log.warning("%s: a line was not listened to: %s", self.work.label, error)
            return None
        if alike(heard, text, self.work.language) >= LEAST_ALIKE:
            return None
        return f"was heard to say {heard[:80]!r}" if heard.strip() else "was not understood at all"


def alike(heard: str, text: str, language: str) -> float:
    """How much of two texts is the same, 0 to 1, by their letters; numbers count as they are said."""
    return SequenceMatcher(
        None, _letters(spoken(heard, language)), _letters(spoken(text, language)), autojunk=False
    ).ratio()


def _letters(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in bare if char.isalnum())
