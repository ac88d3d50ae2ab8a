"""One attempt at a claimed delivery: sign it, send it; and write down how attempts went."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from db.session import Database
from db.webhooks import deliveries
from db.webhooks.deliveries import Due, Tried, Verdict
from worker.egress.guard import Guard
from worker.webhooks import schedule, sign
from worker.webhooks.schedule import DeliveryOutcome, Next
from worker.webhooks.send import TIMEOUT_S, SendResult, send

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Sender:
    """How messages go out: whom the guard lets through, how long a receiver may take."""

    guard: Guard = field(default_factory=Guard)
    timeout_s: float = TIMEOUT_S
    random: Random = field(default_factory=Random)


def utc_now() -> datetime:
    """The present time, UTC, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Ended:
    """An attempt that has ended, not yet written down."""

    due: Due
    at: datetime
    outcome: DeliveryOutcome
    tried: Tried
    verdict: Verdict


def attempt(sender: Sender, clock: Clock, due: Due) -> Ended:
    """Make one attempt at a delivery that was claimed for it."""
    body = json.dumps(due.document, separators=(",", ":"), ensure_ascii=False).encode()
    headers = sign.headers(str(due.event_id), int(clock().timestamp()), body, due.keys)
    made = send(due.url, headers, body, sender.guard, sender.timeout_s)
    now = clock()
    failing_for = now - due.failing_since if due.failing_since else timedelta()
    after = schedule.after(made.outcome, due.attempts + 1, made.retry_after_s, failing_for, sender.random)
    return Ended(due, now, made.outcome, _tried(made, headers), _verdict(now, made, after))


def write_down(database: Database, ended: Sequence[Ended]) -> None:
    """Write attempts down in one transaction, always in the same order: two senders must not lock each other out."""
    with database.write() as session:
        for one in sorted(ended, key=lambda one: (one.due.endpoint_id, one.due.delivery_id)):
            deliveries.settle(session, one.at, one.due, one.tried, one.verdict)


def _tried(attempt: SendResult, headers: Mapping[str, str]) -> Tried:
    return Tried(
        outcome=attempt.outcome,
        status=attempt.status,
        error=attempt.error,
        request_headers=dict(headers),
        response_head=attempt.response_head,
        duration_ms=round(attempt.duration_s * 1000),
    )


def _verdict(now: datetime, attempt: SendResult, after: Next) -> Verdict:
    again_at = now + timedelta(seconds=after.delay_s) if after.delay_s is not None else None
    reason = None
    if after.disable_endpoint:
        gone = attempt.outcome is DeliveryOutcome.GONE
        reason = "the receiver answered 410 Gone" if gone else "every attempt failed for 120 hours"
    return Verdict(after.delivered, again_at, reason)
