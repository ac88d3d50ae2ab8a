"""Endpoints as the database keeps them: their secrets, what they hear of, and how an event becomes deliveries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from db.access import tenants
from db.documents.event_types import EventType
from db.jobs import jobs
from db.jobs.jobs import NewJob
from db.schema.base import new_id
from db.schema.tables import Job, Outbox
from db.schema.tables_webhooks import WebhookDelivery, WebhookEndpoint, WebhookEvent
from db.session import Database
from db.webhooks import endpoints
from db.webhooks.endpoints import NewEndpoint, wants

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PARAMS = {"video": {"url": "https://example.com/a.mp4"}}


@pytest.fixture
def tenant_id(database: Database) -> UUID:
    with database.write() as session:
        return tenants.create(session, NOW, "ann").id


def made(database: Database, tenant_id: UUID, **more: Any) -> UUID:
    with database.write() as session:
        return endpoints.create(session, NOW, NewEndpoint(tenant_id, "https://example.com/hook", **more)).id


def job(database: Database, tenant_id: UUID, **more: Any) -> UUID:
    """A queued job, without what its submission put into the outbox."""
    with database.write() as session:
        job_id = jobs.submit(session, NOW, NewJob(tenant_id, "video.caption", "gpu", PARAMS, **more)).id
        for row in session.scalars(select(Outbox)):
            session.delete(row)
        return job_id


def happened(database: Database, tenant_id: UUID, subject_id: UUID, kind: str, **data: Any) -> None:
    with database.write() as session:
        session.add(
            Outbox(id=new_id(), tenant_id=tenant_id, type=kind, subject_id=subject_id, data=data, created_at=NOW)
        )


def fanned(database: Database, limit: int = 200) -> int:
    with database.write() as session:
        return endpoints.fan_out(session, NOW, limit)


def events(database: Database) -> list[WebhookEvent]:
    with database.read() as session:
        return [*session.scalars(select(WebhookEvent).order_by(WebhookEvent.id))]


def receivers(database: Database) -> set[UUID]:
    with database.read() as session:
        return {*session.scalars(select(WebhookDelivery.endpoint_id))}


@pytest.mark.parametrize(
    ("filters", "choice", "heard"),
    [
        ([], None, True),
        (["job.failed"], None, True),
        (["job.succeeded"], None, False),
        ([], {"events": ["job.failed"]}, True),
        ([], {"events": ["job.succeeded"]}, False),
        ([], {"events": []}, False),
        ([], {"endpoint_ids": ["ours"]}, True),
        ([], {"endpoint_ids": ["another"]}, False),
        ([], {"endpoint_ids": []}, False),
        ([], {"events": None, "endpoint_ids": None}, True),
        (["job.succeeded"], {"events": ["job.failed"]}, False),
    ],
)
def test_the_endpoints_filter_and_the_jobs_choice_have_to_agree(
    filters: list[str], choice: dict[str, Any] | None, heard: bool
) -> None:
    one = WebhookEndpoint(id=new_id(), events=filters)
    ids = choice and choice.get("endpoint_ids")
    named = (
        {**choice, "endpoint_ids": [str(one.id) if name == "ours" else name for name in ids]}
        if choice and ids
        else choice
    )
    assert wants(one, "job.failed", named) == heard
    one.disabled_at = NOW
    assert not wants(one, "job.failed", named)


def test_an_event_is_sent_to_those_who_want_it_and_to_no_other_tenant(database: Database, tenant_id: UUID) -> None:
    with database.write() as session:
        stranger = tenants.create(session, NOW, "bob").id
    all_, failures = made(database, tenant_id), made(database, tenant_id, events=["job.failed"])
    made(database, tenant_id, events=["job.succeeded"])
    made(database, stranger)
    happened(
        database, tenant_id, job(database, tenant_id), EventType.JOB_FAILED, type="job.failed", seq=4, code="internal"
    )
    assert fanned(database) == 1
    assert receivers(database) == {all_, failures}
    assert fanned(database) == 0, "each event is sent once"
    with database.read() as session:
        (delivery, *_) = session.scalars(select(WebhookDelivery))
        assert (delivery.next_attempt_at, delivery.created_at, delivery.attempts) == (NOW, NOW, 0)


def test_a_thin_event_says_what_happened_to_which_job(database: Database, tenant_id: UUID) -> None:
    made(database, tenant_id)
    job_id = job(database, tenant_id, labels={"team": "a"})
    happened(database, tenant_id, job_id, EventType.JOB_FAILED, type="job.failed", seq=4, code="internal")
    fanned(database)
    (event,) = events(database)
    assert (event.type, event.subject_id, event.tenant_id, event.created_at) == ("job.failed", job_id, tenant_id, NOW)
    assert event.payload == {
        "thin": {
            "type": "job.failed",
            "timestamp": NOW.isoformat(),
            "data": {
                "job_id": str(job_id),
                "kind": "video.caption",
                "state": "failed",
                "sequence": 4,
                "labels": {"team": "a"},
                "url": f"/v1/jobs/{job_id}",
                "code": "internal",
            },
        }
    }


def test_a_full_event_holds_parameters_and_result_only_where_somebody_asked(
    database: Database, tenant_id: UUID
) -> None:
    made(database, tenant_id, payload="full")
    job_id = job(database, tenant_id)
    with database.write() as session:
        session.get_one(Job, job_id).result = {"cues": 3}
    happened(database, tenant_id, job_id, EventType.JOB_SUCCEEDED)
    fanned(database)
    data = events(database)[0].payload["full"]["data"]
    assert (data["params"], data["result"], data["state"]) == (PARAMS, {"cues": 3}, "succeeded")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "state"), [(kind.value, state.value) for kind, state in endpoints.STATES.items()])
def test_each_event_tells_the_state_that_it_led_to(database: Database, tenant_id: UUID, kind: str, state: str) -> None:
    made(database, tenant_id)
    happened(database, tenant_id, job(database, tenant_id), kind)
    fanned(database)
    expected = "running" if kind in ("job.started", "job.progress", "cue.matched") else kind.removeprefix("job.")
    assert events(database)[0].payload["thin"]["data"]["state"] == state == expected


def test_an_event_of_a_job_that_is_gone_is_told_as_it_was_written(database: Database, tenant_id: UUID) -> None:
    made(database, tenant_id)
    happened(database, tenant_id, new_id(), EventType.JOB_CANCELED, reason="x")
    fanned(database)
    assert events(database)[0].payload["thin"]["data"] == {"reason": "x"}


def test_a_job_chooses_who_hears_of_it(database: Database, tenant_id: UUID) -> None:
    first = made(database, tenant_id)
    made(database, tenant_id)
    chosen = job(database, tenant_id, webhook={"endpoint_ids": [str(first)]})
    happened(database, tenant_id, chosen, EventType.JOB_FAILED)
    fanned(database)
    assert receivers(database) == {first}


def test_an_event_that_nobody_wants_is_not_kept(database: Database, tenant_id: UUID) -> None:
    happened(database, tenant_id, job(database, tenant_id), EventType.JOB_FAILED)
    assert fanned(database) == 1
    assert events(database) == []


def test_the_outbox_is_emptied_a_part_at_a_time_the_oldest_first(database: Database, tenant_id: UUID) -> None:
    made(database, tenant_id)
    job_id = job(database, tenant_id)
    for number in range(3):
        happened(database, tenant_id, job_id, EventType.JOB_PROGRESS, seq=number)
    assert [fanned(database, limit=2) for _ in range(3)] == [2, 1, 0]
    assert [event.payload["thin"]["data"]["sequence"] for event in events(database)] == [0, 1, 2]


def test_old_events_are_forgotten_with_their_deliveries(database: Database, tenant_id: UUID) -> None:
    endpoint_id = made(database, tenant_id)
    with database.write() as session:
        one = session.get_one(WebhookEndpoint, endpoint_id)
        for at in (NOW - DAY, NOW):
            endpoints.send_test(session, at, one)
    with database.write() as session:
        assert endpoints.purge(session, NOW) == 1
    with database.read() as session:
        assert session.scalars(select(func.count()).select_from(WebhookDelivery)).one() == 1


def test_after_a_rotation_both_secrets_sign_for_a_while(database: Database, tenant_id: UUID) -> None:
    endpoint_id = made(database, tenant_id)
    with database.write() as session:
        one = session.get_one(WebhookEndpoint, endpoint_id)
        old = one.secret
        assert endpoints.signing(one, NOW) == (old, one.signing_key)
        endpoints.rotate_secret(session, NOW, one, DAY)
        assert one.secret != old
        assert endpoints.signing(one, NOW) == (one.secret, old, one.signing_key)
        assert endpoints.signing(one, NOW + DAY) == (one.secret, one.signing_key)


def test_disabling_and_enabling(database: Database, tenant_id: UUID) -> None:
    endpoint_id = made(database, tenant_id)
    with database.write() as session:
        one = session.get_one(WebhookEndpoint, endpoint_id)
        one.failing_since = NOW
        endpoints.disable(session, NOW, one, "r" * 300)
        assert (one.disabled_at, one.disabled_reason) == (NOW, "r" * 200)
        endpoints.enable(session, one)
        assert (one.disabled_at, one.disabled_reason, one.failing_since) == (None, None, None)


def test_a_tenant_finds_its_own_endpoints_newest_first(database: Database, tenant_id: UUID) -> None:
    with database.write() as session:
        stranger = tenants.create(session, NOW, "bob").id
    mine = [made(database, tenant_id) for _ in range(2)]
    foreign = made(database, stranger)
    with database.write() as session:
        assert [one.id for one in endpoints.of_tenant(session, tenant_id)] == mine[::-1]
        assert endpoints.find(session, tenant_id, foreign) is None
        found = endpoints.find(session, tenant_id, mine[0])
        assert found is not None
        endpoints.remove(session, found)
    with database.read() as session:
        assert endpoints.find(session, tenant_id, mine[0]) is None
