"""A job done again: everything that follows from its parameters is found anew, on both databases."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from db.documents.kinds.video import Cue
from db.failures import Failure
from db.jobs import jobs, leases, progress, segments
from db.jobs.leases import Usage
from db.jobs.progress import ProgressStep
from db.schema.tables import Job
from tests.api.running_app import MP4, RunningApp, TenantClient

OTHER = MP4 + b"other"


def result(weights: str = "w" * 64, code: str = "1") -> dict[str, Any]:
    origin = {"model": "nano", "family": "f", "engine": "e", "weights_sha256": weights, "code_version": code, "seed": 0}
    return {"cues": 1, "provenance": origin}


def canceled(ann: TenantClient, **fields: Any) -> dict[str, Any]:
    job = ann.submit(**fields)
    ended: dict[str, Any] = ann.post(f"/v1/jobs/{job['id']}/cancel").json()
    return ended


def row(place: RunningApp, job: dict[str, Any]) -> Job:
    with place.services.database.read() as session:
        return session.get_one(Job, UUID(job["id"]))


def test_a_retry_with_another_video_is_no_answer_for_the_first(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    anywhere.worker(code="1")
    first, second = ann.asset(), ann.asset(OTHER)
    source = canceled(ann, params={"video": {"asset_id": first["id"]}})
    again = ann.post(f"/v1/jobs/{source['id']}/retry", {"params": {"video": {"asset_id": second["id"]}}}).json()
    assert row(anywhere, again).asset_id == UUID(second["id"])
    job_id, epoch = anywhere.start()
    anywhere.speak(job_id, epoch, "of the second video")
    anywhere.finish(job_id, epoch, result())
    assert ann.submit(params={"video": {"asset_id": first["id"]}})["state"] == "queued"
    assert ann.submit(params={"video": {"asset_id": second["id"]}})["cached_from"] == again["id"]


def test_a_retry_with_a_model_nobody_serves_is_refused(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    anywhere.worker()
    source = canceled(ann)
    refused = ann.post(f"/v1/jobs/{source['id']}/retry", {"params": {"model": "nanno"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_model")
    again = ann.post(f"/v1/jobs/{source['id']}/retry", {"params": {"model": "nano"}}).json()
    assert row(anywhere, again).model == "nano"


def test_a_retry_waits_in_the_queue_of_its_new_parameters(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    body = {"kind": "datasheet.extract", "params": {"document": {"url": "https://example.com/a.pdf"}}}
    source = ann.post("/v1/jobs", body).json()
    assert row(anywhere, source).queue == "cpu"
    ann.post(f"/v1/jobs/{source['id']}/cancel")
    again = ann.post(f"/v1/jobs/{source['id']}/retry", {"params": {"reader": "vlm"}}).json()
    assert row(anywhere, again).queue == "gpu"


def test_a_retry_is_checked_and_stored_like_a_new_job(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    source = canceled(ann)
    secret = ann.post(f"/v1/jobs/{source['id']}/retry", {"params": {"video": {"s3": {"bucket": "secret", "key": "a"}}}})
    assert secret.status_code == 422
    inline = {"video": {"base64": base64.b64encode(MP4).decode()}}
    again = ann.post(f"/v1/jobs/{source['id']}/retry", {"params": inline}).json()
    stored = row(anywhere, again)
    assert (stored.params["video"]["base64"], str(stored.asset_id)) == (None, stored.params["video"]["asset_id"])


def test_a_retry_keeps_the_priority_or_takes_the_one_asked_for(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    source = canceled(ann, priority=3)
    assert ann.post(f"/v1/jobs/{source['id']}/retry").json()["priority"] == 3
    assert ann.post(f"/v1/jobs/{source['id']}/retry", {"priority": 0}).json()["priority"] == 0


def test_an_asset_still_on_its_way_is_waited_for(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    source, upload = canceled(ann), ann.upload()
    wanted = {"params": {"video": {"asset_id": upload["asset"]["id"]}}}
    again = ann.post(f"/v1/jobs/{source['id']}/retry", wanted).json()
    assert again["state"] == "awaiting_input"
    ann.append(upload, 0, MP4)
    ann.post(upload["complete_url"])
    assert ann.get(f"/v1/jobs/{again['id']}").json()["state"] == "queued"


def test_equal_work_of_another_version_is_done_anew(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    params = {"video": {"asset_id": ann.asset()["id"]}}
    anywhere.worker(code="1")
    ann.submit(params=params)
    job_id, epoch = anywhere.start()
    anywhere.finish(job_id, epoch, result(code="1"))
    assert ann.submit(params=params)["state"] == "succeeded"
    anywhere.worker(code="2")
    assert ann.submit(params=params)["state"] == "queued"


def test_what_other_weights_made_is_no_answer(anywhere: RunningApp) -> None:
    """The workers were exchanged between the submit and the end; later the first weights are served again."""
    ann = anywhere.tenant_client("ann")
    params = {"video": {"asset_id": ann.asset()["id"]}}
    anywhere.worker(code="1")
    ann.submit(params=params)
    job_id, epoch = anywhere.start()
    anywhere.finish(job_id, epoch, result(weights="x" * 64))
    assert ann.submit(params=params)["state"] == "queued"


def test_what_was_begun_by_other_weights_is_no_answer(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    params = {"video": {"asset_id": ann.asset()["id"]}}
    anywhere.worker(code="1")
    ann.submit(params=params)
    job_id, epoch = anywhere.start()
    with anywhere.services.database.write() as session:
        assert leases.release(session, datetime.now(UTC), job_id, epoch, Usage(weights_sha256="x" * 64))
    job_id, epoch = anywhere.start()
    anywhere.finish(job_id, epoch, result())
    assert ann.submit(params=params)["state"] == "queued"


def test_what_goes_on_from_a_checkpoint_is_no_answer_for_others(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    params = {"video": {"asset_id": ann.asset()["id"]}}
    source = ann.submit(params=params)
    job_id, epoch = anywhere.start()
    anywhere.speak(job_id, epoch, "by nobody knows which weights")
    with anywhere.services.database.write() as session:
        jobs.request_cancel(session, datetime.now(UTC), session.get_one(Job, job_id))
        leases.cancel_owned(session, datetime.now(UTC), job_id, epoch, Usage())
    anywhere.worker()
    again = ann.post(f"/v1/jobs/{source['id']}/retry").json()
    assert (again["progress"]["cues"], row(anywhere, again).cache_key) == (1, None)


def test_a_split_job_done_again_has_every_cue_once(anywhere: RunningApp) -> None:
    """The first merge wrote the cues of the segment that succeeded, then failed for the other one."""
    ann, now = anywhere.tenant_client("ann"), datetime.now(UTC)
    source = ann.submit(params={"mode": "parallel", "spread": "workers", "segments": 2})
    parent, epoch = anywhere.start()
    with anywhere.services.database.write() as session:
        part = {**session.get_one(Job, parent).params, "mode": "stream"}
        assert segments.split(session, now, parent, epoch, [part, part], Usage())
    merged(anywhere, parent, Failure.INVALID_MEDIA)
    again = ann.post(f"/v1/jobs/{source['id']}/retry").json()
    assert (again["state"], again["progress"]["cues"]) == ("awaiting_input", 0)
    assert not ann.get(f"/v1/jobs/{again['id']}/captions.json").json()["cues"]
    merged(anywhere, UUID(again["id"]), None)
    assert ann.get(f"/v1/jobs/{again['id']}").json()["progress"]["cues"] == 1


def merged(place: RunningApp, parent: UUID, failure: Failure | None) -> None:
    """Do the segments that are queued, the second one with `failure`, then merge as the handler does."""
    now = datetime.now(UTC)
    with place.services.database.read() as session:
        left = sum(one.state == "queued" for one in segments.outcomes(session, parent))
    for _ in range(left):
        job_id, epoch = place.start()
        with place.services.database.write() as session:
            if session.get_one(Job, job_id).part_index == 1 and failure is not None:
                leases.fail(session, now, job_id, epoch, leases.Ending(failure, "bad"), place.services.settings)
                continue
        place.finish(job_id, epoch, result())
    with place.services.database.write() as session:
        assert [job.id for job in segments.rejoin(session, now)] == [parent]
    job_id, epoch = place.start()
    cue = Cue(seq=0, start_ms=0, end_ms=1000, text="of the first part", chunk_first=0, chunk_last=0)
    with place.services.database.write() as session:
        assert progress.save(session, now, job_id, epoch, ProgressStep([cue], {"split": 2, "joined": 1}, 1000))
        if failure is not None:
            leases.fail(session, now, job_id, epoch, leases.Ending(failure, "bad"), place.services.settings)
            return
    place.finish(job_id, epoch, result())
