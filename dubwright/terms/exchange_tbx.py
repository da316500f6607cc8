"""A glossary as TermBase eXchange: TBX-Basic of ISO 30042:2019 is written, and that, its style with data categories as
tags, and the older `martif` of 2008 are read.

A term is a concept with a section for each language. In the source language's section the first term is the term
itself, the others are its aliases. Its kind is the concept's subject field, its notes are the concept's, its sex the
term's grammatical gender. TBX-Basic has no word for a proposal: one is admitted, what is approved is preferred.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from dubwright import languages
from dubwright.errors import LanguageError, ManifestError
from dubwright.series.facts import Term
from dubwright.terms import exchange, xml
from dubwright.terms.exchange import Imported
from dubwright.terms.xml import Element

NAMESPACE = "urn:iso:std:iso:30042:ed-2"
DIALECT = "TBX-Basic"

_PREFERRED, _ADMITTED = "preferredTerm-admn-sts", "admittedTerm-admn-sts"
_REJECTED = ("deprecated", "superseded")
_GENDERS = {"female": "feminine", "male": "masculine"}
_SEXES = {gender: sex for sex, gender in _GENDERS.items()}
# The names that 2019 and 2008 give the same things.
_CONCEPTS = frozenset(("conceptEntry", "termEntry"))
_LANGUAGES = frozenset(("langSec", "langSet"))
_TERMS = frozenset(("termSec", "tig", "ntig"))
_CARRIED = frozenset(("subjectField", "note", "administrativeStatus", "grammaticalGender", "termType", "partOfSpeech"))


def write(terms: Iterable[Term], source: str, title: str = "") -> bytes:
    """The terms as TBX-Basic in UTF-8; `source` is their language, `title` the series'. See `lost` for what stays behind.

    Raises `ManifestError` where there are none: a TBX file without a concept is none.
    """
    concepts = [line for number, term in enumerate(terms, 1) for line in _written(number, term, source)]
    if not concepts:
        raise ManifestError("the glossary is empty", remedy="give it a term first")
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<tbx type="{DIALECT}" style="dca" xml:lang="{source}" xmlns="{NAMESPACE}">',
        "  <tbxHeader>",
        "    <fileDesc>",
        *([f"      <titleStmt><title>{_text(title)}</title></titleStmt>"] if title else ()),
        "      <sourceDesc><p>The glossary of a series, written by dubwright.</p></sourceDesc>",
        "    </fileDesc>",
        "  </tbxHeader>",
        "  <text>",
        "    <body>",
    )
    return "\n".join((*head, *concepts, "    </body>", "  </text>", "</tbx>", "")).encode()


def lost(terms: Iterable[Term], source: str) -> list[str]:
    """What of the terms `write` cannot carry, in words."""
    return [
        f"{term.source}: its rendering in {source}, which is the terms' own language"
        for term in terms
        if source in term.renderings
    ]


def _written(number: int, term: Term, source: str) -> Iterator[str]:
    yield f'      <conceptEntry id="c{number}">'
    yield f'        <descrip type="subjectField">{_text(term.kind)}</descrip>'
    if term.notes:
        yield f"        <note>{_text(term.notes)}</note>"
    status = _PREFERRED if term.status == "approved" else _ADMITTED
    notes = [("administrativeStatus", status), ("termType", "fullForm")]
    if term.sex in _GENDERS:
        notes.append(("grammaticalGender", _GENDERS[term.sex]))
    variant = [("administrativeStatus", _ADMITTED), ("termType", "variant")]
    yield from _section(source, ((term.source, notes), *((alias, variant) for alias in term.aliases)))
    for tag, rendering in term.renderings.items():
        if tag != source:
            yield from _section(tag, ((rendering, [("administrativeStatus", status)]),))
    yield "      </conceptEntry>"


def _section(tag: str, terms: Iterable[tuple[str, Sequence[tuple[str, str]]]]) -> Iterator[str]:
    yield f'        <langSec xml:lang="{tag}">'
    for text, notes in terms:
        told = "".join(f'<termNote type="{name}">{value}</termNote>' for name, value in notes)
        yield f"          <termSec><term>{_text(text)}</term>{told}</termSec>"
    yield "        </langSec>"


def _text(text: str) -> str:
    return escape(text, quote=False)


def read(content: bytes, where: str, source: str = "zh") -> Imported:
    """The terms of a TBX file; `source` is the language of the terms, `where` names the file in errors.

    An entry that is wrong is one of the errors, the others are read; what a glossary has no place for is left out and
    said. A term without a status is approved. Raises `ManifestError` if the file as a whole is no TBX, or is not safe.
    """
    root = xml.read(exchange.content(content, where), where)
    if root.name not in ("tbx", "martif"):
        problem = f"is no TBX, but {root.name!r:.80}"
        raise ManifestError(problem, where=where, remedy="give a .tbx file of 2019, or a martif of 2008")
    reader = _Reader(source, where)
    for number, entry in enumerate(root.all(_CONCEPTS), 1):
        if number > exchange.MAX_TERMS:
            raise ManifestError(f"has more than {exchange.MAX_TERMS} entries", where=where, remedy="split the file")
        reader.take(entry, number)
    strangers = (f"{name!r:.80}, {count} times" for name, count in reader.strangers.items())
    return Imported(tuple(reader.terms.values()), tuple(reader.errors), (*reader.left_out, *strangers))


@dataclass(frozen=True, slots=True)
class _Section:
    """A term in a language's section: its text, and its notes by data category."""

    text: str
    notes: dict[str, str]

    @property
    def rejected(self) -> bool:
        return self.notes.get("administrativeStatus", "").startswith(_REJECTED)

    @property
    def rank(self) -> int:
        """What is preferred goes first, what nobody judged before what is merely admitted."""
        status = self.notes.get("administrativeStatus", "")
        return 0 if status.startswith("preferred") else 2 if status.startswith("admitted") else 1


