"""The sample series, delivered by a whole platform: once for all tests of a session that want it.

With `SAMPLE_PROFILE=fake` in the environment it is a small series by engines that do no real work, to try such tests on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dubwright.lake import Lake
from tests.flows.conftest import make_video
from tests.platform.cluster import Cluster, started

LANGUAGES = ("en", "es")
PROFILE = os.environ.get("SAMPLE_PROFILE", "embedded")


@dataclass(frozen=True)
class Delivered:
    """What the platform delivered: its `units`, the `status` and what exporting the `videos` printed; of a `catalogue`."""

    catalogue: Path
    cluster: Cluster
    units: dict[str, str]
    status: Any
    exported: Any
    videos: Path

    @property
    def lake(self) -> Lake:
        return self.cluster.lake

    @property
    def series(self) -> str:
        """The sample's name."""
        name: str = self.status["series"][0]["series"]
        return name


@contextmanager
def delivered(folder: Path, catalogue: Path) -> Iterator[Delivered]:
    """A schedule fires on a platform below `folder`; it stays for the time of the block."""
    to = ",".join(LANGUAGES)
    with started(folder, DUBWRIGHT_PROFILE=PROFILE, DUBWRIGHT_CLUSTER__THREADS="2") as cluster:
        cluster.command("catalog", "add", "sample", str(catalogue), "--to", to)
        cluster.wait_for_schedule(1800)
        units, status = cluster.units(), cluster.command("status")
        exported = cluster.command("localize", "lake:sample", "--to", to, "--out", str(folder / "videos"))
        # One language, since the fixed set is as long as the sample: three minutes where nobody computes with AVX-512.
        evaluated = cluster.run("evaluate/evaluate", {"to": ["en"]}, within_s=900)
        assert evaluated.state and evaluated.state.is_completed(), evaluated.state
        yield Delivered(catalogue, cluster, units, status, exported, folder / "videos")


def stand_in(folder: Path) -> Path:
    """What the fake engines localize instead of the sample."""
    for episode in ("01", "02", "03"):
        make_video(folder / "槐巷不灭灯" / f"{episode}.mp4")
    return folder
