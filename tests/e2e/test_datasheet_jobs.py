"""A datasheet job through the running service: a page that would take forever can be left."""

from __future__ import annotations

import time
from pathlib import Path

from bm3vl import Client, JobView
from tests.worker.datasheet import bombs

WAIT_S = 60.0


def reached(client: Client, wanted: JobView, status: str) -> JobView:
    end = time.monotonic() + WAIT_S
    while (job := client.job(wanted)).state != status and time.monotonic() < end:
        time.sleep(0.1)
    assert job.state == status
    return job


def test_a_page_that_takes_forever_is_canceled(client: Client, tmp_path: Path) -> None:
    (tmp_path / "bomb.pdf").write_bytes(bombs.nested(levels=12, copies=10))
    asset = client.upload(tmp_path / "bomb.pdf")
    job = client.submit("datasheet.extract", {"document": {"asset_id": asset.id}})
    reached(client, job, "running")
    client.cancel(job)
    assert reached(client, job, "canceled").result is None
