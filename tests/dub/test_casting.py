from __future__ import annotations

from dubwright.dub.casting import Casting, Speaker, voices_of_lines
from dubwright.dub.engine import Voice
from dubwright.series.facts import Character, SeriesFacts

VOICES = [Voice("f1", "female"), Voice("m1", "male"), Voice("f2", "female"), Voice("m2", "male")]
FACTS = SeriesFacts(
    cast=(
        Character(name="裴渊", sex="male"),
        Character(name="沈清", sex="female", aliases=("清儿",)),
        Character(name="太后", sex="female"),
        Character(name="小顺", sex="male"),
        Character(name="丫鬟", sex="female"),
    )
)


def test_the_cast_takes_the_best_voices_of_its_sex_in_its_order() -> None:
    casting = Casting(VOICES, FACTS)
    assert [casting.voice(each.name) for each in FACTS.cast] == ["m1", "f1", "f2", "m2", "f1"]
    assert casting.voice("清儿") == "f1"


def test_without_a_voice_of_the_sex_another_speaks() -> None:
    assert Casting(VOICES[:1], FACTS).voice("裴渊") == "f1"


def named(name: str | None, label: str) -> Speaker:
    return Speaker(name, label=label)


def test_nobody_known_is_the_narrator() -> None:
    assert voices_of_lines([Speaker()] * 3, VOICES, SeriesFacts()) == ["f1"] * 3


def test_characters_keep_their_voices_whoever_else_is_in_the_episode() -> None:
    one = voices_of_lines([named("沈清", "S0"), named("太后", "S1")], VOICES, FACTS)
    other = voices_of_lines([named("太后", "S0"), named(None, "S9"), named("沈清", "S2")], VOICES, FACTS)
    assert one == ["f1", "f2"]
    assert (other[0], other[2]) == ("f2", "f1")


def test_strangers_are_told_apart_and_from_the_cast() -> None:
    facts = SeriesFacts(cast=FACTS.cast[:2])
    lines = [named(None, "S10"), named(None, "S2"), named("沈清", "S1"), named("过客", "S3")]
    spoken = voices_of_lines(lines, VOICES, facts)
    assert spoken == ["m2", "f2", "f1", spoken[3]]
    assert voices_of_lines(lines[::-1], VOICES, facts) == spoken[::-1]


def test_strangers_have_a_voice_of_their_sex() -> None:
    lines = [Speaker(label="S1", sex="male"), Speaker(label="S2", sex="male"), Speaker(label="S3", sex="female")]
    assert voices_of_lines(lines, VOICES, SeriesFacts()) == ["m1", "m2", "f1"]
    # Not the one that somebody else in the episode has.
    known = Speaker(character="c01", label="S0", sex="male")
    assert voices_of_lines([known, lines[0]], VOICES, SeriesFacts()) == ["m1", "m2"]


def test_numbered_characters_have_the_same_voice_whoever_is_heard() -> None:
    people = [Speaker(character=f"c{number:02d}", sex="female") for number in (1, 2, 3)]
    whole = voices_of_lines(people, VOICES, SeriesFacts())
    assert whole == ["f1", "f2", "f1"]
    assert [voices_of_lines([one], VOICES, SeriesFacts()) for one in people] == [[voice] for voice in whole]
    # Behind those whom the list names, and apart from the first of people's own.
    facts = SeriesFacts(cast=FACTS.cast[:2])
    assert voices_of_lines([people[0], Speaker("沈清", "c02", sex="female")], VOICES, facts) == ["f2", "f1"]
    assert voices_of_lines([people[0], Speaker(character="p01", sex="female")], VOICES, SeriesFacts()) == ["f1", "f2"]
    # A name that no list has changes nothing.
    assert voices_of_lines([Speaker("老板娘", "c02", sex="female")], VOICES, SeriesFacts()) == ["f2"]
