"""Rules for Dockerfiles and compose files, as findings in words; a container engine is not needed to break them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PINNED = re.compile(r"[^:@\s]+(:[A-Za-z0-9][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})")
VARIABLE = re.compile(r"\$\{(\w+)(?::?([-?])[^}]*)?\}")


@dataclass(slots=True)
class Stage:
    """One stage of a Dockerfile: its base, its instructions in order, the user it ends as."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    @property
    def user(self) -> str | None:
        users = [argument for word, argument in self.instructions if word == "USER"]
        return users[-1] if users else None


def stages(dockerfile: str) -> dict[str, Stage]:
    """The stages of a Dockerfile by name, or by number where they have none."""
    found: dict[str, Stage] = {}
    text = re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.M).replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, argument = line.partition(" ")
        if word.upper() == "FROM":
            base, _, name = re.sub(r"--\S+\s+", "", argument).partition(" AS ")
            stage = Stage(name or str(len(found)), base)
            found[stage.name] = stage
        else:
            list(found.values())[-1].instructions.append((word.upper(), argument.strip()))
    return found


def dockerfile_findings(text: str, context: Path) -> list[str]:
    """What is wrong with a Dockerfile whose build context is the folder `context`."""
    found = stages(text)
    problems: list[str] = []
    for stage in found.values():
        external = stage.base not in found
        if external and (not PINNED.fullmatch(stage.base) or stage.base.endswith(":latest")):
            problems.append(f"{stage.name}: the base {stage.base} has no pinned tag")
        for word, argument in stage.instructions:
            problems += [f"{stage.name}: {each}" for each in _instruction(word, argument, context, set(found))]
    # Stages that others copy from or build on are not run; the last one and those that nobody builds on are.
    inner = {stage.base for stage in found.values()} | {
        name for stage in found.values() for word, argument in stage.instructions for name in _from(word, argument)
    }
    for stage in found.values():
        if (stage.name not in inner or stage.user is not None) and stage.user in (None, "root", "0"):
            problems.append(f"{stage.name}: ends as root")
    return problems


def _from(word: str, argument: str) -> list[str]:
    return re.findall(r"--from=(\S+)", argument) if word == "COPY" else []


def _instruction(word: str, argument: str, context: Path, stage_names: set[str]) -> Iterator[str]:
    if word == "COPY":
        *sources, _ = [each for each in argument.split() if not each.startswith("--")]
        copied_from = _from(word, argument)
        if copied_from and copied_from[0] not in stage_names:
            yield f"no stage is called {copied_from[0]}"
        yield from (
            f"COPY of {each}: not there" for each in sources if not copied_from and not (context / each).exists()
        )
    if word == "ADD":
        yield "ADD instead of COPY"
    if word == "WORKDIR" and not argument.startswith("/"):
        yield f"WORKDIR {argument} is relative"
    if word in ("CMD", "ENTRYPOINT") and not argument.startswith("["):
        yield f"{word} runs in a shell"
    if word in ("ENV", "ARG") and re.search(r"(PASSWORD|SECRET|TOKEN|ACCESS_KEY)\w*[= ]", argument):
        yield f"{word} holds a secret"
    if word == "RUN":
        yield from _run(argument)


def _run(argument: str) -> Iterator[str]:
    if re.search(r"\bsudo\b", argument):
        yield "sudo"
    if re.search(r"\b(curl|wget)\b[^|]*\|", argument):
        yield "a download is piped into a program"
    if re.search(r"https?://|--(extra-)?index-url", argument):
        yield "an address is written down"
    if "apt-get install" in argument:
        for needed in ("apt-get update", "--no-install-recommends", "-y", "rm -rf /var/lib/apt/lists/*"):
            if needed not in argument:
                yield f"apt-get install without {needed}"
    for install in re.findall(r"pip install[^&|;]*", argument):
        if "--no-cache-dir" not in install:
            yield "pip install without --no-cache-dir"
        if "--no-deps" not in install or not ("--require-hashes" in install or "--no-index" in install):
            yield "pip install of what no hashed lock names"


def compose_findings(compose: Mapping[str, Any], text: str, context: Path, example: str) -> list[str]:
    """What is wrong with a compose file that lies in `context`; `example` is the text of its `.env.example`."""
    services: Mapping[str, Any] = compose["services"]
    problems = [
        f"{name}: {each}" for name, service in services.items() for each in _service(service, services, context)
    ]
    declared = set(compose.get("volumes", {}))
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if re.fullmatch(r"[\w-]+", source) and source not in declared:
                problems.append(f"{name}: the volume {source} is not declared")
    named = set(re.findall(r"^([A-Z_]+)=", example, flags=re.M))
    for variable, default in VARIABLE.findall(re.sub(r"^\s*#.*$", "", text, flags=re.M)):
        if variable not in named and default != "-":
            problems.append(f"the variable {variable} has no default and is not in .env.example")
    if re.search(r"^\s*\w*(PASSWORD|SECRET)\w*: *[^$\s]", text, flags=re.M):
        problems.append("a secret is written down")
    return problems


def _service(service: Mapping[str, Any], services: Mapping[str, Any], context: Path) -> Iterator[str]:
    image = str(service.get("image", ""))
    tag = VARIABLE.sub("0", image)
    if not image or not PINNED.fullmatch(tag) or tag.endswith(":latest"):
        yield f"the image {image or '(none)'} has no pinned tag"
    if "restart" not in service:
        yield "no restart"
    if "healthcheck" not in service:
        yield "no healthcheck"
    if build := service.get("build"):
        dockerfile = context / build["context"] / build["dockerfile"]
        if not dockerfile.is_file():
            yield f"{build['dockerfile']} is not there"
        elif build["target"] not in stages(dockerfile.read_text(encoding="utf-8")):
            yield f"the Dockerfile has no target {build['target']}"
    for other, condition in dict(service.get("depends_on", {})).items():
        if other not in services:
            yield f"depends on {other}, which is no service"
        elif condition["condition"] == "service_healthy" and "test" not in services[other].get("healthcheck", {}):
            yield f"waits for the health of {other}, which has no test"
    for port in service.get("ports", []):
        if not str(port).startswith("127.0.0.1:"):
            yield f"the port {port} is open to the network"
    if service.get("privileged") or "docker.sock" in shlex.join(service.get("volumes", [])):
        yield "has the machine to itself"
