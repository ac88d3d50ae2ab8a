"""The courier beside receivers that never answer: it waits for none, and writes down together what ends together."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db.access import tenants
from db.schema.tables_webhooks import DeliveryState, WebhookAttempt, WebhookDelivery
from db.session import Database
from db.webhooks import endpoints
from tests.receiver import Receiver, receiver
from tests.waiting import GUARD_S
from worker.egress.guard import Guard
from worker.webhooks.courier import Courier
from worker.webhooks.deliver import Sender
from worker.webhooks.schedule import DeliveryOutcome

HANGING, TIMEOUT_S = 60, 4.0
SENDER = Sender(Guard.allowing(["127.0.0.0/8"]), timeout_s=TIMEOUT_S)


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def due_at(database: Database, url: str, number: int) -> list[UUID]:
    """So many deliveries, each to an endpoint of its own."""
    now = datetime.now(UTC)
    with database.write() as session:
        tenant_id = tenants.create(session, now, f"tenant of {url}").id
        made = [endpoints.create(session, now, endpoints.NewEndpoint(tenant_id, url)) for _ in range(number)]
        return [endpoints.send_test(session, now, endpoint).id for endpoint in made]


@pytest.mark.slow
def test_one_that_answers_is_served_while_sixty_hang(database: Database, hooks: Receiver) -> None:
    due_at(database, hooks.url("/hang"), HANGING)
    ended: queue.Queue[DeliveryOutcome | None] = queue.Queue()
    courier = Courier(database, SENDER, ended.put)
    assert courier.start_due() == HANGING
    due_at(database, hooks.url("/ok"), 1)
    assert courier.start_due() == 1
    assert ended.get(timeout=TIMEOUT_S) is DeliveryOutcome.DELIVERED
    assert [ended.get(timeout=GUARD_S) for _ in range(HANGING)] == [DeliveryOutcome.TIMED_OUT] * HANGING
    assert courier.under_way == 0
    courier.close()


@pytest.mark.slow
def test_attempts_that_end_together_are_written_together(database: Database, hooks: Receiver) -> None:
    due_at(database, hooks.url("/hang"), HANGING)
    ended: queue.Queue[DeliveryOutcome | None] = queue.Queue()
    courier = Courier(database, SENDER, ended.put)
    courier.start_due()
    commits: list[float] = []
    with database.write():  # nothing can be written before nearly all have ended, however slow their threads are
        time.sleep(3 * TIMEOUT_S)
        event.listen(database.engine, "commit", lambda _: commits.append(time.monotonic()))
    for _ in range(HANGING):
        ended.get(timeout=GUARD_S)
    courier.close()
    with database.read() as session:
        assert session.scalars(select(func.count()).select_from(WebhookAttempt)).one() == HANGING
    assert len(commits) <= HANGING / 3


@pytest.mark.slow
def test_an_attempt_that_the_database_refuses_takes_no_other_with_it(database: Database, hooks: Receiver) -> None:
    refused, *others = due_at(database, hooks.url("/hang"), 12)
    trigger = f"BEFORE INSERT ON webhook_attempts WHEN NEW.delivery_id = '{refused.hex}'"
    with database.write() as session:
        session.execute(text(f"CREATE TRIGGER refuse {trigger} BEGIN SELECT RAISE(ABORT, 'no'); END"))
    ended: queue.Queue[DeliveryOutcome | None] = queue.Queue()
    courier = Courier(database, SENDER, ended.put)
    courier.start_due()
    outcomes = [ended.get(timeout=GUARD_S) for _ in range(12)]
    courier.close()
    assert (outcomes.count(None), outcomes.count(DeliveryOutcome.TIMED_OUT)) == (1, 11)
    with database.read() as session:
        tried = {*session.scalars(select(WebhookDelivery.id).where(WebhookDelivery.attempts == 1))}
        states = {*session.scalars(select(WebhookDelivery.state))}
    assert tried == {*others}
    assert states == {DeliveryState.PENDING}


def test_an_endpoint_is_served_after_a_claim_that_could_not_be_committed(
    database: Database, hooks: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the database is restarted: the endpoint's place must not stay taken by what never began."""
    due_at(database, hooks.url("/ok"), 1)
    ended: queue.Queue[DeliveryOutcome | None] = queue.Queue()
    courier = Courier(database, SENDER, ended.put)

    def refuse(_: Session) -> None:
        raise OperationalError("COMMIT", {}, ConnectionError("the server closed the connection"))

    with monkeypatch.context() as away:
        away.setattr(Session, "commit", refuse)
        with pytest.raises(OperationalError):
            courier.start_due()
    assert courier.under_way == 0
    assert courier.start_due() == 1
    assert ended.get(timeout=GUARD_S) is DeliveryOutcome.DELIVERED
    courier.close()
