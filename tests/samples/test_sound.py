"""Sound is laid out as the script says; with tones in the place of voices."""

from __future__ import annotations

import numpy as np
import pytest

from samples import render, sound
from samples.script import Script
from samples.sound import Track

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tracks(whole: Script, speak: render.Speak) -> list[Track]:
    composed = []
    for episode in whole.episodes:
        spoken = [speak(line.text, whole.parts[line.speaker].voice) for line in episode.lines]
        composed.append(sound.compose(episode, [(speech.samples, speech.rate) for speech in spoken]))
    return composed


def test_lines_stand_where_the_script_puts_them(whole: Script, tracks: list[Track]) -> None:
    for episode, track in zip(whole.episodes, tracks, strict=True):
        ends = [0, *(span.end_ms for span in track.lines)]
        gaps = [span.start_ms - end for span, end in zip(track.lines, ends, strict=False)]
        assert gaps == [line.gap_ms for line in episode.lines]
        for span in track.lines:
            inside = track.speech[span.start_ms * 48 : span.end_ms * 48]
            assert sound.active_dbfs(inside) == pytest.approx(sound.SPEECH_DBFS, abs=1.5)
        silent = np.ones(len(track.speech), bool)
        for span in track.lines:
            silent[span.start_ms * 48 : (span.end_ms + 1) * 48] = False
        assert not track.speech[silent].any()


def test_the_sound_ends_with_a_frame_of_the_picture(tracks: list[Track]) -> None:
    for track in tracks:
        assert track.duration_ms % sound.FRAME_MS == 0
        assert len(track.speech) == len(track.bed) == track.duration_ms * 48
        assert np.abs(track.mix).max() < 1


def test_the_bed_lies_below_the_speech(tracks: list[Track]) -> None:
    for track in tracks:
        calm = np.concatenate([track.bed[: track.effect.start_ms * 48], track.bed[track.effect.end_ms * 48 :]])
        below = sound.active_dbfs(track.speech) - sound.active_dbfs(calm)
        assert 14 <= below <= 18


def test_the_effect_is_under_speech(whole: Script, tracks: list[Track]) -> None:
    for episode, track in zip(whole.episodes, tracks, strict=True):
        line = track.lines[episode.effect.line - 1]
        assert line.start_ms <= track.effect.start_ms < line.end_ms
        heard = track.bed[track.effect.start_ms * 48 : track.effect.end_ms * 48]
        assert sound.active_dbfs(heard) > sound.SPEECH_DBFS + sound.BED_DB + 6


def test_two_renderings_are_the_same(whole: Script, tracks: list[Track], speak: render.Speak) -> None:
    spoken = [speak(line.text, whole.parts[line.speaker].voice) for line in whole.episodes[0].lines]
    again = sound.compose(whole.episodes[0], [(speech.samples, speech.rate) for speech in spoken])
    assert np.array_equal(again.mix, tracks[0].mix)


def test_a_voice_at_another_rate_keeps_its_pitch_and_length(whole: Script) -> None:
    time = np.arange(24_000) / 24_000
    tone = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    line = whole.episodes[0].model_copy(
        update={
            "lines": whole.episodes[0].lines[:1],
            "effect": whole.episodes[0].effect.model_copy(update={"line": 1, "after_ms": 0}),
        }
    )
    track = sound.compose(line, [(tone, 24_000)])
    (span,) = track.lines
    assert span.end_ms - span.start_ms == 1000
    spectrum = np.abs(np.fft.rfft(track.speech[span.start_ms * 48 : span.end_ms * 48]))
    assert spectrum.argmax() == 440
