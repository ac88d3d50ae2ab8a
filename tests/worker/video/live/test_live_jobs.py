"""Live jobs through a worker's parts, with a real RTSP server, database and store: stopped, canceled, cut off, handed on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from db.jobs import cues, jobs
from db.jobs.live import stopping
from db.schema.tables import Job, State
from tests.waiting import until
from tests.worker.supervisor.worker_harness import WorkerHarness, now
from tests.worker.video.live.servers import RtspServer
from worker.supervisor.attempt import Attempt, StopReason
from worker.supervisor.runner import run

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]


@pytest.fixture
def rtsp() -> Iterator[RtspServer]:
    server = RtspServer("ann", "s3cret")
    yield server
    server.cut()


@pytest.fixture
def harness(harnesses: Callable[..., WorkerHarness]) -> WorkerHarness:
    made = harnesses("fake=fake", stop_s=10.0)
    made.settings.allow_networks.append("127.0.0.0/8")
    made.keep_running()
    return made


class LiveJob:
    """A job that follows a source, run by one attempt after another on a thread."""

    def __init__(self, harness: WorkerHarness, url: str, **options: Any) -> None:
        self.harness = harness
        params = {"video": {"url": url}, "live": options, "chunk_ms": 1000, "max_frame_pixels": 4096}
        self.id = harness.submit("video.caption", params).id
        self.begin()

    def begin(self) -> None:
        self.attempt: Attempt = self.harness.claim()
        self._thread = threading.Thread(target=run, args=(self.harness.services, self.attempt), daemon=True)
        self._thread.start()

    @property
    def row(self) -> Job:
        return self.harness.job(self.id)

    def until_cues(self, count: int) -> None:
        until(lambda: self.row.cue_count >= count, "too few captions", seconds=45)

    def ask(self, what: Callable[..., Job]) -> None:
        with self.harness.database.write() as session:
            what(session, now(), session.get_one(Job, self.id))

    def stop(self) -> None:
        self.ask(stopping.request_stop)
        self.harness.child_manager.finish(self.attempt)
        self.ended()

    def ended(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()


def accounted(row: Job) -> None:
    """Every millisecond is captioned or in a gap."""
    assert row.result is not None
    told = row.result["live"]
    assert told["captioned_ms"] + told["gap_ms"] == row.result["duration_ms"]


def test_a_live_job_is_stopped_with_a_complete_result(harness: WorkerHarness, rtsp: RtspServer) -> None:
    job = LiveJob(harness, rtsp.url)
    job.until_cues(3)
    job.stop()
    row = job.row
    assert (row.state, row.result["live"]["ended"]) == (State.SUCCEEDED, "stopped")  # type: ignore[index]
    accounted(row)
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
    accounted(row)
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
    accounted(row)
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
    accounted(row)
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
