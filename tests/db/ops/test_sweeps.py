"""What the dispatcher finds and takes up again, on both databases; every step does nothing the second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from db.access import shares
from db.assets import assets
from db.broker.signals import Nudge, Signal
from db.failures import Failure
from db.jobs import jobs, leases
from db.jobs.leases import FileEntry, Usage
from db.ops import migrate, sweeps
from db.schema.base import new_id
from db.schema.tables import Job, JobAttempt, Leader, State, Worker
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings
from db.storage.objects import StoreUpload

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = Settings()


class Heard:
    """Keeps the signals sent."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []

    def send(self, signals: list[Signal]) -> None:
        self.signals += signals

    def nudges(self) -> list[UUID]:
        return [one.job_id for one in self.signals if isinstance(one, Nudge)]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, heard: Heard) -> Iterator[Database]:
    sqlite = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    database = Database(sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_url"), heard)
    migrate.upgrade(database)
    yield database
    database.dispose()


@pytest.fixture
def owner(database: Database) -> UUID:
    with database.write() as session:
        tenant = Tenant(name="a", created_at=NOW)
        session.add(tenant)
        session.flush()
        return tenant.id


def submit(database: Database, owner: UUID, asset_id: UUID | None = None, **more: bool) -> Job:
    with database.write() as session:
        params = {"video": {"asset_id": str(asset_id)}}
        return jobs.submit(session, NOW, jobs.NewJob(owner, "video.caption", "gpu", params, asset_id=asset_id, **more))


def claim(database: Database) -> Job:
    with database.write() as session:
        job = leases.claim(session, NOW, "gpu", "w", 60)
    assert job is not None
    return job


def stored(database: Database, job: Job) -> Job:
    with database.read() as session:
        return session.get_one(Job, job.id)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_one_leads_until_it_stops_beating(database: Database) -> None:
    def lead(holder: str, at: datetime) -> bool:
        with database.write() as session:
            return sweeps.lead(session, at, "dispatcher", holder, 10)

    assert lead("a", NOW)
    assert lead("a", after(5))
    assert not lead("b", after(14))
    assert lead("b", after(16))
    assert not lead("a", after(17))
    with database.write() as session:
        sweeps.abdicate(session, "dispatcher", "b")
        assert session.get(Leader, "dispatcher") is None
    assert lead("a", after(17))


def test_an_expired_lease_is_reaped_once(database: Database, owner: UUID) -> None:
    submit(database, owner)
    job = claim(database)
    with database.write() as session:
        assert sweeps.expired_leases(session, after(59)) == []
        assert sweeps.expired_leases(session, after(61)) == [job.id]
        assert sweeps.reap(session, after(61), job.id, SETTINGS) is State.RETRY_WAIT
    with database.write() as session:
        assert sweeps.reap(session, after(61), job.id, SETTINGS) is None
        assert sweeps.expired_leases(session, after(61)) == []


@pytest.mark.parametrize("workers", [("w", "w"), ("w", "other")])
def test_jobs_lost_with_one_worker_do_not_blame_each_other(
    database: Database, owner: UUID, workers: tuple[str, str]
) -> None:
    """Both are reaped, one after another; a job that was alone with its worker may be what killed it."""
    lost = []
    for worker in workers:
        submit(database, owner)
        with database.write() as session:
            job = leases.claim(session, NOW, "gpu", worker, 60)
            assert job is not None
            assert leases.start(session, NOW, job.id, job.epoch)
            lost.append(job)
    for job in lost:
        with database.write() as session:
            assert sweeps.reap(session, after(61), job.id, SETTINGS) is State.RETRY_WAIT
    alone = workers[0] != workers[1]
    assert [stored(database, job).losses_here for job in lost] == [int(alone), int(alone)]


def test_a_worker_that_beats_in_time_keeps_its_job(database: Database, owner: UUID) -> None:
    submit(database, owner)
    job = claim(database)
    with database.write() as session:
        assert sweeps.expired_leases(session, after(61)) == [job.id]
        assert leases.renew(session, after(61), job.id, job.epoch, 60) is not None
        assert sweeps.reap(session, after(61), job.id, SETTINGS) is None


def test_a_lost_job_whose_cancel_was_asked_is_canceled(database: Database, owner: UUID) -> None:
    job = submit(database, owner)
    claim(database)
    with database.write() as session:
        jobs.request_cancel(session, NOW, session.get_one(Job, job.id))
    with database.write() as session:
        assert sweeps.reap(session, after(61), job.id, SETTINGS) is State.CANCELED


def test_retries_wake_when_their_delay_is_over(database: Database, owner: UUID, heard: Heard) -> None:
    job = submit(database, owner)
    claim(database)
    with database.write() as session:
        sweeps.reap(session, after(61), job.id, SETTINGS)
        available_at = session.get_one(Job, job.id).available_at
    assert available_at is not None
    heard.signals.clear()
    with database.write() as session:
        assert sweeps.wake(session, available_at - timedelta(milliseconds=1)) == 0
        assert sweeps.wake(session, available_at) == 1
        assert sweeps.wake(session, available_at) == 0
    assert heard.nudges() == [job.id]
    assert stored(database, job).state is State.QUEUED


def test_unheard_jobs_are_nudged_again_but_not_all_the_time(database: Database, owner: UUID, heard: Heard) -> None:
    job = submit(database, owner)
    heard.signals.clear()
    for seconds, expected in ((0.5, 0), (2, 1), (10, 0), (18, 1), (19, 0)):
        with database.write() as session:
            assert sweeps.renudge(session, after(seconds), 15) == expected
    assert heard.nudges() == [job.id, job.id]
    claim(database)
    with database.write() as session:
        assert sweeps.renudge(session, after(1000), 15) == 0


def test_jobs_that_wait_too_long_expire(database: Database, owner: UUID) -> None:
    queued, waiting = submit(database, owner), submit(database, owner, new_id(), asset_ready=False)
    with database.write() as session:
        assert sweeps.expire(session, after(99), 100) == 0
        assert sweeps.expire(session, after(101), 100) == 2
        assert sweeps.expire(session, after(101), 100) == 0
    assert {stored(database, job).state for job in (queued, waiting)} == {State.EXPIRED}


def test_attempts_without_end_are_ended(database: Database, owner: UUID) -> None:
    submit(database, owner)
    job = claim(database)
    patient = Settings(max_run_s=1000, stall_s=100)
    with database.write() as session:
        assert leases.start(session, NOW, job.id, job.epoch)
        assert sweeps.overdue(session, after(150), patient) == []
        assert sweeps.overdue(session, after(170), patient) == [(job.id, job.epoch, Failure.WORKER_LOST)]
        assert sweeps.overdue(session, after(1100), patient) == [(job.id, job.epoch, Failure.RUN_TIME_EXCEEDED)]
        sweeps.end_overdue(session, after(1100), job.id, job.epoch, Failure.RUN_TIME_EXCEEDED, patient)
    assert stored(database, job).failure is Failure.RUN_TIME_EXCEEDED
    assert stored(database, job).failure_message == "the attempt ran too long"


def test_an_attempt_without_progress_says_so(database: Database, owner: UUID) -> None:
    submit(database, owner)
    job = claim(database)
    with database.write() as session:
        assert leases.start(session, NOW, job.id, job.epoch)
        sweeps.end_overdue(session, after(170), job.id, job.epoch, Failure.WORKER_LOST, SETTINGS)
    with database.read() as session:
        (attempt,) = session.scalars(select(JobAttempt))
        assert (attempt.failure, attempt.message) == (Failure.WORKER_LOST, "no progress")
    assert stored(database, job).state is State.RETRY_WAIT


def test_a_cancel_that_nobody_carries_out_is_carried_out(database: Database, owner: UUID) -> None:
    job = submit(database, owner)
    claimed = claim(database)
    with database.write() as session:
        jobs.request_cancel(session, NOW, session.get_one(Job, job.id))
        assert sweeps.deaf_to_cancel(session, after(80), SETTINGS) == []
        assert sweeps.deaf_to_cancel(session, after(95), SETTINGS) == [(job.id, claimed.epoch)]
        assert sweeps.force_cancel(session, after(95), job.id, claimed.epoch)
        assert leases.renew(session, after(95), job.id, claimed.epoch, 60) is None
    assert stored(database, job).state is State.CANCELED


def finish(database: Database, owner: UUID) -> Job:
    submit(database, owner)
    job = claim(database)
    file = FileEntry("captions.vtt", f"jobs/{job.id}/1/captions.vtt", "text/vtt", 1, "0" * 64)
    with database.write() as session:
        leases.start(session, NOW, job.id, job.epoch)
        leases.finalize(session, job.id, job.epoch)
        assert leases.succeed(session, NOW, job.id, job.epoch, {}, [file], Usage())
    return job


def test_old_jobs_are_hidden_then_purged(database: Database, owner: UUID) -> None:
    job = finish(database, owner)
    with database.write() as session:
        assert sweeps.retire(session, NOW + timedelta(days=29), 30) == 0
        assert sweeps.retire(session, NOW + timedelta(days=31), 0) == 0
        assert sweeps.retire(session, NOW + timedelta(days=31), 30) == 1
        assert sweeps.deleted(session, NOW + timedelta(days=31)) == []
        assert sweeps.deleted(session, NOW + timedelta(days=31, minutes=2)) == [job.id]
        sweeps.purge(session, job.id)
    with database.read() as session:
        assert session.get(Job, job.id) is None


def test_the_age_of_a_job_counts_from_its_end(database: Database, owner: UUID) -> None:
    job = finish(database, owner)
    with database.write() as session:
        session.get_one(Job, job.id).created_at = NOW - timedelta(days=40)
        session.flush()
        assert sweeps.retire(session, NOW + timedelta(days=29), 30) == 0


def test_a_shared_link_ends_when_it_says(database: Database, owner: UUID) -> None:
    job = finish(database, owner)
    with database.write() as session:
        token = shares.token(shares.create(session, NOW, session.get_one(Job, job.id), "ann", after(60)))
        assert shares.find(session, after(59), token) is not None
        assert shares.find(session, after(60), token) is None


def test_files_of_a_cached_answer_are_still_needed(database: Database, owner: UUID) -> None:
    source = finish(database, owner)
    with database.write() as session:
        new = jobs.NewJob(owner, "video.caption", "gpu", {})
        again = jobs.submit_cached(session, NOW, new, session.get_one(Job, source.id))
        keys = sweeps.file_keys(session, source.id)
        assert sweeps.still_needed(session, source.id, keys) == set(keys)
        assert sweeps.still_needed(session, again.id, keys) == set(keys)
        session.get_one(Job, again.id).deleted_at = NOW
        session.flush()
        sweeps.purge(session, again.id)
        assert sweeps.still_needed(session, source.id, keys) == set()


def test_an_abandoned_upload_fails_the_jobs_that_wait(database: Database, owner: UUID) -> None:
    new = assets.NewAsset(new_id(), owner, "v.mp4", "video/mp4", 10)
    with database.write() as session:
        asset, _ = assets.begin(session, NOW, new, StoreUpload("u", new.object_key, 10, 10), "offset")
    job = submit(database, owner, asset.id, asset_ready=False)
    with database.write() as session:
        late = NOW + assets.UPLOAD_LIFE + timedelta(hours=1)
        assert sweeps.abandoned_uploads(session, late - timedelta(hours=2)) == []
        assert [row.id for row, _ in sweeps.abandoned_uploads(session, late)] == [asset.id]
        sweeps.give_up_upload(session, NOW, asset.id)
        assert sweeps.abandoned_uploads(session, late) == []
    assert stored(database, job).failure is Failure.FETCH_FAILED


def test_an_asset_goes_only_when_no_job_needs_it(database: Database, owner: UUID) -> None:
    new = assets.NewAsset(new_id(), owner, "v.mp4", "video/mp4", 10)
    with database.write() as session:
        assets.add_ready(session, NOW, new, assets.Verified(10, "0" * 64, "video/mp4"))
    job = submit(database, owner, new.id)
    later = NOW + timedelta(days=8)
    with database.write() as session:
        assert sweeps.unused_assets(session, later, 7) == []
        jobs.request_cancel(session, NOW, session.get_one(Job, job.id))
        assert sweeps.unused_assets(session, later, 7) == [new.id]
        assert sweeps.unused_assets(session, later, 0) == []


def test_workers_not_heard_of_are_forgotten(database: Database) -> None:
    with database.write() as session:
        row = Worker(id="w", role="gpu", queues=["gpu"], started_at=NOW, heartbeat_at=NOW)
        session.add(row)
        session.flush()
        assert sweeps.forget_workers(session, NOW + timedelta(hours=23)) == 0
        assert sweeps.forget_workers(session, NOW + timedelta(hours=25)) == 1


def test_segments_whose_job_is_hidden_are_hidden_and_those_of_others_stay(database: Database, owner: UUID) -> None:
    def segment(parent: Job) -> UUID:
        with database.write() as session:
            new = jobs.NewJob(owner, "video.caption", "gpu", {}, parent_id=parent.id, part_index=0)
            return jobs.submit(session, NOW, new).id

    hidden, shown = submit(database, owner), submit(database, owner)
    with database.write() as session:
        jobs.tombstone(session, NOW, session.get_one(Job, hidden.id))
    late, kept = segment(hidden), segment(shown)  # its worker was about to split it
    with database.write() as session:
        assert sweeps.hide_segments(session, NOW) == 1
        assert sweeps.hide_segments(session, NOW) == 0
        rows = {job_id: session.get_one(Job, job_id) for job_id in (late, kept)}
        assert (rows[late].state, rows[late].deleted_at) == (State.CANCELED, NOW)
        assert (rows[kept].state, rows[kept].deleted_at) == (State.QUEUED, None)
