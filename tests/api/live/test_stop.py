"""The good end of live jobs over HTTP, and that no answer tells the secrets in their addresses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from db.jobs import leases
from db.schema.tables import Job, State
from tests.api.running_app import RunningApp, TenantClient, running_app
from tests.servers import S3Place, in_s3

CAMERA = {"video": {"url": "rtsp://camera.example.com/one"}}
CAPTIONED = {"cues": 1, "duration_ms": 1000}
SECRET = "s3cret"
ADDRESSES = [
    f"rtsp://ann:{SECRET}@camera.example.com/one",
    f"rtsps://{SECRET}@camera.example.com/one?channel=1&token={SECRET}",
    f"rtmp://media.example.com/app/{SECRET}",
    f"rtmps://ann:{SECRET}@media.example.com/app/{SECRET}?key={SECRET}",
    f"srt://media.example.com:9000?streamid={SECRET}&passphrase={SECRET}",
    f"https://ann:{SECRET}@media.example.com/list.m3u8?token={SECRET}",
]


def stop(tenant: TenantClient, job_id: object) -> Any:
    return tenant.post(f"/v1/jobs/{job_id}/stop")


def test_one_that_never_began_is_canceled(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    job = ann.submit(params=CAMERA)
    answer = stop(ann, job["id"])
    assert (answer.status_code, answer.json()["state"]) == (200, "canceled")


def test_one_that_runs_is_asked_once_and_goes_on_until_its_worker_ends_it(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    ann.submit(params=CAMERA)
    job_id, epoch = anywhere.start()
    first = stop(ann, job_id).json()
    assert (first["state"], first["cancel_requested_at"]) == ("running", None)
    assert first["stop_requested_at"] is not None
    assert stop(ann, job_id).json()["stop_requested_at"] == first["stop_requested_at"], "the first time counts"
    anywhere.speak(job_id, epoch, "a ball")
    anywhere.finish(job_id, epoch, CAPTIONED)
    assert ann.get(f"/v1/jobs/{job_id}").json()["state"] == "succeeded"


def test_one_that_a_worker_has_just_claimed_is_asked(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    ann.submit(params=CAMERA)
    with anywhere.services.database.write() as session:
        claimed = leases.claim(session, datetime.now(UTC), "gpu", "w1", 60)
    assert claimed is not None
    answer = stop(ann, claimed.id).json()
    assert (answer["state"], answer["stop_requested_at"] is not None) == (str(claimed.state), True)


@pytest.mark.parametrize("waiting", [State.QUEUED, State.RETRY_WAIT])
def test_one_that_waits_to_be_taken_up_again_is_asked_and_keeps_what_it_has(
    anywhere: RunningApp, waiting: State
) -> None:
    ann = anywhere.tenant_client("ann")
    ann.submit(params=CAMERA)
    job_id, _ = anywhere.start()
    with anywhere.services.database.write() as session:
        session.execute(update(Job).where(Job.id == job_id).values(state=waiting, lease_until=None))
    answer = stop(ann, job_id).json()
    assert (answer["state"], answer["stop_requested_at"] is not None) == (str(waiting), True)


def test_a_finished_one_stays_as_it_is(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    ann.submit(params=CAMERA)
    job_id, epoch = anywhere.start()
    anywhere.finish(job_id, epoch, CAPTIONED)
    before = ann.get(f"/v1/jobs/{job_id}").json()
    answer = stop(ann, job_id)
    assert (answer.status_code, answer.json()) == (200, before)
    canceled = ann.submit(params=CAMERA)
    ann.post(f"/v1/jobs/{canceled['id']}/cancel")
    assert stop(ann, canceled["id"]).json()["state"] == "canceled"


def test_what_is_not_live_is_refused_and_told_what_to_do(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit()
    answer = stop(ann, job["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_live")
    assert "cancel" in answer.json()["detail"]
    assert "stop" not in job["links"]
    assert ann.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued"


def test_the_jobs_of_others_are_not_there(here: RunningApp, ann: TenantClient, bob: TenantClient) -> None:
    job = ann.submit(params=CAMERA)
    theirs, nobodys = stop(bob, job["id"]), stop(bob, UUID(int=1))
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert ann.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued"


def test_a_key_that_may_only_read_stops_nothing(here: RunningApp) -> None:
    reader = here.tenant_client("reader", ["jobs:read"])
    assert stop(reader, UUID(int=1)).status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_answer_tells_the_secrets_of_an_address(here: RunningApp, ann: TenantClient, address: str) -> None:
    body = {"kind": "video.caption", "params": {"video": {"url": address}, "live": {}}, "labels": {"a": "b"}}
    submitted = ann.post("/v1/jobs", body, headers={"Idempotency-Key": "once"})
    job_id = submitted.json()["id"]
    assert submitted.json()["params"]["video"]["url"].split("://")[0] == address.split("://")[0]
    batch = ann.post("/v1/jobs/batch", {"jobs": [body]})
    answers = [
        submitted,
        ann.post("/v1/jobs", body, headers={"Idempotency-Key": "once"}),
        batch,
        ann.get("/v1/jobs"),
        ann.get(f"/v1/jobs/{job_id}"),
        ann.get(f"/v1/jobs/{job_id}/history"),
        stop(ann, job_id),
        ann.post(f"/v1/jobs/{job_id}/retry", {}),
        ann.get(f"/v1/jobs/{job_id}/events"),
    ]
    assert [answer.status_code // 100 for answer in answers] == [2] * len(answers), [a.text for a in answers]
    assert not [answer.request.url for answer in answers if SECRET in answer.text]
    with here.services.database.read() as session:
        assert session.get_one(Job, UUID(job_id)).params["video"]["url"] == address, "the worker needs it"


def test_a_retry_keeps_the_real_address(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit(params={"video": {"url": ADDRESSES[0]}})
    stop(ann, job["id"])
    again = ann.post(f"/v1/jobs/{job['id']}/retry", {}).json()
    with here.services.database.read() as session:
        assert session.get_one(Job, UUID(again["id"])).params["video"]["url"] == ADDRESSES[0]


@pytest.mark.parametrize("address", ["rtsp://", f"rtsp://ann:{SECRET}@ /", f"ftp://ann:{SECRET}@a/b"])
def test_a_refused_address_is_not_repeated(here: RunningApp, ann: TenantClient, address: str) -> None:
    answer = ann.post("/v1/jobs", {"kind": "video.caption", "params": {"video": {"url": address}, "live": {}}})
    assert answer.status_code in (202, 422)
    assert SECRET not in json.dumps(answer.json())


def test_an_upload_that_grows_is_followed_in_the_local_store_only(here: RunningApp, ann: TenantClient) -> None:
    begun = ann.upload()
    params = {"video": {"asset_id": begun["asset"]["id"]}, "live": {}}
    assert ann.post("/v1/jobs", {"kind": "video.caption", "params": params}).json()["state"] == "queued"
    waits = ann.post("/v1/jobs", {"kind": "video.caption", "params": {"video": params["video"]}}).json()
    assert waits["state"] != "queued", "without `live` it waits for the whole"


def test_an_upload_to_s3_is_not_followed_and_says_what_to_do(
    tmp_path: Path, s3: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in in_s3(s3).items():
        monkeypatch.setenv(name, value)
    with running_app(tmp_path) as app:
        ann = app.tenant_client("ann")
        begun = ann.upload()
        body = {"kind": "video.caption", "params": {"video": {"asset_id": begun["asset"]["id"]}, "live": {}}}
        answer = ann.post("/v1/jobs", body)
        assert answer.status_code == 422
        assert "without `live`" in answer.text
        assert answer.json()["errors"][0]["pointer"] == "/params/live"
        whole = {**body, "params": {"video": {"asset_id": begun["asset"]["id"]}}}
        assert ann.post("/v1/jobs", whole).status_code == 202
