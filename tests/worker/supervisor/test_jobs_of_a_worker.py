"""A worker's heart: what it claims, what it tells others of its slots, and how it lets go; with a real model child."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from db.jobs import leases
from db.schema.tables import Job, State
from tests.waiting import GUARD_S, until
from tests.worker.supervisor.worker_harness import WorkerHarness, now
from worker import metrics
from worker.protocol import ModelReport
from worker.supervisor.supervisor import Supervisor, realtime_factor

pytestmark = pytest.mark.processes


def supervisor_of(harness: WorkerHarness, queue: str = "gpu") -> Supervisor:
    return Supervisor(harness.services, harness.registry, queue, "w-1", harness.scratch)


@pytest.fixture
def slow(harnesses: Callable[..., WorkerHarness]) -> WorkerHarness:
    harness = harnesses("fake=fake?delay_ms=10000", slots=2)
    harness.keep_running()
    return harness


@pytest.fixture
def supervisor(running: WorkerHarness) -> Iterator[Supervisor]:
    yield supervisor_of(running)
    assert running.registry.all() == []


def look(supervisor: Supervisor) -> threading.Thread:
    thread = threading.Thread(target=supervisor.look, daemon=True)
    thread.start()
    return thread


def begun(harness: WorkerHarness, supervisor: Supervisor) -> Job:
    """A job that the child works on for long."""
    job = harness.submit("chat.complete", {"messages": [{"role": "user", "content": "long " * 100}]})
    look(supervisor)
    until(lambda: harness.job(job.id).state is State.RUNNING)
    return job


def test_a_look_does_all_that_waits_one_after_another(running: WorkerHarness, supervisor: Supervisor) -> None:
    ids = [running.submit().id for _ in range(3)]
    assert supervisor.waiting() == 3
    assert supervisor.look() == 3
    assert {running.job(job_id).state for job_id in ids} == {State.SUCCEEDED}
    assert {running.last_attempt(job_id).worker_id for job_id in ids} == {"w-1"}
    assert (supervisor.waiting(), supervisor.look(), supervisor.looks) == (0, 0, 2)


def test_jobs_of_other_queues_and_models_are_left_alone(running: WorkerHarness, supervisor: Supervisor) -> None:
    other = running.submit(model="other")
    assert (supervisor.waiting(), supervisor.look()) == (0, 0)
    assert supervisor_of(running, "cpu").waiting() == 0
    with running.database.write() as session:
        session.get_one(Job, other.id).model = "fake"
    assert supervisor.look() == 1


def test_a_gpu_worker_without_a_model_offers_and_claims_nothing(harness: WorkerHarness) -> None:
    job = harness.submit()
    gpu, cpu = supervisor_of(harness), supervisor_of(harness, "cpu")
    assert (gpu.offered, gpu.waiting(), gpu.look()) == (0, 0, 0)
    assert harness.job(job.id).state is State.QUEUED
    assert (cpu.offered, cpu.served) == (harness.worker.slots, None)  # its jobs need no resident model


def test_no_more_is_counted_as_waiting_than_there_are_free_slots(slow: WorkerHarness) -> None:
    supervisor = supervisor_of(slow)
    for _ in range(3):
        slow.submit(priority=-1)
    assert supervisor.waiting() == 2
    begun(slow, supervisor)
    assert supervisor.waiting() == 1
    supervisor.slots.close()
    assert supervisor.waiting() == 0


def test_a_cancel_stops_the_job_it_names_and_no_other(slow: WorkerHarness) -> None:
    supervisor = supervisor_of(slow)
    first, second = begun(slow, supervisor), begun(slow, supervisor)
    supervisor.cancel(first.id)
    until(lambda: slow.job(first.id).state is State.CANCELED)
    assert slow.job(second.id).state is State.RUNNING


def test_a_drain_hands_back_what_runs_and_takes_no_more(slow: WorkerHarness) -> None:
    supervisor = supervisor_of(slow)
    job = begun(slow, supervisor)
    supervisor.drain(10)
    assert slow.job(job.id).state is State.QUEUED
    assert slow.last_attempt(job.id).outcome == "released"
    assert slow.job(job.id).setbacks == 0
    assert (supervisor.slots.free, supervisor.look()) == (0, 0)


def test_a_job_that_does_not_stop_in_time_is_handed_back_as_it_is(harnesses: Callable[..., WorkerHarness]) -> None:
    harness = harnesses("fake=fake?hang_at=2", stop_s=60.0)
    harness.keep_running()
    supervisor = supervisor_of(harness)
    job = harness.submit("video.caption", {"video": harness.add_sample_video()})
    look(supervisor)
    until(lambda: harness.job(job.id).state is State.RUNNING and harness.job(job.id).cue_count > 0)
    kept, asked = harness.job(job.id).checkpoint, time.monotonic()
    supervisor.drain(0.5)
    assert 0.4 < time.monotonic() - asked < 30, "the child alone would have a minute"
    back = harness.job(job.id)
    assert (back.state, back.checkpoint) == (State.QUEUED, kept)
    assert 0.4 < harness.last_attempt(job.id).busy_seconds < 600


def test_a_database_that_is_away_is_no_end_of_the_worker(running: WorkerHarness, supervisor: Supervisor) -> None:
    job = running.submit()
    file = running.folder / "bm3.sqlite3"
    running.database.dispose()
    file.rename(file.with_suffix(".away"))
    try:
        assert (supervisor.waiting(), supervisor.look()) == (0, 0)
    finally:
        running.database.dispose()
        file.with_suffix(".away").replace(file)
    assert supervisor.look() == 1
    assert running.job(job.id).state is State.SUCCEEDED


def test_how_long_it_waited_and_how_fast_it_went_is_measured(running: WorkerHarness, supervisor: Supervisor) -> None:
    job = running.submit("video.caption", {"video": running.add_sample_video()})
    with running.database.write() as session:
        session.get_one(Job, job.id).queued_at = now().replace(year=now().year - 1)
    waits, factors = metrics.QUEUE_WAIT.labels(queue="gpu"), metrics.REALTIME_FACTOR.labels(kind="video.caption")
    ended = metrics.JOBS_FINISHED.labels(kind="video.caption", outcome="succeeded")._value
    before = waits._sum.get(), factors._sum.get(), ended.get()
    assert supervisor.look() == 1
    assert waits._sum.get() - before[0] > 300 * 86_400
    assert factors._sum.get() > before[1]
    assert ended.get() == before[2] + 1


def test_without_a_free_slot_nothing_is_claimed(harnesses: Callable[..., WorkerHarness]) -> None:
    harness = harnesses("fake=fake", slots=1)
    harness.child_manager.models = (ModelReport(name="fake"),)
    supervisor, job = supervisor_of(harness), harness.submit()
    with supervisor.slots.one(0):
        assert (supervisor.slots.free, supervisor.waiting(), supervisor.look()) == (0, 0, 0)
    assert harness.job(job.id).state is State.QUEUED
    assert (supervisor.slots.free, supervisor.waiting()) == (1, 1)


def test_a_worker_with_a_price_tells_what_its_time_costs(harnesses: Callable[..., WorkerHarness]) -> None:
    priced, free = supervisor_of(harnesses("fake=fake", gpu_hour_price=3.6)), supervisor_of(harnesses("fake=fake"))
    assert (priced._cost(10.0), free._cost(10.0)) == (0.01, None)
    assert priced._cost(1e-4) == 1e-7, "a short job is not free"


def test_a_worker_counts_its_jobs_and_their_seconds(running: WorkerHarness, supervisor: Supervisor) -> None:
    seconds = metrics.GPU_SECONDS.labels(queue="gpu", kind="chat.complete")._value
    before, at_work, began = seconds.get(), metrics.RUNNING._value.get(), time.monotonic()
    running.submit()
    assert supervisor.look() == 1
    assert 0 < seconds.get() - before <= time.monotonic() - began
    assert metrics.RUNNING._value.get() == at_work


def test_a_good_end_is_told_to_the_job_it_names(slow: WorkerHarness) -> None:
    supervisor = supervisor_of(slow)
    first, second = begun(slow, supervisor), begun(slow, supervisor)
    supervisor.finish(first.id)
    finishing = {attempt.id: attempt.finishing for attempt in slow.registry.all()}
    assert finishing == {first.id: True, second.id: False}


def test_twelve_seconds_of_video_in_four_of_work_are_a_factor_of_three() -> None:
    assert realtime_factor(12_000, 4.0) == 3.0


def test_a_lost_job_counts_as_no_success(running: WorkerHarness, supervisor: Supervisor) -> None:
    job = running.submit("video.caption", {"video": running.add_sample_video()})
    thread = look(supervisor)
    until(lambda: running.job(job.id).state is State.RUNNING)
    with running.database.write() as session:
        assert leases.release(session, now(), job.id, 1, leases.Usage())
        session.get_one(Job, job.id).state = State.CANCELED
    thread.join(GUARD_S)
    assert not thread.is_alive()
    assert running.last_attempt(job.id).outcome == "released"
