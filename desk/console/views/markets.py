"""For which market each language of a series is, and what the series wants otherwise there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

from pydantic import BaseModel, Field

from desk.console.state import State
from desk.console.views.touched import Touched
from dubwright import languages
from dubwright.market import Overrides
from dubwright.market import Relation as Whom
from dubwright.planning import reach
from dubwright.series import market_facts
from dubwright.series.facts import SeriesFacts
from dubwright.series.market_facts import Entry
from dubwright.translate import market

SEVERITIES = ("none", "low", "medium", "high")


class Market(BaseModel):
    """A language of a series: the `profiles` that it has, each standing on the one before, `und` for the neutral one.

    `changes` counts what the series wants otherwise, by what; `editor` decided that `at`, None where its series.yaml did.
    """

    language: str
    profiles: list[str]
    changes: dict[str, int]
    editor: str | None
    at: datetime | None


class Relation(BaseModel):
    """Whose words to whom: the form of "you" that the market has, and the series' own."""

    name: str
    here: str
    own: str


class Topic(BaseModel):
    """A topic that is flagged: how gravely in the market, how in the series, and further words for it."""

    name: str
    here: str
    own: str
    words: list[str]


class OneMarket(Market):
    """A market with what it wants and what the series wants otherwise; `seen` goes back with a change."""

    series: str
    here: list[str]
    guidance: list[str]
    relations: list[Relation]
    topics: list[Topic]
    address: dict[str, str]
    idioms: dict[str, str]
    decided: bool
    seen: str


class Wanting(BaseModel):
    """What a series is to want otherwise, as in the `market` of a series.yaml; None: what its series.yaml says.

    `seen` is what the page had. With `ask` nothing is changed: what would be redone is told.
    """

    overrides: dict[str, Any] | None
    seen: str = Field(max_length=100)
    ask: bool = False

    def told(self) -> str:
        """What is wanted otherwise, by kind."""
        if self.overrides is None:
            return "as the series.yaml says"
        return ", ".join(name for name in Overrides.__dataclass_fields__ if self.overrides.get(name)) or "nothing"


def markets(console: State, series: str, facts: SeriesFacts, tags: list[str]) -> list[Market]:
    """The markets of a series' languages, and of those for which it wants something; `facts` are what its series.yaml says."""
    log = market_facts.log(console.lake, series)
    now = market_facts.applied(facts, log.entries)
    return [_market(tag, now, log) for tag in sorted({*tags, *now.market})]


def one(console: State, series: str, language: str) -> OneMarket:
    """A market of a series."""
    facts, log = console.facts(series), market_facts.log(console.lake, series)
    now = market_facts.applied(facts, log.entries)
    own, profile, last = now.market.get(language) or Overrides(), market.of(language), log.last(language)
    return OneMarket(
        **dict(_market(language, now, log)),
        series=series,
        here=list(profile.guidance),
        guidance=list(own.guidance),
        relations=[
            Relation(name=name, here=profile.formality.relations.get(name, ""), own=own.relations.get(name, ""))
            for name in get_args(Whom)
        ],
        topics=[
            Topic(
                name=name,
                here=topic.severity or "none",
                own=own.severity.get(name, ""),
                words=list(own.sensitive.get(name, ())),
            )
            for name, topic in profile.sensitive.items()
        ],
        address=dict(own.address),
        idioms=dict(own.idioms),
        decided=bool(last and last.overrides is not None),
        seen=market_facts.digest(now.market.get(language)),
    )


def want(console: State, series: str, language: str, wanting: Wanting, editor: str) -> Touched:
    """Want something otherwise. Raises `SettingsError` for what is no setting, `EditConflictError`."""
    facts, log = console.facts(series), market_facts.log(console.lake, series)
    overrides = None if wanting.overrides is None else market_facts.parsed(wanting.overrides, f"{series} {language}")
    entry = Entry(language, overrides, editor)
    before, after = (market_facts.applied(facts, entries) for entries in (log.entries, (*log.entries, entry)))
    outdated = reach.of_facts(console.lake, series, before, after)
    if not wanting.ask:
        market_facts.decide(console.lake, series, entry, facts, wanting.seen)
        console.inspection.forget(series)
    return Touched(changed=not wanting.ask, outdated=outdated, stages=reach.stages_from("translate"))


def _market(language: str, facts: SeriesFacts, log: market_facts.Log) -> Market:
    own, last = facts.market_for(language) or Overrides(), log.last(language)
    counted = {name: len(getattr(own, name)) for name in Overrides.__dataclass_fields__}
    known = {market.NEUTRAL, *market.known()}
    return Market(
        language=language,
        profiles=[
            each for each in dict.fromkeys((market.NEUTRAL, languages.base(language), language)) if each in known
        ],
        changes={name: count for name, count in counted.items() if count},
        editor=last.editor if last and last.overrides is not None else None,
        at=last.at if last and last.overrides is not None else None,
    )
