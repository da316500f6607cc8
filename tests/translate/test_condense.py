"""What a subtitle leaves out, on lines as they are spoken; and what none ever does."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright import reading
from dubwright.translate.condense import condensed

NOTHING_IS_TOO_SHORT = 1


@pytest.mark.parametrize(
    ("language", "text", "shorter"),
    [
        ("en", "Well, you know, I do not really believe you.", "I don't really believe you."),
        ("en", "Wait, wait, wait! Oh, no, no, no! I am coming.", "Wait! No, no, no! I'm coming."),
        ("en", "I know where you are now, sir, and it is truly late.", "I know where you are now, and it is late."),
        ("en", "Look, Master Qin is here.", "Master Qin is here."),
        ("en", "Listen to me!", "Listen to me!"),
        ("en", "Well, how did he really die?", "How did he really die?"),
        ("en", "I really have two sons.", "I really have two sons."),
        ("es", "¡Bueno, mira, sabes que realmente te quiero, mi amor!", "¡Sabes que te quiero!"),
        ("es", "Oye, no, no te vayas.", "No, no te vayas."),
        ("fr", "Eh bien, écoute, je n'en sais rien, tu sais.", "Je n'en sais rien."),
        ("pt-BR", "Bem, olha, estou realmente cansada, querido.", "Estou cansada."),
        ("it", "Allora, senti, sono stanca, sai?", "Sono stanca, sai?"),
        ("de", "Also, mein Herr, Sie sind wirklich spät.", "Sie sind spät."),
        ("de", "Danke, Liebling, ich komme.", "Danke, ich komme."),
        ("id", "Baiklah, dengar, aku sungguh lelah, Tuan.", "Aku lelah."),
        ("vi", "Được rồi, nghe này, tôi thật sự mệt, anh biết đấy.", "Tôi mệt."),
        ("hi", "अच्छा, सुनो, मैं सच में थक गया हूँ।", "मैं थक गया हूँ।"),
        ("ar", "حسنا، اسمع، أنا متعب حقا اليوم.", "أنا متعب اليوم."),
        ("th", "เอาล่ะ ฟังนะ ฉันไม่รู้จักเขา", "ฉันไม่รู้จักเขา"),
        ("ko", "자, 있잖아, 나 정말 피곤해.", "나 피곤해."),
        ("zh", "等等，等等，你知道吗？", "等等，等等，你知道吗？"),
        ("sw", "Ngoja, ngoja, ninakuja.", "Ngoja, ngoja, ninakuja."),
    ],
)
def test_a_line_without_what_it_can_do_without(language: str, text: str, shorter: str) -> None:
    assert condensed(text, language, NOTHING_IS_TOO_SHORT, {}) == shorter
    assert condensed(text, language, reading.width(text), {}) == text


def test_no_more_is_left_out_than_has_to_be() -> None:
    text = "Well, I do not know him, you know."
    assert condensed(text, "en", 33, {}) == "Well, I don't know him, you know."
    assert condensed(text, "en", 30, {}) == "I don't know him, you know."
    assert condensed(text, "en", 20, {}) == "I don't know him."


CALLED = {"师父": "Master", "晚晴": "Wanqing"}


@pytest.mark.parametrize(
    ("source", "text", "shorter"),
    [
        ("师父，门开了。", "Master, the gate is open.", "The gate is open."),
        ("师父！门开了。", "Master! The gate is open.", "The gate is open."),
        ("快跑，晚晴！", "Run for your life, Wanqing!", "Run for your life!"),
        ("你来了，师父？", "You are here, Master?", "You're here?"),
    ],
)
def test_whom_the_line_calls_may_go(source: str, text: str, shorter: str) -> None:
    terms = {term: rendering for term, rendering in CALLED.items() if term in source}
    assert condensed(text, "en", NOTHING_IS_TOO_SHORT, terms, source) == shorter
    assert condensed(text, "en", NOTHING_IS_TOO_SHORT, terms, "") == text.replace("You are", "You're")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("晚晴，她不会回来了。", "Wanqing, she is gone."),  # spoken of, not to
        ("那是我妹妹晚晴。", "This is my sister, Wanqing."),
        ("晚晴、师父和我都来了。", "Wanqing, Master and I came."),
        ("凶手就是他，师父。", "The murderer was him, Master."),
        ("师父！", "Master!"),
    ],
)
def test_names_go_nowhere_else(source: str, text: str) -> None:
    terms = {term: rendering for term, rendering in CALLED.items() if term in source}
    assert condensed(text, "en", NOTHING_IS_TOO_SHORT, terms, source) == text


def test_a_name_that_looks_like_a_filler_stays() -> None:
    assert condensed("Oh, he was late.", "en", 1, {"吴": "Oh"}, "吴迟到了。") == "Oh, he was late."


# Words of lines that are negative, numeric or neither; the first two kinds are held to stay, whatever stands around them.
_PIECES = {
    "en": "well look you know oh sir really truly wait now honestly I am it is do go there love him so darling",
    "es": "bueno mira sabes oh señor realmente espera pues ven ahora le quiero cariño entonces",
    "fr": "eh bien écoute tu sais oh monsieur vraiment attends viens je l'aime chérie alors",
    "de": "also na ja weißt du oh mein Herr wirklich warte komm ich liebe ihn Schatz",
    "vi": "này nghe này ôi thật sự chờ anh yêu em à đi thôi nào",
    "hi": "अच्छा देखो ओह सच में रुको मैं प्यार करता हूँ साहब तो",
    "ar": "حسنا اسمع آه حقا انتظر أنا أحبه يا سيدي إذن",
}
_STAYING = {
    "en": "not no never don't can't nothing nobody without 7 2019 3,5 two twenty hundred cannot won't",
    "es": "no nunca nada nadie sin ni jamás 7 2019 dos veinte mil tampoco",
    "fr": "ne pas jamais rien personne sans n'ai 7 2019 deux vingt mille aucun",
    "de": "nicht nie nichts kein keine ohne niemand 7 2019 zwei zwanzig hundert",
    "vi": "không chẳng đừng chưa 7 2019 hai mười trăm",
    "hi": "नहीं मत बिना ना ७ 2019 दो बीस सौ",
    "ar": "لا لم لن ليس بدون 7 2019 خمسة عشرون ألف",
}


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, str]:
    language = draw(st.sampled_from(sorted(_PIECES)))
    words = [*_PIECES[language].split(), *_STAYING[language].split()]
    parts = draw(
        st.lists(st.tuples(st.sampled_from(words), st.sampled_from(["", ",", "!", ".", "...", "…"])), min_size=1)
    )
    return language, " ".join(word + mark for word, mark in parts)


def staying(text: str, language: str) -> Counter[str]:
    said = text.casefold().replace("can't", "cannot")
    said = re.sub(r"(?<=do|is|wo|re)n't|\bcannot\b", " not", said)
    words = re.findall(r"[^\s,!.…]+", said)
    return Counter(word for word in words if word in _STAYING[language].casefold().split())


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(lines(), st.integers(0, 80))
def test_nothing_negated_and_no_number_is_ever_dropped(line: tuple[str, str], width: int) -> None:
    language, text = line
    shorter = condensed(text, language, width, {})
    assert staying(shorter, language) == staying(text, language)
    assert reading.width(shorter) <= reading.width(text)
    assert any(map(str.isalnum, shorter)) == any(map(str.isalnum, text))
    if reading.width(text) <= width:
        assert shorter == text
    assert condensed(text, language, width, {}) == shorter


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["en", "fr", "th", "ko", "ar"]))
def test_any_text_at_all_comes_out_no_wider(text: str, language: str) -> None:
    assert reading.width(condensed(text, language, 1, {"x": text[:5]}, text)) <= reading.width(text)


def test_a_page_of_repetitions_is_not_worked_on_for_long() -> None:
    assert condensed("wait, " * 2000 + "wait", "en", 1, {}).count("wait") > 1900
