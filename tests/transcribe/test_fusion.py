"""What becomes of an episode's witnesses: whose text, whose times, and what is nobody's line."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from dubwright.transcribe import text
from dubwright.transcribe.engine import Word
from dubwright.transcribe.fusion import Cue, Episode, Line, Shown, at_once, fuse, together
from dubwright.transcribe.fusion.alignment import Wanted, align, letters

BOX = (100, 900, 400, 40)


def words(line: str, start_ms: int, *, each: int = 200, probability: float = 0.9) -> list[Word]:
    """A character every `each` ms; marks stay with the character before them."""
    found: list[Word] = []
    for char in line:
        if char.isalnum():
            at = start_ms + each * len(found)
            found.append(Word(char, at, at + each, probability))
        else:
            found[-1] = replace(found[-1], text=found[-1].text + char)
    return found


def seen(line: str, start_ms: int, end_ms: int, score: float = 0.97) -> Cue:
    return Cue(start_ms, end_ms, line, score, "picture", (Shown(start_ms, end_ms, *BOX),))


def given(line: str, start_ms: int | None = None, end_ms: int | None = None) -> Cue:
    return Cue(start_ms, end_ms, line, 1.0, "given")


def fused(heard: list[Word], cues: list[Cue], speech: list[tuple[int, int]] | None = None) -> list[Line]:
    spans = speech if speech is not None else [(word.start_ms, word.end_ms) for word in heard]
    return fuse(Episode(heard, spans, "zh", 60_000, 450, 7000), cues)


def said(line: Line) -> str:
    return text.join(line.words, "zh")


def test_a_line_has_the_pictures_text_at_the_sounds_times() -> None:
    (line,) = fused(words("弯琴，把门口的灯点上。", 2000), [seen("晚晴 把门口的灯点上", 1900, 4100)])
    assert said(line) == "晚晴，把门口的灯点上。"
    assert (line.evidence, line.kind, line.shown[0].start_ms) == ("both", "dialogue", 1900)
    assert line.start_ms == pytest.approx(2000, abs=60)
    assert line.end_ms == pytest.approx(3800, abs=160)
    assert [word.text for word in line.words[:3]] == ["晚", "晴，", "把"]
    assert line.words[2].start_ms == pytest.approx(2400, abs=20)


def test_a_subtitle_that_lingers_does_not_make_its_line_longer() -> None:
    heard = words("你来了。", 1000)
    (line,) = fused(heard, [seen("你来了", 950, 3500)])
    assert line.end_ms == 1600


def test_what_nobody_says_is_a_caption() -> None:
    lines = fused(words("你来了。", 5000), [seen("三年后", 1000, 3000), seen("你来了", 4950, 5700)])
    assert [(line.kind, said(line)) for line in lines] == [("caption", "三年后"), ("dialogue", "你来了。")]
    assert lines[0].shown
    assert lines[0].notes == ("nobody speaks while it is shown",)


def test_a_line_that_could_not_be_made_out_is_spoken_if_somebody_speaks() -> None:
    (line,) = fused([], [seen("快走", 1000, 2500)], speech=[(1200, 1900)])
    assert (line.kind, line.evidence, line.start_ms, line.end_ms) == ("dialogue", "picture", 1200, 1900)
    assert said(line) == "快走"


def test_what_only_the_sound_has_is_kept() -> None:
    heard = [*words("你来了。", 1000), *words("我等了很久。", 5000)]
    lines = fused(heard, [seen("你来了", 950, 1700)])
    assert [(said(line), line.evidence) for line in lines] == [("你来了。", "both"), ("我等了很久。", "sound")]


def test_what_a_recognizer_made_up_beside_good_subtitles_is_dropped() -> None:
    heard = [*words("今天晚上月亮很圆啊。", 1000), *words("嗯嗯", 9000, probability=0.2)]
    assert [said(line) for line in fused(heard, [seen("今天晚上月亮很圆啊", 950, 3000)])] == ["今天晚上月亮很圆啊。"]
    # Where nothing is written there is no better witness.
    assert len(fused(heard, [])) == 2


def test_a_subtitle_over_two_utterances_becomes_two_lines() -> None:
    heard = [*words("等一下。", 1000), *words("我跟你走。", 3000)]
    lines = fused(heard, [seen("等一下 我跟你走", 950, 3900)])
    assert [said(line) for line in lines] == ["等一下，", "我跟你走。"]
    assert [(line.start_ms // 100, line.end_ms // 100) for line in lines] == [(9, 16), (30, 38)]
    assert lines[0].shown == lines[1].shown


def test_a_poor_reading_yields_to_a_sure_hearing() -> None:
    (line,) = fused(words("明天见。", 1000), [seen("目大贝", 950, 1700, score=0.62)])
    assert (said(line), line.evidence) == ("明天见。", "sound")
    assert "目大贝" in line.notes[0]


def test_a_sure_reading_stands_against_a_poor_hearing() -> None:
    (line,) = fused(words("审之下。", 1000, probability=0.4), [seen("沈砚舟", 950, 1700)])
    assert (said(line), line.evidence) == ("沈砚舟", "picture")


def test_a_given_line_stands_above_the_picture_and_keeps_its_box() -> None:
    cues = together([seen("晚睛，把灯点上", 900, 2200)], [given("晚晴，把灯点上！", 1000, 2100)])
    (line,) = fused(words("弯琴把灯点上", 1000), cues)
    assert (said(line), line.evidence, len(line.shown)) == ("晚晴，把灯点上！", "given", 1)


def test_a_script_without_times_is_timed_by_the_sound() -> None:
    heard = [*words("你终于来了。", 1000), *words("我等你很久了。", 4000)]
    script = [given("你终于来了！"), given("这一句没有人说过"), given("我等了你很久了。")]
    lines = fused(heard, together([], script))
    assert [said(line) for line in lines] == ["你终于来了！", "我等了你很久了。"]
    assert [line.start_ms // 1000 for line in lines] == [1, 4]


def test_what_two_people_say_at_once_is_marked() -> None:
    cues = at_once([given("住手！", 1000, 2000), given("不要！", 1100, 2000), given("走。", 1950, 2600)])
    assert [cue.kind for cue in cues] == ["overlap", "overlap", "dialogue"]


def test_fast_exchanges_stay_apart() -> None:
    heard = [*words("你想干什么", 1000), *words("这条街一块砖都不许动", 2000)]
    cues = [seen("你想干什么", 980, 1990), seen("这条街一块砖都不许动", 2000, 4050)]
    lines = fused(heard, cues, speech=[(1000, 4000)])
    assert [said(line) for line in lines] == ["你想干什么", "这条街一块砖都不许动"]
    assert lines[0].end_ms <= lines[1].start_ms


def test_letters_meet_only_near_their_time() -> None:
    heard = letters(words("好好好", 1000))
    far = [Wanted("好", 20_000, 21_000, 0)]
    assert align(far, heard) == [None]
    assert align([Wanted("好", 1000, 1600, 0)] * 3, heard) == [0, 1, 2]
    assert align([], heard) == []
    assert align(far, []) == [None]


cue_lists = st.lists(
    st.builds(
        lambda line, start, length, score: seen(line, start, start + length, score),
        st.text("你我他来去了 ，A1-", max_size=12),
        st.integers(0, 9000),
        st.integers(0, 4000),
        st.floats(0, 1),
    ),
    max_size=6,
).map(lambda cues: sorted(cues, key=lambda cue: cue.start_ms or 0))


@drawn(st.text("你我他来去了。，B2", max_size=30), cue_lists, st.integers(30, 400))
def test_whatever_the_witnesses_say_lines_are_in_order_and_apart(line: str, cues: list[Cue], each: int) -> None:
    heard = words(line.lstrip("。，"), 500, each=each)
    lines = fuse(Episode(heard, [(w.start_ms, w.end_ms) for w in heard], "zh", 60_000, 450, 7000), cues)
    spoken = [line for line in lines if line.kind != "caption"]
    assert all(0 <= line.start_ms < line.end_ms for line in spoken)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(spoken))
    for each_line in spoken:
        assert each_line.words[0].start_ms >= each_line.start_ms
        assert all(a.end_ms <= b.start_ms for a, b in pairwise(each_line.words))
        assert 0 <= each_line.confidence <= 1


def test_a_misread_character_yields_to_the_heard_one() -> None:
    heard = words("昨晚最后离开的人是江临。", 1000)
    (line,) = fused(heard, [seen("昨晚最后么开的人是江临", 950, 3400, score=0.91)])
    assert said(line) == "昨晚最后离开的人是江临。"
    # A flawless reading stands, and so does one that makes as good words.
    assert said(fused(heard, [seen("昨晚最后么开的人是江临", 950, 3400, score=0.99)])[0]).startswith("昨晚最后么开")
    (line,) = fused(words("我们明天走吧。", 1000), [seen("我们后天走吧", 950, 2300, score=0.91)])
    assert said(line) == "我们后天走吧。"


def test_a_name_that_was_heard_stands_above_what_was_misread() -> None:
    heard = words("韩董心里清楚。", 1000)
    episode = Episode(heard, [(1000, 2200)], "zh", 60_000, 450, 7000, names=("韩董",))
    (line,) = fuse(episode, [seen("韩重心里清楚", 950, 2300, score=0.98)])
    assert said(line) == "韩董心里清楚。"


def test_dashes_that_were_read_as_the_numeral_part_two_speakers() -> None:
    heard = [*words("江临你疯了？", 1000), *words("我没疯。", 2400)]
    lines = fused(heard, [seen("一江临，你疯了？一我没疯", 950, 3100)])
    assert [said(line) for line in lines] == ["江临，你疯了？", "我没疯。"]
    heard = words("一个人来，一个人走。", 1000)
    assert said(fused(heard, [seen("一个人来，一个人走", 950, 2700)])[0]) == "一个人来，一个人走。"


def test_a_letter_of_another_breath_does_not_tear_a_line() -> None:
    heard = [*words("绝无可能来", 1000), *words("人把她押下去。", 2600)]
    lines = fused(
        heard, [seen("绝无可能", 950, 2000), seen("来人，把她押下去", 2400, 4100)], [(1000, 1950), (2400, 4000)]
    )
    assert [said(line) for line in lines] == ["绝无可能", "来人，把她押下去。"]
    assert lines[0].end_ms == pytest.approx(1950, abs=60)
