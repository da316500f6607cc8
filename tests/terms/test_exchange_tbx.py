"""Glossaries to TermBase eXchange and back, and what other programs and strangers write."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings

from dubwright.errors import ManifestError
from dubwright.series.facts import Term
from dubwright.terms import exchange_tbx, xml
from dubwright.terms.xml import Element
from tests.terms.drawn import GLOSSARIES

# What stands in what, as the core structure of ISO 30042:2019 has it, as far as a glossary needs it.
CONTENT = {
    "tbx": "tbxHeader text",
    "tbxHeader": "fileDesc( encodingDesc)?( revisionDesc)?",
    "fileDesc": "(titleStmt )?(publicationStmt )?sourceDesc( sourceDesc)*",
    "titleStmt": "title( note)*",
    "sourceDesc": "p( p)*",
    "text": "body( back)?",
    "body": "conceptEntry( conceptEntry)*",
    "conceptEntry": "((descrip|admin|transacGrp|note|ref|xref) )*langSec( langSec)*",
    "langSec": "((descrip|admin|transacGrp|note|ref|xref) )*termSec( termSec)*",
    "termSec": "term( termNote)*( (descrip|admin|note|ref|xref))*",
}
# The data categories of TBX-Basic that are used here: where they may stand, and their values where those are fixed.
CATEGORIES = {
    ("descrip", "subjectField"): ("conceptEntry", r".+"),
    ("termNote", "administrativeStatus"): ("termSec", r"(admitted|deprecated|superseded|preferred)Term-admn-sts"),
    ("termNote", "termType"): ("termSec", r"fullForm|acronym|abbreviation|shortForm|variant|phrase"),
    ("termNote", "grammaticalGender"): ("termSec", r"masculine|feminine|neuter|other"),
}


def check_structure(element: Element) -> None:
    names = " ".join(child.name for child in element.children)
    assert re.fullmatch(CONTENT.get(element.name, ""), names), (element.name, names)
    languages = [child.language for child in element.children if child.name == "langSec"]
    assert len(set(languages)) == len(languages) and "" not in languages
    for child in element.children:
        if "type" in child.attributes:
            parent, value = CATEGORIES[child.name, child.attributes["type"]]
            assert element.name == parent and re.fullmatch(value, child.text, re.DOTALL)
        check_structure(child)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(GLOSSARIES)
def test_what_is_written_is_read_again_and_as_the_standard_demands(terms: tuple[Term, ...]) -> None:
    content = exchange_tbx.write(terms, "zh", "<&>")
    read = exchange_tbx.read(content, "g.tbx")
    assert (read.terms, read.errors, read.left_out) == (terms, (), ())
    assert exchange_tbx.lost(terms, "zh") == []
    root = xml.read(content, "g.tbx")
    assert b'xmlns="urn:iso:std:iso:30042:ed-2"' in content
    assert (root.name, root.attributes, root.language) == ("tbx", {"type": "TBX-Basic", "style": "dca"}, "zh")
    check_structure(root)
    ids = [entry.attributes["id"] for entry in root.all(frozenset(("conceptEntry",)))]
    assert len(set(ids)) == len(ids) == len(terms)


def test_what_tbx_cannot_carry_is_said() -> None:
    term = Term(source="师父", renderings={"zh": "师傅", "en": "Master"})
    assert len(lost := exchange_tbx.lost([term], "zh")) == 1 and "师父" in lost[0]
    assert exchange_tbx.read(exchange_tbx.write([term], "zh"), "g.tbx").terms == (
        Term(source="师父", renderings={"en": "Master"}),
    )


def test_an_empty_glossary_is_no_file() -> None:
    with pytest.raises(ManifestError, match="empty"):
        exchange_tbx.write([], "zh")


MARTIF = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE martif SYSTEM "http://192.0.2.1/TBXcoreStructV02.dtd">
<martif type="TBX" xml:lang="en"><martifHeader><fileDesc><sourceDesc><p>x</p></sourceDesc></fileDesc></martifHeader>
<text><body>
<termEntry id="t1"><descripGrp><descrip type="definition">Who teaches.</descrip><admin type="source">A</admin></descripGrp>
<langSet xml:lang="zh-CN"><tig><term>师父</term><termNote type="partOfSpeech">noun</termNote></tig></langSet>
<langSet xml:lang="en-US"><ntig><termGrp><term>Mas<hi type="bold">ter</hi></term>
<termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></termGrp></ntig>
<ntig><termGrp><term>Teacher</term><termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></termGrp></ntig>
<ntig><termGrp><term>Sifu</term></termGrp></ntig></langSet></termEntry>
<termEntry id="t2"><langSet xml:lang="en"><tig><term>nobody</term></tig></langSet></termEntry>
<termEntry id="t3"><langSet xml:lang="klingon"><tig><term>x</term></tig></langSet></termEntry>
<termEntry id="t4"><langSet xml:lang="zh"><tig><term>师父</term></tig></langSet></termEntry>
<termEntry id="t5"><langSet xml:lang="zh"><tig><term>沈总</term></tig></langSet>
<langSet xml:lang="en"><tig><term> </term></tig></langSet></termEntry>
</body></text></martif>"""


