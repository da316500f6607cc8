"""The lake of `benchmarks.synthetic` with content, for people to work in: units, who speaks, which terms are fixed.

Every unit reads as one of a few tables of its kind (48 lines in two minutes); what people do is written as into any lake.
"""

from __future__ import annotations

import io
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from heapq import merge
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import numpy as np

from benchmarks import synthetic
from dubwright.lake import Lake, layout
from dubwright.lake.layout import UnitKey
from dubwright.lake.local import LocalStore
from dubwright.lake.store import ObjectInfo
from dubwright.media import sound
from dubwright.series import cast
from dubwright.series.cast import Decision
from dubwright.series.facts import Term
from dubwright.terms import log
from dubwright.terms.log import Entry

LINES, LINE_MS = 48, 2500
DURATION_MS = LINES * LINE_MS
# So many episodes differ in sound and words; the others are like one of these.
VARIANTS = 8
RATE = 16_000
SPEAKERS = 6
METRICS = ("fit", "tempo", "onset_ms", "level_db", "likeness", "word_error")
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


class WorkedStore(synthetic.SyntheticStore):
    """The synthetic keys, whose units have content, and beside them an ordinary folder, `root`, to which people write."""

    def __init__(self, folder: Path, root: Path, page_s: float = 0.0) -> None:
        super().__init__(folder, page_s)
        self.root = root.resolve()
        self.uri = f"file://{self.root}"

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        own = LocalStore.list(self, prefix, after=after)
        return merge(super().list(prefix, after=after), own, key=lambda found: found.key)

    def folders(self, prefix: str = "") -> Iterator[str]:
        yield from sorted({*super().folders(prefix), *LocalStore(self.root).folders(prefix)})

    def exists(self, key: str) -> bool:
        return layout.parse_unit(key) is not None or LocalStore.exists(self, key)

    def read(self, key: str) -> bytes:
        self._turn()
        unit = layout.parse_unit(key)
        return LocalStore.read(self, key) if unit is None else content(self.root, unit)

    def open(self, key: str) -> IO[bytes]:
        self._turn()
        unit = layout.parse_unit(key)
        return LocalStore.open(self, key) if unit is None else io.BytesIO(content(self.root, unit))

    def _turn(self) -> None:
        if self.page_s:
            time.sleep(self.page_s)


def content(root: Path, unit: UnitKey) -> bytes:
    """The bytes of a unit."""
    return _content(root, unit.table, unit.language, zlib.crc32(f"{unit.series}/{unit.episode}".encode()) % VARIANTS)


def prepare(root: Path) -> None:
    """Make all of the content, so that nobody who is timed waits for it."""
    for table, language in product(layout.UNIT_TABLES, (None, *synthetic.LANGUAGES[:10])):
        if (language is None) == (table in ("source", "transcript")):
            for variant in range(VARIANTS):
                _content(root, table, language, variant)


@lru_cache(maxsize=1000)
def _content(root: Path, table: str, language: str | None, variant: int) -> bytes:
    blobs = (root / "blobs.txt").read_text(encoding="utf-8").split()
    rows = _rows(table, variant, blobs[2 * variant], blobs[2 * variant + 1])
    shared = {"language": language or "zh", "engine": "fake", "engine_version": "1"}
    key = UnitKey(table, "a", "1", language, "0" * 32)
    with TemporaryDirectory() as folder:
        lake = Lake(LocalStore(Path(folder)))
        lake.commit(key, [shared | row for row in rows], {"recipe": {"engine": "fake", "edits": None}})
        return lake.store.read(str(key))


