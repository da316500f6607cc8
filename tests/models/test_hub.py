"""The upstream hub: downloads go on where they broke off, and a host that is not there is waited for once."""

from __future__ import annotations

import hashlib
import random
import socket

import pytest

from dubwright.errors import ModelError
from dubwright.models import sources
from dubwright.models.registry import Hub

from .conftest import Open, Web, artefact, pinned

CONTENT = random.Random(1).randbytes(300_000)
FILES = {"model.bin": CONTENT}
PAGE = "/hub/model.bin"


@pytest.fixture(autouse=True)
def has_the_model(web: Web) -> None:
    web.pages[PAGE] = CONTENT


def test_goes_on_where_the_connection_broke(web: Web, opened: Open) -> None:
    web.cuts[PAGE] = [100_000, 50_000]
    folder = opened(artefact(FILES, Hub(f"{web.address}/hub"))).ensure("little")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert [asked for _, asked in web.asked] == [None, "bytes=100000-", "bytes=150000-"]


def test_a_server_without_ranges_is_asked_from_the_start(web: Web, opened: Open) -> None:
    web.cuts[PAGE] = [100_000]
    web.ranges = False
    folder = opened(artefact(FILES, Hub(f"{web.address}/hub"))).ensure("little")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert web.count(PAGE) == 2


def test_a_later_try_goes_on_too(web: Web, opened: Open) -> None:
    store = opened(artefact(FILES, Hub(f"{web.address}/hub")))
    web.cuts[PAGE] = [100_000, *[0] * sources.HUB_ATTEMPTS]
    with pytest.raises(ModelError, match=r"closed the connection early|broke off"):
        store.ensure("little")
    assert web.count(PAGE) == 1 + sources.HUB_ATTEMPTS
    sources._unreachable.clear()
    assert (store.ensure("little") / "model.bin").read_bytes() == CONTENT
    assert web.asked[-1] == (PAGE, "bytes=100000-")


def test_a_spoilt_beginning_is_thrown_away(web: Web, opened: Open) -> None:
    store = opened(artefact(FILES, Hub(f"{web.address}/hub")))
    unfinished = store.directory / ".unfinished" / "little" / f"{hashlib.sha256(CONTENT).hexdigest()}.download"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_bytes(bytes(1000))
    assert (store.ensure("little") / "model.bin").read_bytes() == CONTENT
    assert [asked for _, asked in web.asked] == ["bytes=1000-", None]


def test_a_page_of_another_size_is_not_read(web: Web, opened: Open) -> None:
    web.pages[PAGE] = b"<html>log in to this network</html>"
    store = opened(artefact(FILES, Hub(f"{web.address}/hub")))
    with pytest.raises(ModelError, match="has 35 bytes, 300000 are pinned"):
        store.ensure("little")


def test_a_host_that_is_not_there_is_tried_once_in_a_process(opened: Open) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refuses
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        one, two = artefact(FILES, Hub(f"{address}/a")), artefact(FILES, Hub(f"{address}/b"), name="other")
        store = opened(one, two)
        with pytest.raises(ModelError, match="not reached") as caught:
            store.ensure("little")
        assert address.removeprefix("http://") in caught.value.problem
        assert list(sources._unreachable) == [address.removeprefix("http://")]
    # Even if something answers there now: who is offline shall not wait for each artefact anew.
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))) as server:
        with pytest.raises(ModelError, match="not reached"):
            store.ensure("other")
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_host_that_never_answers_is_given_up(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "HUB_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = opened(artefact(FILES, Hub(f"http://127.0.0.1:{silent.getsockname()[1]}")))
        with pytest.raises(ModelError, match="timed out"):
            store.ensure("little")
        assert len(sources._unreachable) == 1


def test_the_next_source_has_the_rest(web: Web, opened: Open) -> None:
    """What one source delivered stays, and only the others are asked of the next."""
    files = {"model.bin": CONTENT, "config.json": b"{}"}
    web.pages["/second/config.json"] = b"{}"
    web.pages["/second/model.bin"] = CONTENT
    little = artefact(files, Hub(f"{web.address}/hub"), Hub(f"{web.address}/second"))
    opened(little).ensure("little")
    assert [path for path, _ in web.asked] == [PAGE, "/hub/config.json", "/second/config.json"]


def test_the_mirror_is_asked_first(web: Web, opened: Open, tmp_path: pytest.TempPathFactory) -> None:
    little = artefact(FILES, Hub(f"{web.address}/hub"))
    mirror = f"{tmp_path}/mirror"
    assert opened(little).push(["little"], mirror) == {"little": 1}
    assert opened(little).push(["little"], mirror) == {"little": 0}
    web.asked.clear()
    store = opened(little, mirror=mirror)
    (store.folder("little") / "model.bin").unlink()
    store.ensure("little")
    assert web.asked == []
    assert sources.mirror_key(pinned("model.bin", CONTENT)) == f"models/{hashlib.sha256(CONTENT).hexdigest()}"
