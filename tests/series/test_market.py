"""What people want otherwise in a market decides the translations into its language, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from dubwright.catalogue.catalog import Catalog, Episode, Series
from dubwright.errors import EditConflictError, SettingsError, UnreadableError
from dubwright.lake import Lake
from dubwright.lake.layout import SeriesKey
from dubwright.market import Overrides
from dubwright.planning import plan as plans
from dubwright.series import market_facts
from dubwright.series.facts import SeriesFacts
from dubwright.series.market_facts import Entry, applied, parsed
from dubwright.settings import Settings

SERIES = "槐巷"
WANTED = parsed(
    {
        "guidance": ["Set in Mexico."],
        "relations": {"friend": "usted"},
        "address": {"师父": "sifu"},
        "idioms": {"吃醋": "arder de celos"},
        "severity": {"profanity": "none"},
        "sensitive": {"gore": ["guillotina", "断头台"]},
    },
    "test",
)


def prints(lake: Lake, settings: Settings, facts: SeriesFacts | None = None) -> dict[tuple[str, str | None], str]:
    series = Series(SERIES, (Episode(SERIES, "01", "/01", "digest"),), facts or SeriesFacts())
    found = plans.build(Catalog("test", (series,)), ["en", "es"], settings, lake)
    return {(each.work.stage, each.work.key.language): each.work.fingerprint for each in found}


def test_what_is_decided_makes_its_language_wanted_again_and_no_other(lake: Lake, fake_settings: Settings) -> None:
    before = prints(lake, fake_settings)
    market_facts.decide(lake, SERIES, Entry("es", WANTED, "ana"), SeriesFacts())
    after = prints(lake, fake_settings)
    assert {where for where in before if before[where] != after[where]} == {
        (stage, "es") for stage in ("translate", "dub", "render")
    }
    # The same as if its series.yaml said so; and taken back, as if nobody had.
    said = SeriesFacts(market={"es": WANTED})
    assert prints(lake, fake_settings, said) == after
    market_facts.decide(lake, SERIES, Entry("es", Overrides(), "ana"), said)
    assert prints(lake, fake_settings, said) == before
    market_facts.decide(lake, SERIES, Entry("es", None, "ana"), said)
    assert prints(lake, fake_settings, said) == after and prints(lake, fake_settings) == before


def test_what_was_decided_reads_as_it_was_written(lake: Lake) -> None:
    market_facts.decide(lake, SERIES, Entry("es", WANTED, "ana"), SeriesFacts())
    (entry,) = market_facts.log(lake, SERIES).entries
    assert (entry.language, entry.overrides, entry.editor) == ("es", WANTED, "ana") and entry.at


def test_a_region_may_want_nothing_otherwise_than_its_market(lake: Lake) -> None:
    facts = SeriesFacts(market={"es": WANTED})
    assert facts.market_for("es-MX") == WANTED
    assert applied(facts, [Entry("es-MX", Overrides())]).market_for("es-MX") == Overrides()
    assert applied(facts, [Entry("es", Overrides())]).market == {}
    assert applied(facts, []) is facts


def test_of_two_the_second_is_told(lake: Lake) -> None:
    facts, nothing = SeriesFacts(), market_facts.digest(None)
    market_facts.decide(lake, SERIES, Entry("es", WANTED, "ana"), facts, nothing)
    with pytest.raises(EditConflictError, match="ana changed it meanwhile"):
        market_facts.decide(lake, SERIES, Entry("es", Overrides(), "ben"), facts, nothing)
    market_facts.decide(lake, SERIES, Entry("en", WANTED, "ben"), facts, nothing)
    market_facts.decide(lake, SERIES, Entry("es", Overrides(), "ben"), facts, market_facts.digest(WANTED))


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ([], ""),
        ({"nonsense": 1}, "nonsense"),
        ({"relations": {"king": "vos"}}, "relations"),
        ({"severity": {"gore": "grave"}}, "severity"),
        ({"guidance": ["x" * 501]}, "guidance"),
        ({"guidance": [" "]}, "guidance"),
        ({"address": {f"{n}": "x" for n in range(201)}}, "address"),
        ({"sensitive": {"gore": ["x" * 501]}}, "sensitive"),
    ],
)
def test_what_is_no_setting_is_refused_by_its_field(content: Any, field: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parsed(content, "somewhere")
    assert raised.value.where == "somewhere" and (raised.value.field or "").startswith(field)


def test_a_file_that_says_what_no_market_knows_is_named(lake: Lake) -> None:
    row = {"language": "es", "taken_back": False, "editor": "x", "relations": [{"name": "king", "text": "vos"}]}
    lake.add_series_fact(SeriesKey(SERIES, market_facts.FACT, 1), [row])
    with pytest.raises(UnreadableError, match="relations"):
        market_facts.log(lake, SERIES)
