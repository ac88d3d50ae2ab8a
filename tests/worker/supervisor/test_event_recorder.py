"""What a stream says is stored as it comes; progress seldom, but its last word before the end always."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from db.jobs import jobs, leases
from db.ops import migrate
from db.schema.tables import Job
from db.schema.tables_access import Tenant
from db.session import Database
from db.storage.local import LocalObjects
from worker.protocol import Beat, Done, Started
from worker.supervisor.attempt import AttemptRegistry
from worker.supervisor.event_recorder import EventRecorder
from worker.supervisor.snapshots import Snapshots


def test_the_last_progress_note_of_a_short_job_is_stored(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    migrate.upgrade(database)
    now = datetime.now(UTC)
    with database.write() as session:
        tenant = Tenant(name="a", created_at=now)
        session.add(tenant)
        session.flush()
        jobs.submit(session, now, jobs.NewJob(tenant.id, "datasheet.extract", "gpu", {}))
        job = leases.claim(session, now, "gpu", "w", 60)
    assert job is not None
    attempt = AttemptRegistry().add(job, tmp_path)
    for event in (
        Started(stream=1),
        Beat(stream=1, done_ms=1, total_ms=2, note="searching page 1 of 2"),
        Beat(stream=1, done_ms=2, total_ms=2, note="3 figures read, 8 pads found"),
        Done(stream=1, result={}),
    ):
        attempt.hear(event)
    snapshots = Snapshots(database, LocalObjects(tmp_path / "store"), attempt)
    assert isinstance(EventRecorder(database, attempt, 60.0, snapshots).until_end(), Done)
    with database.read() as session:
        stored = session.get_one(Job, job.id)
        assert stored.progress_note == "3 figures read, 8 pads found"
    database.dispose()
