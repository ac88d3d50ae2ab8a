"""Live jobs through a worker's parts, with a real RTSP server, database and store: stopped, canceled, cut off, handed on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from db.jobs import cues, jobs
from db.schema.tables import State
from tests.worker.supervisor.worker_harness import WorkerHarness
from tests.worker.video.live.live_job import LiveJob, accounted
from tests.worker.video.live.servers import RtspServer
from worker.supervisor.attempt import StopReason

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture
def rtsp() -> Iterator[RtspServer]:
    server = RtspServer("ann", "s3cret")
    yield server
    server.cut()


def test_a_live_job_is_stopped_with_a_complete_result(harness: WorkerHarness, rtsp: RtspServer) -> None:
    job = LiveJob(harness, rtsp.url)
    job.until_cues(3)
    job.stop()
    row = job.row
    assert (row.state, row.result["live"]["ended"]) == (State.SUCCEEDED, "stopped")  # type: ignore[index]
    accounted(job)
    with harness.database.read() as session:
        told = cues.after(session, job.id)
        names = [file.name for file in jobs.files(session, job.id)]
    assert len(told) == row.result["cues"] >= 3  # type: ignore[index]
    assert {"captions.vtt", "captions.json"} <= {*names}


def test_a_canceled_live_job_keeps_its_result_too(harness: WorkerHarness, rtsp: RtspServer) -> None:
    job = LiveJob(harness, rtsp.url)
    job.until_cues(2)
    job.ask(jobs.request_cancel)
    job.attempt.stop(StopReason.CANCELED)
    job.ended()
    row = job.row
    assert row.state is State.CANCELED
    accounted(job)
    with harness.database.read() as session:
        assert "captions.vtt" in {file.name for file in jobs.files(session, job.id)}


def test_a_cut_is_a_gap_and_the_job_goes_on(harness: WorkerHarness, rtsp: RtspServer) -> None:
    job = LiveJob(harness, rtsp.url)
    job.until_cues(2)
    with rtsp.away(3):
        before = job.row.cue_count
    job.until_cues(before + 2)
    job.stop()
    row = job.row
    accounted(job)
    assert row.result is not None
    assert row.result["live"]["reconnects"] >= 1
    longest = max(row.result["gaps"], key=lambda gap: gap["end_ms"] - gap["start_ms"])
    assert longest["end_ms"] - longest["start_ms"] >= 2000


def test_a_job_that_is_handed_on_tells_the_time_between_as_a_gap(harness: WorkerHarness, rtsp: RtspServer) -> None:
    job = LiveJob(harness, rtsp.url, record=True)
    job.until_cues(2)
    job.attempt.stop(StopReason.DRAINED)
    job.ended()
    assert job.row.state is State.QUEUED
    time.sleep(2)
    job.begin()
    job.until_cues(job.row.cue_count + 2)
    job.stop()
    row = job.row
    assert row.state is State.SUCCEEDED
    accounted(job)
    assert row.result is not None
    assert "the job was taken up again by a worker" in {gap["reason"] for gap in row.result["gaps"]}
    recorded = row.result["live"]["recording"]
    assert row.recorded_bytes == sum(part["size_bytes"] for part in recorded) > 0


def test_no_password_leaves_the_job(harness: WorkerHarness, rtsp: RtspServer) -> None:
    job = LiveJob(harness, rtsp.url)
    job.until_cues(1)
    job.stop()
    with harness.database.read() as session:
        files = {file.name: harness.objects.read(file.object_key) for file in jobs.files(session, job.id)}
    assert files
    assert not any(b"s3cret" in body for body in files.values())
    assert "s3cret" not in str(job.row.result)
    assert "s3cret" not in str(harness.events(job.id))
