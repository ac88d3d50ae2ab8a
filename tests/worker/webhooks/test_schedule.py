"""The laws of the retry schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.webhooks.schedule import (
    DELAYS_S,
    DISABLE_AFTER,
    JITTER,
    MAX_RETRY_AFTER_S,
    DeliveryOutcome,
    after,
    delay_before,
    outcome_of,
    parse_retry_after,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FAILURES = st.sampled_from([outcome for outcome in DeliveryOutcome if outcome is not DeliveryOutcome.DELIVERED])
ATTEMPTS = st.integers(1, len(DELAYS_S))
RETRY_AFTER = st.none() | st.floats(0, MAX_RETRY_AFTER_S)
RANDOM = st.integers().map(Random)
FRESH = timedelta()


def test_the_schedule_is_the_promised_one() -> None:
    hours = 3600
    assert (0, 5, 300, 1800, 2 * hours, 5 * hours, 10 * hours, 14 * hours, 20 * hours, 24 * hours) == DELAYS_S


@given(status=st.integers(100, 599))
def test_only_2xx_is_delivered(status: int) -> None:
    assert (outcome_of(status) is DeliveryOutcome.DELIVERED) == (200 <= status <= 299)
    assert (outcome_of(status) is DeliveryOutcome.REDIRECTED) == (300 <= status <= 399)
    assert (outcome_of(status) is DeliveryOutcome.GONE) == (status == 410)
    assert (outcome_of(status) is DeliveryOutcome.BUSY) == (status in (429, 503))


@given(attempts=ATTEMPTS, retry_after_s=RETRY_AFTER, failing=st.timedeltas(), random=RANDOM)
def test_a_delivery_ends_it_and_harms_nobody(
    attempts: int, retry_after_s: float | None, failing: timedelta, random: Random
) -> None:
    what = after(DeliveryOutcome.DELIVERED, attempts, retry_after_s, failing, random)
    assert (what.delivered, what.delay_s, what.disable_endpoint) == (True, None, False)


@given(outcome=FAILURES, attempts=ATTEMPTS, retry_after_s=RETRY_AFTER, random=RANDOM)
def test_a_failure_is_retried_until_the_schedule_ends(
    outcome: DeliveryOutcome, attempts: int, retry_after_s: float | None, random: Random
) -> None:
    what = after(outcome, attempts, retry_after_s, FRESH, random)
    assert not what.delivered
    assert what.disable_endpoint == (outcome is DeliveryOutcome.GONE)
    assert (what.delay_s is None) == (what.disable_endpoint or attempts == len(DELAYS_S))


@given(attempt=ATTEMPTS, retry_after_s=RETRY_AFTER, random=RANDOM)
def test_never_earlier_than_schedule_and_receiver_say_nor_much_later(
    attempt: int, retry_after_s: float | None, random: Random
) -> None:
    delay_s = delay_before(attempt, retry_after_s, random)
    floor = max(DELAYS_S[attempt - 1], retry_after_s or 0)
    assert delay_s is not None
    assert floor <= delay_s <= floor * (1 + JITTER)


def test_jitter_spreads_a_crowd() -> None:
    random = Random(1)
    assert len({delay_before(3, None, random) for _ in range(100)}) > 90


@given(outcome=FAILURES, attempts=ATTEMPTS, failing=st.timedeltas(FRESH, timedelta(days=30)), random=RANDOM)
def test_an_endpoint_is_disabled_after_five_days_of_failures(
    outcome: DeliveryOutcome, attempts: int, failing: timedelta, random: Random
) -> None:
    what = after(outcome, attempts, None, failing, random)
    assert what.disable_endpoint == (outcome is DeliveryOutcome.GONE or failing >= DISABLE_AFTER)
    assert not (what.disable_endpoint and what.delay_s is not None)


@given(seconds=st.integers(0, 10**30))
def test_retry_after_in_seconds(seconds: int) -> None:
    assert parse_retry_after(f" {seconds} ", NOW) == min(seconds, MAX_RETRY_AFTER_S)


@given(seconds=st.integers(-(10**6), 10**6))
def test_retry_after_as_a_date(seconds: int) -> None:
    header = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(header, NOW) == min(max(seconds, 0), MAX_RETRY_AFTER_S)


@given(value=st.none() | st.text())
def test_retry_after_of_any_kind_is_a_bounded_number_or_nothing(value: str | None) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S


@pytest.mark.parametrize("value", ["soon", "-5", "1.5", "", "9" * 5000 + "x", "²", "Mon, 99 Foo 2026 25:00:00 GMT"])
def test_nonsense_is_nothing(value: str) -> None:
    assert parse_retry_after(value, NOW) is None
