"""What tests of every area use: a lake in a folder of its own, settings that no environment disturbs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dubwright import settings
from dubwright.lake import Lake, open_lake


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("DUBWRIGHT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"))


@pytest.fixture
def fake_settings(tmp_path: Path) -> settings.Settings:
    """Settings of the profile whose engines do no real work."""
    return settings.load({"profile": "fake", "lake": str(tmp_path / "lake")})
