"""Voices taken out of an episode's sound, and the bed that is left, kept for the other languages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dubwright import engines
from dubwright.dub.espeak import EspeakNg
from dubwright.dub.separation import bed as separation
from dubwright.dub.separation.deepfilternet import RATE as OWN_RATE
from dubwright.dub.separation.deepfilternet import DeepFilterNet
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, SettingsError
from dubwright.media import layouts, sound
from dubwright.settings import DubSettings
from dubwright.unit import Machine
from tests.dub.conftest import FAKE, LINES, RATE, Episodes, bed, original

Samples = NDArray[np.float32]


def db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


class Halver:
    """A separator that takes half of everything for voices, and counts how often it is asked."""

    info = EngineInfo("halver", 1, frozenset(), "Apache-2.0", "none", choices=())
    asked = 0

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        pass

    def voices(self, samples: Samples, rate: int) -> Samples:
        type(self).asked += 1
        return samples / 2


class Broken(Halver):
    info = EngineInfo("broken", 1, frozenset(), "Apache-2.0", "none", choices=())

    def voices(self, samples: Samples, rate: int) -> Samples:
        raise ValueError("no idea")


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"halver": Halver, "broken": Broken}
    found = engines.engine_class
    monkeypatch.setattr(
        engines, "engine_class", lambda stage, name: known[name] if name in known else found(stage, name)
    )
    monkeypatch.setattr(Halver, "asked", 0)


@pytest.mark.slow
@pytest.mark.usefixtures("registered")
def test_a_bed_is_computed_once_and_found_again(episodes: Episodes) -> None:
    samples = original(LINES, 9.0)
    episodes.settings = FAKE.model_copy(update={"separator": "halver"})
    work = episodes.add(LINES)
    ask = (work, episodes.lake, Machine(episodes.lake.uri, ""), "blob/00/" + "0" * 64 + ".flac", samples, RATE)
    first, again = separation.of(*ask), separation.of(*ask)
    assert first is not None and again is not None
    assert first.shape == samples.shape
    assert np.allclose(first, samples / 2, atol=1e-4)
    assert (first == again).all()
    assert Halver.asked == 1


@pytest.mark.slow
@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("channels", layouts.KEPT)
def test_a_separator_hears_every_layout_in_pairs_and_never_its_low_channel(
    channels: int, episodes: Episodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Samples] = []

    def voices(self: Halver, samples: Samples, rate: int) -> Samples:
        heard.append(samples)
        # It takes no channel like the other: of one that is heard as both, the mean of what it takes counts.
        return samples * np.array([0.25, 0.75], np.float32)

    monkeypatch.setattr(Halver, "voices", voices)
    layout = layouts.KEPT[channels]
    samples = np.random.default_rng(1).normal(0, 0.1, (RATE, channels)).astype(np.float32)
    episodes.settings = FAKE.model_copy(update={"separator": "halver"})
    work = episodes.add(LINES)
    ask = (work, episodes.lake, Machine(episodes.lake.uri, ""), "blob/00/" + "0" * 64 + ".flac", samples, RATE)
    found, again = separation.of(*ask), separation.of(*ask)
    assert found is not None and again is not None and (found == again).all()
    assert all((given == samples[:, list(pair)]).all() for given, pair in zip(heard, layout.pairs, strict=True))
    left = {
        at: 0.5 if pair[0] == pair[1] else side
        for pair in layout.pairs
        for at, side in zip(pair, (0.75, 0.25), strict=True)
    }
    expected = samples * np.array([left.get(at, 1.0) for at in range(channels)], np.float32)
    assert np.allclose(found, expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.usefixtures("registered")
def test_none_is_wanted_or_it_fails(episodes: Episodes) -> None:
    samples = original(LINES, 9.0)
    for separator, error in (("none", None), ("broken", EngineOutputError), ("nobody", SettingsError)):
        episodes.settings = FAKE.model_copy(update={"separator": separator})
        ask = (episodes.add(LINES), episodes.lake, Machine(episodes.lake.uri, ""), "blob/x", samples, RATE)
        if error is None:
            assert separation.of(*ask) is None
        else:
            with pytest.raises(error):
                separation.of(*ask)


@pytest.mark.models
@pytest.mark.parametrize("rate", [OWN_RATE, 44_100])
def test_speech_goes_and_music_stays(rate: int) -> None:
    engines.require_installed(DeepFilterNet.info)
    settings = DubSettings()
    speech = EspeakNg(settings, {}, 1).speak("Nobody told the princess that the general is back.", "en", "m3")
    said = sound.resampled(speech.samples, speech.rate, rate)
    said *= np.float32(0.1 / np.sqrt(np.mean(np.square(said))))
    music = sound.resampled(bed(6.0)[:, 0], RATE, rate)
    voice = np.zeros_like(music)
    voice[rate : rate + len(said)] = said
    whole = np.stack([music + voice, music + voice], axis=1)
    voices = DeepFilterNet(settings, {}, 1).voices(whole, rate)
    left = whole - voices
    assert left.shape == whole.shape
    spoken = slice(rate, rate + len(said))
    # What is left of the voice: what the rest has in common with it.
    common = abs(float(left[spoken, 0] @ said) / float(said @ said))
    assert 20 * np.log10(common + 1e-9) < -12
    assert abs(db(left[: rate // 2, 0]) - db(music[: rate // 2])) < 1
    assert (DeepFilterNet(settings, {}, 1).voices(whole, rate) == voices).all()


@pytest.mark.models
def test_silence_and_nothing_have_no_voices() -> None:
    separator = DeepFilterNet(DubSettings(), {}, 1)
    assert not separator.voices(np.zeros((OWN_RATE, 2), np.float32), OWN_RATE).any()
    assert separator.voices(np.zeros((0, 2), np.float32), OWN_RATE).shape == (0, 2)
