"""What a backfill takes on: everything that lacks a language, within limits, and what it will probably cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dubwright.catalogue import catalog as catalogs
from dubwright.catalogue.catalog import Catalog
from dubwright.errors import CatalogError, SettingsError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey, parse_unit, unit_prefix
from dubwright.lake.spreading import spread
from dubwright.planning.listing import Partition
from dubwright.planning.plan import Plan, Planner
from dubwright.planning.survey import Survey
from dubwright.reports import history

# What an episode is taken to last that nobody has ingested yet, where the lake has none to compare with.
MINUTES = 2.0
READS_AT_ONCE = 32
# What an estimate stands on: so many episodes, each in so many of its languages, others each time. More of them would
# say little more, and each is a request or two that somebody waits for.
ESTIMATED_FROM = 6
TONGUES = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a backfill may take on.

    `series` names those to work on (none: all). `since` leaves out episodes ingested before it, `minutes` bounds the
    minutes of sound that are taken on, whole episodes in the catalogue's order.
    """

    series: tuple[str, ...] = ()
    since: datetime | None = None
    minutes: float | None = None

    @property
    def by_episode(self) -> bool:
        return self.since is not None or self.minutes is not None


@dataclass(slots=True)
class Selection:
    """What is taken on: the episodes of each series (None for all that lack something), and what is expected of it.

    `units` counts the wanted units by stage and language, `seconds` is Dask workers' time, `bytes` what the lake will
    grow by at least, `unknown` the stages without history, which are in neither.
    """

    survey: Survey
    episodes: dict[str, list[str] | None] = field(default_factory=dict)
    units: Counter[Partition] = field(default_factory=Counter)
    minutes: float = 0.0
    seconds: float = 0.0
    bytes: float = 0.0
    unknown: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "series": len(self.episodes),
            "units": [
                {"stage": stage, "language": language, "wanted": number}
                for (stage, language), number in self.units.items()
                if number
            ],
            "minutes": round(self.minutes, 1),
            "hours": round(self.seconds / 3600, 3),
            "bytes": round(self.bytes),
            "without history": self.unknown,
        }


def since(text: str | None) -> datetime | None:
    """A limit's date, midnight UTC where no time is given. Raises `SettingsError`."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is no date", field="since", remedy="write it like 2026-11-21") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def load(source: str, limits: Limits, lake: Lake, language: str | None = None) -> Catalog:
    """The catalogue, spoken in `language`, as far as the limits leave it: where one series is named, nothing else is seen.

    Raises what `catalog.load` raises, and `SettingsError` for a series that is not there.
    """
    try:
        return catalogs.load(source, limits.series[0] if len(limits.series) == 1 else None, lake, language)
    except CatalogError as error:
        if error.field != "only":
            raise
        raise SettingsError(error.problem, where=error.where, field="series", remedy=error.remedy) from error


def choose(planner: Planner, catalog: Catalog, limits: Limits) -> Selection:
    """Take on what lacks something, in the catalogue's order, up to the limits.

    Raises `SettingsError` for a series that is not there.
    """
    everything = catalog.series
    if limits.series:
        strange = set(limits.series) - {series.name for series in catalog.series}
        if strange:
            raise SettingsError(
                f"the catalogue has no series {', '.join(map(repr, sorted(strange)))}",
                where=catalog.source,
                field="series",
                remedy="`dubwright status` lists the series",
            )
        catalog = catalog.of(limits.series)
    # Side by side: what takes time is the way to the store and back.
    with ThreadPoolExecutor(1, thread_name_prefix="dubwright-costs") as aside:
        costs = aside.submit(_costs, planner.lake, limits, [series.name for series in everything])
        survey = planner.survey(catalog)
        known = costs.result()
    selection = Selection(survey)
    usual = next((cost.minutes for cost in known if cost.stage == "ingest"), MINUTES)
    if limits.by_episode:
        _by_episode(planner, survey, limits, selection, usual)
    else:
        selection.episodes = dict.fromkeys(survey.lacking)
        selection.units = survey.wanted
        # A chain's last stage is wanted wherever anything before it is.
        last = planner.stages[-1].name
        lacking = max((counts["wanted"] for (stage, _), counts in survey.counts.items() if stage == last), default=0)
        selection.minutes = lacking * usual
    selection.seconds, selection.bytes, selection.unknown = history.expected(selection.units, known)
    return selection


def _costs(lake: Lake, limits: Limits, names: Sequence[str]) -> list[history.Cost]:
    """What these series took, which is nearest; a series that nobody has begun is taken to be like the others."""
    costs = partial(history.costs, lake, sample=ESTIMATED_FROM, tongues=TONGUES)
    return (costs(limits.series) if limits.series else []) or costs(near=names)


def _by_episode(planner: Planner, survey: Survey, limits: Limits, selection: Selection, usual: float) -> None:
    plans = {plan.catalog.series[0].name: plan for plan in planner.by_series(survey.catalog.of(survey.lacking))}
    for name in survey.lacking:
        plan = plans.pop(name)
        wanted: dict[str, Counter[Partition]] = {}
        for unit in plan.wanted:
            where = (unit.work.stage, unit.work.key.language)
            wanted.setdefault(unit.work.episode, Counter())[where] += 1
        for episode, minutes, ingested in _lengths(planner.lake, plan, list(wanted), usual):
            if limits.since and ingested and ingested < limits.since:
                continue
            if limits.minutes is not None and selection.minutes + minutes > limits.minutes:
                return
            chosen = selection.episodes.setdefault(name, [])
            assert chosen is not None  # noqa: S101  only whole catalogues have None
            chosen.append(episode)
            selection.units.update(wanted[episode])
            selection.minutes += minutes


def _lengths(lake: Lake, plan: Plan, episodes: list[str], usual: float) -> Iterator[tuple[str, float, datetime | None]]:
    """Each episode's minutes and when it was ingested first, as far as the lake knows it."""
    series = plan.catalog.series[0].name
    first: dict[str, tuple[datetime, UnitKey]] = {}
    for found in lake.store.list(unit_prefix("source", None, series)):
        key = parse_unit(found.key)
        if key:
            first[key.episode] = min(first.get(key.episode, (found.modified, key)), (found.modified, key))

    def length(episode: str) -> tuple[str, float, datetime | None]:
        if episode not in first:
            return episode, usual, None
        written, key = first[episode]
        return episode, lake.read(key).row()["duration_ms"] / 60_000, written

    yield from spread(length, episodes, READS_AT_ONCE)
