"""Voices of several episodes linked to characters: the same ids whatever the order, no name that is a guess."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dubwright.series import cast as casts
from dubwright.series.cast import Cast, resolve
from dubwright.series.facts import Character, Sex
from dubwright.transcribe.speakers import EpisodePrint, VoicePrint, link
from dubwright.transcribe.speakers.linking import decisions
from dubwright.voiceprints.spectra import Array

CAST = (
    Character(name="陆晚晴", sex="female"),
    Character(name="秦师父", sex="male", aliases=("师父",)),
    Character(name="沈砚舟", sex="male"),
)
PITCH: dict[str, float] = {"lu": 220, "qin": 100, "shen": 125, "xia": 240}
AXES = {name: np.eye(8, dtype=np.float32)[at] for at, name in enumerate(PITCH)}


def heard(name: str, position: int, label: str, *, first_ms: int = 0, speech_ms: int = 9000) -> EpisodePrint:
    """A voice as an episode has it: its own direction, a little off."""
    rng = np.random.default_rng([position, *name.encode()])
    voice: Array = AXES[name] + 0.06 * rng.standard_normal(8).astype(np.float32)
    sex: Sex = "female" if PITCH[name] > 170 else "male"
    found = VoicePrint(label, voice / np.float32(np.linalg.norm(voice)), PITCH[name], sex, speech_ms, first_ms)
    return EpisodePrint(position, f"{position + 1:02d}", found)


PRINTS = [
    heard("qin", 0, "S1", first_ms=2000),
    heard("lu", 0, "S2", first_ms=4000),
    heard("lu", 1, "S1", first_ms=1000),
    heard("shen", 1, "S2", first_ms=3000),
    heard("shen", 2, "S1", first_ms=500),
    heard("qin", 2, "S2", first_ms=900),
    heard("xia", 2, "S3", first_ms=7000),
]
TRUTH = {
    ("01", "S1"): "c01",
    ("01", "S2"): "c02",
    ("02", "S1"): "c02",
    ("02", "S2"): "c03",
    ("03", "S1"): "c03",
    ("03", "S2"): "c01",
    ("03", "S3"): "c04",
}


def test_voices_are_numbered_in_order_of_appearance_however_they_are_given() -> None:
    for seed in range(10):
        shuffled = random.Random(seed).sample(PRINTS, len(PRINTS))
        linked = link(shuffled)
        assert linked.of == TRUTH
        assert [(one.id, one.sex) for one in linked.characters] == [
            ("c01", "male"),
            ("c02", "female"),
            ("c03", "male"),
            ("c04", "female"),
        ]


def test_an_id_once_given_stays_when_episodes_come_later() -> None:
    early = link(PRINTS[4:])
    assert early.of == {("03", "S1"): "c01", ("03", "S2"): "c02", ("03", "S3"): "c03"}
    whole = link(PRINTS[:4], early.characters)
    assert whole.of == {("01", "S1"): "c02", ("01", "S2"): "c04", ("02", "S1"): "c04", ("02", "S2"): "c01"}


def test_two_voices_of_one_episode_stay_two_unless_they_are_hardly_different() -> None:
    one = heard("lu", 0, "S1")
    turned = one.print.voice + 0.35 * AXES["xia"]  # as alike as two episodes' prints of one voice
    other = EpisodePrint(0, "01", VoicePrint("S2", turned / np.linalg.norm(turned), 220, "female", 9000, 5000))
    assert len(link([one, other]).characters) == 2
    assert len(link([one, EpisodePrint(1, "02", other.print)]).characters) == 1
    twin = EpisodePrint(0, "01", VoicePrint("S3", one.print.voice, 220, "female", 9000, 8000))
    assert len(link([one, twin]).characters) == 1


def test_pitch_keeps_a_man_and_a_woman_apart_whose_prints_are_alike() -> None:
    print_ = heard("lu", 1, "S1").print
    low = EpisodePrint(1, "02", VoicePrint("S1", print_.voice, 110, "male", 9000, 0))
    assert len(link([heard("lu", 0, "S1"), low]).characters) == 2


def test_what_has_no_vector_is_linked_to_nobody() -> None:
    mute = [EpisodePrint(at, f"{at}", VoicePrint("S1", None, float("nan"), "unknown", 9000, 0)) for at in range(3)]
    assert sorted(link(mute).of.values()) == ["c01", "c02", "c03"]
    assert link([]).characters == ()


def test_only_what_is_unambiguous_is_named() -> None:
    linked = link(PRINTS, cast=CAST)
    # Two men for two men, two women's voices for one woman: any name would be a guess.
    assert [one.name for one in linked.characters] == [None] * 4
    first = link(PRINTS[:2], cast=CAST)
    assert [(one.id, one.name) for one in first.characters] == [("c01", None), ("c02", "陆晚晴")]
    unknown = (*CAST, Character(name="神秘人"))
    assert [one.name for one in link(PRINTS[:2], cast=unknown).characters] == [None, None]


# Over the lake's facts --------------------------------------------------------------------------------


def linked_in(prints: list[EpisodePrint], cast: Cast) -> Cast:
    return resolve([*_written(cast), *decisions(prints, cast)])


def _written(cast: Cast) -> list[casts.Decision]:
    return [
        casts.Decision("link", of, name=cast.people[of].name, sex=cast.people[of].sex, episode=where, speaker=label)
        for (where, label), of in cast.voices.items()
    ]


def test_linking_again_adds_nothing_and_a_new_episode_only_its_own() -> None:
    first = resolve(decisions(PRINTS[:4], Cast(), ()))
    assert decisions(PRINTS[:4], first) == []
    more = decisions(PRINTS, first)
    assert {(each.episode, each.speaker): each.character for each in more} == {
        where: of for where, of in TRUTH.items() if where[0] == "03"
    }


def test_a_correction_serves_later_episodes() -> None:
    log = decisions(PRINTS[:4], Cast())
    # A person says: the second episode's man is nobody new, he is the old master; then a third episode comes.
    log.append(casts.merge(resolve(log), "c03", "c01"))
    log.append(casts.name(resolve(log), "c02", "陆晚晴"))
    log += decisions(PRINTS, resolve(log))
    cast = resolve(log)
    assert cast.people["c02"].name == "陆晚晴"
    third = {label: of for (episode, label), of in cast.voices.items() if episode == "03"}
    assert third["S2"] == "c01" and "c03" not in third.values()
    split = casts.split(cast, "02", "S1")
    log.append(split)
    later = heard("lu", 3, "S1")
    (found,) = decisions([*PRINTS, later], resolve(log))
    assert found.character in ("c02", split.character)


@pytest.mark.parametrize("episodes", [80])
def test_a_long_series_is_linked_whole(episodes: int) -> None:
    prints = [heard(name, at, f"S{n + 1}", first_ms=n) for at in range(episodes) for n, name in enumerate(PITCH)]
    linked = link(prints)
    assert len(linked.characters) == 4 and len(linked.of) == 4 * episodes
