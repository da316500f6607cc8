"""A series planned, transcribed and translated, in a lake in a folder or, where asked, on a real S3 server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dubwright import settings, unit
from dubwright.catalogue.catalog import Catalog, Episode, Series
from dubwright.lake import Lake, open_lake
from dubwright.planning import plan as plans
from dubwright.planning.plan import PlannedUnit
from dubwright.review import lines
from dubwright.review.edits import Place
from dubwright.review.lines import Script
from dubwright.settings import Settings
from tests.lake.conftest import aws_environment, radosgw

__all__ = ["aws_environment", "radosgw"]

SERIES, SECONDS = "槐巷 不灭灯", 20
SAID = (("你来了。", "You came."), ("灯还亮着。", "The lamp still burns."), ("走吧。", "Let's go."))
ABOUT = {"engine": "test", "engine_version": "1"}


@dataclass
class World:
    """A series of episodes of three lines in English; what its units are is the plan's word."""

    lake: Lake
    settings: Settings
    folder: Path
    episodes: tuple[str, ...] = ("01", "02")

    def plan(self, changed: Settings | None = None) -> dict[tuple[str, str], PlannedUnit]:
        """Every unit by episode and stage, under these settings or others."""
        found = tuple(Episode(SERIES, name, f"/{name}", f"digest {name}") for name in self.episodes)
        planned = plans.build(Catalog("test", (Series(SERIES, found),)), ["en"], changed or self.settings, self.lake)
        return {(each.work.episode, each.work.stage): each for each in planned}

    def wanted(self, changed: Settings | None = None) -> set[tuple[str, str]]:
        return {where for where, each in self.plan(changed).items() if each.state == "wanted"}

    def other(self, temperature: float = 0.9) -> Settings:
        """Settings under which everything is translated anew."""
        return settings.load({"profile": "fake", "lake": self.lake.uri, "translate": {"temperature": temperature}})

    def hear(self, episode: str, sources: Sequence[str]) -> None:
        times = [{"start_ms": 1000 + 3000 * n, "end_ms": 3000 + 3000 * n} for n in range(len(sources))]
        rows = [
            {"segment": n, "text": text, "speaker": "S1", "confidence": 0.9, "language": "zh", **ABOUT, **times[n - 1]}
            for n, text in enumerate(sources, 1)
        ]
        self.commit(episode, "ingest", [{"duration_ms": SECONDS * 1000, "language": "zh", **ABOUT}])
        self.commit(episode, "transcribe", rows)

    def commit(self, episode: str, stage: str, rows: Sequence[dict[str, Any]], changed: Settings | None = None) -> None:
        work = self.plan(changed)[episode, stage].work
        about = {"recipe": dict(work.recipe), "upstream": {name: str(key) for name, key in work.upstream.items()}}
        self.lake.commit(work.key, rows, about)

    def translate(self, episode: str = "01", changed: Settings | None = None) -> list[dict[str, Any]]:
        """Carry the translation out as the plan wants it; its rows."""
        work = self.plan(changed)[episode, "translate"].work
        unit.execute(work, unit.Machine(self.lake.uri, str(self.folder)))
        return self.lake.read(work.key).rows()

    def deliver(self, episode: str = "01") -> None:
        """Commit what follows the translation, as it is planned."""
        spoken = [{"segment": n, "verdict": "fits", "tempo": 1.0, "language": "en", **ABOUT} for n in (1, 2, 3)]
        self.commit(episode, "dub", spoken)
        self.commit(
            episode,
            "render",
            [
                {
                    "kind": "video",
                    "blob": f"blob/00/{'0' * 64}.mp4",
                    "bytes": 1,
                    "sha256": "0",
                    "language": "en",
                    **ABOUT,
                }
            ],
        )

    def script(self, episode: str = "01") -> Script:
        return lines.read(self.lake, Place(SERIES, episode, "en"))


def made(lake: Lake, settings: Settings, folder: Path) -> World:
    world = World(lake, settings, folder)
    for episode in world.episodes:
        world.hear(episode, [source for source, _ in SAID])
        rows = [
            {"segment": n, "source_text": source, "text": text, "subtitle_text": f"{text[:5]}…", "state": "draft"}
            for n, (source, text) in enumerate(SAID, 1)
        ]
        world.commit(episode, "translate", [{"language": "en", "notes": [], **ABOUT, **row} for row in rows])
    return world


@pytest.fixture
def world(lake: Lake, fake_settings: Settings, tmp_path: Path) -> World:
    """In a folder."""
    return made(lake, fake_settings, tmp_path / "models")


@pytest.fixture(params=["local", pytest.param("radosgw", marks=pytest.mark.e2e)])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """In a folder, and on S3."""
    server = request.getfixturevalue("radosgw") if request.param == "radosgw" else None
    uri = server.address() if server else str(tmp_path / "lake #1 50%")
    resolved = settings.load({"profile": "fake", "lake": uri})
    return made(open_lake(uri), resolved, tmp_path / "models")
