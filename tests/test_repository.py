"""The repository's own rules, as tests: documentation is up to date, imports stay light, files stay small."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = sorted(path for folder in ("dubwright", "flows", "tasks", "desk") for path in (ROOT / folder).rglob("*.py"))
HEAVY = (
    "faster_whisper ctranslate2 kokoro_onnx onnxruntime misaki xllamacpp espeakng_loader opencc num2words"
    " cn2an openai sacrebleu jiwer duckdb rapidocr_onnxruntime cv2 whisperx torch torchaudio transformers pyannote PIL"
)


def _reference() -> object:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["settings.md", "tables.md", "commands.md"])
def test_reference_pages_are_as_the_code_is(name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == _reference().page(name), "run `make docs`"  # type: ignore[attr-defined]


@pytest.mark.e2e
def test_the_bare_install_imports_everything() -> None:
    """Engines' libraries come by extra, so no module may need one to be imported."""
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in CODE]
    hosts = [name for name in modules if name.endswith("_host")]
    program = f"""
import importlib, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY.split()!r}:
            raise ModuleNotFoundError(f"{{name}} is not part of the bare install", name=name)
sys.meta_path.insert(0, Block())
for name in {[name for name in modules if name not in hosts]!r}:
    importlib.import_module(name)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_planning_loads_no_engine_and_no_orchestrator() -> None:
    program = f"""
import sys, dubwright.planning.plan, dubwright.stages
for stage in dubwright.stages.STAGES.values():
    stage.module
heavy = set({HEAVY.split()!r}) | {{"prefect", "distributed", "dask", "torch"}}
print(sorted(heavy & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout.strip() == "[]", ran.stdout + ran.stderr


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_small_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text))
    assert path.stem not in ("utils", "helpers", "common", "manager")


def test_the_command_line_starts_without_what_most_commands_never_use() -> None:
    program = f"""
import sys, desk.cli
heavy = set({HEAVY.split()!r}) | {{"prefect", "distributed", "dask", "torch", "av", "fastapi", "sqlalchemy"}}
print(sorted(heavy & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout.strip() == "[]", ran.stdout + ran.stderr


def test_no_task_is_defined_in_a_flow() -> None:
    for path in (ROOT / "flows").glob("*.py"):
        assert not re.search(r"@(unit_)?task\b", path.read_text(encoding="utf-8")), path


def test_no_public_function_goes_undocumented() -> None:
    missing = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in CODE
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and path.name != "errors.py"  # its tree, drawn at the top, says what each class is
        and not (path.name == "stage.py" and node.name in ("engine", "run"))  # dubwright/stages.py says it for all
        and not (path.name == "cli.py" and node.name == "version")
    ]
    assert not missing


def test_lock_files_are_hashed_and_name_no_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text and "--index" not in text, path
        assert len(re.findall(r"^[a-z0-9].*==", text, re.M | re.I)) <= text.count("--hash=sha256:"), path


def test_every_entry_point_of_the_package_loads() -> None:
    from dubwright import engines

    for stage in engines.GROUPS:
        for name in engines.names(stage):
            assert engines.engine_class(stage, name).info.name == name
