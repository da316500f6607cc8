"""What is measured of a delivery, and that it is committed with it: before the deliverable, under its fingerprint."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright import beds, engines
from dubwright.lake import Lake
from dubwright.lake.verification import verify
from dubwright.media import sound
from dubwright.models.store import ModelStore
from dubwright.quality import gate, measuring, standing, timeline
from dubwright.quality.gate import key_of
from dubwright.settings import QualitySettings
from dubwright.unit import Machine, Work, execute
from dubwright.voiceprints import warm
from dubwright.voiceprints.encoder import VoiceEncoder
from tests.render.conftest import LINES, RATE, SECONDS, Episodes
from tests.transcribe.voices import checkpoint

pytestmark = pytest.mark.slow

Samples = np.ndarray[Any, np.dtype[np.float32]]
FAKE: dict[str, Any] = {"recognizer": "fake", "recognizer_model": ""}
# When each line of the dub is spoken (ms), and how fast.
DUBBED = [(300, 1000, 1.0, "fits"), (1650, 1000, 1.3, "tight"), (2900, 700, 1.0, "late")]


def voice(length_ms: int, seed: int, level: float = 0.2) -> Samples:
    """Noise that swells like speech."""
    rng = np.random.default_rng(seed)
    length = length_ms * RATE // 1000
    swell = np.abs(
        np.interp(np.arange(length), np.arange(0, length + 2000, 2000), rng.normal(0, 1, length // 2000 + 2))
    )
    return np.asarray(level * swell * rng.normal(0, 0.3, length), np.float32)


def dub(episodes: Episodes, mix_gain: float = 1.0, **changes: Any) -> list[dict[str, Any]]:
    """The rows of a dub whose mix is its lines."""
    mixed = np.zeros((SECONDS * RATE, 2), np.float32)
    rows: list[dict[str, Any]] = []
    for number, (start, length, tempo, verdict) in enumerate(DUBBED, start=1):
        said = voice(length, number)
        first = start * RATE // 1000
        mixed[first : first + len(said)] += said[:, None]
        about = {"start_ms": start, "duration_ms": length, "tempo": tempo, "verdict": verdict, "voice": "v"}
        rows.append({"segment": number, "blob": episodes.sound(said), "cloned": False, **about, **changes})
    return [*rows, {"segment": None, "verdict": "mix", "blob": episodes.sound(mixed * np.float32(mix_gain))}]


def measured(lake: Lake, work: Work) -> dict[tuple[str, int | None], dict[str, Any]]:
    return {(row["metric"], row["segment"]): row for row in lake.read(key_of(work.key)).rows()}


def test_a_delivery_is_measured_line_by_line_and_as_a_whole(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine
) -> None:
    work = episodes.add(clip, dub=dub(episodes), dubbed_by={"separator": "none", "loudness_lufs": -20.0})
    assert execute(work, machine).computed
    found = measured(lake, work)
    assert [found["tempo", number]["value"] for number in (1, 2, 3)] == pytest.approx([1, 1.3, 1])
    assert [found["fit", number]["value"] for number in (1, 2, 3)] == [0, 1, 2]
    assert [found["onset_ms", number]["value"] for number in (1, 2, 3)] == [0, 50, 100]
    assert all(abs(found["level_db", number]["value"]) < 6 for number in (1, 2, 3))
    assert (found["lines", None]["value"], found["overlaps", None]["value"], found["unspoken", None]["value"]) == (
        3,
        0,
        0,
    )
    assert 0 <= found["drift_frames", None]["value"] <= 1
    lufs = found["loudness_lufs", None]["value"]
    assert -40 < lufs < -5 and found["loudness_lu", None]["value"] == pytest.approx(lufs + 20)
    assert found["true_peak_dbtp", None]["value"] < 3
    assert found["residue_whole_db", None]["reason"].startswith("no bed is kept")
    # No line was cloned, and nobody asked to listen.
    assert not any(metric in ("likeness", "word_error") for metric, _ in found)
    assert found["drift_frames", None]["threshold"] == 1 and found["drift_frames", None]["passed"]
    assert lake.read_blob(found["picture", None]["blob"]).startswith(b"\x89PNG")
    unit = lake.read(key_of(work.key))
    assert unit.provenance["recipe"] == work.recipe and unit.provenance["cost"]["wall_s"] > 0
    assert {row["engine"] for row in unit.rows()} == {"dubwright-quality"}


def test_what_is_left_of_the_original_voices_is_found_by_the_bed_that_is_kept(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine
) -> None:
    """The original of these episodes is a beep: with a silent bed, it is all voice, and none of it is in the dub."""
    work = episodes.add(clip, dub=dub(episodes), dubbed_by={"separator": "deepfilternet"})
    source = lake.read(work.upstream["ingest"]).row()
    info = engines.engine_class("separate", "deepfilternet").info
    silence = episodes.sound(np.zeros((SECONDS * RATE, 2), np.float32))
    lake.store.put_if_absent(beds.entry(source["stereo_blob"], info, None), silence.encode())
    execute(work, machine)
    found = measured(lake, work)
    # The beep is at 2.0 s to 2.1 s: within the second line alone.
    assert found["residue_db", 2]["value"] < -20 and found["residue_whole_db", None]["value"] < -20
    assert found["residue_db", 1]["value"] is None and found["residue_db", 1]["reason"] == "nobody spoke here"


def test_it_is_committed_before_the_deliverable_and_once(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = episodes.add(clip, dub=dub(episodes))
    commit = Lake.commit

    def crash(self: Lake, key: Any, *rest: Any) -> bool:
        if key.table == "deliverable":
            raise KeyboardInterrupt
        return commit(self, key, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "commit", crash)
        with pytest.raises(KeyboardInterrupt):
            execute(work, machine)
    assert lake.committed(key_of(work.key)) and not lake.committed(work.key)
    before = lake.read(key_of(work.key)).provenance["committed_at"]
    problems: list[Any] = []
    assert execute(work, machine).computed and lake.committed(work.key)
    assert lake.read(key_of(work.key)).provenance["committed_at"] == before
    verify(lake, lambda finding: problems.append(finding) if finding.key.startswith("quality/") else None, deep=True)
    assert problems == []
    assert standing.of_unit(lake, work.key, QualitySettings()).quality.measured


@pytest.mark.parametrize("failing", ["_drift", "_loudness", "_levels", "_sounds", "_lines", "_picture", "_bed"])
def test_what_cannot_be_measured_is_said_and_fails_nothing(
    failing: str, episodes: Episodes, clip: Path, lake: Lake, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("broken on purpose")

    monkeypatch.setattr(measuring._Measuring, failing, broken)
    work = episodes.add(clip, dub=dub(episodes))
    assert execute(work, machine).computed
    reasons = [row["reason"] for row in measured(lake, work).values() if row["value"] is None]
    assert "ValueError: broken on purpose" in reasons
    assert gate.judge(measured(lake, work).values(), QualitySettings()).measured


def test_an_episode_without_speech_is_held_to_what_concerns_it(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine
) -> None:
    work = episodes.add(clip, [])
    assert execute(work, machine).computed
    found = measured(lake, work)
    assert found["drift_frames", None]["passed"] and found["lines", None]["value"] == 0
    for metric in ("loudness_lu", "true_peak_dbtp"):
        assert (found[metric, None]["value"], found[metric, None]["reason"]) == (None, measuring.UNTOUCHED)
    assert found["loudness_lufs", None]["value"] is not None
    assert found["unspoken", None]["value"] == found["flagged", None]["value"] == 0
    assert found["picture", None]["blob"]
    assert gate.judge(found.values(), QualitySettings()).passed


def test_lines_that_are_not_spoken_fail_the_episode(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine
) -> None:
    rows = dub(episodes)
    for row in rows[:2]:
        row |= {"start_ms": None, "duration_ms": None, "tempo": None, "verdict": "unfit", "reason": "no room"}
    work = episodes.add(clip, dub=rows)
    execute(work, machine)
    found = standing.of_unit(lake, work.key, QualitySettings()).quality
    assert {"unspoken", "flagged"} <= {each.metric for each in found.failed}
    assert set(found.flags) == {1, 2}
    assert measured(lake, work)["tempo", 1]["reason"] == "no room"


def test_likeness_is_told_of_cloned_lines_where_the_encoder_is(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = dub(episodes, cloned=True)
    without = episodes.add(clip, dub=rows)
    execute(without, machine)
    row = measured(lake, without)["likeness", None]
    assert row["value"] is None and "dubwright models pull voice-encoder" in row["reason"]
    monkeypatch.setitem(warm._loaded, machine.models_dir, VoiceEncoder(checkpoint(tmp_path / "weights")))
    monkeypatch.setattr(ModelStore, "present", lambda *_: True)
    work = episodes.add(clip, dub=rows, episode="02")
    execute(work, machine)
    found = measured(lake, work)
    # The third line lasts less than a second: too short to tell a voice.
    assert [number for number in (1, 2, 3) if ("likeness", number) in found] == [1, 2]
    assert -1 <= found["likeness", 1]["value"] <= 1


def test_a_recognizer_listens_where_it_is_asked_to(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine
) -> None:
    listening = replace(machine, quality=QualitySettings(listen="all", picture=False, **FAKE))
    work = episodes.add(clip, dub=dub(episodes))
    execute(work, listening)
    found = measured(lake, work)
    assert [number for number in (1, 2, 3) if ("word_error", number) in found] == [1, 2, 3]
    assert all(found["word_error", number]["reason"].startswith("heard:") for number in (1, 2, 3))
    assert ("picture", None) not in found


def test_silence_is_measured_too(episodes: Episodes, clip: Path, lake: Lake, machine: Machine) -> None:
    work = episodes.add(clip, dub=dub(episodes, mix_gain=0.0))
    execute(work, machine)
    found = measured(lake, work)
    assert found["true_peak_dbtp", None]["value"] is None and found["loudness_lu", None]["reason"] == "silence"
    assert found["loudness_lufs", None]["value"] == sound.QUIETEST_LUFS
    assert not any(row["value"] is not None and math.isinf(row["value"]) for row in found.values())


def test_without_pillow_there_is_no_picture_and_that_is_said(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: Any) -> bytes:
        raise ModuleNotFoundError("No module named 'PIL'")

    monkeypatch.setattr(timeline, "draw", missing)
    work = episodes.add(clip, LINES)
    execute(work, machine)
    assert "No module named 'PIL'" in measured(lake, work)["picture", None]["reason"]
