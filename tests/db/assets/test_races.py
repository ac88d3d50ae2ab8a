"""Jobs and their inputs when two things happen at once: no job waits for ever, no asset goes from under one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db.assets import assets
from db.assets.assets import NewAsset, Verified
from db.assets.discard import discard
from db.failures import Failure
from db.jobs import inputs, jobs
from db.ops import sweeps
from db.schema.base import new_id
from db.schema.tables import Asset, Job, State
from db.session import Database
from db.settings import Settings
from db.storage.local import LocalObjects
from db.storage.objects import ObjectStoreUnavailable, StoreUpload
from worker.dispatcher.sweep import Sweeper

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOUND = Verified(3, "0" * 64, "video/mp4")


@pytest.fixture
def database(each_database: Database) -> Database:
    return each_database


@pytest.fixture
def objects(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "objects")


def arriving(database: Database, owner: UUID) -> UUID:
    """An asset whose bytes are being checked."""
    new = NewAsset(new_id(), owner, "f.mp4", "video/mp4", 3)
    with database.write() as session:
        assets.begin(session, NOW, new, StoreUpload(f"u{new.id.hex}", new.object_key, 3, 8 << 20), "offset")
        assets.verifying(session, new.id)
    return new.id


def arrived(database: Database, owner: UUID, objects: LocalObjects | None = None) -> UUID:
    new = NewAsset(new_id(), owner, "f.mp4", "video/mp4", 3)
    if objects is not None:
        objects.put(new.object_key, b"abc", "video/mp4")
    with database.write() as session:
        assets.add_ready(session, NOW, new, FOUND)
    return new.id


def submit(session: Any, owner: UUID, *named: UUID) -> Job:
    """As the api does: look at the assets, then store the job."""
    held = assets.hold_all(session, owner, named)
    waiting = next((one for one in named if held[one].state in inputs.UNVERIFIED), None)
    params = {"messages": [{"image": {"asset_id": str(one)}} for one in named]}
    new = jobs.NewJob(owner, "chat.complete", "gpu", params, asset_id=waiting or named[0], asset_ready=waiting is None)
    return jobs.submit(session, NOW, new)


def beside(work: Callable[[], None]) -> threading.Thread:
    """Begin work that may have to wait for the transaction that is open here."""
    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.5)
    return thread


def state(database: Database, job_id: UUID) -> State:
    with database.read() as session:
        return session.get_one(Job, job_id).state


def test_a_job_submitted_beside_the_settling_of_its_asset_is_queued(database: Database, owner: UUID) -> None:
    asset_id = arriving(database, owner)

    def settle() -> None:
        with database.write() as session:
            assets.ready(session, NOW, asset_id, FOUND)

    with database.write() as session:
        job = submit(session, owner, asset_id)
        settling = beside(settle)
    settling.join()
    assert state(database, job.id) is State.QUEUED


def test_an_asset_cannot_go_while_a_job_for_it_is_being_submitted(database: Database, owner: UUID) -> None:
    asset_id = arrived(database, owner)
    hidden: list[bool] = []

    def delete() -> None:
        with database.write() as session:
            hidden.append(assets.hide(session, NOW, asset_id))

    with database.write() as session:
        submit(session, owner, asset_id)
        deleting = beside(delete)
    deleting.join()
    assert hidden == [False]
    with database.read() as session:
        assert assets.find(session, owner, asset_id) is not None


def test_a_submit_waits_for_a_delete_and_finds_nothing(database: Database, owner: UUID) -> None:
    asset_id = arrived(database, owner)
    seen: list[set[UUID]] = []

    def look() -> None:
        with database.write() as session:
            seen.append(set(assets.hold_all(session, owner, [asset_id])))

    with database.write() as session:
        assert assets.hide(session, NOW, asset_id)
        looking = beside(look)
    looking.join()
    assert seen == [set()]


def test_two_inputs_settled_in_the_same_moment_leave_no_job_waiting(database: Database, owner: UUID) -> None:
    """Each settling sees the other input still on its way and leaves the job to it: the dispatcher takes it up."""
    first, second = arriving(database, owner), arriving(database, owner)
    with database.write() as session:
        job = submit(session, owner, first, second)

    def settle() -> None:
        with database.write() as session:
            assets.ready(session, NOW, second, FOUND)

    with database.write() as session:
        assets.ready(session, NOW, first, FOUND)
        settling = beside(settle)
    settling.join()
    with database.write() as session:
        sweeps.settle_waiting(session, NOW)
    with database.write() as session:
        assert sweeps.settle_waiting(session, NOW) == 0
    assert state(database, job.id) is State.QUEUED


@pytest.mark.parametrize("gone", [False, True])
def test_jobs_left_waiting_for_an_input_without_hope_fail(
    database: Database, owner: UUID, objects: LocalObjects, gone: bool
) -> None:
    """As they were left by versions that did not lock: the asset was rejected, or removed, behind the job's back."""
    asset_id = arriving(database, owner)
    with database.write() as session:
        if gone:
            assets.hide(session, NOW, asset_id)
        else:
            assets.reject(session, NOW, asset_id, Failure.UNSUPPORTED, "a playlist")
    if gone:
        discard(database, objects, asset_id)
    with database.write() as session:
        new = jobs.NewJob(owner, "video.caption", "gpu", {}, asset_id=asset_id, asset_ready=False)
        job = jobs.submit(session, NOW, new)
    with database.write() as session:
        assert sweeps.settle_waiting(session, NOW) == 1
    with database.read() as session:
        failed = session.get_one(Job, job.id)
    expected = (Failure.INVALID_MEDIA, "the uploaded file is gone") if gone else (Failure.UNSUPPORTED, "a playlist")
    assert (failed.state, failed.failure, failed.failure_message) == (State.FAILED, *expected)


