"""Translators to test, and scenes to give them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dubwright.engines import engine_class
from dubwright.models.store import ModelStore
from dubwright.settings import Settings, TranslateSettings
from dubwright.translate.engine import Translator
from tests.translate import small_models
from tests.translate.chat_server import MODEL, ChatServer, serving


@pytest.fixture(scope="session")
def llama() -> Translator:
    """The real engine, loaded once: from this machine's models, fetched where they are missing."""
    settings = TranslateSettings()
    store = ModelStore(str(Settings().models_dir), None)
    engine: Translator = engine_class("translate", "llama")(settings, {settings.model: store.ensure(settings.model)}, 1)
    return engine


@pytest.fixture
def fake() -> Translator:
    engine: Translator = engine_class("translate", "fake")(TranslateSettings(engine="fake", model=""), {}, 1)
    return engine


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A chat endpoint on loopback, which the settings of this process name."""
    with serving() as server:
        monkeypatch.setenv("DUBWRIGHT_ENDPOINT__BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "any")
        yield server


@pytest.fixture
def chat(server: ChatServer) -> Translator:
    """The engine for chat endpoints, on one that does as it is told unless a test tells it otherwise."""
    settings = TranslateSettings(engine="chat", model="", chat_model=MODEL)
    engine: Translator = engine_class("translate", "chat")(settings, {}, 1)
    return engine


@pytest.fixture(scope="session")
def small_nllb(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of a small model of NLLB's form: trained and random, each as transformers and as CTranslate2 has it."""
    if not engine_class("translate", "nllb").info.installed:
        pytest.skip("transformers is not installed here: `make test-gpu` tries NLLB")
    folder = tmp_path_factory.mktemp("nllb")
    trained, random = small_models.nllb(folder / "trained"), small_models.nllb(folder / "random", trained=False)
    return {
        "nllb": trained,
        "nllb-random": random,
        "nllb-ct2": small_models.converted(trained, folder / "trained-ct2"),
        "nllb-ct2-random": small_models.converted(random, folder / "random-ct2"),
    }


@pytest.fixture(scope="session")
def nllb(small_nllb: dict[str, Path]) -> Translator:
    engine: Translator = engine_class("translate", "nllb")(
        TranslateSettings(model="small"), {"small": small_nllb["nllb"]}, 1
    )
    return engine


@pytest.fixture(scope="session")
def nllb_ct2(small_nllb: dict[str, Path]) -> Translator:
    settings, models = TranslateSettings(model="small"), {"small": small_nllb["nllb-ct2"]}
    engine: Translator = engine_class("translate", "nllb-ct2")(settings, models, 1)
    return engine


@pytest.fixture(
    params=["fake", "chat", *(pytest.param(name, marks=pytest.mark.models) for name in ("llama", "nllb", "nllb_ct2"))]
)
def translator(request: pytest.FixtureRequest) -> Translator:
    """Every engine in turn."""
    engine: Translator = request.getfixturevalue(request.param)
    return engine
