"""A series' glossary as people decide on it in the lake, and which units a changed entry makes wanted again."""

from __future__ import annotations

from pathlib import Path

import pytest

from dubwright.catalogue.catalog import Catalog, Episode, Series
from dubwright.errors import ManifestError, UnreadableError
from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import SeriesKey
from dubwright.planning import plan as plans
from dubwright.planning.series_plan import PlannedUnit
from dubwright.series import cast as casts
from dubwright.series import facts
from dubwright.series.cast import Decision
from dubwright.series.facts import Character, SeriesFacts, Term, said
from dubwright.settings import Settings
from dubwright.terms import log as terms
from dubwright.terms.log import Entry

NAME = "槐巷 不灭灯"
MASTER = Term(source="秦师父", renderings={"en": "Master Qin", "es": "maestro Qin"}, aliases=("师父",))
LANE = Term(source="槐巷", renderings={"en": "Locust Lane"})
FACTS = SeriesFacts(
    cast=(Character(name="晚晴", sex="female"), Character(name="阿满", sex="male")), glossary=(MASTER, LANE)
)
SAID = {"01": "师父，你来了？", "02": "槐巷不灭灯。\n晚晴！", "03": "走吧。"}
TRANSCRIPTS = {"01": "a", "02": "b", "03": "c"}


def series(known: SeriesFacts) -> Series:
    return Series(NAME, tuple(Episode(NAME, name, f"/{name}", f"digest {name}") for name in SAID), known)


@pytest.fixture
def planned(lake: Lake, fake_settings: Settings) -> object:
    """The plan of the series under some facts, its transcripts linked."""

    def plan(known: SeriesFacts) -> list[PlannedUnit]:
        return list(plans.build(Catalog("test", (series(known),)), ["en", "es"], fake_settings, lake))

    heard = [
        Decision("heard", "", episode=unit.work.episode, transcript=unit.work.fingerprint, said=SAID[unit.work.episode])
        for unit in plan(FACTS)
        if unit.work.stage == "transcribe"
    ]
    spoken = Decision("link", "c01", name="阿满", episode="03", transcript=heard[2].transcript, speaker="S1")
    casts.decide(lake, NAME, [*heard, spoken], "dubwright")
    for unit in plan(FACTS):
        lake.store.put_if_absent(str(unit.work.key), b"")
    assert {unit.state for unit in plan(FACTS)} == {"committed"}
    return plan


def wanted(units: list[PlannedUnit]) -> set[tuple[str, str, str]]:
    return {(unit.work.stage, unit.work.language, unit.work.episode) for unit in units if unit.state == "wanted"}


def all_of(*episodes: str, languages: tuple[str, ...]) -> set[tuple[str, str, str]]:
    stages = ("translate", "dub", "render")
    return {(stage, language, episode) for stage in stages for language in languages for episode in episodes}


def test_a_changed_entry_is_wanted_where_its_term_occurs_and_in_its_languages(planned: object, lake: Lake) -> None:
    assert callable(planned)
    other = MASTER.model_copy(update={"renderings": {"en": "Sifu Qin", "es": "maestro Qin"}})
    assert wanted(planned(FACTS.model_copy(update={"glossary": (other, LANE)}))) == all_of("01", languages=("en",))
    assert wanted(planned(FACTS.model_copy(update={"glossary": (MASTER,)}))) >= all_of("02", languages=("en",))
    # The same decided in the lake; what is new there is heard as before, and stands where it occurs.
    terms.decide(lake, NAME, [Entry(other, editor="anna")])
    assert wanted(planned(FACTS)) == all_of("01", languages=("en",))
    terms.decide(lake, NAME, [Entry(Term(source="不灭灯", renderings={"es": "la luz eterna"}), editor="anna")])
    assert wanted(planned(FACTS)) == all_of("01", languages=("en",)) | all_of("02", languages=("es",))
    # Back to what it was, and dropped: nothing is wanted any more.
    terms.decide(lake, NAME, [Entry(MASTER), Entry(Term(source="不灭灯"), dropped=True)])
    assert wanted(planned(FACTS)) == set()


