"""Lines as XLIFF 2.1 (OASIS; ISO 21720), for other people's tools, and what comes back: an episode is a `file`, a line a `unit`.

`initial`, `translated`, `reviewed` and `final` are draft, edited, approved and locked. Each unit says in its metadata of
what it was made, by a digest of source and text: what was changed here since is not overwritten from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from dubwright import languages
from dubwright.errors import DubwrightError, EditError, LanguageError, ManifestError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, layout
from dubwright.review import decisions, lines
from dubwright.review.decisions import Change
from dubwright.review.edits import Place
from dubwright.review.lines import Line, Script
from dubwright.review.states import State
from dubwright.terms import xml
from dubwright.terms.xml import Element

NAMESPACE = "urn:oasis:names:tc:xliff:document:2.0"
METADATA = "urn:oasis:names:tc:xliff:metadata:2.0"
CATEGORY = "dubwright"
MAX_BYTES = 64 * 1024 * 1024
STATES: Mapping[State, str] = {
    "failed": "initial",
    "draft": "initial",
    "edited": "translated",
    "approved": "reviewed",
    "locked": "final",
}
_RANKS = ("initial", "translated", "reviewed", "final")
_FILES, _UNITS, _META = frozenset(("file",)), frozenset(("unit",)), frozenset(("meta",))
_SEGMENTS, _SOURCE, _TARGET = frozenset(("segment", "ignorable")), frozenset(("source",)), frozenset(("target",))


# Out --------------------------------------------------------------------------------------------------


def write(scripts: Sequence[Script], source_language: str) -> bytes:
    """The episodes of one language as XLIFF 2.1 in UTF-8; `source_language` is what is spoken.

    Raises `ManifestError` where there is no line.
    """
    if not any(script.lines for script in scripts):
        raise ManifestError("there is no line to write", remedy="localize an episode in which somebody speaks")
    target = scripts[0].place.language
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<xliff xmlns="{NAMESPACE}" xmlns:mda="{METADATA}" version="2.1" srcLang="{source_language}" trgLang="{target}">',
    )
    body = [text for number, script in enumerate(scripts, 1) if script.lines for text in _file(number, script)]
    return "\n".join((*head, *body, "</xliff>", "")).encode()


def _file(number: int, script: Script) -> Iterator[str]:
    place = script.place
    original = f"{layout.encode(place.series)}/{layout.encode(place.episode)}"
    yield f'  <file id="f{number}" original="{_text(original)}" canResegment="no">'
    for line in script.lines:
        yield from _unit(line)
    yield "  </file>"


def _unit(line: Line) -> Iterator[str]:
    fixed = ' translate="no"' if line.state == "locked" else ""
    yield f'    <unit id="{line.segment}"{fixed}>'
    yield f'      <mda:metadata><mda:metaGroup category="{CATEGORY}">'
    yield f'        <mda:meta type="exported">{_digest(line)}</mda:meta>'
    yield f'        <mda:meta type="state">{STATES[line.state]}</mda:meta>'
    yield "      </mda:metaGroup></mda:metadata>"
    yield "      <notes>"
    for category, text in _notes(line):
        yield f'        <note category="{category}">{_text(text)}</note>'
    yield "      </notes>"
    yield f'      <segment state="{STATES[line.state]}">'
    yield f"        <source>{_text(line.source_text)}</source>"
    if line.text:
        yield f"        <target>{_text(line.text)}</target>"
    yield "      </segment>"
    yield "    </unit>"


def _notes(line: Line) -> Iterator[tuple[str, str]]:
    yield "time", f"{line.start_ms / 1000:.3f}-{line.end_ms / 1000:.3f} s"
    if line.who:
        yield "speaker", line.who
    yield from (("flag", flag) for flag in line.flags)
    yield from (("comment", f"{each.editor}: {each.text}") for each in line.comments)


def _digest(line: Line) -> str:
    """What a translator saw of a line."""
    return fingerprint({"source": line.source_text, "text": line.text})


def _text(text: str) -> str:
    """Text as XML carries it: what it cannot carry is replaced."""
    fit = "".join(char if _carried(ord(char)) else "\ufffd" for char in text)
    return escape(fit)


def _carried(code: int) -> bool:
    return code in (0x9, 0xA) or 0x20 <= code < 0xD800 or 0xE000 <= code <= 0xFFFD or code >= 0x10000


# In ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unit:
    """A line as a file has it; `exported` and `was` are its digest and state when it was written, where the file says."""

    segment: int
    source: str
    target: str | None
    state: str
    exported: str | None = None
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A line that was left as it is, and why."""

    place: Place
    segment: int
    reason: str


