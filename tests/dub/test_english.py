"""English in the notation that Kokoro learnt. What no dictionary has, the tests' stand-in for espeak puts in brackets."""

from __future__ import annotations

import re

import pytest

from dubwright.dub.english import English

AMERICAN = English(lambda word: f"<{word}>", british=False)
BRITISH = English(lambda word: f"<{word}>", british=True)


def test_words_are_said_one_by_one_as_the_dictionaries_have_them() -> None:
    assert AMERICAN("Is that the man who won?") == "ɪz ðæt ðə mˈæn hˌu wˈʌn?"
    assert BRITISH("Is that the man who won?") == "ɪz ðat ðə mˈan hˌuː wˈʌn?"


def test_an_i_is_never_swallowed() -> None:
    """espeak-ng writes it without any stress, and the model then leaves it out at the beginning of a line."""
    assert AMERICAN("I called.").startswith("ˌI ")
    assert AMERICAN("I’m sorry, I’ve lost.") == AMERICAN("I'm sorry, I've lost.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the end", "ði ˈɛnd"),
        ("the hour", "ði ˈWəɹ"),
        ("the man", "ðə mˈæn"),
        ("the: end", "ðə: ˈɛnd"),
        ("to bed", "tə bˈɛd"),
        ("to act", "tʊ ˈækt"),
        ("told to.", "tˈOld tu."),
        ("a man", "ɐ mˈæn"),
        ("plan A.", "plˈæn ˈA."),
    ],
)
def test_small_words_sound_as_their_place_asks(text: str, said: str) -> None:
    assert AMERICAN(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Xiaoman and Huai", "ʃjˌWmˈɑn ænd hwˈI"),
        ("Kwrxl", "<Kwrxl>"),
        ("NASDAQX", "<NASDAQX>"),
        ("3rd, 1999 v2", "<3rd>, <1999> <v2>"),
        ("11:47.", "<11:47>."),
        ("the U.S. is", "ðə <US> ɪz"),
        ("Zoë", "<Zoë>"),
        ("你好", "<你好>"),
        ("", ""),
        ("… — ?", "… — ?"),
    ],
)
def test_what_no_dictionary_has_is_a_name_in_pinyin_or_left_to_the_other(text: str, said: str) -> None:
    assert AMERICAN(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mu Ran, you ran.", "mˈu ɹˈæn, ju ɹˈæn."),
        ("You're Mu Qi!", "jʊɹ mˈu ʧˈi!"),
        ("Mr. He, he can.", "mˈɪstəɹ. hi, hi kˈæn."),
        ("He Xi, go.", "hi ʃˈi, ɡˌO."),
        ("Master Ye's ye.", "mˈæstəɹ jˈɛz jˈi."),
        ("I saw Xi’s book.", "ˌI sˈɔ ʃˈiz bˈʊk."),
        ("Mu family, go!", "mˈu fˈæmᵊli, ɡˌO!"),
        ("Huai Lane", "hwˈI lˈAn"),
        # English knows these names, or says them nearly so.
        ("Attorney Song, a song.", "ətˈɜɹni sˈɔŋ, ɐ sˈɔŋ."),
        ("Zhou Tang", "ʤˈO tˈæŋ"),
        # No names, though they could be written so.
        ("Can Qin Mo run?", "kæn ʧˈɪn mˈO ɹˈʌn?"),
        ("Sir. Can he?", "sˌɜɹ. kæn hi?"),
        ("The nurse. She left.", "ðə nˈɜɹs. ʃi lˈɛft."),
        ("Die, Dan!", "dˈI, dˈæn!"),
        ("Ran away? Change it.", "ɹˈæn əwˈA? ʧˈAnʤ ɪt."),
    ],
)
def test_an_english_word_is_a_name_where_it_stands_as_one(text: str, said: str) -> None:
    assert AMERICAN(text) == said


def test_no_word_is_lost_whatever_stands_around_it() -> None:
    said = AMERICAN("“Bxa,” cxb—dxc… (Exd!) _Fxe_? 'gxf' hxg2\n\tixh/jxi kxj_lxk & #mxl")
    assert re.findall("<(.*?)>", said) == [
        "Bxa",
        "cxb",
        "dxc",
        "Exd",
        "Fxe",
        "gxf",
        "hxg2",
        "ixh",
        "jxi",
        "kxj",
        "lxk",
        "mxl",
    ]


@pytest.mark.parametrize("hostile", ["'" * 50, "a" * 5000, "a1" * 5000, "'a'b'c'", "_" * 9, "\x00\u200d", "Ⅻ ² ½"])
def test_whatever_is_written_has_an_answer(hostile: str) -> None:
    assert isinstance(AMERICAN(hostile), str)
