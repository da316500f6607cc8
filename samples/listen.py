"""A page on which a person hears the sample before and after: `python -m samples.listen CATALOGUE VIDEOS --out PAGE`.

Each episode is one player that changes between the original and the dubs at the same moment, so that voices, music and
timing can be compared; where the truth lies beside the catalogue, its voices and its music can be heard alone.
"""

from __future__ import annotations

import argparse
import glob
import html
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from dubwright import languages

VIDEOS = (".mp4", ".mkv", ".mov", ".webm")
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
main { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
video { aspect-ratio: 9 / 16; background: #000; border-radius: .5rem; width: 100%; }
.versions { display: flex; flex-wrap: wrap; gap: .5rem; margin: .5rem 0; }
button { border: 1px solid #888; border-radius: 1rem; background: none; color: inherit; cursor: pointer; font: inherit;
  padding: .2rem .8rem; }
button[aria-pressed=true] { background: #2563eb; border-color: #2563eb; color: #fff; }
label { display: block; font-size: .85rem; }
audio { height: 2rem; width: 100%; }
"""
SCRIPT = """
for (const episode of document.querySelectorAll("section")) {
  const video = episode.querySelector("video"), buttons = [...episode.querySelectorAll("button")];
  for (const button of buttons) button.addEventListener("click", () => {
    const at = video.currentTime, playing = !video.paused;
    video.src = button.dataset.src;
    video.addEventListener("loadedmetadata", () => { video.currentTime = at; if (playing) video.play(); }, { once: true });
    for (const other of buttons) other.setAttribute("aria-pressed", other === button);
  });
}
"""


def page(catalogue: Path, videos: Path, out: Path) -> str:
    """The page's text, its links relative to where it will lie. Raises `ValueError` if there is nothing to hear."""
    sections = [
        _section(original, dubs, catalogue / "truth" / original.parent.name / original.stem, out.parent)
        for original, dubs in _episodes(catalogue, videos)
    ]
    if not sections:
        raise ValueError(f"no episode of {catalogue} has a dub in {videos}")
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Before and after</title>\n'
        f"<style>{STYLE}</style>\n<h1>Before and after</h1>\n"
        "<p>Press play, then change the version: it goes on at the same moment.</p>\n"
        f"<main>\n{''.join(sections)}</main>\n<script>{SCRIPT}</script>\n</html>\n"
    )


def _episodes(catalogue: Path, videos: Path) -> Iterator[tuple[Path, dict[str, Path]]]:
    """Each original with its dubs by language."""
    for original in sorted(path for path in catalogue.glob("*/*") if path.suffix.lower() in VIDEOS):
        folder = videos / original.parent.name / original.stem
        dubs = {found.parent.name: found for found in sorted(folder.glob(f"*/{glob.escape(original.stem)}.*.mp4"))}
        if dubs:
            yield original, dubs


def _section(original: Path, dubs: dict[str, Path], truth: Path, base: Path) -> str:
    title = html.escape(f"{original.parent.name} · {original.stem}")
    versions = {"Original": original, **{languages.name(tag): path for tag, path in dubs.items()}}
    buttons = "".join(
        f'<button type="button" data-src="{_link(path, base)}" aria-pressed="{str(path == original).lower()}">'
        f"{html.escape(name)}</button>"
        for name, path in versions.items()
    )
    parts = "".join(
        f'<label>{name}<audio controls preload="none" src="{_link(truth / file, base)}"></audio></label>'
        for name, file in (("The voices alone", "speech.flac"), ("The music alone", "bed.flac"))
        if (truth / file).is_file()
    )
    video = f'<video controls preload="metadata" src="{_link(original, base)}"></video>'
    return f'<section>\n<h2>{title}</h2>\n{video}\n<div class="versions">{buttons}</div>\n{parts}\n</section>\n'


def _link(path: Path, base: Path) -> str:
    return quote(os.path.relpath(path, base).replace(os.sep, "/"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("videos", type=Path)
    parser.add_argument("--out", type=Path, default=Path("listen.html"))
    given = parser.parse_args()
    try:
        text = page(given.catalogue, given.videos, given.out)
    except ValueError as error:
        parser.error(str(error))
    given.out.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{given.out}: before and after, to be opened in a browser\n")


if __name__ == "__main__":
    main()
