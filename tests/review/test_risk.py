"""The queue: the gravest first, each line with its reasons, and always in the same order."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from dubwright.errors import CatalogError
from dubwright.quality.gate import Finding
from dubwright.review import decisions, risk
from dubwright.review.decisions import Change
from dubwright.review.edits import Place
from dubwright.review.lines import Line
from tests.review.conftest import ABOUT, SERIES, World

PLAIN = Line(1, "源", "said", "draft", 0, 0, 1000, (0, 1000))
PLACE = Place(SERIES, "01", "en")
LOUD = Finding("level_db", 6.0, 3.0, False, 1.0, 1)
FIT = Finding("fit", 3.0, 1.0, False, 1.0, 1)


def test_a_line_of_which_nothing_is_wrong_has_no_reason() -> None:
    calm = replace(PLAIN, tempo=1.2, verdict="tight", confidence=0.6, reason="needs tempo 1.20, above 1.1")
    assert risk.of(calm, PLACE).reasons == ()


@pytest.mark.parametrize(
    ("what", "flags", "says"),
    [
        ({"state": "failed", "text": ""}, (), ["not translated"]),
        ({"state": "locked", "stale": True}, (), ["locked, but its source or text is another one by now"]),
        ({"verdict": "unfit", "reason": "runs over"}, (FIT,), ["unfit: runs over"]),
        (
            {"verdict": "unfit", "reason": "cut by 300 ms at the end of the episode", "tempo": 1.3},
            (),
            ["unfit: cut by 300 ms at the end of the episode", "part of it is not heard", "spoken at tempo 1.30"],
        ),
        ({"verdict": "late", "tempo": 1.1}, (LOUD,), ["late", "level_db 6 (bound: 3)"]),
        (
            {"notes": ("length: long", "sensitive: “suicide”, self-harm: removed [high]")},
            (),
            ["sensitive: “suicide”, self-harm: removed [high]", "length: long"],
        ),
        (
            {"notes": ("length: long", "language: sounds like English (0.97), not Chinese"), "stale": True},
            (),
            [
                "language: sounds like English (0.97), not Chinese",
                "locked, but its source or text is another one by now",
                "length: long",
            ],
        ),
        ({"confidence": 0.41}, (), ["the source was hardly understood (confidence 0.41)"]),
        # What was measured is of the text before.
        ({"pending": True, "verdict": "unfit", "tempo": 1.5}, (LOUD,), []),
    ],
)
def test_a_line_says_why_it_is_to_be_looked_at(
    what: dict[str, Any], flags: tuple[Finding, ...], says: list[str]
) -> None:
    found = risk.of(replace(PLAIN, **what), PLACE, flags)
    assert [str(reason) for reason in found.reasons] == says
    assert found.weight == sum(reason.weight for reason in found.reasons)


def test_the_order_is_always_the_same() -> None:
    lines = [replace(PLAIN, segment=n, confidence=0.1, tempo=1.2 + (n % 3) / 10) for n in range(1, 30)]
    risks = [risk.of(line, Place(SERIES, name, "en")) for name in ("02", "01") for line in lines]
    first = risk.in_order(risks)
    random.Random(3).shuffle(risks)
    assert risk.in_order(risks) == first
    assert [found.weight for found in first] == sorted((found.weight for found in first), reverse=True)
    assert (first[0].place.episode, first[0].line.segment) == ("01", 2)


def test_a_series_is_queued_until_it_is_approved(world: World) -> None:
    spoken = [
        {"segment": 1, "verdict": "unfit", "reason": "even at tempo 1.30 runs 300 ms into what follows", "tempo": 1.3},
        {"segment": 2, "verdict": "tight", "tempo": 1.25},
        {"segment": 3, "verdict": "fits", "tempo": 1.0},
    ]
    for episode in world.episodes:
        world.commit(episode, "dub", [{"language": "en", **ABOUT, **row} for row in spoken])
    bounds = world.settings.quality

    def queued(**more: Any) -> list[tuple[str, int]]:
        found = risk.queue(world.lake, bounds, "en", **more)
        return [(each.place.episode, each.line.segment) for each in found]

    assert queued() == queued(series=SERIES) == [("01", 1), ("02", 1), ("01", 2), ("02", 2)]
    decisions.approve(world.lake, world.script("01"), [1], "ana")
    decisions.save(world.lake, world.script("02"), Change(1, "Here."), "ana")
    assert queued() == [("01", 2), ("02", 2)]
    assert ("01", 1) in queued(done=True)
    with pytest.raises(CatalogError, match="not translated into French"):
        risk.queue(world.lake, bounds, "fr", SERIES)
    assert risk.queue(world.lake, bounds, "fr") == []
