"""Deliveries as the database keeps them: which are due, who may send them, and what follows from an attempt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from db.access import tenants
from db.schema.tables_webhooks import DeliveryState, WebhookDelivery, WebhookEndpoint
from db.session import Database
from db.webhooks import deliveries, endpoints
from db.webhooks.deliveries import CLAIM, Due, Tried, Verdict
from db.webhooks.endpoints import NewEndpoint

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DELIVERED, GIVEN_UP = Verdict(True, None), Verdict(False, None)
Sent = Callable[..., UUID]


@pytest.fixture
def endpoint_id(database: Database) -> UUID:
    return endpoint(database)


def endpoint(database: Database, name: str = "ann") -> UUID:
    with database.write() as session:
        tenant = next((one for one in tenants.listed(session) if one.name == name), None)
        tenant = tenant or tenants.create(session, NOW, name)
        return endpoints.create(session, NOW, NewEndpoint(tenant.id, "https://example.com/hook")).id


@pytest.fixture
def sent(database: Database, endpoint_id: UUID) -> Sent:
    def send(at: datetime = NOW, to: UUID = endpoint_id) -> UUID:
        with database.write() as session:
            return endpoints.send_test(session, at, session.get_one(WebhookEndpoint, to)).id

    return send


def due(database: Database, at: datetime, but_of: tuple[UUID, ...] = (), limit: int = 10) -> list[UUID]:
    with database.read() as session:
        return [line[0] for line in deliveries.due(session, at, but_of, limit)]


def claimed(database: Database, at: datetime, *ids: UUID) -> list[Due]:
    with database.write() as session:
        return deliveries.claim(session, at, ids)


def settled(database: Database, at: datetime, one: Due, verdict: Verdict, outcome: str = "") -> bool:
    outcome = outcome or ("delivered" if verdict.delivered else "http_error")
    tried = Tried(
        outcome, 200 if verdict.delivered else 500, None if verdict.delivered else "x" * 500, {"a": "b"}, "head", 12
    )
    with database.write() as session:
        return deliveries.settle(session, at, one, tried, verdict)


def row(database: Database, delivery_id: UUID) -> WebhookDelivery:
    with database.read() as session:
        return session.get_one(WebhookDelivery, delivery_id)


def endpoint_row(database: Database, endpoint_id: UUID) -> WebhookEndpoint:
    with database.read() as session:
        return session.get_one(WebhookEndpoint, endpoint_id)


def test_due_is_what_is_pending_and_whose_time_has_come_the_longest_waiting_first(
    database: Database, sent: Sent
) -> None:
    late, early = sent(NOW + SECOND), sent(NOW)
    assert due(database, NOW - SECOND) == []
    assert due(database, NOW) == [early]
    assert due(database, NOW + SECOND) == [early, late]
    assert due(database, NOW + SECOND, limit=1) == [early]


def test_endpoints_that_are_busy_or_disabled_are_left_out(database: Database, endpoint_id: UUID, sent: Sent) -> None:
    other = endpoint(database, "bob")
    mine, theirs = sent(), sent(to=other)
    assert set(due(database, NOW)) == {mine, theirs}
    assert due(database, NOW, but_of=(endpoint_id,)) == [theirs]
    with database.write() as session:
        endpoints.disable(session, NOW, session.get_one(WebhookEndpoint, other), "by its owner")
    assert due(database, NOW) == [mine]


def test_due_tells_whose_it_is_and_whether_the_endpoint_fails(
    database: Database, endpoint_id: UUID, sent: Sent
) -> None:
    delivery = sent()
    with database.read() as session:
        tenant = session.get_one(WebhookEndpoint, endpoint_id).tenant_id
        assert deliveries.due(session, NOW, (), 10) == [(delivery, endpoint_id, tenant, False)]
    (one,) = claimed(database, NOW, delivery)
    settled(database, NOW, one, Verdict(False, NOW + SECOND))
    with database.read() as session:
        assert deliveries.due(session, NOW + SECOND, (), 10) == [(delivery, endpoint_id, tenant, True)]


def test_a_claim_keeps_other_senders_away_for_a_while(database: Database, sent: Sent) -> None:
    delivery = sent()
    (one,) = claimed(database, NOW, delivery)
    assert (one.delivery_id, one.attempts, one.claimed_until, one.failing_since) == (delivery, 0, NOW + CLAIM, None)
    assert one.document["type"] == "webhook.test"
    assert one.url == "https://example.com/hook"
    assert [key.split("_")[0] for key in one.keys] == ["whsec", "whsk"]
    assert claimed(database, NOW, delivery) == []
    assert due(database, NOW + CLAIM) == []
    assert due(database, NOW + CLAIM + SECOND) == [delivery]
    assert len(claimed(database, NOW + CLAIM + SECOND, delivery)) == 1


def test_only_what_is_asked_for_is_claimed(database: Database, sent: Sent) -> None:
    first, second = sent(), sent(NOW + SECOND)
    assert [one.delivery_id for one in claimed(database, NOW + SECOND, second)] == [second]
    assert due(database, NOW + SECOND) == [first]


def test_a_delivered_message_is_over(database: Database, endpoint_id: UUID, sent: Sent) -> None:
    delivery = sent()
    (one,) = claimed(database, NOW, delivery)
    assert settled(database, NOW + SECOND, one, DELIVERED)
    after = row(database, delivery)
    assert (after.state, after.attempts, after.claimed_until) == (DeliveryState.DELIVERED, 1, None)
    assert (after.next_attempt_at, after.finished_at) == (None, NOW + SECOND)
    assert endpoint_row(database, endpoint_id).failing_since is None
    with database.read() as session:
        (attempt,) = deliveries.attempts(session, delivery)
        assert (attempt.at, attempt.outcome, attempt.status, attempt.error) == (NOW + SECOND, "delivered", 200, None)
        assert (attempt.request_headers, attempt.response_head, attempt.duration_ms) == ({"a": "b"}, "head", 12)
        assert deliveries.last_failure(session, endpoint_id) is None


def test_a_failed_attempt_is_followed_by_another(database: Database, endpoint_id: UUID, sent: Sent) -> None:
    delivery = sent()
    (one,) = claimed(database, NOW, delivery)
    again = NOW + timedelta(minutes=5)
    assert settled(database, NOW, one, Verdict(False, again))
    after = row(database, delivery)
    assert (after.state, after.attempts, after.next_attempt_at, after.finished_at) == (
        DeliveryState.PENDING,
        1,
        again,
        None,
    )
    assert endpoint_row(database, endpoint_id).failing_since == NOW
    (one,) = claimed(database, again, delivery)
    assert (one.attempts, one.failing_since) == (1, NOW)
    settled(database, again, one, Verdict(False, again + SECOND))
    assert endpoint_row(database, endpoint_id).failing_since == NOW, "since the first failure"
    with database.read() as session:
        failure = deliveries.last_failure(session, endpoint_id)
        assert failure is not None
        assert failure.at == again
        assert failure.error == "x" * 400
        assert [attempt.at for attempt in deliveries.attempts(session, delivery)] == [NOW, again]


def test_success_ends_an_endpoints_failing(database: Database, endpoint_id: UUID, sent: Sent) -> None:
    delivery = sent()
    settled(database, NOW, claimed(database, NOW, delivery)[0], Verdict(False, NOW))
    settled(database, NOW + SECOND, claimed(database, NOW, delivery)[0], DELIVERED)
    assert endpoint_row(database, endpoint_id).failing_since is None
    with database.read() as session:
        assert deliveries.last_failure(session, endpoint_id) is None


def test_a_schedule_that_is_over_gives_up(database: Database, sent: Sent) -> None:
    delivery = sent()
    settled(database, NOW, claimed(database, NOW, delivery)[0], GIVEN_UP)
    after = row(database, delivery)
    assert (after.state, after.next_attempt_at, after.finished_at) == (DeliveryState.FAILED, None, NOW)


def test_a_sender_whose_claim_has_passed_on_writes_nothing(database: Database, sent: Sent) -> None:
    delivery = sent()
    (late,) = claimed(database, NOW, delivery)
    later = NOW + CLAIM + SECOND
    (other,) = claimed(database, later, delivery)
    assert not settled(database, later, late, GIVEN_UP)
    with database.read() as session:
        assert deliveries.attempts(session, delivery) == []
    assert settled(database, later, other, DELIVERED)


def test_an_endpoint_that_is_disabled_ends_all_that_is_under_way(
    database: Database, endpoint_id: UUID, sent: Sent
) -> None:
    first, second = sent(), sent()
    (one,) = claimed(database, NOW, first)
    settled(database, NOW, one, Verdict(False, None, disable_reason="r" * 300))
    stopped = endpoint_row(database, endpoint_id)
    assert (stopped.disabled_at, stopped.disabled_reason) == (NOW, "r" * 200)
    assert {row(database, each).state for each in (first, second)} == {DeliveryState.FAILED}


def test_a_message_is_sent_again_with_a_fresh_schedule(database: Database, sent: Sent) -> None:
    delivery = sent()
    settled(database, NOW, claimed(database, NOW, delivery)[0], GIVEN_UP)
    with database.write() as session:
        deliveries.resend(session, NOW + SECOND, delivery)
    after = row(database, delivery)
    assert (after.state, after.attempts, after.next_attempt_at) == (DeliveryState.PENDING, 0, NOW + SECOND)
    assert (after.finished_at, after.claimed_until) == (None, None)


def test_recovering_takes_what_failed_since_then_and_of_this_endpoint(
    database: Database, endpoint_id: UUID, sent: Sent
) -> None:
    other = endpoint(database)
    old, new, foreign, good = sent(NOW - SECOND), sent(NOW), sent(NOW, to=other), sent(NOW)
    for one in claimed(database, NOW, old, new, foreign, good):
        settled(database, NOW, one, DELIVERED if one.delivery_id == good else GIVEN_UP)
    with database.write() as session:
        assert deliveries.recover(session, NOW, session.get_one(WebhookEndpoint, endpoint_id), NOW) == 1
    states = {
        name: row(database, each).state.value
        for name, each in (("old", old), ("new", new), ("foreign", foreign), ("good", good))
    }
    assert states == {"old": "failed", "new": "pending", "foreign": "failed", "good": "delivered"}


def test_the_log_is_read_newest_first_in_pages(database: Database, endpoint_id: UUID, sent: Sent) -> None:
    ids = [sent() for _ in range(3)]
    foreign = sent(to=endpoint(database))
    settled(database, NOW, claimed(database, NOW, ids[1])[0], DELIVERED)
    with database.read() as session:

        def page(state: DeliveryState | None = None, limit: int = 10, before: UUID | None = None) -> list[UUID]:
            return [line.delivery.id for line in deliveries.page(session, endpoint_id, state, limit, before)]

        assert page() == ids[::-1]
        assert page(limit=2) == [ids[2], ids[1]]
        assert page(before=ids[1]) == [ids[0]]
        assert page(DeliveryState.DELIVERED) == [ids[1]]
        found = deliveries.find(session, endpoint_id, ids[0])
        assert found is not None
        assert (found.delivery.id, found.event.type) == (ids[0], "webhook.test")
        assert deliveries.find(session, endpoint_id, foreign) is None, "it is another endpoint's"
        assert [*session.scalars(select(WebhookDelivery.id))]
