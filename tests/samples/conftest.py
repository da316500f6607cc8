"""The sample's script, and its episodes rendered once for all tests that look at them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dubwright.dub.engine import Speech
from dubwright.dub.fake import FakeSynthesizer
from dubwright.settings import DubSettings
from samples import render, script
from samples.script import Script


@pytest.fixture(scope="session")
def whole() -> Script:
    return script.read()


@pytest.fixture(scope="session")
def speak() -> render.Speak:
    """Tones as long as speech, at once."""
    fake = FakeSynthesizer(DubSettings(), {}, 1)

    def tones(text: str, voice: str) -> Speech:
        return fake.speak(text, "zh", "fake-f1" if voice.startswith("zf_") else "fake-m1")

    return tones


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `python -m samples.render --out` makes."""
    out = tmp_path_factory.mktemp("samples")
    threads = os.cpu_count() or 1
    render.render(out, lambda: render.load_kokoro(threads), threads)
    return out