class _Reader:
    """Concepts made terms, one after the other."""

    def __init__(self, source: str, where: str) -> None:
        self.source = source
        self.where = where
        self.terms: dict[str, Term] = {}
        self.errors: list[ManifestError] = []
        self.left_out: list[str] = []
        # Data categories that a glossary has no place for.
        self.strangers: Counter[str] = Counter()

    def take(self, entry: Element, number: int) -> None:
        """Add what a concept says to the terms, or to the errors."""
        called = entry.attributes.get("id") or f"entry {number}"
        place = f"{self.where}:{entry.line}"
        try:
            term = self._term(entry, called, place)
            if term.source in self.terms:
                problem = f"{term.source!r} stands in an entry before already"
                raise ManifestError(problem, where=place, field=called, remedy="make one entry of them")
            self.terms[term.source] = term
        except ManifestError as error:
            error.field = called if error.field is None else f"{called}, {error.field}"
            self.errors.append(error)

    def _term(self, entry: Element, called: str, place: str) -> Term:
        sections = self._sections(entry, called, place)
        self._meet_strangers(entry)
        own = self.source if self.source in sections else None
        if own is None:
            base = languages.base(self.source)
            own = next((tag for tag in sections if languages.base(tag) == base), None)
        if own is None or not sections[own]:
            problem = f"has no term in {languages.name(self.source)} ({self.source})"
            raise ManifestError(problem, where=place, remedy=f"give it a section with xml:lang {self.source!r}")
        first, *others = sections.pop(own)
        renderings = {}
        for tag, (chosen, *rest) in ((tag, terms) for tag, terms in sections.items() if terms):
            renderings[tag] = chosen.text
            self.left_out += [f"{called}: a second term in {tag}, {other.text!r:.80}" for other in rest]
        fields = {
            "source": first.text,
            "aliases": tuple(dict.fromkeys(each.text for each in others)),
            "renderings": renderings,
            "kind": next((text for name, text in _categories(entry) if name == "subjectField" and text), "term"),
            "sex": _SEXES.get(first.notes.get("grammaticalGender", ""), "unknown"),
            "status": "proposed" if first.rank == 2 else "approved",
            "notes": "\n".join(text for name, text in _categories(entry) if name == "note"),
        }
        return exchange.term(fields, place)

    def _sections(self, entry: Element, called: str, place: str) -> dict[str, list[_Section]]:
        """The terms of each language that stand, the preferred ones first."""
        found: dict[str, list[_Section]] = {}
        for section in (each for each in entry.children if each.name in _LANGUAGES):
            try:
                tag = languages.parse(section.language)
            except LanguageError as error:
                raise ManifestError(error.problem, where=place, field="xml:lang", remedy=error.remedy) from error
            self._meet_strangers(section)
            terms = found.setdefault(tag, [])
            for each in (child for child in section.children if child.name in _TERMS):
                text = next(each.all(frozenset(("term",))), None)
                made = _Section(text.text.strip() if text else "", dict(_categories(each)))
                self._meet_strangers(each)
                if made.rejected:
                    self.left_out.append(f"{called}: {made.text!r:.80} in {tag}, which is not to be used")
                else:
                    terms.append(made)
            terms.sort(key=lambda made: made.rank)
        return found

    def _meet_strangers(self, element: Element) -> None:
        self.strangers.update(name for name, _ in _categories(element) if name not in _CARRIED)


def _categories(element: Element) -> Iterator[tuple[str, str]]:
    """The data categories that stand right in an element, or grouped in it, each with its text.

    In one style an attribute names them, in the other the element itself.
    """
    for child in element.children:
        if child.name in _LANGUAGES | _TERMS or child.name == "term":
            continue
        if child.name.endswith("Grp"):
            yield from _categories(child)
        else:
            yield child.attributes.get("type") or child.name, child.text.strip()
