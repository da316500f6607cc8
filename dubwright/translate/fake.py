"""A translator that knows no language but behaves like one that does: for tests and for trying out a deployment."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from pathlib import Path
from typing import ClassVar

from dubwright.engines import EngineInfo
from dubwright.settings import TranslateSettings
from dubwright.translate import glossary, scripts
from dubwright.translate.engine import Line, Scene, Translated

# A line that holds this cannot be translated by this engine.
FAILING = "翻译失败"
SYLLABLES_PER_WORD = 3
_STOPS = "。！？…，.!?,"
_PLAIN = str.maketrans("。！？，…", ".!?,.")


class FakeTranslator:
    """Words that mean nothing, in the target's script, as many as the line needs, with the glossary's renderings."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="fake",
        revision=1,
        languages=frozenset(),
        code_licence="Apache-2.0",
        weights_licence="none",
    )

    def __init__(self, settings: TranslateSettings, models: dict[str, Path], threads: int) -> None:
        pass

    def translate(self, scene: Scene) -> list[Translated]:
        return [self._line(line, scene) for line in scene.lines]

    def _line(self, line: Line, scene: Scene) -> Translated:
        if FAILING in line.text:
            return Translated(line.segment, None, (f"the line holds {FAILING}",))
        if not any(char.isalnum() for char in line.text):
            return Translated(line.segment, None, ("nothing to translate",))
        terms = glossary.occurring(line.text, scene.glossary)
        words: list[str] = []
        rest = line.text
        for term, rendering in terms.items():
            before, _, rest = rest.partition(term)
            words += [*_words(before, scene.target), rendering]
        words += _words(rest, scene.target)
        text = " ".join(words)
        ending = line.text.rstrip()[-1:]
        return Translated(
            line.segment, text[:1].upper() + text[1:] + (ending if ending in _STOPS else "").translate(_PLAIN)
        )


def _words(source: str, target: str) -> list[str]:
    """Meaningless words of the target's letters, a syllable for each letter of the source, the same every time."""
    onsets, vowels = _letters(target)
    letters = [char for char in source if char.isalnum()]
    syllables = []
    for place in range(len(letters)):
        first, second = hashlib.blake2b(f"{target}{place}{source}".encode(), digest_size=2).digest()
        syllables.append(onsets[first % len(onsets)] + vowels[second % len(vowels)])
    return ["".join(syllables[at : at + SYLLABLES_PER_WORD]) for at in range(0, len(syllables), SYLLABLES_PER_WORD)]


@cache
def _letters(language: str) -> tuple[str, str]:
    """Letters that open a syllable and letters that close it."""
    latin = "bdfgklmnprtv", "aeiou"
    # Never Han: where it belongs to the language, another of its scripts serves as well, else Latin.
    names = scripts.of_language(language) - {scripts.HAN, "LATIN"}
    found = "".join(
        chr(code)
        for code in range(0x370, 0xD7A4)
        if unicodedata.category(chr(code)) in ("Ll", "Lo") and names & scripts.of_text(chr(code)).keys()
    )
    return (found, found) if found else latin
