"""What a market says of translations: nothing of decent ones, and why of the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.series.facts import Character, SeriesFacts
from dubwright.translate import market
from dubwright.translate.engine import Line, Scene
from dubwright.translate.market import Overrides, addressees, finding
from dubwright.translate.market.finding import Finding
from dubwright.translate.market.review import noted, review
from tests.translate.market_lines import BAD, GOOD, SOURCE

ROOT = Path(__file__).parent.parent.parent
SERIES = [ROOT / "samples" / "series.yaml", *sorted((ROOT / "benchmarks" / "heldout").rglob("*.yaml"))]


def scene(target: str, texts: Sequence[str], speakers: Sequence[str | None] = (), **about: Any) -> Scene:
    spoken = [*speakers, *[None] * (len(texts) - len(speakers))]
    lines = [
        Line(at, text, speaker, 1500) for at, (text, speaker) in enumerate(zip(texts, spoken, strict=True), start=1)
    ]
    return Scene("zh", target, lines, **{"market": market.of(target), **about})


def said(target: str, source_text: str, text: str, **about: Any) -> list[Finding]:
    return review(scene(target, [source_text], **about), {1: text}).get(1, [])


def dialogue(target: str, texts: Sequence[str], lines: Sequence[str], **about: Any) -> dict[int, list[Finding]]:
    """Two people in turns."""
    speakers = ["甲" if at % 2 else "乙" for at in range(len(texts))]
    return review(scene(target, lines, speakers, **about), dict(enumerate(texts, start=1)))


@pytest.mark.parametrize("language", GOOD)
def test_decent_lines_are_let_be(language: str) -> None:
    found = review(scene(language, SOURCE), dict(enumerate(GOOD[language], start=1)))
    assert {GOOD[language][at - 1]: [str(each) for each in findings] for at, findings in found.items()} == {}


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
def test_references_are_let_be(path: Path) -> None:
    series = yaml.safe_load(path.read_text(encoding="utf-8"))
    facts = SeriesFacts.model_validate(series)
    for episode in series.get("episodes", []):
        lines = [Line(at, each["text"], each["speaker"], 1500) for at, each in enumerate(episode["lines"], start=1)]
        for language in ("en", "es"):
            texts = {at: each[language] for at, each in enumerate(episode["lines"], start=1) if language in each}
            about = {"glossary": facts.glossary_for(language), "cast": facts.cast, "market": market.of(language)}
            found = review(Scene("zh", language, lines, **about), texts)
            assert {texts[at]: [str(each) for each in findings] for at, findings in found.items()} == {}


@pytest.mark.parametrize(("language", "source_text", "text", "kind", "reason"), BAD)
def test_what_goes_wrong_is_flagged_with_its_reason(
    language: str, source_text: str, text: str, kind: str, reason: str
) -> None:
    found = [each for each in said(language, source_text, text) if each.kind == kind]
    assert any(reason in each.reason for each in found)


class TestYou:
    """One form of "you" from one person to another, as far as it can be told."""

    LINES = ("你来了。", "我等了很久。", "你要走了？", "对。", "你会回来吗？", "不会。")

    def test_the_odd_line_of_a_pair_is_flagged(self) -> None:
        texts = ["Has venido, y tú lo sabes.", "Sí.", "¿Te vas?", "Sí.", "¿Usted volverá?", "No."]
        found = dialogue("es", [*texts, "Adiós."], (*self.LINES, "再见。"))
        assert {at: [each.kind for each in findings] for at, findings in found.items()} == {5: ["formality"]}
        assert "乙 is familiar with 甲" in found[5][0].reason

    def test_other_pairs_may_speak_otherwise(self) -> None:
        texts = ["¿Tú?", "¿Usted?", "¿Tú?", "¿Usted?", "¿Tú?", "¿Usted?"]
        assert dialogue("es", texts, self.LINES) == {}

    def test_whoever_is_called_is_spoken_to(self) -> None:
        cast = [Character(name="秦守拙", aliases=("师父",)), Character(name="乙")]
        lines = ("师父，您请。", "师父，你先走。", "师父，您先走。")
        texts = {1: "Pase usted, maestro.", 2: "Maestro, vete tú primero.", 3: "Maestro, usted primero."}
        found = review(scene("es", lines, ["甲"] * 3, cast=cast), texts)
        assert list(found) == [2]
        assert found[2][0].severity == "medium"

    @pytest.mark.parametrize(
        ("spoken", "whom"),
        [
            ("甲：你来了。 乙：我来了。 甲：坐。", {2: "甲"}),
            ("甲：你来了。 乙：我来了。 乙：不，我回来了。 甲：坐。", {2: "甲", 3: "甲"}),
            ("甲：你来了。 乙：掌柜的，来了。 甲：坐。", {}),  # somebody else may be called
            ("甲：你来了。 乙：我来了。 丙：坐。", {}),
            ("甲：老师，您来了。", {1: "丙"}),
            ("甲：您来了，老师！", {1: "丙"}),
            ("丙：老师，您来了。", {}),
        ],
    )
    def test_whom_a_line_is_spoken_to(self, spoken: str, whom: dict[int, str]) -> None:
        said = [each.split("：") for each in spoken.split()]
        lines = [Line(at, text, speaker, 1500) for at, (speaker, text) in enumerate(said, start=1)]
        assert addressees.of(lines, [Character(name="丙", aliases=("老师",))]) == whom

    def test_a_plural_is_no_form_of_respect(self) -> None:
        assert said("fr", "你们都给我住口，尤其是你！", "Taisez-vous tous, et surtout toi !") == []

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("de", "Sie hat dich verraten."),
            ("de", "Geh! Sie wartet auf dich."),
            ("pt-BR", "O senhor Gu espera você."),
            ("hi", "यह अपने आप तुम्हारे पास आएगा।"),
            ("vi", "Mày thấy ngài ấy không?"),
            ("fr", "Tu as un rendez-vous."),
        ],
    )
    def test_what_only_looks_like_a_form_is_none(self, language: str, text: str) -> None:
        assert said(language, "她在等你。", text) == []

    def test_levels_of_speech_may_shift_a_little(self) -> None:
        polite = ["왔어요.", "그래.", "가십니까?", "그래.", "모르겠어요.", "그래.", "기다릴게요."]
        lines = (*self.LINES, "我等你。")
        assert dialogue("ko", polite, lines) == {}
        once = [*polite[:4], "몰라.", *polite[5:]]
        assert dialogue("ko", once, lines) == {}  # two of three are no habit
        found = dialogue("ko", [*polite, "그래.", "알겠습니다.", "그래.", "몰라.", "그래."], (*lines, *self.LINES[1:]))
        assert [(at, each.span) for at, findings in found.items() for each in findings] == [(11, "몰라")]


class TestTopics:
    def test_a_market_minds_what_another_does_not(self) -> None:
        assert said("en", "我们喝酒吧。", "Let's drink wine.") == []
        assert [each.kind for each in said("ar", "我们喝酒吧。", "لنشرب النبيذ.")] == ["sensitive"]

    @pytest.mark.parametrize(
        ("language", "source_text", "text"),
        [
            ("en", "把葡萄给我。", "Hand me the grapes."),
            ("en", "我刮了胡子。", "I therapeutically shaved."),
            ("es", "他违反了合同。", "Fue una violación del contrato."),
            ("fr", "你违约了。", "Tu as violé le contrat."),
            ("fr", "护士来了。", "L'infirmière arrive."),
            ("id", "你知道的。", "Kamu tahu itu."),
            ("th", "他的角色很重要。", "บทบาทของเขาสำคัญ"),
            ("vi", "我们回京城。", "Chúng ta về kinh đô."),
            ("ar", "天哪！", "يا إلهي!"),
            ("ko", "只有你。", "너만 있으면 돼."),
        ],
    )
    def test_a_word_in_another_word_is_none(self, language: str, source_text: str, text: str) -> None:
        assert said(language, source_text, text) == []

    def test_a_series_may_see_it_otherwise(self) -> None:
        wanted = Overrides(
            severity={"profanity": "none", "alcohol": "high"}, sensitive={"gore": ("guillotine*", "断头台")}
        )
        own = market.of("en", wanted)
        assert said("en", "混账！", "Bastard!", market=own) == []
        assert [each.severity for each in said("en", "喝酒吧。", "Let's drink.", market=own)] == ["high"]
        assert [each.span for each in said("en", "看。", "Look, guillotines.", market=own)] == ["guillotines"]
        assert [each.span for each in said("en", "上断头台！", "To the scaffold!", market=own)] == ["断头台"]


def test_what_the_glossary_fixes_is_no_mistake() -> None:
    assert said("en", "师父，等等我！", "Teacher, wait for me!", glossary={"师父": "Teacher"}) == []
    own = market.of("en", Overrides(address={"师父": "Teacher"}))
    assert said("en", "师父，等等我！", "Teacher, wait for me!", market=own) == []


@pytest.mark.parametrize(
    ("source_text", "text"),
    [
        ("我说了一万遍了！", "I've told you a hundred times!"),
        ("他欠了几十万。", "He owes a hundred thousand or so."),
        ("给我十万。", "Give me the money, all ten of you."),
        ("十万八千里。", "Worlds apart."),
        ("万一他来了呢？", "And if he comes, say ten thousand?"),
        ("一百块还你十块。", "I gave you 100 and got 10 back."),
    ],
)
def test_amounts_that_only_look_wrong_pass(source_text: str, text: str) -> None:
    found = said("en", source_text, text)
    assert [each for each in found if each.kind == "amount" and source_text != "给我十万。"] == []


def test_other_sources_than_chinese_are_reviewed_for_what_is_known() -> None:
    lines = [Line(1, "¿Quién es?", None, 1000)]
    (found,) = review(Scene("es", "en", lines, market=market.of("en")), {1: "¿Who is it?"})[1]
    assert (found.kind, found.span) == ("punctuation", "¿")


anything = st.text(max_size=60) | st.sampled_from(sorted(text for lines in GOOD.values() for text in lines))


@settings(max_examples=60, deadline=None)
@given(
    language=st.sampled_from([*market.known(), "ru", "zh-Hant"]),
    source_text=anything,
    texts=st.lists(anything, min_size=1, max_size=4),
)
def test_any_text_is_reviewed_and_every_finding_is_a_note_again(
    language: str, source_text: str, texts: list[str]
) -> None:
    found = dialogue(language, texts, [source_text] * len(texts))
    for each in (each for findings in found.values() for each in findings):
        assert finding.parse(str(each)) == each
        assert "\n" not in str(each)
        assert len(each.span) <= finding.LONGEST_SPAN


@pytest.mark.parametrize("language", ["en", "fr", "ko", "th"])
@pytest.mark.parametrize(
    "text",
    ["1 " * 400 + "x", "9" * 2000, "million " * 200, "十" * 2000, "¿" * 500 + "a" * 500, "a, " * 500 + "?", ":" * 900],
)
def test_rubbish_takes_no_longer_and_breaks_nothing(language: str, text: str) -> None:
    assert isinstance(said(language, "一亿亿亿，十万？", text), list)
    assert isinstance(said(language, text, "Ten million?"), list)


def test_a_second_review_replaces_the_first_and_leaves_other_notes() -> None:
    one = Finding("idiom", "medium", "vinegar", "吃醋 taken literally: be jealous")
    other = Finding("digits", "low", "３", "digits of another script")
    assert noted(["glossary: 师父 is not Master", str(one)], [other]) == ["glossary: 师父 is not Master", str(other)]
