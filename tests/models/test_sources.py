"""What holds of every kind of source: mirror, upstream hub, pip, npm."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from dubwright.errors import ModelError
from dubwright.models import packages
from dubwright.models.store import Progress

from .conftest import FILES, PIP, Open, Supply, Web, artefact, serve_wheel, wheel

# pip, npm and other processes: real ones.
pytestmark = pytest.mark.models


def visible(folder: Path) -> dict[str, bytes]:
    """The files that anyone can see under their names."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".pinned.json"
    }


def test_delivers_the_pinned_bytes_once_and_leaves_nothing_else(supply: Supply, opened: Open) -> None:
    supply.offer(FILES)
    store = opened(supply.artefact, mirror=supply.mirror)
    seen: list[Progress] = []
    folder = store.ensure("little", seen.append)
    assert visible(folder) == FILES
    assert store.verify("little") == ()
    assert not any((store.directory / ".unfinished").iterdir())
    assert seen[-1].done == seen[-1].total == supply.artefact.bytes
    assert seen[-1].source.startswith(supply.label)
    seen.clear()
    store.ensure("little", seen.append)
    assert seen == [], "what is there is not fetched again"


def test_only_what_is_missing_is_fetched(supply: Supply, opened: Open) -> None:
    supply.offer(FILES)
    store = opened(supply.artefact, mirror=supply.mirror)
    folder = store.folder("little")
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(FILES["model.bin"])
    kept = (folder / "model.bin").stat().st_ino
    store.ensure("little")
    assert visible(folder) == FILES
    assert (folder / "model.bin").stat().st_ino == kept


def test_wrong_bytes_are_never_visible_and_do_not_spoil_the_next_try(supply: Supply, opened: Open) -> None:
    supply.offer({path: content[::-1] for path, content in FILES.items()})
    store = opened(supply.artefact, mirror=supply.mirror)
    with pytest.raises(ModelError) as caught:
        store.ensure("little")
    assert visible(store.folder("little")) == {}
    assert "SHA-256" in caught.value.problem
    assert supply.label in caught.value.problem
    assert caught.value.where == "little"
    supply.offer(FILES)
    assert visible(store.ensure("little")) == FILES


@pytest.mark.parametrize("change", [b"!", b""], ids=["longer", "shorter"])
def test_longer_and_shorter_files_are_refused(supply: Supply, opened: Open, change: bytes) -> None:
    supply.offer({path: content[: -1 if not change else None] + change for path, content in FILES.items()})
    store = opened(supply.artefact, mirror=supply.mirror)
    with pytest.raises(ModelError, match="pinned"):
        store.ensure("little")
    assert visible(store.folder("little")) == {}


def test_a_source_with_nothing_says_so(supply: Supply, opened: Open) -> None:
    supply.offer({})
    store = opened(supply.artefact, mirror=supply.mirror)
    with pytest.raises(ModelError) as caught:
        store.ensure("little")
    said = caught.value.problem.split(supply.label, 1)[1]
    assert {"mirror": "has no models/", "hub": "404", "pip": "box-py", "npm": "404"}[supply.kind] in said
    assert caught.value.remedy
    assert caught.value.transient


def test_a_registry_that_fails_for_a_moment_is_asked_again(
    web: Web, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "PAUSES", (0.5,) * 12)
    content = wheel("box-py", "1.0", {"box_py/data/m": FILES["model.bin"], "box_py/data/v": FILES["voices/首.bin"]})
    path = serve_wheel(web, "box-py", "1.0", content)
    listing = web.pages.pop("/simple/box-py/")

    def there_again() -> None:
        while not any("/simple/box-py" in asked for asked, _ in web.asked):
            time.sleep(0.02)
        time.sleep(0.3)
        web.pages["/simple/box-py/"] = listing

    threading.Thread(target=there_again, daemon=True).start()
    assert visible(opened(artefact(FILES, PIP)).ensure("little")) == FILES
    assert [asked for asked, _ in web.asked if asked == path]