def test_the_older_form_is_read_and_what_has_no_place_is_named() -> None:
    read = exchange_tbx.read(MARTIF.encode(), "old.tbx")
    assert read.terms == (Term(source="师父", renderings={"en-US": "Master"}),)
    assert [(error.where, (error.field or "").split(",")[0]) for error in read.errors] == [
        ("old.tbx:11", "t2"),
        ("old.tbx:12", "t3"),
        ("old.tbx:13", "t4"),
        ("old.tbx:14", "t5"),
    ]
    assert all(error.remedy for error in read.errors)
    assert read.left_out == (
        "t1: 'Teacher' in en-US, which is not to be used",
        "t1: a second term in en-US, 'Sifu'",
        "'definition', 1 times",
        "'source', 1 times",
    )


@pytest.mark.parametrize("namespace", ["urn:iso:std:iso:30042:ed-2", "urn:iso:std:iso:30042:ed:3.0"])
def test_data_categories_may_be_tags(namespace: str) -> None:
    content = f"""<tbx type="TBX-Basic" style="dct" xml:lang="en" xmlns="{namespace}"
      xmlns:min="http://www.tbxinfo.net/ns/min" xmlns:basic="http://www.tbxinfo.net/ns/basic">
      <tbxHeader><fileDesc><sourceDesc><p>x</p></sourceDesc></fileDesc></tbxHeader><text><body>
      <conceptEntry id="c1"><min:subjectField>name</min:subjectField><note>Quick-tempered.</note>
      <langSec xml:lang="zh"><termSec><term>晚晴</term><basic:termType>variant</basic:termType>
      <min:administrativeStatus>admittedTerm-admn-sts</min:administrativeStatus></termSec>
      <termSec><term>陆晚晴</term><min:administrativeStatus>preferredTerm-admn-sts</min:administrativeStatus>
      <basic:grammaticalGender>feminine</basic:grammaticalGender></termSec></langSec>
      <langSec xml:lang="en"><termSec><term>Lu Wanqing</term></termSec></langSec></conceptEntry></body></text></tbx>"""
    read = exchange_tbx.read(content.encode(), "dct.tbx")
    assert read.terms == (
        Term(
            source="陆晚晴",
            aliases=("晚晴",),
            kind="name",
            sex="female",
            renderings={"en": "Lu Wanqing"},
            notes="Quick-tempered.",
        ),
    )
    assert (read.errors, read.left_out) == ((), ())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no element found"),
        (b"source,en\n", "no XML"),
        (b"<tbx><text></tbx>", "no XML"),
        (b"<html/>", "no TBX"),
        (b'<?xml version="1.0" encoding="klingon"?><tbx/>', "no XML"),
        (b"\xff\xfe\x00", "no XML"),
        (b'<!DOCTYPE tbx [<!ENTITY a "aaaa">]><tbx>&a;</tbx>', "document type of its own"),
        (b'<!DOCTYPE tbx [<!ENTITY a SYSTEM "file:///etc/passwd">]><tbx>&a;</tbx>', "document type of its own"),
        (b'<!DOCTYPE tbx SYSTEM "http://192.0.2.1/x.dtd"><tbx>&a;</tbx>', "entity"),
        (b'<!DOCTYPE tbx [<!ENTITY % a SYSTEM "http://192.0.2.1/x"> %a;]><tbx/>', "document type of its own"),
        (b"<tbx>" + b"<a>" * 40 + b"</a>" * 40 + b"</tbx>", "deeper"),
    ],
)
def test_what_is_no_tbx_or_not_safe_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(ManifestError, match=problem) as raised:
        exchange_tbx.read(content, "g.tbx")
    assert raised.value.remedy and (raised.value.where or "").startswith("g.tbx")


def test_there_is_an_end_to_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "MAX_ELEMENTS", 10)
    with pytest.raises(ManifestError, match="more than 10 elements"):
        exchange_tbx.read(b"<tbx>" + b"<a/>" * 20 + b"</tbx>", "g.tbx")
