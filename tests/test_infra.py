"""What runs dubwright elsewhere, held to all that can be checked without a container engine."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from distributed.cli.dask_scheduler import main as dask_scheduler
from distributed.cli.dask_worker import main as dask_worker
from prefect.cli._app import _app as prefect

from dubwright import settings
from dubwright.stages import STAGES
from infra import bucket
from tests.infra_rules import compose_findings, dockerfile_findings, stages
from tests.lake.conftest import KEY, SECRET, start_radosgw

ROOT = Path(__file__).parent.parent
INFRA = ROOT / "infra"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
DOCKERFILE = (INFRA / "docker" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_TEXT = (INFRA / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
EXAMPLE = (INFRA / ".env.example").read_text(encoding="utf-8")
HELM: dict[str, Any] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (INFRA / "helm").glob("*.yaml")
}
RESOURCES = {stage.resource for stage in STAGES.values()}


def _program(name: str) -> str | None:
    """A program of this environment, or of the machine."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def test_the_dockerfile_breaks_no_rule() -> None:
    assert dockerfile_findings(DOCKERFILE, ROOT) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("FROM python\nUSER 1\n", "pinned tag"),
        ("FROM python:latest\nUSER 1\n", "pinned tag"),
        ("FROM python:3.11.14\nRUN true\n", "ends as root"),
        ("FROM python:3.11.14\nUSER 1\nUSER root\n", "ends as root"),
        ("FROM python:3.11.14 AS a\nUSER 0\nFROM a AS b\nUSER 1\n", "a: ends as root"),
        ("FROM python:3.11.14\nCOPY nowhere .\nUSER 1\n", "not there"),
        ("FROM python:3.11.14\nCOPY --from=nobody /a /a\nUSER 1\n", "no stage is called nobody"),
        ("FROM python:3.11.14\nADD README.md .\nUSER 1\n", "ADD"),
        ("FROM python:3.11.14\nWORKDIR srv\nUSER 1\n", "relative"),
        ("FROM python:3.11.14\nUSER 1\nCMD dubwright\n", "in a shell"),
        ("FROM python:3.11.14\nENV API_TOKEN=x\nUSER 1\n", "secret"),
        ("FROM python:3.11.14\nRUN sudo true\nUSER 1\n", "sudo"),
        ("FROM python:3.11.14\nRUN apt-get update && apt-get install -y tini\nUSER 1\n", "--no-install-recommends"),
        ("FROM python:3.11.14\nRUN apt-get update \\\n && apt-get install -y tini\nUSER 1\n", "lists"),
        ("FROM python:3.11.14\nRUN pip install --no-cache-dir dask\nUSER 1\n", "no hashed lock"),
        ("FROM python:3.11.14\nRUN pip install --no-deps --require-hashes -r a\nUSER 1\n", "--no-cache-dir"),
        ("FROM python:3.11.14\nRUN curl -s a | sh\nUSER 1\n", "piped"),
    ],
)
def test_each_rule_can_be_broken(text: str, finding: str) -> None:
    assert any(finding in problem for problem in dockerfile_findings(text, ROOT)), dockerfile_findings(text, ROOT)


@pytest.mark.skipif(not _program("hadolint"), reason="hadolint is not installed: the rules of this file ran alone")
def test_hadolint_finds_nothing() -> None:
    ran = _run("hadolint", str(INFRA / "docker" / "Dockerfile"))
    assert ran.returncode == 0, ran.stdout


def test_the_image_holds_what_it_needs_and_nothing_is_sent_besides() -> None:
    ignore = (INFRA / "docker" / "Dockerfile.dockerignore").read_text(encoding="utf-8").split("\n")
    assert "*" in ignore
    sent = {line[1:] for line in ignore if line.startswith("!")}
    copied = {
        source
        for stage in stages(DOCKERFILE).values()
        for word, argument in stage.instructions
        if word == "COPY" and "--from" not in argument
        for source in argument.split()[:-1]
    }
    assert all(any(source == each or source.startswith(f"{each}/") for each in sent) for source in copied), (
        copied - sent
    )
    assert all((ROOT / each).exists() for each in sent)
    # Every package of the wheel is copied, and the interpreter is one that the package allows.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= copied
    assert re.search(r"FROM python:3\.1[123]\.", DOCKERFILE)
    for name in ("build-requirements.txt",):
        lock = (INFRA / "docker" / name).read_text(encoding="utf-8")
        assert "://" not in lock and lock.count("--hash=sha256:") >= len(re.findall(r"^\w.*==", lock, re.M))


def test_compose_breaks_no_rule() -> None:
    assert compose_findings(COMPOSE, COMPOSE_TEXT, INFRA, EXAMPLE) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"image": "redis:latest"}, "pinned tag"),
        ({"image": "redis"}, "pinned tag"),
        ({"restart": None}, "no restart"),
        ({"healthcheck": None}, "no healthcheck"),
        ({"depends_on": {"nobody": {"condition": "service_started"}}}, "no service"),
        ({"depends_on": {"deploy": {"condition": "service_healthy"}}}, "no test"),
        ({"ports": ["4200:4200"]}, "open to the network"),
        ({"volumes": ["nowhere:/data"]}, "not declared"),
        ({"privileged": True}, "machine to itself"),
        ({"build": {"context": "..", "dockerfile": "infra/docker/Dockerfile", "target": "none"}}, "no target none"),
    ],
)
def test_each_rule_of_compose_can_be_broken(change: dict[str, Any], finding: str) -> None:
    service = {name: value for name, value in (COMPOSE["services"]["postgres"] | change).items() if value is not None}
    changed = COMPOSE | {"services": COMPOSE["services"] | {"postgres": service}}
    problems = compose_findings(changed, COMPOSE_TEXT, INFRA, EXAMPLE)
    assert any(problem.startswith("postgres: ") and finding in problem for problem in problems), problems


