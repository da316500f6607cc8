"""Spanish as it is written, where a small model writes it as English is: opening marks, and articles before titles."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A sentence that ends as a question or exclamation; the dot of N.º ends none.
_RAISED = re.compile(r"(?:[^.!?…]|(?<=\w)\.(?=[^\s.]))*[!?]+")
_ENDS = re.compile(r"[!?]|(?<!\.)\.(?!\.)")
_CONTRACTED = re.compile(r"\b([Dd]e|[Aa]) el (?=[a-zñ])")
_FEMININE = re.compile(r"(?:a|ción|sión|dad|calle)$")
# Behind these a title has its article already or takes none: what somebody is called, or called by, and what is counted.
_OWN = "el la los las un una mi tu su mis tus sus nuestro nuestra este esta ese esa"
_BESIDE = "al del aquel aquella gran buen don doña ni y o e como"
_CALLED = "querido querida camarada gracias sí no oh ay eh hola adiós perdón buenos buenas"
_CALLING = (
    "digas diga digan dicen diciendo llamo llamas llama llaman llames llame llamen llamarme llamarte llamarlo llamarla"
    " llámeme llámame"
)
_COUNTED = "dos tres cuatro cinco seis siete ocho nueve diez cien mil"
_NO_ARTICLE = frozenset(f"{_OWN} {_BESIDE} {_CALLED} {_CALLING} {_COUNTED}".split())
# With these even if a word stands between: su actual líder.
_DETERMINERS = frozenset(_OWN.split())


def written(text: str, names: Sequence[str]) -> str:
    """An answer with marks and articles. `names` are the renderings in it: one that is called stands before the mark,
    and one that is a title with a name has an article where it is not called.
    """
    for name in names:
        # A rendering that begins small is a title or a kind of place: señor Shen, callejón Huai.
        if name[:1].islower() and " " in name:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _with_article, text, flags=re.IGNORECASE)
            text = _CONTRACTED.sub(r"\1l ", text)
    called = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)"
    text = _RAISED.sub(lambda found: found[0] if _is_open(found) else _opened(found[0], called), text)
    return re.sub(rf"(?<=, [¿¡])(?!(?:{called})\b)\w", lambda found: found[0].lower(), text)


def _is_open(found: re.Match[str]) -> bool:
    """Whether what ends as a question or exclamation was opened before three dots: "¿Se... señorita Shen?"."""
    begun = _ENDS.split(found.string[: found.start()])[-1]
    return "¿" in begun or "¡" in begun


def _opened(sentence: str, called: str) -> str:
    """A question or exclamation with one mark that opens it."""
    for mark in "¿¡":
        first, found, rest = sentence.partition(mark)
        sentence = first + found + rest.replace(mark, "")
    if "¿" in sentence or "¡" in sentence:
        return sentence
    before = re.match(rf"\s*(?:(?:{called}),\s+)?", sentence, re.IGNORECASE)
    at = before.end() if before else 0
    return sentence[:at] + ("¿" if "?" in sentence else "¡") + sentence[at:]


def _with_article(found: re.Match[str]) -> str:
    name = found[0]
    if name.split()[0].lower() in _NO_ARTICLE or name.split()[0].endswith("s"):
        # It has its own (la emperatriz viuda), or takes none (don Luis, piedras espirituales).
        return name
    before, after = found.string[: found.start()].rstrip(), found.string[found.end() :]
    article = "la" if _FEMININE.search(name.split()[0].lower()) else "el"
    spoken_of = re.match(r"\s+\w", after) is not None
    if not before or before[-1] in ".!?…¿¡":
        return f"{article.capitalize()} {name[:1].lower()}{name[1:]}" if spoken_of else name
    words = re.search(r"(?:(\w+)\s+)?(\w+)$", before)
    if words is None or words[2].lower() in _NO_ARTICLE or (words[1] or "").lower() in _DETERMINERS:
        return name
    return f"{article} {name}"
