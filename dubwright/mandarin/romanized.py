"""Mandarin names as they are written in pinyin, and how somebody who speaks English says them.

The inventory of syllables is that of Hanyu Pinyin (ISO 7098); tones are not said.
"""

from __future__ import annotations

from functools import lru_cache

# Finals by the initials that they stand behind; `y` and `w` are written where a syllable begins with a glide.
_OPEN = "a ai an ang ao e ei en eng"
_VELAR = f"{_OPEN} ong ou u ua uai uan uang ui un uo"
_PALATAL = "i ia ian iang iao ie in ing iong iu u uan ue un"
_SYLLABIC = f"{_OPEN} i ong ou u uan ui un uo"
_SYLLABLES = {
    "": f"{_OPEN} er o ou",
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": f"{_OPEN} i ian iao ie in ing iu o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": f"{_OPEN} i ia ian iao ie ing iu ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": f"{_OPEN} i ian iang iao ie in ing iu ong ou u uan uo ü üe",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu ong ou u uan un uo ü üe",
    "g": _VELAR,
    "k": _VELAR,
    "h": _VELAR,
    "j": _PALATAL,
    "q": _PALATAL,
    "x": _PALATAL,
    "zh": f"{_VELAR} i",
    "ch": f"{_VELAR} i",
    "sh": f"{_VELAR} i",
    "r": "an ang ao e en eng i ong ou u uan ui un uo",
    "z": _SYLLABIC,
    "c": _SYLLABIC,
    "s": _SYLLABIC,
    "y": "a an ang ao e i in ing ong ou u uan ue un",
    "w": "a ai an ang ei en eng o u",
}
# In misaki's American alphabet: capitals are diphthongs (A as in day, I eye, O go, W how). A glide, then the rhyme. Readings
# more English than these (`an` as in Dan, `eng` as in Peng) are understood no better.
_SOUNDS = {
    "b": "b", "p": "p", "m": "m", "f": "f", "d": "d", "t": "t", "n": "n", "l": "l", "g": "ɡ", "k": "k", "h": "h",
    "j": "ʤ", "q": "ʧ", "x": "ʃ", "zh": "ʤ", "ch": "ʧ", "sh": "ʃ", "r": "ɹ", "z": "dz", "c": "ts", "s": "s",
    "y": "j", "w": "w", "": "",
}  # fmt: skip
_RHYMES = {
    "a": ("", "ɑ"), "ai": ("", "I"), "an": ("", "ɑn"), "ang": ("", "ɑŋ"), "ao": ("", "W"), "e": ("", "ʌ"),
    "ei": ("", "A"), "en": ("", "ɛn"), "eng": ("", "ʌŋ"), "er": ("", "ɑɹ"), "o": ("", "O"), "ong": ("", "ʊŋ"),
    "ou": ("", "O"), "i": ("", "i"), "ia": ("j", "ɑ"), "ian": ("j", "ɛn"), "iang": ("j", "ɑŋ"), "iao": ("j", "W"),
    "ie": ("j", "ɛ"), "in": ("", "ɪn"), "ing": ("", "ɪŋ"), "iong": ("j", "ʊŋ"), "iu": ("j", "O"), "u": ("", "u"),
    "ua": ("w", "ɑ"), "uai": ("w", "I"), "uan": ("w", "ɑn"), "uang": ("w", "ɑŋ"), "ue": ("w", "ɛ"), "ui": ("w", "A"),
    "un": ("", "ʊn"), "uo": ("w", "O"), "ü": ("", "u"), "üe": ("w", "ɛ"),
}  # fmt: skip
# What is written like another final and sounds otherwise behind these initials.
_OTHERWISE = {
    **{(initial, "i"): ("", "ɜɹ") for initial in ("zh", "ch", "sh", "r")},
    **{(initial, "i"): ("", "ʌ") for initial in "zcs"},
    **{(initial, "uan"): ("w", "ɛn") for initial in "jqxy"},
    **{(initial, "un"): ("", "un") for initial in "jqxy"},
    ("y", "an"): ("", "ɛn"),
    ("y", "e"): ("", "ɛ"),
}
_BRITISH = str.maketrans({"ɑ": "ɑː", "ɜ": "ɜː", "i": "iː", "u": "uː", "O": "Q", "ɹ": ""})
_PARTS = {initial + final: (initial, final) for initial, finals in _SYLLABLES.items() for final in finals.split()}
_LONGEST = max(map(len, _PARTS))
# No name has more letters. What goes on for pages could be divided in more ways than there is time to try.
_LONGEST_NAME = 24


@lru_cache(maxsize=4096)
def in_english(name: str, *, british: bool = False) -> str | None:
    """The phonemes of a name in pinyin (`Xiaoman`, `Cui'er's`), in misaki's alphabet; None if it is none, or no name.

    The last syllable has the stress.
    """
    stem = name.removesuffix("'s")
    if not 2 <= len(stem) <= _LONGEST_NAME or not stem[0].isupper() or not stem[1:].islower():
        return None
    parts = [_syllables(part) for part in stem.lower().replace("v", "ü").split("'")]
    if not all(parts):
        return None
    found = [syllable for part in parts for syllable in part or ()]
    said = ""
    for number, (initial, final) in enumerate(found, 1):
        glide, rhyme = _OTHERWISE.get((initial, final)) or _RHYMES[final]
        stress = "ˈ" if number == len(found) else "ˌ" if number == 1 else ""
        if british:
            rhyme = rhyme.replace("ɑn", "an").replace("ɑŋ", "aŋ").translate(_BRITISH)
        said += _SOUNDS[initial] + glide + stress + rhyme
    return said + ("z" if stem != name else "")


def is_syllable(word: str) -> bool:
    """Whether a word is one syllable of pinyin, in small or capital letters."""
    return word.lower() in _PARTS


def _syllables(written: str) -> list[tuple[str, str]] | None:
    """The initials and finals of what is written together, the longest first; None if it is no pinyin."""
    if not written:
        return []
    for length in range(min(_LONGEST, len(written)), 0, -1):
        if (first := _PARTS.get(written[:length])) and (rest := _syllables(written[length:])) is not None:
            return [first, *rest]
    return None
