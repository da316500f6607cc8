"""XLIFF 2.1: as another implementation of XML reads it, and back, with what was changed on both sides kept apart."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from lxml import etree

from dubwright.errors import CatalogError, ManifestError
from dubwright.review import decisions, lines, xliff
from dubwright.review.decisions import Change
from dubwright.review.xliff import Imported
from tests.review.conftest import SAID, SERIES, World

X = f"{{{xliff.NAMESPACE}}}"


def exported(world: World) -> bytes:
    return xliff.write(list(lines.of_series(world.lake, SERIES, "en")), "zh")


def imported(world: World, content: bytes) -> Imported:
    return xliff.take(world.lake, xliff.read(content, "in.xlf"), "translator")


def worked(content: bytes, change: Callable[[etree._Element], None], episode: int = 0) -> bytes:
    """The file as a translator's tool gives it back, after a change to one of its files."""
    root = etree.fromstring(content)
    change(root.findall(f"{X}file")[episode])
    return bytes(etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-16"))


def unit(file: etree._Element, segment: int) -> etree._Element:
    (found,) = file.findall(f"{X}unit[@id='{segment}']/{X}segment")
    return found


def set_target(segment: int, text: str, state: str | None = None) -> Callable[[etree._Element], None]:
    def change(file: etree._Element) -> None:
        found = unit(file, segment)
        target = found.find(f"{X}target")
        if target is None:
            target = etree.SubElement(found, f"{X}target")
        target.text = text
        if state:
            found.set("state", state)

    return change


def set_state(state: str, *segments: int) -> Callable[[etree._Element], None]:
    def change(file: etree._Element) -> None:
        for segment in segments:
            unit(file, segment).set("state", state)

    return change


def test_every_line_is_a_unit_with_what_is_known_of_it(world: World) -> None:
    decisions.save(world.lake, world.script(), Change(1, '<You> & "I"\'s ]]>\u200d'), "ana")
    decisions.approve(world.lake, world.script(), [2], "ana")
    decisions.lock(world.lake, world.script(), [3], "ana")
    decisions.comment(world.lake, world.script().place, "sure?", "ben", 1)
    root = etree.fromstring(exported(world))
    assert root.tag == f"{X}xliff"
    assert dict(root.attrib) == {"version": "2.1", "srcLang": "zh", "trgLang": "en"}
    first, _ = files = root.findall(f"{X}file")
    assert len({file.get("id") for file in files}) == 2
    units = first.findall(f"{X}unit")
    assert [each.get("id") for each in units] == ["1", "2", "3"]
    assert [each.get("translate") for each in units] == [None, None, "no"]
    segments = [each.find(f"{X}segment") for each in units]
    assert [each.get("state") for each in segments if each is not None] == ["translated", "reviewed", "final"]
    assert [each.findtext(f"{X}source") for each in segments if each is not None] == [source for source, _ in SAID]
    assert segments[0] is not None and segments[0].findtext(f"{X}target") == '<You> & "I"\'s ]]>\u200d'
    notes = [(note.get("category"), note.text) for note in units[0].iter(f"{X}note")]
    assert notes == [("time", "1.000-3.000 s"), ("speaker", "S1"), ("comment", "ben: sure?")]


def test_what_comes_back_as_it_went_changes_nothing(world: World) -> None:
    decisions.save(world.lake, world.script(), Change(1, "<You> & I"), "ana")
    decisions.lock(world.lake, world.script(), [2], "ana")
    content = exported(world)
    for given in (content, worked(content, lambda _: None)):
        result = imported(world, given)
        assert (result.corrected, result.reviewed, result.conflicts) == ([], [], [])


def test_changed_texts_are_corrections_and_changed_states_reviews(world: World) -> None:
    content = worked(exported(world), set_target(1, "  Here\n you are. ", "reviewed"))
    content = worked(content, set_state("final", 2, 3), episode=1)
    result = imported(world, content)
    assert [(place.episode, segment) for place, segment in result.corrected] == [("01", 1)]
    assert [(place.episode, *rest) for place, *rest in result.reviewed] == [
        ("01", 1, "approve"),
        ("02", 2, "lock"),
        ("02", 3, "lock"),
    ]
    line = world.script("01").line(1)
    assert (line.text, line.state, line.editor) == ("Here you are.", "approved", "translator")
    assert [line.state for line in world.script("02").lines] == ["draft", "locked", "locked"]
    # And what was said is taken back the same way.
    back = worked(exported(world), set_state("initial", 1, 2), episode=1)
    assert [act for _, _, act in imported(world, back).reviewed] == ["unlock", "reopen"]
    assert [line.state for line in world.script("02").lines] == ["draft", "draft", "locked"]


def test_what_was_changed_here_meanwhile_is_not_overwritten(world: World) -> None:
    content = exported(world)
    decisions.save(world.lake, world.script(), Change(1, "Ours."), "ana")
    decisions.lock(world.lake, world.script(), [2], "ana")
    theirs = worked(content, set_target(1, "Theirs.", "final"))
    theirs = worked(theirs, set_target(2, "Theirs too."))
    theirs = worked(theirs, set_target(3, "Theirs as well."))
    result = imported(world, theirs)
    assert [(each.segment, each.reason) for each in result.conflicts] == [
        (1, "it was changed here since: 'Ours.'"),
        (2, "is locked"),
    ]
    assert [line.text for line in world.script().lines] == ["Ours.", "The lamp still burns.", "Theirs as well."]
    assert [line.state for line in world.script().lines] == ["edited", "locked", "edited"]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("<source>你来了。", "<source>你走了。", "its source is '你来了。' here"),
        (r'<mda:meta type="exported">\w+</mda:meta>', "", "does not say what it was exported from"),
        ('unit id="1"', 'unit id="77"', "there is no such line"),
        ("<target>You came.", "<target>" + "x" * 1001, "1001 characters"),
    ],
)
def test_a_line_that_cannot_be_taken_is_listed(world: World, before: str, after: str, says: str) -> None:
    text = exported(world).decode().replace("<target>You came.", "<target>You came!", 1)
    text = re.sub(before.replace("You came.", "You came!"), after, text, count=1)
    result = imported(world, text.encode())
    assert [says in each.reason for each in result.conflicts] == [True]
    assert not list(world.lake.edit_keys("en"))


