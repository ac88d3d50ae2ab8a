"""Submitting, reading, canceling, retrying and deleting jobs over HTTP."""

from __future__ import annotations

import base64
import threading
import time
from datetime import UTC, datetime
from typing import Any

from db.jobs import leases
from db.jobs.leases import Usage
from tests.api.running_app import MP4, RunningApp, TenantClient

RESULT = {"cues": 0}


def test_a_submitted_job_is_queued_and_can_be_read(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    job = ann.submit(labels={"team": "news"}, priority=5)
    assert job["state"] == "queued"
    again = ann.get(f"/v1/jobs/{job['id']}").json()
    assert again["params"]["fps"] == 2.0
    assert again["labels"] == {"team": "news"}
    assert again["priority"] == 5
    assert again["estimate"]["ahead"] == 0


def test_the_same_key_and_body_submit_once(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    body = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}
    first, second = (ann.post("/v1/jobs", body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    other = ann.post("/v1/jobs", {**body, "priority": 1}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"
    assert len(ann.get("/v1/jobs").json()["items"]) == 1


def test_twins_at_the_same_moment_make_one_job(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    body = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}
    answers: list[Any] = []

    def submit() -> None:
        answers.append(ann.post("/v1/jobs", body, headers={"Idempotency-Key": "twin"}))

    threads = [threading.Thread(target=submit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 202}) == 1
    assert len(ann.get("/v1/jobs").json()["items"]) == 1


def test_a_key_of_one_tenant_says_nothing_to_another(here: RunningApp, ann: TenantClient, bob: TenantClient) -> None:
    body = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}
    first, second = (who.post("/v1/jobs", body, headers={"Idempotency-Key": "k"}).json()["id"] for who in (ann, bob))
    assert first != second


def test_a_wrong_field_is_named(ann: TenantClient) -> None:
    params = {"video": {"url": "https://example.com/a.mp4"}, "fps": 99, "colour": "red"}
    answer = ann.post("/v1/jobs", {"kind": "video.caption", "params": params})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/params/fps", "/params/colour"}


def test_inputs_that_cannot_be_used_are_refused(ann: TenantClient, bob: TenantClient) -> None:
    foreign = bob.asset()["id"]
    inputs = [
        {"asset_id": foreign},
        {"asset_id": "not-a-uuid"},
        {"s3": {"bucket": "elsewhere", "key": "a.mp4"}},
        {"base64": "!!!!"},
        {"base64": "ÄÖÜß"},
        {"base64": base64.b64encode(b"plain text").decode()},
        {"url": "file:///etc/passwd"},
        {},
        {"url": "https://a.example/x", "asset_id": foreign},
    ]
    for video in inputs:
        answer = ann.post("/v1/jobs", {"kind": "video.caption", "params": {"video": video}})
        assert answer.status_code == 422, video
        assert answer.headers["content-type"] == "application/problem+json"
    assert ann.get("/v1/jobs").json()["items"] == []


def test_inline_bytes_become_an_asset(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit(params={"video": {"base64": base64.b64encode(MP4).decode()}})
    asset = ann.get(f"/v1/assets/{job['asset_id']}").json()
    assert (asset["state"], asset["sniffed_type"], asset["size_bytes"]) == ("ready", "video/mp4", len(MP4))
    assert job["params"]["video"]["base64"] is None
    twin = ann.submit(params={"video": {"base64": base64.b64encode(MP4).decode()}})
    assert twin["asset_id"] == job["asset_id"]


def test_a_registered_bucket_is_taken(ann: TenantClient) -> None:
    assert ann.submit(params={"video": {"s3": {"bucket": "inputs", "key": "a.mp4"}}})["state"] == "queued"


def test_a_batch_is_all_or_nothing(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    good = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}
    bad = {"kind": "video.caption", "params": {"video": {"asset_id": "01900000-0000-7000-8000-000000000000"}}}
    refused = ann.post("/v1/jobs/batch", {"jobs": [good, bad]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/jobs/1/params"
    assert ann.get("/v1/jobs").json()["items"] == []
    taken = ann.post("/v1/jobs/batch", {"jobs": [good] * 3}, headers={"Idempotency-Key": "b"})
    assert taken.status_code == 202
    assert len({job["id"] for job in taken.json()["jobs"]}) == 3
    assert ann.post("/v1/jobs/batch", {"jobs": [good] * 3}, headers={"Idempotency-Key": "b"}).json() == taken.json()


def test_a_queued_job_is_canceled_at_once_and_a_running_one_is_flagged(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    queued, running = ann.submit(), ann.submit(priority=9)
    anywhere.start()
    assert ann.post(f"/v1/jobs/{queued['id']}/cancel").json()["state"] == "canceled"
    flagged = ann.post(f"/v1/jobs/{running['id']}/cancel").json()
    assert (flagged["state"], flagged["cancel_requested_at"] is not None) == ("running", True)
    again = ann.post(f"/v1/jobs/{queued['id']}/cancel")
    assert (again.status_code, again.json()["state"]) == (200, "canceled")


def test_a_retry_goes_on_from_the_checkpoint_or_from_zero(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit()
    assert ann.post(f"/v1/jobs/{job['id']}/retry", {}).json()["code"] == "not_finished"
    job_id, epoch = here.start()
    here.speak(job_id, epoch, "one", "two")
    ann.post(f"/v1/jobs/{job['id']}/cancel")
    with here.services.database.write() as session:
        leases.cancel_owned(session, datetime.now(UTC), job_id, epoch, Usage())
    again = ann.post(f"/v1/jobs/{job['id']}/retry").json()
    assert (again["retry_of"], again["progress"]["cues"], again["progress"]["done_ms"]) == (job["id"], 2, 2000)
    anew = ann.post(f"/v1/jobs/{job['id']}/retry", {"params": {"fps": 1}}).json()
    assert (anew["progress"]["cues"], anew["params"]["fps"]) == (0, 1.0)
    wrong = ann.post(f"/v1/jobs/{job['id']}/retry", {"params": {"fps": -1}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/params/fps")
    both = ann.post(f"/v1/jobs/{job['id']}/retry", {"params": {"fps": 1}, "start": "checkpoint"})
    assert both.status_code == 422


def test_a_deleted_job_is_gone(ann: TenantClient) -> None:
    job = ann.submit()
    assert ann.call("DELETE", f"/v1/jobs/{job['id']}").status_code == 204
    for path in ("", "/events", "/captions.vtt", "/history", "/files"):
        assert ann.get(f"/v1/jobs/{job['id']}{path}").status_code == 404
    assert ann.call("DELETE", f"/v1/jobs/{job['id']}").status_code == 404
    assert ann.get("/v1/jobs").json()["items"] == []


def test_pages_hold_every_job_once(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    made = [ann.submit()["id"] for _ in range(7)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = ann.get(f"/v1/jobs?limit=3{cursor}").json()
        seen += [job["id"] for job in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]
    assert ann.get("/v1/jobs?cursor=nonsense").status_code == 422


def test_filters_agree_with_what_they_say(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    spoken, labelled = ann.submit(priority=1), ann.submit(labels={"team": "sports"})
    job_id, epoch = anywhere.start()
    anywhere.speak(job_id, epoch, "A dog 100% runs")
    for query, expected in (
        ("state=running", {spoken["id"]}),
        ("state=running&state=queued", {spoken["id"], labelled["id"]}),
        ("label=team:sports", {labelled["id"]}),
        ("q=DOG+100%25", {spoken["id"]}),
        ("q=d_g", set()),
        ("kind=other", set()),
        ("created_before=2020-01-01T00:00:00Z", set()),
    ):
        assert {job["id"] for job in ann.get(f"/v1/jobs?{query}").json()["items"]} == expected, query
    assert ann.get("/v1/jobs?nonsense=1").status_code == 422


def test_equal_work_is_not_done_twice(here: RunningApp, ann: TenantClient, bob: TenantClient) -> None:
    here.worker()
    params = {"video": {"asset_id": ann.asset()["id"]}, "fps": 1}
    first = ann.submit(params=params)
    assert first["state"] == "queued"
    job_id, epoch = here.start()
    here.speak(job_id, epoch, "one", "two")
    here.finish(job_id, epoch, RESULT, overlay=b"<svg/>")
    again = ann.submit(params={**params, "video": {"base64": base64.b64encode(MP4).decode()}})
    assert (again["state"], again["cached_from"], again["result"]) == ("succeeded", first["id"], RESULT)
    assert "two" in ann.get(f"/v1/jobs/{again['id']}/captions.vtt").text
    assert ann.get(f"/v1/jobs/{again['id']}/files/overlay").content == b"<svg/>"
    assert ann.submit(params=params, cache="bypass")["state"] == "queued"
    assert ann.submit(params={**params, "fps": 2})["state"] == "queued"
    assert bob.submit(params={**params, "video": {"asset_id": bob.asset()["id"]}})["state"] == "queued"
    here.worker(weights="x" * 64)
    assert ann.submit(params=params)["state"] == "queued"


def test_waiting_gives_the_end_or_what_there_is(here: RunningApp, ann: TenantClient) -> None:
    body = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}
    slow = ann.post("/v1/jobs", body, headers={"Prefer": "wait=1"})
    assert (slow.status_code, slow.json()["state"]) == (202, "queued")
    ann.post(f"/v1/jobs/{slow.json()['id']}/cancel")

    def work() -> None:
        time.sleep(0.3)
        job_id, epoch = here.start()
        here.finish(job_id, epoch, RESULT)

    worker = threading.Thread(target=work)
    worker.start()
    began = time.monotonic()
    done = ann.post("/v1/jobs", body, headers={"Prefer": "wait=20"})
    worker.join()
    assert (done.status_code, done.json()["result"]) == (200, RESULT)
    assert done.headers["preference-applied"] == "wait=20"
    assert time.monotonic() - began < 10


def test_history_tells_events_and_attempts(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit()
    job_id, epoch = here.start()
    here.finish(job_id, epoch, RESULT)
    history = ann.get(f"/v1/jobs/{job['id']}/history").json()
    assert [event["type"] for event in history["events"]] == ["job.queued", "job.started", "job.succeeded"]
    assert [attempt["outcome"] for attempt in history["attempts"]] == ["succeeded"]


def test_a_model_nobody_serves_is_refused_with_those_that_are(here: RunningApp, ann: TenantClient) -> None:
    wanted = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}, "model": "nanno"}}
    assert ann.post("/v1/jobs", wanted).status_code == 202, "no worker is alive to say what it serves"
    here.worker()
    refused = ann.post("/v1/jobs", wanted)
    assert refused.status_code == 422
    assert refused.json()["code"] == "unknown_model"
    assert "nano" in refused.json()["detail"]


def test_jobs_are_listed_by_verdict(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    made = {}
    for state in ("verified", "check", "no_footprint", None):
        ann.submit()
        job_id, epoch = anywhere.start()
        anywhere.finish(job_id, epoch, {"verdict": {"state": state, "items": 2}} if state else {"cues": 1})
        made[state] = str(job_id)
    for wanted in (["check"], ["verified", "no_footprint"]):
        found = ann.get("/v1/jobs?" + "&".join(f"verdict={one}" for one in wanted)).json()["items"]
        assert {job["id"] for job in found} == {made[one] for one in wanted}
        assert {job["verdict"]["state"] for job in found} == set(wanted)
    assert ann.get(f"/v1/jobs/{made[None]}").json()["verdict"] is None
    assert ann.get("/v1/jobs?verdict=fine").status_code == 422
