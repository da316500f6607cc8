"""Lines that a model at an endpoint says in fewer letters: offered beside the text, and asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dubwright.translate.chat import shorter
from dubwright.translate.engine import Line, Scene, ShorteningTranslator, Translated, Translator
from dubwright.translate.length import letters
from tests.translate.chat_server import ChatServer
from tests.translate.test_chat import made

SPOKEN = ("王总，您终于来了，我在楼下等了你整整三个小时。", "我不会走的。")
LONG = "President Wang, you have come at last, I have been waiting downstairs for three whole hours."
SHORT = "President Wang, I waited three hours."
STAY = "I am not leaving."


def scene() -> Scene:
    lines = [Line(number, text, "林晚", 1500) for number, text in enumerate(SPOKEN, start=1)]
    return Scene("zh", "en", lines, {"王总": "President Wang"})


def said(*answers: tuple[str, Any]) -> str:
    """An answer to a scene: texts in order, each with its short form."""
    lines = [{"id": number, "text": text, "short": short} for number, (text, short) in enumerate(answers, start=1)]
    return json.dumps({"lines": lines}, ensure_ascii=False)


def ask(engine: Translator, wanted: int = 40, text: str = LONG) -> Translated | None:
    assert isinstance(engine, ShorteningTranslator)
    return engine.shorten(scene(), scene().lines[0], text, wanted)


def test_a_short_form_comes_beside_the_text(chat: Translator, server: ChatServer) -> None:
    server.say.append(said((LONG, SHORT), (STAY, "")))
    assert chat.translate(scene()) == [Translated(1, LONG, others=(SHORT,)), Translated(2, STAY)]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "short",
    [
        pytest.param("Boss, I waited three hours.", id="a name that is not kept"),
        pytest.param("President Wang，我等了三个小时。", id="source text"),
        pytest.param(LONG + " And more.", id="no shorter"),
        pytest.param(LONG, id="the same"),
        pytest.param("President Wang, llevo tres horas esperando en la calle por usted.", id="another language"),
        pytest.param('{"text": "President Wang"}', id="JSON"),
        pytest.param("As an AI language model, President Wang", id="a machine speaks"),
        pytest.param(None, id="null"),
        pytest.param(["President Wang."], id="a list"),
        pytest.param(7, id="a number"),
    ],
)
def test_a_short_form_that_may_not_stand_is_not_offered(chat: Translator, server: ChatServer, short: Any) -> None:
    server.say.append(said((LONG, short), (STAY, "")))
    assert chat.translate(scene()) == [Translated(1, LONG), Translated(2, STAY)]
    assert len(server.asked) == 1


def test_fewer_letters_are_asked_for_with_what_was_said_before(chat: Translator, server: ChatServer) -> None:
    server.say.append(json.dumps({"texts": ["President Wang, you came, and I waited for hours.", SHORT]}))
    assert ask(chat, 32) == Translated(1, SHORT, others=("President Wang, you came, and I waited for hours.",))
    (question,) = server.questions
    assert (question["text"], question["letters"], question["source"]) == (LONG, 32, SPOKEN[0])
    assert question["glossary"] == {"王总": "President Wang"}
    assert server.asked[0]["messages"][0]["content"] == shorter.INSTRUCTIONS
    assert server.asked[0]["response_format"]["json_schema"]["schema"] == shorter.SCHEMA


def test_those_within_the_letters_keep_the_models_order(chat: Translator, server: ChatServer) -> None:
    texts = ["President Wang, I waited.", "President Wang, I waited for you.", SHORT, "President Wang, at last."]
    server.say.append(json.dumps({"texts": texts}))
    found = ask(chat, 27)
    assert found and (found.text, *found.others) == (texts[0], texts[1], SHORT)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "[]",
        "null",
        '{"texts": 7}',
        '{"texts": [1, null, {"a": 2}]}',
        json.dumps({"texts": [LONG, "Boss, I waited.", "我等了三个小时。", ""]}),
        '{"texts": ["' + "{" * 10_000,
        "{" * 100_000,
    ],
)
def test_a_model_that_cannot_is_asked_a_few_times_and_then_left(
    chat: Translator, server: ChatServer, answer: str
) -> None:
    server.say.extend([answer] * 10)
    assert ask(chat) is None
    assert len(server.asked) == 3
    assert server.questions[-1]["last answer was wrong"]


def test_what_is_still_too_long_is_better_than_nothing(chat: Translator, server: ChatServer) -> None:
    longer = "President Wang, I have been waiting three whole hours."
    server.say.extend(
        [json.dumps({"texts": [longer]}), json.dumps({"texts": [SHORT]}), json.dumps({"texts": [longer]})]
    )
    found = ask(chat, 10)
    assert found and (found.text, *found.others) == (SHORT, longer)
    assert len(server.asked) == 3


def test_the_budget_of_an_episode_counts_this_too(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBWRIGHT_ENDPOINT__MOST_TOKENS", "200")
    chat = made()
    server.say.append(said((LONG, ""), (STAY, "")))
    chat.translate(scene())
    server.say.extend(["{}"] * 9)
    assert ask(chat) is None
    assert len(server.asked) == 2


def test_every_answer_of_the_obedient_server_is_shorter(chat: Translator) -> None:
    found = ask(chat)
    assert found and found.text and letters(found.text) < letters(LONG)
