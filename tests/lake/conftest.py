"""Object stores to test against: folders, and real S3 servers."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

SCRIPT = Path(__file__).parent.parent.parent / "infra" / "s3" / "radosgw.sh"
KEY, SECRET, BUCKET = "dubwright", "dubwright-secret", "dubwright-tests"
WITHOUT = (
    "no radosgw here (apt-get install --no-install-recommends ceph-mon ceph-osd radosgw); "
    "what needs a real S3 server did not run, the same promises ran on a local folder only"
)


@dataclass(frozen=True)
class S3Server:
    """A real S3 server on loopback, and the credentials that it takes; they are in the environment while it is used."""

    endpoint: str

    @property
    def port(self) -> int:
        return int(self.endpoint.rpartition(":")[2])

    def address(self, endpoint: str | None = None, **query: str) -> str:
        """The address of an empty store; through `endpoint` if that is not the server's own."""
        given = {"endpoint": endpoint or self.endpoint, "region": "us-east-1", "path_style": "true", **query}
        place = f"s3://{BUCKET}/{uuid.uuid4().hex}/剧 #1 50%"
        return f"{place}?" + "&".join(f"{name}={value}" for name, value in given.items())


@functools.cache
def start_radosgw() -> S3Server:
    """The server of this process, started once and stopped at its end. Raises with the server's last words."""
    folder = tempfile.mkdtemp(prefix="rgw-")
    port, mon_port = free_ports(2)
    environment = {
        **os.environ,
        "RADOSGW_DIR": f"{folder}/s3",
        "RADOSGW_PORT": str(port),
        "RADOSGW_MON_PORT": str(mon_port),
        "RADOSGW_KEY": KEY,
        "RADOSGW_SECRET": SECRET,
    }

    def stop() -> None:
        subprocess.run([SCRIPT, "stop"], env=environment, timeout=30, check=False)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    started = subprocess.run(
        [SCRIPT, "start"], env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert started.returncode == 0, started.stderr
    endpoint = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket=BUCKET)
    return S3Server(endpoint)


def free_ports(number: int) -> list[int]:
    """Ports on loopback that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's credentials and nothing of this machine's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def radosgw(aws_environment: None) -> S3Server:
    """A real S3 server, with its credentials in the environment; skips, saying what ran instead, where there is none.

    To be used elsewhere: `from tests.lake.conftest import aws_environment, radosgw`.
    """
    if not shutil.which("radosgw"):
        pytest.skip(WITHOUT)
    return start_radosgw()
