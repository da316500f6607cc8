from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.dub.wording import spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello 😀❤️ <i>world</i>!", "Hello world!"),
        ("{\\an8}Come in.", "Come in."),
        ("[laughs] *Really*?", "Really?"),
        ("【叹气】Well…", "Well..."),
        ("See https://example.org/a now", "See now"),
        ("Wait — stop", "Wait, stop"),
        ("50% & $3, O'Neill", "50% & $3, O'Neill"),
        ("می‌خواهم", "می‌خواهم"),
        ("है ना?", "है ना?"),
        ("แม่ทัพ ครับ", "แม่ทัพ ครับ"),
        ("如果 a < b > c", "如果 a b c"),
        ("👩‍👩‍👧", ""),
        ("...!? ♪♪", ""),
        ("", ""),
        ("\0\x07red\n\ttext", "red text"),
    ],
)
def test_only_what_is_said_is_spoken(text: str, said: str) -> None:
    assert spoken(text) == said


SHORT = {
    "en": {
        "In 1998, Mr. Li paid $3.50.": "In nineteen ninety-eight, Mister Li paid three dollars and fifty cents.",
        "¥300 or RMB 500, i.e. 12,345 yuan": "three hundred yuan or five hundred yuan, that is twelve thousand three hundred "
        "and forty-five yuan",
        "$2.5 million, 50%": "two point five million dollars, fifty percent",
        "At 10:05, not at 10:00 a.m.": "At ten oh five, not at ten AM.",
        "2024-05-01 is not on 3/5": "May first, twenty twenty-four is not on March fifth",
        "the 22nd, 5-10 km, -5°C": "the twenty-second, five to ten kilometres, minus five degrees Celsius",
        "agent 007, 13800138000": "agent zero zero seven, one three eight zero zero one three eight zero zero zero",
        "the 1990s": "the nineteen nineties",
        "5G, A4, 3:2, 1,5": "5G, A4, 3:2, 1,5",
        "I said no. 5 men came.": "I said no. five men came.",
    },
    "en-GB": {"3/5/2024": "May third, twenty twenty-four"},
    "es-419": {
        "La Sra. Li: 21 años, 21 casas, 200 personas": "La señora Li: veintiún años, veintiuna casas, doscientas personas",
        "a la 1:00, a las 10:30": "a la una, a las diez y media",
        "3,5 kg por 20 €, 1.000.000 $": "tres coma cinco kilos por veinte euros, un millón de dólares",
        "el 3/5, 2.ª, n.º 5, etc.": "el tres de mayo, segunda, número cinco, etcétera.",
    },
    "fr": {
        "M. Li, 1er mai, 10h30, 1 heure": "Monsieur Li, premier mai, dix heures trente, une heure",
        "12 345,5 €": "douze mille trois cent quarante-cinq virgule cinq euros",
        "2 millions €": "deux millions d'euros",
    },
    "it": {"Sig.ra Li, 1 anno, €2,50, 1 maggio": "signora Li, un anno, due euro e cinquanta centesimi, primo maggio"},
    "pt-BR": {"às 2:30, 2 horas, R$ 1": "às duas e trinta, duas horas, um real", "Sr. Li, 1º": "senhor Li, primeiro"},
    "pt-PT": {"16": "dezasseis"},
    "de": {
        "am 3. Mai 1998 um 14:05 Uhr": "am dritten Mai neunzehnhundertachtundneunzig um vierzehn Uhr fünf",
        "1,5 km, ca. 20 €, z. B.": "eins Komma fünf Kilometer, circa zwanzig Euro, zum Beispiel.",
    },
    # Left to the synthesizer.
    "th": {"50% 10:30 $5": "50% 10:30 $5"},
    "zh": {"我有 12,345 元": "我有 12,345 元"},
    "": {"Mr. Li, $5": "Mr. Li, $5"},
}


@pytest.mark.parametrize(
    ("language", "text", "said"), [(tag, text, said) for tag, each in SHORT.items() for text, said in each.items()]
)
def test_what_is_written_short_is_said_at_length(language: str, text: str, said: str) -> None:
    assert spoken(text, language) == said
    assert spoken(said, language) == said


def test_names_are_said_as_they_are_to_be_pronounced() -> None:
    say = {"Lu Wanqing": "Loo Wahn-ching", "Lu": "Loo", "Xi'an": "Shee-an"}
    assert spoken("<i>Lu Wanqing</i>! Lu? Luck in Xi'an, Lu's.", "en", say) == (
        "Loo Wahn-ching! Loo? Luck in Shee-an, Loo's."
    )
    # A respelling is no pattern, and none of the others' names.
    assert spoken("Lu Lan", "", {"Lu": r"\g<0> Lan", "Lan": "Lahn"}) == r"\g 0 Lan Lahn"


LANGUAGES = st.sampled_from(["", "en", "en-GB", "es", "fr", "it", "pt", "pt-PT", "de", "th", "zh", "tlh"])
WORDS = """1998 12,345 1.000,5 $ € R$ ¥ 元 % : 10:30 10h 3/5 - – 2024-05-01 km m² °C Mr. Sra. M. Nr. etc. a.m. 1st 2ª 1er mai
May am el ' " . , 007 [ ] { < > / million mila 99999999999999 0 1 1s ² ½ ٣ ₂ k K"""
WORD = st.sampled_from(WORDS.split())
LINES = st.one_of(
    st.text(max_size=200), st.lists(WORD, max_size=12).map(" ".join), st.lists(WORD, max_size=8).map("".join)
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(LINES, LANGUAGES)
def test_whatever_comes_is_one_clean_line(text: str, language: str) -> None:
    said = spoken(text, language)
    assert said == " ".join(said.split())
    assert not any(ord(char) < 32 for char in said)
    assert not said or any(char.isalnum() for char in said)
    assert spoken(said, language) == said