def test_how_a_name_is_said_concerns_the_dub_where_it_occurs(planned: object, lake: Lake) -> None:
    assert callable(planned)
    said = MASTER.model_copy(update={"pronunciations": {"en": "Master Chin"}})
    known = FACTS.model_copy(update={"glossary": (said, LANE)})
    spoken = {("dub", "en", "01"), ("render", "en", "01")}
    assert wanted(planned(known)) == spoken
    found = [unit for unit in planned(known) if unit.work.stage == "dub" and unit.work.language == "en"]
    assert [unit.work.facts.pronunciations_for("en") for unit in found] == [{"Master Qin": "Master Chin"}, {}, {}]
    assert all(unit.work.facts.cast == FACTS.cast for unit in found)
    # What is decided in the lake leaves it as it is, and does not say it.
    terms.decide(lake, NAME, [Entry(MASTER.model_copy(update={"notes": "a title"}), editor="anna")])
    assert wanted(planned(known)) == spoken
    proposed = said.model_copy(update={"status": "proposed", "pronunciations": {"es": "Chin"}})
    assert SeriesFacts(glossary=(proposed,)).pronunciations_for("es") == {}
    bare = Term(source="Qin", pronunciations={"pt": "Tchin"})
    assert SeriesFacts(glossary=(bare,)).pronunciations_for("pt-BR") == {"Qin": "Tchin"}


def test_what_nobody_has_approved_changes_nothing(planned: object, lake: Lake) -> None:
    assert callable(planned)
    terms.decide(
        lake, NAME, [Entry(Term(source="师父", renderings={"en": "Sir"}, status="proposed"), editor="dubwright")]
    )
    assert wanted(planned(FACTS)) == set()


def test_somebody_of_the_cast_concerns_where_they_speak_or_are_spoken_of(planned: object) -> None:
    assert callable(planned)
    for name, episode in (("晚晴", "02"), ("阿满", "03")):
        people = tuple(
            one.model_copy(update={"description": "a doctor"}) if one.name == name else one for one in FACTS.cast
        )
        found = wanted(planned(FACTS.model_copy(update={"cast": people})))
        assert {unit for unit in found if unit[0] == "translate"} == {
            ("translate", "en", episode),
            ("translate", "es", episode),
        }


def test_what_a_series_wants_of_a_market_concerns_its_language(planned: object, tmp_path: Path) -> None:
    assert callable(planned)
    file = tmp_path / "series.yaml"
    file.write_text("market: {es: {guidance: [Spain, not Mexico], relations: {superior: usted}}}", encoding="utf-8")
    wishes = facts.read(file).market
    found = wanted(planned(FACTS.model_copy(update={"market": wishes})))
    assert found == all_of(*SAID, languages=("es",))
    file.write_text("market: {es: {guidence: []}}", encoding="utf-8")
    with pytest.raises(ManifestError) as raised:
        facts.read(file)
    assert (raised.value.field or "").startswith("market.es")


def test_entries_are_appended_and_read_in_order(lake: Lake) -> None:
    entries = (Entry(MASTER, editor="anna"), Entry(LANE, dropped=True, editor="bo"))
    assert terms.decide(lake, NAME, entries[:1]).version == 1
    assert not terms.append(lake, NAME, entries[1:], after=0)
    assert terms.decide(lake, NAME, entries[1:]).version == 2
    found = terms.log(lake, NAME)
    assert found == terms.Log(entries, 2)
    assert terms.applied(FACTS, found.entries).glossary == (MASTER,)
    assert terms.applied(SeriesFacts(), found.entries).glossary == (MASTER,)
    assert terms.log(lake, "槐巷") == terms.Log()


def test_an_entry_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path))
    lake.add_series_fact(
        SeriesKey(NAME, "glossary", 1), [{"source": "", "dropped": False, "editor": "x", "kind": "name"}]
    )
    with pytest.raises(UnreadableError, match="source"):
        terms.log(lake, NAME)


def test_who_speaks_is_part_of_what_is_said() -> None:
    rows = [{"character": "阿满", "text": "走。"}, {"character": None, "text": ""}, {"character": None, "text": "好。"}]
    assert said(rows) == "阿满\n走。\n好。"
