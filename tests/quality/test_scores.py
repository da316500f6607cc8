"""Every figure against values worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dubwright.errors import InputError, MediaError
from dubwright.media import ffmpeg
from dubwright.quality import scores
from dubwright.quality.scores import Match, Span


def test_cer_counts_edits_per_reference_character() -> None:
    # 气 → 汽 and a 吗 too much: two edits of five characters.
    assert scores.cer(["今天天气好"], ["今天天汽好吗"]) == pytest.approx(2 / 5)


def test_cer_is_of_the_corpus_not_the_mean_of_its_lines() -> None:
    # One deletion in one, nothing in nine: 1 of 10, where the mean of the lines would be 1 of 2.
    assert scores.cer(["好", "一二三四五六七八九"], ["", "一二三四五六七八九"]) == pytest.approx(1 / 10)


def test_cer_counts_what_was_heard_where_nobody_spoke() -> None:
    assert scores.cer(["", "你好"], ["谢谢", "你好"]) == pytest.approx(2 / 2)


def test_cer_needs_a_reference() -> None:
    with pytest.raises(InputError):
        scores.cer(["，。"], ["你好"])


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("師父，這條街停電了！", "师父这条街停电了"),
        ("1000万", "一千万"),
        ("1,000万", "一千万"),
        ("11年", "十一年"),
        ("2024年", "二零二四年"),
        ("二〇二四年", "二零二四年"),
        ("10010", "一万零一十"),
        ("105", "一百零五"),
        ("110", "一百一十"),
        ("100005000", "一亿零五千"),
        ("0", "零"),
        ("两个", "二个"),
        ("3.14", "三点一四"),
        ("007", "零零七"),
        ("８点，OK？", "八点ok"),
        ("…… —— ", ""),
    ],
)
def test_normalized_is_chinese_as_spoken(written: str, spoken: str) -> None:
    assert scores.normalized(written) == spoken


@pytest.mark.parametrize(
    ("language", "meant", "heard", "expected"),
    [
        ("en", "It's eleven years — don't!", "its 11 years, dont", (0, 4)),
        ("en", "She has 12,345 coins.", "she has twelve thousand three hundred and forty-five coins", (0, 10)),
        ("en", "The seventh contract, the twenty-first day.", "the 7th contract the 21st day", (0, 7)),
        ("en", "The first 1st.", "the 2nd first", (1, 3)),
        ("en", "At eleven forty-seven.", "At 1147.", (0, 4)),
        ("en", "At eleven forty-seven.", "At 1157.", (1, 4)),
        ("en", "Room three oh two, 1900 people.", "Room 302, 1900 people", (0, 7)),
        ("en", "Wanqing, wait.", "Wanking, wait for me.", (3, 2)),
        ("en", "Ms. He, Dr. Qin and Mr. Li.", "Miss He, doctor Qin, and Mr. Lee", (1, 7)),
        ("es", "La Sra. Lin y el doctor.", "La señora Lin y el Dr.", (0, 6)),
        ("es", "¿Quién eres en realidad?", "Quien eres realidad", (2, 4)),
        ("es", "Hace 11 años.", "hace once años", (0, 3)),
        ("en", "...", "Thank you.", (2, 0)),
        ("en", "Thank you.", "", (2, 2)),
        ("tlh", "jIH 7", "jih 7", (0, 2)),
        ("en-GB", "Don't go there.", "do not go there", (2, 3)),
        ("th", "ไปไหน", "ไป ไหน", (0, 5)),
        ("hi", "क्या हुआ?", "क्या हुआ", (0, 2)),
        ("zh", "你好吗", "你好", (1, 3)),
    ],
)
def test_words_heard_otherwise(language: str, meant: str, heard: str, expected: tuple[int, int]) -> None:
    assert scores.word_errors(meant, heard, language) == expected


def test_chrf_by_hand() -> None:
    # Characters 2 of 3, pairs 1 of 2, triples 0 of 1; precision and recall alike, so F is their mean.
    assert scores.chrf(["abc"], ["abd"]) == pytest.approx(100 * (2 / 3 + 1 / 2 + 0) / 3, abs=0.01)
    assert scores.chrf(["Master Qin"], ["Master Qin"]) == 100
    assert scores.chrf([""], ["Master Qin"]) == 0


def test_chrf_refuses_what_cannot_be_compared() -> None:
    with pytest.raises(InputError):
        scores.chrf(["abc"], [""])
    with pytest.raises(ValueError, match="as many"):
        scores.chrf(["abc"], ["abc", "abd"])


def test_chrf_says_what_it_computes() -> None:
    assert "nc:6|nw:0" in scores.chrf_signature()


def test_segments_find_the_lines_they_cover() -> None:
    lines = [Span(0, 1000), Span(1100, 2000), Span(3000, 4000), Span(5000, 6000)]
    segments = [
        Span(50, 1950),  # two lines heard as one
        Span(3000, 3400),  # one line heard as two
        Span(3450, 4050),
        Span(4200, 4400),  # heard in silence, next to the third line
    ]
    assert scores.match(segments, lines) == [Match((0,), (0, 1)), Match((1, 2, 3), (2,)), Match((), (3,))]


def test_segments_that_only_touch_a_line_stay_apart() -> None:
    lines = [Span(0, 1000), Span(1000, 2000)]
    assert scores.match([Span(0, 1100), Span(1100, 2000)], lines) == [Match((0,), (0,)), Match((1,), (1,))]


def test_segments_without_any_line() -> None:
    assert scores.match([Span(0, 10), Span(20, 30)], []) == [Match((0,), ()), Match((1,), ())]


def _line(start_ms: int, duration_ms: int | None, tempo: float = 1.0, verdict: str = "fits") -> dict[str, object]:
    return {"start_ms": start_ms, "duration_ms": duration_ms, "tempo": tempo, "verdict": verdict}


def test_overlaps_counts_lines_that_start_too_soon() -> None:
    # The long one covers two; the last starts exactly when it ends; the mix and a line without sound do not count.
    lines = [_line(0, 5000), _line(1000, 500), _line(4999, 1), _line(5000, 100), _line(0, 9000, verdict="mix")]
    assert scores.overlaps([*lines, _line(100, None, verdict="unfit")]) == 2
    assert scores.overlaps([]) == 0


def test_outside_caps_allows_for_float32() -> None:
    stored = float(np.float32(1.35))
    assert scores.outside_caps([_line(0, 1, stored), _line(0, 1, 0.85)], 0.85, 1.35) == 0
    assert scores.outside_caps([_line(0, 1, 1.351), _line(0, 1, 0.84), _line(0, 1, 1)], 0.85, 1.35) == 2
    assert scores.outside_caps([_line(0, 1, 9, verdict="mix")], 0.85, 1.35) == 0


@pytest.fixture(scope="module")
def make_video(tmp_path_factory: pytest.TempPathFactory):
    """A video of 2 s at 25 frames a second whose sound starts `offset` s late and lasts `seconds`."""

    def make(offset: float, seconds: float) -> Path:
        path = tmp_path_factory.mktemp("drift") / "video.mp4"
        picture = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=2"]
        tone = ["-itsoffset", str(offset), "-f", "lavfi", "-i", f"sine=440:sample_rate=48000:duration={seconds}"]
        codecs = ["-c:v", "libx264", "-bf", "2", "-c:a", "aac"]
        ffmpeg.run([*picture, *tone, *codecs, ffmpeg.address(path)], what="make a video", timeout_s=60)
        return path

    return make


def test_drift_of_a_video_in_step(make_video) -> None:
    (drift,) = scores.drift(make_video(0, 2))
    assert drift.frame_ms == pytest.approx(40)
    # AAC comes in blocks of 1024 samples: the end may be that much too long, never more.
    assert drift.start_ms == pytest.approx(0, abs=1)
    assert drift.end_ms == pytest.approx(0, abs=1024 / 48)
    assert drift.frames < 1


def test_drift_of_sound_that_starts_late(make_video) -> None:
    (drift,) = scores.drift(make_video(0.2, 1.8))
    # FFmpeg keeps the encoder's first block, which is silent, where a pause comes before the sound.
    assert drift.start_ms == pytest.approx(200, abs=1024 / 48 + 0.1)
    assert drift.frames == pytest.approx(5, abs=0.6)


def test_drift_of_sound_that_ends_early(make_video) -> None:
    (drift,) = scores.drift(make_video(0, 1))
    assert drift.end_ms == pytest.approx(-1000, abs=1024 / 48)
    assert drift.worst_ms == -drift.end_ms


def test_drift_of_no_video(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(MediaError, match="no video"):
        scores.drift(text)


@pytest.mark.parametrize("shift", [-480, 0, 37, 4000])
def test_lag_is_found_to_the_sample(shift: int) -> None:
    dice = np.random.default_rng(1)
    sound = dice.standard_normal(32_000).astype(np.float32)
    later = np.roll(sound, shift) * 0.3 + dice.standard_normal(32_000).astype(np.float32) * 0.3
    assert scores.lag(sound, later, 16_000)[0] == pytest.approx(1000 * shift / 16_000)


def test_lag_of_silence() -> None:
    with pytest.raises(InputError):
        scores.lag(np.ones(100, np.float32), np.zeros(100, np.float32), 16_000)
