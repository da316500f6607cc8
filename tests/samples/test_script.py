"""The script is a series as users write one, and its references obey its own glossary."""

from __future__ import annotations

from dubwright.dub.kokoro import Kokoro
from dubwright.series import facts
from samples import script
from samples.script import Script


def test_series_yaml_is_what_dubwright_reads() -> None:
    known = facts.read(script.FILE)
    assert known.title == "槐巷不灭灯"
    assert known.language == "zh"
    assert known.synopsis
    assert {character.sex for character in known.cast} == {"female", "male"}
    assert len(known.cast) >= 3
    for language in ("en", "es"):
        assert all(term.renderings.get(language) for term in known.glossary)
    assert known.glossary_for("en")["沈总"] == "Mr. Shen"


def test_three_episodes_with_pauses_and_fast_exchanges(whole: Script) -> None:
    assert [episode.name for episode in whole.episodes] == ["01", "02", "03"]
    for episode in whole.episodes:
        gaps = [line.gap_ms for line in episode.lines[1:]]
        assert min(gaps) <= 200
        assert max(gaps) >= 1000
        assert len({line.speaker for line in episode.lines}) >= 3


def test_every_character_has_a_voice_of_its_own_and_of_its_sex(whole: Script) -> None:
    voices = {voice.name: voice.sex for voice in Kokoro.voices("zh")}
    assert {character.name: voices[whole.parts[character.name].voice] for character in whole.facts.cast} == {
        character.name: character.sex for character in whole.facts.cast
    }
    assert len({part.voice for part in whole.parts.values()}) == len(whole.facts.cast)


def test_references_keep_the_glossary(whole: Script) -> None:
    used = set()
    for language in ("en", "es"):
        glossary = whole.facts.glossary_for(language)
        for episode in whole.episodes:
            for line in episode.lines:
                text, reference = line.text, getattr(line, language).casefold()
                for term in sorted(glossary, key=len, reverse=True):
                    if term in text:
                        assert glossary[term].casefold() in reference, (language, line.text)
                        text = text.replace(term, "")
                        used.add(term)
    assert {"师父", "沈总", "姐姐", "弟弟", "沈氏集团", "槐巷", "晚晴", "秦师父"} <= used


def test_references_hold_no_chinese(whole: Script) -> None:
    for episode in whole.episodes:
        for line in episode.lines:
            assert not any("\u3400" <= char <= "\u9fff" for char in line.en + line.es)
