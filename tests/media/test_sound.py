from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.errors import MediaError, StoreFullError
from dubwright.media import layouts, sound

RATE = 48_000


def tone(seconds: float, hertz: float = 997.0, level: float = 0.5, rate: int = RATE) -> sound.Samples:
    times = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def pitch(samples: sound.Samples, rate: int) -> float:
    """The strongest frequency (Hz), to 1 Hz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples)), n=rate))))


@pytest.mark.parametrize(("bits", "error"), [(16, 2**-15), (24, 2**-23)])
@pytest.mark.parametrize("shape", [(5000,), (5000, 1), (70_000, 2), (1, 2), (0,), (5000, 6), (5000, 8), (0, 6)])
def test_what_is_written_is_read(tmp_path: Path, bits: int, error: float, shape: tuple[int, ...]) -> None:
    samples = np.random.default_rng(1).uniform(-0.99, 0.99, shape).astype(np.float32)
    path = tmp_path / "it's 100%: \n声音.flac"
    sound.write_flac(path, samples, 44_100, bits=bits)  # type: ignore[arg-type]
    read, rate = sound.read(path)
    assert rate == 44_100
    assert read.dtype == np.float32
    assert read.shape == (shape[0], shape[1] if len(shape) > 1 else 1)
    assert np.allclose(read.ravel(), samples.ravel(), atol=error)


def test_equal_sound_gives_equal_bytes_however_it_is_cut(tmp_path: Path) -> None:
    samples = (tone(1.0, level=0.4) * 32_767).astype(np.int16).reshape(-1, 1)
    contents = set()
    for size in (100, 4096, 48_000):
        with sound.flac_writer(tmp_path / "cut.flac", RATE, 1) as write:
            for start in range(0, len(samples), size):
                write(samples[start : start + size])
        contents.add((tmp_path / "cut.flac").read_bytes())
    sound.write_flac(tmp_path / "whole.flac", samples.astype(np.float32) / 32_768, RATE)
    contents.add((tmp_path / "whole.flac").read_bytes())
    assert len(contents) == 1


def test_too_loud_is_clipped_and_nonsense_refused(tmp_path: Path) -> None:
    sound.write_flac(tmp_path / "loud.flac", np.array([2.0, -2.0, 1.0], np.float32), RATE)
    read, _ = sound.read(tmp_path / "loud.flac")
    assert read.ravel() == pytest.approx([1, -1, 1], abs=2**-14)
    for nonsense in (np.nan, np.inf):
        with pytest.raises(ValueError, match="finite"):
            sound.write_flac(tmp_path / "bad.flac", np.array([0, nonsense], np.float32), RATE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_full_disk_is_told_apart() -> None:
    with pytest.raises(StoreFullError):
        sound.write_flac(Path("/dev/full"), np.random.default_rng(0).uniform(-1, 1, 500_000).astype(np.float32), RATE)


def test_rate_and_channels_are_converted(tmp_path: Path) -> None:
    left = tone(1.0)
    sound.write_flac(tmp_path / "a.flac", np.stack([left, 0 * left], axis=1), RATE)
    mono, rate = sound.read(tmp_path / "a.flac", rate=16_000, channels=1)
    assert (mono.shape, rate) == ((16_000, 1), 16_000)
    assert np.abs(mono).max() == pytest.approx(0.25, abs=0.01)
    assert pitch(mono[:, 0], 16_000) == pytest.approx(997, abs=1)
    sound.write_flac(tmp_path / "b.flac", left, RATE)
    stereo, _ = sound.read(tmp_path / "b.flac", channels=2)
    assert np.array_equal(stereo[:, 0], stereo[:, 1])
    assert np.abs(stereo).max() == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize("channels", [6, 8])
def test_more_channels_are_mixed_down_without_the_low_one(tmp_path: Path, channels: int) -> None:
    tones = np.zeros((RATE, channels), np.float32)
    for at, hertz in ((0, 300), (2, 500), (3, 60), (4, 700)):
        tones[:, at] = tone(1.0, hertz, 0.1)
    sound.write_flac(tmp_path / "a.flac", tones, RATE)
    assert sound.channels_of(tmp_path / "a.flac") == channels
    levels = {}
    for count in (1, 2):
        found, _ = sound.read(tmp_path / "a.flac", channels=count)
        assert found.shape == (RATE, count)
        spectrum = np.abs(np.fft.rfft(found, axis=0))
        levels[count] = spectrum[[300, 500, 60, 700]] / spectrum[500, 0]
    assert levels[1][:, 0] == pytest.approx([0.71, 1, 0, 0.5], abs=0.01)
    # To the left belong the left ones alone, the centre to both.
    assert levels[2][1] == pytest.approx([1, 1], abs=0.01)
    assert levels[2][0] == pytest.approx([1.41, 0], abs=0.01)
    with pytest.raises(MediaError, match=f"{channels} channels cannot become 3"):
        sound.read(tmp_path / "a.flac", channels=3)


@pytest.mark.parametrize("length", [0, 7_999, 8_000, 8_100])
def test_resampled_file_has_the_length_asked_for(tmp_path: Path, length: int) -> None:
    sound.write_flac(tmp_path / "a.flac", np.stack([tone(0.5, rate=44_100)] * 2, axis=1), 44_100)
    sound.resample_flac(tmp_path / "a.flac", tmp_path / "b.flac", rate=16_000, length=length)
    read, rate = sound.read(tmp_path / "b.flac")
    assert (read.shape, rate) == ((length, 1), 16_000)
    if length:
        assert pitch(read[:7_900, 0], 16_000) == pytest.approx(997, abs=2)


def test_a_stereo_copy_has_mono_at_its_level_and_the_centre_in_both(tmp_path: Path) -> None:
    sound.write_flac(tmp_path / "mono.flac", tone(0.5), RATE)
    six = np.zeros((RATE // 2, 6), np.float32)
    six[:, 2] = tone(0.5)
    sound.write_flac(tmp_path / "six.flac", six, RATE)
    for name, level in (("mono", 0.5), ("six", 0.5 * (np.sqrt(0.5) / (1 + np.sqrt(2))))):
        sound.resample_flac(tmp_path / f"{name}.flac", tmp_path / "b.flac", rate=RATE, length=20_000, channels=2)
        read, _ = sound.read(tmp_path / "b.flac")
        assert read.shape == (20_000, 2) and (read[:, 0] == read[:, 1]).all()
        assert np.abs(read).max() == pytest.approx(level, abs=0.001)


def test_channels_stay_apart_at_another_rate() -> None:
    both = np.stack([tone(0.5, rate=44_100), np.zeros(22_050, np.float32)], axis=1)
    found = sound.resampled(both, 44_100, 48_000)
    assert found.shape == (24_000, 2)
    assert pitch(found[:, 0], 48_000) == pytest.approx(997, abs=2)
    assert not found[:, 1].any()
    assert (sound.resampled(both[:, 0], 44_100, 48_000) == found[:, 0]).all()


def test_files_that_hold_no_sound(tmp_path: Path) -> None:
    (tmp_path / "text.flac").write_text("no sound")
    for name in ("text.flac", "gone.flac"):
        with pytest.raises(MediaError, match="sound") as caught:
            sound.read(tmp_path / name)
        assert caught.value.where == str(tmp_path / name)


# Loudness: EBU Tech 3341 asks for -23.0 ± 0.1 LUFS of a 1 kHz stereo sine of -23 dBFS peak.


def test_loudness_of_the_reference_tone(tmp_path: Path) -> None:
    reference = np.stack([tone(5.0, 1000, 10 ** (-23 / 20))] * 2, axis=1)
    measured = sound.loudness(reference, RATE)
    assert measured.integrated_lufs == pytest.approx(-23.0, abs=0.1)
    assert measured.true_peak_dbtp == pytest.approx(-23.0, abs=0.2)
    sound.write_flac(tmp_path / "tone.flac", reference, RATE, bits=24)
    of_file = sound.loudness(tmp_path / "tone.flac")
    assert of_file.integrated_lufs == pytest.approx(measured.integrated_lufs, abs=0.01)


@pytest.mark.parametrize("channels", [6, 8])
def test_loudness_weighs_surrounds_and_leaves_the_low_channel_out(tmp_path: Path, channels: int) -> None:
    """ITU-R BS.1770-4: 1.41, which is 1.5 dB, of what comes from the sides or from behind."""
    reference = tone(3.0, 1000, 0.1)
    alone = sound.loudness(reference, RATE).integrated_lufs
    for at, name in enumerate(layouts.KEPT[channels].channels):
        samples = np.zeros((len(reference), channels), np.float32)
        samples[:, at] = reference
        sound.write_flac(tmp_path / "one.flac", samples, RATE)
        for source in (sound.loudness(samples, RATE), sound.loudness(tmp_path / "one.flac")):
            weighed = {"FL": 0.0, "FR": 0.0, "FC": 0.0, "LFE": sound.QUIETEST_LUFS - alone}.get(name, 1.5)
            assert source.integrated_lufs - alone == pytest.approx(weighed, abs=0.02), name
            assert source.true_peak_dbtp == pytest.approx(-20, abs=0.2)


def test_true_peak_lies_between_samples() -> None:
    """A sine of a quarter of the rate, sampled at 45°: its peaks are 3 dB above its samples (EBU Tech 3341, 15)."""
    times = np.arange(2 * RATE)
    samples = (0.5 * np.sin(np.pi / 2 * times + np.pi / 4)).astype(np.float32)
    samples[:RATE] *= np.linspace(0, 1, RATE, dtype=np.float32)  # an abrupt start would ring
    samples[RATE:] *= np.linspace(1, 0, RATE, dtype=np.float32)
    assert np.abs(samples).max() == pytest.approx(0.3536, abs=0.001)
    assert sound.loudness(samples, RATE).true_peak_dbtp == pytest.approx(-6.02, abs=0.4)


def test_last_moment_is_measured() -> None:
    samples = np.zeros(RATE + 1234, np.float32)
    samples[-50:] = 0.5
    assert sound.loudness(samples, RATE).true_peak_dbtp > -7


@pytest.mark.parametrize("seconds", [0.0, 0.01, 3.0])
def test_silence_has_the_least_loudness(seconds: float) -> None:
    measured = sound.loudness(np.zeros(round(seconds * RATE), np.float32), RATE)
    assert measured == sound.Loudness(sound.QUIETEST_LUFS, -np.inf)


# Tempo


@settings(max_examples=12, deadline=None)
@given(
    length=st.integers(1, 30_000),
    tempo=st.floats(0.5, 2.0, allow_nan=False),
    channels=st.sampled_from([None, 1, 2, 6]),
    rate=st.sampled_from([16_000, 24_000, 44_100]),
)
def test_stretched_length_is_exact(length: int, tempo: float, channels: int | None, rate: int) -> None:
    shape = (length,) if channels is None else (length, channels)
    samples = np.random.default_rng(length).uniform(-0.5, 0.5, shape).astype(np.float32)
    stretched = sound.time_stretch(samples, rate, tempo)
    assert stretched.shape == (round(length / tempo), *shape[1:])
    assert stretched.dtype == np.float32
    assert np.isfinite(stretched).all()


@pytest.mark.parametrize("tempo", [0.85, 1.1, 1.2, 1.35])
def test_pitch_stays_and_onsets_move(tempo: float) -> None:
    rate = 24_000
    samples = np.zeros(4 * rate, np.float32)
    for at_s in (0.5, 1.5, 2.5):
        start = round(at_s * rate)
        samples[start : start + rate // 2] = tone(0.5, 300, rate=rate)
    stretched = sound.time_stretch(samples, rate, tempo)
    for at_s in (0.5, 1.5, 2.5):
        start, end = round(at_s / tempo * rate), round((at_s + 0.5) / tempo * rate)
        assert pitch(stretched[start:end], rate) == pytest.approx(300, abs=8)
        around = np.abs(stretched[start - rate // 10 : end])
        onset = int(np.argmax(around > 0.15)) - rate // 10
        assert abs(onset) < 0.02 * rate
    assert np.abs(stretched[: round(0.4 / tempo * rate)]).max() < 0.02


def test_tempo_1_changes_nothing() -> None:
    samples = tone(0.5)
    assert sound.time_stretch(samples, RATE, 1.0) is samples
    assert len(sound.time_stretch(samples[:0], RATE, 1.2)) == 0
    with pytest.raises(ValueError, match="above 0"):
        sound.time_stretch(samples, RATE, 0)


def test_stretching_is_deterministic() -> None:
    samples = tone(0.7)
    assert np.array_equal(sound.time_stretch(samples, RATE, 1.2), sound.time_stretch(samples, RATE, 1.2))


def test_no_date_or_library_stands_in_a_blob(tmp_path: Path) -> None:
    sound.write_flac(tmp_path / "a.flac", tone(0.1), RATE)
    with av.open(str(tmp_path / "a.flac")) as container:
        assert not {key.lower() for key in container.metadata} & {"encoder", "creation_time", "date"}
