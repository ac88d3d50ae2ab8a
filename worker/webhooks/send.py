"""One delivery attempt: a POST to a receiver nobody trusts, told as plain values. It never raises for what they do."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpcore

from worker.egress.dial import NETWORK_ERRORS, Deadline, Way, exchange, parse_url
from worker.egress.guard import Guard
from worker.errors import Permanent
from worker.webhooks.schedule import DeliveryOutcome, outcome_of, parse_retry_after

RESPONSE_HEAD_BYTES = 4096
MAX_ERROR_CHARS = 500
TIMEOUT_S = 15.0
_BODY_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class SendResult:
    """What the delivery log keeps of one attempt; texts are safe to store."""

    outcome: DeliveryOutcome
    status: int | None
    response_head: str
    error: str | None
    duration_s: float
    retry_after_s: float | None = None


def send(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    guard: Guard,
    timeout_s: float = TIMEOUT_S,
    certificates: ssl.SSLContext | None = None,
) -> SendResult:
    """POST `body` to `url` within `timeout_s` in all; redirects are not followed."""
    began_s = time.monotonic()
    way = Way(guard, Deadline(timeout_s), certificates)
    try:
        with exchange("POST", parse_url(url), _complete(headers), body, way) as response:
            way.deadline.shorten(_BODY_TIMEOUT_S)
            return _answered(response, began_s)
    except Permanent as error:
        return _failed(DeliveryOutcome.BLOCKED, error, began_s)
    except httpcore.TimeoutException as error:
        return _failed(DeliveryOutcome.TIMED_OUT, error, began_s)
    except NETWORK_ERRORS as error:
        return _failed(DeliveryOutcome.UNREACHABLE, error, began_s)


def _complete(headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": "application/json", "User-Agent": "bm3-webhooks/1", "Accept": "*/*", **headers}


def _answered(response: httpcore.Response, began_s: float) -> SendResult:
    retry_after = next(
        (value.decode("latin-1") for key, value in response.headers if key.lower() == b"retry-after"), None
    )
    return SendResult(
        outcome=outcome_of(response.status),
        status=response.status,
        response_head=_storable(_head(response)),
        error=None,
        duration_s=time.monotonic() - began_s,
        retry_after_s=parse_retry_after(retry_after, datetime.now(UTC)),
    )


def _head(response: httpcore.Response) -> bytes:
    """The first bytes of the body. The status has been said: a body that drips or breaks off changes nothing."""
    head = b""
    try:
        for chunk in response.iter_stream():
            head += chunk
            if len(head) >= RESPONSE_HEAD_BYTES:
                break
    except NETWORK_ERRORS:
        pass
    return head[:RESPONSE_HEAD_BYTES]


def _failed(outcome: DeliveryOutcome, error: Exception, began_s: float) -> SendResult:
    text = _storable((str(error) or type(error).__name__).encode())[:MAX_ERROR_CHARS]
    return SendResult(outcome, None, "", text, time.monotonic() - began_s)


def _storable(raw: bytes) -> str:
    """Text PostgreSQL takes: it refuses NUL."""
    return raw.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
