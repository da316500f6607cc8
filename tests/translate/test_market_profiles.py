"""Market profiles as data: whole, in layers, digested."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dubwright.translate import market
from dubwright.translate.engine import Line, Scene
from dubwright.translate.market import MarketProfile, Overrides, amounts, brief, loading, matching, numerals
from dubwright.translate.market.numerals import Number

FIRST = ("en", "es", "fr", "ar", "th", "pt-BR", "id", "vi", "ja", "ko", "de", "hi")
PLACES = "十百千万"


@pytest.mark.parametrize("language", FIRST)
def test_the_first_markets_are_described_in_full(language: str) -> None:
    profile = market.of(language)
    assert profile.guidance
    assert profile.formality.relations
    assert profile.punctuation.say
    assert profile.numbers.say
    assert len(profile.address) >= 20
    assert len(profile.idioms) >= 18
    for topic in profile.sensitive.values():
        assert topic.reason
        assert topic.advice
    grave = [name for name, topic in profile.sensitive.items() if topic.severity == "high" and topic.words]
    assert {"self_harm", "sexual_violence"} <= set(grave)
    assert (profile.direction == "rtl") == (language == "ar")


@pytest.mark.parametrize("language", market.known())
def test_a_profile_keeps_to_itself(language: str) -> None:
    """Every word is found as it is written, and no wording is what it says never to be."""
    profile = market.of(language)
    for topic in profile.sensitive.values():
        for word in topic.words:
            assert matching.first(f"“{word.removesuffix('*')}”", topic.words, profile.words), word
    for term, wording in {**profile.address, **profile.idioms}.items():
        assert matching.first(wording.say, wording.never, profile.words) is None, term
    for name in (*profile.numbers.words, *profile.numbers.scales):
        assert name == name.lower(), name


def test_regions_stand_on_their_language_and_languages_on_the_neutral_profile() -> None:
    assert market.of("es-419") == market.of("es")
    assert market.of("es-ES").guidance != market.of("es").guidance
    assert market.of("es-ES").idioms == market.of("es").idioms
    assert market.of("pt").formality.relations == {}
    assert market.of("pt-BR").idioms == market.of("pt").idioms
    assert market.of("fr-CA").punctuation.spaced != market.of("fr").punctuation.spaced
    assert market.of("fr-CA").idioms == market.of("fr").idioms
    unknown = market.of("sw")
    assert unknown == market.of(market.NEUTRAL)
    assert unknown.sensitive["self_harm"].severity == "high"
    assert unknown.address == {}


def test_a_digest_is_of_what_can_change_a_translation() -> None:
    digests = {language: market.digest(language) for language in market.known()}
    assert len(set(digests.values())) == len(digests)
    assert market.digest("es-MX") == market.digest("es")
    assert market.digest("es", Overrides(guidance=("Short.",))) not in digests.values()
    assert market.digest("es", Overrides()) == market.digest("es", Overrides())


def test_a_series_says_what_it_wants_otherwise() -> None:
    wanted = TypeAdapter(Overrides).validate_python(
        {
            "relations": {"friend": "usted"},
            "address": {"师父": "sensei"},
            "idioms": {"吃醋": "arder"},
            "guidance": ["Breve."],
        }
    )
    own, usual = market.of("es", wanted), market.of("es")
    assert own.formality.relations == {**usual.formality.relations, "friend": "usted"}
    assert (own.address["师父"].say, own.idioms["吃醋"].say) == ("sensei", "arder")
    assert own.guidance == (*usual.guidance, "Breve.")
    assert own.sensitive == usual.sensitive


@pytest.mark.parametrize(
    "wrong",
    [{"severity": {"weather": "low"}}, {"severity": {"gore": "grave"}}, {"tone": "dry"}, {"relations": {"cat": "tú"}}],
)
def test_an_override_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Overrides).validate_python(wrong)


# Numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("十万", 100_000),
        ("一万五", 15_000),
        ("三万零五百", 30_500),
        ("一亿三千万", 130_000_000),
        ("1.5亿", 150_000_000),
        ("１０万", 100_000),
        ("20000万", 200_000_000),
        ("两千", 2_000),
        ("五百两银子", 500),
        ("一百零五", 105),
        ("二百五", 250),
    ],
)
def test_chinese_numerals_are_read(text: str, value: int) -> None:
    assert [number.value for number in numerals.chinese(text)] == [value]


@pytest.mark.parametrize("text", ["万一", "千万", "几十万", "百分之五十", "三四百", "成千上万", "一心一意", "第十"])
def test_what_only_looks_like_a_numeral_is_none(text: str) -> None:
    assert list(numerals.chinese(text)) == []


def _chinese(value: int) -> str:
    """A number up to a hundred million as Chinese writes it."""
    high, low = divmod(value, 10_000)
    if high:
        between = "零" if 0 < low < 1000 else ""
        return _chinese(high) + "万" + (between + _chinese(low) if low else "")
    digits, text = str(value), ""
    for at, digit in enumerate(digits):
        place = len(digits) - at - 1
        if digit != "0":
            text += "零一二三四五六七八九"[int(digit)] + (["", *PLACES[:3]][place])
        elif text and not text.endswith("零") and digits[at:].strip("0"):
            text += "零"
    return text


@settings(max_examples=150, deadline=None)
@given(st.integers(min_value=100, max_value=99_999_999))
def test_any_number_is_read_as_it_is_written(value: int) -> None:
    assert [number.value for number in numerals.chinese(_chinese(value))] == [value]


@settings(max_examples=60, deadline=None)
@given(language=st.sampled_from(FIRST), value=st.integers(min_value=100, max_value=10**10), zeros=st.integers(0, 6))
def test_a_market_reads_its_own_amounts(language: str, value: int, zeros: int) -> None:
    profile = market.of(language)
    value = value // 10**zeros * 10**zeros
    written = amounts.written(value, profile.numbers)
    assert [number.value for number in numerals.spoken(written, profile.numbers, profile.words)] == [value]


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "two hundred and fifty thousand", 250_000),
        ("es", "dos mil millones", 2_000_000_000),
        ("fr", "quatre-vingt-dix mille", 90_000),
        ("de", "fünfundzwanzigtausend", 25_000),
        ("pt-BR", "cento e vinte mil", 120_000),
        ("id", "dua belas juta", 12_000_000),
        ("vi", "hai mươi lăm triệu", 25_000_000),
        ("th", "สามแสนห้าหมื่น", 350_000),
        ("ja", "一億三千万", 130_000_000),
        ("ko", "이십오만", 250_000),
        ("ar", "مئة ألف", 100_000),
        ("hi", "पाँच करोड़", 50_000_000),
        ("hi", "1,00,000", 100_000),
        ("de", "1.500.000", 1_500_000),
        ("en", "1.5 million", 1_500_000),
        ("ar", "١٠٠٬٠٠٠", 100_000),
    ],
)
def test_number_words_are_read(language: str, text: str, value: int) -> None:
    profile = market.of(language)
    found = list(numerals.spoken(text, profile.numbers, profile.words))
    assert found == [Number(text, value, len(text))]


# What translators are told ----------------------------------------------------------------------------


def test_only_what_the_lines_need_is_told() -> None:
    profile = market.of("en")
    plain = brief.told(profile, "外面下雨了。", "zh", {})
    assert set(plain) == {"style", "you", "punctuation", "numbers"}
    full = brief.told(profile, "师父，王总，他欠了十万，想自杀！", "zh", {"师父": "Master"})
    assert full["say"] == {"总": profile.address["总，"].say}
    assert full["amounts"] == {"十万": "100,000"}
    assert full["care"] == [profile.sensitive["self_harm"].advice]
    assert brief.told(MarketProfile(), "师父，给我十万！", "zh", {}) == {"amounts": {"十万": "100,000"}}


def test_source_words_of_a_language_that_nobody_described_are_few() -> None:
    words = loading.source_words("en")
    assert words.sensitive == {}
    assert "?" in words.ends
    assert Scene("en", "es", [Line(1, "Hi.", None, 1)]).market == MarketProfile()


def test_the_page_about_markets_is_as_the_profiles_are() -> None:
    folder = Path(__file__).parent.parent.parent / "docs"
    spec = importlib.util.spec_from_file_location("markets", folder / "markets.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (folder / "markets.md").read_text(encoding="utf-8") == module.page(), "run `python docs/markets.py`"
