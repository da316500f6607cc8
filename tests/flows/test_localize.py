"""The whole job with fake engines: real Prefect, real Dask processes, real FFmpeg, as the command runs it."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import av
import pytest

from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import SERIES, UnitKey, parse_unit
from dubwright.stages import STAGES
from tests.flows.conftest import COMMAND, Ran, make_video

pytestmark = pytest.mark.e2e
TABLES = tuple(stage.table for stage in STAGES.values())


def units(lake: Lake) -> dict[UnitKey, str]:
    """Every committed unit, and when it was committed."""
    return {key: str(lake.read(key).provenance["committed_at"]) for table in TABLES for key in lake.units(table)}


def put(video: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(video, path)


@pytest.fixture
def catalogue(tmp_path: Path, video: Path) -> Path:
    for name in ('长夜灯/第1集 "终".mp4', "长夜灯/02.mp4", "B/01.mp4"):
        put(video, tmp_path / "catalogue" / name)
    return tmp_path / "catalogue"


def test_a_catalogue_becomes_videos_once(
    catalogue: Path, dubwright: Callable[..., Ran], environment: dict[str, str], tmp_path: Path
) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    first = dubwright("localize", str(catalogue), "--to", "en,es", "--out", "out")
    assert first.code == 0, first.stderr
    assert len(first.content["delivered"]) == 6
    assert all(row["lines"] == 3 for row in first.content["delivered"])
    done = units(lake)
    assert len(done) == 3 * (2 + 2 * 3)

    # Each file is where the manual says, and plays.
    video = tmp_path / "out" / "长夜灯" / "02" / "en" / "02.en.mp4"
    assert {path.name for path in video.parent.iterdir()} >= {"02.en.mp4", "02.en.srt", "02.en.vtt", "02.zh.srt"}
    with av.open(str(video)) as container:
        kinds = [stream.type for stream in container.streams]
        assert kinds[:3] == ["video", "audio", "audio"] and kinds.count("subtitle") == 2
        assert [stream.metadata.get("language") for stream in container.streams.audio] == ["eng", "zho"]

    # Again: nothing to do, and nothing done.
    second = dubwright("localize", str(catalogue), "--to", "en,es")
    assert (second.code, second.content["computed"]) == (0, 0)
    assert units(lake) == done

    # Each was measured as it was rendered, and is judged as whoever reads it wants; a run has its timelines.
    deliverables = {key for key in done if key.table == "deliverable"}
    assert {replace(key, table="deliverable") for key in lake.units("quality")} == deliverables
    quality = dubwright("status", "--quality").content["quality"]
    assert len(quality) == 6 and all(row["picture"] and row["figures"]["drift_frames"] <= 1 for row in quality)
    strict = ("--set", "quality.deliver=passed", "--set", "quality.drift_frames=0.000001", "--set", "quality.flagged=0")
    withheld = dubwright("localize", str(catalogue), "--to", "en,es", "--out", "strict", *strict)
    failed = {
        (row["series"], row["episode"], row["language"]) for row in withheld.content["delivered"] if row["withheld"]
    }
    assert (withheld.code, withheld.content["computed"]) == (3, 0) and failed
    assert len(withheld.content["below_quality"]) == len(failed)
    assert len(list((tmp_path / "strict").rglob("*.mp4"))) == 6 - len(failed)
    with closing(sqlite3.connect(Path(environment["PREFECT_HOME"], "prefect.db"))) as prefect:
        pictures = prefect.execute("SELECT data FROM artifact WHERE key = 'timeline' AND type = 'image'").fetchall()
    assert len(pictures) >= 6 and all("data:image/png;base64," in data for (data,) in pictures)

    # What the translator is told changes exactly translate, dub and render, and the plan says why.
    plan = dubwright("plan", str(catalogue), "--to", "en,es", "--set", "translate.context_lines=3")
    wanted = {(row["stage"], row["language"]): row for row in plan.content["units"]}
    assert {where: row["wanted"] for where, row in wanted.items()} == {
        ("ingest", None): 0,
        ("transcribe", None): 0,
        **{(stage, language): 3 for stage in ("translate", "dub", "render") for language in ("en", "es")},
    }
    assert wanted["translate", "en"]["why"] == ['3 × translate.context_lines changed: 2 → 3 (01, 02, 第1集 "终")']
    assert wanted["dub", "en"]["why"] == ['3 × follows translate (01, 02, 第1集 "终")']

    # A person's correction changes one episode in one language.
    key = next(key for key in lake.units("translation", language="en") if key.episode == "02")
    line = lake.read(key).rows()[0]
    lake.add_edit("en", "长夜灯", "02", segment=1, source_text=line["source_text"], text="Corrected.", editor="anna")
    third = dubwright("localize", str(catalogue), "--to", "en,es")
    assert third.content["computed"] == 3
    new = {key for key in units(lake) if key not in done}
    assert {(key.table, key.episode, key.language) for key in new} == {
        (table, "02", "en") for table in ("translation", "dub", "deliverable")
    }
    (edited,) = (lake.read(key) for key in new if key.table == "translation")
    corrected = edited.rows()[0]
    assert (corrected["text"], corrected["state"], corrected["editor"]) == ("Corrected.", "edited", "anna")

    # Another language reuses what is on the source's side.
    fourth = dubwright("localize", str(catalogue), "--to", "fr", "--only", "B")
    assert fourth.content["computed"] == 3

    status = dubwright("status").content
    assert {row["series"]: row["delivered"] for row in status["series"]} == {
        "B": {"en": 1, "es": 1, "fr": 1},
        "长夜灯": {"en": 2, "es": 2, "fr": 0},
    }
    assert status["failures"] == []


def test_bad_episodes_fail_alone_and_say_why(
    catalogue: Path, video: Path, dubwright: Callable[..., Ran], tmp_path: Path
) -> None:
    bad = catalogue / "bad"
    make_video(bad / "silent.mp4", bursts=0)
    (bad / "empty.mp4").write_bytes(b"")
    (bad / "text.mp4").write_text("this is no video\n" * 100)
    (bad / "playlist.mp4").write_text(f"#EXTM3U\n#EXTINF:6,\n{catalogue / 'B' / '01.mp4'}\n#EXT-X-ENDLIST\n")
    (bad / "twice.mp4").write_bytes(b"1")
    (bad / "twice.mkv").write_bytes(b"2")
    ran = dubwright("localize", str(catalogue), "--to", "en", "--out", "out")
    assert ran.code == 3, ran.stderr
    failures = {row["episode"]: row for row in ran.content["failures"]}
    assert set(failures) == {"empty", "text", "playlist", "twice"}
    for name, failure in failures.items():
        assert failure["permanent"] and failure["remedy"] and name in failure["where"], failure
    assert len(ran.content["delivered"]) == 4
    silent = next(row for row in ran.content["delivered"] if row["episode"] == "silent")
    assert (silent["lines"], silent["flags"]) == (0, "1 no speech")
    assert (tmp_path / "out" / "bad" / "silent" / "en" / "silent.en.mp4").exists()

    # They are remembered, not tried again, and not forgotten either.
    again = dubwright("localize", str(catalogue), "--to", "en")
    assert (again.code, again.content["computed"]) == (3, 0)
    assert {row["episode"] for row in dubwright("status").content["failures"]} == set(failures)

    # A video that was put right is a new video.
    put(video, bad / "empty.mp4")
    healed = dubwright("localize", str(catalogue), "--to", "en")
    assert (healed.code, healed.content["computed"]) == (3, 5)
    assert "empty" not in {row["episode"] for row in dubwright("status").content["failures"]}


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["localize", "nowhere", "--to", "en"], 2, "nowhere"),
        (["localize", "catalogue", "--to", "klingonish"], 2, "klingonish"),
        (["localize", "catalogue", "--to", "zh"], 2, "zh"),
        (["localize", "catalogue", "--to", ","], 2, "--to"),
        (["localize", "catalogue", "--to", "en", "--set", "dub.tempo_cap=9"], 2, "dub.tempo_cap"),
        (["localize", "catalogue", "--to", "en", "--until", "never"], 2, "never"),
        (["localize", "catalogue", "--to", "en", "--only", "nothing"], 2, "nothing"),
        (["localize", "catalogue", "--to", "en", "--lake", "gopher://x"], 2, "gopher"),
        (["export", "--to", "en", "--out", "x"], 1, "nothing is delivered"),
    ],
)
def test_what_a_user_gets_wrong_is_named(
    catalogue: Path, dubwright: Callable[..., Ran], arguments: list[str], code: int, named: str
) -> None:
    ran = dubwright(*arguments)
    assert ran.code == code, ran.stderr
    assert named in ran.stdout and ran.content["error"]["remedy"]
    assert "Traceback" not in ran.stderr


def test_killed_at_any_moment_the_next_run_ends_complete(
    catalogue: Path, dubwright: Callable[..., Ran], environment: dict[str, str], tmp_path: Path
) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    arguments = ["localize", str(catalogue), "--to", "en,es", "--set", "cluster.workers=2"]
    seen: dict[UnitKey, str] = {}
    for moment in (0, 2, 6, 11, 17):
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + 120
            while process.poll() is None and time.monotonic() < deadline:
                if sum(1 for table in TABLES for _ in lake.units(table)) >= moment + (moment == 0):
                    break
                time.sleep(0.02)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        now = units(lake)
        # What was committed before stands as it was: computed once.
        assert {key: now.get(key) for key in seen} == seen
        # Every file under a unit's final name is whole.
        for found in lake.store.list():
            if found.key.endswith(".parquet") and not found.key.startswith(SERIES):
                key = parse_unit(found.key)
                assert key and lake.read(key).provenance["recipe"]
        seen = now
    last = dubwright("localize", str(catalogue), "--to", "en,es")
    assert last.code == 0, last.stderr
    after = units(lake)
    assert {key: after[key] for key in seen} == seen
    assert len(after) == 3 * (2 + 2 * 3)
    assert len({(key.table, key.series, key.episode, key.language) for key in after}) == len(after)


@pytest.mark.parametrize("ctrl_c", [False, True])
def test_an_interrupted_run_leaves_no_process(
    catalogue: Path, environment: dict[str, str], tmp_path: Path, *, ctrl_c: bool
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "localize", str(catalogue), "--to", "en"],
        cwd=tmp_path,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    lake = open_lake(str(tmp_path / "lake"))
    deadline = time.monotonic() + 120
    while not list(lake.units("source")) and time.monotonic() < deadline:
        time.sleep(0.05)
    if ctrl_c:
        # As a terminal does: to everything that the command has started, too.
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "run the same command again" in stderr
    assert "Traceback" not in stderr
    deadline = time.monotonic() + 20
    while (left := _group(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not left


def _group(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == leader:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found
