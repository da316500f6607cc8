"""Scripts that are text alone, given voices, pauses and pictures, so that they can be rendered and dubbed.

    python -m benchmarks.dressed benchmarks/heldout/second --out DIR
    for script in DIR/*.yaml; do python -m samples.render --script $script --out CATALOGUE; done

Nothing is chosen by hand: voices by sex, pitch and tempo, and all else from what the scripts that are rendered have (their
pauses, scenes, music and noises), by dice that each script's place in the alphabet throws.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from samples import script

HELDOUT = Path(__file__).parent / "heldout"
DRESSED = (script.FILE, *(HELDOUT / f"{name}.yaml" for name in ("campus", "contract", "court")))
VOICES = {
    "female": ("zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi"),
    "male": ("zm_yunjian", "zm_yunxi", "zm_yunxia", "zm_yunyang"),
}
# A pause (ms) from which on it is the one before an episode's first line.
BEFORE_FIRST_MS = 1500
# The line of an episode that its noise goes with.
NOISE_AT = 3


def dress(plain: Mapping[str, Any], known: Sequence[Mapping[str, Any]], dice: random.Random) -> dict[str, Any]:
    """A script with all that rendering wants; `known` are scripts that have it."""
    episodes = [episode for each in known for episode in each["episodes"]]
    pauses = [line["gap_ms"] for episode in episodes for line in episode["lines"]]
    first = [pause for pause in pauses if pause >= BEFORE_FIRST_MS]
    between = [pause for pause in pauses if pause < BEFORE_FIRST_MS]
    left = {sex: dice.sample(voices, len(voices)) for sex, voices in VOICES.items()}
    voices = {}
    for character in plain["cast"]:
        voices[character["name"]] = {
            "voice": left[character["sex"]].pop(),
            "pitch": round(dice.uniform(0.94, 1.08), 2),
            "tempo": round(dice.uniform(0.95, 1.06), 2),
            "colour": f"{dice.randrange(1 << 24):06x}",
            "hair": "long" if character["sex"] == "female" else "short",
            "hair_colour": "201818",
        }
    dressed = []
    for episode in plain["episodes"]:
        lines = episode["lines"]
        dressed.append(
            {
                **episode,
                "scene": dice.choice(episodes)["scene"],
                "music": dice.choice(episodes)["music"],
                "effect": {**dice.choice(episodes)["effect"], "line": min(NOISE_AT, len(lines) - 1)},
                "lines": [{**line, "gap_ms": dice.choice(between if at else first)} for at, line in enumerate(lines)],
            }
        )
    return {**plain, "voices": voices, "episodes": dressed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scripts", type=Path, help="a folder of scripts without voices and pictures")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    known = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in DRESSED]
    given.out.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(sorted(given.scripts.glob("*.yaml"))):
        found = dress(yaml.safe_load(file.read_text(encoding="utf-8")), known, random.Random(number))
        text = yaml.safe_dump(found, allow_unicode=True, sort_keys=False)
        (given.out / file.name).write_text(text, encoding="utf-8")
        script.read(given.out / file.name)


if __name__ == "__main__":
    main()
