from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dubwright.dub.timing import LATE_MS, LEAD_MS, SHORTEST_CUT_MS, Line, Placement, plan
from dubwright.settings import DubSettings

SETTINGS = DubSettings()
EPISODE_MS = 20_000


def place(
    *lines: tuple[int, int, int], kept: list[tuple[int, int]] | None = None, shots: tuple[int, ...] = ()
) -> list[Placement]:
    """Plan lines given as (start, end, natural duration), all ms, in an episode of 20 s."""
    return plan([Line(n, *line) for n, line in enumerate(lines, start=1)], EPISODE_MS, SETTINGS, kept or [], shots)


def test_what_fits_starts_with_the_original_at_its_own_tempo() -> None:
    (only,) = place((1000, 3000, 1900))
    assert only == Placement(1, 1000, 1900, 1.0, "fits")


def test_a_short_line_is_not_slowed() -> None:
    (only,) = place((1000, 6000, 1500))
    assert (only.tempo, only.duration_ms) == (1.0, 1500)


def test_the_silence_after_a_line_is_borrowed_up_to_the_guard() -> None:
    first, second = place((1000, 2000, 2950), (4000, 5000, 900))
    assert (first.tempo, first.end_ms, second.start_ms) == (1.0, 3950, 4000)


def test_a_little_too_long_is_spoken_faster_freely() -> None:
    first, second = place((1000, 2000, 2200), (3000, 4000, 900))
    assert first.verdict == second.verdict == "fits"
    assert 1 < first.tempo < 2200 / 1950
    assert abs(first.start_ms - 1000) < 50
    assert abs(second.start_ms - 3000) < 50


def test_the_lines_around_give_what_they_can_spare_before_anything_is_squeezed() -> None:
    natural = round(1.2 * (1950 + LEAD_MS)) + 100
    first, second = place((1000, 2000, natural), (3000, 4000, 900))
    assert (first.verdict, second.verdict) == ("fits", "fits")
    assert first.tempo <= 1.2
    assert 1000 - LEAD_MS <= first.start_ms < 1000
    assert 3000 < second.start_ms <= 3000 + LATE_MS


def test_what_cannot_fit_is_hurried_and_the_next_ones_catch_up() -> None:
    first, second, third = place((1000, 2000, 4500), (3000, 4200, 1400), (7000, 8000, 900))
    assert first.verdict == "unfit"
    assert first.tempo == pytest.approx(1.35, abs=0.01)
    assert "into what follows" in (first.reason or "")
    assert second.start_ms == first.end_ms + SETTINGS.guard_ms
    assert second.verdict == "late"
    assert "after the original" in (second.reason or "")
    assert (third.start_ms, third.verdict) == (7000, "fits")


def test_lines_before_the_end_hurry_so_that_the_last_is_not_cut() -> None:
    first, last = place((15_000, 16_000, 3300), (18_000, 19_500, 2600))
    assert last.end_ms <= EPISODE_MS
    assert not last.cut
    assert first.end_ms + SETTINGS.guard_ms <= last.start_ms


def test_what_reaches_past_the_end_is_cut_there() -> None:
    (only,) = place((18_000, 19_000, 5000))
    assert only.cut
    assert only.verdict == "unfit"
    assert only.end_ms == EPISODE_MS
    assert "cut by" in (only.reason or "")


def test_what_cannot_begin_before_the_end_is_not_spoken() -> None:
    *_, last = place((18_000, 19_000, 5000), (19_500, 19_900, 800))
    assert last.duration_ms == 0
    assert last.verdict == "unfit"
    assert "no room" in (last.reason or "")


def test_a_line_does_not_borrow_from_a_kept_voice() -> None:
    first, _ = place((1000, 2000, 2400), (6000, 7000, 900), kept=[(3000, 5000)])
    assert first.end_ms <= 3000 - SETTINGS.guard_ms
    assert first.verdict == "fits"
    _, second, _ = place((1000, 2000, 900), (5000, 6000, 1300), (6200, 7000, 700), kept=[(3000, 4950)])
    assert second.start_ms == 5000


