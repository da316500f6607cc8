from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.dub.schedule import Episode, Schedule, Slot, duration_ms
from dubwright.settings import DubSettings

SETTINGS = DubSettings()


def episode(lines: list[tuple[int, int, int]], kept: tuple[tuple[int, int], ...] = ()) -> Episode:
    """Lines given as (pause before, original's length, dub's length), all ms."""
    slots, at = [], 0
    onsets = []
    for pause, length, _ in lines:
        onsets.append(at := at + pause)
        at += length
    for n, (pause, _, natural) in enumerate(lines):
        until = onsets[n + 1] - SETTINGS.guard_ms if n + 1 < len(lines) else at
        slots.append(Slot(onsets[n], max(onsets[n] - 150, 0), until, natural, follows=n > 0 and pause < 1500))
    return Episode(slots, at, kept, SETTINGS)


LINES = st.lists(st.tuples(st.integers(60, 2000), st.integers(300, 3000), st.integers(1, 4000)), min_size=1, max_size=8)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(LINES, st.data())
def test_no_other_schedule_costs_less(lines: list[tuple[int, int, int]], data: st.DataObject) -> None:
    given_lines = episode(lines)
    cheapest = given_lines.cheapest()
    # Any other way to hurry, and to give way, that keeps lines apart.
    starts, tempos, free_from = [], [], 0
    for slot in given_lines.slots:
        tempos.append(data.draw(st.sampled_from([1.0, 1.1, 1.2, 1.35]) | st.floats(1, 1.35)))
        wanted = slot.onset_ms + data.draw(st.sampled_from([0, 0, 0, -150, -50, 50, 200]))
        starts.append(max(wanted, slot.earliest_ms, free_from))
        free_from = starts[-1] + duration_ms(slot.natural_ms, tempos[-1]) + SETTINGS.guard_ms
    other = Schedule(np.array(starts), np.array(tempos))
    # The grids' own coarseness.
    assert given_lines.cost(cheapest) <= given_lines.cost(other) * 1.01 + 0.002 * len(lines)


@given(LINES)
@settings(max_examples=50, deadline=None)
def test_it_keeps_what_must_be_kept_and_is_the_same_every_time(lines: list[tuple[int, int, int]]) -> None:
    given_lines = episode(lines)
    found = given_lines.cheapest()
    ends = [
        int(start) + duration_ms(slot.natural_ms, tempo)
        for slot, start, tempo in zip(given_lines.slots, found.starts_ms, found.tempos, strict=True)
    ]
    assert all(end + SETTINGS.guard_ms <= start for end, start in zip(ends, found.starts_ms[1:], strict=False))
    assert all(slot.earliest_ms <= start for slot, start in zip(given_lines.slots, found.starts_ms, strict=True))
    assert ((found.tempos >= 1) & (found.tempos <= SETTINGS.tempo_cap)).all()
    again = given_lines.cheapest()
    assert (again.starts_ms == found.starts_ms).all()
    assert (again.tempos == found.tempos).all()


def test_neighbours_share_a_hurry() -> None:
    # The second has no room at all, the first has enough at its own tempo: hurrying less abruptly is worth a little.
    found = episode([(0, 2000, 2000), (60, 1500, 1750), (60, 2000, 2000)]).cheapest()
    changes = [abs(b - a) for a, b in pairwise(found.tempos)]
    assert found.tempos[1] > 1.05
    assert max(changes) < found.tempos[1] - 1


def test_lines_that_overlap_have_no_price() -> None:
    assert episode([(0, 1000, 1000), (60, 1000, 1000)]).cost(
        Schedule(np.array([0, 900]), np.array([1.0, 1.0]))
    ) == float("inf")


def test_a_kept_voice_is_not_spoken_over_while_anything_else_is_possible() -> None:
    found = episode([(1000, 1000, 2300), (3000, 900, 800)], kept=((3000, 4800),)).cheapest()
    assert int(found.starts_ms[0]) + duration_ms(2300, found.tempos[0]) <= 3000


@pytest.mark.parametrize("lines", [0, 1])
def test_few_lines(lines: int) -> None:
    slots = [Slot(500, 350, 2000, 900)][:lines]
    found = Episode(slots, 3000, (), SETTINGS).cheapest()
    assert found.starts_ms.tolist() == [500][:lines]
    assert found.tempos.tolist() == [1.0][:lines]
