"""A character's clearest lines, cut out of the sound of the episodes in the lake: to listen to, and kept for cloning.

Of each transcript the best lines of each voice are kept once, as blobs with a fact of the series (table `reference`).
They say whose label they are, not whose character: so a correction of the cast holds for them too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from dubwright.errors import KeyMissingError
from dubwright.lake import Lake, layout
from dubwright.lake.layout import SeriesKey, UnitKey
from dubwright.lake.reading import about, columns
from dubwright.lake.spreading import spread
from dubwright.media import sound
from dubwright.series.cast import Cast
from dubwright.transcribe.speakers import features
from dubwright.transcribe.speakers.prints import DIALOGUE
from dubwright.transcribe.speakers.references import Candidate, Choice, best, candidates, choose
from dubwright.voiceprints.spectra import RATE, Array

FACT = "reference"
COLUMNS = ("segment", "start_ms", "end_ms", "speaker", "kind", "speaker_confidence")
# What a speaker is worth of whom nothing says how sure it is.
USUAL_CONFIDENCE = 0.8
# Of a long series the episodes in which the character speaks most are listened to: in them there is enough.
EPISODES = 6
PAUSE_S = 0.4

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clip:
    """A line that was chosen, and its sound: shape [n], mono at 16 kHz."""

    choice: Choice
    samples: Array


def clips_of(lake: Lake, series: str, cast: Cast, character: str, episodes: int = EPISODES) -> list[Clip]:
    """The clearest 5 to 15 s of a character (by id), best first; fewer where it says less, none where it is never clear.

    Raises `StoreError`, `MediaError`.
    """
    keys = [
        UnitKey("transcript", series, episode, None, mark)
        for episode in cast.episodes_of(character)
        if (mark := cast.newest.get(episode))
    ]
    read = [(key, rows) for key, rows in zip(keys, spread(lambda key: _rows(lake, key), keys), strict=True) if rows]
    read.sort(key=lambda pair: -sum(row["end_ms"] - row["start_ms"] for row in _own(pair[0], pair[1], cast, character)))
    found: list[Candidate] = []
    heard: dict[str, Array] = {}
    for key, rows in read[:episodes]:
        samples = _sound(lake, key)
        if samples is not None:
            heard[key.episode] = samples
            own = {row["segment"] for row in _own(key, rows, cast, character)}
            found += [each for each in _candidates(key.episode, rows, samples) if each.segment in own]
    return [Clip(choice, _cut(heard[choice.episode], choice)) for choice in choose(found)]


@dataclass(frozen=True, slots=True)
class Reference:
    """A kept clip: the line, how good it is, the key of its blob."""

    choice: Choice
    blob: str


def references_of(lake: Lake, series: str, cast: Cast, character: str) -> list[Reference]:
    """The best 5 to 15 s that are kept of a character (by id) over the series, best first. Raises `StoreError`."""
    kept = {
        Choice(row["episode"], row["segment"], row["start_ms"], row["end_ms"], round(row["score"], 3)): str(row["blob"])
        for row in lake.read_series_facts(lake.series_facts(series, FACT))
        if row["segment"] is not None
        and cast.newest.get(row["episode"]) == row["transcript"]
        and (who := cast.who(row["episode"], row["speaker"], row["start_ms"], row["end_ms"]))
        and who.id == character
    }
    return [Reference(choice, kept[choice]) for choice in best(kept)]


def keep(lake: Lake, series: str, transcripts: Sequence[UnitKey]) -> int:
    """Keep the best lines of each voice of these transcripts, where that was not done before; of how many it was now.

    Raises `StoreError`, `MediaError`.
    """
    seen = {(row["episode"], row["transcript"]) for row in lake.read_series_facts(lake.series_facts(series, FACT))}
    new = [key for key in transcripts if (key.episode, key.fingerprint) not in seen]
    rows = [row for key in new for row in _kept(lake, key)]
    while new:
        version = max((key.version for key in lake.series_facts(series, FACT)), default=0)
        if lake.add_series_fact(SeriesKey(series, FACT, version + 1), rows):
            break
    return len(new)


def _kept(lake: Lake, key: UnitKey) -> Iterator[Row]:
    """The rows of a transcript: one that says that it was looked through, and one for each line that is kept."""
    shared = {"episode": key.episode, "transcript": key.fingerprint}
    yield shared
    rows, samples = _rows(lake, key), _sound(lake, key)
    if not rows or samples is None:
        return
    labels = {
        row["segment"]: row["speaker"] for row in rows if row["speaker"] and (row["kind"] or DIALOGUE) == DIALOGUE
    }
    found = [each for each in _candidates(key.episode, rows, samples) if each.segment in labels]
    for label in sorted(set(labels.values())):
        for choice in choose(each for each in found if labels[each.segment] == label):
            with TemporaryDirectory(prefix="dubwright-clip-") as folder:
                path = Path(folder, "clip.flac")
                sound.write_flac(path, _cut(samples, choice)[:, None], RATE)
                blob = lake.put_blob(path)
            times = {"segment": choice.segment, "start_ms": choice.start_ms, "end_ms": choice.end_ms}
            yield shared | times | {"speaker": label, "score": choice.score, "blob": blob}


def joined(clips: Sequence[Clip]) -> Array:
    """Clips one after another, each with a pause behind it: shape [n]."""
    pause = np.zeros(round(PAUSE_S * RATE), np.float32)
    return np.concatenate([part for clip in clips for part in (clip.samples, pause)] or [pause])


def _rows(lake: Lake, key: UnitKey) -> list[Row]:
    try:
        rows: list[Row] = columns(lake, str(key), COLUMNS).to_pylist()
    except KeyMissingError:  # collected since it was linked
        return []
    return rows


def _own(key: UnitKey, rows: Sequence[Row], cast: Cast, character: str) -> Iterator[Row]:
    for row in rows:
        who = cast.who(key.episode, row["speaker"], row["start_ms"], row["end_ms"])
        if who and who.id == character and (row["kind"] or DIALOGUE) == DIALOGUE:
            yield row


def _sound(lake: Lake, key: UnitKey) -> Array | None:
    """The sound that a transcript was made from; None where it is gone."""
    try:
        source = layout.parse_unit(str(about(lake, str(key)).get("upstream", {}).get("ingest")))
        if source is None:
            return None
        with lake.blob_file(lake.read(source).row()["speech_blob"]) as file:
            samples: Array = sound.read(file, rate=RATE, channels=1)[0][:, 0]
            return samples
    except KeyMissingError:
        return None


def _candidates(episode: str, rows: Sequence[Row], samples: Array) -> list[Candidate]:
    spans = [(row["segment"], row["start_ms"], row["end_ms"]) for row in rows if row["kind"] != "caption"]
    sure = [row["speaker_confidence"] or USUAL_CONFIDENCE for row in rows if row["kind"] != "caption"]
    measured = features.measure(samples, [(start, end) for _, start, end in spans])
    return candidates(episode, samples, spans, sure, measured.above_bed_db.tolist())


def _cut(samples: Array, choice: Choice) -> Array:
    return samples[choice.start_ms * RATE // 1000 : choice.end_ms * RATE // 1000]
