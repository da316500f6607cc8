"""Corrections: two people at once lose nothing, times, what an edit restores, and what of it all the plan wants again."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dubwright.errors import CatalogError, EditConflictError, EditError
from dubwright.lake import layout
from dubwright.lake.lake import ulid
from dubwright.lake.layout import EditKey
from dubwright.review import decisions, edits
from dubwright.review.decisions import Change
from dubwright.review.edits import Place
from tests.review.conftest import SAID, SERIES, World

AFTER = ("translate", "dub", "render")
PLACE = Place(SERIES, "01", "en")


def test_who_had_not_seen_the_other_s_correction_is_told_and_nothing_is_written(anywhere: World) -> None:
    lake, seen = anywhere.lake, anywhere.script()
    decisions.save(lake, seen, Change(1, "You are here."), "ana")
    with pytest.raises(EditConflictError, match="ana changed the line") as caught:
        decisions.save(lake, seen, Change(1, "You've come."), "ben")
    error = caught.value
    assert (error.text, error.editor, error.number) == ("You are here.", "ana", 1)
    assert error.at is not None and error.where == f"{SERIES}/01"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (again.text, again.at, str(again)) == (error.text, error.at, str(error))
    assert error.as_dict()["editor"] == "ana"
    assert [each.text for each in edits.read(lake, PLACE)] == ["You are here."]
    # Another line's are no matter, and who looks again may go on.
    decisions.save(lake, seen, Change(2, "The lamp is lit."), "ben")
    decisions.save(lake, anywhere.script(), Change(1, "You've come."), "ben")
    assert [line.text for line in anywhere.script().lines] == ["You've come.", "The lamp is lit.", "Let's go."]
    with pytest.raises(EditConflictError, match="ben changed"):
        decisions.save(lake, anywhere.script(), Change(1, "x", after=7), "ben")


def test_of_many_at_once_one_saves(anywhere: World) -> None:
    seen, start = anywhere.script(), threading.Barrier(12)

    def save(number: int) -> str | None:
        start.wait()
        try:
            return decisions.save(anywhere.lake, seen, Change(1, f"try {number}"), f"editor {number}")
        except EditConflictError as error:
            assert error.text and error.text.startswith("try ")
            return None

    with ThreadPoolExecutor(12) as threads:
        saved = [key for key in threads.map(save, range(12)) if key]
    assert len(saved) == 1
    assert len(edits.read(anywhere.lake, PLACE)) == 1


SAVE = """
import sys
from dubwright.errors import EditConflictError
from dubwright.lake import open_lake
from dubwright.review import decisions, lines
from dubwright.review.edits import Place
lake = open_lake(sys.argv[1])
script = lines.read(lake, Place(sys.argv[2], "01", "en"))
print("ready", flush=True)
sys.stdin.readline()
try:
    decisions.save(lake, script, decisions.Change(1, sys.argv[3]), sys.argv[3])
except EditConflictError as error:
    print("conflict", error.editor)
else:
    print("saved")
