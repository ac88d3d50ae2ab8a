"""A datasheet job through the running service: a page that would take forever can be left."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bm3vl.sdk import Client
from tests.worker.datasheet import bombs

WAIT_S = 40.0


def reached(client: Client, job_id: str, status: str) -> dict[str, Any]:
    end = time.monotonic() + WAIT_S
    while (job := client.job(job_id))["state"] != status and time.monotonic() < end:
        time.sleep(0.1)
    assert job["state"] == status
    return job


def test_a_page_that_takes_forever_is_canceled(client: Client, tmp_path: Path) -> None:
    (tmp_path / "bomb.pdf").write_bytes(bombs.nested(levels=12, copies=10))
    asset = client.upload(tmp_path / "bomb.pdf")
    job = client.submit("datasheet.extract", {"document": {"asset_id": asset["id"]}})
    reached(client, job["id"], "running")
    client.cancel(job["id"])
    assert reached(client, job["id"], "canceled")["result"] is None