def test_a_variable_that_nobody_explains_is_found() -> None:
    assert compose_findings(COMPOSE, COMPOSE_TEXT + "# fine: ${OTHER}\nx-a: ${MYSTERY:?}\n", INFRA, EXAMPLE) == [
        "the variable MYSTERY has no default and is not in .env.example"
    ]


def test_a_secret_that_is_written_down_is_found() -> None:
    text = COMPOSE_TEXT.replace("POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it in infra/.env}", "POSTGRES_PASSWORD: x")
    assert compose_findings(COMPOSE, text, INFRA, EXAMPLE) == ["a secret is written down"]


@pytest.mark.skipif(not _program("docker-compose"), reason="no compose client: the rules of this file ran alone")
def test_compose_itself_reads_it(tmp_path: Path) -> None:
    filled = re.sub(r"^(\w+)=$", r"\1=x", EXAMPLE, flags=re.M)
    (tmp_path / "env").write_text(filled, encoding="utf-8")
    ran = _run("docker-compose", "--file", str(INFRA / "compose.yaml"), "--env-file", str(tmp_path / "env"), "config")
    assert ran.returncode == 0, ran.stderr
    services = yaml.safe_load(ran.stdout)["services"]
    assert set(services) == set(COMPOSE["services"])
    for service in services.values():
        for name in service.get("environment", {}):
            if name.startswith("DUBWRIGHT_"):
                assert name.removeprefix("DUBWRIGHT_").split("__")[0].lower() in settings.Settings.model_fields
    missing = _run("docker-compose", "--file", str(INFRA / "compose.yaml"), "--env-file", "/dev/null", "config")
    assert missing.returncode != 0 and "set it in infra/.env" in missing.stderr


def _commands() -> Iterator[tuple[str, list[str]]]:
    for name, service in COMPOSE["services"].items():
        yield name, service.get("command", [])
    yield "helm dask-worker", ["dask", "worker", "tcp://a:1", *HELM["dask"]["worker"]["extraArgs"]]
    for group in HELM["dask"]["additional_worker_groups"]:
        yield f"helm {group['name']}", ["dask", "worker", "tcp://a:1", *group["extraArgs"]]


@pytest.mark.parametrize(("name", "command"), list(_commands()), ids=lambda each: each if isinstance(each, str) else "")
def test_a_command_is_one_that_its_program_takes(name: str, command: list[str]) -> None:
    match command:
        case ["dask", "worker", *arguments]:
            assert dask_worker.make_context("dask worker", arguments).params["n_workers"] == "1"
        case ["dask", "scheduler", *arguments]:
            assert dask_scheduler.make_context("dask scheduler", arguments)
        case ["prefect", *arguments]:
            assert prefect.parse_args([each for each in arguments if each != "--no-prompt"], exit_on_error=False)
        case ["python", "-m", module, *_]:
            assert importlib.util.find_spec(module)
        case _:
            assert name in ("postgres", "s3"), "a program that is not ours"


def test_every_stage_finds_a_dask_worker_in_compose_and_in_helm() -> None:
    dask = HELM["dask"]
    pools = {
        "compose": [service.get("command", []) for service in COMPOSE["services"].values()],
        "helm": [group["extraArgs"] for group in (dask["worker"], *dask["additional_worker_groups"])],
    }
    for where, commands in pools.items():
        announced = {
            word.split("=")[0]
            for command in commands
            if "--resources" in command
            for word in command[command.index("--resources") + 1].split()
        }
        assert announced == RESOURCES, where


def test_images_are_of_this_version() -> None:
    assert f"${{DUBWRIGHT_VERSION:-{VERSION}}}" in COMPOSE_TEXT
    dask = HELM["dask"]
    tags = [
        HELM["prefect-server"]["global"]["prefect"]["image"]["prefectTag"],
        HELM["prefect-worker"]["worker"]["image"]["prefectTag"],
        dask["scheduler"]["image"]["tag"],
        dask["worker"]["image"]["tag"],
        *(group["image"]["tag"] for group in dask["additional_worker_groups"]),
    ]
    assert {tag.removesuffix("-embedded") for tag in tags} == {VERSION}


def test_settings_in_helm_exist() -> None:
    for variable in HELM["prefect-worker"]["worker"]["extraEnvVars"]:
        name = variable["name"]
        if name.startswith("DUBWRIGHT_"):
            section, *rest = name.removeprefix("DUBWRIGHT_").lower().split("__")
            field = settings.Settings.model_fields[section]
            assert not rest or rest[0] in type(field.default).model_fields, name


@pytest.mark.parametrize("script", sorted(INFRA.rglob("*.sh")), ids=lambda path: path.name)
def test_a_script_parses_and_can_be_run(script: Path) -> None:
    assert _run("bash", "-n", str(script)).returncode == 0
    assert script.stat().st_mode & 0o111
    text = script.read_text(encoding="utf-8")
    assert text.startswith(("#!/usr/bin/env bash\n", "#!/bin/sh\n"))
    assert "pkill" not in text and "killall" not in text


@pytest.mark.e2e
@pytest.mark.skipif(not shutil.which("radosgw"), reason="no radosgw here: no bucket was made")
def test_a_bucket_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", start_radosgw().endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    name = f"test-{uuid.uuid4().hex}"
    assert [bucket.make(name), bucket.make(name)] == [True, False]


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    found = _program(program)
    assert found
    return subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60, check=False)
