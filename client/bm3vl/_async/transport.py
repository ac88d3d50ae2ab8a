"""One HTTP call to the server: retries where a repeat is safe, problem documents turned into errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from bm3vl._async import runtime
from bm3vl.defaults import ANSWER_S, CONNECT_S
from bm3vl.errors import ConnectionFailed
from bm3vl.retries import RETRY_STATUS, SAFE_METHODS, checked, delay_s, retry_after_s


class AsyncTransport:
    """Holds the connection pool, the key and the patience (`retries`, doubling from 0.25 s)."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout_s: float = ANSWER_S,
        retries: int = 5,
        sleep: runtime.Sleep = runtime.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.retries = retries
        self.sleep = sleep
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            headers={"Authorization": f"Bearer {api_key}", "User-Agent": "bm3vl"},
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_S),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, method: str, path: str, *, repeatable: bool | None = None, **request: Any) -> httpx.Response:
        """Send a request and return the good answer. `repeatable` overrides what the method says about retries.

        Raises ConnectionFailed after the last retry, ApiError for every status from 400.
        """
        may_repeat = method in SAFE_METHODS if repeatable is None else repeatable
        for attempt in range(self.retries + 1):
            last = attempt == self.retries or not may_repeat
            try:
                answer = await self._http.request(method, path, **request)
            except httpx.TransportError as error:
                if last:
                    raise self._failed(error) from error
                await self.sleep(delay_s(attempt))
                continue
            if answer.status_code in RETRY_STATUS and not last:
                await self.sleep(retry_after_s(answer) or delay_s(attempt))
                continue
            return checked(answer)
        raise AssertionError("the loop always returns or raises")

    async def json(self, method: str, path: str, **request: Any) -> Any:
        """`call` and parse the body; None for an empty one."""
        answer = await self.call(method, path, **request)
        return answer.json() if answer.content else None

    async def pages(self, path: str, *, most: int | None = None, **query: Any) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, following its cursors."""
        cursor, left = None, most
        while left is None or left > 0:
            wanted = {"limit": min(100, left or 100), **query} | ({"cursor": cursor} if cursor else {})
            page = await self.json("GET", path, params=wanted)
            for item in page["items"]:
                yield item
            cursor = page["next_cursor"]
            left = None if left is None else left - len(page["items"])
            if cursor is None:
                return

    @asynccontextmanager
    async def stream(self, method: str, path: str, **request: Any) -> AsyncIterator[httpx.Response]:
        """A streamed answer. Raises like `call`, without retries: the caller knows where to go on."""
        try:
            async with self._http.stream(method, path, **request) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                yield checked(answer)
        except httpx.TransportError as error:
            raise self._failed(error) from error

    def _failed(self, error: httpx.TransportError) -> ConnectionFailed:
        return ConnectionFailed(f"{self.base_url}: {error or type(error).__name__}")
