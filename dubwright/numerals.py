"""Figures in words, by num2words."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

# Where the library's name for a language means another variety: Portuguese is Brazil's unless it says otherwise.
_NAMES = {"pt": "pt_BR", "pt-PT": "pt"}


def available() -> bool:
    """Whether numbers can be told in words on this machine: the library comes with the engines' extras."""
    return find_spec("num2words") is not None


def in_words(value: int, language: str, to: str = "cardinal") -> str | None:
    """A number as a language (BCP-47) says it, without commas; None for a language or a number that has no words.

    `to` is `cardinal`, `ordinal` or `year`. Raises `ModuleNotFoundError` where num2words is not `available`.
    """
    name = _NAMES.get(language) or _NAMES.get(language[:2], language.partition("-")[0])
    try:
        return str(import_module("num2words").num2words(value, lang=name, to=to)).replace(",", "")
    # The first is what the library raises for a language that it does not know: nothing here is left to do.
    except (NotImplementedError, ArithmeticError, ValueError):
        return None
