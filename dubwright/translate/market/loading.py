"""Market profiles from their files: neutral, then the language's, then the region's, then what the series wants."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from importlib import resources
from typing import Any

from pydantic import TypeAdapter

from dubwright import languages
from dubwright.fingerprint import fingerprint
from dubwright.market import Category, MarketProfile, Overrides, Sensitive, SourceWords, Wording

# Raised when what is said or found by the same data changes.
REVISION = 2

NEUTRAL = "und"
_FOLDER = resources.files(__package__) / "languages"
_SOURCES = resources.files(__package__) / "sources"


def known() -> list[str]:
    """The languages and regions that have a profile of their own."""
    names = (entry.name.removesuffix(".toml") for entry in _FOLDER.iterdir() if entry.name.endswith(".toml"))
    return sorted(name for name in names if name != NEUTRAL)


def of(language: str, overrides: Overrides | None = None) -> MarketProfile:
    """The profile of a language's market: `pt-BR`'s stands on `pt`'s, `es-419` has that of `es`, and a language that
    nobody described the neutral one.
    """
    profile = _of(language)
    return _overridden(profile, overrides) if overrides else profile


def digest(language: str, overrides: Overrides | None = None) -> str:
    """Digest of all that a profile can change in a translation; comments in its files are not in it."""
    if overrides is None:
        return _digest(language)
    return fingerprint({"packaged": _digest(language), "overrides": asdict(overrides)})


@cache
def source_words(language: str) -> SourceWords:
    """What is looked for in source text of a language; next to nothing where nobody described it."""
    entry = _SOURCES / f"{languages.base(language)}.toml"
    return TypeAdapter(SourceWords).validate_python(_read(entry) if entry.is_file() else {})


@cache
def _of(language: str) -> MarketProfile:
    content: dict[str, Any] = {}
    for name in dict.fromkeys((NEUTRAL, languages.base(language), language)):
        entry = _FOLDER / f"{name}.toml"
        if entry.is_file():
            content = _merged(content, _read(entry))
    return TypeAdapter(MarketProfile).validate_python(content)


@cache
def _digest(language: str) -> str:
    sources = {
        entry.name: asdict(source_words(entry.name.removesuffix(".toml")))
        for entry in _SOURCES.iterdir()
        if entry.name.endswith(".toml")
    }
    return fingerprint({"revision": REVISION, "profile": asdict(of(language)), "sources": sources})


def _read(entry: Any) -> dict[str, Any]:
    return tomllib.loads(unicodedata.normalize("NFC", entry.read_text(encoding="utf-8")))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables key by key; whatever is no table is replaced."""
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _overridden(profile: MarketProfile, wanted: Overrides) -> MarketProfile:
    return replace(
        profile,
        guidance=(*profile.guidance, *wanted.guidance),
        formality=replace(profile.formality, relations={**profile.formality.relations, **wanted.relations}),
        address=_said(profile.address, wanted.address),
        idioms=_said(profile.idioms, wanted.idioms),
        sensitive={**profile.sensitive, **{name: _minded(name, profile, wanted) for name in _named(wanted)}},
    )


def _said(here: Mapping[str, Wording], wanted: Mapping[str, str]) -> dict[str, Wording]:
    """The wordings with a series' own, which no list of bad ones forbids."""
    return {**here, **{term: Wording(say) for term, say in wanted.items()}}


def _named(wanted: Overrides) -> set[Category]:
    return {*wanted.severity, *wanted.sensitive}


def _minded(name: Category, profile: MarketProfile, wanted: Overrides) -> Sensitive:
    here = profile.sensitive.get(name, Sensitive())
    severity = wanted.severity.get(name, here.severity or ("low" if name in wanted.sensitive else None))
    return replace(
        here,
        severity=None if severity == "none" else severity,
        words=(*here.words, *wanted.sensitive.get(name, ())),
    )
