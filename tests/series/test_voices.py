"""Which voice each character has: given once for a series, changed by people, and what becomes wanted again by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dubwright.catalogue.catalog import Catalog, Episode, Series
from dubwright.dub.fake import FakeCloner, FakeSynthesizer
from dubwright.errors import ManifestError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.planning import plan as plans
from dubwright.planning.series_plan import PlannedUnit
from dubwright.series import cast as casts
from dubwright.series import facts, voice_facts
from dubwright.series.cast import Decision
from dubwright.series.facts import Character, SeriesFacts
from dubwright.series.voice_facts import NO_CLIPS, NO_CONSENT, CastVoice, Entry
from dubwright.series_voices import cast_series
from dubwright.settings import DubSettings, Settings

NAME = "槐巷 不灭灯"
FACTS = SeriesFacts(cast=(Character(name="晚晴", sex="female", aliases=("晴儿",)), Character(name="阿满", sex="male")))
# Who speaks in each episode, and at what pitch (Hz).
SPEAK = {"01": ("c01", "c02"), "02": ("c02",), "03": ("c01", "c03")}
PITCHES = {"c01": 230.0, "c02": 118.0, "c03": 190.0}
FAKE = {"en": FakeSynthesizer.info, "es": FakeSynthesizer.info}
Plan = Callable[..., list[PlannedUnit]]


def given(lake: Lake, language: str = "en", engine: str = "fake") -> dict[str, str]:
    return {who: each.voice for who, each in voice_facts.read(lake, NAME).given(language, engine).items()}


def choose(lake: Lake, who: str, voice: str | None, language: str = "en") -> None:
    voice_facts.decide(lake, NAME, [Entry(who, language, "fake", voice, chosen=True, editor="anna")])


class Linked:
    """A series whose transcripts are in the lake and linked; more episodes can come."""

    def __init__(self, lake: Lake, settings: Settings) -> None:
        self.lake, self.settings = lake, settings
        self.speak: dict[str, tuple[str, ...]] = {}
        self.transcripts: list[UnitKey] = []
        for episode, people in SPEAK.items():
            self.add(episode, people)

    def plan(self, known: SeriesFacts = FACTS, to: tuple[str, ...] = ("en", "es"), **dub: Any) -> list[PlannedUnit]:
        episodes = tuple(Episode(NAME, name, f"/{name}", f"digest {name}") for name in self.speak)
        settings = self.settings.model_copy(update={"dub": self.settings.dub.model_copy(update=dub)})
        catalog = Catalog("test", (Series(NAME, episodes, known),))
        return list(plans.build(catalog, to, settings, self.lake))

    def add(self, episode: str, people: tuple[str, ...], names: tuple[str | None, ...] = ()) -> None:
        self.speak[episode] = people
        (unit,) = [each for each in self.plan() if each.work.label == f"transcribe {NAME}/{episode}"]
        rows = [
            {
                "segment": n,
                "start_ms": 2000 * n,
                "end_ms": 2000 * n + 1500,
                "speaker": f"S{n}" if who else None,
                "character": name,
                "f0_hz": PITCHES.get(who),
                "language": "zh",
                "engine": "fake",
                "engine_version": "1",
            }
            for n, (who, name) in enumerate(zip(people, names or (None,) * len(people), strict=True), start=1)
        ]
        self.lake.commit(unit.work.key, rows, {})
        self.transcripts.append(unit.work.key)
        heard = Decision(
            "heard", "", episode=episode, transcript=unit.work.fingerprint, said="\n".join(filter(None, names))
        )
        links = [
            Decision("link", who, sex="male" if who == "c02" else "female", episode=episode,
                     transcript=unit.work.fingerprint, speaker=f"S{n}")
            for n, who in enumerate(people, start=1) if who
        ]  # fmt: skip
        casts.decide(self.lake, NAME, [heard, *links], "dubwright")

    def cast(self, known: SeriesFacts = FACTS, wanted: Any = FAKE) -> int:
        return cast_series(self.lake, NAME, self.transcripts, known, wanted, DubSettings())

    def done(self, **how: Any) -> None:
        """Everything that is wanted now is committed."""
        for unit in self.plan(**how):
            self.lake.store.put_if_absent(str(unit.work.key), b"")

    def wanted(self, known: SeriesFacts = FACTS, **how: Any) -> set[tuple[str, str, str]]:
        units = [unit.work for unit in self.plan(known, **how) if unit.state == "wanted"]
        return {(work.stage, work.language, work.episode) for work in units}


@pytest.fixture
def linked(lake: Lake, fake_settings: Settings) -> Linked:
    return Linked(lake, fake_settings)


def dubs(language: str, *episodes: str) -> set[tuple[str, str, str]]:
    return {(stage, language, episode) for stage in ("dub", "render") for episode in episodes}


def test_a_series_is_cast_once_and_what_comes_later_moves_nobody(linked: Linked, lake: Lake) -> None:
    assert linked.cast() == 6 and linked.cast() == 0
    voices = given(lake)
    assert voices == given(lake, "es")
    assert voices["c02"].startswith("fake-m") and {voices["c01"], voices["c03"]} == {"fake-f2", "fake-f3"}
    linked.done()
    linked.add("04", ("c04", "c02"))
    assert linked.cast() == 2
    assert given(lake).items() > voices.items()
    assert {episode for _, _, episode in linked.wanted()} == {"04"}
    # Nor does the cast list any more: the voices are given.
    described = FACTS.cast[0].model_copy(update={"description": "a doctor"})
    linked.done()
    assert linked.wanted(FACTS.model_copy(update={"cast": (described, FACTS.cast[1])})) == set()


def test_a_changed_voice_is_wanted_where_its_character_speaks_and_in_its_language(linked: Linked, lake: Lake) -> None:
    linked.cast()
    linked.done()
    before = given(lake)["c01"]
    choose(lake, "c01", "fake-f1")
    assert linked.wanted() == dubs("en", "01", "03")
    (unit,) = [each for each in linked.plan() if each.work.label == f"dub en {NAME}/03"]
    assert {who: voice.voice for who, voice in unit.work.voices.items()} == {
        "c01": "fake-f1",
        "c03": given(lake)["c03"],
    }
    # What linking gave does not come above it; taken back, nothing is wanted.
    voice_facts.decide(lake, NAME, [Entry("c01", "en", "fake", before)])
    assert given(lake)["c01"] == "fake-f1"
    choose(lake, "c01", None)
    assert given(lake)["c01"] == before and linked.wanted() == set()
    # A name moves no voice.
    casts.decide(lake, NAME, [casts.name(casts.read(lake, NAME), "c02", "阿满")], "anna")
    assert {stage for stage, _, _ in linked.wanted()} == {"translate", "dub", "render"}
    linked.done()
    assert linked.wanted() == set()


def test_without_such_facts_the_rules_stand(linked: Linked) -> None:
    linked.done()
    (unit,) = [each for each in linked.plan() if each.work.label == f"dub en {NAME}/02"]
    assert not unit.work.voices and unit.work.facts == FACTS
    other = FACTS.model_copy(update={"cast": FACTS.cast[:1]})
    assert linked.wanted(other) >= dubs("en", *SPEAK)
    # Cast for one language, another one stays as it was.
    linked.cast(wanted={"en": FAKE["en"]})
    assert {language for _, language, _ in linked.wanted()} == {"en"}


def test_whom_only_transcripts_name_is_cast_by_name(linked: Linked, lake: Lake) -> None:
    linked.add("04", ("", "", ""), ("晴儿", "过客", None))
    linked.cast()
    assert given(lake).keys() == {*PITCHES, "晚晴", "过客"}
    linked.done()
    other = "fake-f2" if given(lake)["晚晴"] == "fake-f1" else "fake-f1"
    choose(lake, "晚晴", other)
    assert linked.wanted() == dubs("en", "04")
    (unit,) = [each for each in linked.plan() if each.work.label == f"dub en {NAME}/04"]
    assert unit.work.voices["晴儿"].voice == other
    # A linked character of that name is the same one, with the same voice.
    casts.decide(lake, NAME, [casts.name(casts.read(lake, NAME), "c01", "晚晴")], "anna")
    units = {each.work.label: each.work.voices for each in linked.plan()}
    assert units[f"dub en {NAME}/04"]["晴儿"].voice == units[f"dub en {NAME}/01"]["c01"].voice


def test_several_who_cast_at_once_agree(linked: Linked, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    append, others = voice_facts.append, [Entry("c01", "en", "fake", "fake-f1")]

    def late(lake: Lake, series: str, entries: Any, *, after: int) -> bool:
        if others:
            append(lake, series, [others.pop()], after=after)
        return append(lake, series, entries, after=after)

    monkeypatch.setattr(voice_facts, "append", late)
    linked.cast()
    assert given(lake)["c01"] == "fake-f1" and len(set(given(lake).values())) == 3


# Consent ----------------------------------------------------------------------------------------------


def consenting(consent: Any) -> SeriesFacts:
    return SeriesFacts(cast=(FACTS.cast[0].model_copy(update={"consent": consent}), FACTS.cast[1]))


CLONER = {"en": FakeCloner.info, "es": FakeCloner.info}


def test_consent_decides_who_is_cloned_and_nothing_else(linked: Linked, lake: Lake) -> None:
    casts.decide(lake, NAME, [casts.name(casts.read(lake, NAME), "c01", "晚晴")], "anna")
    only = {"en": "granted", "es": "refused"}
    linked.cast(wanted=CLONER)
    clips = (f"blob/aa/{'a' * 64}.flac",)
    entries = [Entry("c01", language, "fake-cloner", "fake-f2", clips) for language in CLONER]
    voice_facts.decide(lake, NAME, entries)
    how = {"engines": ("fake-cloner",)}
    linked.done(known=FACTS, **how)
    assert linked.wanted(consenting("refused"), **how) == set()
    assert linked.wanted(consenting(only), **how) == dubs("en", "01", "03")
    works = {unit.work.label: unit.work for unit in linked.plan(consenting(only), **how)}
    english, spanish = (works[f"dub {language} {NAME}/01"].voices["c01"] for language in ("en", "es"))
    assert (english.clips, english.note) == (clips, None)
    assert (spanish.clips, spanish.note) == ((), NO_CONSENT)
    # Consent taken back is as if it had never been given; a choice by a person is no lack of it.
    linked.done(known=consenting(only), **how)
    assert linked.wanted(FACTS, **how) == set()
    voice_facts.decide(lake, NAME, [Entry("c01", "en", "fake-cloner", "fake-f3", chosen=True, editor="anna")])
    works = {unit.work.label: unit.work for unit in linked.plan(consenting(only), **how)}
    chosen = works[f"dub en {NAME}/01"].voices["c01"]
    assert (chosen.voice, chosen.clips, chosen.note) == ("fake-f3", (), None)
    # An engine that cannot clone knows nothing of it.
    assert all(not each.work.voices for each in linked.plan(consenting(only)))
    assert voice_facts.permitted(english, "晚晴", FACTS, "en", clones=False).note is None
    nothing = replace(english, clips=())
    assert voice_facts.permitted(nothing, "晴儿", consenting("granted"), "en", clones=True).note == NO_CLIPS


def test_a_digest_says_what_is_heard() -> None:
    stock = CastVoice("c01", "fake-f1")
    assert stock.digest == CastVoice("c02", "fake-f1", chosen=True).digest
    clone = replace(stock, clips=("a", "b"))
    assert len({stock.digest, clone.digest, replace(clone, clips=("b", "a")).digest}) == 3


@pytest.mark.parametrize("language", ["en", "en-GB", "es"])
def test_consent_is_for_every_language_or_by_language(language: str, tmp_path: Path) -> None:
    file = tmp_path / "series.yaml"
    file.write_text(
        "cast: [{name: 甲, consent: granted}, {name: 乙, consent: {en: granted, es: refused}}, {name: 丙}]", "utf-8"
    )
    first, second, third = facts.read(file).cast
    assert first.consents(language) and not third.consents(language)
    assert second.consents(language) == (language != "es")
    assert facts.read(file).digest_for("dub", "en") == SeriesFacts(
        cast=tuple(Character(name=name) for name in "甲乙丙")
    ).digest_for("dub", "en")


@pytest.mark.parametrize("consent", ["yes", "true", "[granted]", "{en: maybe}", "{klingonish: granted}", "''", "3"])
def test_what_is_no_consent_is_a_typed_error(consent: str, tmp_path: Path) -> None:
    file = tmp_path / "series.yaml"
    file.write_text(f"cast: [{{name: 甲, consent: {consent}}}]", "utf-8")
    with pytest.raises(ManifestError) as raised:
        facts.read(file)
    assert (raised.value.field or "").startswith("cast.0.consent")
