"""Episodes committed up to the translation: a voice that buzzes at the lines' times, over a soft chord."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dubwright.dub.fake import FakeSynthesizer
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.media import sound
from dubwright.models import registry
from dubwright.series.facts import SeriesFacts
from dubwright.settings import DubSettings
from dubwright.stages import STAGES
from dubwright.unit import Machine, Work
from tests.dub import coqui

RATE = 44_100
FAKE = DubSettings(engines=("fake",), separator="none")


@dataclass(frozen=True)
class Said:
    """A line of the episode: its times (ms), its translation (None: failed), who speaks, at what pitch (Hz); its kind, and what
    may be said instead; where a person moved it (ms)."""

    start_ms: int
    end_ms: int
    text: str | None
    character: str | None = None
    speaker: str | None = None
    f0_hz: float | None = None
    kind: str | None = None
    short: str | None = None
    moved: tuple[int, int] | None = None


LINES = (
    Said(500, 2000, "The general is back."),
    Said(2600, 4400, "Nobody told the princess."),
    Said(6000, 7600, "What shall we do now?"),
)


def bed(seconds: float) -> NDArray[np.float32]:
    """A soft stereo chord, different left and right."""
    time = np.arange(round(seconds * RATE)) / RATE
    left = np.sin(2 * np.pi * 220 * time) + np.sin(2 * np.pi * 330 * time)
    right = np.sin(2 * np.pi * 277 * time) + np.sin(2 * np.pi * 440 * time)
    return (0.02 * np.stack([left, right], axis=1)).astype(np.float32)


def original(lines: tuple[Said, ...], seconds: float) -> NDArray[np.float32]:
    """The episode's sound: the chord, and 150 Hz with harmonics where somebody speaks."""
    samples = bed(seconds)
    voice = FakeSynthesizer(FAKE, {}, 1).speak("x" * 1000, "zh", "fake-m3").samples
    for line in lines:
        first, last = (ms * RATE // 1000 for ms in (line.start_ms, line.end_ms))
        piece = samples[first:last]
        piece += 0.5 * voice[: len(piece), np.newaxis]
    return samples


@dataclass
class Episodes:
    """Commits what the stages before the dub leave, as the plan would name it."""

    lake: Lake
    folder: Path
    settings: DubSettings = FAKE
    facts: SeriesFacts = field(default_factory=SeriesFacts)

    def add(
        self,
        lines: tuple[Said, ...] = LINES,
        *,
        seconds: float = 9.0,
        language: str = "en",
        episode: str = "01",
        samples: NDArray[np.float32] | None = None,
    ) -> Work:
        """The unit of work of an episode's dub. Stereo `samples` have the row that ingest left when it kept no other channels."""
        samples = original(lines, seconds) if samples is None else samples
        source: dict[str, Any] = {"duration_ms": round(seconds * 1000)}
        if samples.shape[1] != 2:
            source["sound_blob"] = self._sound(samples)
            samples = samples.mean(axis=1, keepdims=True).repeat(2, axis=1)
        source["stereo_blob"] = self._sound(samples)
        numbered = list(enumerate(lines, start=1))
        transcript = [
            {
                "segment": n,
                "start_ms": line.start_ms,
                "end_ms": line.end_ms,
                "text": "话",
                "character": line.character,
                "speaker": line.speaker,
                "f0_hz": line.f0_hz,
                "kind": line.kind,
            }
            for n, line in numbered
        ]
        translation = [
            {
                "segment": n,
                "text": line.text or "",
                "short_text": line.short,
                "start_ms": line.moved and line.moved[0],
                "end_ms": line.moved and line.moved[1],
                "state": "failed" if line.text is None else "draft",
            }
            for n, line in numbered
        ]
        rows: dict[str, list[dict[str, Any]]] = {
            "ingest": [source],
            "transcribe": transcript,
            "translate": translation,
        }
        upstream = {name: self._commit(name, found, language, episode) for name, found in rows.items()}
        recipe = {
            "stage": "dub",
            "upstream": [str(key) for key in upstream.values()],
            "settings": self.settings.model_dump(mode="json"),
        }
        return Work(
            stage="dub",
            series="长安",
            episode=episode,
            language=language,
            source_language="zh",
            source_uri="unused",
            source_digest="",
            fingerprint=fingerprint(recipe),
            settings=self.settings,
            upstream=upstream,
            facts=self.facts,
            recipe=recipe,
        )

    def _sound(self, samples: NDArray[np.float32]) -> str:
        path = self.folder / "sound.flac"
        sound.write_flac(path, samples, RATE)
        return self.lake.put_blob(path)

    def _commit(self, name: str, rows: list[dict[str, Any]], language: str, episode: str) -> UnitKey:
        stage = STAGES[name]
        partition = language if stage.per_language else None
        key = UnitKey(stage.table, "长安", episode, partition, fingerprint({"rows": repr(rows)}))
        shared = {"language": partition or "zh", "engine": "test", "engine_version": "1"}
        self.lake.commit(key, [shared | row for row in rows], {})
        return key


@pytest.fixture
def episodes(lake: Lake, tmp_path: Path) -> Episodes:
    return Episodes(lake, tmp_path)


@pytest.fixture
def machine(lake: Lake, tmp_path: Path) -> Machine:
    return Machine(lake=lake.uri, models_dir=str(tmp_path / "models"))


@pytest.fixture(scope="session")
def small_coqui_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Path]]:
    """The folders of small models of Coqui's synthesizers, as `coqui.SETTINGS` names them."""
    with coqui.small_coqui(tmp_path_factory.mktemp("coqui")) as models:
        yield models


@pytest.fixture(scope="session")
def small_coqui_engines(small_coqui_models: Mapping[str, Path]) -> dict[str, Any]:
    """Coqui's synthesizers with those models, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(registry.ADDED, str(small_coqui_models["small-xtts"].parent / "artefacts.toml"))
        return {name: kind(coqui.SETTINGS, dict(small_coqui_models), 1) for name, kind in coqui.ENGINES.items()}


Dubbed = tuple[list[dict[str, Any]], NDArray[np.float32]]


@pytest.fixture
def dub(lake: Lake, machine: Machine) -> Callable[[Work], Dubbed]:
    """Computes and commits a unit: the rows of its lines, and the samples of its mix, whose rate is `RATE`."""
    from dubwright.unit import execute

    def run(work: Work) -> Dubbed:
        assert execute(work, machine).computed
        *lines, mix = lake.read(work.key).rows()
        assert mix["verdict"] == "mix"
        assert mix["segment"] is None
        with lake.blob_file(mix["blob"]) as path:
            samples, rate = sound.read(path)
        assert rate == RATE
        return lines, samples

    return run