def test_parts_that_a_tool_has_made_of_a_line_are_put_together(world: World) -> None:
    text = exported(world).decode()
    whole = "<source>灯还亮着。</source>\n        <target>The lamp still burns.</target>\n      </segment>"
    parts = (
        "<source>灯</source><target>The <pc id='1'>light</pc></target></segment><ignorable><source/><target> </target>"
        '</ignorable><segment state="translated"><source>还亮着。</source><target>burns.<ph id="2"/></target></segment>'
    )
    assert whole in text
    imported(world, text.replace(whole, parts, 1).encode())
    assert world.script().line(2).text == "The light burns."


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xliff version="2.1">&b;</xliff>'
FILE = '<file id="f" original="s/e">{}</file>'
UNIT = '<unit id="{}"><segment{}><source>a</source></segment></unit>'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is no XML"),
        (BOMB, "declares a document type"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><xliff version="2.1" trgLang="en">&x;</xliff>', "entity"),
        ("<x/>", "is no XLIFF but 'x'"),
        ('<xliff version="1.2"/>', "is XLIFF 1.2"),
        ('<xliff version="2.1"/>', "trgLang"),
        ('<xliff version="2.1" trgLang="en"><file id="f" original="../../x/y"/></xliff>', "of which episode"),
        (FILE.format("") * 2, "an episode twice"),
        (FILE.format(UNIT.format(1, "") * 2), "line 1 twice"),
        (FILE.format(UNIT.format("１", "")), "is no line's number"),
        (FILE.format(UNIT.format("9" * 30, "")), "is no line's number"),
        (FILE.format(UNIT.format(1, ' state="done"')), "'done' is no state"),
        (FILE.format("<a>" * 60 + "</a>" * 60), "deeper than"),
    ],
)
def test_what_is_no_xliff_of_ours_is_refused(content: str, says: str) -> None:
    if content.startswith("<file"):
        content = f'<xliff version="2.1" trgLang="en">{content}</xliff>'
    with pytest.raises(ManifestError) as caught:
        xliff.read(content.encode(), "in.xlf")
    assert says in str(caught.value)


def test_an_episode_that_is_not_there_is_named(world: World) -> None:
    content = exported(world).replace(b"/02", b"/03")
    with pytest.raises(CatalogError, match="not translated into English"):
        imported(world, content)
    with pytest.raises(ManifestError, match="no line to write"):
        xliff.write([], "zh")
