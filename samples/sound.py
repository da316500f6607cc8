"""The sample's sound: lines placed in time, a music bed, one effect. Arrays are float32 within -1 to 1 at 48 kHz."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from samples.script import Episode, Music

Sound = NDArray[np.float32]

RATE = 48_000
FRAME_MS = 40
SPEECH_DBFS = -20.0
BED_DB = -16.0
TAIL_MS = 2000
# Speech, effect and music (which stays below 0.1) add up to less than 1, so that their sum is the mix, unclipped.
SPEECH_PEAK, EFFECT_PEAK = 0.65, 0.25
# Each effect's level against the speech while it sounds.
EFFECT_DB = {"door": 0.0, "glass": -4.0, "thunder": -3.0}

_INTERVALS = {"": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "maj7": (0, 4, 7, 11)}
_NOTES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True, slots=True)
class Span:
    """From `start_ms` to `end_ms` of an episode."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Track:
    """An episode's sound: `speech` of shape [n] and `bed` (music and effect) of shape [n, 2], and what lies where.

    `duration_ms` is a whole number of picture frames, so that sound and picture end together.
    """

    speech: Sound
    bed: Sound
    lines: tuple[Span, ...]
    effect: Span
    duration_ms: int

    @property
    def mix(self) -> Sound:
        """Shape [n, 2]."""
        return self.speech[:, None] + self.bed


