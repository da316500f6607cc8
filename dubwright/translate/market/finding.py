"""What a market's checks say of a line: a flag with its reason. Nothing is changed for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

from dubwright.market import Severity

Kind = Literal["punctuation", "digits", "formality", "address", "idiom", "amount", "unit", "currency", "sensitive"]
KINDS: tuple[str, ...] = get_args(Kind)
LONGEST_SPAN = 40
_NOTE = re.compile(rf"({'|'.join(KINDS)}): “(.*)”, (.*) \[({'|'.join(get_args(Severity))})\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """What kind, how grave, the words that it is about, and why it matters.

    As a note: `sensitive: “suicide”, self-harm: platforms remove it [high]`, the kind before the first colon.
    """

    kind: Kind
    severity: Severity
    span: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind}: “{self.span}”, {self.reason} [{self.severity}]"


def about(kind: Kind, severity: Severity, span: str, reason: str) -> Finding:
    """A finding whose span, somebody's text, is on one line, not too long, and ends where it seems to."""
    span = " ".join(span.split()).replace("”", '"')
    return Finding(kind, severity, span if len(span) <= LONGEST_SPAN else span[: LONGEST_SPAN - 1] + "…", reason)


def parse(note: str) -> Finding | None:
    """The finding that a note of a translation is; None for any other note."""
    found = _NOTE.fullmatch(note)
    if not found:
        return None
    kind, span, reason, severity = found.groups()
    return Finding(cast(Kind, kind), cast(Severity, severity), span, reason)
