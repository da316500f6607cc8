"""Search and replace: seen before it is done, guarded as any correction is, and no pattern takes for ever."""

from __future__ import annotations

import time

import pytest

from dubwright.errors import EditConflictError, EditError
from dubwright.review import decisions, lines, replacing
from dubwright.review.decisions import Change
from dubwright.review.replacing import Replacement, Search
from tests.review.conftest import SERIES, World


def found(world: World, search: Search) -> list[Replacement]:
    return list(replacing.preview(lines.of_series(world.lake, SERIES, "en"), search))


@pytest.mark.parametrize(
    ("search", "after"),
    [
        (Search("lamp", "light"), "The light still burns."),
        (Search("LAMP", r"\1 (x)", ignore_case=True), r"The \1 (x) still burns."),
        (Search(r"(\w+) still (?P<verb>\w+)", r"\1 \g<verb>", as_regex=True), "The lamp burns."),
        (Search(r"\p{Lu}he\b", "A", as_regex=True), "A lamp still burns."),
    ],
)
def test_what_would_change_is_shown_and_nothing_is_saved(world: World, search: Search, after: str) -> None:
    shown = found(world, search)
    assert [(each.place.episode, each.line.segment, each.line.text, each.after) for each in shown] == [
        (episode, 2, "The lamp still burns.", after) for episode in ("01", "02")
    ]
    assert not list(world.lake.edit_keys("en"))


def test_what_was_shown_is_saved_but_for_what_somebody_else_changed_or_locked(world: World) -> None:
    decisions.lock(world.lake, world.script("02"), [1], "ana")
    shown = found(world, Search(r"\.$", "!", as_regex=True))
    assert len(shown) == 6
    assert [(each.place.episode, each.line.segment) for each in shown if each.problem == "is locked"] == [("02", 1)]
    decisions.save(world.lake, world.script("01"), Change(3, "Come on."), "ana")
    outcomes = replacing.apply(world.lake, shown, "ben")
    failed = [(each.place.episode, each.line.segment, error) for each, error in outcomes if error]
    ((episode, segment, error),) = failed
    assert (episode, segment) == ("01", 3) and isinstance(error, EditConflictError) and error.editor == "ana"
    assert [line.text for line in world.script("01").lines] == ["You came!", "The lamp still burns!", "Come on."]
    assert [line.text for line in world.script("02").lines] == ["You came.", "The lamp still burns!", "Let's go!"]


def test_a_line_that_would_be_none_is_left_alone(world: World) -> None:
    shown = found(world, Search(".+", "", as_regex=True))
    assert {each.problem for each in shown} == {"a text of 0 characters"}
    assert replacing.apply(world.lake, shown, "ben") == []


@pytest.mark.parametrize(
    ("search", "field", "says"),
    [
        (Search("", "x"), "PATTERN", "0 characters"),
        (Search("x" * 501, "x"), "PATTERN", "501 characters"),
        (Search("(", "x", as_regex=True), "PATTERN", "is no pattern"),
        (Search("lamp", r"\9", as_regex=True), "REPLACEMENT", "cannot be filled in"),
        (Search("lamp", r"\g<no>", as_regex=True), "REPLACEMENT", "cannot be filled in"),
    ],
)
def test_what_is_no_pattern_is_refused(world: World, search: Search, field: str, says: str) -> None:
    with pytest.raises(EditError, match=says) as caught:
        found(world, search)
    assert caught.value.field == field


def test_a_pattern_that_never_ends_is_ended(world: World) -> None:
    decisions.save(world.lake, world.script(), Change(1, "a" * 900 + "!b"), "ana")
    began = time.monotonic()
    with pytest.raises(EditError, match="takes too long"):
        list(replacing.preview([world.script()], Search("(a+)+$", "x", as_regex=True), seconds=0.3))
    assert time.monotonic() - began < 10
