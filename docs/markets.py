"""Writes docs/markets.md from the market profiles: `python docs/markets.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from dubwright import languages  # noqa: E402
from dubwright.translate import market  # noqa: E402
from dubwright.translate.market import MarketProfile  # noqa: E402

INTRODUCTION = """# Markets

What the audience of a language expects, as data: `dubwright/translate/market/languages/*.toml`. A region's file stands on
its language's (`pt-BR` on `pt`), and that on the neutral one (`und`), which a language without a file has alone. Large
language models are told of a profile what their lines need; the output of every translator is reviewed, and what is
found is a note of the line in the table `translation`, never a change:

    sensitive: “suicide”, self-harm: platforms remove or age-gate it, advertisers exclude it [high]

that is, a kind, the words, the reason and how grave it is (low, medium, high). The kinds:

| kind | flags |
|---|---|
| `sensitive` | a topic that moderation looks for, in the translation or in the source |
| `amount` | a number that lost or won places: 十万 as ten thousand (high) |
| `unit` | a Chinese unit left as it sounds behind a number: 10 wan |
| `currency` | money that the source does not speak of |
| `idiom` | an idiom rendered word by word |
| `address` | a form of address rendered word by word, unless the series' glossary has it so |
| `formality` | familiar and formal in one line, or from one person to the same other over an episode |
| `punctuation` | marks that are foreign here, or missing |
| `digits` | digits of another script |

Whom a line is spoken to is taken from who is called in it, or from two people who speak in turns; where neither tells,
formality is not compared. In Japanese and Korean the level of speech is told from the ends of sentences, and only a clear
habit (three to one) can be broken. English and Arabic have no two forms that could be told apart, so none is compared.

A series that wants it otherwise says so in its `series.yaml`:

```yaml
market:
  es:
    guidance: [Set in Mexico.]
    relations: {friend: usted}
    address: {师父: sifu}
    idioms: {吃醋: arder de celos}
    severity: {profanity: none, alcohol: low}
    sensitive: {gore: [guillotina, 断头台]}
```

or people say so in the console, on the series' page, or with `dubwright market set SERIES FILE --to es`; that stands above the
`series.yaml`, for the language that it names, until it is taken back (`dubwright market reset`).

The packaged lists name what platforms and regulators commonly ask about; they are no legal advice, and no list is
complete. The digest of a profile is part of a translation's fingerprint: a changed profile makes its language wanted again.
"""


def page() -> str:
    """The whole page."""
    return (
        "\n".join([INTRODUCTION, *(line for name in market.known() for line in _market(name)), *_topics()]).rstrip()
        + "\n"
    )


def _market(name: str) -> Iterator[str]:
    profile = market.of(name)
    yield from (f"## {languages.name(name)} (`{name}`)", "")
    yield from (f"- {sentence}" for sentence in profile.guidance)
    for what, said in _rules(profile):
        if said:
            yield f"- {what}: {said}"
    yield from ("", f"{len(profile.address)} forms of address and {len(profile.idioms)} idioms are listed, such as", "")
    yield from ("| source | here | never |", "|---|---|---|")
    for term, wording in [*list(profile.address.items())[:3], *list(profile.idioms.items())[:3]]:
        yield f"| {term.rstrip('，')} | {wording.say} | {', '.join(wording.never)} |"
    yield ""


def _rules(profile: MarketProfile) -> Iterator[tuple[str, str]]:
    yield "“You”", "; ".join(f"{whom}: {form}" for whom, form in profile.formality.relations.items())
    yield "Punctuation", profile.punctuation.say
    yield "Numbers", profile.numbers.say
    yield "Digits", ", ".join(profile.digits) + ("; right to left" if profile.direction == "rtl" else "")


def _topics() -> Iterator[str]:
    names = market.known()
    yield from ("## Topics", "", "How gravely each is flagged; empty: not at all.", "")
    yield f"| topic | neutral | {' | '.join(names)} |"
    yield "|---" * (len(names) + 2) + "|"
    profiles = [market.of(name) for name in (market.NEUTRAL, *names)]
    for topic in profiles[0].sensitive:
        grave = [profile.sensitive[topic].severity or "" for profile in profiles]
        yield f"| {topic.replace('_', ' ')} | {' | '.join(grave)} |"


if __name__ == "__main__":
    (HERE / "markets.md").write_text(page(), encoding="utf-8")
