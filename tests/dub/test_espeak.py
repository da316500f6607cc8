from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dubwright.dub import espeak, espeak_host
from dubwright.dub.espeak import EspeakNg
from dubwright.errors import EngineOutputError
from dubwright.settings import DubSettings


@pytest.fixture
def engine() -> EspeakNg:
    return EspeakNg(DubSettings(), {}, 1)


def test_the_data_has_every_language_that_is_claimed(engine: EspeakNg) -> None:
    names = {file.name.lower() for file in (engine._data / "lang").rglob("*") if file.is_file()}
    tags = {*EspeakNg.info.languages, "en-GB", "es-419", "pt-BR", "de-AT"}
    assert {espeak._library_name(tag) for tag in tags} <= names


def test_the_sexes_of_the_voices_are_those_of_the_data(engine: EspeakNg) -> None:
    for voice in engine.voices("de"):
        lines = (engine._data / "voices" / "!v" / voice.name).read_text(encoding="utf-8").lower().splitlines()
        assert any(line.startswith(f"gender {voice.sex}") for line in lines), voice


def host(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let the engine talk to another program than its host."""
    path = folder / "host.py"
    path.write_text(program)
    monkeypatch.setattr(espeak_host, "__file__", str(path))


def test_a_crash_is_an_error_of_its_line(engine: EspeakNg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host(tmp_path, monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(EngineOutputError, match="status -11"):
        engine.speak("Hello.", "en", "f2")


def test_a_hang_ends(engine: EspeakNg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host(tmp_path, monkeypatch, "import time; time.sleep(600)")
    monkeypatch.setattr(espeak, "TIMEOUT_S", 0.2)
    with pytest.raises(EngineOutputError, match="in time"):
        engine.speak("Hello.", "en", "f2")


@pytest.mark.parametrize("program", ["", "import sys; sys.stdout.buffer.write(b'\\x22\\x56\\0\\0' + bytes(40000))"])
def test_silence_is_an_error_of_its_line(
    engine: EspeakNg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    host(tmp_path, monkeypatch, program)
    with pytest.raises(EngineOutputError, match=r"no sound|silence"):
        engine.speak("Hello.", "en", "f2")


def test_the_host_needs_nothing_but_the_standard_library() -> None:
    imports = [
        line.split()[1].partition(".")[0]
        for line in Path(espeak_host.__file__).read_text(encoding="utf-8").splitlines()
        if line.startswith(("import ", "from "))
    ]
    assert set(imports) <= sys.stdlib_module_names


@pytest.mark.slow
def test_a_line_sounds_the_same_whatever_the_time_of_day(engine: EspeakNg) -> None:
    """The breath of a female voice is drawn by lot, which the library casts by the second."""
    first = engine.speak("Nobody told her.", "en", "f2").samples
    time.sleep(1.0)
    assert np.array_equal(engine.speak("Nobody told her.", "en", "f2").samples, first)
