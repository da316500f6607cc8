"""Spanish as it is written, where a small model writes it as English is: opening marks, and articles before titles."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A sentence that ends as a question or exclamation.
_RAISED = re.compile(r"[^.!?…]*[!?]")
_CONTRACTED = re.compile(r"\b([Dd]e|[Aa]) el (?=[a-zñ])")
_FEMININE = re.compile(r"(?:a|ción|sión|dad|calle)$")
# After these a title has its article already, takes none, or is called.
_BEFORE = (
    "el la los las al del un una mi tu su mis tus sus nuestro nuestra este esta ese esa aquel aquella gran buen querido"
    " querida don doña ni y o e gracias sí no oh ay eh hola adiós perdón buenos buenas como"
)
_NO_ARTICLE = frozenset(_BEFORE.split())


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
    text = _RAISED.sub(lambda found: _opened(found[0], called), text)
    return re.sub(rf"(?<=, [¿¡])(?!(?:{called})\b)\w", lambda found: found[0].lower(), text)


def _opened(sentence: str, called: str) -> str:
    """A question or exclamation with one mark that opens it."""
    for mark in "¿¡":
        first, found, rest = sentence.partition(mark)
        sentence = first + found + rest.replace(mark, "")
    if "¿" in sentence or "¡" in sentence:
        return sentence
    before = re.match(rf"\s*(?:(?:{called}),\s+)?", sentence, re.IGNORECASE)
    at = before.end() if before else 0
    return sentence[:at] + ("¿" if sentence.endswith("?") else "¡") + sentence[at:]


def _with_article(found: re.Match[str]) -> str:
    name = found[0]
    if name.split()[0].lower() in _NO_ARTICLE:
        # It has its own (la emperatriz viuda), or takes none (don Luis).
        return name
    before, after = found.string[: found.start()].rstrip(), found.string[found.end() :]
    article = "la" if _FEMININE.search(name.split()[0].lower()) else "el"
    spoken_of = re.match(r"\s+\w", after) is not None
    if not before or before[-1] in ".!?…¿¡":
        return f"{article.capitalize()} {name[:1].lower()}{name[1:]}" if spoken_of else name
    word = re.search(r"\w+$", before)
    if word is None or word[0].lower() in _NO_ARTICLE:
        return name
    return f"{article} {name}"
