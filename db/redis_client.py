"""The Redis client of every process but the consumers, which Celery connects."""

from __future__ import annotations

import redis


def redis_client(redis_url: str) -> redis.Redis:
    """A client whose calls end: every socket has a timeout."""
    return redis.Redis.from_url(
        redis_url, socket_timeout=5, socket_connect_timeout=3, health_check_interval=10, socket_keepalive=True
    )
