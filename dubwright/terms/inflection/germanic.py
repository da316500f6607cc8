"""English: possessives and plurals. German: cases, plurals, endings of adjectives, words written as one."""

from __future__ import annotations

import re

from dubwright.terms.inflection.grammar import Grammar, Word, spelled

_MEN = re.compile("(?i:(?<=[a-z])man)$")


def _english(word: Word) -> str:
    text, written = word.text, spelled(word.text)
    if word.short_name or not (word.last or word.text.islower()):
        return written
    # Abbreviations and names that end in one letter after a stop have no plural.
    if not text[-1:].isalpha():
        return written
    lower = text.lower()
    forms = [written]
    if _MEN.search(text):
        forms.append(spelled(text[:-2]) + "en")
    elif re.search("[^aeiou]y$", lower):
        forms.append(spelled(text[:-1]) + "ies")
    elif re.search("(?:s|x|z|ch|sh)$", lower):
        forms.append(written + "es")
    elif lower.endswith(("fe", "lf", "ief")):
        forms += [spelled(re.sub("fe?$", "", text)) + "ves", written + "s"]
    else:
        forms.append(written + "s")
    return "|".join(forms)


ENGLISH = Grammar(
    forms=_english,
    gap=r"\s+(?:the\s+)?",
    articles=frozenset(("the", "a", "an")),
    same={
        "mr": r"(?:mr\.?|mister)",
        "mister": r"(?:mr\.?|mister)",
        "ms": r"ms\.?",
        "mrs": r"mrs\.?",
        "dr": r"(?:dr\.?|doctor)",
        "doctor": r"(?:(?:dr\.?|doctor)s?)",
        "prof": r"(?:prof\.?|professor)",
        # To her, Your Majesty; of her, Her Majesty.
        "your": "(?:your|his|her|their)",
    },
    after=r"(?:['’]s|['’])?",
)

# What a noun or a name gets at its end, by its last letter, and the vowels that plurals change.
_CASES = "(?:e?s|['’]|n|en|er|ern|em|e)?"
_NAME_CASES = "(?:s|['’])?"
_ADJECTIVE = re.compile("(?:e|er|es|en|em)$")
_UMLAUTS = {"a": "[aä]", "o": "[oö]", "u": "[uü]", "A": "[AÄ]", "O": "[OÖ]", "U": "[UÜ]"}
_FEMALE = re.compile("in$")


def _german(word: Word) -> str:
    parts = word.text.split("-")
    if len(parts) > 1 and all(parts):
        # A hyphen, a space or neither: Shen-Gruppe, Shen Gruppe, Shengruppe.
        *heads, tail = parts
        return "".join(spelled(head) + r"(?:[-\u2010\u2011]|\s)?" for head in heads) + f"(?:{_noun(tail, word)})"
    return _noun(word.text, word)


def _noun(text: str, word: Word) -> str:
    written = spelled(text)
    if not text[-1:].isalpha():
        return written
    if len(text) < 4 or (word.capital and word.last and not word.first):
        return written + _NAME_CASES
    if not word.last and _ADJECTIVE.search(text) and len(text) > 4:
        # An adjective, or a noun that looks like one: alter Meister, Meister Qin.
        return f"{spelled(_ADJECTIVE.sub('', text))}(?:e[rsnm]?)?|{written}{_CASES}"
    if _FEMALE.search(text):
        return written + "(?:nen)?"
    return f"{written}{_CASES}|{_umlauted(text)}(?:e|er|ern|en|n)?"


def _umlauted(text: str) -> str:
    """The word with the last of its vowels that can change open to change: Bruder, Brüder."""
    place = max(text.rfind(vowel) for vowel in _UMLAUTS)
    if place < 0:
        return spelled(text)
    if text[place] == "u" and text[place - 1 : place] in ("a", "A"):
        place -= 1
    return spelled(text[:place]) + _UMLAUTS[text[place]] + spelled(text[place + 1 :])


GERMAN = Grammar(
    forms=_german,
    gap=r"(?:\s+|[-\u2010\u2011])(?:(?:de[rsmn]|die|das)\s+)?",
    articles=frozenset(("der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "eines", "einer")),
    links={
        "von": r"(?:von|vom)(?:\s+de[rmn])?",
        "vom": r"(?:von|vom)(?:\s+de[rmn])?",
        "der": "(?:der|die|den)",
        "des": "(?:des|dem|vom)",
    },
    same={
        "herr": r"(?:herr(?:e?n)?|hr\.?)",
        "hr": r"(?:herr(?:e?n)?|hr\.?)",
        "eure": "(?:eue?re?[rmns]?|ihre?[rmns]?|seine?[rmns]?)",
        "frau": r"(?:frau|fr\.?)",
        "fr": r"(?:frau|fr\.?)",
        "dr": r"(?:dr\.?|doktors?)",
    },
)
