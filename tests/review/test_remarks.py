"""Remarks: answered, resolved, opened again, and what they do to a line's place in the queue."""

from __future__ import annotations

import pytest

from dubwright.errors import EditError
from dubwright.lake.layout import ReviewKey
from dubwright.review import decisions, log, risk
from dubwright.review.edits import Place
from dubwright.review.log import Entry
from dubwright.review.remarks import count_open, remarks
from tests.review.conftest import SERIES, World

PLACE = Place(SERIES, "01", "en")


def a_comment(text: str, segment: int | None = 1, answers: int | None = None, editor: str = "ana") -> Entry:
    return Entry("comment", editor, segment, text=text, remark=answers)


def resolved(number: int) -> Entry:
    return Entry("resolve", "ben", remark=number)


@pytest.mark.parametrize(
    ("entries", "said", "open_"),
    [
        ([], [], 0),
        ([a_comment("a"), a_comment("b", 2)], [(1, 1, []), (2, 2, [])], 2),
        ([a_comment("a"), a_comment("b", answers=1), a_comment("c")], [(1, 1, ["b"]), (3, 1, [])], 2),
        # An answer to an answer belongs to what was answered first.
        ([a_comment("a"), a_comment("b", answers=1), a_comment("c", answers=2)], [(1, 1, ["b", "c"])], 1),
        ([a_comment("a"), resolved(1)], [(1, 1, [])], 0),
        ([a_comment("a"), resolved(1), a_comment("b", answers=1)], [(1, 1, ["b"])], 1),
        ([a_comment("a", None), Entry("approve", "ben", 1), resolved(9)], [(1, None, [])], 1),
    ],
)
def test_what_entries_come_to(entries: list[Entry], said: list[tuple[int, int | None, list[str]]], open_: int) -> None:
    found = remarks(entries)
    assert [(each.number, each.segment, [answer.text for answer in each.answers]) for each in found] == said
    assert count_open(entries) == open_


def test_a_remark_is_answered_and_resolved(world: World) -> None:
    lake = world.lake
    decisions.comment(lake, PLACE, "Is this right?", "ana", 2)
    decisions.comment(lake, PLACE, "Yes.", "ben", 2, remark=1)
    decisions.comment(lake, PLACE, "All of it is too formal.", "ana")
    script = world.script()
    (remark,) = script.line(2).remarks
    assert (remark.text, remark.open, [each.editor for each in remark.answers]) == ("Is this right?", True, ["ben"])
    assert [each.text for each in script.remarks] == ["All of it is too formal."]
    decisions.resolve(lake, PLACE, 1, "ana", 2)
    assert not world.script().line(2).remarks[0].open
    for number, line, says in ((1, 2, "resolved already"), (7, None, "no remark 7"), (3, 1, "no remark 3")):
        with pytest.raises(EditError, match=says):
            decisions.resolve(lake, PLACE, number, "ana", line)
    with pytest.raises(EditError, match="no remark 1"):
        decisions.comment(lake, PLACE, "?", "ana", 1, remark=1)
    # Where no line is named, an answer goes where the remark is.
    decisions.comment(lake, PLACE, "No.", "ben", remark=1)
    assert world.script().line(2).remarks[0].open


def test_nobody_settles_an_answer_that_they_have_not_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decisions.comment(world.lake, PLACE, "Is this right?", "ana", 1)
    append = log.append

    def answered_first(*args: object, after: int) -> bool:
        monkeypatch.setattr(log, "append", append)
        decisions.comment(world.lake, PLACE, "No!", "ben", 1, remark=1)
        return append(*args, after=after)  # type: ignore[arg-type]

    monkeypatch.setattr(log, "append", answered_first)
    with pytest.raises(EditError, match="answered meanwhile"):
        decisions.resolve(world.lake, PLACE, 1, "ana")
    assert world.script().line(1).remarks[0].open


def test_open_remarks_raise_a_line_also_one_that_is_approved(world: World) -> None:
    def queued() -> list[tuple[int, list[str]]]:
        found = risk.queue(world.lake, world.settings.quality, "en", SERIES)
        return [(each.line.segment, [str(reason) for reason in each.reasons]) for each in found]

    assert queued() == []
    decisions.approve(world.lake, world.script(), [3], "ana")
    decisions.comment(world.lake, PLACE, "x" * 100, "ben", 3)
    assert queued() == [(3, [f"remark of ben: {'x' * 79}…"])]
    decisions.resolve(world.lake, PLACE, 1, "ana")
    assert queued() == []


def test_what_was_given_to_somebody_waits_for_them(world: World) -> None:
    decisions.assign(world.lake, PLACE, "ana", "ben", 1, 3)
    assert log.log(world.lake, PLACE).version == 1, "given at once"
    bounds = world.settings.quality
    found = risk.queue(world.lake, bounds, "en", SERIES, assignee="ana")
    assert [each.line.segment for each in found] == [1, 3]
    decisions.approve(world.lake, world.script(), [1], "ana")
    assert [each.line.segment for each in risk.queue(world.lake, bounds, "en", assignee="ana")] == [3]
    assert risk.queue(world.lake, bounds, "en", assignee="ben") == []


def test_what_an_earlier_dubwright_wrote_reads_as_ever(world: World) -> None:
    row = {"kind": "comment", "segment": 1, "text": "old", "editor": "ana"}
    assert world.lake.add_review(ReviewKey("en", SERIES, "01", 1), [row])
    assert [each.text for each in world.script().line(1).remarks] == ["old"]
