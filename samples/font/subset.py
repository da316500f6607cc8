"""Cut the sample's font out of Noto Sans SC: needed only when the script gains a character that the font lacks.

    pip install fonttools && python -m samples.font.subset NotoSansSC_700Bold.ttf [SCRIPT FAMILY FILE]

Another script has a font of its own, of a family of its own name.

Noto Sans SC (static weights) is in the npm package `@expo-google-fonts/noto-sans-sc` 0.4.3. The licence, OFL 1.1
(`OFL.txt`), lets the cut be passed on under a name of its own.
"""

from __future__ import annotations

import string
import sys
from pathlib import Path

from samples.picture import NOTE

FAMILY = "Dubwright Sample Sans"
FILE = Path(__file__).with_name("DubwrightSampleSans.ttf")
ALWAYS = string.printable.strip() + " ，。！？、：；…—·“”‘’《》（）第一二三四五六七八九十集" + NOTE


def needed(script: str) -> str:
    """Every character that a script's picture may show, once, in order."""
    return "".join(sorted(set(script + ALWAYS) - {"\n"}))


def cut(source: Path, characters: str, family: str = FAMILY, file: Path = FILE) -> None:
    """Write the font with these characters of `source` only, renamed to `family`."""
    from fontTools import subset  # type: ignore[import-not-found]
    from fontTools.ttLib import TTFont  # type: ignore[import-not-found]

    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(
        hinting=False, notdef_outline=True, layout_features=["kern"], name_IDs=[0, 1, 2, 3, 4, 6, 13, 14]
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    for record in list(font["name"].names):
        renamed = {1: family, 3: f"{family} 1", 4: family, 6: family.replace(" ", "")}.get(record.nameID)
        if renamed:
            font["name"].setName(renamed, record.nameID, record.platformID, record.platEncID, record.langID)
    font.save(file)


if __name__ == "__main__":
    source, *other = sys.argv[1:]
    script = Path(other[0]) if other else Path(__file__).parents[1] / "series.yaml"
    family, file = (other[1], Path(other[2])) if len(other) > 1 else (FAMILY, FILE)
    cut(Path(source), needed(script.read_text(encoding="utf-8")), family, file)