def compose(episode: Episode, spoken: Sequence[tuple[Sound, int]], bed_db: float = BED_DB) -> Track:
    """Set an episode's sound, its music at `bed_db`; `spoken` holds each line's samples (mono) and their rate."""
    voices = [_level(_resample(samples, rate)) for samples, rate in spoken]
    lines: list[Span] = []
    clock = 0
    for line, voice in zip(episode.lines, voices, strict=True):
        start = clock + line.gap_ms
        clock = start + round(1000 * len(voice) / RATE)
        lines.append(Span(start, clock))
    duration_ms = -(-(clock + TAIL_MS) // FRAME_MS) * FRAME_MS
    total = duration_ms * RATE // 1000
    speech = np.zeros(total, np.float32)
    for span, voice in zip(lines, voices, strict=True):
        _add(speech, span.start_ms * RATE // 1000, voice)
    bed = music(episode.music, total, bed_db)
    sound = effect(episode.effect.kind)
    at = lines[episode.effect.line - 1].start_ms + episode.effect.after_ms
    _add(bed, at * RATE // 1000, sound)
    if np.abs(speech[:, None] + bed).max() >= 1:
        bed = _bend(bed, 0.98 - SPEECH_PEAK)
    return Track(speech, bed, tuple(lines), Span(at, min(at + len(sound) * 1000 // RATE, duration_ms)), duration_ms)


def active_dbfs(sound: Sound) -> float:
    """Level of the parts that are not silent: RMS over frames of 20 ms within 30 dB of the loudest, in dBFS."""
    mono = sound if sound.ndim == 1 else np.sqrt((sound**2).mean(axis=1))
    frames = mono[: len(mono) // 960 * 960].reshape(-1, 960)
    power = (frames.astype(np.float64) ** 2).mean(axis=1)
    heard = power[power > power.max() / 1000]
    return float(10 * np.log10(heard.mean()))


# Music ------------------------------------------------------------------------------------------------


def music(music: Music, total: int, bed_db: float = BED_DB) -> Sound:
    """A bed of pads, plucked strings, bass and a soft brush, `bed_db` against speech; shape [total, 2]."""
    beat = 60 / music.bpm
    bed = np.zeros((total, 2), np.float32)
    noise = np.random.default_rng(5)
    for bar in range(int(total / RATE / (4 * beat)) + 1):
        chord = _chord(music.chords[bar % len(music.chords)])
        start = int(bar * 4 * beat * RATE)
        for note in chord:
            _add(bed, start, _pad(note, 4 * beat + 1.2) * 0.5)
        _add(bed, start, _pluck(chord[0] - 12, 4 * beat, bright=2) * 0.9)
        climb = [*chord, chord[0] + 12, *chord[1:3], chord[0] + 12, chord[1]]
        for step in range(8):
            pan = 0.5 + 0.35 * (-1) ** step
            voice = _pluck(climb[step % len(climb)] + 12, 1.4, bright=5)[:, :1] * (0.55 if step % 2 else 0.8)
            _add(bed, start + int(step * beat / 2 * RATE), voice * np.array([1 - pan, pan], np.float32))
        for step in (1, 3):
            hush = noise.standard_normal((int(0.12 * RATE), 2)).astype(np.float32)
            _add(bed, start + int(step * beat * RATE), hush * _decay(len(hush), 30) * 0.05)
    bed *= _fades(total, 0.6, 1.8)[:, None]
    return bed * np.float32(10 ** ((SPEECH_DBFS + bed_db - active_dbfs(bed)) / 20))


def _chord(name: str) -> list[int]:
    """MIDI notes of a chord such as C, Bb, Am7, Fmaj7, in the octave below middle C."""
    root, rest = _NOTES[name[0]], name[1:]
    if rest[:1] in ("b", "#"):
        root, rest = root + (1 if rest[0] == "#" else -1), rest[1:]
    return [48 + root + interval for interval in _INTERVALS[rest]]


@cache
def _pad(note: int, seconds: float) -> Sound:
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 440 * 2 ** ((note - 69) / 12)
    sides = [
        sum(np.sin(2 * np.pi * pitch * harmonic * (1 + detune) * time) / harmonic**2 for harmonic in (1, 2, 3))
        for detune in (-0.0012, 0.0012)
    ]
    return (np.stack(sides, axis=1) * _fades(len(time), 0.9, 1.2)[:, None]).astype(np.float32) * 0.25


@cache
def _pluck(note: int, seconds: float, *, bright: int) -> Sound:
    """A plucked string: the higher a harmonic, the sooner it is gone."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 440 * 2 ** ((note - 69) / 12)
    tone = sum(
        np.sin(2 * np.pi * pitch * harmonic * time) * np.exp(-time * (2 + 1.5 * harmonic)) / harmonic
        for harmonic in range(1, bright + 1)
    )
    tone = tone * _fades(len(time), 0.004, 0.05)
    return np.repeat(tone[:, None], 2, axis=1).astype(np.float32) * 0.4


# Effects ----------------------------------------------------------------------------------------------


def effect(kind: str) -> Sound:
    """A sound effect, `EFFECT_DB` against speech while it sounds; shape [n, 2]."""
    noise = np.random.default_rng(11)
    sound = {"door": _door, "glass": _glass, "thunder": _thunder}[kind](noise)
    sound = sound * _fades(len(sound), 0.002, 0.05).astype(np.float32)[:, None]
    level = np.float32(10 ** ((SPEECH_DBFS + EFFECT_DB[kind] - active_dbfs(sound)) / 20))
    return _bend(sound * level, EFFECT_PEAK)


def _door(noise: np.random.Generator) -> Sound:
    """A slam: a low thump, a crack of wood, a rattle."""
    time = np.arange(int(0.9 * RATE)) / RATE
    thump = np.sin(2 * np.pi * (45 * time + 25 * (1 - np.exp(-18 * time)) / 18)) * np.exp(-9 * time)
    crack = _lowpass(noise.standard_normal((len(time), 2)), 1800) * np.exp(-40 * time)[:, None]
    rattle = (
        _lowpass(noise.standard_normal((len(time), 2)), 900)
        * (np.exp(-7 * time) * (np.sin(2 * np.pi * 13 * time) > 0.6))[:, None]
    )
    slam: Sound = (thump[:, None] + 0.9 * crack + 0.25 * rattle).astype(np.float32)
    return slam


def _glass(noise: np.random.Generator) -> Sound:
    """A glass that breaks on the floor: a burst, then splinters that ring."""
    time = np.arange(int(1.3 * RATE)) / RATE
    burst = noise.standard_normal((len(time), 2)) * np.exp(-45 * time)[:, None]
    sound = 0.5 * burst
    for _ in range(45):
        start = noise.exponential(0.18)
        ring = time - start
        tone = np.where(ring > 0, np.sin(2 * np.pi * noise.uniform(2200, 8200) * ring), 0)
        fading = np.exp(-np.clip(ring, 0, None) * noise.uniform(14, 40))
        pan = noise.uniform(0.2, 0.8)
        sound = sound + (tone * fading * noise.uniform(0.05, 0.25))[:, None] * np.array([1 - pan, pan])
    return sound.astype(np.float32)


def _thunder(noise: np.random.Generator) -> Sound:
    """A crack, then a long low rumble in waves."""
    time = np.arange(int(3.2 * RATE)) / RATE
    rumble = _lowpass(noise.standard_normal((len(time), 2)), 160)
    waves = np.exp(-1.1 * time) * (0.7 + 0.3 * np.sin(2 * np.pi * 1.7 * time + 0.8))
    crack = _lowpass(noise.standard_normal((len(time), 2)), 2500) * np.exp(-14 * time)[:, None]
    return (rumble * waves[:, None] + 0.5 * crack).astype(np.float32)


# Tools of the trade -----------------------------------------------------------------------------------


def _level(voice: Sound) -> Sound:
    """Bring a line to the speech's level."""
    return _bend(voice * np.float32(10 ** ((SPEECH_DBFS - active_dbfs(voice)) / 20)), SPEECH_PEAK)


def _bend(sound: Sound, peak: float) -> Sound:
    """Keep a sound below `peak`: what exceeds two thirds of it is bent, not cut."""
    knee = peak * 2 / 3
    size = np.abs(sound)
    bent = np.sign(sound) * (knee + (peak - knee) * np.tanh((size - knee) / (peak - knee)))
    return np.where(size > knee, bent, sound).astype(np.float32)


def _resample(sound: Sound, rate: int) -> Sound:
    if rate == RATE:
        return sound
    padded = np.pad(sound, rate // 10)  # what the transform wraps around is silence, cut off again
    wanted = len(padded) * RATE // rate
    spectrum = np.fft.rfft(padded)
    size = wanted // 2 + 1
    spectrum = np.pad(spectrum, (0, max(0, size - len(spectrum))))[:size]
    whole = np.fft.irfft(spectrum, wanted) * (wanted / len(padded))
    return whole[RATE // 10 : RATE // 10 + len(sound) * RATE // rate].astype(np.float32)


def _lowpass(sound: NDArray[np.float64], cutoff: float) -> NDArray[np.float64]:
    """Steep, and brought back to unit RMS."""
    spectrum = np.fft.rfft(sound, axis=0)
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE)
    kept: NDArray[np.float64] = np.fft.irfft(spectrum / (1 + (frequency / cutoff) ** 4)[:, None], len(sound), axis=0)
    kept /= np.sqrt((kept**2).mean())
    return kept


def _decay(size: int, rate: float) -> Sound:
    return np.exp(-rate * np.arange(size) / RATE).astype(np.float32)[:, None]


def _fades(size: int, attack: float, release: float) -> NDArray[np.float64]:
    envelope = np.ones(size)
    rise, fall = min(size, int(attack * RATE)), min(size, int(release * RATE))
    envelope[:rise] *= np.linspace(0, 1, rise)
    envelope[size - fall :] *= np.linspace(1, 0, fall)
    return envelope


def _add(track: Sound, at: int, sound: Sound) -> None:
    """Add a sound into a track from sample `at`; what reaches past its end is left out."""
    sound = sound[: max(0, len(track) - at)]
    track[at : at + len(sound)] += sound
