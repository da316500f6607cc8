"""What of a market's profile is told to a translator that takes instructions: only what its lines need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dubwright.market import MarketProfile
from dubwright.translate.market import amounts, loading, matching, sensitive


def told(market: MarketProfile, text: str, source: str, glossary: Mapping[str, str]) -> dict[str, Any]:
    """The profile's part for some source text, as JSON-able data without empty entries. What the series' glossary fixes
    is left to it.
    """
    wordings = matching.occurring(text, {**market.address, **market.idioms})
    content: dict[str, Any] = {
        "style": list(market.guidance),
        "you": dict(market.formality.relations),
        "punctuation": market.punctuation.say,
        "numbers": market.numbers.say,
        "say": {
            term.rstrip(matching.CALLED): wording.say
            for term, wording in wordings.items()
            if not _fixed(term, glossary)
        },
        "amounts": amounts.occurring(text, source, market),
        "care": [topic.advice for topic in sensitive.topics(text, market, loading.source_words(source))],
    }
    return {name: value for name, value in content.items() if value}


def _fixed(term: str, glossary: Mapping[str, str]) -> bool:
    return term.rstrip(matching.CALLED) in glossary