def test_less_is_borrowed_from_a_shot_that_the_original_ended_before() -> None:
    (free,) = place((1000, 2000, 1500))
    assert (free.tempo, free.end_ms) == (1.0, 2500)
    # Also where the recognizer heard the original a little into the next shot.
    for cut in (2000, 1900):
        (held,) = place((1000, 2000, 1500), shots=(500, cut, 9000))
        assert 1 < held.tempo <= SETTINGS.tempo_free and held.end_ms < 2350
    # A cut that the original is heard across is none of the dub's business.
    (across,) = place((1000, 2000, 1500), shots=(1500,))
    assert across == free
    # What is far too long is not squeezed for the sake of a cut.
    (long,) = place((1000, 2000, 3000), shots=(2000,))
    assert long.tempo < SETTINGS.tempo_cap


def test_no_line_begins_in_a_shot_before_its_original_s() -> None:
    natural = round(1.2 * (1950 + LEAD_MS)) + 100
    early, _ = place((1000, 2000, natural), (3000, 4000, 900))
    held, _ = place((1000, 2000, natural), (3000, 4000, 900), shots=(970,))
    assert early.start_ms < 970 <= held.start_ms


def test_simultaneous_lines_follow_each_other() -> None:
    first, second = place((1000, 2000, 900), (1000, 2000, 900))
    assert second.start_ms >= first.end_ms + SETTINGS.guard_ms


TIMES = st.integers(-1000, 40_000)
LINES = st.lists(st.tuples(TIMES, TIMES, st.integers(1, 15_000)), max_size=24).map(
    lambda found: [Line(n, min(a, b), max(a, b), natural) for n, (a, b, natural) in enumerate(found, start=1)]
)
KEPT = st.lists(st.tuples(TIMES, st.integers(0, 5000)).map(lambda span: (span[0], sum(span))), max_size=5)
SHOTS = st.lists(st.integers(1, 40_000), max_size=20, unique=True).map(sorted)
WANTED = st.builds(
    DubSettings,
    tempo_free=st.floats(1, 1.3),
    tempo_cap=st.floats(1.3, 2),
    tempo_floor=st.floats(0.5, 1),
    guard_ms=st.integers(0, 500),
)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(LINES, st.integers(1, 40_000), WANTED, KEPT, SHOTS)
@example([Line(1, 0, 10, 15_000), Line(2, 0, 10, 15_000)], 1, DubSettings(), [], [])
def test_the_promises_hold_for_whatever_lines(
    lines: list[Line], episode_ms: int, wanted: DubSettings, kept: list[tuple[int, int]], shots: list[int]
) -> None:
    placements = plan(lines, episode_ms, wanted, kept, shots)
    assert plan(list(reversed(lines)), episode_ms, wanted, list(reversed(kept)), shots) == placements
    assert sorted(place.segment for place in placements) == sorted(line.segment for line in lines)
    naturals = {line.segment: line.natural_ms for line in lines}
    onsets = {line.segment: min(max(line.start_ms, 0), episode_ms) for line in lines}
    assert [place.start_ms for place in placements] == sorted(place.start_ms for place in placements)
    sounding = [place for place in placements if place.duration_ms]
    for one, other in pairwise(sounding):
        assert one.end_ms + wanted.guard_ms <= other.start_ms
    for place in placements:
        assert wanted.tempo_floor <= place.tempo <= wanted.tempo_cap
        assert 0 <= place.start_ms <= place.end_ms <= episode_ms
        assert (place.verdict == "fits") == (place.reason is None)
        if place.cut:
            assert place.verdict == "unfit"
            assert place.duration_ms == 0 or place.duration_ms >= SHORTEST_CUT_MS
        else:
            assert -1e-3 <= place.duration_ms - naturals[place.segment] / place.tempo < 1.01
            onset = onsets[place.segment]
            assert place.start_ms >= max([onset - LEAD_MS, *(shot for shot in shots if shot <= onset)])
            if place.verdict in ("fits", "tight"):
                assert place.start_ms <= onsets[place.segment] + LATE_MS
            if place.verdict == "fits":
                assert place.tempo <= wanted.tempo_free + 1e-9


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(400, 3000), st.integers(100, 2000)), min_size=1, max_size=30), st.data())
def test_lines_that_fit_their_slots_are_left_alone(slots: list[tuple[int, int]], data: st.DataObject) -> None:
    lines, at = [], 0
    for n, (length, pause) in enumerate(slots, start=1):
        natural = data.draw(st.integers(1, length))
        lines.append(Line(n, at, at + length, natural))
        at += length + pause
    for line, place in zip(lines, plan(lines, at, SETTINGS), strict=True):
        assert place == Placement(line.segment, line.start_ms, line.natural_ms, 1.0, "fits")
