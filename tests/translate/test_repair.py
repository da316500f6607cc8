"""Answers mended without asking again."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright.translate import bridge, lexicon, numbers, prompt, repair

TERMS = {"晚晴": "Wanqing", "师父": "Master"}


@pytest.mark.parametrize(
    ("line", "answer", "target", "mended"),
    [
        ("晚晴，你来了？", "You are here?", "en", "Wanqing, you are here?"),
        ("晚晴，我来了。", "I'm here.", "en", "Wanqing, I'm here."),
        ("晚晴！", "!", "en", "!"),
        ("别走，师父！", "Don't go!", "en", "Don't go, Master!"),
        ("别走，师父！", "Don't go, master!", "en", "Don't go, master!"),
        ("师父，晚晴呢？", "Master, where is she?", "en", "Master, where is she?"),
        ("师父，来了？", "Chief Wang, are you here?", "en", "Chief Wang, are you here?"),
        ("晚晴是谁？", "Who is she?", "en", "Who is she?"),
        ("晚晴，过来。", "Ven aquí.", "es", "Wanqing, Ven aquí."),
        ("晚晴，过来。", "تعالي هنا.", "ar", "Wanqing، تعالي هنا."),
        ("晚晴，过来。", "", "en", ""),
    ],
)
def test_who_is_called_is_called(line: str, answer: str, target: str, mended: str) -> None:
    terms = {term: rendering for term, rendering in TERMS.items() if term in line}
    assert repair.vocatives(answer, line, terms, target) == mended


@pytest.mark.parametrize(
    ("answer", "target", "mended"),
    [
        ("Only 雪莲 can cure it.", "en", "Only Xuelian can cure it."),
        ("Only the 雪莲, they say.", "en", "Only the Xuelian, they say."),
        ("Only a herb can cure it.", "en", "Only a herb can cure it."),
        ("太后的毒 only 雪莲能解", "en", "太后的毒 only 雪莲能解"),
        ("雪莲", "en", "雪莲"),
        ("雪莲だけ が", "ja", "雪莲だけ が"),
    ],
)
def test_a_few_characters_left_are_written_as_they_sound(answer: str, target: str, mended: str) -> None:
    text, note = repair.sounded(answer, target)
    assert text == mended
    assert bool(note) == (text != answer)


@pytest.mark.parametrize(
    ("line", "answer", "terms", "target", "mended"),
    [
        ("民女苏映雪。", "ISu Yingxue.", {"苏映雪": "Su Yingxue"}, "en", "I Su Yingxue."),
        ("方思雨走了。", "Siyu left.", {"方思雨": "Fang Siyu"}, "en", "Fang Siyu left."),
        ("工厂关了。", "The mill is closed.", {"工厂": "the textile mill"}, "en", "The textile mill is closed."),
        (
            "断魂剑谱呢？",
            "Where's the Manual?",
            {"断魂剑谱": "Soulbreaker Manual"},
            "en",
            "Where's the Soulbreaker Manual?",
        ),
        ("沈总在哪儿？", "Where is he?", {"沈总": "Mr. Shen"}, "en", "Where is Mr. Shen?"),
        ("沈总的手很冷。", "His hand is cold.", {"沈总": "Mr. Shen"}, "en", "Mr. Shen's hand is cold."),
        ("他说沈总来了。", "He says he is here.", {"沈总": "Mr. Shen"}, "en", "Mr. Shen, he says he is here."),
        ("槐巷要拆了。", "It comes down.", {"槐巷": "Huai Lane"}, "en", "Huai Lane, it comes down."),
        ("沈总在哪儿？", "¿Dónde está él?", {"沈总": "señor Shen"}, "es", "¿Dónde está señor Shen?"),
        ("方总监，思雨呢？", "Fang, where?", {"方总监": "Fang Lei", "思雨": "Siyu"}, "en", "Siyu, Fang Lei, where?"),
        ("槐巷", "!", {"槐巷": "Huai Lane"}, "en", "!"),
        ("王爷让母亲走", "Su madre se va.", {"王爷": "Su Alteza"}, "es", "Su Alteza, su madre se va."),
        ("王爷您来了", "Your mother?", {"王爷": "Your Highness"}, "en", "Your Highness, your mother?"),
    ],
)
def test_names_are_put_in(line: str, answer: str, terms: dict[str, str], target: str, mended: str) -> None:
    assert repair.enforced(answer, line, terms, target) == mended


@pytest.mark.parametrize(
    ("answer", "target", "written"),
    [
        ("¿dónde?", "es", "¿Dónde?"),
        ("Quiero verlo!", "es", "¡Quiero verlo!"),
        ("maestro, la luz se apagó!", "es", "Maestro, ¡la luz se apagó!"),
        ("señor Shen, ¿Tendría diez?", "es", "Señor Shen, ¿tendría diez?"),
        ("Maestro, ¿Qin vino?", "es", "Maestro, ¿Qin vino?"),
        ("¿Se... señorita Shen? ¿Usted?", "es", "¿Se... señorita Shen? ¿Usted?"),
        ("¡Tú... muerto de hambre! Qué sabes?", "es", "¡Tú... muerto de hambre! ¿Qué sabes?"),
        ("Espera... qué haces?", "es", "Espera... ¿qué haces?"),
        ("¿Entró en la N.º 3?", "es", "¿Entró en la N.º 3?"),
        ("¡¿Eres mujer?!", "es", "¡¿Eres mujer?!"),
        ("Es su actual señor Shen.", "es", "Es su actual señor Shen."),
        ("Calla. Ya está? Sí.", "es", "Calla. ¿Ya está? Sí."),
        ("¿Preguntas, Qin, ¿quién fue?", "es", "¿Preguntas, Qin, quién fue?"),
        ("¿Dónde está señor Shen?", "es", "¿Dónde está el señor Shen?"),
        ("Señor Shen firmó. Gracias, señor Shen.", "es", "El señor Shen firmó. Gracias, señor Shen."),
        ("La casa de señor Shen, el señor Shen", "es", "La casa del señor Shen, el señor Shen"),
        ("Gracias señor Shen", "es", "Gracias señor Shen"),
        ("who is there?", "en", "Who is there?"),
        ("他来了？", "zh", "他来了？"),
        ("", "es", ""),
    ],
)
def test_answers_are_written_as_their_language_is(answer: str, target: str, written: str) -> None:
    assert repair.written(answer, target, ["maestro", "señor Shen", "Qin"]) == written


@pytest.mark.parametrize(
    ("answer", "name", "written"),
    [
        ("La emperatriz viuda duerme.", "la emperatriz viuda", "La emperatriz viuda duerme."),
        ("Vengo de el palacio frío.", "el palacio frío", "Vengo del palacio frío."),
        ("Don Luis firmó.", "don Luis", "Don Luis firmó."),
    ],
)
def test_a_rendering_that_has_its_article_gets_no_other(answer: str, name: str, written: str) -> None:
    assert repair.written(answer, "es", [name]) == written


@pytest.mark.parametrize(
    ("answer", "target", "written"),
    [
        ("the the Dowager is here.", "en", "The Dowager is here."),
        ("He knew what my my father did.", "en", "He knew what my father did."),
        ("He had had enough, and that that was it.", "en", "He had had enough, and that that was it."),
        ("Es la carta de de la reina.", "es", "Es la carta de la reina."),
        ("la la la", "es", "La la la"),
        ("An An is my My, of course.", "en", "An An is my My, of course."),
        ("der der da ist", "de", "Der der da ist"),
    ],
)
def test_no_article_stands_twice(answer: str, target: str, written: str) -> None:
    assert repair.written(answer, target) == written


@pytest.mark.parametrize(
    ("line", "target", "found"),
    [
        ("十一年了，一夜都没灭过。", "en", {"十一": "eleven"}),
        ("一千万就想买走？", "es", {"一千万": "diez millones"}),
        ("两百块，一百二十万。", "en", {"两百": "two hundred", "一百二十万": "one million two hundred thousand"}),
        ("万一他来了，千万别开门。", "en", {}),
        ("几十万人，三四个，十几年，二十几岁", "en", {}),
        ("一心一意，千千万万", "en", {}),
        ("一九八四年", "en", {}),
        ("零零", "en", {}),
        ("白银十万两，黄金十二两。", "en", {"十万": "one hundred thousand", "十二": "twelve"}),
        ("三千两，两千两百两", "es", {"三千": "tres mil", "两千两百": "dos mil doscientos"}),
        ("七八百两，一百三十几个，两三千人", "en", {}),
        ("两百多万，一百来万", "en", {"两百多万": "two million", "一百来万": "one million"}),
        ("一" * 5000, "en", {}),
        ("十一年", "xx", {"十一": "11"}),
        ("十一点四十七分，八点半。", "en", {"十一点四十七分": "eleven forty-seven", "八点半": "half past eight"}),
        ("一点十分，两点钟。", "es", {"一点十分": "la una y diez", "两点钟": "las dos"}),
        ("九点钟见。", "en", {"九点钟": "nine o'clock"}),
        ("九点十五分见。", "de", {"九点十五分": "9:15"}),
        ("快一点，还有两点要说，九十点钟", "en", {"九十": "ninety"}),
        ("八点零五分", "en", {"八点零五分": "eight oh five"}),
        ("", "en", {}),
    ],
)
def test_numbers_that_count_are_told(line: str, target: str, found: dict[str, str]) -> None:
    assert numbers.occurring(line, "zh", target) == found


def test_numbers_of_other_languages_are_left_alone() -> None:
    assert numbers.occurring("十一年", "ja", "en") == {}


def test_the_genres_words_are_told_and_the_glossary_goes_before_them() -> None:
    assert lexicon.occurring("来人，本王要见太后！", "zh", "en") == {
        "来人，": "Guards, ",
        "本王": "I",
        "太后": "the Dowager",
    }
    assert lexicon.occurring("你好。", "zh", "en") == lexicon.occurring("本王", "zh", "sw") == {}
    assert prompt.hints("本王来了", "zh", "en", {"本王": "this prince"}) == {"本王": "this prince"}


def test_what_is_a_word_of_its_own_alone_is_none_in_a_sentence() -> None:
    assert lexicon.occurring("胡闹！他滚吧，他在。", "zh", "en") == {"胡闹": "nonsense"}
    assert lexicon.occurring("滚吧！", "zh", "en") == {"滚": "get out"}
    assert lexicon.occurring("滚滚红尘", "zh", "en") == {}
    assert lexicon.occurring("不可能，他不可能骗我。", "zh", "en") == {}
    assert lexicon.occurring("不可能，他没有骗我。", "zh", "en") == {"不可能": "impossible"}


def test_terms_cross_the_language_between_as_they_sound() -> None:
    pytest.importorskip("pypinyin")
    terms = {"师父": "maestro", "晚晴": "Wanqing", "沈知夏": "Shen Zhixia", "王爷": "Su Alteza"}
    by = bridge.stand_ins(terms)
    assert by == {"师父": "Shifu", "晚晴": "Wanqing", "沈知夏": "Shen Zhixia", "王爷": "Wangye"}
    assert bridge.crossed("The Wangye saw Wanqing's shifu.", terms, by) == "Su Alteza saw Wanqing's maestro."
    assert bridge.crossed("Master Wang Ye is here.", terms, by) == "Su Alteza is here."
    assert bridge.crossed("Nobody.", {}, {}) == "Nobody."


def test_terms_that_sound_alike_are_not_mistaken() -> None:
    pytest.importorskip("pypinyin")
    terms = {"师父": "Master", "师傅": "driver"}
    by = bridge.stand_ins(terms)
    assert len(set(by.values())) == len(terms)
    assert bridge.crossed(" ".join(by.values()), terms, by) == "Master driver"


def test_words_of_the_genre_stand_in_one_place_and_mean_something_everywhere() -> None:
    folder = resources.files("dubwright.translate").joinpath(lexicon.FOLDER)
    files = {file.name: tomllib.loads(file.read_text(encoding="utf-8")) for file in folder.iterdir()}
    places = [
        (word, group, name) for name, groups in files.items() for group, words in groups.items() for word in words
    ]
    twice = {word for word, count in Counter(word for word, _, _ in places).items() if count > 1}
    assert not twice, [place for place in places if place[0] in twice]
    for word, group, name in places:
        told = files[name][group][word]
        assert {"en", "es"} <= told.keys(), word
        assert all(meant and not set("<>|\n") & set(meant) for meant in told.values()), word
        assert group not in ("clause", "reply") or lexicon.whole(word, {}, "zh", "en"), f"{word} can never be found"


@pytest.mark.parametrize(
    ("line", "target", "said"),
    [
        ("胡闹！滚吧", "en", "Nonsense! Get out."),
        ("凭什么", "en", "What gives you the right?"),
        ("凭什么？休想！", "es", "¿Con qué derecho? ¡Jamás!"),
        ("晚晴，住手！", "en", "Wanqing, stop!"),
        ("住手，晚晴不在", "en", None),
        ("胡闹的人", "en", None),
        ("对，", "es", "Sí,"),
        ("好，走吧！", "fr", "D'accord, allons-y!"),
        ("是，晚晴。胡闹！", "en", "Yes, Wanqing. Nonsense!"),
        ("对，这就是我", "en", None),
        ("……", "en", None),
        ("", "en", None),
        ("胡闹", "sw", None),
        ("晚晴？怎么会是你？", "en", "Wanqing? What are you doing here?"),
    ],
)
def test_a_line_of_stock_clauses_alone_is_known(line: str, target: str, said: str | None) -> None:
    found = lexicon.whole(line, {"晚晴": "Wanqing"}, "zh", target)
    assert (found and repair.written(found, target)) == said


@pytest.mark.parametrize(
    ("target", "line", "text", "right"),
    [
        ("es", "十一年了，这盏灯没有灭过。", "Hace diez años que arde.", "Hace once años que arde."),
        ("es", "一千万就想买走？", "¿Lo compras por un millón?", "¿Lo compras por diez millones?"),
        ("en", "三十六年了。", "Thirty-five years.", "Thirty-six years."),
        ("en", "十一年了。", "It's been 10 years.", "It's been 11 years."),
        ("en", "十一年了。", "It's been eleven years.", "It's been eleven years."),
        ("en", "十一年了。", "It's been 11 years.", "It's been 11 years."),
        ("en", "十一年了。", "At 10:30, one of the men.", "At 10:30, one of the men."),
        ("en", "十一年三十天。", "Ten years and thirty days.", "Ten years and thirty days."),
        ("en", "三十六计。", "Twenty or thirty tricks.", "Twenty or thirty tricks."),
        ("en", "总统套房在三十八楼。", "It's on the thirty-eighth floor.", "It's on the thirty-eighth floor."),
        ("en", "一百八十八万。", "The price is 1.88 million.", "The price is 1.88 million."),
        ("en", "五十万。", "Half a million.", "Half a million."),
        ("en", "一千二百公里。", "It's twelve hundred kilometers.", "It's twelve hundred kilometers."),
        ("en", "四十二万。", "Four hundred twenty thousand in all.", "Four hundred twenty thousand in all."),
        ("en", "昨晚十点到十二点。", "Between ten and midnight.", "Between ten and midnight."),
        ("en", "那缸有八十多斤呢！", "It weighs over forty kilos!", "It weighs over forty kilos!"),
        ("en", "我三十一。", "I'm thirty-one.", "I'm thirty-one."),
        ("en", "一百零一块。", "For a hundred and one.", "For a hundred and one."),
        ("en", "三千多万！", "Over thirty million!", "Over thirty million!"),
        ("en", "八年，一共是五十七万六。", "Eight years. It comes to 576,000.", "Eight years. It comes to 576,000."),
        ("es", "六十万灵石。", "Debemos seiscientas mil piedras.", "Debemos seiscientas mil piedras."),
        ("es", "一百二十米。", "Está a ciento veinte metros.", "Está a ciento veinte metros."),
        ("es", "五十万。", "Medio millón.", "Medio millón."),
        ("es", "我三十一。", "Tengo treinta y un años.", "Tengo treinta y un años."),
        ("es", "八百遍。", "La leí mil veces.", "La leí ochocientas veces."),
        ("en", "十万块。", "A hundred thousand yuan.", "A hundred thousand yuan."),
        ("en", "那十万将士。", "The one hundred thousand soldiers.", "The one hundred thousand soldiers."),
        ("en", "五百块。", "It's a hundred dollars.", "It's five hundred dollars."),
        ("es", "两千公里。", "Está a mil kilómetros.", "Está a dos mil kilómetros."),
        ("pt-BR", "十一年了。", "Há dez anos.", "Há onze anos."),
        ("pt", "十七年了。", "Há dezoito anos.", "Há dezessete anos."),
        ("pt-PT", "十七年了。", "Há dezoito anos.", "Há dezassete anos."),
        ("de", "十一年了。", "Seit zehn Jahren.", "Seit elf Jahren."),
        ("vi", "十一年了。", "mười năm rồi", "mười năm rồi"),
        ("th", "十一年了。", "สิบปีแล้ว", "สิบปีแล้ว"),
    ],
)
def test_the_only_number_of_a_line_is_the_original_s(target: str, line: str, text: str, right: str) -> None:
    assert numbers.corrected(text, line, "zh", target) == right
    assert numbers.corrected(right, line, "zh", target) == right


@given(
    st.text(max_size=60),
    st.text(alphabet="一二三十百千万亿年点半分 ab", max_size=12),
    st.sampled_from(["en", "es", "fr"]),
)
def test_a_number_is_put_right_in_any_text_at_all(text: str, line: str, target: str) -> None:
    once = numbers.corrected(text, line, "zh", target)
    assert numbers.corrected(once, line, "zh", target) == once


@pytest.mark.parametrize(
    ("text", "line", "kept"),
    [
        ("When? Are you it? Are you it? Are you it? Are", "什么时候……难道你是？", "When? Are you it?"),
        ("When did you… … … … … …", "你什么时候……", "When did you…"),
        ("Go! He went there. They all went. And", "走！", "Go!"),
        ("¿Cuándo? ¿Cuándo? ¿Eres tú? ¿Er", "什么时候？是你？", "¿Cuándo? ¿Eres tú?"),
        ("and and and and and", "走！", ""),
        ("…", "走！", ""),
    ],
)
def test_of_an_answer_without_end_its_sentences_are_kept(text: str, line: str, kept: str) -> None:
    assert repair.ended(text, line) == kept
