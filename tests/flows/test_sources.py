"""Catalogues that lie elsewhere, as the command localizes them: registered ones, and those of a real S3 server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av
import boto3
import pytest
from botocore.config import Config

from dubwright.lake import open_lake
from tests.flows.conftest import Ran
from tests.lake.conftest import KEY, SECRET, WITHOUT, start_radosgw

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.e2e
# Ingest and transcribe once, translate, dub and render for a language.
UNITS = 5


def put(video: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(video, path)


def test_a_registered_catalogue_is_localized_by_its_name(
    tmp_path: Path, video: Path, dubwright: Callable[..., Ran]
) -> None:
    put(video, tmp_path / "works/长夜灯/01.mp4")
    added = dubwright("catalog", "add", "dramas", "works", "--to", "en", "--priority", "release")
    assert added.code == 0, added.stderr
    assert (added.content["series"], added.content["episodes"], added.content["problems"]) == (1, 1, [])
    assert [entry["name"] for entry in dubwright("catalog", "list").content["catalogues"]] == ["dramas"]
    first = dubwright("localize", "lake:dramas")
    assert (first.code, first.content["computed"]) == (0, UNITS), first.stderr
    assert [row["language"] for row in first.content["delivered"]] == ["en"]
    # All registered ones, in another language: the transcript is there already.
    put(video, tmp_path / "more/灯/01.mp4")
    assert dubwright("catalog", "add", "more", "more").code == 0
    second = dubwright("localize", "lake:", "--to", "es", "--only", "长夜灯")
    assert (second.code, second.content["computed"]) == (0, 3), second.stderr
    assert dubwright("catalog", "remove", "dramas").code == 0
    assert dubwright("localize", "lake:dramas").code == 2
    assert dubwright("plan", "lake:", "--to", "en").content["units"][0]["wanted"] == 1


@pytest.fixture
def bucket() -> Iterator[tuple[S3Client, str, str]]:
    """A client of a real S3 server, a bucket's name, and what stands behind the `?` of addresses in it."""
    if not shutil.which("radosgw"):
        pytest.skip(WITHOUT)
    server = start_radosgw()
    place, _, query = server.address().removeprefix("s3://").partition("?")
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )
    yield client, place.partition("/")[0], query
    client.close()


@pytest.fixture
def credentials(environment: dict[str, str]) -> None:
    """What the command needs to reach the server; its own environment was copied before they were set."""
    environment |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}


def test_a_catalogue_on_a_real_s3_server(
    bucket: tuple[S3Client, str, str], credentials: None, tmp_path: Path, video: Path, dubwright: Callable[..., Ran]
) -> None:
    client, name, query = bucket
    content = video.read_bytes()

    def put(key: str, body: bytes) -> None:
        client.put_object(Bucket=name, Key=key, Body=body)

    put("短剧 #1 50%/长夜灯/第1集 ?+&=.mp4", content)
    put("短剧 #1 50%/长夜灯/series.yaml", "title: 长夜灯\nglossary: []\n".encode())
    put("短剧 #1 50%/B/01.mp4", b"no video")
    source = f"s3://{name}/短剧 #1 50%?{query}"
    first = dubwright("localize", source, "--to", "en", "--out", "out")
    assert (first.code, first.content["computed"]) == (3, UNITS), first.stderr
    (failure,) = first.content["failures"]
    assert failure["series"] == "B" and failure["where"] == f"s3://{name}/短剧 #1 50%/B/01.mp4?{query}"
    (film,) = (tmp_path / "out").rglob("*.mp4")
    with av.open(str(film)) as container:
        assert [stream.type for stream in container.streams][:3] == ["video", "audio", "audio"]
    # Again, by a manifest in the bucket: the same videos, so nothing is wanted.
    rows = ["series,episode,video,digest", "长夜灯,第1集 ?+&=,短剧 #1 50%/长夜灯/第1集 ?+&=.mp4,"]
    put("list.csv", "\n".join(rows).encode())
    again = dubwright("localize", f"s3://{name}/list.csv?{query}", "--to", "en")
    assert (again.code, again.content["computed"]) == (0, 0), again.stderr
    # A replaced video is another; its owner's digest makes it one that nobody looks at.
    put("短剧 #1 50%/长夜灯/第1集 ?+&=.mp4", content + b"\0")
    plan = dubwright("plan", source, "--to", "en", "--only", "长夜灯")
    assert [row["wanted"] for row in plan.content["units"]] == [1] * UNITS
    put("list.csv", "\n".join([*rows[:1], rows[1] + "v2"]).encode())
    given = dubwright("localize", f"s3://{name}/list.csv?{query}", "--to", "en")
    assert (given.code, given.content["computed"]) == (0, UNITS), given.stderr
    lake = open_lake(str(tmp_path / "lake"))
    assert {lake.read(key).row()["source_digest"] for key in lake.units("source")} >= {"given:v2"}
