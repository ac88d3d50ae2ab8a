"""What the sweeps remove: old jobs, shares, assets, uploads, workers - and what they must keep."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from db.access import shares
from db.assets import assets
from db.failures import Failure
from db.jobs import jobs
from db.ops import sweeps
from db.schema.base import new_id
from db.schema.tables import Job, State, Worker
from db.session import Database
from db.storage.objects import StoreUpload
from tests.db.ops.swept import NOW, after, finish, stored, submit


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
