"""Who speaks, in the whole job with fake engines: linked over the series, corrected by a person, followed exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import UnitKey
from dubwright.series import cast as casts
from dubwright.stages import STAGES
from dubwright.transcribe.speakers.clips import FACT
from tests.flows.conftest import Ran, make_video

pytestmark = pytest.mark.e2e
SERIES = "槐巷 不灭灯"
OWN = ("translate", "dub", "render")
HIM, HER = 110.0, 220.0


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """He speaks in the first and the third episode, she in the first and the second."""
    for episode, pitches in {"01": (HIM, HER), "02": (HER,), "03": (HIM,)}.items():
        make_video(tmp_path / "catalogue" / SERIES / f"{episode}.mp4", pitches=pitches, seconds=5.5)
    return tmp_path / "catalogue"


def units(lake: Lake) -> set[UnitKey]:
    return {key for stage in STAGES.values() for key in lake.units(stage.table)}


def entries(lake: Lake) -> set[str]:
    """What was ever spoken into the lake."""
    return {found.key for found in lake.store.list("speech/")}


def wanted(ran: Ran) -> dict[str, int]:
    return {row["stage"]: row["wanted"] for row in ran.content["units"]}


def why(ran: Ran, stage: str) -> Any:
    return next(row["why"] for row in ran.content["units"] if row["stage"] == stage)


def people(ran: Ran) -> dict[str, Mapping[str, Any]]:
    return {one["id"]: one for one in ran.content["characters"]}


def test_a_name_touches_the_episodes_in_which_its_character_speaks(
    catalogue: Path, dubwright: Callable[..., Ran], tmp_path: Path
) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    to = ("localize", str(catalogue), "--to", "en")

    # Voices are linked as soon as there are transcripts, whether or not anything is made of them.
    assert dubwright(*to, "--until", "transcribe").code == 0
    found = people(dubwright("cast", "list", SERIES))
    assert {name: (one["sex"], one["episodes"]) for name, one in found.items()} == {
        "c01": ("male", ["01", "03"]),
        "c02": ("female", ["01", "02"]),
    }
    first = dubwright(*to)
    assert (first.code, first.content["computed"]) == (0, 9), first.stderr
    done = units(lake)
    assert casts.log(lake, SERIES).version == 1
    voices = {row["voice"] for key in done if key.table == "dub" for row in lake.read(key).rows() if row["voice"]}
    assert len(voices) == 2
    # Each transcript was looked through once for clips; none of these lines is long enough to be one.
    looked_through = [row["episode"] for row in lake.read_series_facts(lake.series_facts(SERIES, FACT))]
    assert sorted(looked_through) == ["01", "02", "03"]

    # A name is decided; the plan says what depends on it, and why.
    named = people(dubwright("cast", "name", SERIES, "c02", "沈清"))
    assert named["c02"]["name"] == "沈清"
    plan = dubwright("plan", str(catalogue), "--to", "en")
    assert wanted(plan) == {"ingest": 0, "transcribe": 0, "translate": 2, "dub": 2, "render": 2}
    assert why(plan, "translate") == ["2 × who speaks changed (01, 02)"]
    assert why(plan, "dub") == ["2 × follows translate (01, 02)"]

    # The run does that and no more; a second one nothing.
    second = dubwright(*to)
    assert (second.code, second.content["computed"]) == (0, 6), second.stderr
    assert {(key.table, key.episode) for key in units(lake) - done} == {
        (STAGES[stage].table, episode) for stage in OWN for episode in ("01", "02")
    }
    assert dubwright(*to).content["computed"] == 0

    # A later episode follows the correction, and disturbs no other.
    make_video(catalogue / SERIES / "04.mp4", pitches=(HER, HIM), seconds=5.5)
    before = units(lake)
    later = dubwright(*to)
    assert (later.code, later.content["computed"]) == (0, 5), later.stderr
    assert {key.episode for key in units(lake) - before} == {"04"}
    assert people(dubwright("cast", "list", SERIES))["c02"]["episodes"] == ["01", "02", "04"]

    # Another voice for her concerns the episodes in which she speaks, and her lines alone are spoken anew.
    cast = {row["character"]: row["voice"] for row in dubwright("cast", "voices", SERIES).content["voices"]}
    other = next(name for name in ("fake-f1", "fake-f2") if name != cast["c02"])
    told = dubwright("cast", "voices", SERIES, "--character", "c02", "--to", "en", "--voice", other)
    assert told.content["outdated"] == {"en": ["01", "02", "04"]}
    plan = dubwright("plan", str(catalogue), "--to", "en")
    assert wanted(plan) == {"ingest": 0, "transcribe": 0, "translate": 0, "dub": 3, "render": 3}
    assert why(plan, "dub") == ["3 × who speaks, or with which voice, changed (01, 02, 04)"]
    before, spoken = units(lake), entries(lake)
    assert dubwright(*to).content["computed"] == 6
    rows = [row for key in units(lake) - before if key.table == "dub" for row in lake.read(key).rows() if row["voice"]]
    hers = [row for row in rows if row["voice"] == other]
    assert {row["voice"] for row in rows} == {other, cast["c01"]}
    assert 0 < len(entries(lake) - spoken) <= len(hers) < len(rows)

    # A line that is somebody else's concerns its episode alone; the voice changes with it.
    dubwright("cast", "assign", SERIES, "03", "1", "沈清")
    plan = dubwright("plan", str(catalogue), "--to", "en")
    assert wanted(plan) == {"ingest": 0, "transcribe": 0, "translate": 1, "dub": 1, "render": 1}
    assert why(plan, "dub") == ["1 × who speaks, or with which voice, changed; follows translate (03)"]
