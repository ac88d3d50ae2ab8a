"""Server-sent events: parse the stream, and take it up again after the last event seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bm3vl.errors import ConnectionFailed
from bm3vl.transport import Transport


@dataclass(frozen=True)
class ServerSentEvent:
    """One event of a job: `type` is state, progress, cue, gap, text or end."""

    type: str
    data: dict[str, Any]
    id: str | None = None


def parse(lines: Iterable[str]) -> Iterator[ServerSentEvent]:
    """Events from the lines of a stream (HTML standard, section 9.2.6); comments and unknown fields are skipped."""
    kind, data, last_id = "message", list[str](), None
    for line in lines:
        if line == "":
            if data:
                yield ServerSentEvent(kind, json.loads("\n".join(data)), last_id)
            kind, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            last_id = value


def follow(
    transport: Transport, path: str, *, sleep: Callable[[float], None], last_id: str | None = None
) -> Iterator[ServerSentEvent]:
    """Events until the `end` one, reconnecting after the last id; raises ConnectionFailed when the server stays away."""
    failures = 0
    while True:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        try:
            with transport.stream("GET", path, headers=headers, timeout=60.0) as answer:
                for event in parse(answer.iter_lines()):
                    failures, last_id = 0, event.id or last_id
                    yield event
                    if event.type == "end":
                        return
        except ConnectionFailed:
            failures += 1
            if failures > transport.retries:
                raise
        sleep(min(8.0, 0.25 * 2**failures))
