"""Topics that moderation looks for, in the source text and in the translation."""

from __future__ import annotations

from collections.abc import Iterator

from dubwright.market import Category, MarketProfile, Sensitive, SourceWords, Words
from dubwright.translate.market import matching
from dubwright.translate.market.finding import Finding, about

# Source text is looked through as it is written, without spaces between words.
_RUN_ON = Words(boundaries="none")


def findings(text: str, source_text: str, market: MarketProfile, source: SourceWords) -> Iterator[Finding]:
    """One finding for each topic that the market minds, on the translation's word where it has one, else the source's."""
    for name, topic in market.sensitive.items():
        if topic.severity is None:
            continue
        found = matching.first(text, topic.words, market.words)
        if found:
            yield about("sensitive", topic.severity, found, topic.reason or name)
        elif found := _in_source(source_text, name, topic, source):
            yield about("sensitive", topic.severity, found, f"in the source: {topic.reason or name}")


def topics(source_text: str, market: MarketProfile, source: SourceWords) -> Iterator[Sensitive]:
    """The topics that a source text touches and the market minds."""
    for name, topic in market.sensitive.items():
        if topic.severity and _in_source(source_text, name, topic, source):
            yield topic


def _in_source(source_text: str, name: Category, topic: Sensitive, source: SourceWords) -> str | None:
    # A series may add words of either language.
    own = [word for word in topic.words if not word.isascii()]
    return matching.first(source_text, [*source.sensitive.get(name, ()), *own], _RUN_ON)
