"""State snapshots in the object store: stored before they are named, gone once they are not, never beyond the quota."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from db.jobs import jobs, leases, quotas
from db.ops import migrate, sweeps
from db.schema.tables import Job
from db.schema.tables_access import Tenant
from db.session import Database
from db.storage.local import LocalObjects
from db.storage.objects import ObjectStoreUnavailable
from worker.dispatcher.orphans import owner
from worker.protocol import Keep
from worker.supervisor.attempt import AttemptRegistry
from worker.supervisor.snapshots import Snapshots

NOW = datetime.now(UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    migrate.upgrade(database)
    yield database
    database.dispose()


class Broken(LocalObjects):
    """A store that takes nothing."""

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        raise ObjectStoreUnavailable("no")


def begun(database: Database, folder: Path, max_bytes: int | None = None, objects: type = LocalObjects) -> Snapshots:
    with database.write() as session:
        tenant = Tenant(name=uuid4().hex, created_at=NOW, max_bytes=max_bytes)
        session.add(tenant)
        session.flush()
        jobs.submit(session, NOW, jobs.NewJob(tenant.id, "video.caption", "gpu", {}))
        job = leases.claim(session, NOW, "gpu", "w", 60)
    assert job is not None
    attempt = AttemptRegistry().add(job, folder)
    attempt.folder.mkdir()
    return Snapshots(database, objects(folder / "store"), attempt)


def written(snapshots: Snapshots, size: int = 100) -> Keep:
    """A snapshot as the child hands it over."""
    path = snapshots.attempt.folder / f"state-{uuid4().hex}"
    path.write_bytes(path.name.encode()[:8] + b"x" * (size - 8))
    return Keep(stream=1, name=path.name, path=str(path))


def stored(snapshots: Snapshots) -> set[str]:
    prefix = f"jobs/{snapshots.attempt.id}/snapshots/"
    return {info.key.removeprefix(prefix) for info in snapshots.objects.list_prefix(prefix)}


def test_a_superseded_snapshot_goes_with_the_first_checkpoint_that_does_not_name_it(
    database: Database, tmp_path: Path
) -> None:
    snapshots = begun(database, tmp_path)
    first, second = written(snapshots), written(snapshots)
    snapshots.keep(first)
    snapshots.saved({"snapshots": [first.name]})
    snapshots.keep(second)
    snapshots.saved({"snapshots": [first.name, second.name]})
    assert stored(snapshots) == {first.name, second.name}
    snapshots.saved({"snapshots": [second.name]})
    assert stored(snapshots) == {second.name}
    assert not Path(first.path).exists(), "the copy in the scratch folder is gone at once"


def test_the_next_attempt_finds_what_its_checkpoint_names_and_removes_the_rest(
    database: Database, tmp_path: Path
) -> None:
    snapshots = begun(database, tmp_path)
    named, torn = written(snapshots), written(snapshots)
    content = Path(named.path).read_bytes()
    for event in (named, torn):
        snapshots.keep(event)
        snapshots.saved({"snapshots": [named.name]})
    snapshots.objects.put(f"jobs/{snapshots.attempt.id}/snapshots/{torn.name}", b"left", "x/y")
    attempt = snapshots.attempt
    attempt.job.checkpoint = {"snapshots": [named.name, "state-" + "0" * 32]}
    again = Snapshots(database, snapshots.objects, attempt)
    found = again.fetch()
    assert {name: Path(path).read_bytes() for name, path in found.items()} == {named.name: content}
    assert stored(again) == {named.name}


def test_the_quota_of_bytes_bounds_snapshots(database: Database, tmp_path: Path) -> None:
    snapshots = begun(database, tmp_path, max_bytes=250)
    events = [written(snapshots) for _ in range(3)]
    for event in events:
        snapshots.keep(event)
        snapshots.saved({"snapshots": [event.name for event in events]})
    assert stored(snapshots) == {event.name for event in events[:2]}


def used(database: Database, snapshots: Snapshots) -> int:
    with database.read() as session:
        return quotas.used(session, NOW, snapshots.attempt.job.tenant_id).bytes_kept


def test_snapshots_count_in_what_a_tenant_uses_until_the_job_ends(database: Database, tmp_path: Path) -> None:
    snapshots = begun(database, tmp_path)
    first, second = written(snapshots, 100), written(snapshots, 120)
    for event in (first, second):
        snapshots.keep(event)
        snapshots.saved({"snapshots": [first.name, event.name]})
    assert used(database, snapshots) == 220
    snapshots.saved({"snapshots": [second.name]})
    assert used(database, snapshots) == 120
    snapshots.keep_only(())
    assert used(database, snapshots) == 0


def test_snapshots_that_an_ended_job_left_are_not_counted(database: Database, tmp_path: Path) -> None:
    snapshots = begun(database, tmp_path)
    snapshots.keep(written(snapshots))
    assert used(database, snapshots) == 100
    with database.write() as session:
        assert leases.cancel_owned(session, NOW, snapshots.attempt.id, snapshots.attempt.epoch, leases.Usage())
    assert used(database, snapshots) == 0


def test_two_jobs_of_a_tenant_share_its_quota(database: Database, tmp_path: Path) -> None:
    one = begun(database, tmp_path, max_bytes=250)
    with database.write() as session:
        jobs.submit(session, NOW, jobs.NewJob(one.attempt.job.tenant_id, "video.caption", "gpu", {}))
        job = leases.claim(session, NOW, "gpu", "w", 60)
    assert job is not None
    other = Snapshots(database, one.objects, AttemptRegistry().add(job, tmp_path))
    other.attempt.folder.mkdir(exist_ok=True)
    for snapshots in (one, other, one):
        snapshots.keep(event := written(snapshots))
        snapshots.saved({"snapshots": [*stored(snapshots), event.name]})
    assert (len(stored(one)), len(stored(other))) == (1, 1)


def test_a_store_that_is_down_fails_no_job(database: Database, tmp_path: Path) -> None:
    snapshots = begun(database, tmp_path, objects=Broken)
    snapshots.attempt.stopping.set()  # nobody waits between the tries
    snapshots.keep(written(snapshots))
    assert stored(snapshots) == set()


def test_only_files_of_the_jobs_own_folder_are_kept(database: Database, tmp_path: Path) -> None:
    snapshots = begun(database, tmp_path)
    event = written(snapshots)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"secret")
    snapshots.keep(event.model_copy(update={"path": str(elsewhere)}))
    assert stored(snapshots) == set()
    assert elsewhere.exists(), "and what is not ours is not removed"


def test_the_dispatcher_removes_snapshots_of_jobs_that_ended_without_their_worker(
    database: Database, tmp_path: Path
) -> None:
    running, ended = begun(database, tmp_path), begun(database, tmp_path)
    with database.write() as session:
        assert leases.cancel_owned(session, NOW, ended.attempt.id, ended.attempt.epoch, leases.Usage())
        keys = [
            f"jobs/{one.attempt.id}/{place}" for one in (running, ended) for place in ("snapshots/state-1", "1/a.vtt")
        ]
        assert sweeps.orphans(session, {key: owner(key) for key in keys}) == [keys[2]]
        assert session.get_one(Job, ended.attempt.id).state == "canceled"
