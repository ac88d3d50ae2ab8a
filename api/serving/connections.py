"""HTTP connections that end by themselves when their client says nothing.

uvicorn times only the pause between two requests: a connection that never begins one, or stops in the middle of its
headers or body, would be kept for ever. Any stranger could collect such connections until no file is left to open.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 20.0  # from the first byte, or the opening of the connection, to the end of the headers
BODY_PAUSE_S = 60.0  # the longest silence in a body; an upload of any length goes on as long as something arrives


class TimedConnection(HttpToolsProtocol):
    """uvicorn's connection with a clock for requests that do not come to their end."""

    headers_s, body_pause_s = HEADERS_S, BODY_PAUSE_S

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._clock: asyncio.TimerHandle | None = None
        self._in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(self.headers_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_body:
            self._wait(self.body_pause_s)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait(self.headers_s)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_body = True

    def on_message_complete(self) -> None:
        self._in_body = False
        self._stop()
        super().on_message_complete()

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._clock = self.loop.call_later(seconds, self._give_up)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        """Close, unless it is we who do not read: then the client is not to blame."""
        if self._in_body and self.flow.read_paused:
            self._wait(self.body_pause_s)
        elif not self.transport.is_closing():
            self.transport.close()
