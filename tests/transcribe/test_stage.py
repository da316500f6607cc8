"""The stage as a Dask worker runs it: from a committed sound to committed rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright import unit
from dubwright.errors import EngineOutputError, InputError, LanguageError, MediaError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.media import sound
from dubwright.settings import Settings
from dubwright.transcribe import work as stage
from dubwright.transcribe.fake import FakeTranscriber
from tests.transcribe.conftest import RATE, Sound, between_silences, burst, music, silence

pytestmark = pytest.mark.slow

SOURCE = UnitKey("source", "槐巷", "01", None, "0" * 32)


@pytest.fixture
def settings(fake_settings: Settings) -> Settings:
    return fake_settings


def _transcript(lake: Lake, settings: Settings, tmp_path: Path, samples: Sound) -> list[dict[str, Any]]:
    """The rows that are committed for an episode of this sound."""
    path = tmp_path / "speech.flac"
    sound.write_flac(path, samples, RATE)
    shared = {"language": "zh", "engine": "pyav", "engine_version": "1"}
    lake.commit(SOURCE, [{**shared, "speech_blob": lake.put_blob(path)}], {})
    work = _work(settings)
    assert unit.execute(work, unit.Machine(lake.uri, str(tmp_path))).computed
    return lake.read(work.key).rows()


def _work(settings: Settings, language: str = "zh") -> unit.Work:
    return unit.Work(
        stage="transcribe",
        series=SOURCE.series,
        episode=SOURCE.episode,
        language=language,
        source_language=language,
        source_uri="",
        source_digest="",
        fingerprint="1" * 32,
        settings=settings.transcribe,
        upstream={"ingest": SOURCE},
    )


def test_rows_are_the_lines_in_order(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    samples, lines = between_silences([burst(1200), burst(2000), burst(900)])
    rows = _transcript(lake, settings, tmp_path, samples)
    assert [row["segment"] for row in rows] == [1, 2, 3]
    for row, (start_ms, end_ms) in zip(rows, lines, strict=True):
        assert abs(row["start_ms"] - start_ms) <= 60
        assert abs(row["end_ms"] - end_ms) <= 60
        assert row["text"] == "".join(word["text"] for word in row["words"])
        assert row["words"][0]["start_ms"] == row["start_ms"]
        assert row["words"][-1]["end_ms"] == row["end_ms"]
        assert row["confidence"] == pytest.approx(0.9)
        assert (row["evidence"], row["language"], row["engine"]) == ("sound", "zh", "fake")
        assert (row["kind"], row["shown"], row["notes"]) == ("dialogue", [], [])
        assert (row["speaker"], len(row["voice_print"])) == ("S1", 256)
        assert row["f0_hz"] == pytest.approx(140, abs=5)
        assert row["character"] is row["model_sha256"] is None


def test_a_line_longer_than_allowed_is_cut(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    rows = _transcript(lake, settings, tmp_path, np.concatenate([silence(2000), burst(15_000)]))
    assert len(rows) > 2
    assert all(row["end_ms"] - row["start_ms"] <= settings.transcribe.longest_segment_ms for row in rows)


@pytest.mark.parametrize("samples", [silence(3000), music(6000), silence(0)], ids=["silence", "music", "nothing"])
def test_no_speech_is_a_transcript_without_rows(lake: Lake, settings: Settings, tmp_path: Path, samples: Sound) -> None:
    assert _transcript(lake, settings, tmp_path, samples) == []


def test_an_episode_in_another_language_says_so(
    lake: Lake, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeTranscriber, "language_of", lambda self, samples: ("en", 0.97), raising=False)
    samples, _ = between_silences([burst(1200), burst(2000), burst(900)])
    rows = _transcript(lake, settings, tmp_path, samples)
    assert [row["notes"] for row in rows] == [["language: sounds like English (0.97), not Chinese"], [], []]


def test_a_recognizer_that_breaks_is_named(
    lake: Lake, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(self: FakeTranscriber, sound: Path, language: str) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(FakeTranscriber, "transcribe", break_down)
    with pytest.raises(EngineOutputError, match="fake on 槐巷/01 failed: RuntimeError: out of luck"):
        _transcript(lake, settings, tmp_path, burst(1000))
    assert not lake.committed(_work(settings).key)


class TestSeveralEpisodesAtOnce:
    """As a packet has them: one engine call for all sounds, each episode with an outcome of its own."""

    def _works(self, lake: Lake, settings: Settings, tmp_path: Path) -> list[unit.Work]:
        works, shared = [], {"language": "zh", "engine": "pyav", "engine_version": "1"}
        for number, samples in enumerate([burst(1200), silence(2000), burst(900)], start=1):
            path, key = tmp_path / f"{number}.flac", replace(SOURCE, episode=f"{number:02}")
            sound.write_flac(path, np.concatenate([silence(500), samples, silence(500)]), RATE)
            lake.commit(key, [{**shared, "speech_blob": lake.put_blob(path)}], {})
            works.append(replace(_work(settings), episode=key.episode, upstream={"ingest": key}))
        return works

    def test_the_rows_are_those_of_one_by_one(self, lake: Lake, settings: Settings, tmp_path: Path) -> None:
        works, machine = self._works(lake, settings, tmp_path), unit.Machine(lake.uri, str(tmp_path))
        alone = [stage.run(work, lake, machine) for work in works]
        receipts = unit.execute_all(works, machine)
        assert all(isinstance(receipt, unit.Receipt) and receipt.computed for receipt in receipts)
        for work, rows in zip(works, alone, strict=True):
            kept = [{name: row[name] for name in ("segment", "start_ms", "text")} for row in lake.read(work.key).rows()]
            assert kept == [{name: row[name] for name in ("segment", "start_ms", "text")} for row in rows]
        again = unit.execute_all(works, machine)
        assert not any(isinstance(receipt, Exception) or receipt.computed for receipt in again)

    def test_one_that_fails_stops_no_other(
        self, lake: Lake, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        works, asked = self._works(lake, settings, tmp_path), FakeTranscriber.transcribe_many

        def one_fails(self: FakeTranscriber, files: list[Path], language: str) -> list[Any]:
            return [MediaError("torn"), *asked(self, files, language)[1:]]

        monkeypatch.setattr(FakeTranscriber, "transcribe_many", one_fails)
        failed, *others = unit.execute_all(works, unit.Machine(lake.uri, str(tmp_path)))
        assert isinstance(failed, MediaError)
        assert all(isinstance(receipt, unit.Receipt) for receipt in others)
        assert [lake.committed(work.key) for work in works] == [False, True, True]

    def test_where_the_engine_fails_for_all_each_is_asked_for_alone(
        self, lake: Lake, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def out_of_memory(self: FakeTranscriber, files: list[Path], language: str) -> None:
            raise MemoryError

        monkeypatch.setattr(FakeTranscriber, "transcribe_many", out_of_memory)
        works = self._works(lake, settings, tmp_path)
        receipts = unit.execute_all(works, unit.Machine(lake.uri, str(tmp_path)))
        assert all(isinstance(receipt, unit.Receipt) for receipt in receipts)


def test_a_language_that_the_engine_does_not_know_is_refused() -> None:
    with pytest.raises(LanguageError, match="none of the engines faster-whisper handles Tok Pisin"):
        stage.engine(Settings().transcribe, "tpi")


def _given(
    tmp_path: Path, written: str, mode: str, settings: Settings, lake: Lake, samples: Sound
) -> list[dict[str, Any]]:
    """The rows of an episode of this sound beside which a subtitle file lies."""
    path, subtitles = tmp_path / "speech.flac", tmp_path / "01.srt"
    sound.write_flac(path, samples, RATE)
    subtitles.write_text(written, encoding="utf-8")
    shared = {"language": "zh", "engine": "pyav", "engine_version": "1"}
    lake.commit(SOURCE, [{**shared, "speech_blob": lake.put_blob(path)}], {})
    section = settings.transcribe.model_copy(update={"subtitles": mode})
    work = replace(_work(settings), settings=section, subtitles=str(subtitles) if written else None)
    unit.execute(work, unit.Machine(lake.uri, str(tmp_path)))
    return lake.read(work.key).rows()


SRT = "1\n00:00:01,000 --> 00:00:02,000\n沈砚舟：你来了\n\n2\n00:00:03,000 --> 00:00:04,000\n（众人）快走！\n"


def test_given_subtitles_are_the_transcript_where_nobody_is_to_listen(
    lake: Lake, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(FakeTranscriber, "transcribe")
    rows = _given(tmp_path, SRT, "only", settings, lake, silence(5000))
    assert [(row["text"], row["kind"], row["evidence"], row["start_ms"]) for row in rows] == [
        ("你来了", "dialogue", "given", 1000),
        ("快走！", "crowd", "given", 3000),
    ]
    assert rows[0]["character"] == "沈砚舟"
    assert rows[0]["notes"] == []


def test_given_subtitles_can_be_left_alone(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    rows = _given(tmp_path, SRT, "ignore", settings, lake, np.concatenate([silence(1000), burst(1000)]))
    assert [row["evidence"] for row in rows] == ["sound"]


def test_a_stray_file_beside_a_video_is_said_and_left_alone(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    english = "1\n00:00:01,000 --> 00:00:02,000\nYou came back at last\n"
    rows = _given(tmp_path, english, "witness", settings, lake, np.concatenate([silence(1000), burst(1000)]))
    assert [row["evidence"] for row in rows] == ["sound"]
    assert "01.srt was left alone: is not in Chinese" in rows[0]["notes"][0]


def test_without_subtitles_there_is_nothing_to_dub_from(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no subtitles came with this video") as caught:
        _given(tmp_path, "", "only", settings, lake, silence(1000))
    assert "--subtitles" in str(caught.value.remedy)