"""


@pytest.mark.slow
def test_of_two_processes_one_saves(world: World) -> None:
    command = [sys.executable, "-c", SAVE, world.lake.uri, SERIES]
    both = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in ("ana", "ben")
    ]
    assert all(each.stdout and each.stdout.readline() == "ready\n" for each in both)
    for each in both:
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()
    said = sorted(each.communicate(timeout=60)[0].split()[0] for each in both)
    assert said == ["conflict", "saved"]


def test_without_a_number_whatever_came_last_is_taken_as_seen(world: World) -> None:
    for text in ("one", "two"):
        world.lake.add_edit("en", SERIES, "01", segment=1, source_text=SAID[0][0], text=text, editor="ana")
    assert [(each.number, each.text) for each in edits.read(world.lake, PLACE)] == [(1, "one"), (2, "two")]


def test_corrections_of_old_still_count_and_come_before_all_with_a_number(world: World) -> None:
    old = EditKey("en", SERIES, "01", ulid())
    row = {"segment": 1, "source_text": SAID[0][0], "text": "of old", "editor": "ana"}
    assert world.lake._put_edits(old, [row])
    assert world.script().line(1).text == "of old"
    assert world.translate()[0]["text"] == "of old"
    assert world.wanted() & {("01", "translate")} == set()
    decisions.save(world.lake, world.script(), Change(1, "of today"), "ben")
    assert world.script().line(1).text == world.translate()[0]["text"] == "of today"
    assert [each.number for each in edits.history(world.script().edits, 1)] == [0, 1]


def test_a_line_whose_source_changed_is_not_what_was_seen(world: World) -> None:
    change = Change(1, "x", source_text="something else")
    with pytest.raises(EditConflictError, match="another one by now"):
        decisions.save(world.lake, world.script(), change, "ana")


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (Change(1, "  "), EditError, "0 characters"),
        (Change(1, "x" * 1001), EditError, "1001 characters"),
        (Change(1, "a\x00b"), EditError, r"U\+0000"),
        (Change(1, "a\u202eb"), EditError, r"U\+202E"),
        (Change(1, "You came."), EditError, "that already"),
        (Change(1), EditError, "that already"),
        (Change(9, "x"), CatalogError, "its lines are 1 to 3"),
        (Change(1, start_ms=5000, end_ms=4000), EditError, "before it ends"),
        (Change(1, start_ms=-1), EditError, "no time"),
        (Change(1, end_ms=20_001), EditError, "the episode ends at 20.0 s"),
        (Change(1, start_ms=1000, end_ms=1050), EditError, "no line's length"),
    ],
)
def test_what_no_line_can_be_is_refused(world: World, change: Change, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        decisions.save(world.lake, world.script(), change, "ana")
    assert edits.read(world.lake, PLACE) == []


def test_a_line_that_is_moved_keeps_its_text_whatever_that_becomes(world: World) -> None:
    decisions.save(world.lake, world.script(), Change(1, start_ms=1500), "ana")
    line = world.script().line(1)
    assert (line.start_ms, line.end_ms, line.heard_ms) == (1500, 3000, (1000, 3000))
    assert (line.state, line.text, line.pending) == ("edited", "You came.", True)
    row = world.translate()[0]
    assert (row["start_ms"], row["end_ms"], row["text"], row["state"]) == (1500, 3000, "You came.", "edited")
    assert row["subtitle_text"] == "You c…" and row["editor"] == "ana"
    assert not world.script().line(1).pending
    decisions.save(world.lake, world.script(), Change(1, "You're here.", end_ms=2900), "ben")
    row = world.translate()[0]
    assert (row["start_ms"], row["end_ms"], row["text"]) == (1500, 2900, "You're here.")
    # The text alone, and the times stay.
    decisions.save(world.lake, world.script(), Change(1, "Here you are."), "ben")
    assert (world.script().line(1).start_ms, world.script().line(1).text) == (1500, "Here you are.")
    assert world.translate()[1]["start_ms"] is None
    # Back where it was it is not moved at all.
    decisions.save(world.lake, world.script(), Change(1, start_ms=1000, end_ms=3000), "ben")
    assert world.translate()[0]["start_ms"] is None


def test_a_correction_makes_its_episode_wanted_again_and_nothing_else(world: World) -> None:
    world.deliver("01")
    assert {where for where in world.wanted() if where[0] == "01"} == set()
    decisions.save(world.lake, world.script(), Change(1, end_ms=2900), "ana")
    assert {where for where in world.wanted() if where[0] == "01"} == {("01", stage) for stage in AFTER}


def test_a_line_is_made_again_what_it_was(world: World) -> None:
    for text in ("one", "two"):
        decisions.save(world.lake, world.script(), Change(1, text, start_ms=1200), "ana")
        world.translate()
    decisions.restore(world.lake, world.script(), 1, 1, "ben")
    assert world.script().line(1).text == world.translate()[0]["text"] == "one"
    decisions.restore(world.lake, world.script(), 1, 0, "ben")
    line = world.script().line(1)
    assert (line.text, line.start_ms, line.state, line.pending) == ("You came.", 1000, "draft", True)
    row = world.translate()[0]
    assert (row["text"], row["start_ms"], row["state"], row["editor"]) == ("You came.", None, "draft", None)
    chain = edits.history(world.script().edits, 1)
    assert [(each.number, each.text, each.editor) for each in chain] == [
        (1, "one", "ana"),
        (2, "two", "ana"),
        (3, "one", "ben"),
        (4, None, "ben"),
    ]
    with pytest.raises(EditError, match="is that already"):
        decisions.restore(world.lake, world.script(), 1, 0, "ben")
    with pytest.raises(EditError, match="no correction 9"):
        decisions.restore(world.lake, world.script(), 1, 9, "ben")
    with pytest.raises(EditConflictError):
        decisions.restore(world.lake, world.script(), 1, 2, "ben", after=3)


def test_a_key_has_one_spelling(world: World) -> None:
    decisions.save(world.lake, world.script(), Change(1, "x"), "ana")
    (key,) = world.lake.edit_keys("en")
    assert str(key).endswith("/000001.000001.parquet") and layout.known(str(key))
    assert layout.parse_edit(str(key).replace("000001.000001", "0000001.000001")) is None
    for other in (replace(key, number=0, segment=0, ulid=ulid()), EditKey("en", "S", "1", ulid(), base="a" * 32)):
        assert layout.parse_edit(str(other)) == other
