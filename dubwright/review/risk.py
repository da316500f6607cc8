"""Which lines to look at first: each with the reasons why it may be wrong, the gravest in front.

Nothing here is measured: it weighs what translation, dub and quality say of a line already, and what people have not
looked at yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dubwright import languages
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.quality import standing
from dubwright.quality.gate import Finding
from dubwright.quality.standing import Standing
from dubwright.reports import coverage
from dubwright.review import lines
from dubwright.review.edits import Place
from dubwright.review.lines import Line, Script
from dubwright.settings import QualitySettings
from dubwright.translate.market import finding

# Of a line that is nowhere said, and of one that is only a little fast: what lies between is as grave as a viewer finds it.
FAILED, FOREIGN, STALE, UNFIT, REMARK, CUT, LATE, FAST, NOTE = 100, 90, 80, 50, 40, 20, 20, 10, 4
MARKET: Mapping[str, int] = {"high": 30, "medium": 15, "low": 5}
QUALITY = 15
# A tempo that listeners notice, and a recognizer that doubts.
FASTEST, SUREST = 1.2, 0.6
DOUBTED = 10
# So much of a remark is shown as a reason.
SHOWN = 80
CUT_WORDS = ("cut by", "not spoken")
# The verdicts on deliverables.
Judged = Callable[[Sequence[UnitKey]], Iterable[Standing]]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to look at a line, and how grave it is (1 to 100)."""

    what: str
    weight: int

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True)
class Risk:
    """A line and the reasons to look at it, the gravest first. `weight` is their sum."""

    place: Place
    line: Line
    reasons: tuple[Reason, ...]

    @property
    def weight(self) -> int:
        return sum(reason.weight for reason in self.reasons)


def queue(
    lake: Lake,
    settings: QualitySettings,
    language: str,
    series: str | None = None,
    *,
    done: bool = False,
    assignee: str | None = None,
    judged: Judged | None = None,
) -> list[Risk]:
    """The lines of a series, or of the lake, that there is reason to look at, the riskiest first.

    Lines that are approved or locked are left out, unless what was locked is not what stands, a remark is open, or with
    `done`. With an `assignee` only what was given to them is listed, be there another reason or not. `settings` are the bounds
    that figures are held to, `judged` gives the verdicts where somebody keeps them. Raises `CatalogError` for a series that
    is not translated.
    """
    judged = judged or (lambda keys: standing.of_units(lake, keys, settings))
    if series is None:
        names: Iterable[str] = sorted({key.series for key in lake.units("translation", language=language)})
    else:
        names = [series]
    found = [risk for name in names for risk in _of_series(lake, judged, language, name)]
    if assignee is None:
        listed = [risk for risk in found if risk.reasons]
    else:
        listed = [risk for risk in found if risk.line.assignee == assignee]
    return in_order(risk for risk in listed if done or _waits(risk.line))


def in_order(risks: Iterable[Risk]) -> list[Risk]:
    """The riskiest first; of two alike the one that comes first in its series."""
    return sorted(risks, key=lambda risk: (-risk.weight, risk.place.series, risk.place.episode, risk.line.segment))


def of(line: Line, place: Place, flags: Sequence[Finding] = ()) -> Risk:
    """A line with its reasons; `flags` are the figures of its dub that did not pass."""
    found = sorted(_reasons(line, flags), key=lambda reason: (-reason.weight, reason.what))
    return Risk(place, line, tuple(found))


def _waits(line: Line) -> bool:
    return line.stale or any(remark.open for remark in line.remarks) or line.state not in ("approved", "locked")


def _of_series(lake: Lake, judged: Judged, language: str, series: str) -> Iterator[Risk]:
    newest = list(coverage.newest(lake, "deliverable", language, series))
    flagged = {each.key.episode: each.quality.flags for each in judged(newest)}
    for script in lines.of_series(lake, series, language):
        yield from of_script(script, flagged.get(script.place.episode, {}))


def of_script(script: Script, flags: Mapping[int, Sequence[Finding]]) -> Iterator[Risk]:
    """Every line of an episode with its reasons, in their order; `flags` as `gate.judge` gives them."""
    return (of(line, script.place, flags.get(line.segment, ())) for line in script.lines)


def _reasons(line: Line, flags: Sequence[Finding]) -> Iterator[Reason]:
    if line.stale:
        yield Reason("locked, but its source or text is another one by now", STALE)
    if line.state == "failed":
        yield Reason("not translated", FAILED)
    for remark in line.remarks:
        if remark.open:
            said = remark.text if len(remark.text) <= SHOWN else f"{remark.text[: SHOWN - 1]}…"
            yield Reason(f"remark of {remark.editor}: {said}", REMARK)
    yield from _noted(line)
    if line.confidence is not None and line.confidence < SUREST:
        yield Reason(f"the source was hardly understood (confidence {line.confidence:.2f})", DOUBTED)
    if line.pending:
        return  # what was said and measured is of an earlier text
    reason = f": {line.reason}" if line.reason else ""
    if line.verdict in ("unfit", "late"):
        yield Reason(f"{line.verdict}{reason}", UNFIT if line.verdict == "unfit" else LATE)
    if line.reason and line.reason.startswith(CUT_WORDS):
        yield Reason("part of it is not heard", CUT)
    if line.tempo is not None and line.tempo > FASTEST + 1e-6:
        yield Reason(f"spoken at tempo {line.tempo:.2f}", FAST + round(100 * (line.tempo - FASTEST)))
    for flag in flags:
        # Fit and tempo stand above.
        if flag.metric not in ("fit", "tempo"):
            yield Reason(str(flag), QUALITY)


def _noted(line: Line) -> Iterator[Reason]:
    for note in line.notes:
        found = finding.parse(note)
        weight = FOREIGN if note.startswith(f"{languages.NOTE}:") else NOTE
        yield Reason(note, MARKET.get(found.severity, NOTE) if found else weight)
