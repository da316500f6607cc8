"""Turkish: what hangs on a noun, one suffix behind the other; on a name behind an apostrophe."""

from __future__ import annotations

from dubwright.terms.inflection.grammar import Grammar, Word, spelled

_PLURAL = "(?:l[ae]r)?"
_OWNER = "(?:(?:[ıiuü]?m(?:[ıiuü]z)?)|(?:[ıiuü]?n(?:[ıiuü]z)?)|s?[ıiuü])?"
_CASE = "(?:[yn]?[ae]|[yn]?[ıiuü]|n?[ıiuü]n|n?[dt][ae]n?|y?l[ae])?"
_COPULA = "(?:y?d[ıiuü]|y?s[ıiuü]n|d[ıiuü]r|y?[ıiuü]m)?"
_SUFFIXES = f"{_PLURAL}{_OWNER}{_CASE}{_COPULA}"
_SOFT = {"k": "[kğ]", "ç": "[çc]", "t": "[td]", "p": "[pb]"}


def _turkish(word: Word) -> str:
    written = spelled(word.text)
    last = word.text[-1:].lower()
    if not last.isalpha():
        return written
    if word.short_name or (word.capital and word.last and not word.first):
        return written
    soft = spelled(word.text[:-1]) + _SOFT[last] if last in _SOFT and len(word.text) > 3 else written
    if not word.last:
        return written
    return soft + _SUFFIXES


TURKISH = Grammar(forms=_turkish, after=r"(?:['’]\w+)?")
