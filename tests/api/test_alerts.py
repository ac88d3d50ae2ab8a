"""Alerts: which captions are told, to whom, how often."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from db.documents.kinds.video import Cue
from db.jobs import progress, segments
from db.jobs.leases import Usage
from db.jobs.progress import ProgressStep
from db.schema.tables_webhooks import WebhookEvent
from db.webhooks import endpoints
from tests.api.running_app import RunningApp, TenantClient

SCHEMA = {"type": "object", "properties": {"people": {"type": "integer"}, "place": {"type": "object"}}}


@pytest.fixture
def ann(anywhere: RunningApp) -> TenantClient:
    """A tenant whose one endpoint wants alerts."""
    ann = anywhere.tenant_client("ann")
    body = {"url": "https://example.com/hook", "events": ["cue.matched"]}
    assert ann.post("/v1/webhooks", body).status_code == 201
    return ann


def begun(app: RunningApp, ann: TenantClient, *rules: dict[str, Any], **params: Any) -> tuple[UUID, int]:
    ann.submit(params={"alerts": [*rules], **params})
    return app.start()


def say(app: RunningApp, job: tuple[UUID, int], seq: int, text: str, data: dict[str, Any] | None = None) -> None:
    """A caption of a second."""
    job_id, epoch = job
    at = {"start_ms": seq * 1000, "end_ms": seq * 1000 + 1000, "chunk_first": seq, "chunk_last": seq}
    step = ProgressStep([Cue(seq=seq, text=text, data=data, **at)], {"n": seq}, seq * 1000 + 1000)
    with app.services.database.write() as session:
        assert progress.save(session, datetime.now(UTC), job_id, epoch, step)


def told(app: RunningApp) -> list[tuple[str, int]]:
    """Rule and cue of every event on its way to the endpoint."""
    with app.services.database.write() as session:
        endpoints.fan_out(session, datetime.now(UTC))
        events = session.scalars(select(WebhookEvent).order_by(WebhookEvent.id)).all()
    documents = [event.payload["thin"] for event in events]
    assert {document["type"] for document in documents} <= {"cue.matched"}
    return [(document["data"]["rule"], document["data"]["cue"]["seq"]) for document in documents]


def test_words_are_told_at_once_and_cool_down_in_the_time_of_the_video(anywhere: RunningApp, ann: TenantClient) -> None:
    job = begun(
        anywhere, ann, {"name": "red", "match": "red ca*", "cool_down_ms": 3000}, {"name": "bus", "match": "bus"}
    )
    say(anywhere, job, 0, "Nothing moves.")
    assert told(anywhere) == []
    say(anywhere, job, 1, "A RED car stops.")
    assert told(anywhere) == [("red", 1)]
    say(anywhere, job, 2, "The red car and a bus.")
    say(anywhere, job, 3, "The red car.")
    say(anywhere, job, 4, "The red car, still.")
    assert told(anywhere) == [("red", 1), ("bus", 2), ("red", 4)]


def test_a_step_that_is_written_twice_tells_once(anywhere: RunningApp, ann: TenantClient) -> None:
    job = begun(anywhere, ann, {"name": "red", "match": "red", "cool_down_ms": 0})
    say(anywhere, job, 0, "red")
    say(anywhere, job, 0, "red")
    assert told(anywhere) == [("red", 0)]


def test_a_field_of_the_data(anywhere: RunningApp, ann: TenantClient) -> None:
    rules = [
        {"name": "crowd", "field": "/people", "at_least": 3, "cool_down_ms": 0},
        {"name": "gate", "field": "/place/names/0", "equals": "gate", "cool_down_ms": 0},
    ]
    job = begun(anywhere, ann, *rules, cue_schema=SCHEMA)
    said = [None, {"people": 2}, {"people": 3}, {"people": True}, {"people": "9"}, {"place": {"names": ["gate"]}}]
    for seq, data in enumerate(said):
        say(anywhere, job, seq, "x", data)
    assert told(anywhere) == [("crowd", 2), ("gate", 5)]
    cues = ann.get(f"/v1/jobs/{job[0]}/captions.json").json()["cues"]
    assert [cue.get("data") for cue in cues] == said


def test_segments_do_not_tell_what_their_video_will_tell(anywhere: RunningApp, ann: TenantClient) -> None:
    job_id, epoch = begun(anywhere, ann, {"name": "red", "match": "red"})
    part = {"video": {"url": "https://example.com/a.mp4"}, "alerts": [{"name": "red", "match": "red"}]}
    with anywhere.services.database.write() as session:
        assert segments.split(session, datetime.now(UTC), job_id, epoch, [part], Usage())
    say(anywhere, anywhere.start(), 0, "red")
    assert told(anywhere) == []


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"name": "a", "match": "..."}, "/params/alerts/0/match"),
        ({"name": "a", "match": "-red"}, "/params/alerts/0/match"),
        ({"name": "a"}, "/params/alerts/0"),
        ({"name": "a", "match": "a", "field": "/a", "equals": 1}, "/params/alerts/0"),
        ({"name": "a", "field": "/a"}, "/params/alerts/0"),
        ({"name": "a", "field": "a", "equals": 1}, "/params/alerts/0/field"),
        ({"name": "a", "field": "/a", "equals": 1}, "/params"),
    ],
)
def test_rules_that_cannot_work_are_refused(
    anywhere: RunningApp, ann: TenantClient, rule: dict[str, Any], pointer: str
) -> None:
    params = {"video": {"url": "https://example.com/a.mp4"}, "alerts": [rule]}
    answer = ann.post("/v1/jobs", {"kind": "video.caption", "params": params})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
