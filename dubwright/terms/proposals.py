"""Terms that a series' glossary lacks, proposed: who is named and called in the transcripts, and where it happens.

Proposals wait for a person; so a wrong one costs more than one that is missing, and what is in doubt is not proposed.
Only Chinese is understood.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dubwright import languages
from dubwright.series.facts import SeriesFacts, Sex, Term
from dubwright.terms import naming
from dubwright.terms.candidates import Finder, Sightings
from dubwright.terms.chinese import HAN


@dataclass(frozen=True, slots=True)
class Proposal:
    """A term that waits to be approved: how often and in which episodes it stands, one line with it, and what it was
    taken for, in words."""

    term: Term
    count: int
    episodes: tuple[str, ...]
    example: str
    why: str


def propose(
    said: Mapping[str, str],
    facts: SeriesFacts,
    targets: Sequence[str],
    lexicon: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Proposal]:
    """What the glossary lacks, those that stand most often first.

    `said` has each episode's lines, one below the other; `targets` are the languages to propose renderings in; what
    `lexicon` has for a word, language by language, goes before the rules' renderings. Raises `EngineMissingError` where
    the packages that know words and their sounds are not installed.
    """
    if languages.base(facts.language or "zh") != "zh":
        return []
    finder = Finder({episode: text.splitlines() for episode, text in said.items()})
    fixed = {name for term in facts.glossary for name in (term.source, *term.aliases)}
    sexes = {name: one.sex for one in facts.cast for name in (one.name, *one.aliases)}
    people = [finder.sightings(name, "name") for name in sexes if HAN.fullmatch(name)]
    found = {each.source: each for each in (*finder.accepted(), *people) if each.source not in fixed}
    made = (_proposal(each, sexes, targets, lexicon or {}) for each in found.values())
    return sorted(filter(None, made), key=lambda each: (-each.count, each.term.source))


def _proposal(
    seen: Sightings, sexes: Mapping[str, Sex], targets: Sequence[str], lexicon: Mapping[str, Mapping[str, str]]
) -> Proposal | None:
    cast = seen.source in sexes
    kind = None if seen.kind in ("given", "name", "address", "known") else seen.kind
    form = naming.formed(seen.source, _sex(seen.source, sexes), kind)
    if form is None:
        return None
    other = naming.formed(seen.source, "female", kind)
    guessed = form.sex == "unknown" and other is not None and other.renderings != form.renderings
    told = {**form.renderings, **lexicon.get(seen.source, {})}
    renderings = {tag: text for tag in targets if (text := told.get(tag) or told.get(languages.base(tag)))}
    term = Term(
        source=seen.source,
        kind=form.kind,
        sex=form.sex,
        status="proposed",
        renderings=renderings,
        notes="Sex not known: rendered as of a man." if guessed and renderings else "",
    )
    why = f"{form.why}, of the cast" if cast else form.why
    return Proposal(term, seen.count, tuple(seen.episodes), seen.example, why)


def _sex(source: str, sexes: Mapping[str, Sex]) -> Sex:
    """What the cast says of whom a name names; of a given name, what it says of the one full name that ends with it."""
    if source in sexes:
        return sexes[source]
    full: Collection[Sex] = {sex for name, sex in sexes.items() if name.endswith(source)}
    return next(iter(full)) if len(full) == 1 else "unknown"
