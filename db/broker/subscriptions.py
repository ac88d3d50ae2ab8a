"""Subscriptions to the broker that notice a link gone silent.

A half-open connection brings nothing and never fails. redis-py sends a PING on a subscribed connection now and then but
never asks for its answer (tried with 6.4 and 8.1), so the asking is done here: after an interval without any message a
PING, and after another one without any answer the end.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import redis
import redis.asyncio

PUBLISHED = frozenset({"message", "pmessage"})
CONNECT_S = 3.0


class SilentLink(redis.TimeoutError):
    """Nothing has come over a subscribed connection for two intervals, not even the answer to a PING."""


class _Silence:
    """Whether a PING is under way, and since when (monotonic seconds)."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._asked_at: float | None = None

    def broken(self) -> None:
        """Something came."""
        self._asked_at = None

    def must_ask(self) -> bool:
        """Nothing came for a while: whether to send a PING now. Raises SilentLink when one was not answered in time."""
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
            return True
        if now - self._asked_at >= self._interval_s:
            raise SilentLink(f"no answer on a subscription for {2 * self._interval_s:g} s")
        return False


def subscriber(redis_url: str) -> redis.Redis:
    """A client for `published`: without the health check of redis-py, whose answers would look like silence."""
    return redis.Redis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=CONNECT_S, socket_keepalive=True)


def async_subscriber(redis_url: str) -> redis.asyncio.Redis:
    """The same for `published_async`."""
    return redis.asyncio.Redis.from_url(redis_url, socket_connect_timeout=CONNECT_S, socket_keepalive=True)


def published(pubsub: Any, interval_s: float) -> Iterator[dict[str, Any]]:
    """Messages as they come, for ever. Raises SilentLink, or what else redis-py raises for a broken link."""
    silence = _Silence(interval_s)
    while True:
        message = pubsub.get_message(timeout=interval_s)
        if message is None:
            if silence.must_ask():
                pubsub.ping()
            continue
        silence.broken()
        if message["type"] in PUBLISHED:
            yield message


async def published_async(pubsub: Any, interval_s: float) -> AsyncIterator[dict[str, Any]]:
    """The same for asyncio."""
    silence = _Silence(interval_s)
    while True:
        message = await pubsub.get_message(timeout=interval_s)
        if message is None:
            if silence.must_ask():
                await pubsub.ping()
            continue
        silence.broken()
        if message["type"] in PUBLISHED:
            yield message
