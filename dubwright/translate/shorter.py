"""A translated line in fewer words, by the language model of this machine: asked for where a line cannot be said in its time.

It learns how from pairs in the target language (`shorter.toml`); a language that has none there is not shortened. What it
answers is taken only if it lost no negation, number, name or question: a small model shortens best by leaving these out.
Of several sentences it leaves out whole ones; where that is not taken, each is asked for by itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources

from dubwright import languages
from dubwright.translate import condense
from dubwright.translate.length import letters
from dubwright.translate.prompt import TURN_END, as_data

# Raised with every change here or in `shorter.toml`; part of the engine's revision.
REVISION = 2
# What is shorter than this share of the line says something else.
LEAST_SHARE = 0.35
FEWEST_WORDS = 2
# A sentence of fewer words is short already.
FEWEST_TO_SHORTEN = 4

_CONTENT = (resources.files(__package__) / "shorter.toml").read_text(encoding="utf-8")
_ASKS = "?？؟"
# Behind a sentence's end, which that of a title before a name is not.
_SENTENCE = re.compile(r"(?<=[.!?…؟])(?<!\b[MDS]r\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bSra\.)(?<!\bSrta\.)\s+")

# A text in about so many words, None where that cannot be had.
Ask = Callable[[str, int], str | None]


def opening(language: str) -> str | None:
    """What the model is told before any line: the task and the pairs; None in a language without pairs."""
    pairs = _pairs().get(languages.base(language))
    if pairs is None:
        return None
    told = (
        f"You shorten lines of a film's dub in {languages.name(languages.base(language))} that take too long to speak. "
        "Keep who does what to whom, negations, numbers and names. Answer with the shorter line and nothing else."
    )
    shown = "".join(question(long, len(short.split())) + short + f"{TURN_END}\n" for long, short in pairs)
    return f"<|im_start|>system\n{told}{TURN_END}\n{shown}"


def question(text: str, words: int) -> str:
    """A line to be said in so many words, up to where it is answered."""
    return f"<|im_start|>user\n{as_data(text)}\n(at most {words} words){TURN_END}\n<|im_start|>assistant\n"


def shortened(text: str, most_letters: int, terms: Mapping[str, str], ask: Ask) -> str | None:
    """A text in so many letters and digits, or as near as `ask` comes; None where that is no nearer.

    It is asked for as a whole first, then sentence by sentence, the longest first, until it is short enough.
    """
    whole = ask(text, words_for(text, most_letters))
    if whole is not None and letters(whole) <= most_letters:
        return whole
    said = pieces(text, terms)
    share = most_letters / max(letters(text), 1)
    for at in sorted(range(len(said)), key=lambda at: -letters(said[at])) if len(said) > 1 else ():
        piece = said[at]
        if len(piece.split()) >= FEWEST_TO_SHORTEN and sum(map(letters, said)) > most_letters:
            again = ask(piece, words_for(piece, int(letters(piece) * share)))
            said[at] = _as_begun(piece, again, terms) if again is not None else piece
    return first_of(text, most_letters, whole, " ".join(said))


def first_of(text: str, most_letters: int, *others: str | None) -> str | None:
    """Of some versions of a text the first in so many letters and digits, or else the shortest; None where none is shorter."""
    found = [each for each in others if each and letters(each) < letters(text)]
    return next((each for each in found if letters(each) <= most_letters), min(found, key=letters, default=None))


def pieces(text: str, terms: Mapping[str, str]) -> list[str]:
    """What of a text can be said shorter by itself: its sentences, whom it calls at its beginning apart."""
    called = next((name for name in terms.values() if text.startswith(f"{name}, ")), None)
    start = len(called) + 1 if called else 0
    return [*([text[:start]] if called else []), *_SENTENCE.split(text[start:].strip())]


def _as_begun(piece: str, said: str, terms: Mapping[str, str]) -> str:
    """What is said in place of a piece, in small letters where that began so."""
    name = said.startswith((*terms.values(), "I ", "I'"))
    return said if name or not piece[:1].islower() else said[:1].lower() + said[1:]


def words_for(text: str, most_letters: int) -> int:
    """How many of a text's words are so many letters and digits."""
    return max(FEWEST_WORDS, int(len(text.split()) * most_letters / max(letters(text), 1)))


def same_sense(text: str, short: str, language: str, terms: Mapping[str, str]) -> bool:
    """Whether a shorter version says as much as rules can tell: its negations, numbers, names, that it asks."""
    asks = any(mark in text for mark in _ASKS) == any(mark in short for mark in _ASKS)
    enough = LEAST_SHARE * letters(text) <= letters(short) < letters(text)
    return asks and enough and condense.keeps(text, short, language, terms)


@cache
def _pairs() -> Mapping[str, Sequence[tuple[str, str]]]:
    content = tomllib.loads(_CONTENT)
    return {language: tuple((long, short) for long, short in table["pairs"]) for language, table in content.items()}
