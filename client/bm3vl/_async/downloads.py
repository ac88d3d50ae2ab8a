"""A result into a file, which appears whole or not at all, whatever its size."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import BinaryIO

from bm3vl._async import runtime
from bm3vl._async.transport import AsyncTransport
from bm3vl.errors import ApiError, ClientError, ConnectionFailed
from bm3vl.retries import RETRY_STATUS, delay_s

SILENCE_S = 60.0


async def download(transport: AsyncTransport, url: str, path: Path) -> Path:
    """Fetch into a file beside `path` that then takes its place; a broken connection begins anew.

    Raises ConnectionFailed after the last retry, ApiError, OSError; `path` is then as it was.
    """
    partial = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with await runtime.unblocked(partial.open, "wb") as file:
            await _filled(transport, url, file)
        await runtime.unblocked(partial.replace, path)
    finally:
        await runtime.unblocked(partial.unlink, missing_ok=True)
    return path


async def _filled(transport: AsyncTransport, url: str, file: BinaryIO) -> None:
    for attempt in range(transport.retries + 1):
        try:
            async with transport.stream("GET", url, timeout=SILENCE_S) as answer:
                await runtime.unblocked(_emptied, file)
                async for piece in answer.aiter_bytes():
                    await runtime.unblocked(file.write, piece)
                return
        except (ConnectionFailed, ApiError) as error:
            if attempt == transport.retries or not _is_passing(error):
                raise
        await transport.sleep(delay_s(attempt))


def _is_passing(error: ClientError) -> bool:
    return isinstance(error, ConnectionFailed) or (isinstance(error, ApiError) and error.status in RETRY_STATUS)


def _emptied(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()
