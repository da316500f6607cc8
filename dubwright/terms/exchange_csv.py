"""A glossary as a spreadsheet: one row a term, one column a language.

Columns: `source`, `kind`, `sex`, `status`, `aliases` (with `|` between them), `notes`, and a language tag for each
language that a term has a rendering in. What a spreadsheet would take for a formula gets an apostrophe before it, which
is taken away when it is read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from dubwright import languages
from dubwright.errors import LanguageError, ManifestError
from dubwright.series.facts import Term
from dubwright.terms import exchange
from dubwright.terms.exchange import Imported

FIELDS = ("source", "kind", "sex", "status", "aliases", "notes")
DELIMITERS = ",;\t"
# What makes a spreadsheet compute, also in the wide forms that some take for the same.
_FORMULA = re.compile("'*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_GUARDED = re.compile("''*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_ALIAS = re.compile(r"(?:\\[\\|]|[^|])+")


def write(terms: Iterable[Term]) -> bytes:
    """The terms as CSV in UTF-8, with the mark at its head without which spreadsheets misread it."""
    given = list(terms)
    tags = sorted({tag for term in given for tag in term.renderings})
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow((*FIELDS, *tags))
    for term in given:
        cells = (
            term.source,
            term.kind,
            "" if term.sex == "unknown" else term.sex,
            term.status,
            "|".join(alias.replace("\\", r"\\").replace("|", r"\|") for alias in term.aliases),
            term.notes,
            *(term.renderings.get(tag, "") for tag in tags),
        )
        writer.writerow("'" + cell if _FORMULA.match(cell) else cell for cell in cells)
    return text.getvalue().encode("utf-8-sig")


def read(content: bytes, where: str) -> Imported:
    """The terms of a CSV file, with comma, semicolon or tab between its cells; `where` names it in errors.

    A row that is wrong is one of the errors, the others are read. Raises `ManifestError` if the file as a whole is no
    glossary. A term without a status is approved: somebody wrote it down.
    """
    try:
        text = exchange.content(content, where).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError("is not UTF-8", where=where, remedy="save it as “CSV UTF-8”") from error
    rows = _rows(text, where)
    columns, unknown = _columns(next(rows, (0, []))[1], where)
    terms, errors = _terms(rows, columns, where)
    return Imported(tuple(terms), tuple(errors), tuple(f"column {name!r:.80}" for name in unknown))


def _rows(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its first line; the delimiter is the one that parts the header into most columns."""
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=lambda each: len(_known(next(csv.reader([head], delimiter=each), []))))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise ManifestError(f"is no CSV: {error}", where=f"{where}:{line}", remedy="save it as “CSV UTF-8”") from error


def _known(header: Sequence[str]) -> list[str]:
    return [name for name in map(_field, header) if name]


def _field(name: str) -> str:
    """What a column is: one of `FIELDS`, the canonical tag of a language, or nothing known."""
    plain = name.strip().lower()
    if plain in FIELDS:
        return plain
    try:
        return languages.parse(name) if plain else ""
    except LanguageError:
        return ""


def _columns(header: Sequence[str], where: str) -> tuple[list[str], list[str]]:
    """What each column is, empty where that is not known, and the names of those."""
    columns = [_field(name) for name in header]
    if "source" not in columns:
        raise ManifestError(
            f"has no column `source`, only: {', '.join(header)[:200]}",
            where=where,
            field="source",
            remedy=f"name the columns {', '.join(FIELDS)}, and by language tags",
        )
    for number, column in enumerate(columns):
        if column and column in columns[:number]:
            raise ManifestError("stands twice in the header", where=where, field=column, remedy="leave one out")
    return columns, [name for name, column in zip(header, columns, strict=True) if not column and name.strip()]


def _terms(
    rows: Iterator[tuple[int, list[str]]], columns: Sequence[str], where: str
) -> tuple[list[Term], list[ManifestError]]:
    terms: dict[str, tuple[Term, int]] = {}
    errors: list[ManifestError] = []
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(terms) + len(errors) >= exchange.MAX_TERMS:
            raise ManifestError(f"has more than {exchange.MAX_TERMS} rows", where=where, remedy="split the file")
        place = f"{where}:{number}"
        try:
            term = _term(row, columns, place)
            if term.source in terms:
                first = terms[term.source][1]
                problem = f"{term.source!r} stands in row {first} already"
                raise ManifestError(problem, where=place, field="source", remedy="leave one of them out")
            terms[term.source] = term, number
        except ManifestError as error:
            errors.append(error)
    return [term for term, _ in terms.values()], errors


def _term(row: Sequence[str], columns: Sequence[str], place: str) -> Term:
    if len(row) > len(columns) and any(cell.strip() for cell in row[len(columns) :]):
        raise ManifestError(
            "has more cells than the header", where=place, remedy="put text that holds the delimiter into quotes"
        )
    cells = {column: _cell(cell) for column, cell in zip(columns, row, strict=False) if column and _cell(cell)}
    fields: dict[str, object] = {name: cells[name] for name in ("source", "kind", "notes") if name in cells}
    for name, values in (("sex", exchange.SEXES), ("status", exchange.STATUSES)):
        if name in cells:
            value = cells[name].lower()
            if value not in values:
                problem = f"is {cells[name]!r:.80}, which is none of {', '.join(values)}"
                raise ManifestError(problem, where=place, field=name, remedy=f"write one of {', '.join(values)}")
            fields[name] = value
    if "source" not in fields:
        raise ManifestError("is empty", where=place, field="source", remedy="give the term in the source language")
    fields["aliases"] = tuple(_aliases(cells.get("aliases", "")))
    fields["renderings"] = {tag: text for tag, text in cells.items() if tag not in FIELDS}
    return exchange.term(fields, place)


def _cell(cell: str) -> str:
    """A cell as it was before it was guarded, with the line ends that spreadsheets write made plain."""
    plain = cell.strip().replace("\r\n", "\n").replace("\r", "\n")
    return plain[1:] if _GUARDED.match(plain) else plain


def _aliases(cell: str) -> Iterator[str]:
    for alias in _ALIAS.findall(cell):
        if text := re.sub(r"\\([\\|])", r"\1", alias).strip():
            yield text
