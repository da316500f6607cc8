"""Terms proposed from what is said: names and titles, and no ordinary words."""

from __future__ import annotations

import importlib.util

import pytest

from dubwright import languages
from dubwright.errors import EngineMissingError
from dubwright.series import facts
from dubwright.series.facts import Character, SeriesFacts, Sex, Term
from dubwright.terms import chinese, naming, proposals
from samples import script

SAMPLE = script.read()
SAID = {episode.name: "\n".join(line.text for line in episode.lines) for episode in SAMPLE.episodes}
# Everyday's sentences whose words begin like names, end like places, or are called out.
ORDINARY = """今天真高兴，谢谢你来接我。|万一他不来呢？你马上给他打电话。|何必呢，大家都是朋友。|方便的话，周末一起吃个饭。
安静，都给我安静！|黄昏的时候，江边的风很大。|任务完成了，金牌是我们的。|石头剪刀布，输了的人洗碗。
钱包丢了，许多东西都在里面。|于是我就向前走，一直走到花园。|关门！谁也不许出去！|明明是你先动手的，你还有理了？
果然不出我所料，他还是来了。|其实，我一直喜欢你。|小心，后面有人！|对不起，我不是故意的。|孩子，你听我说。
整条街的人都看见了。|那座山很高，你别去。|这个镇子我来过，村口有棵老树。|城里的房子太贵，我买不起。
部门开会，你怎么又迟到了？|气派，真气派，不愧是大户人家。|老天爷，你开开眼吧！|文件放在桌上，记得签字。
全家人都反对，你还要嫁？|卓越，什么叫卓越？|平安就好，平安就好。|青春，青春就是用来浪费的。
云开见月明，你再等等。|高手，高手在民间啊。|钟响了，下课！|林子大了，什么鸟都有。|尚未查明，不能下结论。
顾不上了，先救人！|贺礼送到了，放哪儿？|彭彭彭，外面在放炮。
张嘴，啊——|张开眼睛，看着我。|这张脸，我死都不会忘。|何苦呢，你图什么？|于情于理，你都该去。|双手奉上，请笑纳。
周一，周一见。|雷雨天，别出门。|关键是，你爱不爱我？|宫女，给本宫倒茶。|掌柜的，来壶酒！|金銮殿上，谁敢喧哗？
宝贝，别怕。|美女，加个微信？|小朋友，你妈妈呢？|小伙子，不错嘛。|沈下心来，慢慢想。|白费力气，你走吧。""".replace(
    "|", "\n"
)


def proposed(said: dict[str, str], known: SeriesFacts | None = None, *targets: str) -> dict[str, proposals.Proposal]:
    return {each.term.source: each for each in proposals.propose(said, known or SeriesFacts(), targets or ("en",))}


def test_the_samples_own_glossary_is_found_without_its_help() -> None:
    found = proposed(SAID, None, "en", "es")
    terms = {term.source: term for term in SAMPLE.facts.glossary}
    assert {"晚晴", "砚舟", "沈知夏", "秦师父", "师父", "沈总", "姐姐", "弟弟", "沈氏集团"} == set(found)
    for source, each in found.items():
        assert each.term.renderings["en"] == terms[source].renderings["en"]
        assert each.term.status == "proposed"
    assert found["晚晴"].episodes == ("01",)
    assert found["晚晴"].count == 2 and found["晚晴"].example == "晚晴，把门口的灯点上。"
    assert (found["沈总"].count, found["沈总"].episodes) == (3, ("02", "03"))


def test_ordinary_words_are_no_terms() -> None:
    assert proposed({"1": ORDINARY}) == {}


@pytest.mark.parametrize(
    ("lines", "source", "kind", "rendering"),
    [
        ("云师弟，别怕，我陪你去。", "云师弟", "address", "Junior Brother Yun"),
        ("你带二十名弟子守住落霞谷。\n落霞谷守不住了！", "落霞谷", "place", "Luoxia Valley"),
        ("你也配进青云宗？\n跟我回青云宗。", "青云宗", "sect", "Qingyun Sect"),
        ("区区筑基。", "筑基", "rank", "Foundation Establishment"),
        ("来人，打入天牢！", "天牢", "place", "the imperial prison"),
        ("张若晴，你来了。\n张若晴呢？", "张若晴", "name", "Zhang Ruoqing"),
        ("何雨桐，你别走！", "何雨桐", "name", "He Yutong"),
        ("我叫欧阳雪。", "欧阳雪", "name", "Ouyang Xue"),
        ("小满，你们两个认识？", "小满", "name", "Xiaoman"),
        ("小唐，马上准备手术室。", "小唐", "name", "Xiao Tang"),
        ("阿明，你快走！", "阿明", "name", "A Ming"),
        ("婉儿，别哭。\n婉儿呢？", "婉儿", "name", "Wan'er"),
        ("建国，你有事瞒着我？", "建国", "name", "Jianguo"),
        ("王婶，您少说两句。", "王婶", "address", "Aunt Wang"),
        ("医生，求求你，救救我爸。", "医生", "address", "Doctor"),
        ("何律师，这段监控你看过几遍？", "何律师", "address", "Mr. He"),
    ],
)
def test_names_titles_and_places_are_told_by_form_and_place(lines: str, source: str, kind: str, rendering: str) -> None:
    found = proposed({"1": lines})[source].term
    assert (found.kind, found.renderings.get("en")) == (kind, rendering)


