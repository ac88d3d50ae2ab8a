"""A worker process as an operator sees it: it works, says so, and leaves in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from db.broker.queue import RedisSignals
from db.broker.signals import CancelAsked, Nudge
from db.jobs import jobs
from db.schema.tables import Job, State, Worker
from tests.servers import _die_with_parent
from tests.waiting import GUARD_S, until
from tests.worker.supervisor.worker_harness import WorkerHarness, now
from worker.supervisor.process import clean_scratch

LONG = {"messages": [{"role": "user", "content": "long " * 100}]}
SETTINGS = {"BM3_BEAT_S": "0.5", "BM3_WORKER_POLL_S": "3600", "BM3_RENUDGE_S": "1", "BM3_WORKER_SLOTS": "2"}

pytestmark = pytest.mark.processes


class WorkerProcess:
    """`python -m worker gpu` on the database, store and broker of a harness."""

    def __init__(self, harness: WorkerHarness, models: str, **more: str) -> None:
        self.harness = harness
        self.signals = RedisSignals(harness.settings.redis_url)
        ours = {
            "BM3_DATA_DIR": str(harness.folder),
            "BM3_REDIS_URL": harness.settings.redis_url,
            "BM3_WORKER_MODELS": models,
        }
        with (harness.folder / "worker.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "worker", "gpu"],
                env={**os.environ, **SETTINGS, **ours, **more},
                stdin=subprocess.DEVNULL,
                stderr=log,
                stdout=log,
                preexec_fn=_die_with_parent(signal.SIGKILL),
            )
        until(lambda: any(row.slots for row in self.rows()))

    def rows(self) -> list[Worker]:
        with self.harness.database.read() as session:
            return [*session.scalars(select(Worker))]

    def nudge(self, job: Job) -> None:
        self.signals.send([Nudge("gpu", job.id)])

    def begin(self) -> Job:
        """A job that takes long and has begun."""
        job = self.harness.submit("chat.complete", LONG)
        self.nudge(job)
        self.until_state(job, State.RUNNING)
        return job

    def until_state(self, job: Job, state: State) -> None:
        until(lambda: self.harness.job(job.id).state is state)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(GUARD_S)


@pytest.fixture
def worker(harness: WorkerHarness, redis_url: str, request: pytest.FixtureRequest) -> Iterator[WorkerProcess]:
    more: dict[str, Any] = getattr(request, "param", {})
    process = WorkerProcess(harness, "fake=fake?delay_ms=8000", **more)
    yield process
    process.process.kill()
    process.process.wait()


def test_it_says_who_it_is_and_leaves_nothing_behind(worker: WorkerProcess, harness: WorkerHarness) -> None:
    [row] = worker.rows()
    assert (row.role, row.queues, row.slots, row.draining) == ("gpu", ["gpu"], 2, False)
    assert [model["name"] for model in row.data["models"]] == ["fake"]
    assert [folder.name for folder in harness.scratch.iterdir()] == [row.id]
    assert worker.stop() == 0
    assert worker.rows() == []
    assert [*harness.scratch.iterdir()] == []


def test_a_nudged_job_is_begun_seen_kept_and_handed_back_at_the_end(
    worker: WorkerProcess, harness: WorkerHarness
) -> None:
    job = worker.begin()
    until(lambda: worker.rows()[0].data["jobs"] == [str(job.id)])
    lease, heartbeat = harness.job(job.id).lease_until, worker.rows()[0].heartbeat_at
    assert lease is not None
    until(lambda: (harness.job(job.id).lease_until or lease) > lease)
    until(lambda: worker.rows()[0].heartbeat_at > heartbeat)
    assert worker.stop() == 0
    back = harness.job(job.id)
    assert (back.state, back.setbacks, back.lease_until) == (State.QUEUED, 0, None)


def test_a_cancel_by_message_is_heard(worker: WorkerProcess, harness: WorkerHarness) -> None:
    job = worker.begin()
    with harness.database.write() as session:
        jobs.request_cancel(session, now(), session.get_one(Job, job.id))
    worker.signals.send([CancelAsked(job.id)])
    worker.until_state(job, State.CANCELED)


def test_a_worker_that_is_to_finish_up_ends_its_job_and_takes_no_more(
    worker: WorkerProcess, harness: WorkerHarness
) -> None:
    running = worker.begin()
    with harness.database.write() as session:
        session.get_one(Worker, worker.rows()[0].id).draining = True
    until(lambda: "draining: no more jobs" in (harness.folder / "worker.log").read_text())
    waiting = harness.submit()
    worker.nudge(waiting)
    worker.until_state(running, State.SUCCEEDED)
    assert harness.job(waiting.id).state is State.QUEUED


@pytest.mark.parametrize("worker", [{"BM3_WORKER_POLL_S": "0.3"}], indirect=True)
def test_a_job_whose_nudge_got_lost_is_found(worker: WorkerProcess, harness: WorkerHarness) -> None:
    worker.until_state(harness.submit(), State.RUNNING)


def test_what_waited_while_the_models_were_loading_is_begun(harness: WorkerHarness, redis_url: str) -> None:
    job = harness.submit("chat.complete", LONG)
    worker = WorkerProcess(harness, "fake=fake?delay_ms=8000")
    worker.until_state(job, State.RUNNING)
    assert worker.stop() == 0


def test_the_scratch_of_dead_workers_of_this_machine_is_removed(tmp_path: Path) -> None:
    host = os.uname().nodename[:60]
    dead = subprocess.Popen(["true"])
    dead.wait()
    names = {
        f"{host}-gpu-{dead.pid}-ab": False,
        f"{host}-gpu-{os.getpid()}-ab": True,
        f"elsewhere-gpu-{dead.pid}-ab": True,
        f"{host}-gpu-none-ab": True,  # of no process that could have died
    }
    for name in names:
        (tmp_path / name).mkdir()
    clean_scratch(tmp_path)
    assert {name: (tmp_path / name).exists() for name in names} == names
