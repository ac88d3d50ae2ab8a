"""A client that does not give up: asks over HTTP until there is an answer, whatever happens to the api meanwhile."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

BROKEN = frozenset({500, 502, 503, 504})
AGAIN = BROKEN | {409}  # 409 to a submit: the first request with its key is still at work


@dataclass(frozen=True)
class RetryingClient:
    """Where the api listens, and the key to it."""

    url: str
    token: str

    def submit(self, params: dict[str, Any], key: str, seconds: float = 120, kind: str = "video.caption") -> UUID:
        """Submit a job until there is an answer. AssertionError for a refusal or when none comes."""
        answer = self.offer(params, key, seconds, kind)
        assert answer.is_success, f"{answer.status_code} {answer.text[:300]}"
        return UUID(answer.json()["id"])

    def offer(self, params: dict[str, Any], key: str, seconds: float, kind: str) -> httpx.Response:
        """The answer to a submit, a refusal too; however often it has to be sent, it is one."""
        body = {"kind": kind, "params": params, "cache": "bypass"}
        return self.ask("POST", "/v1/jobs", seconds, AGAIN, json=body, headers={"Idempotency-Key": key})

    def ask(
        self, method: str, path: str, seconds: float = 120, again: Collection[int] = BROKEN, **more: Any
    ) -> httpx.Response:
        """The first answer whose status is not in `again`. AssertionError when none comes."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        deadline, last = time.monotonic() + seconds, "no answer"
        while time.monotonic() < deadline:
            try:
                answer = httpx.request(
                    method, f"{self.url}{path}", headers=headers, timeout=10, trust_env=False, **more
                )
            except httpx.HTTPError as error:
                last = type(error).__name__
            else:
                if answer.status_code not in again:
                    return answer
                last = f"{answer.status_code} {answer.text[:300]}"
            time.sleep(0.3)
        raise AssertionError(f"no answer to {method} {path} in {seconds} s: {last}")
