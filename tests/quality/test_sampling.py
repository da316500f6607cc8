"""Figures over a sample of a lake, whose rows are few enough to count by hand."""

from __future__ import annotations

from typing import Any

import pytest

from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.quality import sampling

ENGINE = {"engine": "fake", "engine_version": "1"}
CAPS = {"settings": {"tempo_floor": 0.85, "tempo_cap": 1.35}}


def deliver(lake: Lake, episode: str, language: str = "en", *, length_ms: int = 60_000, lines: int = 2) -> UnitKey:
    """An episode as the stages leave it: of `lines` lines the first is too fast and overlaps, the last untranslated."""
    source = UnitKey("source", "灯", episode, None, "1" * 32)
    transcript = UnitKey("transcript", "灯", episode, None, "2" * 32)
    translation = UnitKey("translation", "灯", episode, language, "3" * 32)
    dub = UnitKey("dub", "灯", episode, language, "4" * 32)
    delivered = UnitKey("deliverable", "灯", episode, language, "5" * 32)
    zh, target = ENGINE | {"language": "zh"}, ENGINE | {"language": language}
    numbers = range(1, lines + 1)
    _commit(lake, source, [zh | {"duration_ms": 60_000, "fps": 25.0}])
    _commit(lake, transcript, [zh | {"segment": number, "text": "走"} for number in numbers])
    texts = [
        ("Go.", "draft", ["length: takes 900 ms, has 500", "glossary: 师父 is not Master"]),
        ("", "failed", ["no answer"]),
    ]
    said = [dict(zip(("text", "state", "notes"), each, strict=True)) for each in texts[:lines]]
    _commit(lake, translation, [target | {"segment": n} | line for n, line in zip(numbers, said, strict=True)])
    spoken: list[dict[str, Any]] = [
        {"start_ms": 0, "duration_ms": 2000, "tempo": 1.5, "verdict": "unfit"},
        {"start_ms": 1000, "duration_ms": 500, "tempo": 1.0, "verdict": "fits"},
    ]
    mix = target | {"verdict": "mix", "start_ms": 0, "duration_ms": 60_000}
    dubbed = [target | {"segment": n} | line for n, line in zip(numbers, spoken[:lines], strict=True)]
    _commit(lake, dub, [*dubbed, mix], recipe=CAPS)
    upstream = {"ingest": source, "transcribe": transcript, "translate": translation, "dub": dub}
    video = target | {"kind": "video", "blob": "b", "bytes": 1, "sha256": "0", "duration_ms": length_ms}
    _commit(lake, delivered, [video], upstream={stage: str(key) for stage, key in upstream.items()})
    return delivered


def _commit(lake: Lake, key: UnitKey, rows: list[dict[str, Any]], **provenance: Any) -> None:
    lake.commit(key, rows, provenance)


def values(sample: sampling.Sample, language: str = "en") -> dict[str, float]:
    return {figure.metric: figure.value for figure in sample.figures if figure.language == language}


def test_what_is_promised_is_counted_where_it_is_broken(lake: Lake) -> None:
    deliver(lake, "01")
    deliver(lake, "02", length_ms=60_100)
    sample = sampling.evaluate(lake, 10)
    assert (sample.episodes, sample.gone) == (2, 0)
    assert values(sample) == {
        "episodes": 2,
        "lines": 4,
        "overlapping": 2,
        "outside_caps": 2,
        "untranslated": 2,
        "glossary": 2,
        "tight": 0,
        "late": 0,
        "unfit": 2,
        "no_speech": 0,
        "drift_frames": 2.5,
    }
    broken = {row["metric"] for row in sample.as_dict()["figures"] if not row["passed"]}
    assert broken == {"overlapping", "outside_caps", "drift_frames"}


def test_a_silent_episode_breaks_nothing(lake: Lake) -> None:
    deliver(lake, "01", lines=0)
    sample = sampling.evaluate(lake, 10)
    assert values(sample)["no_speech"] == 1
    assert all(figure.passed for figure in sample.figures)


def test_a_deliverable_whose_unit_is_gone_is_told_and_left_out(lake: Lake) -> None:
    deliver(lake, "01")
    lake.store.delete(str(UnitKey("dub", "灯", "01", "en", "4" * 32)))
    assert sampling.evaluate(lake, 10) == sampling.Sample(0, 1, [])


def test_the_lot_draws_as_many_of_each_language_and_the_same_again(lake: Lake) -> None:
    keys = [
        UnitKey("deliverable", "灯", f"{number:03}", language, "5" * 32)
        for language in ("en", "es")
        for number in range(200)
    ]
    drawn = sampling.choose(keys, 20, "2026-W47")
    assert [key.language for key in drawn] == ["en"] * 20 + ["es"] * 20
    assert sampling.choose(reversed(keys), 20, "2026-W47") == drawn
    assert sampling.choose(keys, 20, "2026-W48") != drawn
    # Not merely the first ones.
    assert max(int(key.episode) for key in drawn) > 100
    assert sampling.choose(keys, 500, "") == keys


@pytest.mark.parametrize("episodes", [0, 1])
def test_an_empty_lake_and_an_empty_sample_are_no_error(lake: Lake, episodes: int) -> None:
    assert sampling.evaluate(lake, episodes) == sampling.Sample(0, 0, [])
