"""A registered catalogue and its lake as runs of the fake profile leave it, without carrying any out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dubwright.catalogue import catalog, registered
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.planning import plan
from dubwright.planning.series_plan import PlannedUnit
from dubwright.render.kinds import ENDINGS, MIME
from dubwright.settings import Settings

SHARED = {"language": "es", "engine": "fake", "engine_version": "1"}
COST = {"wall_s": 30.0, "device": "cpu"}
# Two lines: one on time, one as `late` says.
FIGURES: dict[tuple[str, int | None], float] = {
    ("fit", 1): 0.0,
    ("fit", 2): 0.0,
    ("tempo", 1): 1.1,
    ("tempo", 2): 1.2,
    ("word_error", 1): 0.1,
    ("drift_frames", None): 0.2,
}
BAD: dict[tuple[str, int | None], float] = {**FIGURES, ("fit", 2): 3.0, ("drift_frames", None): 9.0}


def register(lake: Lake, folder: Path, *episodes: str, name: str = "dramas") -> None:
    """A catalogue of these SERIES/EPISODE, whose videos are none."""
    for episode in episodes:
        path = folder / f"{episode}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a video, as far as a plan is concerned" + episode.encode())
    registered.add(lake, registered.new(name, str(folder), ["es"]))


def deliver(
    lake: Lake, settings: Settings, to: Sequence[str] = ("es",), *, bad: Sequence[str] = (), only: str | None = None
) -> list[PlannedUnit]:
    """Commit every wanted unit of the catalogue with hardly anything in it; `bad` episodes are below every quality."""
    works = catalog.load(registered.PREFIX, only, lake)
    units = plan.build(works, to, settings, lake).wanted
    for unit in units:
        key = unit.work.key
        about = {"recipe": dict(unit.work.recipe), "cost": COST}
        if key.table == "deliverable":
            measured = BAD if key.episode in bad else FIGURES
            rows = [{**SHARED, "metric": name, "segment": n, "value": value} for (name, n), value in measured.items()]
            commit(lake, replace(key, table="quality"), rows, about)
            commit(lake, key, list(delivered(lake, key)), about)
        else:
            rows = [{**SHARED, "duration_ms": 120_000}] if key.table == "source" else []
            commit(lake, key, rows, about)
    return units


def commit(lake: Lake, key: UnitKey, rows: Sequence[dict[str, Any]], about: dict[str, Any]) -> None:
    lake.commit(key, [{**row, "language": key.language or "zh"} for row in rows], about)


def delivered(lake: Lake, key: UnitKey) -> Sequence[dict[str, Any]]:
    """A row for each kind of file, which says what it is."""
    rows = []
    for kind, ending in ENDINGS.items():
        content = f"the {kind} of {key.series}/{key.episode} in {key.language}".encode()
        row: dict[str, Any] = {
            **SHARED,
            "kind": kind,
            "blob": lake.put_blob_bytes(content, ending),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "mime": MIME[kind],
        }
        rows.append(row | ({"duration_ms": 120_000} if kind == "video" else {}))
    return rows
