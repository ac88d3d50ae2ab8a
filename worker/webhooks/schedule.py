"""When a webhook is tried again and when its endpoint is given up: arithmetic, no clock and no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from random import Random

_MINUTE_S, _HOUR_S = 60, 3600
# The pause before each attempt; the first is at once, the last about three days after the event.
DELAYS_S = (
    0,
    5,
    5 * _MINUTE_S,
    30 * _MINUTE_S,
    *(hours * _HOUR_S for hours in (2, 5, 10, 14, 20, 24)),
)
JITTER = 0.2
MAX_RETRY_AFTER_S = 24.0 * _HOUR_S
DISABLE_AFTER = timedelta(hours=120)


class DeliveryOutcome(StrEnum):
    """How an attempt ended; also the label of the metric."""

    DELIVERED = "delivered"
    REDIRECTED = "redirected"
    REJECTED = "rejected"
    GONE = "gone"
    BUSY = "busy"
    BLOCKED = "blocked"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Next:
    """What follows an attempt: nothing more (`delay_s` None) or another after `delay_s`; and the endpoint's fate."""

    delivered: bool
    delay_s: float | None
    disable_endpoint: bool


def outcome_of(status: int) -> DeliveryOutcome:
    """What a receiver's status means: only 2xx is a success, a redirect is a wrong URL."""
    if 200 <= status < 300:
        return DeliveryOutcome.DELIVERED
    if 300 <= status < 400:
        return DeliveryOutcome.REDIRECTED
    if status == 410:
        return DeliveryOutcome.GONE
    return DeliveryOutcome.BUSY if status in (429, 503) else DeliveryOutcome.REJECTED


def after(
    outcome: DeliveryOutcome, attempts: int, retry_after_s: float | None, failing_for: timedelta, random: Random
) -> Next:
    """What to do after attempt number `attempts` (from 1).

    `failing_for` is the time since the endpoint's first failure after its last success (0 if this is the first).
    """
    if outcome is DeliveryOutcome.DELIVERED:
        return Next(delivered=True, delay_s=None, disable_endpoint=False)
    disable = outcome is DeliveryOutcome.GONE or failing_for >= DISABLE_AFTER
    delay_s = None if disable else delay_before(attempts + 1, retry_after_s, random)
    return Next(delivered=False, delay_s=delay_s, disable_endpoint=disable)


def delay_before(attempt: int, retry_after_s: float | None, random: Random) -> float | None:
    """Seconds to wait before attempt number `attempt` (from 1); None when there is no such attempt any more.

    A receiver's Retry-After only ever lengthens the pause. Jitter is added, never taken off, so that a recovering
    receiver is not met by everybody at once nor earlier than it asked.
    """
    if attempt > len(DELAYS_S):
        return None
    pause_s = max(float(DELAYS_S[attempt - 1]), retry_after_s or 0.0)
    return pause_s * (1 + JITTER * random.random())


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds a Retry-After header asks for (RFC 9110, 10.2.3), between 0 and a day; None for anything unreadable."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        # A number of a million digits is still just "long": never convert it.
        return min(float(value[:20]), MAX_RETRY_AFTER_S)
    try:
        when = parsedate_to_datetime(value)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        seconds = (when - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
