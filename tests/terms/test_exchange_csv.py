"""Glossaries to spreadsheets and back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings

from dubwright.errors import ManifestError
from dubwright.series.facts import Term
from dubwright.terms import exchange, exchange_csv
from tests.terms.drawn import GLOSSARIES

MASTER = Term(source="师父", aliases=("师傅",), kind="address", renderings={"en": "Master", "pt-BR": "mestre"})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(GLOSSARIES)
def test_what_is_written_is_read_again_and_no_cell_is_a_formula(terms: tuple[Term, ...]) -> None:
    content = exchange_csv.write(terms)
    read = exchange_csv.read(content, "g.csv")
    assert (read.terms, read.errors, read.left_out) == (terms, (), ())
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r＝＋－＠")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_spreadsheets_write_it_in_many_ways(delimiter: str, mark: str) -> None:
    lines = (("Source", "ALIASES", "kind", "EN", "pt_br"), ("师父", "师傅", "address", "Master", "mestre"))
    text = mark + "\r\n".join(delimiter.join(line) for line in lines)
    read = exchange_csv.read(text.encode(), "g.csv")
    assert (read.terms, read.errors, read.left_out) == ((MASTER,), (), ())


def test_a_wrong_row_says_what_is_wrong_and_the_others_are_read() -> None:
    text = (
        "source,status,sex,en,colour,aliases\n"
        "师父,approved,,Master,red,\n"
        ",,,Nobody,,\n"
        "沈总,agreed,,Mr. Shen,,\n"
        "王爷,,man,Your Highness,,\n"
        "师父,,,Teacher,,\n"
        "\n"
        "天牢,,,the Sky Prison,,,one,more\n"
        '太后,,,"the\nDowager",,\n'
        f"姐姐,,,{'x' * 301},,\n"
        "映雪,proposed,female,Ying\u202exue,,\n"
        "砚舟,,,Yanzhou,,阿舟\n"
    )
    read = exchange_csv.read(text.encode(), "g.csv")
    assert [term.source for term in read.terms] == ["师父", "砚舟"]
    assert [(error.where, error.field) for error in read.errors] == [
        ("g.csv:3", "source"),
        ("g.csv:4", "status"),
        ("g.csv:5", "sex"),
        ("g.csv:6", "source"),
        ("g.csv:8", None),
        ("g.csv:9", "en"),
        ("g.csv:11", "en"),
        ("g.csv:12", "en"),
    ]
    assert all(error.remedy for error in read.errors)
    assert read.left_out == ("column 'colour'",)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no column `source`"),
        (b"term,en\n\xe5\x85,x\n", "UTF-8"),
        ("术语,en\n师父,Master\n".encode(), "no column `source`"),
        ("source,en,EN\n师父,Master,Master\n".encode(), "twice"),
        ('source,en\n"师父,Master\n'.encode(), "no CSV"),
        (b"source,en\n" + b"x" * (exchange.MAX_BYTES + 1), "larger"),
    ],
)
def test_what_is_no_glossary_is_refused_as_a_whole(content: bytes, problem: str) -> None:
    with pytest.raises(ManifestError, match=problem) as raised:
        exchange_csv.read(content, "g.csv")
    assert raised.value.remedy and (raised.value.where or "").startswith("g.csv")


def test_a_spreadsheets_own_apostrophe_survives() -> None:
    terms = (Term(source="=2+2", renderings={"en": "'=2+2", "es": "'tis"}, aliases=("-5",)),)
    assert exchange_csv.read(exchange_csv.write(terms), "g.csv").terms == terms
    assert exchange_csv.read(b"source,en\n'+49,'tis\n", "g.csv").terms == (
        Term(source="+49", renderings={"en": "'tis"}),
    )
