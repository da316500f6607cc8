"""What is kept of values that never change."""

from __future__ import annotations

from collections.abc import Iterable

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