def test_the_second_image_of_a_chat_is_in_use(database: Database, owner: UUID) -> None:
    first, second = arrived(database, owner), arrived(database, owner)
    with database.write() as session:
        job = submit(session, owner, first, second)
        assert not assets.hide(session, NOW, second)
        assert sweeps.unused_assets(session, NOW + timedelta(days=8), 7) == []
        jobs.request_cancel(session, NOW, job)
    with database.write() as session:
        assert sweeps.unused_assets(session, NOW + timedelta(days=8), 7) == [first, second]
        assert assets.hide(session, NOW, second)
        assert sweeps.unused_assets(session, NOW + timedelta(days=8), 7) == [first]


def test_assets_named_deep_in_parameters_do_not_keep_the_sweep_from_others(database: Database, owner: UUID) -> None:
    anchor, *kept = (arrived(database, owner) for _ in range(4))
    free = arrived(database, owner)
    with database.write() as session:
        submit(session, owner, anchor, *kept)
        assert sweeps.unused_assets(session, NOW + timedelta(days=8), 7, limit=2) == [free]


class Away(LocalObjects):
    """A store that is away for deletes while `away` is set."""

    away = False

    def delete(self, key: str) -> None:
        if self.away:
            raise ObjectStoreUnavailable("away")
        super().delete(key)


def test_bytes_go_before_rows_whenever_the_store_is_away(database: Database, owner: UUID, tmp_path: Path) -> None:
    objects = Away(tmp_path / "away")
    asset_id = arrived(database, owner, objects)
    sweeper, settings = Sweeper(objects), Settings()
    sweeper.unused_assets(database, settings)
    objects.away = True
    with pytest.raises(ObjectStoreUnavailable):
        sweeper.hidden_assets(database, settings)
    with database.read() as session:
        row = session.get_one(Asset, asset_id)
        assert assets.find(session, owner, asset_id) is None
    assert objects.exists(row.object_key)
    objects.away = False
    assert sweeper.hidden_assets(database, settings) == 1
    assert not objects.exists(row.object_key)
    with database.read() as session:
        assert session.get(Asset, asset_id) is None


def test_the_sweep_looks_again_before_it_takes_an_asset(database: Database, owner: UUID, objects: LocalObjects) -> None:
    """A job is submitted between the sweep's look and its removal."""
    asset_id = arrived(database, owner, objects)
    sweeper, settings = Sweeper(objects), Settings()
    swept: list[int] = []

    def sweep() -> None:
        swept.append(sweeper.unused_assets(database, settings))

    with database.write() as session:
        submit(session, owner, asset_id)
        sweeping = beside(sweep)
    sweeping.join()
    sweeper.hidden_assets(database, settings)
    assert swept
    with database.read() as session:
        assert assets.find(session, owner, asset_id) is not None
    assert objects.exists(f"assets/{owner}/{asset_id}")
