"""The rate limit: one token bucket a tenant in Redis, open (and counted) while Redis is away."""

from __future__ import annotations

import time
from uuid import UUID

import redis
import structlog

from api import metrics
from db.broker.outage import Outage
from db.broker.queue import how_it_failed

AWAY_S = 5.0  # after a failure Redis is left alone this long, so that its timeouts do not become ours

# KEYS[1] bucket; ARGV: capacity, tokens a second. Returns {taken, milliseconds until the next token}.
TAKE = """
local capacity, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1e6
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or capacity
tokens = math.min(capacity, tokens + math.max(0, now - (tonumber(bucket[2]) or now)) * rate)
local taken = tokens >= 1
if taken then tokens = tokens - 1 end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / rate * 1000) + 1000)
return {taken and 1 or 0, math.ceil((1 - tokens) / rate * 1000)}
"""
log = structlog.get_logger(__name__)


class RateLimiter:
    """Counts requests in Redis, so that several api processes share one limit."""

    def __init__(self, client: redis.Redis) -> None:
        self._take = client.register_script(TAKE)
        self._away_until = 0.0
        self._outage = Outage(log.warning, log.info, "Redis (rate limits; requests pass unchecked)")

    def wait_s(self, tenant_id: UUID, requests_per_minute: int) -> float | None:
        """None when the request may pass, else seconds until the next one may."""
        if time.monotonic() < self._away_until:
            metrics.LIMITER_OPEN.inc()
            return None
        capacity, rate = max(requests_per_minute, 1), max(requests_per_minute, 1) / 60
        try:
            taken, wait_ms = self._take(keys=[f"bm3:rate:{tenant_id}"], args=[capacity, rate])
        except (redis.RedisError, OSError) as error:
            self._away_until = time.monotonic() + AWAY_S
            metrics.LIMITER_OPEN.inc()
            self._outage.began(error, how_it_failed(error))
            return None
        self._outage.over()
        return None if taken else max(wait_ms, 1) / 1000
