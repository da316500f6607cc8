"""The voices of a series' transcripts linked in the lake: once each, kept through redone transcripts, by many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import IO, Any

import numpy as np
import pytest

from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.local import LocalStore
from dubwright.series import cast as casts
from dubwright.series.cast import Cast
from dubwright.transcribe.speakers import prints_of
from dubwright.transcribe.speakers.series import link_series, same_voices

SERIES = "槐巷 不灭灯"
PITCH = {"lu": 220.0, "qin": 100.0, "shen": 125.0, "xia": 240.0}


def vector(who: str, seed: int) -> list[float]:
    """A voice's own direction, a little off."""
    rng = np.random.default_rng([seed, *who.encode()])
    voice = np.eye(256, dtype=np.float32)[list(PITCH).index(who)] + 0.01 * rng.standard_normal(256).astype(np.float32)
    return (voice / np.linalg.norm(voice)).tolist()


def transcript(
    lake: Lake, episode: str, said: Sequence[tuple[str, str]], mark: str = "first", *, encoder: bool = True
) -> UnitKey:
    """Commit a transcript of 2 s lines, each by (who it is, the label that it has)."""
    key = UnitKey("transcript", SERIES, episode, None, fingerprint({"of": episode, "mark": mark}))
    rows = [
        {
            "segment": number + 1,
            "language": "zh",
            "engine": "fake",
            "engine_version": "1",
            "start_ms": 3000 * number,
            "end_ms": 3000 * number + 2000,
            "text": "…",
            "speaker": label,
            "f0_hz": PITCH[who],
            "voice_print": vector(who, 100 * int(episode) + number) if encoder else None,
        }
        for number, (who, label) in enumerate(said)
    ]
    lake.commit(key, rows, {})
    return key


FIRST = [("qin", "S1"), ("lu", "S2"), ("qin", "S1"), ("lu", "S2"), ("qin", "S1"), ("lu", "S2")]
SECOND = [("lu", "S1"), ("shen", "S2"), ("lu", "S1"), ("shen", "S2"), ("lu", "S1"), ("shen", "S2")]


def who(cast: Cast, key: UnitKey) -> dict[str, str]:
    return {label: one for (_, label), one in cast.of_episode(key.episode, key.fingerprint).voices.items()}


def test_a_series_is_linked_once_and_later_episodes_follow(lake: Lake) -> None:
    keys = [transcript(lake, "01", FIRST), transcript(lake, "02", SECOND)]
    assert link_series(lake, SERIES, keys)
    cast = casts.read(lake, SERIES)
    assert (who(cast, keys[0]), who(cast, keys[1])) == ({"S1": "c01", "S2": "c02"}, {"S1": "c02", "S2": "c03"})
    assert [one.sex for one in cast.people.values()] == ["male", "female", "male"]
    keys.append(transcript(lake, "03", [("shen", "S1"), ("xia", "S2")] * 3))
    assert link_series(lake, SERIES, keys)
    assert who(casts.read(lake, SERIES), keys[2]) == {"S1": "c03", "S2": "c04"}


def test_what_is_linked_is_not_listened_to_again(lake: Lake) -> None:
    # One of them has nobody to link.
    keys = [transcript(lake, "01", FIRST), transcript(lake, "02", [])]
    link_series(lake, SERIES, keys)

    class FactsOnly(LocalStore):
        def open(self, key: str) -> IO[bytes]:
            raise AssertionError(f"opened {key}")

    assert not link_series(Lake(FactsOnly(Path(lake.uri.removeprefix("file://")))), SERIES, keys)
    assert casts.log(lake, SERIES).version == 1


