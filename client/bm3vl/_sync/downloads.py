# Made of bm3vl/_async by python -m tests.client.generate: change it there.
"""A result into a file, which appears whole or not at all, whatever its size."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import BinaryIO

from bm3vl._sync import runtime
from bm3vl._sync.transport import Transport
from bm3vl.errors import ApiError, ClientError, ConnectionFailed
from bm3vl.retries import RETRY_STATUS, delay_s

SILENCE_S = 60.0


def download(transport: Transport, url: str, path: Path) -> Path:
    """Fetch into a file beside `path` that then takes its place; a broken connection begins anew.

    Raises ConnectionFailed after the last retry, ApiError, OSError; `path` is then as it was.
    """
    partial = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with runtime.unblocked(partial.open, "wb") as file:
            _filled(transport, url, file)
        runtime.unblocked(partial.replace, path)
    finally:
        runtime.unblocked(partial.unlink, missing_ok=True)
    return path


def _filled(transport: Transport, url: str, file: BinaryIO) -> None:
    for attempt in range(transport.retries + 1):
        try:
            with transport.stream("GET", url, timeout=SILENCE_S) as answer:
                runtime.unblocked(_emptied, file)
                for piece in answer.iter_bytes():
                    runtime.unblocked(file.write, piece)
                return
        except (ConnectionFailed, ApiError) as error:
            if attempt == transport.retries or not _is_passing(error):
                raise
        transport.sleep(delay_s(attempt))


def _is_passing(error: ClientError) -> bool:
    return isinstance(error, ConnectionFailed) or (isinstance(error, ApiError) and error.status in RETRY_STATUS)


def _emptied(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()
