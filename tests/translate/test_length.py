"""The guess at a line's spoken length."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.translate import length
from dubwright.translate.length import letters, letters_in, predicted_ms

MEASURED = ["en", "es", "fr", "pt-BR", "it", "hi", "ar", "th", "de", "id", "vi", "ko"]


def test_it_grows_with_the_text_and_its_pauses() -> None:
    short = predicted_ms("I waited for you.", "en")
    assert short < predicted_ms("I waited for you downstairs all night.", "en")
    assert predicted_ms("Wait, wait for me now", "en") > predicted_ms("Wait wait for me now", "en")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Lin Wan has been waiting downstairs for three hours."),
        ("es", "Lin Wan lleva tres horas esperando abajo en la calle."),
        ("zh", "林晚已经在楼下等了三个小时了。"),
        ("sw", "Lin Wan amekuwa akisubiri chini kwa saa tatu."),
        ("ja", "林晩はもう三時間も下で待っています。"),
        ("th", "หลินหว่านรออยู่ข้างล่างสามชั่วโมงแล้ว"),
        ("ar", "لين وان تنتظر في الأسفل منذ ثلاث ساعات."),
        ("ko", "린완은 아래층에서 세 시간째 기다리고 있어요."),
    ],
)
def test_one_sentence_takes_two_to_five_seconds_in_every_language(language: str, text: str) -> None:
    assert 1900 < predicted_ms(text, language) < 5000


def test_nothing_to_say_takes_no_time_and_nothing_takes_for_ever() -> None:
    assert predicted_ms("", "en") == 0
    assert predicted_ms("…!", "en") == 0
    assert predicted_ms("a", "en") >= 200
    assert predicted_ms("word " * 100_000, "en") == 60_000


@pytest.mark.parametrize("language", MEASURED)
def test_every_language_that_the_dub_speaks_well_was_measured(language: str) -> None:
    pace = length.pace(language)
    assert pace is not None
    assert pace.letter_ms > 0 and pace.digit_ms > pace.letter_ms
    assert all(0.6 < factor < 1.6 for factor in pace.voices.values())
    assert 0.7 < letters_in(10_000, language) / letters_in(5_000, language) / 2 < 1.3


def test_a_voice_has_its_own_pace_and_a_stranger_the_common_one() -> None:
    text = "Lin Wan has been waiting downstairs for three hours."
    pace = length.pace("en")
    assert pace is not None
    slow = max(pace.voices, key=lambda voice: pace.voices[voice])
    fast = min(pace.voices, key=lambda voice: pace.voices[voice])
    assert predicted_ms(text, "en", fast) < predicted_ms(text, "en") < predicted_ms(text, "en", slow)
    assert predicted_ms(text, "en", "nobody") == predicted_ms(text, "en")
    assert predicted_ms(text, "en-GB", slow) == predicted_ms(text, "en", slow)


def test_letters_that_fill_a_time_take_about_that_time() -> None:
    text = "I signed the contract because I had no other choice."
    assert letters_in(predicted_ms(text, "en"), "en") == pytest.approx(letters(text), rel=0.25)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.sampled_from([*MEASURED, "zh", "ja", "sw"]))
def test_any_text_takes_some_time_and_more_text_no_less(text: str, language: str) -> None:
    ms = predicted_ms(text, language)
    assert (ms == 0) == (letters(text) == 0)
    assert ms <= predicted_ms(text + " abc", language) <= length.LONGEST_MS
