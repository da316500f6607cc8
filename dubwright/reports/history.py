"""What units have cost so far, from the lake's own records: to report it, and to estimate what is still to come.

Every unit's file says what it took. Costs are of a sample of episodes, drawn evenly from all that were ingested.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from dubwright.errors import KeyMissingError
from dubwright.lake import Lake, UnitFile, layout
from dubwright.lake.layout import UnitKey
from dubwright.lake.spreading import spread
from dubwright.reports.coverage import languages
from dubwright.stages import STAGES

SAMPLE = 64
READS_AT_ONCE = 32
# Of the episodes behind a place in the lake one of so many is drawn.
NEIGHBOURS = 100


@dataclass(frozen=True, slots=True)
class Cost:
    """What a stage takes in a language by an engine: means over `units`, per minute of video.

    `wall_s` and `cpu_s` in seconds, `bytes` what it adds to the lake as blobs (0 where the table does not say),
    `peak_mib` the highest memory of a Dask worker while it ran (MiB), `minutes` the mean length of the episodes.
    """

    stage: str
    language: str | None
    engine: str
    device: str
    units: int
    wall_s: float
    cpu_s: float
    peak_mib: float
    bytes: float
    minutes: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def costs(
    lake: Lake,
    series: Collection[str] = (),
    near: Sequence[str] = (),
    sample: int = SAMPLE,
    tongues: int | None = None,
    seed: int = 7,
) -> list[Cost]:
    """Costs by stage, language and engine, in the order of the stages; of some series or of the whole lake.

    Where the lake's series are known roughly, `near` names them: then the lake is not gone through to draw a sample.
    `tongues` bounds the languages that are looked at of each episode drawn, each time others.
    """
    dice = random.Random(seed)  # noqa: S311  not for secrets
    drawn = _drawn(lake, series, near, sample, dice)
    if not drawn:
        return []
    known = list(languages(lake, "translation"))
    at_most = len(known) if tongues is None else min(tongues, len(known))
    looked_at = [
        (source, stage.table, language)
        for source in drawn
        for own in [dice.sample(known, at_most)]
        for stage in STAGES.values()
        for language in (own if stage.per_language else (None,))
    ]

    def units(where: tuple[UnitKey, str, str | None]) -> list[UnitKey]:
        source, table, language = where
        return list(lake.units(table, language=language, series=source.series, episode=source.episode))

    keys = [key for found in spread(units, looked_at, READS_AT_ONCE) for key in found]
    files = [file for file in spread(lambda key: _read(lake, key), keys, READS_AT_ONCE) if file]
    minutes = {_where(file.key): file.row()["duration_ms"] / 60_000 for file in files if file.key.table == "source"}
    groups: dict[tuple[str, str | None, str, str], list[tuple[UnitFile, float]]] = {}
    for file in files:
        cost, length = file.provenance.get("cost", {}), minutes.get(_where(file.key))
        if "wall_s" in cost and length:
            engine = str(file.provenance.get("recipe", {}).get("engine", ""))
            device = str(cost.get("device", "cpu"))
            groups.setdefault((_stage(file.key), file.key.language, engine, device), []).append((file, length))
    found = [_mean(*names, members) for names, members in groups.items()]
    return sorted(found, key=lambda cost: (list(STAGES).index(cost.stage), cost.language or "", cost.engine))


def expected(wanted: Mapping[tuple[str, str | None], int], known: Sequence[Cost]) -> tuple[float, float, list[str]]:
    """Seconds of a Dask worker's time and bytes that wanted units will take, and the stages of which nothing is known.

    A language that has no history is taken to cost what the others do.
    """
    seconds = size = 0.0
    unknown = []
    for (stage, language), number in wanted.items():
        if not number:
            continue
        same = [cost for cost in known if cost.stage == stage]
        like = [cost for cost in same if cost.language == language] or same
        units = sum(cost.units for cost in like)
        if not units:
            unknown.append(stage)
            continue
        seconds += number * sum(cost.wall_s * cost.minutes * cost.units for cost in like) / units
        size += number * sum(cost.bytes * cost.minutes * cost.units for cost in like) / units
    return seconds, size, list(dict.fromkeys(unknown))


def _drawn(lake: Lake, series: Collection[str], near: Sequence[str], sample: int, dice: random.Random) -> list[UnitKey]:
    """Episodes that were ingested: of these series, or from wherever the lake goes on behind the names of `near`."""
    if series or not near:
        sources = [key for name in series or (None,) for key in lake.units("source", series=name)]
        return dice.sample(sources, min(sample, len(sources)))

    def behind(name: str) -> list[UnitKey]:
        start = layout.unit_prefix("source", None, name)
        found = islice(lake.store.list("source/", after=start), NEIGHBOURS)
        return [key for each in found if (key := layout.parse_unit(each.key))]

    names = dice.sample(near, min(sample, len(near)))
    return list(dict.fromkeys(dice.choice(keys) for keys in spread(behind, names, READS_AT_ONCE) if keys))


def _read(lake: Lake, key: UnitKey) -> UnitFile | None:
    try:
        return lake.read(key)
    except KeyMissingError:
        return None  # collected since it was listed


def _where(key: UnitKey) -> tuple[str, str]:
    return key.series, key.episode


def _stage(key: UnitKey) -> str:
    return next(stage.name for stage in STAGES.values() if stage.table == key.table)


def _mean(
    stage: str, language: str | None, engine: str, device: str, members: Sequence[tuple[UnitFile, float]]
) -> Cost:
    minutes = sum(length for _, length in members)
    spent = [file.provenance["cost"] for file, _ in members]
    stored = sum(int(row.get("bytes") or 0) for file, _ in members if stage == "render" for row in file.rows())
    return Cost(
        stage=stage,
        language=language,
        engine=engine,
        device=device,
        units=len(members),
        wall_s=round(sum(cost["wall_s"] for cost in spent) / minutes, 2),
        cpu_s=round(sum(cost.get("cpu_s", 0.0) for cost in spent) / minutes, 2),
        peak_mib=max(cost.get("peak_mib", 0.0) for cost in spent),
        bytes=round(stored / minutes),
        minutes=round(minutes / len(members), 3),
    )
