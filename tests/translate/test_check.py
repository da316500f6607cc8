"""What a language model may answer instead of a translation, and what becomes of it."""

from __future__ import annotations

import pytest

from dubwright.translate import check, prompt

SOURCE = "顾总，她已经在楼下等了三个小时了。"
GOOD = {
    "en": "President Gu, she has been waiting downstairs for three hours.",
    "es": "Presidente Gu, ella lleva tres horas esperando abajo.",
    "fr": "Président Gu, elle attend en bas depuis trois heures.",
    "ar": "سيد غو، إنها تنتظر في الأسفل منذ ثلاث ساعات.",
    "th": "ท่านกู้ เธอรออยู่ข้างล่างสามชั่วโมงแล้ว",
    "hi": "गु साहब, वह तीन घंटे से नीचे इंतज़ार कर रही है।",
    "ko": "구 사장님, 그녀가 아래층에서 세 시간째 기다리고 있어요.",
    "ja": "顧社長、彼女はもう三時間も下で待っています。",
    "ru": "Господин Гу, она ждёт внизу уже три часа.",
}
ESSAY = (
    "This line is spoken by an assistant who reports to his superior, the president of the company, that a woman has"
    " been waiting for him downstairs for as long as three hours, which shows how determined she is to meet him."
)


def kinds(text: str, source_text: str = SOURCE, target: str = "en", **terms: str) -> set[str]:
    told = prompt.instructions("zh", target)
    found = check.problems(check.clean(text, target), source_text, source="zh", target=target, terms=terms, told=told)
    return {problem.kind for problem in found if problem.fatal or problem.kind == "glossary"}


@pytest.mark.parametrize("target", GOOD)
def test_a_good_line_passes(target: str) -> None:
    assert kinds(GOOD[target], target=target) == set()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("", "empty"),
        ("...", "empty"),
        (ESSAY, "length"),
        ("She is waiting.\nShe has waited for three hours.", "lines"),
        (SOURCE, "source"),
        ("President 顾, she is waiting downstairs.", "source"),
        ("Presidente Gu, ella está abajo y no se va.", "language"),
        ("Президент, она ждёт внизу уже три часа.", "script"),
        ('{"translation": "She has been waiting for three hours."}', "markup"),
        ('["She is waiting."]', "markup"),
        ("<b>She is waiting downstairs.</b>", "markup"),
        ("President Gu=顾总, she is waiting.", "markup"),
        ("<|im_start|>She is waiting.", "markup"),
        ("As an AI language model, I cannot do that.", "refusal"),
        ("You translate short-drama dialogue from Chinese.", "prompt"),
        ("Sure, here is the translation: She is waiting.", "explanation"),
        ("The phrase means she is waiting downstairs.", "explanation"),
    ],
)
def test_what_is_no_translation_is_refused(answer: str, kind: str) -> None:
    assert kind in kinds(answer)


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("es", "President Gu, she has been waiting for you downstairs."),
        ("pt-BR", "President Gu, she has been waiting for you downstairs."),
        ("ar", "President Gu, she has been waiting for you downstairs."),
        ("th", "President Gu, she has been waiting."),
        ("ja", "顾总她已经在楼下等了三个小时了"),
        ("ko", "顾总，她在楼下。"),
    ],
)
def test_the_wrong_language_is_noticed_in_every_script(target: str, answer: str) -> None:
    assert kinds(answer, target=target) & {"language", "script", "source"}


@pytest.mark.parametrize(
    "answer",
    [
        '"Stop right there!"',
        "Translation: Stop right there!",
        "English: Stop right there!",
        "Stop right there! (Note: said in anger)",
        "**Stop right there!**",
        "  Stop right there！ ",
        "The translation is: “Stop right there!”",
    ],
)
def test_what_stands_around_the_line_is_taken_off(answer: str) -> None:
    assert check.clean(answer, "en").replace("*", "") == "Stop right there!"


@pytest.mark.parametrize(
    ("answer", "source_text"),
    [
        ("Listen: I won't say it twice.", "听着：我不说第二遍。"),
        ("I can't help you.", "我帮不了你。"),
        ("'Goodbye,' she said, 'my love.'", "她说，再见，我的爱人。"),
        ("No!", "不！"),
        ("Sorry, I can't do it.", "对不起，我做不到。"),
        ("She speaks English.", "她会说英语。"),
        ("10:30, at the gate.", "十点半，门口见。"),
    ],
)
def test_lines_that_only_look_odd_pass(answer: str, source_text: str) -> None:
    assert check.clean(answer, "en") == answer
    assert kinds(answer, source_text) == set()


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ("President Gu, she is waiting.", False),
        ("president gu's guest is waiting.", False),
        ("The Presidents Gu are waiting.", True),
        ("Mr. Gu, she is waiting.", True),
        ("President Guan, she is waiting.", True),
    ],
)
def test_a_missing_name_is_flagged_but_not_fatal(answer: str, missing: bool) -> None:
    found = check.problems(answer, SOURCE, source="zh", target="en", terms={"顾总": "President Gu"})
    assert [problem.kind for problem in found] == (["glossary"] if missing else [])
    assert not any(problem.fatal for problem in found)


@pytest.mark.parametrize(
    ("answer", "target", "stumbles"),
    [
        ("Why are you you?", "en", True),
        ("¿Por qué eres tú tú?", "es", True),
        ("I told you you would regret it, you!", "en", False),
        ("Goodbye, You You.", "en", False),
        ("You, you!", "en", False),
        ("Pourquoi vous vous taisez, vous ?", "fr", False),
    ],
)
def test_a_sentence_that_stumbles_is_asked_again_but_may_stand(answer: str, target: str, stumbles: bool) -> None:
    found = check.problems(answer, "怎么会是你？", source="zh", target=target, terms={})
    assert [(problem.kind, problem.fatal) for problem in found] == ([("stumble", False)] if stumbles else [])


def test_a_name_may_be_the_whole_line_and_alike_in_both_languages() -> None:
    found = check.problems("Lin Wan!", "Lin Wan!", source="en", target="es", terms={"Lin Wan": "Lin Wan"})
    assert found == []


def test_text_of_the_source_in_the_same_script_is_no_translation() -> None:
    line = "I waited for you all night."
    assert [p.kind for p in check.problems(line, line, source="en", target="es", terms={})] == ["source"]
