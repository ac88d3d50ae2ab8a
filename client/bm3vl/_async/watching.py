"""Follows a job's events, across broken connections and server restarts, until its end or a deadline."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from bm3vl._async.transport import AsyncTransport
from bm3vl.errors import ConnectionFailed
from bm3vl.events import EventParser, ServerSentEvent
from bm3vl.retries import pause_s
from bm3vl.wait_limit import SILENCE_S, WaitLimit


async def follow(
    transport: AsyncTransport, path: str, *, last_id: str | None = None, timeout_s: float | None = None
) -> AsyncIterator[ServerSentEvent]:
    """Events until the `end` one, reconnecting after the last id.

    Raises ConnectionFailed when the server stays away, WaitTimeout after `timeout_s` seconds (within two more).
    """
    failures, limit = 0, WaitLimit(timeout_s)
    while True:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        silence_s = limit.silence_s()
        started_s = time.monotonic()
        try:
            async with transport.stream("GET", path, headers=headers, timeout=silence_s) as answer:
                parser = EventParser()
                async for line in answer.aiter_lines():
                    limit.silence_s()
                    if (event := parser.take(line)) is None:
                        continue
                    failures, last_id = 0, event.id or last_id
                    yield event
                    if event.type == "end":
                        return
        except ConnectionFailed:
            if silence_s < SILENCE_S and time.monotonic() - started_s >= silence_s:
                continue  # silent, not broken: the limit decides
            failures += 1
            if failures > transport.retries:
                raise
        await transport.sleep(pause_s(failures))