@dataclass(slots=True)
class Imported:
    """What came of a file: lines that were corrected, by place; review states that were set; what was left alone."""

    corrected: list[tuple[Place, int]] = field(default_factory=list)
    reviewed: list[tuple[Place, int, str]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def read(content: bytes, where: str) -> list[tuple[Place, list[Unit]]]:
    """What a file holds, by episode. Raises `ManifestError` for what is no XLIFF 2 of ours."""
    if len(content) > MAX_BYTES:
        raise ManifestError(f"is larger than {MAX_BYTES} bytes", where=where, remedy="export fewer episodes")
    root = xml.read(content, where)
    version = root.attributes.get("version", "")
    if root.name != "xliff" or not version.startswith("2."):
        problem = f"is XLIFF {version[:20]}" if root.name == "xliff" else f"is no XLIFF but {root.name[:40]!r}"
        raise ManifestError(problem, where=where, remedy="give a file that `dubwright xliff export` wrote")
    try:
        language = languages.parse(root.attributes.get("trgLang", ""))
    except LanguageError as error:
        raise ManifestError(error.problem, where=where, field="trgLang", remedy="name the target language") from error
    found = [(_place(file, language, where), _units(file, where)) for file in root.all(_FILES)]
    if len({place for place, _ in found}) != len(found):
        raise ManifestError("has an episode twice", where=where, field="original", remedy="leave one out")
    return found


def take(lake: Lake, files: Iterable[tuple[Place, Sequence[Unit]]], editor: str) -> Imported:
    """Save changed targets as corrections and changed states as what was said of the lines.

    A line whose source or text is not the one that it was exported from any more, or that is locked, is left as it is
    and listed. Raises `CatalogError` for an episode that is not translated, before anything is saved.
    """
    result = Imported()
    for script, units in [(lines.read(lake, place), units) for place, units in files]:
        place = script.place
        kept = _correct(lake, script, units, editor, result)
        _review(lake, lines.read(lake, place), kept, editor, result)
    return result


def _correct(lake: Lake, script: Script, units: Sequence[Unit], editor: str, result: Imported) -> list[Unit]:
    """Save changed targets; the units of which the review may be taken too."""
    known = {line.segment: line for line in script.lines}
    kept: list[Unit] = []
    changed: list[tuple[Unit, Change]] = []
    for unit in units:
        line = known.get(unit.segment)
        reason = _stale(unit, line)
        if line is None or reason:
            # What came back as it went out, and says nothing of its state, is no conflict.
            if line is None or not _as_exported(unit):
                result.conflicts.append(Conflict(script.place, unit.segment, reason or "there is no such line"))
            continue
        try:
            text = decisions.cleaned(unit.target) if unit.target and unit.target.strip() else line.text
        except EditError as error:
            result.conflicts.append(Conflict(script.place, unit.segment, error.problem))
            continue
        if text == line.text:
            kept.append(unit)
        else:
            changed.append((unit, Change(unit.segment, text)))
    saved = decisions.save_all(lake, script, [change for _, change in changed], editor) if changed else []
    for (unit, _), outcome in zip(changed, saved, strict=True):
        if isinstance(outcome, DubwrightError):
            result.conflicts.append(Conflict(script.place, unit.segment, outcome.problem))
        else:
            result.corrected.append((script.place, unit.segment))
            kept.append(unit)
    return kept


def _stale(unit: Unit, line: Line | None) -> str | None:
    """Why a line of a file cannot be taken."""
    if line is None:
        return "there is no such line"
    if unit.exported is None:
        return "the file does not say what it was exported from"
    if unit.source != "".join(char if _carried(ord(char)) else "\ufffd" for char in line.source_text):
        return f"its source is {line.source_text!r} here"
    if unit.exported != _digest(line):
        return f"it was changed here since: {line.text!r}"
    return None


def _as_exported(unit: Unit) -> bool:
    seen = fingerprint({"source": unit.source, "text": unit.target or ""})
    return unit.exported == seen and unit.was in (None, unit.state)


def _review(lake: Lake, script: Script, units: Sequence[Unit], editor: str, result: Imported) -> None:
    """Say of lines what the file's states do, where those are other ones than were exported."""
    known = {line.segment: line for line in script.lines}
    acts: dict[str, list[int]] = {"unlock": [], "reopen": [], "approve": [], "lock": []}
    for unit in units:
        line = known[unit.segment]
        if unit.state in (unit.was, STATES[line.state]):
            continue
        rank = _RANKS.index(unit.state)
        if line.state == "locked" and rank < 3:
            acts["unlock"].append(unit.segment)
        if line.approved and rank < 2:
            acts["reopen"].append(unit.segment)
        if rank == 2 and not line.approved:
            acts["approve"].append(unit.segment)
        if rank == 3:
            acts["lock"].append(unit.segment)
    for act, say in (
        ("unlock", decisions.unlock),
        ("reopen", decisions.reopen),
        ("approve", decisions.approve),
        ("lock", decisions.lock),
    ):
        if not acts[act]:
            continue
        try:
            said = say(lake, script, acts[act], editor)
        except EditError as error:
            result.conflicts += [Conflict(script.place, segment, error.problem) for segment in acts[act]]
            continue
        result.reviewed += [(script.place, segment, act) for segment in said]
        if act == "unlock":
            script = lines.read(lake, script.place)


def _place(file: Element, language: str, where: str) -> Place:
    series, slash, episode = file.attributes.get("original", "").partition("/")
    if not (series and slash and episode) or "/" in episode:
        raise ManifestError(
            "does not say of which episode it is",
            where=f"{where}:{file.line}",
            field="original",
            remedy="give a file that `dubwright xliff export` wrote",
        )
    return Place(layout.decode(series), layout.decode(episode), language)


def _units(file: Element, where: str) -> list[Unit]:
    units: dict[int, Unit] = {}
    for found in file.all(_UNITS):
        unit = _read_unit(found, f"{where}:{found.line}")
        if unit.segment in units:
            raise ManifestError(f"has line {unit.segment} twice", where=f"{where}:{found.line}", remedy="leave one out")
        units[unit.segment] = unit
    return list(units.values())


def _read_unit(unit: Element, where: str) -> Unit:
    name = unit.attributes.get("id", "")
    if not (name.isascii() and name.isdecimal() and 0 < len(name) <= 9):
        raise ManifestError(
            f"{name[:40]!r} is no line's number", where=where, field="id", remedy="leave ids as they were"
        )
    parts = list(unit.all(_SEGMENTS))
    said = {meta.attributes.get("type"): meta.text.strip() for meta in unit.all(_META)}
    states = {part.attributes.get("state", "initial") for part in parts if part.name == "segment"} or {"initial"}
    if unknown := states - set(_RANKS):
        raise ManifestError(
            f"{min(unknown)[:40]!r} is no state", where=where, field="state", remedy=f"use {', '.join(_RANKS)}"
        )
    sources = [found.text for part in parts for found in part.all(_SOURCE)]
    targets = [found.text for part in parts for found in part.all(_TARGET)]
    return Unit(
        segment=int(name),
        source="".join(sources),
        target="".join(targets) if targets else None,
        # Of a line that a tool has split, the least of its parts.
        state=min(states, key=_RANKS.index),
        exported=said.get("exported"),
        was=said.get("state"),
    )
