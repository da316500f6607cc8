"""A synthetic catalogue and the keys of its lake, partly localized; and a store that lists them as S3 does.

    python -m benchmarks.synthetic make DIR --series 3000 --episodes 80 --languages 10 --done 0.5

DIR then holds `catalogue.parquet`, a manifest whose rows carry their digests so that no video is needed, and
`keys/`, one sorted file for each partition. Keys only: nothing has content.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from dubwright import settings as all_settings
from dubwright.catalogue import catalog as catalogs
from dubwright.catalogue.catalog import Catalog
from dubwright.lake import Lake, layout, schemas
from dubwright.lake.local import LocalStore
from dubwright.lake.store import ObjectInfo
from dubwright.planning import plan as plans

LANGUAGES = ("en", "es", "fr", "ar", "th", "pt-BR", "id", "de", "ja", "hi", "it", "tr", "vi", "ru", "ko")
NAMES = "长夜灯槐巷不灭春山雪落城南旧事归来琴声"
PAGE = 1000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def settings() -> all_settings.Settings:
    """The engines that handle every language and need nothing installed."""
    return all_settings.load({"profile": "fake"})


def make(folder: Path, *, series: int, episodes: int, languages: int, done: float, seed: int = 7) -> None:
    """Write the manifest and the keys. Of the series a share of `done` is begun, with gaps; the rest is untouched."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{''.join(rng.sample(NAMES, 4))} {number:05d}" for number in range(series)]
    rows = [
        {
            "series": name,
            "episode": f"{n:03d}",
            "video": f"/nowhere/{name}/{n:03d}.mp4",
            "digest": f"{rng.getrandbits(128):032x}",
        }
        for name in names
        for n in range(1, episodes + 1)
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "catalogue.parquet")
    catalog = catalogs.load(str(folder / "catalogue.parquet"))
    empty = Lake(LocalStore(folder / "no-lake"))
    planner = plans.planner(LANGUAGES[:languages], settings(), empty)
    (folder / "keys").mkdir(exist_ok=True)
    written: dict[str, list[str]] = {}
    begun = catalog.of({name for name in names if rng.random() < done})
    for plan in planner.by_series(begun):
        for unit in plan:
            if rng.random() < 0.999:
                key = unit.work.key
                written.setdefault(layout.unit_prefix(key.table, key.language), []).append(str(key))
    for prefix, keys in written.items():
        (folder / "keys" / (prefix.strip("/").replace("/", "~") + ".txt")).write_text(
            "".join(f"{key}\n" for key in sorted(keys)), encoding="utf-8"
        )


class SyntheticStore(LocalStore):
    """Lists keys from sorted files in pages of 1,000, each page after a delay, as an object store over a network would.

    Every unit reads as one that was made up, after the same delay. Each request adds a byte to the file `counted`, whichever
    process makes it.
    """

    def __init__(self, folder: Path, page_s: float = 0.05, counted: Path | None = None) -> None:
        super().__init__(folder / "no-lake")
        self.counted = counted
        self.files = sorted((folder / "keys").iterdir(), key=lambda path: path.stem.replace("~", "/") + "/")
        self.page_s = page_s

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        self._turn()
        number = 0
        for path in self.files:
            begins = path.stem.replace("~", "/") + "/"
            # A file holds the keys of one partition; '0' is what follows '/'.
            if not (begins.startswith(prefix) or prefix.startswith(begins)) or after > begins[:-1] + "0":
                continue
            for key in self._keys(path, max(prefix, after)):
                if not key.startswith(prefix):
                    break
                if key > after:
                    number += 1
                    if number % PAGE == 1 and number > 1:
                        self._turn()
                    yield ObjectInfo(key, 1000, NOW)

    def folders(self, prefix: str = "") -> Iterator[str]:
        """One request, as of an object store that is asked with a delimiter; of what lies above a file's keys."""
        self._turn()
        begins = (path.stem.replace("~", "/") + "/" for path in self.files)
        rests = (each[len(prefix) :] for each in begins if each.startswith(prefix) and each != prefix)
        yield from sorted({rest.partition("/")[0] for rest in rests})

    def read(self, key: str) -> bytes:
        unit = layout.parse_unit(key)
        if unit is None:
            return super().read(key)
        self._turn()
        return _made_up(unit.table)

    def _keys(self, path: Path, start: str) -> Iterator[str]:
        with path.open("rb") as file:
            _seek(file, start.encode())
            for line in file:
                yield line[:-1].decode()

    def _turn(self) -> None:
        if self.counted:
            with self.counted.open("ab") as counted:
                counted.write(b".")
        time.sleep(self.page_s)


@cache
def _made_up(table: str) -> bytes:
    """A unit of a table that took 30 s for an episode of two minutes."""
    required = {"kind": "video", "blob": "b", "bytes": 20_000_000, "sha256": "0", "duration_ms": 120_000}
    names = schemas.TABLES[table].names
    row = {"language": "zh", "engine": "fake", "engine_version": "1"} | {
        name: value for name, value in required.items() if name in names
    }
    key = layout.UnitKey(table, "a", "1", None, "0" * 32)
    with TemporaryDirectory() as folder:
        lake = Lake(LocalStore(Path(folder)))
        lake.commit(key, [row], {"recipe": {"engine": "fake"}, "cost": {"wall_s": 30.0, "device": "cpu"}})
        return lake.store.read(str(key))


def _seek(file, target: bytes) -> None:  # type: ignore[no-untyped-def]
    """To the first line not below `target`, by bisection of a sorted file."""
    file.seek(0, 2)
    low, high = 0, file.tell()
    while low < high:
        middle = (low + high) // 2
        file.seek(middle)
        if middle:
            file.readline()
        line = file.readline()
        if line and line[:-1] < target:
            low = middle + 1
        else:
            high = middle
    file.seek(low)
    if low:
        file.readline()


def load(folder: Path, page_s: float = 0.05) -> tuple[Catalog, Lake]:
    """The synthetic catalogue and its lake."""
    return catalogs.load(str(folder / "catalogue.parquet")), Lake(SyntheticStore(folder, page_s))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("make", choices=["make"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--series", type=int, default=3000)
    parser.add_argument("--episodes", type=int, default=80)
    parser.add_argument("--languages", type=int, default=10)
    parser.add_argument("--done", type=float, default=0.5)
    arguments = parser.parse_args()
    make(
        arguments.folder,
        series=arguments.series,
        episodes=arguments.episodes,
        languages=arguments.languages,
        done=arguments.done,
    )


if __name__ == "__main__":
    main()