@pytest.mark.parametrize("encoder", [True, False], ids=["by an encoder", "without one"])
def test_a_redone_transcript_keeps_what_people_said(lake: Lake, encoder: bool) -> None:
    before = transcript(lake, "01", FIRST, encoder=encoder)
    link_series(lake, SERIES, [before])
    cast = casts.read(lake, SERIES)
    casts.decide(lake, SERIES, [casts.name(cast, "c01", "秦师父"), casts.split(cast, "01", "S2")], "me")
    # Another recognizer: the labels are turned round, and there is a third voice.
    said = [(name, {"S1": "S2", "S2": "S1"}[label]) for name, label in FIRST]
    after = transcript(lake, "01", [*said, ("xia", "S3"), ("xia", "S3")], "second", encoder=encoder)
    assert link_series(lake, SERIES, [after])
    now = casts.read(lake, SERIES)
    assert who(now, after) == {"S1": "p01", "S2": "c01", "S3": "c03"}
    assert now.people["c01"].name == "秦师父"
    assert who(now, before) == {"S1": "c01", "S2": "p01"}
    # Back to the first one: it is known, and counts again.
    assert link_series(lake, SERIES, [before]) and not link_series(lake, SERIES, [before])
    assert casts.read(lake, SERIES).voices == {("01", "S1"): "c01", ("01", "S2"): "p01"}


def test_a_collected_transcript_is_done_without(lake: Lake) -> None:
    keys = [transcript(lake, "01", FIRST), transcript(lake, "02", SECOND)]
    link_series(lake, SERIES, keys)
    lake.store.delete(str(keys[1]))
    again = transcript(lake, "02", [(name, {"S1": "S2", "S2": "S1"}[label]) for name, label in SECOND], "second")
    link_series(lake, SERIES, [keys[0], again])
    # Whom another episode knows is known; the other has nobody to tell.
    assert who(casts.read(lake, SERIES), again) == {"S1": "c04", "S2": "c02"}


def test_runs_that_link_at_once_make_nobody_double(lake: Lake) -> None:
    keys = [transcript(lake, f"{number:02d}", FIRST if number % 2 else SECOND) for number in range(1, 7)]
    runs = [keys, keys[:3], keys[3:], keys[1:5]]
    together = Barrier(len(runs))

    def link(mine: list[UnitKey]) -> bool:
        together.wait(30)
        return link_series(lake, SERIES, mine)

    with ThreadPoolExecutor(len(runs)) as threads:
        assert any(threads.map(link, runs))
    cast, log = casts.read(lake, SERIES), casts.log(lake, SERIES).decisions
    assert len(cast.people) == 3 and len(cast.voices) == 12
    said = [(each.kind, each.episode, each.speaker) for each in log]
    assert len(said) == len(set(said)) == 12 + 6
    together.reset()
    assert not link_series(lake, SERIES, keys)


def test_voices_are_the_same_by_when_they_speak() -> None:
    old = {"S1": [(0, 4000)], "S2": [(5000, 6000)]}
    assert same_voices({"S1": [(4900, 6000)], "S2": [(100, 3900)]}, old) == {"S1": "S2", "S2": "S1"}
    # Two who were taken for one: whoever spoke more stays who it was.
    assert same_voices({"S1": [(0, 1500)], "S2": [(1500, 4000)]}, old) == {"S2": "S1"}
    # Mostly elsewhere: nobody of the old ones.
    assert same_voices({"S1": [(3000, 5000)]}, old) == {}


def test_prints_come_from_lines_of_dialogue_with_a_label() -> None:
    def row(number: int, **more: Any) -> Mapping[str, Any]:
        line = {"start_ms": 1000 * number, "end_ms": 1000 * number + 1000, "speaker": "S1", "kind": None}
        return line | {"f0_hz": 200.0, "voice_print": [1.0, 0.0]} | more

    rows = [
        row(4, speaker="S2", f0_hz=None, voice_print=None),
        row(0, speaker=None),
        row(1),
        row(2, f0_hz=100.0, voice_print=[0.0, 1.0], kind="song"),
        row(3, f0_hz=210.0, voice_print=None, kind="dialogue"),
    ]
    one, other = prints_of(rows)
    assert (one.label, one.sex, one.speech_ms, one.first_ms) == ("S1", "female", 2000, 1000)
    assert one.voice is not None and one.voice.tolist() == [1.0, 0.0]
    assert (other.label, other.voice, other.sex) == ("S2", None, "unknown")
    assert prints_of([]) == []