def furnish(root: Path, series: list[str], episodes: list[str]) -> None:
    """Put into the folder what the content refers to: sounds, and the cast and glossary of these series."""
    lake = Lake(LocalStore(root))
    blobs = []
    with TemporaryDirectory() as folder:
        for variant in range(VARIANTS):
            for what in range(2):
                path = Path(folder, f"{variant}.{what}.flac")
                sound.write_flac(path, _voices(variant * 2 + what)[:, None], RATE)
                blobs.append(lake.put_blob(path))
    (root / "blobs.txt").write_text("\n".join(blobs), encoding="utf-8")
    for name in series:
        people = [
            Decision("heard", "", episode=episode, transcript="0" * 32, said=_source(n))
            for n, episode in enumerate(episodes)
        ]
        people += [
            Decision("link", f"c{n:02d}", episode=episode, transcript="0" * 32, speaker=f"S{n}")
            for episode in episodes
            for n in range(1, SPEAKERS + 1)
        ]
        people += [Decision("name", f"c{n:02d}", name=f"{synthetic.NAMES[n]}叔") for n in range(1, SPEAKERS + 1)]
        cast.decide(lake, name, people, "dubwright")
        terms = [
            Term(source=each, renderings={"en": f"Term {each}", "es": f"Término {each}"}) for each in synthetic.NAMES
        ]
        log.decide(lake, name, [Entry(term, editor="ana") for term in terms])


def _rows(table: str, variant: int, speech: str, mix: str) -> list[dict[str, Any]]:
    numbered = [(n, (n - 1) * LINE_MS, (n - 1) * LINE_MS + 1900) for n in range(1, LINES + 1)]
    match table:
        case "source":
            sounds = {"speech_blob": speech, "stereo_blob": speech}
            return [sounds | {"duration_ms": DURATION_MS, "width": 720, "height": 1280}]
        case "transcript":
            return [
                {
                    "segment": n, "start_ms": start, "end_ms": end, "speaker": f"S{1 + n % SPEAKERS}",
                    "text": _source(n + variant),
                    "words": [{"text": char, "start_ms": start, "end_ms": end, "probability": 0.9} for char in _source(n)],
                    "confidence": 0.5 + n % 5 / 10, "evidence": "both", "kind": "dialogue", "voice_print": [0.1] * 128,
                }
                for n, start, end in numbered
            ]  # fmt: skip
        case "translation":
            return [
                {
                    "segment": n, "source_text": _source(n + variant), "text": f"Line {n} as the engine of {variant} said it.",
                    "state": "draft", "predicted_ms": 1800, "slot_ms": 1900, "notes": ["length: long"] if n % 7 == 0 else [],
                }
                for n, _, _ in numbered
            ]  # fmt: skip
        case "dub":
            said = [
                {
                    "segment": n, "start_ms": start, "duration_ms": 1850, "tempo": 1 + n % 4 / 10, "voice": "fake-f1",
                    "blob": speech, "verdict": "late" if n % 11 == 0 else "fits",
                    "reason": "starts 300 ms late" if n % 11 == 0 else None,
                }
                for n, start, _ in numbered
            ]  # fmt: skip
            return [*said, {"start_ms": 0, "duration_ms": DURATION_MS, "blob": mix, "verdict": "mix"}]
        case "deliverable":
            shared = {"bytes": 2_000_000, "sha256": "0" * 64}
            video = {"kind": "video", "blob": mix, "mime": "audio/flac", "width": 720, "height": 1280}
            return [shared | video, shared | {"kind": "vtt", "blob": mix, "mime": "text/vtt"}]
        case "quality":
            return [{"segment": n, "metric": metric, "value": 0.5} for n, _, _ in numbered for metric in METRICS] + [
                {"metric": "loudness_lu", "value": 0.2},
                {"metric": "drift_frames", "value": 0.3},
            ]
    raise ValueError(table)


def _source(n: int) -> str:
    return "".join(synthetic.NAMES[(n * 3 + at) % len(synthetic.NAMES)] for at in range(9)) + "。"


def _voices(seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Two minutes that sound, to a decoder, like speech: noise that comes and goes with the lines."""
    rng = np.random.default_rng(seed)
    loud = np.repeat(rng.uniform(0, 0.3, DURATION_MS // 250), RATE // 4)
    return (rng.standard_normal(len(loud)) * loud).astype(np.float32)
