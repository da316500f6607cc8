"""What a catalogue still wants of the lake's units: the plan of each series in every language that the lake has of it."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from dubwright.catalogue.catalog import Catalog
from dubwright.lake import Lake
from dubwright.lake.collection import Wanted, Wishes
from dubwright.planning import plan as plans
from dubwright.settings import Settings


def wanted(catalog: Catalog, settings: Settings, lake: Lake) -> Wanted:
    """What to ask for each series. A language that no engine of the profile handles is not planned: nothing is said of it."""
    by_name = {series.name: series for series in catalog.series}
    handled = cache(lambda language: bool(plans.plannable([language], settings, lake)))

    def of(name: str, languages: Collection[str]) -> Wishes | None:
        if name not in by_name:
            return None
        targets = [language for language in languages if handled(language)]
        plan = plans.build(Catalog(catalog.source, (by_name[name],)), targets, settings, lake)
        works = [unit.work for unit in plan]
        # What a wanted unit reads is wanted with it: for a corrected translation, the one before it was corrected.
        units = {key for work in works for key in (work.key, *work.upstream.values())}
        places = {(work.key.table, work.key.episode, work.key.language) for work in works}
        return Wishes(frozenset(units), frozenset(places))

    return of
