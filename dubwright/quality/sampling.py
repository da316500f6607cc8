"""Figures that need no ground truth, over a sample of what a lake delivers: is what was promised of every dub kept?

Read from the committed tables alone: each deliverable names the units that it was made of.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dubwright.errors import KeyMissingError
from dubwright.lake import Lake, UnitFile
from dubwright.lake.layout import UnitKey, parse_unit
from dubwright.lake.spreading import spread
from dubwright.quality import scores
from dubwright.quality.scorecard import Figure
from dubwright.reports import coverage


@dataclass(frozen=True, slots=True)
class Sample:
    """Some of what is delivered: `figures` by language, of `episodes` that were read. `gone` ones lack a unit."""

    episodes: int
    gone: int
    figures: list[Figure] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        rows = [
            {
                "language": figure.language,
                "metric": figure.metric,
                "value": figure.value,
                "bound": figure.bound,
                "passed": figure.passed,
            }
            for figure in self.figures
        ]
        return {"episodes": self.episodes, "gone": self.gone, "figures": rows}


def evaluate(lake: Lake, episodes: int, seed: str = "") -> Sample:
    """Score at most `episodes` delivered episodes of each language; the same ones for the same `seed`.

    By language: `episodes` and `lines` (how many), `overlapping` and `outside_caps` (dub lines, none is allowed),
    `untranslated`, `glossary` (lines with a note on their translation), `tight`, `late` and `unfit` (lines of that
    verdict), `no_speech` (episodes without a line) and `drift_frames` (how much a video's length differs from its
    source's, in frames, at most 1).
    """
    chosen = choose(coverage.newest(lake, "deliverable"), episodes, seed)
    read = list(spread(lambda key: _episode(key, lake), chosen))
    counts: dict[str, Counter[str]] = {}
    drift: dict[str, float] = {}
    for key, found in zip(chosen, read, strict=True):
        if found is not None:
            language = key.language or ""
            counts.setdefault(language, Counter()).update(found.counts)
            drift[language] = max(drift.get(language, 0.0), found.drift_frames)
    figures = [figure for language in sorted(counts) for figure in _figures(language, counts[language], drift)]
    gone = sum(found is None for found in read)
    return Sample(len(read) - gone, gone, figures)


def choose(keys: Iterable[UnitKey], episodes: int, seed: str) -> list[UnitKey]:
    """At most `episodes` units of each language, as if drawn by lot; only as many are held as are drawn."""
    drawn: dict[str | None, list[tuple[int, str, UnitKey]]] = {}
    for key in keys:
        # A heap keeps the largest out of reach: the lots are negated, the smallest lots win.
        lot = -int.from_bytes(hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=8).digest())
        heap = drawn.setdefault(key.language, [])
        if len(heap) < episodes:
            heapq.heappush(heap, (lot, str(key), key))
        else:
            heapq.heappushpop(heap, (lot, str(key), key))
    return sorted((key for heap in drawn.values() for _, _, key in heap), key=str)


@dataclass(frozen=True, slots=True)
class _Episode:
    counts: Mapping[str, int]
    drift_frames: float


def _episode(key: UnitKey, lake: Lake) -> _Episode | None:
    """What one delivered episode counts for; None if it, or a unit that it was made of, is not in the lake any more."""
    try:
        delivered = lake.read(key)
        source, transcript, translation, dub = (
            _upstream(delivered, stage, lake) for stage in ("ingest", "transcribe", "translate", "dub")
        )
    except KeyMissingError:
        return None
    lines, dubbed = transcript.rows(), dub.rows()
    held_to = dub.provenance.get("recipe", {}).get("settings", {})
    verdicts = Counter(str(row["verdict"]) for row in dubbed)
    counts = {
        "episodes": 1,
        "lines": len(lines),
        "overlapping": scores.overlaps(dubbed),
        "outside_caps": scores.outside_caps(dubbed, held_to.get("tempo_floor", 0.0), held_to.get("tempo_cap", 2.0)),
        "untranslated": sum(row["state"] == "failed" for row in translation.rows()),
        "glossary": sum(row["state"] != "failed" and _breaks_glossary(row) for row in translation.rows()),
        **{verdict: verdicts[verdict] for verdict in ("tight", "late", "unfit")},
        "no_speech": int(not lines),
    }
    return _Episode(counts, _drift(delivered.rows(), source.row()))


def _breaks_glossary(row: Mapping[str, Any]) -> bool:
    return any(note.startswith("glossary:") for note in row["notes"] or ())


def _upstream(delivered: UnitFile, stage: str, lake: Lake) -> UnitFile:
    named = str(delivered.provenance.get("upstream", {}).get(stage))
    key = parse_unit(named)
    if key is None:
        raise KeyMissingError(f"the deliverable names no unit of {stage}", where=str(delivered.key))
    return lake.read(key)


def _drift(delivered: Iterable[Mapping[str, Any]], source: Mapping[str, Any]) -> float:
    """How much the video's length differs from its source's, in frames; 0 where either is unknown."""
    lengths = [row["duration_ms"] for row in delivered if row["kind"] == "video" and row["duration_ms"] is not None]
    if not lengths or not source["fps"] or source["duration_ms"] is None:
        return 0.0
    return float(max(abs(length - source["duration_ms"]) for length in lengths) * source["fps"] / 1000)


# Promised of every line and every video; the others are told, not held to anything.
_BOUNDS = {"overlapping": 0.0, "outside_caps": 0.0}


def _figures(language: str, counts: Mapping[str, int], drift: Mapping[str, float]) -> list[Figure]:
    counted = [Figure(metric, language, float(value), _BOUNDS.get(metric)) for metric, value in counts.items()]
    return [*counted, Figure("drift_frames", language, round(drift[language], 3), bound=1.0)]
