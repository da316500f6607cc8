"""XML from strangers: read into plain elements, with nothing declared, nothing fetched, and an end to everything.

A document type may be named, as older files do, but is never fetched; one that declares anything itself, such as an
entity, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from dubwright.errors import ManifestError

DEEPEST = 32
MAX_ELEMENTS = 500_000
_XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(slots=True)
class Element:
    """An element by its local name: attributes without namespaces but for the language, all text in it, its line (from 1)."""

    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    language: str = ""
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, that of the elements within included."""
        return "".join(self.parts)

    def all(self, names: frozenset[str]) -> Iterator[Element]:
        """The elements of these names in it, at any depth, in order; not those within one another."""
        for child in self.children:
            if child.name in names:
                yield child
            else:
                yield from child.all(names)


def read(content: bytes, where: str) -> Element:
    """The root of a document. Raises `ManifestError` for what is no XML, declares or refers to entities, or is too much."""
    reader = _Reader(where)
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as error:
        problem = f"is no XML: {expat.ErrorString(error.code)}"
        raise ManifestError(problem, where=f"{where}:{error.lineno}", remedy="correct the file") from error
    except (ValueError, LookupError) as error:
        raise ManifestError(f"is no XML: {error}", where=where, remedy="save it in UTF-8") from error
    return reader.root


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.open: list[Element] = []
        self.elements = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.SkippedEntityHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    @property
    def root(self) -> Element:
        return self.open[0]

    def _refuse(self, problem: str, remedy: str) -> ManifestError:
        return ManifestError(problem, where=f"{self.where}:{self.parser.CurrentLineNumber}", remedy=remedy)

    def _doctype(self, _name: str, _system: str | None, _public: str | None, declares: int) -> None:
        if declares:
            raise self._refuse("declares a document type of its own", "take the declarations away")

    def _entity(self, *_: object) -> int:
        raise self._refuse("refers to an entity that it would have to declare", "write the characters themselves")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise self._refuse(f"has more than {MAX_ELEMENTS} elements", "split the file")
        if len(self.open) >= DEEPEST:
            raise self._refuse(f"is deeper than {DEEPEST} elements", "is this the right file?")
        made = Element(
            _local(name),
            self.parser.CurrentLineNumber,
            {key: value for key, value in attributes.items() if " " not in key},
            attributes.get(f"{_XML} lang") or attributes.get("lang", ""),
        )
        if self.open:
            self.open[-1].children.append(made)
        self.open.append(made)

    def _end(self, _name: str) -> None:
        # The root stays, to be had.
        if len(self.open) > 1:
            self.open.pop()

    def _text(self, text: str) -> None:
        # Only what can hold a text is worth keeping it, so that a file costs no more than a few times its size.
        for element in self.open[2:]:
            element.parts.append(text)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
