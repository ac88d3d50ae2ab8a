"""No secret reaches the log, and its times mean the same everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from db.ops.logs import redact

SHARE = "0123456789abcdef" * 2 + "." + "0123456789" * 4


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"/share/{SHARE}/live", "0123456789" * 4),
        ("key bm3_e64f9514a1f9edb9_fcec95133ba259ea_f149d0c9", "fcec95133ba259ea"),
        ("whsec_c2VjcmV0c2VjcmV0 and whsk_b3RoZXI=", "c2VjcmV0"),
        ("cannot connect to postgresql://bm3:hunter2@db/bm3", "hunter2"),
        ("redis://:hunter2@broker:6379/0 is away", "hunter2"),
        ("GET https://s3/b/k?X-Amz-Expires=60&X-Amz-Signature=abcdef012345 failed", "abcdef012345"),
        ("Authorization: Bearer eyJhbGciOi", "eyJhbGciOi"),
    ],
)
def test_secrets_are_cut_wherever_they_stand(said: str, secret: str) -> None:
    event = {"event": said, "more": {"deep": [said, (said,)]}, "count": 3}
    written = redact(None, "info", event)
    assert secret not in str(written)
    assert written["count"] == 3


def test_the_rest_stays_readable() -> None:
    said = f"/share/{SHARE}/live of s3://bucket/key by user@host: a.b, https://example.com/@name"
    assert redact(None, "info", {"event": said})["event"] == said.replace("0123456789" * 4, "…")


def test_times_are_utc_wherever_the_process_runs() -> None:
    say = "import logging; from db.ops import logs; logs.configure('gpu'); logging.getLogger('x').warning('now')"
    environment = {**os.environ, "TZ": "Asia/Tokyo"}
    ran = subprocess.run([sys.executable, "-c", say], env=environment, capture_output=True, text=True, check=True)
    written = datetime.fromisoformat(json.loads((ran.stderr or ran.stdout).splitlines()[-1])["timestamp"])
    assert abs((datetime.now(UTC) - written).total_seconds()) < 600
