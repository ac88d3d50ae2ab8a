"""One claimed job from its claim to its end, with a real database, store and model child."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import update

from db.documents.event_types import HistoryEventType
from db.failures import Failure
from db.jobs import cues, jobs
from db.schema.tables import Job, State
from tests.worker.supervisor.worker_harness import WorkerHarness
from worker.supervisor.attempt import Attempt, StopReason
from worker.supervisor.runner import run

CAPTION = "video.caption"


def do(harness: WorkerHarness, attempt: Attempt) -> str:
    try:
        return run(harness.services, attempt)
    finally:
        harness.registry.remove(attempt)


def test_a_job_runs_to_its_result_and_leaves_no_files_behind(running: WorkerHarness) -> None:
    sample_video = running.add_sample_video()
    job = running.submit(CAPTION, {"video": sample_video})
    attempt = running.claim()
    assert do(running, attempt) == "succeeded"
    done = running.job(job.id)
    assert (done.state, done.failure) == (State.SUCCEEDED, None)
    assert done.started_at is not None
    assert done.result is not None
    assert done.result["cues"] == done.cue_count > 0
    assert not attempt.folder.exists()
    with running.database.read() as session:
        names = {file.name for file in jobs.files(session, job.id)}
    assert names >= {"captions.vtt", "captions.srt"}


def change(harness: WorkerHarness, job: Job, **values: object) -> None:
    """As another version of the service may have stored it."""
    with harness.database.write() as session:
        session.execute(update(Job).where(Job.id == job.id).values(**values))


def test_a_kind_that_this_version_does_not_know_fails(running: WorkerHarness) -> None:
    job = running.submit()
    change(running, job, kind="poem.write")
    assert do(running, running.claim()) == State.FAILED
    assert running.job(job.id).failure is Failure.UNSUPPORTED


def test_parameters_that_this_version_does_not_know_fail(running: WorkerHarness) -> None:
    job = running.submit()
    change(running, job, params={"messages": []})
    assert do(running, running.claim()) == State.FAILED
    failed = running.job(job.id)
    assert failed.failure is Failure.BAD_PARAMS
    assert "messages" in (failed.failure_message or "")


def test_an_input_that_is_not_there_fails(running: WorkerHarness) -> None:
    job = running.submit(CAPTION, {"video": {"asset_id": str(uuid4())}})
    assert do(running, running.claim()) == State.FAILED
    assert running.job(job.id).failure is Failure.FETCH_FAILED


def test_a_scratch_folder_that_cannot_be_made_is_tried_elsewhere(running: WorkerHarness) -> None:
    job = running.submit()
    attempt = running.claim()
    attempt.folder.rmdir()
    attempt.folder.write_text("in the way")
    assert do(running, attempt) == State.RETRY_WAIT
    row = running.last_attempt(job.id)
    assert (row.failure, "the scratch folder fails" in (row.message or "")) == (Failure.STORAGE, True)
    change(running, job, state=State.CANCELED)
    attempt.folder.unlink()


def test_a_job_that_is_canceled_before_it_begins_does_not_begin(running: WorkerHarness) -> None:
    job = running.submit()
    attempt = running.claim()
    attempt.stop(StopReason.CANCELED)
    assert do(running, attempt) == "canceled"
    assert running.job(job.id).started_at is None


def test_inline_bytes_reach_the_handler(running: WorkerHarness) -> None:
    running.add_sample_video()
    sample_video = base64.b64encode((running.folder / "film.mp4").read_bytes()).decode()
    job = running.submit(CAPTION, {"video": {"base64": sample_video}, "end_ms": 2000})
    assert do(running, running.claim()) == "succeeded"
    assert running.job(job.id).cue_count > 0


def test_after_an_out_of_memory_the_frames_are_smaller_and_the_history_says_so(running: WorkerHarness) -> None:
    job = running.submit(CAPTION, {"video": running.add_sample_video(), "end_ms": 2000, "max_frame_pixels": 65_536})
    change(running, job, memory_setbacks=2)
    assert do(running, running.claim()) == "succeeded"
    assert running.events(job.id)[HistoryEventType.FRAME_BUDGET] == {"max_frame_pixels": 16_384, "setbacks": 2}


def test_without_a_setback_the_history_says_nothing_of_frames(running: WorkerHarness) -> None:
    job = running.submit(CAPTION, {"video": running.add_sample_video(), "end_ms": 2000})
    assert do(running, running.claim()) == "succeeded"
    assert HistoryEventType.FRAME_BUDGET not in running.events(job.id)


@pytest.mark.slow
def test_a_job_whose_child_died_goes_on_after_its_last_cue(
    harnesses: Callable[..., WorkerHarness], tmp_path: Path
) -> None:
    harness = harnesses(f"fake=fake?crash_at=2&once={tmp_path / 'crashed'}")
    harness.keep_running()
    job = harness.submit(CAPTION, {"video": harness.add_sample_video()})
    assert do(harness, harness.claim()) == State.RETRY_WAIT
    kept = _texts(harness, job)
    assert kept
    change(harness, job, state=State.QUEUED)
    assert do(harness, harness.claim()) == "succeeded"
    texts = _texts(harness, job)
    assert texts[: len(kept)] == kept
    assert len(texts) == len(set(texts)) == 6
    assert harness.last_attempt(job.id).resumed_from_ms > 0
    with harness.database.read() as session:
        [captions] = [file for file in jobs.files(session, job.id) if file.name == "captions.vtt"]
    vtt = harness.objects.read(captions.object_key).decode()
    assert [text for text in texts if text not in vtt] == []  # those of the first attempt too


def _texts(harness: WorkerHarness, job: Job) -> list[str]:
    with harness.database.read() as session:
        return [cue.text for cue in cues.after(session, job.id)]


@pytest.mark.parametrize("segments", [2, 3])
def test_a_split_job_is_merged_from_what_its_segments_left(running: WorkerHarness, segments: int) -> None:
    params = {"video": running.add_sample_video(), "mode": "parallel", "spread": "workers", "segments": segments}
    job = running.submit(CAPTION, {**params, "warmup_ms": 0})
    assert do(running, running.claim()) == "split"
    for _ in range(segments):
        assert do(running, running.claim()) == "succeeded"
    change(running, job, state=State.QUEUED)
    assert do(running, running.claim()) == "succeeded"
    texts = _texts(running, job)
    assert len(texts) == len(set(texts)) == running.job(job.id).cue_count > 0
