"""One HTTP call to the server: retries where a repeat is safe, problem documents turned into errors."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from bm3vl.errors import ConnectionFailed, from_problem

RETRY_STATUS = frozenset({429, 502, 503, 504})
SAFE_METHODS = frozenset({"GET", "HEAD", "DELETE", "PUT"})


class Transport:
    """Holds the connection pool, the key and the patience (`retries`, doubling from `first_delay_s`)."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout_s: float = 30.0,
        retries: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.retries = retries
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=self.base_url,
            headers={"Authorization": f"Bearer {api_key}", "User-Agent": "bm3vl"},
            timeout=httpx.Timeout(timeout_s, connect=10.0),
        )

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, path: str, *, repeatable: bool | None = None, **request: Any) -> httpx.Response:
        """Send a request and return the good answer. `repeatable` overrides what the method says about retries.

        Raises ConnectionFailed after the last retry, ApiError for every status from 400.
        """
        may_repeat = method in SAFE_METHODS if repeatable is None else repeatable
        for attempt in range(self.retries + 1):
            last = attempt == self.retries or not may_repeat
            try:
                answer = self._http.request(method, path, **request)
            except httpx.TransportError as error:
                if last:
                    raise ConnectionFailed(f"{self.base_url}: {error or type(error).__name__}") from error
                self._sleep(_delay_s(attempt))
                continue
            if answer.status_code in RETRY_STATUS and not last:
                self._sleep(_retry_after_s(answer) or _delay_s(attempt))
                continue
            return _checked(answer)
        raise AssertionError("the loop always returns or raises")

    def json(self, method: str, path: str, **request: Any) -> Any:
        """`call` and parse the body; None for an empty one."""
        answer = self.call(method, path, **request)
        return answer.json() if answer.content else None

    @contextmanager
    def stream(self, method: str, path: str, **request: Any) -> Iterator[httpx.Response]:
        """A streamed answer. Raises like `call`, without retries: the caller knows where to go on."""
        try:
            with self._http.stream(method, path, **request) as answer:
                if answer.status_code >= 400:
                    answer.read()
                yield _checked(answer)
        except httpx.TransportError as error:
            raise ConnectionFailed(f"{self.base_url}: {error or type(error).__name__}") from error


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code < 400:
        return answer
    raise from_problem(answer.status_code, _problem(answer), _retry_after_s(answer))


def _problem(answer: httpx.Response) -> dict[str, Any]:
    if "json" in answer.headers.get("content-type", ""):
        body = answer.json()
        if isinstance(body, dict):
            return body
    return {"title": answer.reason_phrase or "error", "detail": answer.text[:300]}


def _retry_after_s(answer: httpx.Response) -> float | None:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None


def _delay_s(attempt: int) -> float:
    return random.uniform(0.5, 1.0) * min(8.0, 0.25 * float(2**attempt))
