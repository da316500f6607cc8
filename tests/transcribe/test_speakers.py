"""Voices told apart within an episode: what is measured, how lines are put together, what is not guessed."""

from __future__ import annotations

import pickle
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from dubwright.errors import ModelError
from dubwright.transcribe.speakers import clustering, diarization, diarize, features, references
from dubwright.transcribe.speakers.references import Candidate
from dubwright.voiceprints.encoder import HIDDEN, VoiceEncoder
from tests.transcribe.conftest import music
from tests.transcribe.voices import BOY, MAN, RATE, WOMAN, Voice, checkpoint, scene

TURNS = [MAN, WOMAN, MAN, WOMAN, WOMAN, MAN, WOMAN, MAN]
LENGTHS = [2200, 1500, 1800, 2600, 1100, 1300, 1900, 2400]


def labels(turns: list[Voice]) -> list[str]:
    known: dict[Voice, str] = {}
    return [known.setdefault(voice, f"S{len(known) + 1}") for voice in turns]


@pytest.mark.slow
@pytest.mark.parametrize("bed_level", [0.0, 0.02])
def test_a_man_and_a_woman_are_told_apart_with_music_or_without(bed_level: float) -> None:
    lines = list(zip(TURNS, LENGTHS, strict=True))
    samples, spans = scene(lines, music(30_000, bed_level) if bed_level else None)
    found = diarize(samples, spans, cast=["male", "female"])
    assert [line.label for line in found.lines] == labels(TURNS)
    assert [(each.label, each.sex) for each in found.prints] == [("S1", "male"), ("S2", "female")]
    man, woman = found.prints
    assert man.f0_hz == pytest.approx(115, rel=0.1) and woman.f0_hz == pytest.approx(225, rel=0.1)
    assert (man.first_ms, man.speech_ms) == (1500, 2200 + 1800 + 1300 + 2400)
    assert man.voice is None


@pytest.mark.slow
def test_three_voices_are_counted_without_a_cast_list() -> None:
    turns = [MAN, WOMAN, BOY] * 4
    samples, spans = scene([(voice, 1200 + 150 * at) for at, voice in enumerate(turns)])
    assert [line.label for line in diarize(samples, spans).lines] == labels(turns)


def test_who_has_two_lines_keeps_them_beside_somebody_who_has_many() -> None:
    many, two = [0.0, 0.1, -0.1, 0.0], [1.9, 4.1]
    points = np.array([[at, 0.0] for at in (*many, *two)], np.float32)
    owners, confidence = diarization._owners(points, np.ones(6, np.float32), [[0, 1, 2, 3], [4, 5]])
    assert owners.tolist() == [0, 0, 0, 0, 1, 1]
    assert confidence[4] < confidence[5]


def test_the_order_of_the_lines_given_changes_nothing() -> None:
    samples, spans = scene(list(zip(TURNS, LENGTHS, strict=True)))
    whole, turned = diarize(samples, spans), diarize(samples, spans[::-1])
    assert [line.label for line in whole.lines] == [line.label for line in turned.lines][::-1]


def test_a_short_line_founds_no_voice() -> None:
    samples, spans = scene([*zip(TURNS, LENGTHS, strict=True), (BOY, 300)])
    found = diarize(samples, spans, cast=["male", "female"])
    assert {each.label for each in found.prints} == {"S1", "S2"}


@pytest.mark.parametrize("spans", [[], [(0, 0)], [(100, 140)], [(0, 2000)], [(5000, 9000)], [(0, 900), (900, 1800)]])
def test_nobody_is_named_where_nothing_is_heard(spans: list[tuple[int, int]]) -> None:
    found = diarize(np.zeros(2 * RATE, np.float32), spans)
    assert [line.label for line in found.lines] == [None] * len(spans)
    assert not found.prints


def test_one_line_is_one_voice() -> None:
    samples, spans = scene([(WOMAN, 1500)])
    (line,) = diarize(samples, spans).lines
    assert line.label == "S1"


def test_music_is_taken_out_of_what_is_measured() -> None:
    lines = [(MAN, 2000), (MAN, 2000)]
    samples, spans = scene(lines)
    clean, bedded = (
        features.measure(sound, spans) for sound in (samples, samples + music(20_000, 0.02)[: len(samples)])
    )
    assert (clean.above_bed_db > 30).all() and (bedded.above_bed_db < 20).all()
    assert bedded.f0_hz == pytest.approx(clean.f0_hz, rel=0.05)


def test_pitch_is_no_octave_off() -> None:
    for voice in (Voice(85, 1.0), MAN, Voice(160, 1.1), WOMAN, Voice(330, 1.3)):
        samples, spans = scene([(voice, 2000)])
        assert features.measure(samples, spans).f0_hz[0] == pytest.approx(voice.f0_hz, rel=0.1)


# Clustering -------------------------------------------------------------------------------------------


