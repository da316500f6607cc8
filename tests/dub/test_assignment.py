"""Stock voices for the characters of a series: what always holds, whoever they are."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.dub.assignment import Role, assign, fitting, targets
from dubwright.dub.engine import Voice
from dubwright.dub.fake import FakeSynthesizer
from dubwright.dub.kokoro import Kokoro
from dubwright.dub.timbre import Sound, alike, of_engine, semitones
from dubwright.series.facts import Sex

FAKE, HEARD = FakeSynthesizer.voices("en"), of_engine("fake")
ENGLISH = Kokoro.voices("en")

episodes = st.dictionaries(st.sampled_from(["01", "02", "03", "04"]), st.integers(1, 90_000), max_size=4)
pitches = st.floats(70, 400) | st.just(math.nan)


def casts(sexes: tuple[Sex, ...] = ("female", "male", "unknown"), most: int = 9) -> st.SearchStrategy[list[Role]]:
    role = st.tuples(st.sampled_from(sexes), pitches, episodes)
    return st.lists(role, max_size=most).map(lambda rows: [Role(f"c{n:02d}", *row) for n, row in enumerate(rows, 1)])


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(casts(), st.randoms(use_true_random=False))
def test_each_role_has_a_voice_of_its_sex_whatever_the_order(roles: list[Role], chance) -> None:  # type: ignore[no-untyped-def]
    chosen = assign(roles, FAKE, HEARD, {})
    assert chosen.keys() == {role.id for role in roles}
    for role in roles:
        assert chosen[role.id] in {voice.name for voice in fitting(role.sex, FAKE)}
    shuffled = list(roles)
    chance.shuffle(shuffled)
    assert assign(shuffled, FAKE, HEARD, {}) == chosen


@settings(max_examples=30, deadline=None)
@given(casts(("female",)))
def test_who_meets_fewer_than_there_are_voices_shares_with_none_of_them(roles: list[Role]) -> None:
    chosen = assign(roles, FAKE, HEARD, {})
    women = len(fitting("female", FAKE))
    for one in roles:
        met = [other for other in roles if other is not one and one.meets(other)]
        if len(met) < women:
            assert all(chosen[other.id] != chosen[one.id] for other in met)
    if len(roles) <= women:
        assert len(set(chosen.values())) == len(roles)


@settings(max_examples=30, deadline=None)
@given(casts(most=7), st.dictionaries(st.sampled_from(["c01", "c02", "c03", "c99"]), st.sampled_from(FAKE), max_size=3))
def test_what_was_given_stays_and_later_roles_go_around_it(roles: list[Role], before: dict[str, Voice]) -> None:
    there = {who: voice.name for who, voice in before.items()}
    chosen = assign(roles, FAKE, HEARD, there)
    assert chosen.keys() == {role.id for role in roles} - there.keys()
    for role in roles:
        others = {voice for who, voice in (there | chosen).items() if who != role.id}
        unused = {voice.name for voice in fitting(role.sex, FAKE)} - others
        # Nobody shares a voice while one of the sex is free.
        assert role.id in there or not unused or chosen[role.id] in unused


@settings(max_examples=30, deadline=None)
@given(casts(("female", "male"), most=6), st.floats(0.8, 1.25))
def test_the_register_that_all_of_them_act_in_makes_no_difference(roles: list[Role], factor: float) -> None:
    shifted = [Role(role.id, role.sex, round(role.f0_hz * factor, 6), role.said_ms) for role in roles]
    level = [Role(role.id, role.sex, round(role.f0_hz, 6), role.said_ms) for role in roles]
    if all(
        (one.f0_hz < other.f0_hz) == (shifted[m].f0_hz < shifted[n].f0_hz)
        for (m, one), (n, other) in combinations(enumerate(level), 2)
    ):
        assert assign(shifted, FAKE, HEARD, {}) == assign(level, FAKE, HEARD, {})


def test_low_voices_speak_for_low_characters_and_the_best_of_those_alike_for_leads() -> None:
    men = [
        Role("c01", "male", 150.0, {"01": 9000}),
        Role("c02", "male", 95.0, {"01": 9000}),
        Role("c03", "male", 120.0),
    ]
    assert assign(men, FAKE, HEARD, {}) == {"c01": "fake-m3", "c02": "fake-m2", "c03": "fake-m1"}
    wanted = targets(men, FAKE, HEARD)
    assert wanted["c02"] < wanted["c03"] < wanted["c01"] and wanted["c03"] == pytest.approx(HEARD["fake-m1"].f0_hz)
    # Nothing measured, nothing known of them: the best voice to who speaks most.
    silent = [Role("c01", "male", said_ms={"01": 10}), Role("c02", "male", said_ms={"02": 9000})]
    assert assign(silent, FAKE, {}, {}) == {"c02": "fake-m1", "c01": "fake-m2"}


def test_more_than_there_are_voices_share_and_those_who_speak_least() -> None:
    said = {"c01": {"01": 60_000}, "c02": {"01": 50_000}, "c03": {"02": 900}, "c04": {"03": 800}}
    women = [Role(name, "female", 200.0, of) for name, of in said.items()]
    chosen = assign(women, FAKE, HEARD, {})
    assert chosen["c03"] == chosen["c04"]
    assert len({chosen["c01"], chosen["c02"], chosen["c03"]}) == 3


def test_leads_who_meet_are_told_apart_by_ear() -> None:
    heard = of_engine("kokoro")
    apart = [Role("c01", "female", 210.0, {"01": 60_000}), Role("c02", "female", 215.0, {"02": 60_000})]
    together = [Role(role.id, role.sex, role.f0_hz, {"01": 60_000}) for role in apart]
    near, far = (
        alike(*(heard[voice] for voice in assign(roles, ENGLISH, heard, {}).values())) for roles in (apart, together)
    )
    assert far <= near and far < 0.5


def test_without_voices_nobody_is_cast() -> None:
    with pytest.raises(ValueError, match="no voices"):
        assign([Role("c01")], [], {}, {})


def test_every_voice_that_an_engine_offers_was_measured() -> None:
    for engine, languages in ((Kokoro, Kokoro.info.languages), (FakeSynthesizer, ["en"])):
        offered = {voice.name: voice for language in languages for voice in engine.voices(language)}
        measured = of_engine(engine.info.name)
        assert measured.keys() == offered.keys()
        assert all(60 < each.f0_hz < 450 and each.print is not None for each in measured.values())
    assert {name: round(each.f0_hz) for name, each in HEARD.items()}["fake-m1"] == 120


def test_a_print_survives_being_written() -> None:
    sound = of_engine("kokoro")["af_heart"]
    again = Sound(sound.f0_hz, sound.print)
    assert again.packed() == sound.packed()
    assert alike(sound, sound) == pytest.approx(1.0) and semitones(220, 110) == pytest.approx(12.0)
    assert alike(Sound(100.0), Sound(200.0)) == pytest.approx(0.125)
