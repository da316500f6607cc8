"""Who speaks a line, decided by people: what that redoes, and that two at once lose nothing."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from desk.cast import app
from dubwright.errors import CatalogError, EditConflictError, EditError
from dubwright.planning import reach
from dubwright.review import lines, speakers
from dubwright.series import cast as casts
from dubwright.series.cast import Decision
from tests.review.conftest import SERIES, World


@pytest.fixture
def world(world: World) -> World:
    """One voice in each episode, linked to one character; another character speaks somewhere else."""
    for episode in world.episodes:
        mark = world.plan()[episode, "transcribe"].work.fingerprint
        heard = Decision("heard", "", episode=episode, transcript=mark)
        link = Decision("link", "c01", sex="female", episode=episode, transcript=mark, speaker="S1")
        other = Decision("link", "c02", sex="male", episode=episode, transcript=mark, speaker="S2")
        casts.decide(world.lake, SERIES, [heard, link, other], "dubwright")
    for episode in world.episodes:
        world.translate(episode)
    return world


def test_a_line_is_given_to_another_character_and_its_units_are_wanted_again(world: World) -> None:
    before = world.wanted()
    assert ("01", "translate") not in before
    was, now = speakers.assign(world.lake, SERIES, "01", 2, "c02", "ana", seen="c01")
    assert reach.of_cast(world.lake, SERIES, was, now) == {"en": ["01"]}
    assert world.wanted() - before == {("01", "translate")}
    line = world.script().line(2)
    assert (line.character_id, line.recast, line.pending) == ("c02", True, False)
    assert not world.script().line(1).recast and not world.script("02").line(2).recast
    # Carried out, nothing is left to be done.
    world.translate()
    assert not world.script().line(2).recast
    assert reach.stages_from("translate") == ["translate", "dub", "render"]


def test_of_two_the_second_is_told(world: World) -> None:
    speakers.assign(world.lake, SERIES, "01", 2, "c02", "ana", seen="c01")
    with pytest.raises(EditConflictError, match="ana said meanwhile that c02 speaks it") as raised:
        speakers.assign(world.lake, SERIES, "01", 2, "c01", "ben", seen="c01")
    assert (raised.value.text, raised.value.editor) == ("c02", "ana") and raised.value.at
    # Another line is nobody's concern, and who looked again may decide.
    speakers.assign(world.lake, SERIES, "01", 3, "c02", "ben", seen="c01")
    speakers.assign(world.lake, SERIES, "01", 2, "c01", "ben", seen="c02")
    assert world.script().line(2).character_id == "c01"
    with pytest.raises(EditError, match="speaks it already"):
        speakers.assign(world.lake, SERIES, "01", 2, "c01", "ben", seen="c01")
    with pytest.raises(CatalogError, match="nobody is called"):
        speakers.assign(world.lake, SERIES, "01", 2, "c09", "ben", seen="c01")
    with pytest.raises(CatalogError, match="has no line 9"):
        speakers.assign(world.lake, SERIES, "01", 9, "c01", "ben", seen="c01")


def test_two_at_the_same_moment_are_one_after_the_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    append = casts.append

    def other_first(*args: object, after: int) -> bool:
        monkeypatch.setattr(casts, "append", append)
        speakers.assign(world.lake, SERIES, "01", 2, "c02", "ana", seen="c01")
        return append(*args, after=after)  # type: ignore[arg-type]

    monkeypatch.setattr(casts, "append", other_first)
    casts.decide(world.lake, SERIES, [Decision("split", "p01", episode="01", speaker="S9")], "ana")
    monkeypatch.setattr(casts, "append", other_first)
    with pytest.raises(EditConflictError):
        speakers.assign(world.lake, SERIES, "01", 2, "p01", "ben", seen="c01")
    assert world.script().line(2).character_id == "c02"


def test_a_line_that_was_given_back_is_not_waited_for(world: World) -> None:
    for seen, to in (("c01", "c02"), ("c02", "c01")):
        speakers.assign(world.lake, SERIES, "01", 1, to, "ana", seen=seen)
    world.translate()
    speakers.assign(world.lake, SERIES, "01", 1, "c02", "ana", seen="c01")
    assert world.script().line(1).recast
    speakers.assign(world.lake, SERIES, "01", 1, "c01", "ana", seen="c02")
    assert ("01", "translate") not in world.wanted()
    assert not lines.read(world.lake, world.script().place).line(1).recast


def test_the_command_line_says_what_it_redoes(world: World) -> None:
    ran = CliRunner().invoke(app, ["assign", SERIES, "01", "2", "c02", "--lake", world.lake.uri, "--json"])
    assert ran.exit_code == 0 and json.loads(ran.stdout)["outdated"] == {"en": ["01"]}
    ran = CliRunner().invoke(app, ["name", SERIES, "c01", "晚晴", "--lake", world.lake.uri])
    assert "en: finished with other speakers, will be redone: 01, 02" in ran.stdout
    ran = CliRunner().invoke(app, ["assign", SERIES, "01", "2", "c02", "--lake", world.lake.uri])
    assert isinstance(ran.exception, EditError)
