"""A translator that knows no language but behaves like one that does: for tests and for trying out a deployment."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import ClassVar

from dubwright.engines import EngineInfo
from dubwright.settings import TranslateSettings
from dubwright.translate import glossary, scripts
from dubwright.translate.engine import Line, Scene, Translated
from dubwright.translate.length import letters as count_letters

# A line that holds this cannot be translated by this engine.
FAILING = "翻译失败"
SYLLABLES_PER_WORD = 3
_STOPS = "。！？…，.!?,"
_PLAIN = str.maketrans("。！？，…", ".!?,.")


class FakeTranslator:
    """Words that mean nothing, in the target's script, as many as the line needs, with the glossary's renderings; and the
    same in half as many, or as few as are asked for."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="fake",
        revision=2,
        languages=frozenset(),
        code_licence="Apache-2.0",
        weights_licence="none",
    )

    def __init__(self, settings: TranslateSettings, models: dict[str, Path], threads: int) -> None:
        pass

    def translate(self, scene: Scene) -> list[Translated]:
        return [self._line(line, scene) for line in scene.lines]

    def shorten(self, scene: Scene, line: Line, text: str, letters: int) -> Translated | None:
        """The first words of the line, as many as go into so many letters besides the glossary's renderings."""
        shorter = _text(line, scene, letters)
        return Translated(line.segment, shorter) if count_letters(shorter) < count_letters(text) else None

    def _line(self, line: Line, scene: Scene) -> Translated:
        if FAILING in line.text:
            return Translated(line.segment, None, (f"the line holds {FAILING}",))
        if not any(char.isalnum() for char in line.text):
            return Translated(line.segment, None, ("nothing to translate",))
        text = _text(line, scene)
        half = _text(line, scene, count_letters(text) // 2)
        return Translated(line.segment, text, others=(half,) if half != text else ())


def _text(line: Line, scene: Scene, letters: int | None = None) -> str:
    """A line's words with its fixed renderings, of the others only the first that go into so many letters, or one word."""
    words: list[tuple[str, bool]] = []
    rest = line.text
    for term, rendering in glossary.occurring(line.text, scene.glossary).items():
        before, _, rest = rest.partition(term)
        words += [*((word, False) for word in _words(before, scene.target)), (rendering, True)]
    words += [(word, False) for word in _words(rest, scene.target)]
    if letters is not None:
        left = letters - sum(count_letters(word) for word, fixed in words if fixed)
        sizes = accumulate(0 if fixed else count_letters(word) for word, fixed in words)
        words = [each for each, size in zip(words, sizes, strict=True) if each[1] or size <= left] or words[:1]
    text = " ".join(word for word, _ in words)
    ending = line.text.rstrip()[-1:]
    return text[:1].upper() + text[1:] + (ending if ending in _STOPS else "").translate(_PLAIN)


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
