"""Translators to test, and scenes to give them."""

from __future__ import annotations

import pytest

from dubwright.engines import engine_class
from dubwright.models.store import ModelStore
from dubwright.settings import Settings, TranslateSettings
from dubwright.translate.engine import Translator


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


@pytest.fixture(params=["fake", pytest.param("llama", marks=pytest.mark.models)])
def translator(request: pytest.FixtureRequest) -> Translator:
    """Every engine in turn."""
    engine: Translator = request.getfixturevalue(request.param)
    return engine
