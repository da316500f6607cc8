"""Series that look and sound otherwise than the sample: their scripts, fonts, subtitles, frames and voices."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml

from dubwright.dub.engine import Speech
from dubwright.dub.kokoro import Kokoro
from dubwright.media import ffmpeg
from samples import picture, render, script, sound
from samples.font.subset import needed
from samples.script import Episode, Part, Script, Style
from samples.sound import Span, Track
from tests.samples.test_picture import _characters, _track

HELD_OUT = sorted((Path(__file__).parents[2] / "benchmarks" / "heldout").glob("*.yaml"))


def _cues(whole: Script, style: Style, **first_line: object) -> list[tuple[Span, str]]:
    """The cues of an episode of three lines that stand 300 ms apart, 2 s each."""
    lines = list(whole.episodes[0].lines[:3])
    lines[0] = lines[0].model_copy(update={"text": "晚晴，点灯。", **first_line})
    lines[1] = lines[1].model_copy(update={"text": "停电了？"})
    episode: Episode = whole.episodes[0].model_copy(update={"lines": tuple(lines)})
    spans = tuple(Span(1000 + 2300 * at, 3000 + 2300 * at) for at in range(3))
    silence = np.zeros(0, np.float32)
    return list(picture.cues(episode, Track(silence, silence, spans, Span(0, 1), 10_000), style))


@pytest.mark.parametrize("path", HELD_OUT, ids=lambda path: path.stem)
def test_held_out_series_can_be_rendered(path: Path) -> None:
    whole = script.read(path)
    assert render.missing_font(whole.style) == ""
    assert whole.style.font_file
    covered = _characters(Path(whole.style.font_file))
    for number, episode in enumerate(whole.episodes):
        _, shown = picture.scripts(whole.facts.title, episode, _track(whole, number), whole.parts, whole.style)
        # The dot in the label comes from any font of the machine.
        assert set(needed(shown)) - {"·"} <= covered, f"cut {whole.style.font_file} anew: samples/font/subset.py"
        assert f",{whole.style.font}," in shown
    known = {voice.name for voice in Kokoro.voices("zh")}
    assert {part.voice for part in whole.parts.values()} <= known


def test_held_out_series_are_of_other_names_and_voices_than_the_sample(whole: Script) -> None:
    own = {one.name for one in whole.facts.cast} | {part.voice for part in whole.parts.values()}
    for path in HELD_OUT:
        other = script.read(path)
        assert not own & ({one.name for one in other.facts.cast} | {part.voice for part in other.parts.values()})
        assert len({(part.voice, part.pitch) for part in other.parts.values()}) == len(other.facts.cast)


def test_a_line_is_shown_as_two_subtitles(whole: Script) -> None:
    cues = _cues(whole, Style(), subtitles=("晚晴，", "点灯。"))
    assert [(span.start_ms, span.end_ms, text) for span, text in cues[:2]] == [
        (1000, 2000, "晚晴，"),
        (2000, 3000, "点灯。"),
    ]


def test_two_lines_are_shown_as_one_subtitle(whole: Script) -> None:
    cues = _cues(whole, Style(), with_next=True)
    assert (cues[0][0], cues[0][1]) == (Span(1000, 5300), r"- 晚晴，点灯。\N- 停电了？")
    assert len(cues) == 2


def test_a_second_language_stands_below_and_punctuation_may_be_missing(whole: Script) -> None:
    style = Style(second="en", second_size=20, punctuation=False)
    assert _cues(whole, style)[0][1] == r"晚晴 点灯\N{\fs20}Wanqing, light the lantern by the door."


def test_subtitles_that_come_early_and_stay_do_not_overlap(whole: Script) -> None:
    cues = _cues(whole, Style(early_ms=100, late_ms=900))
    assert cues[0][0] == Span(900, 3150)
    assert cues[-1][0].end_ms == 8500
    for (before, _), (after, _) in pairwise(cues):
        assert before.end_ms <= after.start_ms


@pytest.mark.parametrize("change", [{"subtitles": ["别的"]}, {"with_next": True, "subtitles": ["灯灭了！"]}])
def test_subtitles_that_are_not_the_lines_text_are_refused(change: dict[str, object], tmp_path: Path) -> None:
    content = yaml.safe_load(script.FILE.read_text(encoding="utf-8"))
    content["episodes"][2]["lines"][0] |= {"text": "灯灭了！"} | change
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ValueError, match="episode 03"):
        script.read(path)


def test_a_font_that_cannot_be_had_is_named() -> None:
    assert "no font 'No Such Family'" in render.missing_font(Style(font="No Such Family"))
    assert "gone.ttf is missing" in render.missing_font(Style(font="Gone", font_file="gone.ttf"))
    assert render.missing_font(Style()) == ""


@pytest.mark.slow
def test_a_landscape_frame_is_filled_and_has_its_subtitle(whole: Script, tmp_path: Path) -> None:
    style = Style(width=640, height=360, size=24, bottom=330, box=True, logo="dubwright")
    scenery, texts = picture.scripts("槐巷", whole.episodes[0], _track(whole, 0), whole.parts, style)
    (tmp_path / "set.ass").write_text(scenery, encoding="utf-8")
    (tmp_path / "text.ass").write_text(texts, encoding="utf-8")
    drawn = picture.arguments(whole.episodes[0], tmp_path / "text.ass", 3000, style, tmp_path / "set.ass")
    frame = ["-map", "[picture]", "-ss", "2.5", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"]
    pixels = ffmpeg.run([*drawn, *frame], what="draw a frame", timeout_s=60).stdout
    grey = np.frombuffer(pixels, np.uint8).reshape(360, 640)
    white = np.argwhere(grey > 235)
    subtitle = white[white[:, 0] > 280]
    assert len(subtitle) > 200
    assert subtitle[:, 0].max() <= 330
    assert abs(subtitle[:, 1].min() + subtitle[:, 1].max() - 640) < 40


@pytest.mark.slow
def test_louder_music_is_as_loud_as_wanted_and_never_clips(whole: Script) -> None:
    rate = 24_000
    hiss = np.random.default_rng(2).standard_normal(2 * rate).astype(np.float32) * np.float32(0.1)
    track = sound.compose(whole.episodes[0], [(hiss, rate)] * len(whole.episodes[0].lines), -6.0)
    calm = np.concatenate([track.bed[: track.effect.start_ms * 48], track.bed[track.effect.end_ms * 48 :]])
    assert sound.active_dbfs(track.speech) - sound.active_dbfs(calm) == pytest.approx(6, abs=2)
    assert np.abs(track.mix).max() < 1


def test_a_voice_is_raised_without_getting_shorter() -> None:
    time = np.arange(24_000) / 24_000
    spoken = Speech((0.3 * np.sin(2 * np.pi * 200 * time)).astype(np.float32), 24_000)
    part = Part(voice="zf_xiaobei", pitch=1.2, colour="ffffff", hair="long", hair_colour="ffffff")
    raised = render.in_voice(part, spoken)
    assert len(raised.samples) / raised.rate == pytest.approx(1, abs=0.06)
    spectrum = np.abs(np.fft.rfft(raised.samples))
    assert spectrum.argmax() * raised.rate / len(raised.samples) == pytest.approx(240, abs=6)
    assert render.in_voice(part.model_copy(update={"pitch": 1.0}), spoken) is spoken
