"""What a run leaves in Prefect, where Prefect is gone."""

from __future__ import annotations

import asyncio
import socket

import pytest
from prefect.logging import disable_run_logger
from prefect.settings import PREFECT_API_URL, temporary_settings

from dubwright.lake import Lake
from dubwright.planning.report import Delivered
from tasks.report import leave_pictures, leave_table


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Artifact creation outside:FutureWarning")
def test_a_table_that_cannot_be_left_does_not_end_the_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    # Nothing listens there any more.
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}/api"}), disable_run_logger():
        asyncio.run(leave_table("backfill", [{"units": 3}], "lake: to en"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Artifact creation outside:FutureWarning")
def test_timelines_that_cannot_be_left_do_not_end_the_run(lake: Lake) -> None:
    def row(picture: str | None) -> Delivered:
        return Delivered("长夜灯", "01", "en", 3, 6.0, 2.7, 1.0, 0.2, {}, None, picture=picture)

    drawn, gone = lake.put_blob_bytes(b"PNG", "png"), f"blob/00/{'0' * 64}.png"
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}/api"}), disable_run_logger():
        asyncio.run(leave_pictures([row(None), row(gone), row(drawn)], lake))
