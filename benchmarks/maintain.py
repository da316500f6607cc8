"""What looking after a lake costs: the census of one of any size from keys alone, and all the rest on a small real one.

python -m benchmarks.maintain census --series 3000 --episodes 80 --languages 10
python -m benchmarks.maintain lake --series 20 --episodes 20 --languages 3
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dubwright.lake import Lake, census, layout, open_lake
from dubwright.lake.collection import collect
from dubwright.lake.compaction import compact
from dubwright.lake.layout import UnitKey
from dubwright.lake.local import LocalStore
from dubwright.lake.store import ObjectInfo
from dubwright.lake.verification import verify

LANGUAGES = ("ar", "de", "en", "es", "fr", "id", "it", "ja", "pt-BR", "th")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 1000
SHARED = {"engine": "fake", "engine_version": "1", "model_sha256": None}


class Keys(LocalStore):
    """A lake of keys that nobody wrote down: they are made up, in order, as they are listed, a page at a time."""

    def __init__(self, series: int, episodes: int, languages: int, page_s: float) -> None:
        super().__init__(Path("/nowhere"))
        self.names = sorted(f"剧 {number:05d}" for number in range(series))
        self.episodes, self.page_s = episodes, page_s
        heads = [(table, None) for table in ("source", "transcript")]
        tables = ("translation", "dub", "deliverable")
        self.heads = heads + [(table, language) for table in sorted(tables) for language in LANGUAGES[:languages]]

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        for number, key in enumerate(self._keys(prefix, after)):
            if number % PAGE == 0:
                time.sleep(self.page_s)
            yield ObjectInfo(key, 4000, NOW)

    def _keys(self, prefix: str, after: str) -> Iterator[str]:
        for table, language in self.heads:
            head = layout.unit_prefix(table, language)
            if not (head.startswith(prefix) or prefix.startswith(head)) or (after and f"{head}~" < after):
                continue
            for name in self.names:
                for episode in range(self.episodes):
                    key = str(UnitKey(table, name, f"{episode:03d}", language, f"{episode:032x}"))
                    if key > after and key.startswith(prefix):
                        yield key


def take_census(series: int, episodes: int, languages: int) -> None:
    lake = Lake(Keys(series, episodes, languages, page_s=0.02))
    found = timed("census", lambda: sum(len(each.units) for each in census.by_series(lake)))
    print(f"{found} units; peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def look_after(series: int, episodes: int, languages: int) -> None:
    with TemporaryDirectory() as folder:
        lake = open_lake(folder)
        line = lake.put_blob_bytes(b"line", "flac")
        tables: list[tuple[str, str | None]] = [("source", None), ("transcript", None)]
        tables += [(table, language) for table in ("translation", "dub") for language in LANGUAGES[:languages]]

        def commit(revision: int, episodes: int) -> int:
            for table, language in tables:
                for name in range(series):
                    for episode in range(episodes):
                        more = (
                            {"blob": line} if table == "dub" else {"text": "字" * 20} if table == "translation" else {}
                        )
                        rows = [{**SHARED, "language": language or "zh", "segment": n, **more} for n in range(1, 31)]
                        key = UnitKey(table, f"剧{name}", f"{episode:03d}", language, f"{revision:032x}")
                        lake.commit(key, rows, {"recipe": {}, "upstream": {}})
            return len(tables) * series * episodes

        print(timed("commit", lambda: commit(1, episodes)), "units of 30 rows")
        print(timed("compact", lambda: compact(lake)))
        print(timed("compact again", lambda: compact(lake)))
        print(timed("commit one episode of each series anew", lambda: commit(2, 1)))
        print(timed("compact", lambda: compact(lake)))
        print(timed("collect, dry run", lambda: collect(lake, grace=timedelta(0), wanted=None)))
        print(timed("collect", lambda: collect(lake, grace=timedelta(0), wanted=None, delete=True)))
        findings: list[object] = []
        print(timed("verify", lambda: verify(lake, findings.append)), len(findings), "recipes that are none")


def timed(what: str, call: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    result = call()
    print(f"{what}: {time.perf_counter() - started:.1f} s")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("census", "lake"))
    for name, default in (("series", 20), ("episodes", 20), ("languages", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    {"census": take_census, "lake": look_after}[given.what](given.series, given.episodes, given.languages)


if __name__ == "__main__":
    main()
