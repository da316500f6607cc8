"""Which rendering of a line is spoken, and what is noted of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright import reading
from dubwright.dub import timing
from dubwright.errors import EndpointError, EngineError, EngineOutputError
from dubwright.settings import DubSettings
from dubwright.translate import fit
from dubwright.translate.engine import Line, Scene, Translated, Translator
from dubwright.translate.fit import Shorten
from dubwright.translate.length import SHORTEST_MS, letters, predicted_ms

LONG = "I have been waiting for you downstairs in the pouring rain for three whole hours, sir."
MIDDLE = "I waited for you downstairs in the rain."
SHORT = "I waited for you."
LINE = Line(7, "我在楼下大雨里等了你整整三个小时。", None, 1500)
SCENE = Scene("zh", "en", [LINE])
TEXTS = st.lists(st.text(st.sampled_from("abcdefg ,.é你"), min_size=1, max_size=60), min_size=1, max_size=5)


def never(line: Line, text: str, letters: int) -> Translated | None:
    raise AssertionError("nothing was to be asked")


def fitted(room_ms: int | None, answer: Translated, shorten: Shorten) -> Translated:
    return fit.fitted(replace(LINE, room_ms=room_ms), answer, "en", shorten)


def row(segment: int, start: int, end: int, kind: str | None = "dialogue") -> dict[str, Any]:
    return {"segment": segment, "start_ms": start, "end_ms": end, "kind": kind}


class TestTimes:
    def test_a_line_borrows_the_silence_behind_it_up_to_the_guard(self) -> None:
        found = fit.times([row(1, 0, 1000), row(2, 3000, 4000)])
        assert (found[1].room_ms, found[2].room_ms) == (2950, 1000 + fit.BEHIND_LAST_MS)

    def test_order_is_that_of_time_whatever_the_rows_are_in(self) -> None:
        assert fit.times([row(2, 3000, 4000), row(1, 0, 1000)]) == fit.times([row(1, 0, 1000), row(2, 3000, 4000)])

    def test_a_caption_takes_no_room_and_needs_none(self) -> None:
        found = fit.times([row(1, 0, 1000), row(2, 1200, 2000, "caption"), row(3, 3000, 4000, None)])
        assert (found[1].room_ms, found[2].room_ms) == (2950, None)

    def test_what_is_sung_is_not_spoken_but_not_spoken_into(self) -> None:
        found = fit.times([row(1, 0, 1000), row(2, 1500, 2000, "song")])
        assert (found[1].room_ms, found[2].room_ms) == (1450, None)

    def test_a_line_that_is_spoken_into_keeps_some_of_its_slot(self) -> None:
        assert fit.times([row(1, 0, 2000), row(2, 100, 3000)])[1].room_ms == 1000
        assert fit.times([row(1, 5, 5), row(2, 5, 5)])[1].room_ms == SHORTEST_MS

    def test_a_subtitle_stands_as_long_as_render_lets_it(self) -> None:
        found = fit.times([row(1, 0, 1000), row(2, 1200, 1300), row(3, 9000, 9400)])
        assert [found[n].reading_ms for n in (1, 2, 3)] == [1120, 833, 900]
        assert reading.cue_ms(0, 1000, 10) == reading.SHORTEST_SLOT_MS


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(1, 8000), st.sampled_from(["en", "es", "th", "zh", "ko"]))
def test_the_first_that_fits_is_chosen_and_else_the_least_over(texts: list[str], room: int, language: str) -> None:
    chosen = fit.choose(texts, language, room)
    assert chosen == fit.choose(texts, language, room) and chosen in texts
    fitting = [text for text in texts if fit.fits(text, language, room)]
    if fitting:
        assert chosen == fitting[0]
    else:
        assert fit.over_ms(chosen, language, room) == min(fit.over_ms(text, language, room) for text in texts)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, st.integers(1, 8000))
def test_whatever_an_engine_offers_the_line_gets_no_longer(said: list[str], again: list[str], room: int) -> None:
    answer = Translated(7, said[0], ("a note",), others=tuple(said[1:]))
    asked: list[int] = []

    def shorten(line: Line, text: str, wanted: int) -> Translated | None:
        asked.append(wanted)
        return Translated(7, again[0], others=tuple(again[1:]))

    found = fitted(room, answer, shorten)
    assert found.text in (*said, *again)
    assert predicted_ms(found.text, "en") <= predicted_ms(said[0], "en") or found.text == said[0]
    assert len(asked) <= 1 and all(wanted >= 1 for wanted in asked)
    offered = [said[0], *(text for text in said if letters(text))]
    assert bool(asked) == (not any(fit.fits(text, "en", room) for text in offered))
    assert any(note.startswith("length:") for note in found.notes) == (not fit.fits(found.text, "en", room))
    assert any(note.startswith("shortened:") for note in found.notes) == (found.text != said[0])


def test_what_fits_is_left_as_it_is() -> None:
    answer = Translated(7, MIDDLE, ("a note",), others=(SHORT,))
    assert fitted(5000, answer, never) == answer


def test_a_shorter_rendering_is_taken_with_lengths_before_and_after() -> None:
    room = predicted_ms(MIDDLE, "en")
    found = fitted(room, Translated(7, LONG, ("of the long one",), ("…", MIDDLE, SHORT)), never)
    assert found.text == MIDDLE
    was, now = predicted_ms(LONG, "en"), predicted_ms(MIDDLE, "en")
    assert found.notes == (f"shortened: {was} to {now} ms, {letters(LONG)} to {letters(MIDDLE)} letters",)


def test_the_engine_is_asked_for_as_many_letters_as_there_is_room_for() -> None:
    asked: list[tuple[str, int]] = []

    def shorten(line: Line, text: str, wanted: int) -> Translated:
        asked.append((text, wanted))
        return Translated(line.segment, SHORT)

    room = round(predicted_ms(LONG, "en") / 2.4)
    found = fitted(room, Translated(7, LONG), shorten)
    assert found.text == SHORT
    ((text, wanted),) = asked
    assert text == LONG and wanted == pytest.approx(fit.AIM * letters(LONG) / 2, abs=1)


def test_where_an_engine_cannot_the_line_stays_and_is_flagged() -> None:
    found = fitted(900, Translated(7, LONG), lambda *_: None)
    assert found.text == LONG
    assert found.notes == (f"length: takes {predicted_ms(LONG, 'en')} ms, has 900",)


def test_an_engine_that_fails_at_it_loses_no_line_but_one_that_is_away_is_waited_for() -> None:
    def broken(line: Line, text: str, wanted: int) -> Translated:
        raise EngineOutputError("it fell over")

    def away(line: Line, text: str, wanted: int) -> Translated:
        raise EndpointError("nobody there")

    found = fitted(900, Translated(7, LONG), broken)
    assert found.text == LONG and "could not be shortened: it fell over" in found.notes[0]
    with pytest.raises(EngineError, match="nobody there"):
        fitted(900, Translated(7, LONG), away)


@pytest.mark.parametrize(
    ("answer", "room"), [(Translated(7, None, ("why",)), 900), (Translated(7, LONG, others=(SHORT,)), None)]
)
def test_what_failed_or_is_not_spoken_is_left_alone(answer: Translated, room: int | None) -> None:
    assert fitted(room, answer, never) == answer


def test_what_fits_here_fits_in_the_dub() -> None:
    """The dub's own plan of lines that are as long as they may be here: nothing is late, nothing above the free tempo."""
    rows = [row(n, 2500 * n, 2500 * n + 1500 + 100 * n) for n in range(1, 8)]
    rooms = fit.times(rows)
    dub = DubSettings()
    lines = [
        timing.Line(each["segment"], each["start_ms"], each["end_ms"], int(room * dub.tempo_free))
        for each in rows
        if (room := rooms[each["segment"]].room_ms)
    ]
    placed = timing.plan(lines, rows[-1]["end_ms"] + fit.BEHIND_LAST_MS, dub)
    assert {place.verdict for place in placed} == {"fits"}
    assert all(before.end_ms + dub.guard_ms <= after.start_ms for before, after in pairwise(placed))


