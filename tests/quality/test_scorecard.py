"""The figures of a whole result, on an episode small enough to work out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright.errors import InputError
from dubwright.lake import open_lake
from dubwright.lake.layout import UnitKey
from dubwright.media import ffmpeg
from dubwright.media.sound import write_flac
from dubwright.quality import scorecard
from dubwright.quality.scorecard import Figure, Result
from dubwright.reports import coverage
from dubwright.settings import DubSettings

LINES = [
    {"speaker": "甲", "text": "师父，走吧。", "start_ms": 0, "end_ms": 900, "references": {"en": "Master, go."}},
    {"speaker": "乙", "text": "好！", "start_ms": 1000, "end_ms": 1500, "references": {"en": "Fine!"}},
]
TRANSCRIPT = [
    {"segment": 1, "start_ms": 10, "end_ms": 880, "text": "師傅走吧"},
    {"segment": 2, "start_ms": 1010, "end_ms": 1480, "text": "好"},
]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    folder = tmp_path / "truth" / "01"
    folder.mkdir(parents=True)
    (folder / "lines.json").write_text(json.dumps(LINES), encoding="utf-8")
    return folder


def _english(*texts: str) -> list[dict[str, Any]]:
    return [{"segment": number, "text": text} for number, text in enumerate(texts, 1)]


def _by_name(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.metric: figure for figure in figures}


def test_figures_of_an_episode(truth: Path) -> None:
    dub = [
        {"start_ms": 0, "duration_ms": 1100, "tempo": 1.4, "verdict": "unfit"},
        {"start_ms": 1000, "duration_ms": 400, "tempo": 1.0, "verdict": "fits"},
    ]
    result = Result(TRANSCRIPT, {"en": _english("Master, go.", "Fine!")}, {"en": dub})
    figures = _by_name(scorecard.score_episode(result, truth, DubSettings()))
    assert figures["cer"].value == pytest.approx(1 / 5)  # 父 heard as 傅, of five characters
    assert figures["chrf"] == Figure("chrf", "en", 100.0)
    assert figures["overlapping"] == Figure("overlapping", "en", 1, bound=0)
    assert figures["outside_caps"].value == 1
    assert not figures["overlapping"].passed
    assert "drift_frames" not in figures


def test_a_line_without_translation_costs(truth: Path) -> None:
    result = Result(TRANSCRIPT, {"en": _english("Master, go.", "")})
    assert scorecard.score_episode(result, truth, DubSettings())[1].value < 100


def test_other_segmentation_costs_nothing(truth: Path) -> None:
    whole = [{"segment": 1, "start_ms": 0, "end_ms": 1500, "text": "师父走吧好"}]
    figures = _by_name(
        scorecard.score_episode(Result(whole, {"en": _english("Master, go. Fine!")}), truth, DubSettings())
    )
    assert figures["cer"].value == 0
    assert figures["chrf"].value == 100


def test_captions_are_not_speech(truth: Path) -> None:
    caption = {"segment": 1, "start_ms": 0, "end_ms": 400, "text": "三年后", "kind": "caption"}
    transcript = [caption, *({**row, "segment": row["segment"] + 1, "kind": "dialogue"} for row in TRANSCRIPT)]
    result = Result(transcript, {"en": _english("Three years later", "Master, go.", "Fine!")})
    figures = _by_name(scorecard.score_episode(result, truth, DubSettings()))
    # 傅 for 父, as without the caption.
    assert (figures["cer"].value, figures["chrf"].value) == (pytest.approx(1 / 5), 100)


def test_episodes_count_by_their_length(truth: Path) -> None:
    results = {"01": Result(TRANSCRIPT), "02": Result(TRANSCRIPT[:1])}
    (figure,) = scorecard.score_series(results, {"01": truth, "02": truth}, DubSettings())
    assert figure.value == pytest.approx(3 / 10)


def test_a_finished_video_is_watched_and_listened_to(truth: Path, tmp_path: Path) -> None:
    dice = np.random.default_rng(2)
    rate = 48_000
    speech, bed = (dice.standard_normal((2 * rate, channels)).astype(np.float32) * 0.05 for channels in (1, 2))
    write_flac(truth / "speech.flac", speech, rate)
    write_flac(truth / "bed.flac", bed, rate)
    late = 0.12
    write_flac(tmp_path / "original.flac", speech + bed, rate)
    write_flac(tmp_path / "late.flac", np.pad(speech + bed, ((int(late * rate), 0), (0, 0)))[: 2 * rate], rate)
    video = tmp_path / "video.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=2"]
    tracks = [word for name in ("late", "original") for word in ffmpeg.trusted_input(tmp_path / f"{name}.flac")]
    maps = ["-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "libx264", "-c:a", "aac"]
    ffmpeg.run([*picture, *tracks, *maps, ffmpeg.address(video)], what="make a video", timeout_s=60)
    figures = _by_name(scorecard.score_episode(Result(TRANSCRIPT, videos={"en": video}), truth, DubSettings()))
    assert figures["drift_frames"].passed
    assert figures["lag_ms"].value == pytest.approx(1000 * late, abs=1)
    assert not figures["lag_ms"].passed


def test_truth_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "lines.json").write_text('[{"speaker": "甲"}]', encoding="utf-8")
    with pytest.raises(InputError, match=r"lines\.json"):
        scorecard.read_truth(tmp_path)


def test_newest_unit_of_a_table(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    assert coverage.newest_rows(lake, "transcript", "剧", "01") is None
    shared = {"language": "zh", "engine": "fake", "engine_version": "1"}
    for number, text in enumerate(("旧", "新")):
        key = UnitKey("transcript", "剧", "01", None, str(number) * 32)
        lake.commit(key, [{**shared, "segment": 1, "start_ms": 0, "end_ms": 1, "text": text}], {})
    rows = coverage.newest_rows(lake, "transcript", "剧", "01")
    assert rows and rows[0]["text"] == "新"
