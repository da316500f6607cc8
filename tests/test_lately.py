"""What is kept of values that never change."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from dubwright.lately import Lately


def test_what_is_known_is_not_made_again_and_what_was_asked_for_longest_ago_goes_first() -> None:
    made: list[str] = []

    def make(keys: Iterable[str]) -> list[str]:
        made.extend(keys)
        return [key.upper() for key in keys]

    kept: Lately[str, str] = Lately(2)
    assert kept.of(["a", "b", "a"], make) == ["A", "B", "A"] and made == ["a", "b"]
    assert kept.of(["b", "a"], make) == ["B", "A"] and made == ["a", "b"]
    assert kept.of(["c"], make) == ["C"]
    assert kept.known(["a", "b", "c"]) == {"a": "A", "c": "C"}


def test_more_at_once_than_are_kept_are_given_all_the_same() -> None:
    assert Lately[int, int](2).of([1, 2, 3], lambda keys: [key * 10 for key in keys]) == [10, 20, 30]


def test_what_several_threads_ask_for_at_once_is_made_by_one() -> None:
    made: list[int] = []
    kept: Lately[int, int] = Lately(10)
    begun, go_on = threading.Event(), threading.Event()

    def make(keys: list[int]) -> list[int]:
        made.extend(keys)
        begun.set()
        assert go_on.wait(10)
        return [key * 10 for key in keys]

    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(kept.of, [1, 2], make)
        assert begun.wait(10)
        others = [threads.submit(kept.of, [2, 3, 1], make), threads.submit(kept.of, [3, 2], make)]
        go_on.set()
        assert [each.result(10) for each in (first, *others)] == [[10, 20], [20, 30, 10], [30, 20]]
    assert sorted(made) == [1, 2, 3]


def test_what_could_not_be_made_is_tried_again() -> None:
    kept: Lately[int, int] = Lately(10)

    def fail(keys: list[int]) -> list[int]:
        raise OSError(f"no {keys}")

    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            kept.of([1], fail)
    assert kept.of([1], lambda keys: keys) == [1]
