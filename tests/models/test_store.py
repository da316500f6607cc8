"""The store: what counts as present, what is found wrong, what a failure says, what the disk refuses."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from dubwright.errors import ModelError, SettingsError, StoreFullError
from dubwright.models import job, sources
from dubwright.models.registry import Hub
from dubwright.models.store import RECEIPT, ModelStore

from .conftest import PIP, Files, Open, Web, artefact

FILES: Files = {"model.bin": b"model" * 5000, "config.json": b"{}"}


@pytest.fixture
def store(web: Web, opened: Open) -> ModelStore:
    web.pages |= {f"/hub/{path}": content for path, content in FILES.items()}
    return opened(artefact(FILES, Hub(f"{web.address}/hub")))


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ModelStore("~/models").directory == tmp_path / "models"
    assert not (tmp_path / "models").exists(), "asking makes no folder"


def test_unknown_names(store: ModelStore) -> None:
    for ask in (store.ensure, store.present, store.verify, store.folder):
        with pytest.raises(SettingsError, match="little"):
            ask("../../etc")


def test_list_is_plain_data(store: ModelStore) -> None:
    assert [(each.name, each.state, each.had_bytes) for each in store.list()] == [("little", "missing", 0)]
    store.ensure("little")
    (store.folder("little") / "config.json").unlink()
    assert [(each.state, each.had_bytes) for each in store.list()] == [("partial", 25000)]
    store.pull(["little", "little"])
    (listed,) = store.list()
    assert listed.state == "present"
    assert json.loads(json.dumps(asdict(listed)))["bytes"] == 25002


def test_a_truncated_file_is_fetched_again(store: ModelStore, web: Web) -> None:
    folder = store.ensure("little")
    os.truncate(folder / "model.bin", 100)
    assert not store.present("little")
    assert store.verify("little") == ("model.bin: has 100 bytes, 25000 are pinned",)
    store.ensure("little")
    assert (folder / "model.bin").read_bytes() == FILES["model.bin"]
    assert web.count("/hub/model.bin") == 2
    assert web.count("/hub/config.json") == 1


def test_a_changed_byte_is_found_by_verify_and_then_fetched_again(store: ModelStore) -> None:
    folder = store.ensure("little")
    spoilt = bytearray(FILES["model.bin"])
    spoilt[1234] ^= 1
    (folder / "model.bin").write_bytes(spoilt)
    (problem,) = store.verify("little")
    assert problem.startswith("model.bin: has the SHA-256")
    assert not store.present("little")
    store.ensure("little")
    assert (folder / "model.bin").read_bytes() == FILES["model.bin"]
    assert store.verify("little") == ()


def test_files_put_there_by_hand_are_checked_and_taken(store: ModelStore, web: Web) -> None:
    folder = store.folder("little")
    folder.mkdir(parents=True)
    for path, content in FILES.items():
        (folder / path).write_bytes(content)
    assert not store.present("little"), "nobody has verified them"
    store.ensure("little")
    assert store.present("little")
    assert web.asked == []


def test_a_new_pin_of_the_same_size_is_fetched(store: ModelStore, web: Web, opened: Open) -> None:
    folder = store.ensure("little")
    newer = FILES | {"model.bin": b"MODEL" * 5000}
    web.pages["/hub/model.bin"] = newer["model.bin"]
    later = opened(artefact(newer, Hub(f"{web.address}/hub")))
    assert not later.present("little")
    later.ensure("little")
    assert (folder / "model.bin").read_bytes() == newer["model.bin"]


def test_a_spoilt_receipt_costs_only_a_check(store: ModelStore, web: Web) -> None:
    folder = store.ensure("little")
    (folder / RECEIPT).write_bytes(b"\xff\x00{")
    assert not store.present("little")
    before = len(web.asked)
    store.ensure("little")
    assert len(web.asked) == before


@pytest.mark.slow
def test_a_failure_names_the_artefact_each_source_and_each_answer(web: Web, opened: Open, tmp_path: Path) -> None:
    little = artefact(FILES, Hub(f"{web.address}/nothing"), PIP)
    with pytest.raises(ModelError) as caught:
        opened(little, mirror=str(tmp_path / "mirror")).ensure("little")
    said = str(caught.value)
    assert said.startswith("little: ")
    for part in ("mirror file:" if "file:" in said else f"mirror {tmp_path}", "has no models/", "upstream 127.0.0.1"):
        assert part in said
    assert "answered 404" in said
    assert "pip box-py 1.0" in said
    assert "copy the files into" in said


def test_a_mirror_at_an_address_that_no_store_serves(opened: Open) -> None:
    with pytest.raises(SettingsError, match="gopher"):
        opened(artefact(FILES), mirror="gopher://models").ensure("little")


def test_a_full_disk_before_the_start(store: ModelStore, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(StoreFullError) as caught:
        store.ensure("little")
    assert str(store.directory) in str(caught.value)
    assert "free space" in str(caught.value)
    assert web.asked == []


def test_a_disk_that_fills_up_on_the_way(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sources, "copy", full)
    with pytest.raises(StoreFullError, match="no space left for little"):
        store.ensure("little")
    monkeypatch.setattr(sources, "copy", job.copy)
    assert store.ensure("little")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir(mode=0o500)
    with pytest.raises(ModelError, match="models_dir"):
        store.ensure("little")


def test_a_file_where_the_folder_should_be(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("not a folder")
    with pytest.raises(ModelError, match="models_dir"):
        store.ensure("little")


def test_nothing_wrong_is_published_to_a_mirror(store: ModelStore, tmp_path: Path) -> None:
    folder = store.ensure("little")
    (folder / "model.bin").write_bytes(b"MODEL" * 5000)
    with pytest.raises(ModelError, match="SHA-256"):
        store.push(["little"], str(tmp_path / "mirror"))
    assert not list((tmp_path / "mirror").rglob("*"))
