"""What is said of a language's market: the profile that ships with dubwright, and what a series wants otherwise.

The profiles' data are TOML files, one a language, in `translate/market/languages/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

Severity = Literal["low", "medium", "high"]
# What platforms, regulators and advertisers ask about; each market says how much it minds.
Category = Literal[
    "self_harm",
    "sexual_violence",
    "minors",
    "sexual",
    "slur",
    "profanity",
    "drugs",
    "gore",
    "abortion",
    "extremism",
    "territory",
    "royal_insult",
    "blasphemy",
    "deities",
    "same_sex",
    "alcohol",
    "gambling",
    "pork",
    "beef",
    "caste",
]
Direction = Literal["ltr", "rtl"]
# CLDR's names of numbering systems.
Digits = Literal["latn", "arab", "arabext", "deva", "thai", "fullwide"]
# Whose words the two speak to whom; what a language says of each is in its `Formality.relations`.
Relation = Literal["superior", "elder", "stranger", "court", "family", "friend", "lover", "inferior", "enemy"]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_STRICT)
class Wording:
    """How a source term is said in a market, and what a literal translation would `never` be right to say."""

    say: str
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, config=_STRICT)
class Words:
    """How words are told apart: bounded on `both` sides, on the `start` alone where endings are glued on, or not at all.

    `clitics` are what may be glued in front of a word.
    """

    boundaries: Literal["both", "start", "none"] = "both"
    clitics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, config=_STRICT)
class Formality:
    """The two ways to say "you", or two levels of speech.

    `relations` says which is meant for whom. `familiar` and `formal` are words, `…_endings` ends of sentences, that
    tell which one a line chose, `neither` what only looks like one of them. Where the formal word is capitalized, it
    tells something inside a sentence only (`capital`); where it is the plural as well, nothing of a line that is said
    to several (`plural`).
    """

    relations: Mapping[Relation, str] = field(default_factory=dict)
    familiar: tuple[str, ...] = ()
    formal: tuple[str, ...] = ()
    familiar_endings: tuple[str, ...] = ()
    formal_endings: tuple[str, ...] = ()
    neither: tuple[str, ...] = ()
    capital: bool = False
    plural: bool = False


@dataclass(frozen=True, slots=True, config=_STRICT)
class Punctuation:
    """How a market punctuates.

    `instead` has for each foreign mark the market's own (a mark that stands for itself is allowed after all, one for
    which nothing stands is left out), `opened` the marks that a sentence opens with for those that it ends with,
    `spaced` those that a space goes before, `closing` those of which one ends a line whose source ends a sentence
    (empty: none needed), `never_last` those that end no line.
    """

    say: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)
    opened: Mapping[str, str] = field(default_factory=dict)
    spaced: str = ""
    closing: str = ""
    never_last: str = ""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Numbers:
    """How a market writes and says numbers and money.

    `words` and `scales` give what number words are worth: those of scales multiply what stands before them. `joining`
    are words between them that count for nothing. `written` are the scales to write large round numbers with, largest
    first, `group` parts thousands. `foreign_units` are source units left as they sound, `currencies` money that a
    translation may have made up.
    """

    say: str = ""
    group: str = ","
    decimal: str = "."
    words: Mapping[str, int] = field(default_factory=dict)
    scales: Mapping[str, int] = field(default_factory=dict)
    joining: tuple[str, ...] = ()
    written: Mapping[str, int] = field(default_factory=dict)
    foreign_units: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, config=_STRICT)
class Sensitive:
    """A topic that moderation looks for: how grave it is here (None: not flagged), why, what a translator should do,
    and the words that betray it in the market's language. A word that ends in `*` is a beginning.
    """

    severity: Severity | None = None
    reason: str = ""
    advice: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, config=_STRICT)
class MarketProfile:
    """What the market of a language wants.

    `guidance` are sentences for whoever translates, `address` forms of address and `idioms` by their source term,
    `digits` the numbering systems that may stand in a text.
    """

    direction: Direction = "ltr"
    digits: tuple[Digits, ...] = ("latn",)
    guidance: tuple[str, ...] = ()
    words: Words = field(default_factory=Words)
    formality: Formality = field(default_factory=Formality)
    punctuation: Punctuation = field(default_factory=Punctuation)
    numbers: Numbers = field(default_factory=Numbers)
    address: Mapping[str, Wording] = field(default_factory=dict)
    idioms: Mapping[str, Wording] = field(default_factory=dict)
    sensitive: Mapping[Category, Sensitive] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=_STRICT)
class SourceWords:
    """What is looked for in the source text of a language.

    `sensitive` words by topic; `several` says that more than one is spoken to; `money` that a sum is in a foreign
    currency, `hyperbole` what follows a number that is not meant; `ends` are the marks that end a sentence.
    """

    sensitive: Mapping[Category, tuple[str, ...]] = field(default_factory=dict)
    several: tuple[str, ...] = ()
    money: tuple[str, ...] = ()
    hyperbole: tuple[str, ...] = ()
    ends: str = ".!?…。！？"


@dataclass(frozen=True, slots=True, config=_STRICT)
class Overrides:
    """What a series wants otherwise in one language: the `market: {LANGUAGE: {…}}` of its series.yaml.

    `address` and `idioms` are renderings by source term, `relations` the form of "you" by relation, `severity` that of
    a topic ("none": not flagged), `sensitive` further words, of either language, by topic.
    """

    guidance: tuple[str, ...] = ()
    relations: Mapping[Relation, str] = field(default_factory=dict)
    address: Mapping[str, str] = field(default_factory=dict)
    idioms: Mapping[str, str] = field(default_factory=dict)
    severity: Mapping[Category, Severity | Literal["none"]] = field(default_factory=dict)
    sensitive: Mapping[Category, tuple[str, ...]] = field(default_factory=dict)