def clouds(centres: list[float], size: int, dimensions: int = 16) -> np.ndarray:  # type: ignore[type-arg]
    rng = np.random.default_rng(5)
    axes = np.eye(dimensions)[: len(centres)] * np.array(centres)[:, None]
    points = np.repeat(axes, size, axis=0) + 0.12 * rng.standard_normal((size * len(centres), dimensions))
    return points.astype(np.float32)


def test_ward_finds_the_clouds_at_every_count() -> None:
    points = clouds([1, 1, 1, 1], 5)
    tree = clustering.ward(points, np.ones(len(points), np.float32))
    assert sorted(map(sorted, tree[4])) == [list(range(at, at + 5)) for at in range(0, 20, 5)]
    assert all(sorted(chain.from_iterable(groups)) == list(range(20)) for groups in tree.values())
    assert {count: len(groups) for count, groups in tree.items()} == {count: count for count in range(1, 21)}


def test_a_cast_list_bounds_loosely_how_many_voices_there_are() -> None:
    points = clouds([1, 1, 1], 6)
    voices = points / np.linalg.norm(points, axis=1, keepdims=True)
    weights = np.ones(len(points), np.float32)
    tree = clustering.ward(points, weights)
    for cast in (None, 3, 5, 2):
        assert clustering.voices_by_likeness(voices, tree, cast) == 3
        assert clustering.voices_by_silhouette(points, weights, tree, cast) == 3
    one = np.repeat(voices[:1], 8, axis=0)
    assert clustering.voices_by_likeness(one, clustering.ward(one, weights[:8]), 4) == 1


# The encoder ------------------------------------------------------------------------------------------


@pytest.mark.models
def test_the_encoder_reads_a_checkpoint_and_answers_in_unit_vectors(tmp_path: Path) -> None:
    encoder = VoiceEncoder(checkpoint(tmp_path / "voice.pt"))
    sounds = [MAN.say(2500, 1), MAN.say(300, 2), np.zeros(RATE, np.float32), np.zeros(0, np.float32)]
    vectors = encoder.embed(sounds)
    assert vectors.shape == (4, HIDDEN)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 0, 0], abs=1e-4)
    # Louder is no other voice, and a sound's company changes nothing.
    assert encoder.embed([3 * sounds[0]])[0] == pytest.approx(vectors[0], abs=1e-3)
    assert encoder.embed([]).shape == (0, HIDDEN)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run",)


def test_a_file_that_is_no_checkpoint_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "voice.pt"
    whole = checkpoint(path).read_bytes()
    bodies = [b"", b"not a pickle", whole[: len(whole) // 2], pickle.dumps(Evil()), pickle.dumps(1) * 5]
    bodies.append(pickle.dumps(1, 2) * 3 + pickle.dumps({"model_state": {"x": Evil()}}, 2))
    for body in bodies:
        path.write_bytes(body)
        with pytest.raises(ModelError, match="not a checkpoint"):
            VoiceEncoder(path)
    with pytest.raises(ModelError, match="not a checkpoint"):
        VoiceEncoder(checkpoint(path, leave_out="lstm.weight_hh_l2"))
    assert "run" not in capsys.readouterr().out


# Reference clips --------------------------------------------------------------------------------------


def candidate(segment: int, length_ms: int = 3000, **other: float | bool) -> Candidate:
    given = {"confidence": 0.95, "above_bed_db": 28.0, "level_dbfs": -20.0, "clipped": 0.0} | other
    return Candidate("01", segment, 10_000 * segment, 10_000 * segment + length_ms, **given)  # type: ignore[arg-type]


def test_the_cleanest_clips_are_chosen_up_to_15_seconds() -> None:
    good = [candidate(number) for number in range(1, 8)]
    poor = [
        candidate(11, above_bed_db=5.0),
        candidate(12, clipped=0.01),
        candidate(13, length_ms=600),
        candidate(14, confidence=0.3),
        candidate(15, above_bed_db=float("nan")),
    ]
    chosen = references.choose([*poor, *good[::-1]])
    assert [each.segment for each in chosen] == [1, 2, 3, 4, 5]
    assert references.choose([*good, *poor]) == chosen
    assert references.choose(poor[:3]) == []
    # Better a mediocre clip than one too short to clone from.
    assert [each.segment for each in references.choose([good[0], poor[3]])] == [1, 14]
    assert [each.segment for each in references.choose([*good[:2], poor[3]])] == [1, 2]


def test_lines_are_measured_as_candidates() -> None:
    samples, spans = scene([(MAN, 2000), (WOMAN, 2000)])
    samples[: 3 * RATE] *= 20
    found = references.candidates(
        "01", np.clip(samples, -1, 1), [(at + 1, *span) for at, span in enumerate(spans)], [0.9, 0.9], [30.0, 30.0]
    )
    assert found[0].clipped > references.MOST_CLIPPED > found[1].clipped
    assert found[1].level_dbfs == pytest.approx(-20, abs=1) and found[1].alone
    touching = references.candidates("01", samples, [(1, 1500, 3500), (2, 3550, 5000)], [0.9, 0.9], [30.0, 30.0])
    assert not any(each.alone for each in touching)
