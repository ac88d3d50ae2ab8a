"""Jobs split into segments: retried alone, merged once, canceled together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.documents.kinds.video import Cue
from db.failures import Failure
from db.jobs import jobs, leases, progress, segments
from db.jobs.progress import ProgressStep
from db.schema.tables import Job, State
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def parent(database: Database) -> Job:
    """A claimed job, split into three."""
    with database.write() as session:
        tenant = Tenant(name="a", created_at=NOW)
        session.add(tenant)
        session.flush()
        jobs.submit(session, NOW, jobs.NewJob(tenant.id, "video.caption", "gpu", {"n": "all"}))
        job = leases.claim(session, NOW, "gpu", "w", 60)
        assert job is not None
        assert segments.split(session, NOW, job.id, job.epoch, [{"n": n} for n in range(3)], leases.Usage())
    return job


def state(database: Database, job_id: UUID) -> State:
    with database.read() as session:
        return session.get_one(Job, job_id).state


def work(database: Database, failing: int | None = None) -> None:
    """Claim and end every queued segment."""
    while True:
        with database.write() as session:
            job = leases.claim(session, NOW, "gpu", "w", 60)
            if job is None or job.parent_id is None:
                return
            leases.start(session, NOW, job.id, job.epoch)
            if job.part_index == failing:
                leases.fail(session, NOW, job.id, job.epoch, leases.Ending(Failure.INVALID_MEDIA, "bad"), Settings())
                continue
            cue = Cue(seq=0, start_ms=0, end_ms=1, text=f"part {job.part_index}", chunk_first=0, chunk_last=0)
            progress.save(session, NOW, job.id, job.epoch, ProgressStep([cue], {}, 1))
            leases.finalize(session, job.id, job.epoch)
            leases.succeed(session, NOW, job.id, job.epoch, {"cues": 1}, [], leases.Usage())


def rejoin(database: Database) -> list[UUID]:
    with database.write() as session:
        return [job.id for job in segments.rejoin(session, NOW)]


def test_a_parent_waits_until_its_last_segment_has_ended(database: Database, parent: Job) -> None:
    assert state(database, parent.id) is State.AWAITING_INPUT
    assert rejoin(database) == []
    work(database)
    assert rejoin(database) == [parent.id]
    assert rejoin(database) == []
    assert state(database, parent.id) is State.QUEUED


def test_the_merge_sees_the_segments_in_the_order_of_the_video(database: Database, parent: Job) -> None:
    work(database)
    with database.read() as session:
        found = segments.outcomes(session, parent.id)
    assert [segment.index for segment in found] == [0, 1, 2]
    assert [segment.cues[0].text for segment in found] == ["part 0", "part 1", "part 2"]


def test_only_the_failed_segment_is_done_again(database: Database, parent: Job) -> None:
    work(database, failing=1)
    with database.write() as session:
        source = session.get_one(Job, parent.id)
        new = jobs.NewJob(source.tenant_id, source.kind, source.queue, source.params, retry_of=source.id)
        target = segments.retry_failed(session, NOW, source, new)
    with database.read() as session:
        assert [s.state for s in segments.outcomes(session, target.id)] == [
            State.SUCCEEDED,
            State.QUEUED,
            State.SUCCEEDED,
        ]
    work(database)
    assert target.id in rejoin(database)


def test_canceling_a_parent_cancels_its_segments(database: Database, parent: Job) -> None:
    with database.write() as session:
        jobs.request_cancel(session, NOW, session.get_one(Job, parent.id))
    with database.read() as session:
        assert {s.state for s in segments.outcomes(session, parent.id)} == {State.CANCELED}
    assert state(database, parent.id) is State.CANCELED


def test_lists_show_the_parent_only(database: Database, parent: Job) -> None:
    with database.read() as session:
        assert [job.id for job in jobs.page(session, parent.tenant_id, jobs.Filter(), 10)] == [parent.id]
        assert len(jobs.page(session, parent.tenant_id, jobs.Filter(parent_id=parent.id), 10)) == 3


def test_a_worker_that_lost_its_lease_cannot_split(database: Database, parent: Job) -> None:
    with database.write() as session:
        assert not segments.split(session, NOW + timedelta(1), parent.id, parent.epoch, [{}], leases.Usage())
