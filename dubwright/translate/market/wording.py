"""Forms of address and idioms that came out literally."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from dubwright.market import MarketProfile, Wording
from dubwright.translate.market import matching
from dubwright.translate.market.finding import Finding, about


def findings(text: str, source_text: str, market: MarketProfile, glossary: Mapping[str, str]) -> Iterator[Finding]:
    """What a line's forms of address and idioms should not have become. What the series fixed is right as it is."""
    fixed = " ".join(glossary.values())
    yield from _literal("address", text, source_text, market.address, market, fixed)
    yield from _literal("idiom", text, source_text, market.idioms, market, fixed)


def _literal(
    kind: Literal["address", "idiom"],
    text: str,
    source_text: str,
    wordings: Mapping[str, Wording],
    market: MarketProfile,
    fixed: str,
) -> Iterator[Finding]:
    for term, wording in matching.occurring(source_text, wordings).items():
        never = [word for word in wording.never if not matching.first(fixed, [word], market.words)]
        found = matching.first(text, never, market.words)
        if found:
            meant = term.rstrip(matching.CALLED)
            severity: Literal["low", "medium"] = "medium" if kind == "idiom" else "low"
            yield about(kind, severity, found, f"{meant} taken literally: {wording.say}")