def test_the_fake_engine_fits_a_slot(fake: Translator) -> None:
    (answer,) = fake.translate(SCENE)
    assert answer.text and answer.others
    found = fitted(500, answer, lambda *asked: fake.shorten(SCENE, *asked))  # type: ignore[attr-defined]
    assert found.text and fit.fits(found.text, "en", 500)


def test_what_is_read_is_condensed_only_where_it_is_too_fast() -> None:
    text = "Well, you know, I waited for you downstairs."
    assert fit.readable(replace(LINE, reading_ms=5000), text, SCENE) == (None, [])
    assert fit.readable(replace(LINE, reading_ms=1600), text, SCENE) == ("I waited for you downstairs.", [])
    shown, notes = fit.readable(replace(LINE, reading_ms=500), text, SCENE)
    assert shown == "I waited for you downstairs."
    assert notes == ["subtitle: 56 characters a second, above 20"]


def test_what_nearly_fills_its_room_has_a_shorter_version_ready() -> None:
    room = int(predicted_ms(LONG, "en") / 1.15)
    near = replace(LINE, room_ms=room)

    def asked(line: Line, text: str, most: int) -> Translated:
        assert most < letters(text)
        return Translated(line.segment, MIDDLE, others=(SHORT,))

    assert fit.shorter(near, Translated(7, LONG), SCENE, asked) == MIDDLE
    assert fit.shorter(near, Translated(7, LONG, others=(SHORT,)), SCENE, never) == SHORT
    # Nothing in it can be left out by rule.
    plain = LONG.replace(", sir", "")
    assert fit.shorter(near, Translated(7, plain, others=(plain + "!",)), SCENE, never) is None
    assert fit.shorter(near, Translated(7, plain), SCENE, lambda *_: None) is None
    for room_ms in (None, predicted_ms(plain, "en") * 2, predicted_ms(plain, "en") // 2):
        assert fit.shorter(replace(LINE, room_ms=room_ms), Translated(7, plain), SCENE, never) is None
    assert fit.shorter(near, Translated(7, None), SCENE, never) is None


def test_without_a_shorter_version_rules_leave_out_what_a_line_can_do_without() -> None:
    mild = "Wait, wait, I never said that to anyone, sir!"
    called = "Wait, wait, you know, I never said that to anyone, sir!"
    room = predicted_ms(called, "en")
    near, hopeless = replace(LINE, room_ms=int(room / 1.15)), replace(LINE, room_ms=room // 2)
    assert fit.shorter(near, Translated(7, called), SCENE, lambda *_: None) == mild
    # It was asked for in fewer letters before.
    assert fit.shorter(hopeless, Translated(7, called), SCENE, never) == "Wait, I never said that to anyone!"
    assert fit.shorter(hopeless, Translated(7, "I waited for you."), SCENE, never) is None
