"""Artefacts that an operator adds to the registry."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dubwright import settings
from dubwright.errors import ModelError, SettingsError
from dubwright.models import registry
from dubwright.models.store import ModelStore

CONTENT = b"weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
GOOD = f"""
["wav2vec2-zh"]
description = "times words"
licence = "Apache-2.0"
languages = ["zh"]
files = [{{path = "sub/model.bin", sha256 = "{DIGEST}", bytes = {len(CONTENT)}}}]
"""


def _name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    path = tmp_path / "artefacts.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv(registry.ADDED, str(path))


def test_an_added_artefact_is_one_like_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _name(monkeypatch, tmp_path, GOOD)
    assert registry.get("wav2vec2-zh").sha256 == DIGEST
    assert registry.get("whisper-base") is registry.WHISPER_BASE
    assert [artefact.name for artefact in registry.all()][-1] == "wav2vec2-zh"
    assert settings.load()
    store = ModelStore(tmp_path / "models")
    with pytest.raises(ModelError, match="copy the files into"):
        store.ensure("wav2vec2-zh")
    (tmp_path / "models" / "wav2vec2-zh" / "sub").mkdir(parents=True)
    (tmp_path / "models" / "wav2vec2-zh" / "sub" / "model.bin").write_bytes(CONTENT)
    assert store.ensure("wav2vec2-zh") == tmp_path / "models" / "wav2vec2-zh"


def test_without_the_variable_there_is_what_is_pinned() -> None:
    assert registry.known() is registry.ARTEFACTS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("sub/model.bin", "../model.bin"), "wav2vec2-zh.files.0.path"),
        (("sub/model.bin", "/etc/model.bin"), "wav2vec2-zh.files.0.path"),
        (("sub/model.bin", ".pinned.json"), "wav2vec2-zh.files.0.path"),
        ((DIGEST, DIGEST.upper()), "wav2vec2-zh.files.0.sha256"),
        (("bytes = 7", "bytes = 0"), "wav2vec2-zh.files.0.bytes"),
        (('licence = "Apache-2.0"', ""), "wav2vec2-zh.licence"),
        (('["zh"]', "[]"), "wav2vec2-zh.languages"),
        (('licence = "Apache-2.0"', 'licence = "MIT"\naddress = "file:///etc"'), "wav2vec2-zh.address"),
        (('licence = "Apache-2.0"', 'licence = "MIT"\nurl = "x"'), "wav2vec2-zh.url"),
        (("wav2vec2-zh", "../zh"), "../zh"),
        (("wav2vec2-zh", "whisper-base"), "pins this name itself"),
        (("files", "files ="), "cannot be read"),
    ],
)
def test_a_wrong_entry_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    _name(monkeypatch, tmp_path, GOOD.replace(*change))
    with pytest.raises(SettingsError) as caught:
        registry.known()
    assert told in str(caught.value)
    assert "artefacts.toml" in str(caught.value)


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(registry.ADDED, str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match=r"none\.toml"):
        registry.get("whisper-base")
