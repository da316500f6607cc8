"""Maintenance of a lake that the real command made: found sound, compacted, collected; and runs whose process died."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dubwright.lake import layout, leases, open_lake
from dubwright.lake.layout import LeaseKey
from tests.flows.conftest import Ran

pytestmark = pytest.mark.e2e


def test_a_lake_is_verified_compacted_and_collected(video: Path, dubwright: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "catalogue" / "长夜灯").mkdir(parents=True)
    for episode in ("01", "02"):
        shutil.copyfile(video, tmp_path / "catalogue" / "长夜灯" / f"{episode}.mp4")
    assert dubwright("localize", "catalogue", "--to", "en").code == 0
    fresh = dubwright("lake", "verify", "--deep")
    assert fresh.code == 0, fresh.stdout
    assert fresh.content["looked_at"]["units"] == 2 * 6 and fresh.content["looked_at"]["blobs"] > 0
    assert dubwright("lake", "compact").content["written"] == 6
    assert dubwright("lake", "compact").content["unchanged"] == 6
    shown = f"FROM read_parquet('{tmp_path}/lake/compacted/dub/**/*.parquet', hive_partitioning = true)"
    assert duckdb.sql(f"SELECT count(*), count(DISTINCT (episode, segment)) {shown}").fetchall() == [(8, 8)]

    # Other settings: the dub and what follows are made anew, the older ones are superseded.
    again = ("localize", "catalogue", "--to", "en", "--set", "dub.duck_db=-12")
    assert dubwright(*again).code == 0
    collect = ("lake", "collect", "catalogue", "--set", "dub.duck_db=-12")
    assert dubwright(*collect).content["doomed"] == [], "the grace period is not over"
    assert dubwright("lake", "collect").code == 2, "the choice is the caller's"
    now = ("--set", "maintain.grace_days=0")
    listed = dubwright(*collect, *now)
    # The compacted files still show the older rows' blobs: these go when the files are up to date.
    assert listed.content["objects"] == {"unit": 6}
    assert not listed.content["deleted"] and len(list(open_lake(str(tmp_path / "lake")).units("dub"))) == 4
    # The older settings' plan wants the older units, so only what no plan wants goes; here that is none.
    assert "unit" not in dubwright("lake", "collect", "catalogue", *now).content["objects"]

    removed = dubwright(*collect, *now, "--delete")
    assert removed.content["objects"] == {"unit": 6}
    assert dubwright("lake", "verify", "--deep").code == 0
    assert dubwright("lake", "compact").content["written"] == 3
    assert dubwright(*collect, *now, "--delete").content["objects"].keys() == {"blob"}
    assert dubwright("lake", "verify", "--deep").code == 0
    assert dubwright("plan", "catalogue", "--to", "en", "--set", "dub.duck_db=-12").code == 0
    assert dubwright(*again).content["computed"] == 0

    dub = next(open_lake(str(tmp_path / "lake")).units("dub"))
    path = tmp_path / "lake" / str(dub)
    path.write_bytes(path.read_bytes()[:-9])
    broken = dubwright("lake", "verify")
    assert broken.code == 1
    assert [each["key"] for each in broken.content["findings"]] == [str(dub)]


def test_the_maintain_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a real Prefect server: a dead process' run and the one above it are marked, the others are left alone."""
    import asyncio

    from prefect import flow
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
    from prefect.states import Running
    from prefect.testing.utilities import prefect_test_harness

    from flows.maintain import ARTIFACT, maintain
    from tests.lake.units import unit

    lake = open_lake(str(tmp_path / "lake"))
    unit(lake, "transcript", revision=1, days_old=90)
    unit(lake, "transcript", revision=2, days_old=60)
    lake.store.put_if_absent("stray", b"")

    @flow
    def inner() -> None:
        return

    def died(run: object, seconds_ago: float) -> LeaseKey:
        key = LeaseKey("run", f"{seconds_ago:026.0f}", round((time.time() - seconds_ago) * 1000))
        lake.store.put_if_absent(str(key), f'{{"series": [], "about": {{"flow_run": "{run}"}}}}'.encode())
        return key

    async def scenario() -> None:
        async with get_client() as client:
            running = [await client.create_flow_run(inner, state=Running()) for _ in range(4)]
            above, lately, alone, strange = (run.id for run in running)
            task_run = await client.create_task_run(_task(), flow_run_id=above, dynamic_key="0", state=Running())
            below = (await client.create_flow_run(inner, parent_task_run_id=task_run.id, state=Running())).id
            old = died(below, 8000)
            kept = [died(lately, 100), died(alone, 1200), died("nonsense", 1300)]
            settings = {"profile": "fake", "lake": lake.uri}
            state = await maintain(source=None, settings=settings, delete=True, return_state=True)
            assert state.is_failed() and "1 findings in 2 units" in (state.message or ""), state.message

            async def name(run_id: object) -> str:
                return str((await client.read_flow_run(run_id)).state.type.value)  # type: ignore[arg-type, union-attr]

            assert [await name(each) for each in (below, above, alone)] == ["CRASHED"] * 3
            assert [await name(each) for each in (lately, strange)] == ["RUNNING"] * 2
            assert {held.key for held in leases.seen(lake, "run")} == set(kept) and old not in kept
            (artifact,) = await client.read_artifacts(
                artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[ARTIFACT]))
            )
            assert "stray" in str(artifact.data)

            # Runs died lately, so nothing was collected under what they may have sent out. Now it is.
            for key in kept:
                lake.store.delete(str(key))
            lake.store.delete("stray")
            assert len(list(lake.units("transcript"))) == 2
            state = await maintain(source="lake:", settings=settings, delete=True, return_state=True)
            assert state.is_completed() and "1 remarks" in (state.message or ""), state.message
            state = await maintain(source=None, settings=settings, delete=True, return_state=True)
            assert state.is_completed() and "1 unit objects collected" in (state.message or ""), state.message
            assert lake.store.exists(layout.compacted("transcript", None, "长夜灯"))

    def _task() -> object:
        from prefect import task

        return task(lambda: None, name="inner")

    with prefect_test_harness(server_startup_timeout=180):
        asyncio.run(scenario())
