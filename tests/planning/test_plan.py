"""The plan: counted and built, series by series and in one sweep, all of them agree; and nothing is read."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from dubwright.catalogue.catalog import Catalog, Episode, Series
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.lake import ulid
from dubwright.lake.layout import EditKey, UnitKey
from dubwright.lake.local import LocalStore
from dubwright.planning import plan as plans
from dubwright.planning import recipes
from dubwright.planning import survey as survey_module
from dubwright.planning.survey import Survey
from dubwright.series import cast as casts
from dubwright.series.cast import Decision
from dubwright.series.facts import SeriesFacts
from dubwright.settings import Settings
from dubwright.stages import STAGES
from dubwright.translate import stage as translate
from dubwright.unit import Work

GLOSSARY = SeriesFacts.model_validate(
    {"glossary": [{"source": "师父", "kind": "address", "renderings": {"en": "Master"}}]}
)
NAMES = ["长夜灯", "A b", "A", "A-b", "A.b", '引"号', "100% 'x'", *(f"s{number:03d}" for number in range(26))]


class KeysOnly(LocalStore):
    """A store that lists, and refuses to be read."""

    def read(self, key: str) -> bytes:
        raise AssertionError(f"read {key}")


@pytest.fixture
def keys(tmp_path: Path) -> Lake:
    return Lake(KeysOnly(tmp_path / "keys"))


def catalogue(names: list[str]) -> Catalog:
    def series(name: str) -> Series:
        episodes = tuple(Episode(name, f"{n:02d} 集", f"/{name}/{n}", f"digest {name} {n}") for n in (1, 2, 3))
        return Series(name, episodes, GLOSSARY if name == "A" else SeriesFacts())

    return Catalog("test", tuple(map(series, names)))


def commit(lake: Lake, key: UnitKey) -> None:
    lake.store.put_if_absent(str(key), b"")


def counted(plan: plans.Plan) -> dict[tuple[str, str | None], Counter[str]]:
    counts: dict[tuple[str, str | None], Counter[str]] = {}
    for unit in plan:
        counts.setdefault((unit.work.stage, unit.work.key.language), Counter())[unit.state] += 1
    return counts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "a_part"),
    [
        pytest.param(NAMES[:7], None, id="each listed alone"),
        pytest.param(NAMES, None, id="one listing"),
        pytest.param(NAMES, 7, id="by several processes", marks=pytest.mark.slow),
    ],
)
def test_every_way_to_plan_agrees(
    names: list[str], a_part: int | None, keys: Lake, fake_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if a_part:
        monkeypatch.setattr(survey_module, "SERIES_COUNTED_ALONE", 0)
        monkeypatch.setattr(survey_module, "SERIES_A_PART", a_part)
    catalog, rng = catalogue(names), random.Random(7)
    planner = plans.planner(["en", "pt-BR"], fake_settings, keys)
    works: list[Work] = [unit.work for unit in planner.build(catalog)]
    for work in works:
        if rng.random() < 0.6:
            commit(keys, work.key)
        elif rng.random() < 0.3:
            keys.record_failure(work.key, work.stage, {}, permanent=rng.random() < 0.5)
        elif rng.random() < 0.3:
            commit(keys, UnitKey(work.key.table, work.series, work.episode, work.key.language, "0" * 32))
    # What is no unit, and series that the catalogue does not have, are passed over.
    keys.store.put_if_absent("transcript/series=A/episode=01/notes.txt", b"")
    commit(keys, UnitKey("transcript", "nobody's", "1", None, "0" * 32))
    keys.add_edit("en", "A", "01 集", segment=1, source_text="x", text="y", editor="anna")

    built, survey = planner.build(catalog), planner.survey(catalog)
    assert [unit.work.label for unit in built] == [work.label for work in works]
    assert survey.counts == counted(built)
    assert survey.total == sum(counted(built).values(), Counter())
    assert {state for counts in survey.counts.values() for state in counts} == {
        "committed",
        "wanted",
        "failed",
        "blocked",
    }
    lacking = Counter(unit.work.series for unit in built.wanted)
    assert survey.lacking == lacking and list(survey.lacking) == [name for name in names if name in lacking]
    assert set(survey.troubled) >= {unit.work.series for unit in built if unit.failure}
    for plan in planner.by_series(catalog):
        name = plan.catalog.series[0].name
        assert plan.units == tuple(unit for unit in built if unit.work.series == name)
    for where, kept in survey.changed.items():
        assert all(unit.older and unit.work.stage == where[0] for unit in kept)
        assert len(kept) == min(survey_module.EXPLAINED, survey.reasons[where]["changed"])


def test_what_was_pinned_concerns_every_translation_but_the_one_that_says_so(
    keys: Lake, fake_settings: Settings
) -> None:
    (series,) = catalogue(["A"]).series
    works, planner = Catalog("test", (series,)), plans.planner(["en"], fake_settings, keys)
    units = {(unit.work.episode, unit.work.stage): unit.work for unit in planner.build(works)}
    for work in units.values():
        commit(keys, work.key)
    base = units["01 集", "translate"].fingerprint
    row = {"segment": 1, "source_text": "x", "text": "y", "editor": "anna"}
    keys.add_pins(EditKey("en", "A", "01 集", ulid(), base=base), [row])
    assert not wanted(planner.survey(works))
    keys.add_pins(EditKey("en", "A", "02 集", ulid(), base=base), [row])
    (unit,) = (unit for unit in planner.build(works).wanted if unit.work.stage == "translate")
    assert (unit.work.episode, len(unit.work.edits)) == ("02 集", 1)
    assert unit.work.upstream["translate"] == units["02 集", "translate"].key
    # A correction brings along what was pinned elsewhere, and nothing of what the unit says itself.
    key = keys.add_edit("en", "A", "01 集", segment=1, source_text="x", text="z", editor="anna")
    edits = [unit.work.edits for unit in planner.build(works).wanted if unit.work.stage == "translate"]
    assert edits[0] == (key,)


def test_the_quick_digest_is_the_recipe_s_own(fake_settings: Settings) -> None:
    maker = recipes.Recipes(fake_settings, "zh")
    for stage in STAGES.values():
        for facts, told in product((None, "f" * 32, '"quoted" 甲'), (None, "t" * 32, 'a "told" 乙')):
            upstream = {name: name[0] * 32 for name in stage.reads}
            recipe = maker.recipe(stage, "en", source='a "digest" 甲', upstream=upstream, facts=facts, told=told)
            digester = maker.digester(stage, "en").under(facts, told)
            assert ("cast" in recipe) == (stage.name == "translate")
            assert ("voices" in recipe) == (stage.name == "dub")
            assert ("subtitles" in recipe) == (stage.name == "transcribe")
            quick = digester.over(upstream) if stage.reads else digester.of_source('a "digest" 甲')
            assert quick == fingerprint(recipe)


def test_one_series_is_planned_from_its_own_keys(keys: Lake, fake_settings: Settings) -> None:
    listed: list[str] = []

    class Watched(LocalStore):
        def list(self, prefix: str = "", *, after: str = ""):  # type: ignore[no-untyped-def]
            listed.append(prefix)
            return super().list(prefix, after=after)

    plans.build(catalogue(["A", "B"]).only("B"), ["en"], fake_settings, Lake(Watched(Path(keys.uri[7:]))))
    assert listed and all("/series=B/" in prefix for prefix in listed)


def test_a_glossary_touches_only_the_languages_that_it_renders(keys: Lake, fake_settings: Settings) -> None:
    (series,) = catalogue(["A"]).series
    bare = tuple(term.model_copy(update={"renderings": {}}) for term in series.facts.glossary)
    plain = Catalog("test", (replace(series, facts=series.facts.model_copy(update={"glossary": bare})),))
    for unit in plans.build(plain, ["en", "es"], fake_settings, keys):
        commit(keys, unit.work.key)
    survey = plans.planner(["en", "es"], fake_settings, keys).survey(catalogue(["A"]))
    wanted = {where for where, counts in survey.counts.items() if counts["wanted"]}
    assert wanted == {(stage, "en") for stage in ("translate", "dub", "render")}


def wanted(survey: Survey) -> dict[tuple[str, str | None], int]:
    return {where: counts["wanted"] for where, counts in survey.counts.items() if counts["wanted"]}


def test_subtitles_that_came_with_a_video_make_its_transcript_another(keys: Lake, fake_settings: Settings) -> None:
    (series,) = catalogue(["A"]).series
    for unit in plans.build(Catalog("test", (series,)), ["en"], fake_settings, keys):
        commit(keys, unit.work.key)
    first = replace(series.episodes[0], subtitles="/A/1.srt", subtitles_digest="d" * 32)
    given = Catalog("test", (replace(series, episodes=(first, *series.episodes[1:])),))
    survey = plans.planner(["en"], fake_settings, keys).survey(given)
    assert wanted(survey) == {("transcribe", None): 1, **dict.fromkeys(STAGES_EN, 1)}
    (unit,) = (
        each for each in plans.build(given, ["en"], fake_settings, keys).wanted if each.work.stage == "transcribe"
    )
    assert unit.work.subtitles == "/A/1.srt" and unit.work.recipe["subtitles"] == "d" * 32


STAGES_EN = [("translate", "en"), ("dub", "en"), ("render", "en")]


@pytest.mark.slow
@pytest.mark.parametrize("names", [NAMES[:7], NAMES], ids=["each listed alone", "one listing"])
def test_who_speaks_is_read_where_it_was_decided_and_changes_what_hears_it(
    names: list[str], lake: Lake, fake_settings: Settings
) -> None:
    catalog = catalogue(names)
    planner = plans.planner(["en"], fake_settings, lake)
    transcripts = [unit.work.key for unit in planner.build(catalog) if unit.work.stage == "transcribe"]
    for name in ("A", "长夜灯"):
        mine = [key for key in transcripts if key.series == name]
        linked = [
            Decision("link", of, sex="male", episode=key.episode, transcript=key.fingerprint, speaker="S1")
            for key, of in zip(mine, ("c01", "c02", "c01"), strict=True)
        ]
        heard = [Decision("heard", "", episode=key.episode, transcript=key.fingerprint) for key in mine]
        casts.decide(lake, name, [*heard, *linked], "dubwright")
    for unit in planner.build(catalog):
        # What a unit is told travels with it, and no more.
        own = unit.work.cast
        told = unit.work.series in ("A", "长夜灯") and unit.work.stage in ("translate", "dub")
        assert len(own.people) == len(own.voices) == told, unit.work.label
        lake.commit(unit.work.key, [], {"recipe": dict(unit.work.recipe)})
    assert not wanted(planner.survey(catalog))

    casts.decide(lake, "A", [Decision("name", "c01", name="老王")], "me")
    survey = planner.survey(catalog)
    # Its voice stays: what is said changes, and the dub follows that.
    assert wanted(survey) == dict.fromkeys(STAGES_EN, 2) and list(survey.lacking) == ["A"]
    assert {plans.explain(unit, lake) for unit in survey.changed["translate", "en"]} == {"who speaks changed"}
    assert {plans.explain(unit, lake) for unit in survey.changed["dub", "en"]} == {"follows translate"}
    built = planner.build(catalog)
    assert {unit.work.episode for unit in built.wanted} == {"01 集", "03 集"}
    assert [one.name for unit in built.wanted[:1] for one in unit.work.cast.people.values()] == ["老王"]

    # Another transcript: who speaks in it nobody knows yet.
    other = plans.planner(["en"], fake_settings.model_copy(update={"source_language": "ja"}), lake)
    assert not any(unit.work.cast.voices for unit in other.build(catalog))


def test_what_is_known_of_a_market_decides_its_translations_alone(
    keys: Lake, fake_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prints() -> dict[tuple[str, str], str]:
        plan = plans.build(catalogue(["A"]), ["en", "es"], fake_settings, keys)
        return {(unit.work.stage, unit.work.language): unit.work.fingerprint for unit in plan}

    before, known = prints(), translate.rules
    monkeypatch.setattr(translate, "rules", lambda language: "other" if language == "es" else known(language))
    after = prints()
    changed = {where for where, mark in after.items() if before[where] != mark}
    assert changed == {("translate", "es"), ("dub", "es"), ("render", "es")}
