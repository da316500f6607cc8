"""Translators to test, and scenes to give them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dubwright.engines import engine_class
from dubwright.models.store import ModelStore
from dubwright.settings import Settings, TranslateSettings
from dubwright.translate.engine import Translator
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


@pytest.fixture(params=["fake", "chat", pytest.param("llama", marks=pytest.mark.models)])
def translator(request: pytest.FixtureRequest) -> Translator:
    """Every engine in turn."""
    engine: Translator = request.getfixturevalue(request.param)
    return engine
