"""A client that does not give up: submits over HTTP with an idempotency key, whatever happens to the api meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

AGAIN = frozenset({409, 500, 502, 503, 504})


@dataclass(frozen=True)
class Door:
    """Where the api listens, and the key to it."""

    url: str
    token: str

    def submit(self, params: dict[str, Any], key: str, seconds: float = 120) -> UUID:
        """Submit a `video.caption` job until there is an answer. AssertionError for a refusal or when none comes."""
        deadline = time.monotonic() + seconds
        last = "no answer"
        while time.monotonic() < deadline:
            try:
                answer = self._post(params, key)
            except httpx.HTTPError as error:
                last = type(error).__name__
            else:
                if answer.is_success:
                    return UUID(answer.json()["id"])
                last = f"{answer.status_code} {answer.text[:300]}"
                assert answer.status_code in AGAIN, last
            time.sleep(0.3)
        raise AssertionError(f"not submitted in {seconds} s: {last}")

    def _post(self, params: dict[str, Any], key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        body = {"kind": "video.caption", "params": params, "cache": "bypass"}
        return httpx.post(f"{self.url}/v1/jobs", json=body, headers=headers, timeout=10, trust_env=False)
