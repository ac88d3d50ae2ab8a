"""The life cycle of jobs as a state machine: whatever happens in whatever order, the promises of the service hold."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, update

from db.documents.kinds.video import Cue
from db.failures import Failure
from db.jobs import cues, events, jobs, leases, progress
from db.jobs.progress import ProgressStep
from db.ops import migrate
from db.schema.tables import OWNED, TERMINAL, Job, State
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings

pytestmark = pytest.mark.slow

SETTINGS = Settings(retry_limit=3)
TERMINAL_EVENTS = {"job.succeeded", "job.failed", "job.canceled", "job.expired"}


class LifeCycle(RuleBasedStateMachine):
    """Two workers, a client, a dispatcher and a clock act on a few jobs in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'jobs.sqlite3'}")
        migrate.upgrade(self.database)
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.held: dict[str, tuple[UUID, int, int]] = {}  # worker -> job, epoch, cues it has written or inherited
        self.finished: dict[UUID, State] = {}
        self.ids: list[UUID] = []

    @initialize()
    def a_tenant(self) -> None:
        with self.database.write() as session:
            tenant = Tenant(name="a", created_at=self.now)
            session.add(tenant)
            session.flush()
            self.tenant_id = tenant.id

    @precondition(lambda self: len(self.ids) < 4)
    @rule(priority=st.integers(0, 2))
    def submit(self, priority: int) -> None:
        with self.database.write() as session:
            new = jobs.NewJob(self.tenant_id, "video.caption", "gpu", {}, priority=priority)
            self.ids.append(jobs.submit(session, self.now, new).id)

    @rule(worker=st.sampled_from(["one", "two"]))
    def claim(self, worker: str) -> None:
        with self.database.write() as session:
            job = leases.claim(session, self.now, "gpu", worker, lease_s=60)
            if job is None:
                return
            assert job.state is State.LEASED
            assert leases.start(session, self.now, job.id, job.epoch)
            self.held[worker] = (job.id, job.epoch, job.cue_count)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), count=st.integers(0, 3))
    def save(self, data: Any, count: int) -> None:
        worker, (job_id, epoch, seq) = self._a_holder(data)
        new = [
            Cue(seq=n, start_ms=n, end_ms=n + 1, text=str(n), chunk_first=n, chunk_last=n)
            for n in range(seq, seq + count)
        ]
        with self.database.write() as session:
            saved = progress.save(
                session, self.now, job_id, epoch, ProgressStep(new, {"next": seq + count}, seq + count)
            )
        assert saved == self._is_current(job_id, epoch)
        if saved:
            self.held[worker] = (job_id, epoch, seq + count)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def succeed(self, data: Any) -> None:
        worker, (job_id, epoch, _) = self._a_holder(data)
        current = self._is_current(job_id, epoch)
        with self.database.write() as session:
            leases.finalize(session, job_id, epoch)
            done = leases.succeed(session, self.now, job_id, epoch, {"by": worker}, [], leases.Usage())
        assert done == current
        del self.held[worker]

    @precondition(lambda self: self.held)
    @rule(
        data=st.data(),
        code=st.sampled_from([Failure.WORKER_LOST, Failure.STORAGE, Failure.INVALID_MEDIA, Failure.GPU_OOM]),
    )
    def fail(self, data: Any, code: Failure) -> None:
        worker, (job_id, epoch, _) = self._a_holder(data)
        current = self._is_current(job_id, epoch)
        with self.database.write() as session:
            ended = leases.fail(session, self.now, job_id, epoch, leases.Ending(code, "because"), SETTINGS)
        assert (ended is not None) == current
        del self.held[worker]

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: Any) -> None:
        worker, (job_id, epoch, _) = self._a_holder(data)
        with self.database.write() as session:
            leases.release(session, self.now, job_id, epoch, leases.Usage())
        del self.held[worker]

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def ask_to_cancel(self, data: Any) -> None:
        with self.database.write() as session:
            job = jobs.find(session, self.tenant_id, data.draw(st.sampled_from(self.ids)))
            assert job is not None
            after = jobs.request_cancel(session, self.now, job)
            assert after.state in TERMINAL or after.cancel_requested_at is not None

    @rule(seconds=st.integers(1, 700))
    def time_passes(self, seconds: int) -> None:
        """The dispatcher's retry timer; expired leases are failed as a lost worker's."""
        self.now += timedelta(seconds=seconds)
        with self.database.write() as session:
            for job in session.scalars(select(Job).where(Job.state.in_([*OWNED]), Job.lease_until < self.now)).all():
                leases.fail(
                    session, self.now, job.id, job.epoch, leases.Ending(Failure.WORKER_LOST, "lease expired"), SETTINGS
                )
            due = (Job.state == State.RETRY_WAIT) & (Job.available_at <= self.now)
            session.execute(update(Job).where(due).values(state=State.QUEUED, queued_at=self.now, available_at=None))

    @invariant()
    def terminal_states_never_change(self) -> None:
        with self.database.read() as session:
            for job in session.scalars(select(Job)):
                if job.id in self.finished:
                    assert job.state is self.finished[job.id]
                if job.state in TERMINAL:
                    self.finished[job.id] = job.state

    @invariant()
    def cues_have_no_holes_and_no_twins(self) -> None:
        with self.database.read() as session:
            for job in session.scalars(select(Job)):
                assert [cue.seq for cue in cues.after(session, job.id)] == list(range(job.cue_count))

    @invariant()
    def every_job_ends_at_most_once_and_its_history_is_numbered_without_holes(self) -> None:
        with self.database.read() as session:
            for job in session.scalars(select(Job)):
                history = events.after(session, job.id)
                assert [event.seq for event in history] == list(range(1, job.event_seq + 1))
                endings = [event.type for event in history if event.type in TERMINAL_EVENTS]
                assert len(endings) == (1 if job.state in TERMINAL else 0)

    @invariant()
    def an_owned_job_has_a_lease_and_a_resting_one_has_none(self) -> None:
        with self.database.read() as session:
            for job in session.scalars(select(Job)):
                assert (job.lease_until is not None) == (job.state in OWNED)

    def teardown(self) -> None:
        self.database.dispose()
        self.folder.cleanup()

    def _a_holder(self, data: Any) -> tuple[str, tuple[UUID, int, int]]:
        worker = data.draw(st.sampled_from(sorted(self.held)))
        return worker, self.held[worker]

    def _is_current(self, job_id: UUID, epoch: int) -> bool:
        with self.database.read() as session:
            job = session.get_one(Job, job_id)
            return job.state in OWNED and job.epoch == epoch


LifeCycle.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=[*HealthCheck]
)
TestLifeCycle = LifeCycle.TestCase
