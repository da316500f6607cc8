"""What a language does to a rendering's words, and how that becomes a pattern."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

# One syllable of Pinyin. Such a name is often a word of another language as well: An, He, Long.
_SYLLABLE = re.compile(
    "(?:[bpmf]?(?:a|o|ai|ei|ao|ou|an|en|ang|eng|i|ie|iao|in|ing|ian|u)|[dtnlgkhzcs]?h?(?:a|e|ai|ei|ao|ou|an|en|ang|eng"
    "|ong|u|uo|ui|uan|un|i)|[dtnl](?:ie|iao|iu|ian|in|ing|iang|ü|üe)|[jqx](?:i|ia|ie|iao|iu|ian|in|ing|iang|iong|u|ue|uan|un)"
    "|[gkhzcs]h?(?:ua|uai|uang)|r(?:e|ao|ou|an|en|ang|eng|ong|u|uo|ui|uan|un|i)|y(?:a|e|ao|ou|an|in|ang|ing|ong|u|ue|uan|un|i)"
    "|w(?:a|o|ai|ei|an|en|ang|eng|u)|er)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a rendering: where it stands in it, and in what company.

    `named` where another word of the rendering looks like a name: what fits one person only must then not change sex.
    """

    text: str
    first: bool
    last: bool
    named: bool = False

    @property
    def alone(self) -> bool:
        """Whether it is the whole rendering."""
        return self.first and self.last

    @property
    def capital(self) -> bool:
        """Whether it is written with a capital, as names are and titles may be."""
        return self.text[:1].isupper()

    @property
    def short_name(self) -> bool:
        """Whether it may be a name so short that an ending would make another name or a word of it: Gu, Gus."""
        return self.capital and len(self.text) < 4 and not self.text.isupper()


def spelled(text: str) -> str:
    """The pattern of a word as it is written, with any apostrophe and hyphen, and with or without its full stop."""
    written = re.sub("['’ʼ]", "['’ʼ]", re.escape(text))
    return written.replace(r"\-", "[-\u2010\u2011]").replace(r"\.", r"\.?")


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language's rules.

    `forms` gives a pattern for a word in any of its forms; `gap` what stands between words; `articles` open a rendering
    without being part of it; `links` are the words within one that stand for each other, each with its pattern, with or
    without an article; `same` are patterns of abbreviations written out. `letters` is a character class of what goes on
    with a word at its borders, `before` and `after` are what may be attached there.
    """

    forms: Callable[[Word], str] = lambda word: spelled(word.text)
    gap: str = r"\s+"
    articles: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)
    letters: str = r"\w"
    before: str = ""
    after: str = ""

    def pattern(self, words: Sequence[str]) -> re.Pattern[str]:
        """What finds a rendering of these words."""
        words = self._without_article(words)
        # Of links beside each other the first speaks for all: "of" stands for "of the".
        inner = range(1, len(words) - 1)
        links = [place in inner and words[place].lower() in self.links for place in range(len(words))]
        places = [place for place in range(len(words)) if not (links[place] and links[place - 1])]
        written = self.gap.join(self._word(words, place) for place in places)
        left = f"(?<!{self._class})" if self._continues(words[0][0]) else ""
        right = f"(?!{self._class})" if self._continues(words[-1][-1]) else ""
        return re.compile(left + self.before + written + (self.after if right else "") + right, re.IGNORECASE)

    @property
    def _class(self) -> str:
        return f"[{self.letters}]"

    def _continues(self, char: str) -> bool:
        return re.match(self._class, char) is not None

    def _without_article(self, words: Sequence[str]) -> Sequence[str]:
        first = words[0].replace("’", "'")
        for article in self.articles:
            if article.endswith("'") and first.lower().startswith(article) and len(first) > len(article):
                return (first[len(article) :], *words[1:])
        return words[1:] if len(words) > 1 and first.lower() in self.articles else words

    def _word(self, words: Sequence[str], place: int) -> str:
        text = words[place]
        plain = text.lower().rstrip(".")
        if 0 < place < len(words) - 1 and plain in self.links:
            return self.links[plain]
        if plain in self.same:
            return self.same[plain]
        named = any(each[:1].isupper() for number, each in enumerate(words) if number and number != place)
        word = Word(text, place == 0, place == len(words) - 1, named)
        pattern = f"(?:{self.forms(word)})"
        if len(words) == 1 and word.capital and _SYLLABLE.fullmatch(text):
            # Only its capital tells it from a word of the language.
            return f"(?-i:(?={text[0]})){pattern}"
        return pattern


PLAIN = Grammar(after=r"(?:['’]s|['’])?")
