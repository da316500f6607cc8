"""Approvals and locks: of texts, not of numbers; outliving translators; and nothing is wanted again for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dubwright.errors import EditConflictError, EditError, LockedError
from dubwright.lake import Lake
from dubwright.lake.layout import ReviewKey, parse_review
from dubwright.review import decisions, edits, log
from dubwright.review.decisions import Change
from dubwright.review.edits import Edit, Place
from dubwright.review.log import Entry
from dubwright.review.states import states
from tests.review.conftest import SAID, SERIES, World

PLACE = Place(SERIES, "01", "en")
ROW = {"segment": 1, "source_text": "源", "text": "said", "state": "draft"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def an_edit(number: int, text: str | None, **more: Any) -> Edit:
    return Edit(1, number, "源", text, "ana", NOW, **more)


def said(kind: log.Kind, text: str = "said", source: str = "源") -> Entry:
    return Entry(kind, "ben", 1, source, text)


@pytest.mark.parametrize(
    ("row", "chain", "entries", "state", "stale"),
    [
        (ROW, [], [], "draft", False),
        ({**ROW, "text": "", "state": "failed"}, [], [], "failed", False),
        ({**ROW, "text": "", "state": "failed"}, [an_edit(1, "saved")], [], "edited", False),
        (ROW, [an_edit(1, "b")], [], "edited", False),
        (ROW, [an_edit(1, None, start_ms=1, end_ms=900)], [], "edited", False),
        (ROW, [an_edit(1, "b"), an_edit(2, None)], [], "draft", False),
        (ROW, [], [said("approve")], "approved", False),
        (ROW, [an_edit(1, "b")], [said("approve")], "edited", False),
        (ROW, [an_edit(1, "b")], [said("approve"), said("approve", "b")], "approved", False),
        ({**ROW, "source_text": "别的"}, [], [said("approve")], "draft", False),
        (ROW, [], [said("approve"), said("lock")], "locked", False),
        (ROW, [], [said("approve"), said("lock"), said("unlock")], "approved", False),
        (ROW, [], [said("approve"), said("reopen")], "draft", False),
        ({**ROW, "text": "another"}, [], [said("approve"), said("lock")], "locked", True),
        ({**ROW, "text": "another"}, [], [said("approve"), said("lock"), said("unlock")], "draft", False),
        # An earlier text stands where it was pinned, and stands no more where it was released.
        ({**ROW, "text": "new"}, [an_edit(0, "said", base="b")], [said("approve")], "approved", False),
        ({**ROW, "text": "new"}, [an_edit(0, "said", base="b"), an_edit(1, "c")], [said("approve")], "edited", False),
        ({**ROW, "text": "new"}, [an_edit(0, "said", base="b"), an_edit(0, None, base="c")], [], "draft", False),
    ],
)
def test_what_a_line_s_past_comes_to(
    row: dict[str, Any], chain: list[Edit], entries: list[Entry], state: str, stale: bool
) -> None:
    found = states([row], chain, entries)[1]
    assert (found.state, found.stale) == (state, stale)


def test_the_last_word_on_whose_it_is_counts_and_a_line_s_own_above_the_episode_s() -> None:
    rows = [ROW, {**ROW, "segment": 2}]
    entries = [
        Entry("assign", "x", 1, assignee="ana"),
        Entry("assign", "x", assignee="ben"),
        Entry("comment", "y", 2, text="?"),
    ]
    found = states(rows, [], entries)
    assert (found[1].assignee, found[2].assignee) == ("ana", "ben")
    assert [entry.text for entry in found[2].comments] == ["?"]


def test_nothing_is_wanted_again_for_what_is_said(anywhere: World) -> None:
    world, lake = anywhere, anywhere.lake
    world.deliver("01")
    before = world.wanted()
    assert decisions.approve(lake, world.script(), [1, 2, 3], "ana") == [1, 2, 3]
    assert decisions.approve(lake, world.script(), [1], "ana") == []
    assert decisions.lock(lake, world.script(), [1], "ana") == [1]
    decisions.comment(lake, PLACE, "Is this\nright?", "ben", 2)
    decisions.assign(lake, PLACE, "ben", "ana")
    assert [line.state for line in world.script().lines] == ["locked", "approved", "approved"]
    assert {line.assignee for line in world.script().lines} == {"ben"}
    assert world.wanted() == before
    assert decisions.unlock(lake, world.script(), [1], "ana") == [1]
    assert decisions.reopen(lake, world.script(), [1, 2], "ana") == [1, 2]
    assert [line.state for line in world.script().lines] == ["draft", "draft", "approved"]
    assert world.wanted() == before
    keys = lake.review_keys("en", SERIES)
    assert [key.version for key in keys] == list(range(1, len(keys) + 1))
    assert all(parse_review(str(key)) == key for key in keys)


def test_what_was_approved_outlives_the_translator(world: World) -> None:
    lake = world.lake
    decisions.save(lake, world.script(), Change(2, "The lamp is lit.", end_ms=5500), "ana")
    world.translate()
    decisions.approve(lake, world.script(), [1, 2], "ben")
    anew = world.translate(changed=world.other())
    assert [row["text"] for row in anew[:2]] == ["You came.", "The lamp is lit."]
    assert (anew[0]["state"], anew[0]["editor"], anew[0]["subtitle_text"]) == ("approved", "ben", "You c…")
    assert (anew[1]["state"], anew[1]["end_ms"]) == ("edited", 5500)
    assert anew[2]["text"] != SAID[2][1]
    script = world.script()
    assert [line.state for line in script.lines] == ["approved", "approved", "draft"]
    assert not any(line.pending for line in script.lines)
    # Approved again there: nothing is wanted again under either, and back under the first it is what it was.
    decisions.approve(lake, script, [3], "ben")
    assert ("01", "translate") not in world.wanted(world.other())
    back = world.translate()
    assert back[2]["text"] == anew[2]["text"] and back[0]["text"] == "You came."
    # Taken back, the next translator has its say.
    decisions.reopen(lake, world.script(), [1], "ben")
    third = world.translate(changed=world.other(0.8))
    assert third[0]["text"] not in ("You came.", "") and third[1]["text"] == "The lamp is lit."
    # A correction stands above what was pinned before it.
    decisions.save(lake, world.script(), Change(3, "Come."), "ana")
    assert world.translate(changed=world.other(0.7))[2]["text"] == "Come."


def test_an_approved_line_that_is_moved_stays_as_it_is_read(world: World) -> None:
    decisions.approve(world.lake, world.script(), [1], "ana")
    decisions.save(world.lake, world.script(), Change(1, end_ms=2500), "ben")
    row = world.translate()[0]
    assert (row["text"], row["subtitle_text"], row["end_ms"]) == ("You came.", "You c…", 2500)
    assert world.script().line(1).state == "approved"
    anew = world.translate(changed=world.other())[0]
    assert (anew["text"], anew["subtitle_text"], anew["end_ms"]) == ("You came.", "You c…", 2500)


def test_an_approval_is_of_its_source(world: World) -> None:
    decisions.approve(world.lake, world.script(), [1], "ana")
    decisions.lock(world.lake, world.script(), [2], "ana")
    # Heard anew: the same lines but for a word.
    entries = log.log(world.lake, PLACE).entries
    rows = [
        {"segment": n, "source_text": source, "text": text, "state": "draft"}
        for n, (source, text) in enumerate((("你来啦。", "You came."), ("灯灭了。", "It is out."), SAID[2]), 1)
    ]
    found = states(rows, edits.read(world.lake, PLACE), entries)
    assert (found[1].state, found[2].state, found[2].stale) == ("draft", "locked", True)


def test_a_locked_line_is_nobody_s_to_correct(world: World) -> None:
    lake = world.lake
    decisions.lock(lake, world.script(), [1], "ana")
    for change in (Change(1, "x"), Change(1, end_ms=2500)):
        with pytest.raises(LockedError, match="is locked"):
            decisions.save(lake, world.script(), change, "ben")
    with pytest.raises(LockedError):
        decisions.reopen(lake, world.script(), [1], "ben")
    assert edits.last_numbers(edits.read(lake, PLACE)) == {}
    decisions.unlock(lake, world.script(), [1], "ana")
    decisions.save(lake, world.script(), Change(1, "x"), "ben")
    assert world.script().line(1).state == "edited"


def test_nobody_approves_what_they_have_not_seen(world: World) -> None:
    seen = world.script()
    decisions.save(world.lake, seen, Change(1, "Other."), "ana")
    for say in (decisions.approve, decisions.lock):
        with pytest.raises(EditConflictError, match="ana changed"):
            say(world.lake, seen, [1, 2], "ben")
    assert log.log(world.lake, PLACE).version == 0
    with pytest.raises(EditError, match="has no line 9"):
        decisions.approve(world.lake, seen, [9], "ben")


def test_a_line_without_a_text_is_not_approved(world: World) -> None:
    rows = [{"segment": 1, "source_text": "源", "text": "", "state": "failed", "language": "en"}]
    world.commit("01", "translate", [{**rows[0], "engine": "test", "engine_version": "1"}], world.other())
    with pytest.raises(EditError, match="no text to approve"):
        decisions.approve(world.lake, world.script(), [1], "ben")


def test_who_locks_and_who_corrects_at_once_do_not_both_succeed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, seen = world.lake, world.script()
    add = Lake.add_edit

    # Locked by somebody else after the saver looked, and before they saved.
    def locked_first(self: Lake, *args: Any, **kwargs: Any) -> str:
        monkeypatch.setattr(Lake, "add_edit", add)
        decisions.lock(lake, seen, [1], "ana")
        return add(self, *args, **kwargs)

    monkeypatch.setattr(Lake, "add_edit", locked_first)
    with pytest.raises(LockedError):
        decisions.save(lake, seen, Change(1, "x"), "ben")
    line = world.script().line(1)
    assert (line.text, line.state, line.stale) == ("You came.", "locked", False)

    # Corrected by somebody else after the locker looked, and before they had it locked.
    seen, say = world.script(), log.say

    def corrected_first(*args: Any) -> ReviewKey:
        monkeypatch.setattr(log, "say", say)
        decisions.save(lake, seen, Change(2, "y"), "ben")
        return say(*args)

    monkeypatch.setattr(log, "say", corrected_first)
    with pytest.raises(EditConflictError, match="ben changed"):
        decisions.lock(lake, seen, [2], "ana")
    line = world.script().line(2)
    assert (line.text, line.state) == ("y", "edited")


def test_two_who_say_something_at_once_are_both_heard(world: World) -> None:
    assert log.append(world.lake, PLACE, [Entry("comment", "ana", text="a")], after=0)
    assert not log.append(world.lake, PLACE, [Entry("comment", "ben", text="b")], after=0)
    log.say(world.lake, PLACE, [Entry("comment", "ben", text="b")])
    assert [entry.text for entry in log.log(world.lake, PLACE).entries] == ["a", "b"]


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_what_is_no_remark_is_refused(world: World, text: str) -> None:
    with pytest.raises(EditError, match="a comment of"):
        decisions.comment(world.lake, PLACE, text, "ana")
    with pytest.raises(EditError, match="is no name"):
        decisions.assign(world.lake, PLACE, text, "ana")
