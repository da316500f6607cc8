"""Languages that set no spaces between words: a rendering is found inside a row of letters, but not inside a syllable or
a foreign word that goes on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dubwright.terms.inflection.grammar import Grammar, Word, spelled

# Thai vowels and tones above, below and behind a letter; and vowels that are written before the letter that they follow.
_THAI_AFTER = "\u0e30-\u0e3a\u0e45\u0e47-\u0e4e"
_THAI_BEFORE = "\u0e40-\u0e44"
# Thanks to carelessness one vowel is written as the two signs that it looks like.
_AM = "(?:\u0e33|\u0e4d\u0e32)"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff"
_HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_LATIN = "A-Za-z\u00c0-\u024f"
# Where a word may begin, a space may stand, or what parts the two halves of a name.
_THAI_SPACE, _SPACE = "[ \u200b]?", "[ \u3000・·･=＝]?"
_HONORIFICS = (
    "様|殿|氏|君|先生|師匠|師父|師兄|師姉|師弟|師妹|社長|会長|総裁|部長|課長|専務|教授|博士|医師|弁護士|将軍|公子|姑娘|夫人|老師"
    "|殿下|陛下|王|家|兄|姉|総|公公|大人"
)


@dataclass(frozen=True, slots=True)
class _Unspaced(Grammar):
    """Borders that depend on what stands at the rendering's own ends."""

    def pattern(self, words: Sequence[str]) -> re.Pattern[str]:
        """What finds a rendering of these words, with or without spaces or a middle dot between them."""
        parts = [part for word in words for part in re.split("[・·･=＝]", word) if part]
        written = self.gap.join(self.forms(Word(part, False, False)) for part in parts)
        whole = "".join(parts)
        return re.compile(_left(whole) + written + _right(whole), re.IGNORECASE)


def _left(whole: str) -> str:
    first = whole[0]
    if re.match(f"[{_KATAKANA}]", first):
        return f"(?<![{_KATAKANA}])"
    if re.fullmatch(f"[{_HAN}]", whole):
        return f"(?<![{_HAN}])"
    if re.match("[\u0e01-\u0e2e]", first):
        return f"(?<![{_THAI_BEFORE}])"
    return f"(?<![{_LATIN}])" if re.match(f"[{_LATIN}]", first) else ""


def _right(whole: str) -> str:
    last = whole[-1]
    if re.match(f"[{_KATAKANA}]", last):
        return f"(?![{_KATAKANA}])"
    if re.fullmatch(f"[{_HAN}]", whole):
        return f"(?:(?={_HONORIFICS})|(?![{_HAN}]))"
    if re.match("[\u0e00-\u0e7f]", last):
        return f"(?![{_THAI_AFTER}])"
    return f"(?![{_LATIN}])" if re.match(f"[{_LATIN}]", last) else ""


def _thai(word: Word) -> str:
    syllables = re.findall(f"[{_THAI_BEFORE}]?[^{_THAI_BEFORE}{_THAI_AFTER}][{_THAI_AFTER}]*|.", word.text)
    pattern = _THAI_SPACE.join(re.escape(part) for part in syllables)
    return re.sub("\u0e33|\u0e4d\u0e32", _AM, pattern)


def _written(word: Word) -> str:
    return _SPACE.join(spelled(char) for char in word.text) if not word.text.isascii() else spelled(word.text)


THAI = _Unspaced(forms=_thai, gap=_THAI_SPACE)
JAPANESE = _Unspaced(forms=_written, gap=_SPACE)
CHINESE = _Unspaced(forms=_written, gap=r"[\s·・]*")
