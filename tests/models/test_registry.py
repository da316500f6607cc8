"""The registry's own promises: complete pins, names that are known, sources that cover every file."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from dubwright.errors import SettingsError
from dubwright.models import registry
from dubwright.models.registry import Artefact, Hub, Packages


@pytest.fixture(params=registry.all(), ids=lambda artefact: artefact.name)
def each(request: pytest.FixtureRequest) -> Artefact:
    artefact: Artefact = request.param
    return artefact


def test_names_that_the_rest_of_the_house_uses() -> None:
    assert [artefact.name for artefact in registry.all()] == [
        "whisper-base",
        "kokoro-v1.0-int8",
        "kokoro-voices",
        "qwen2.5-coder-1.5b-instruct-q4",
        "voice-encoder",
    ]


def test_digests_that_the_upstream_projects_publish() -> None:
    assert registry.get("whisper-base").sha256.startswith("d01c3014881c9c6f")
    assert registry.get("kokoro-v1.0-int8").sha256.startswith("6e742170d309016e")
    assert registry.get("qwen2.5-coder-1.5b-instruct-q4").sha256.startswith("cc324af070c2ecbf")
    voices = {file.path: file.sha256 for file in registry.get("kokoro-voices").files}
    assert len(voices) == 54
    assert voices["voices/af_heart.bin"] == "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b"
    assert voices["voices/zf_xiaoxiao.bin"] == "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169"
    assert registry.get("kokoro-voices").files[0].path == "voices/af_heart.bin"


def test_every_file_is_pinned_once_and_stays_in_its_folder(each: Artefact) -> None:
    assert len({file.path for file in each.files}) == len(each.files) > 0
    for file in each.files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.bytes > 0
        assert not file.path.startswith("/")
        assert ".." not in file.path.split("/")


def test_every_source_has_every_file(each: Artefact) -> None:
    assert [type(source) for source in each.sources] == [Hub, Packages]
    for source in each.sources:
        if isinstance(source, Packages):
            carried = {path for package in source.packages for _, path in package.members}
            assert carried == {file.path for file in each.files}
            for package in source.packages:
                assert re.fullmatch(r"[0-9.]+", package.version), "a package is pinned to one version"


def test_says_whose_and_for_whom(each: Artefact) -> None:
    assert each.licence in ("MIT", "Apache-2.0")
    assert each.languages
    assert "upstream" in each.description


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(SettingsError) as caught:
        registry.get("whisper-huge")
    assert "whisper-huge" in str(caught.value)
    assert "whisper-base" in str(caught.value)


def test_importing_it_loads_nothing_heavy() -> None:
    script = (
        "import sys, dubwright.models.registry; "
        "print([m for m in ('numpy', 'urllib.request', 'filelock', 'pyarrow', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
