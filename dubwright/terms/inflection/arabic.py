"""Arabic: the article and the particles that are written as part of a word, endings, vowel signs, careless letters."""

from __future__ import annotations

import re

from dubwright.terms.inflection.grammar import Grammar, Word

# Signs that may stand after any letter: vowels, doubling, and the stroke that lengthens a word.
MARKS = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640"
_SIGNS = f"[{MARKS}]*+"
# Letters that are written for each other, at will or by carelessness.
_ALIKE = tuple(map(frozenset, ("اأإآٱ", "يىئی", "وؤ", "كک")))
_ARTICLE = "ال"
# And, so; in, as, to, will; the article, which with "to" is لل.
_BEFORE = f"(?:[وف]{_SIGNS})?(?:(?:[بك]{_SIGNS})?ا{_SIGNS}ل{_SIGNS}|ل{_SIGNS}ل{_SIGNS}|[بكلس]{_SIGNS})?"
_AND = f"(?:[وف]{_SIGNS})?"
_OWNER = "(?:ي|ك|كم|كما|كن|ه|ها|هم|هما|هن|نا)"
_ENDINGS = f"(?:ا|ان|ين|ون|ات|وا|{_OWNER})?"


def _arabic(word: Word) -> str:
    text = re.sub(f"[{MARKS}]", "", word.text)
    core = text[len(_ARTICLE) :] if text.startswith(_ARTICLE) and len(text) > 4 and text != "الله" else text
    if len(core) < 3:
        # لي is a name, and "to me"; ولي is "guardian".
        return (_AND if not word.alone else "") + _letters(core)
    article = core != text
    if word.first:
        before = _BEFORE
    else:
        # A title's second word may have what its first has; a name behind a title has nothing, or the article.
        before = f"(?:[بك]?{_SIGNS}ا{_SIGNS}ل{_SIGNS}|ل{_SIGNS}ل{_SIGNS})?" if article else f"(?:ا{_SIGNS}ل{_SIGNS})?"
    if core.endswith("ة"):
        return f"{before}{_letters(core[:-1])}(?:[ةه]|ت{_SIGNS}(?:ان|ين|{_OWNER})|ات)"
    endings = _ENDINGS if len(core) > 3 and not (word.last and not word.first and not article) else ""
    return before + _letters(core) + endings


def _letters(text: str) -> str:
    """The letters of a word, each in any of its spellings, with any signs after it."""
    found = []
    for char in text:
        alike = next((group for group in _ALIKE if char in group), None)
        found.append((f"[{''.join(sorted(alike))}]" if alike else re.escape(char)) + _SIGNS)
    return "".join(found)


ARABIC = Grammar(forms=_arabic, letters=rf"\w{MARKS}", after=_SIGNS)
