"""Languages that change little of a word but write something to it, or beside it: Hindi, Korean, Indonesian, Vietnamese."""

from __future__ import annotations

import re

from dubwright.terms.inflection.grammar import Grammar, Word, spelled

# Hindi: signs that are no letters, by Python's reckoning, but go on with a word.
_DEVANAGARI = "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962-\u0963"
_JOINERS = "[\u200c\u200d]*"


def _hindi(word: Word) -> str:
    text = re.sub("[\u200c\u200d]", "", word.text)
    # A common noun in -a is -e before a postposition, and several are -on; -i becomes -iyan.
    if len(text) > 2 and text.endswith("ा") and not (word.last and not word.first):
        return _devanagari(text[:-1]) + "(?:ा|े|ों|ो|ाओं)"
    if len(text) > 2 and text.endswith("ी") and not (word.last and not word.first):
        return _devanagari(text[:-1]) + "(?:ी|िया[ँं]|ियों)"
    endings = "(?:ों|े[ँं])?" if word.last and word.first and len(text) > 2 else ""
    return _devanagari(text) + endings


def _devanagari(text: str) -> str:
    """The letters, with or without the dot below, and with either sign of a nasal."""
    found = []
    for char in text:
        if char == "\u093c":
            continue
        found.append("[ँं]" if char in "ँं" else re.escape(char))
        # The dot below and joiners come right after a letter; people leave them out.
        found.append(f"\u093c?{_JOINERS}" if char.isalpha() else _JOINERS)
    return "".join(found)


HINDI = Grammar(forms=_hindi, gap=r"[\s\-]+", letters=rf"\w{_DEVANAGARI}", after="(?:-?जी)?")

# Korean: honorifics, the plural, the particles, the copula.
_PARTICLES = (
    "이랑|랑|이라고|라고|이라는|라는|이라도|라도|이라면|라면|이란|란|이나|나|이야말로|야말로|이여|여|이며|며|이든|든"
    "|이세요|세요|이십니다|십니다|이시여|시여|이었\\w*|였\\w*|입니\\w*|이에요|예요|이죠|죠|이지|지|인데\\w*|인가\\w*|인지|일까\\w*|이군\\w*|군요?"
    "|이네\\w*|네요?|이야|이다|이고|고|이냐|냐|이니|니|에게서?|에게로|한테서?|께서?|에서|에는|에도|에|으로서?|로서?|으로|로"
    "|까지|부터|마저|조차|처럼|같이|보다|만큼|밖에|대로|하고|과|와|의|도|만|은|는|이|가|을|를|아|야|뿐"
)
_KOREAN_AFTER = f"(?:님|씨)?(?:들)?(?:{_PARTICLES})?(?:은|는|도|만|의|요)?"


def _korean(word: Word) -> str:
    return spelled(word.text)


KOREAN = Grammar(forms=_korean, gap=r"\s*", after=_KOREAN_AFTER)

# Indonesian and Malay: what is attached to a noun's end. Short names stay as they are.
_CLITICS = "(?:-?(?:nyalah|nya|ku|mu)(?:lah|kah|pun)?|-?(?:lah|kah|pun))?"


def _indonesian(word: Word) -> str:
    written = spelled(word.text)
    return written + (_CLITICS if word.last and not word.short_name else "")


INDONESIAN = Grammar(
    forms=_indonesian,
    same={
        "pak": "(?:pak|bapak|bpk\\.?)",
        "bapak": "(?:pak|bapak|bpk\\.?)",
        "bu": "(?:bu|ibu)",
        "ibu": "(?:bu|ibu)",
        "tn": "(?:tn\\.?|tuan)",
        "tuan": "(?:tn\\.?|tuan)",
        "ny": "(?:ny\\.?|nyonya)",
        "nyonya": "(?:ny\\.?|nyonya)",
    },
)

# Vietnamese changes nothing, but the tone's mark may stand on either vowel.
_TONES = {
    pair: f"(?:{'|'.join(pair.split())})"
    for pair in (
        "òa oà", "óa oá", "ỏa oả", "õa oã", "ọa oạ", "òe oè", "óe oé", "ỏe oẻ", "õe oẽ", "ọe oẹ",
        "ùy uỳ", "úy uý", "ủy uỷ", "ũy uỹ", "ụy uỵ",
    )
}  # fmt: skip
_EITHER = {written: pattern for pair, pattern in _TONES.items() for written in pair.split()}
_TONED = re.compile("|".join(_EITHER), re.IGNORECASE)


def _vietnamese(word: Word) -> str:
    return _TONED.sub(lambda found: _EITHER[found[0].lower()], spelled(word.text))


VIETNAMESE = Grammar(forms=_vietnamese)
