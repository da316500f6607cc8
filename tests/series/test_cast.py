"""Who speaks over a series: people's decisions, what they resolve to, and what becomes wanted again by them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from desk.cast import app
from dubwright.errors import CatalogError, UnreadableError
from dubwright.lake import Lake, layout, open_lake
from dubwright.lake.layout import SeriesKey, UnitKey
from dubwright.series import cast as casts
from dubwright.series.cast import Cast, Decision, resolve
from dubwright.series.facts import Character, SeriesFacts

SERIES = "槐巷 不灭灯"
FACTS = SeriesFacts(cast=(Character(name="陆晚晴", sex="female"), Character(name="秦师父", sex="male")))
LINKED = [
    Decision("link", "c01", sex="male", episode="01", speaker="S1"),
    Decision("link", "c02", sex="female", episode="01", speaker="S2"),
    Decision("link", "c01", sex="male", episode="02", speaker="S2"),
    Decision("link", "c03", sex="female", episode="02", speaker="S1"),
]


def decided(*more: Decision) -> Cast:
    return resolve([*LINKED, *more])


def digests(cast: Cast, facts: SeriesFacts = FACTS) -> dict[tuple[str, str], str | None]:
    stages, episodes = ("ingest", "transcribe", "translate", "dub", "render"), ("01", "02", "03")
    return {(stage, episode): cast.digest_for(stage, episode, facts) for stage in stages for episode in episodes}


def changed(before: Cast, after: Cast) -> set[tuple[str, str]]:
    old, new = digests(before), digests(after)
    return {where for where in new if new[where] != old[where]}


def test_a_name_reaches_every_episode_its_character_speaks_in_and_stays() -> None:
    before = decided()
    after = decided(casts.name(before, "c01", " 老王 "))
    for episode, speaker in (("01", "S1"), ("02", "S2")):
        person = after.who(episode, speaker, 0, 1000)
        assert person and (person.id, person.called, person.sex) == ("c01", "老王", "male")
    later = resolve(
        [*LINKED, casts.name(before, "c01", "老王"), Decision("link", "c01", name="别人", episode="03", speaker="S1")]
    )
    person = later.who("03", "S1", 0, 1000)
    assert person and person.name == "老王"
    assert after.who("03", "S1", 0, 1000) is None and after.who("01", None, 0, 1000) is None


def test_exactly_the_dependants_of_a_decision_are_wanted_again() -> None:
    before = decided()
    # A name that no cast list has: what is said of whom changes, no voice does.
    assert changed(before, decided(casts.name(before, "c03", "老板娘"))) == {("translate", "02")}
    # The cast list's name binds the listed character's voice.
    assert changed(before, decided(casts.name(before, "c03", "陆晚晴"))) == {("translate", "02"), ("dub", "02")}
    assert changed(before, decided(casts.merge(before, "c03", "c02"))) == {("translate", "02"), ("dub", "02")}
    assert changed(before, decided(casts.split(before, "02", "S2"))) == {("translate", "02"), ("dub", "02")}
    assert changed(before, decided(casts.assign(before, "01", 3, 100, 900, "c02"))) == {
        ("translate", "01"),
        ("dub", "01"),
    }


def test_what_is_taken_back_leaves_no_trace_in_a_digest() -> None:
    before = decided()
    there = [casts.name(before, "c01", "甲"), casts.name(before, "c01", "乙"), casts.name(before, "c01", "甲")]
    assert digests(decided(*there)) == digests(decided(there[0]))
    assert set(digests(Cast()).values()) == {None}


def test_merged_characters_keep_the_second_ones_name_and_answer_to_both_ids() -> None:
    before = decided(Decision("name", "c03", name="晚晴"))
    after = decided(Decision("name", "c03", name="晚晴"), casts.merge(before, "c03", "c02"))
    assert [one.id for one in after.people.values()] == ["c01", "c02"]
    assert after.people["c02"].name == "晚晴"
    assert after.find("c03") == after.people["c02"] and after.episodes_of("c02") == ["01", "02"]
    # A name for the id that was merged away, and a merge in a circle, harm nothing.
    again = decided(
        casts.merge(before, "c03", "c02"), Decision("merge", "c02", into="c03"), Decision("name", "c03", name="晚")
    )
    assert again.people["c02"].name == "晚"


def test_a_split_stands_above_later_links_and_two_at_once_are_two() -> None:
    one, other = casts.split(decided(), "01", "S1"), casts.split(decided(), "02", "S2")
    assert one.character == other.character == "p01"
    cast = decided(one, other, Decision("link", "c01", episode="01", speaker="S1"))
    assert (cast.voices["01", "S1"], cast.voices["02", "S2"]) == ("p01", "p02")
    merged = decided(one, casts.merge(decided(one), "p01", "c02"))
    assert casts.split(merged, "02", "S2").character == "p02"


def test_an_assigned_line_is_known_by_its_time() -> None:
    cast = decided(casts.assign(decided(), "01", 4, 10_000, 12_000, "c02"))
    for start, end, expected in ((10_200, 12_300, "c02"), (10_500, 11_000, "c02"), (11_900, 13_900, "c01")):
        person = cast.who("01", "S1", start, end)
        assert person and person.id == expected, (start, end)
    last = decided(*[casts.assign(decided(), "01", 4, 10_000, 12_000, who) for who in ("c02", "c03")])
    person = last.who("01", "S1", 10_000, 12_000)
    assert person and person.id == "c03"


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda cast: casts.name(cast, "c09", "甲"), "nobody is called"),
        (lambda cast: casts.name(cast, "c01", " \n"), "is no name"),
        (lambda cast: casts.name(cast, "c01", "a\x1b[2Jb"), "is no name"),
        (lambda cast: casts.name(cast, "c01", "甲" * 101), "is no name"),
        (lambda cast: casts.name(cast, "c01", "c02"), "is c02 already"),
        (lambda cast: casts.merge(cast, "c01", "c01"), "one already"),
        (lambda cast: casts.split(cast, "01", "S9"), "no voice is labelled"),
        (lambda cast: casts.assign(cast, "01", 1, 0, 1, "谁"), "nobody is called"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(ask, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CatalogError, match=says) as raised:
        ask(decided())
    assert raised.value.remedy and raised.value.exit_code == 2


ids = st.sampled_from(["c01", "c02", "c03", "p01", "", "谁"])
rows = st.builds(
    Decision,
    kind=st.sampled_from(["heard", "link", "name", "merge", "split", "assign"]),
    character=ids,
    into=st.none() | ids,
    name=st.none() | st.text(max_size=3),
    episode=st.none() | st.sampled_from(["01", "02"]),
    speaker=st.none() | st.sampled_from(["S1", "S2"]),
    start_ms=st.none() | st.integers(0, 50),
    end_ms=st.none() | st.integers(0, 50),
)


@given(st.lists(rows, max_size=12))
def test_any_decisions_resolve_to_a_cast_that_holds_together(decisions: list[Decision]) -> None:
    cast = resolve(decisions)
    assert set(cast.voices.values()) <= set(cast.people)
    assert {line.character for lines in cast.lines.values() for line in lines} <= set(cast.people)
    assert not set(cast.former) & set(cast.people) and set(cast.former.values()) <= set(cast.people)
    own = cast.of_episode("01")
    for speaker in ("S1", "S2", None):
        assert own.who("01", speaker, 0, 50) == cast.who("01", speaker, 0, 50)
    for stage in ("translate", "dub"):
        assert own.digest_for(stage, "01", FACTS) == cast.digest_for(stage, "01", FACTS)
    assert not own.of_episode("02").people


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.sampled_from(["cast", "market-x"]),
    st.integers(1, 10**9),
)
def test_keys_of_facts_come_back(series: str, kind: str, version: int) -> None:
    key = SeriesKey(series, kind, version)
    assert layout.parse_series(str(key)) == key and layout.known(str(key))
    assert layout.parse_series(str(key).replace(".parquet", ".json")) is None
    # One spelling for each version.
    assert layout.parse_series(f"{layout.series_prefix(series, kind)}0{version:06d}.parquet") is None


def test_a_label_means_something_under_its_transcript_only() -> None:
    def linked(character: str, mark: str, speaker: str) -> Decision:
        return Decision("link", character, episode="01", transcript=mark, speaker=speaker)

    def heard(mark: str, episode: str = "01") -> Decision:
        return Decision("heard", "", episode=episode, transcript=mark)

    log = [heard("a"), linked("c01", "a", "S1"), linked("c02", "a", "S2"), heard("x", "02")]
    before = resolve(log)
    assert ("02", "x") in before.heard and before.newest == {"01": "a", "02": "x"}
    assert before.of_episode("02").digest_for("translate", "02", FACTS) is None
    # The labels are turned round by another transcript; the first one's stay what they were.
    after = resolve([*log, heard("b"), linked("c02", "b", "S1"), linked("c01", "b", "S2")])
    assert after.of_episode("01", "a") == before.of_episode("01")
    assert after.voices == {("01", "S1"): "c02", ("01", "S2"): "c01"}
    assert not after.of_episode("01", "c").voices
    # A person's word is about the transcript that the person saw.
    split = casts.split(after, "01", "S1")
    assert split.transcript == "b"
    assert resolve([*log, heard("b"), split]).of_episode("01", "a") == before.of_episode("01")
    # A second link of a voice comes from one who did not know of the first, and changes nothing.
    assert resolve([*log, linked("c07", "a", "S1"), heard("a")]) == before


# The lake and the command -----------------------------------------------------------------------------


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"))


def test_decisions_are_appended_and_read_in_order(lake: Lake) -> None:
    assert casts.read(lake, SERIES) == Cast()
    assert casts.decide(lake, SERIES, LINKED, "dubwright").version == 1
    named = casts.name(casts.read(lake, SERIES), "c01", "老王")
    # Whoever does not know of all that was decided is not heard; whoever need not know comes next.
    assert not casts.append(lake, SERIES, [named], "me", after=0)
    assert casts.append(lake, SERIES, [named], "me", after=1)
    assert casts.decide(lake, SERIES, [named], "me").version == 3
    log = casts.log(lake, SERIES)
    assert log.version == 3 and log.decisions == (*LINKED, named, named)
    assert casts.read(lake, SERIES).people["c01"].name == "老王"
    assert casts.read(lake, "槐巷") == Cast()


def test_a_fact_that_is_none_of_ours_is_named(lake: Lake) -> None:
    key = SeriesKey(SERIES, "cast", 1)
    lake.store.put_if_absent(str(key), b"PAR1 and nothing else")
    with pytest.raises(UnreadableError, match="not a file of ours") as raised:
        casts.read(lake, SERIES)
    assert raised.value.field == str(key)


def run(lake: Lake, *arguments: str) -> str:
    ran = CliRunner().invoke(app, [*arguments, "--lake", lake.uri])
    if ran.exception:
        raise ran.exception
    return ran.stdout


def test_the_command_shows_and_corrects(lake: Lake) -> None:
    assert "Nobody is linked" in run(lake, "list", SERIES)
    casts.decide(lake, SERIES, LINKED, "dubwright")
    unit = UnitKey("transcript", SERIES, "01", None, "0" * 32)
    row = {"segment": 1, "language": "zh", "start_ms": 500, "end_ms": 900, "engine": "fake", "engine_version": "1"}
    lake.commit(unit, [row], {})
    run(lake, "name", SERIES, "c01", "老王", "--sex", "male")
    run(lake, "merge", SERIES, "c03", "c02")
    run(lake, "split", SERIES, "02", "S2")
    found = json.loads(run(lake, "assign", SERIES, "01", "1", "老王", "--json"))["characters"]
    assert [(one["id"], one["name"], one["voices"]) for one in found] == [
        ("c01", "老王", ["01:S1"]),
        ("c02", None, ["01:S2", "02:S1"]),
        ("p01", None, ["02:S2"]),
    ]
    assert found[0]["lines"] == [{"episode": "01", "start_ms": 500, "end_ms": 900}]
    assert "老王" in run(lake, "list", SERIES)
    with pytest.raises(CatalogError, match="has no line 7"):
        run(lake, "assign", SERIES, "01", "7", "c01")
    with pytest.raises(CatalogError, match="is not transcribed"):
        run(lake, "assign", SERIES, "09", "1", "c01")
