"""Writes the reference pages from the code they describe: `python docs/reference.py` (`make docs`)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer.main
from pydantic.fields import FieldInfo

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from desk.cli import app  # noqa: E402
from dubwright import settings  # noqa: E402
from dubwright.lake import schemas  # noqa: E402
from dubwright.settings import PREFIX, Section, Settings  # noqa: E402


def settings_page() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield (settings.__doc__ or "").strip()
    yield ""
    yield f"Profiles: {', '.join(f'`{name}`' for name in settings.profiles())}."
    for section, fields in _sections():
        yield from ("", f"## {section.__name__ if section is not Settings else 'The run'}", "")
        if section is not Settings:
            yield from ((section.__doc__ or "").strip(), "")
        yield from ("| setting | variable | default | meaning |", "|---|---|---|---|")
        for path, field in fields:
            variable = PREFIX + path.upper().replace(".", "__")
            yield f"| `{path}` | `{variable}` | `{_default(field)}`{_bounds(field)} | {field.description} |"


def _sections() -> Iterator[tuple[type[Any], list[tuple[str, FieldInfo]]]]:
    nested = {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }
    yield Settings, [(name, field) for name, field in Settings.model_fields.items() if name not in nested]
    for name, section in nested.items():
        yield section, [(f"{name}.{inner}", field) for inner, field in section.model_fields.items()]


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    return "none" if value is None else str(list(value) if isinstance(value, tuple) else value)


def _bounds(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = [f"{signs[name]} {getattr(rule, name)}" for rule in field.metadata for name in signs if hasattr(rule, name)]
    return f" ({', '.join(found)})" if found else ""


def tables_page() -> Iterator[str]:
    yield from ("# Tables", "", f"Schema version {schemas.VERSION}. Every table is Hive-partitioned Parquet; see")
    yield "[ARCHITECTURE.md](../ARCHITECTURE.md) for where its files lie."
    for name, schema in schemas.TABLES.items():
        yield from ("", f"## {name}", "", "| column | type | unit | meaning |", "|---|---|---|---|")
        for field in schema:
            about = {key.decode(): value.decode() for key, value in field.metadata.items()}
            kind = str(field.type).replace("|", "\\|")
            yield f"| `{field.name}` | `{kind}` | {about.get('unit', '')} | {about['meaning']} |"


def commands_page() -> Iterator[str]:
    yield from (
        "# Commands",
        "",
        "Exit codes: 0 all committed, 2 usage or settings, 3 some units failed or were withheld while the others were",
    )
    yield "delivered, 1 unexpected, 130 interrupted."
    yield from _command("dubwright", typer.main.get_command(app))


def _command(path: str, command: Any) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner:
        for name, each in inner.items():
            yield from _command(f"{path} {name}", each)
        return
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    usage = " ".join([path, *(each.metavar or f"[{each.name.upper()}]…" for each in arguments)])
    yield from ("", f"## `{usage}`", "", command.help or "", "", "| option | meaning |", "|---|---|")
    for option in command.params:
        if option.param_type_name == "option" and not option.hidden:
            must = " Required." if option.required else ""
            yield f"| `{', '.join(option.opts)}` | {option.help}{must} |"


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "settings.md": settings_page,
    "tables.md": tables_page,
    "commands.md": commands_page,
}


def page(name: str) -> str:
    """A page's text, as it should stand in this folder."""
    return "\n".join(PAGES[name]()) + "\n"


if __name__ == "__main__":
    for each in PAGES:
        (HERE / each).write_text(page(each), encoding="utf-8")
