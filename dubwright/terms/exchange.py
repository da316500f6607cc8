"""What the ways to exchange a glossary have in common: what a term may hold, and what came of reading a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from pydantic import ValidationError

from dubwright.errors import ManifestError
from dubwright.series import facts
from dubwright.series.facts import Term

STATUSES: tuple[str, ...] = get_args(facts.Status)
SEXES: tuple[str, ...] = get_args(facts.Sex)
MAX_BYTES = 16 * 1024 * 1024
MAX_TERMS = 100_000
LONGEST, LONGEST_NOTES = 300, 10_000
MOST_ALIASES = 100

# Control characters, halves of characters, what is no character, and what turns the direction of all that follows:
# none of it belongs into a name, and XML cannot carry most of it.
_FORBIDDEN = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
_BREAKS = re.compile("[\t\n\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file held: its terms, each row or entry that is wrong, and what was left out, in words."""

    terms: tuple[Term, ...] = ()
    errors: tuple[ManifestError, ...] = ()
    left_out: tuple[str, ...] = ()


def term(fields: Mapping[str, object], where: str) -> Term:
    """A term of a file, checked. Raises `ManifestError` naming the place, the field and the remedy.

    `fields` are those of `facts.Term`.
    """
    try:
        made = Term.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ManifestError(first["msg"], where=where, field=field, remedy="correct this field") from error
    if len(made.aliases) > MOST_ALIASES:
        raise ManifestError(
            f"has more than {MOST_ALIASES} aliases", where=where, field="aliases", remedy="leave some out"
        )
    texts = [("source", made.source), ("kind", made.kind), *(("aliases", alias) for alias in made.aliases)]
    for field, text in (*texts, *made.renderings.items()):
        _check(text, where, field)
    if made.notes:
        _check(made.notes, where, "notes")
    return made


def _check(text: str, where: str, field: str) -> None:
    longest = LONGEST_NOTES if field == "notes" else LONGEST
    if not text.strip():
        raise ManifestError("is empty", where=where, field=field, remedy="give it a text, or leave it out")
    if text != text.strip():
        raise ManifestError("begins or ends with a space", where=where, field=field, remedy="take it away")
    if len(text) > longest:
        raise ManifestError(f"is longer than {longest} characters", where=where, field=field, remedy="shorten it")
    if (bad := _FORBIDDEN.search(text)) or (field != "notes" and (bad := _BREAKS.search(text))):
        problem = f"holds U+{ord(bad[0]):04X}, which is no part of a text"
        raise ManifestError(problem, where=where, field=field, remedy="take this character away")


def content(given: bytes, where: str) -> bytes:
    """A file's content, if it is no larger than a glossary may be. Raises `ManifestError`."""
    if len(given) > MAX_BYTES:
        raise ManifestError(f"is larger than {MAX_BYTES} bytes", where=where, remedy="split the file")
    return given