@pytest.mark.parametrize(
    "line", ["部门经理在等你。", "对方总监来了。", "我向总裁汇报。", "他是医生。", "大家都是姐妹。"]
)
def test_a_title_behind_an_ordinary_word_is_nobodys(line: str) -> None:
    assert not [source for source in proposed({"1": line}) if len(source) > 2]


def test_what_is_fixed_is_not_proposed_again_and_the_cast_says_who_is_a_woman() -> None:
    known = SeriesFacts(
        cast=(Character(name="何律师", sex="female"), Character(name="沈知夏", sex="female", aliases=("知夏",))),
        glossary=(Term(source="沈总", aliases=("韩董",), renderings={"en": "Mr. Shen"}),),
    )
    found = proposed({"1": "何律师，沈总和韩董呢？\n韩董，您来了。\n沈总，请坐。\n知夏，走吧。"}, known, "en", "pt-BR")
    assert set(found) == {"何律师", "沈知夏", "知夏"}
    assert found["何律师"].term.renderings == {"en": "Ms. He", "pt-BR": "Dra. He"}
    assert found["何律师"].term.notes == ""
    assert found["知夏"].term.sex == "female"
    assert found["沈知夏"].count == 0


def test_a_sex_that_nobody_knows_is_noted() -> None:
    assert proposed({"1": "何律师，您看。"})["何律师"].term.notes
    assert not proposed({"1": "苏姑娘，您看。"})["苏姑娘"].term.notes


def test_a_lexicon_goes_before_the_rules() -> None:
    found = proposals.propose({"1": "王爷，饶命！"}, SeriesFacts(), ["en"], {"王爷": {"en": "Your Grace"}})
    assert [each.term.renderings for each in found] == [{"en": "Your Grace"}]


def test_only_chinese_is_understood() -> None:
    assert proposed({"1": "Master Qin, come!"}, SeriesFacts(language="en")) == {}
    assert proposed({}) == {}


@pytest.mark.parametrize(
    ("name", "sex", "tag", "rendering"),
    [
        ("陆晚晴", "unknown", "en", "Lu Wanqing"),
        ("单雄信", "unknown", "en", "Shan Xiongxin"),
        ("欧阳娜娜", "unknown", "es", "Ouyang Nana"),
        ("吕布", "unknown", "en", "Lu Bu"),
        ("沈总", "female", "es", "señora Shen"),
        ("沈总", "unknown", "vi", "Thẩm tổng"),
        ("秦师父", "unknown", "fr", "Maître Qin"),
        ("秦师父", "unknown", "de", "Meister Qin"),
        ("李公公", "unknown", "vi", "công công Lý"),
        ("沈家", "unknown", "vi", "nhà họ Thẩm"),
        ("沈氏集团", "unknown", "pt", "Grupo Shen"),
        ("慕容姑娘", "unknown", "en", "Miss Murong"),
        ("陆晚晴", "unknown", "ja", "陸晩晴"),
        ("陆晚晴", "unknown", "ar", None),
        ("陆晚晴", "unknown", "vi", None),
        ("陆晚晴", "unknown", "th", None),
    ],
)
def test_renderings_follow_from_rules_or_are_none(name: str, sex: Sex, tag: str, rendering: str | None) -> None:
    form = naming.formed(name, sex)
    assert form and form.renderings.get(tag) == rendering


@pytest.mark.parametrize(
    ("name", "sex"), [("陆晚晴", "female"), ("赵建国", "male"), ("顾淮", "unknown"), ("沈知夏", "unknown")]
)
def test_a_sex_is_guessed_from_characters_that_are_hardly_ever_of_the_other(name: str, sex: facts.Sex) -> None:
    form = naming.formed(name)
    assert form and form.sex == sex


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        naming, "find_spec", lambda name: None if name == "pypinyin" else importlib.util.find_spec(name)
    )
    with pytest.raises(EngineMissingError) as raised:
        naming.formed("陆晚晴")
    assert raised.value.remedy == "pip install 'dubwright[embedded]'"


def test_the_tables_are_sound() -> None:
    known = chinese.knowledge()
    assert not known.never & set("秦陆沈顾李王") and not known.female & known.male
    for title in known.titles.values():
        for tag, text in title.renderings.items():
            assert languages.parse(tag) == tag
            named, _, alone = text.partition(";")
            assert len(slots := {each.count("{}") for each in named.split("|")}) == 1 and max(slots) <= 1
            assert "{}" not in alone
            assert not title.bound or "{}" in named, title
    for words in (known.places, known.sects, known.organisations):
        assert all(text.count("{}") == 1 for told in words.values() for text in told.values())
