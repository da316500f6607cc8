"""The guess at a line's spoken length."""

from __future__ import annotations

import pytest

from dubwright.translate.length import predicted_ms


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
    ],
)
def test_one_sentence_takes_two_to_five_seconds_in_every_language(language: str, text: str) -> None:
    assert 2000 < predicted_ms(text, language) < 5000


def test_nothing_to_say_takes_no_time_and_nothing_takes_for_ever() -> None:
    assert predicted_ms("", "en") == 0
    assert predicted_ms("…!", "en") == 0
    assert predicted_ms("a", "en") >= 200
    assert predicted_ms("word " * 100_000, "en") == 60_000
