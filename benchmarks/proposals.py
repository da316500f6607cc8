"""Which terms of a glossary are proposed without its help: from the lines alone, glossary and cast hidden.

    python -m benchmarks.proposals [SERIES.yaml …] [--json]

Any files in the format of `samples/series.yaml`; without one, the sample and `benchmarks/heldout`. A term counts where it
is said, not only inside a longer one. `beyond` lists what is proposed that neither glossary nor cast has, to be judged by
eye; `as_fixed` is the share of English renderings that are those of the glossary.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from dubwright.series import facts
from dubwright.series.facts import SeriesFacts
from dubwright.terms import proposals
from samples import script

HELD_OUT = Path(__file__).with_name("heldout")


def measure(path: Path) -> dict[str, Any]:
    """What is found of one series: numbers, the terms that were missed, and those beyond the glossary with a line each."""
    known = facts.read(path)
    episodes = yaml.safe_load(path.read_text(encoding="utf-8"))["episodes"]
    said = {str(episode["name"]): "\n".join(line["text"] for line in episode["lines"]) for episode in episodes}
    fixed = {term.source: term for term in known.glossary}
    names = {*fixed, *(alias for term in known.glossary for alias in term.aliases)}
    names |= {name for one in known.cast for name in (one.name, *one.aliases)}
    wanted = {term for term in fixed if _said(term, fixed, said.values())}
    found = {each.term.source: each for each in proposals.propose(said, SeriesFacts(language="zh"), ["en"])}
    alike = [
        found[term].term.renderings.get("en") == fixed[term].renderings.get("en") for term in found if term in fixed
    ]
    return {
        "series": path.stem,
        "wanted": len(wanted),
        "found": len(wanted & set(found)),
        "proposed": len(found),
        "fixed": len(alike),
        "as_fixed": sum(alike),
        "missed": sorted(wanted - set(found)),
        "beyond": [f"{term}: {each.example}" for term, each in found.items() if term not in names],
    }


def _said(term: str, fixed: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether a term stands anywhere outside of a longer one."""
    longer = sorted((other for other in fixed if term in other and other != term), key=len, reverse=True)
    for text in texts:
        for other in longer:
            text = text.replace(other, "　")
        if term in text:
            return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("series", nargs="*", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    paths = options.series or [script.FILE, *sorted(HELD_OUT.rglob("*.yaml"))]
    rows = [measure(path) for path in paths]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        print(f"{row['series']}: {row['found']} of {row['wanted']} found, {row['proposed']} proposed")
        print(f"  missed: {' '.join(row['missed']) or 'none'}")
        for each in row["beyond"]:
            print(f"  beyond: {each}")
    total = {name: sum(row[name] for row in rows) for name in ("found", "wanted", "proposed", "fixed", "as_fixed")}
    beyond = sum(len(row["beyond"]) for row in rows)
    print(
        f"all: recall {total['found']}/{total['wanted']}, {total['proposed']} proposed, {beyond} beyond glossary and cast,"
        f" English renderings as fixed {total['as_fixed']}/{total['fixed']}"
    )


if __name__ == "__main__":
    main()
