"""Parts of a recording on their way into the store: kept and listed, or refused with a reason, and never a failed job."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from db.jobs import jobs, leases
from db.schema.tables import Job, JobFile
from db.schema.tables_access import Tenant
from db.session import Database
from db.storage.local import LocalObjects
from db.storage.objects import ObjectStoreRefused, ObjectStoreUnavailable
from tests.waiting import GUARD_S
from worker.process.persist import LeaseLost
from worker.protocol import Record
from worker.supervisor.attempt import Attempt, AttemptRegistry, StopReason
from worker.supervisor.recordings import Recordings

NOW = datetime.now(UTC)
TOO_SLOW, NOT_TAKEN = "the object store is slower than the source", "the object store does not take it"


class Store(LocalObjects):
    """One that does something else before it takes a part."""

    def __init__(self, folder: Path, before: Callable[[], None]) -> None:
        super().__init__(folder)
        self.before, self.asked = before, 0

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        self.asked += 1
        self.before()
        super().put_file(key, path, media_type)


class Impatient(threading.Event):
    """Notes how long it was to be waited for, and waits for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return self.is_set()


class Live:
    """A job that records, and what its child is told."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        with database.write() as session:
            tenant = Tenant(name="a", created_at=NOW)
            session.add(tenant)
            session.flush()
            jobs.submit(session, NOW, jobs.NewJob(tenant.id, "video.caption", "gpu", {}))
            job = leases.claim(session, NOW, "gpu", "w", 60)
        assert job is not None
        self.attempt: Attempt = AttemptRegistry().add(job, folder)
        self.attempt.folder.mkdir()
        self.attempt.stopping = self.pauses = Impatient()
        self.told: list[str] = []
        self.store = Store(folder / "store", lambda: None)

    def recordings(self, before: Callable[[], None] = lambda: None) -> Recordings:
        self.store.before = before
        return Recordings(self.database, self.store, self.attempt, self._hear)

    def _hear(self, attempt: Attempt, why: str) -> None:
        assert attempt is self.attempt
        self.told.append(why)

    def part(self, number: int, data: bytes = b"pictures") -> Record:
        path = self.attempt.folder / f"recording-{number}.mkv"
        path.write_bytes(data)
        return Record(stream=1, name=path.name, path=str(path))

    def listed(self) -> list[JobFile]:
        with self.database.read() as session:
            return [*session.scalars(select(JobFile).order_by(JobFile.name))]

    def kept(self) -> list[str]:
        return [info.key for info in self.store.list_prefix(f"jobs/{self.attempt.id}/")]

    def change(self, of: type, **values: object) -> None:
        with self.database.write() as session:
            session.execute(update(of).values(**values))

    def left(self) -> list[str]:
        """Names of what still lies on the worker's disk."""
        return sorted(path.name for path in self.attempt.folder.iterdir())


@pytest.fixture
def live(database: Database, tmp_path: Path) -> Iterator[Live]:
    made = Live(database, tmp_path)
    yield made
    made.attempt.stop(StopReason.LOST)


def test_parts_are_kept_beside_the_captions_listed_and_counted(live: Live) -> None:
    recordings = live.recordings()
    for number in range(2):
        recordings.add(live.part(number, b"x" * (number + 1)))
    recordings.settle()
    assert [(file.name, file.media_type, file.size_bytes) for file in live.listed()] == [
        ("recording-0.mkv", "video/x-matroska", 1),
        ("recording-1.mkv", "video/x-matroska", 2),
    ]
    assert live.listed()[1].sha256 == hashlib.sha256(b"xx").hexdigest()
    assert live.kept() == [f"jobs/{live.attempt.id}/recording/recording-{number}.mkv" for number in range(2)]
    with live.database.read() as session:
        assert session.scalars(select(Job.recorded_bytes)).one() == 3
    assert (live.told, live.left()) == ([], [])


def test_a_part_that_the_quota_has_no_room_for_is_the_last_and_does_not_stay(live: Live) -> None:
    live.change(Tenant, max_bytes=10)
    recordings = live.recordings()
    for number in range(3):
        recordings.add(live.part(number))
    recordings.settle()
    assert live.told == ["the quota max_bytes = 10 is used up"]
    assert [file.name for file in live.listed()] == ["recording-0.mkv"]
    assert [key.rpartition("/")[2] for key in live.kept()] == ["recording-0.mkv"]
    assert live.left() == []


def test_a_store_that_refuses_ends_the_recording_at_once(live: Live) -> None:
    def refuse() -> None:
        raise ObjectStoreRefused("no right")

    recordings = live.recordings(refuse)
    recordings.add(live.part(0))
    recordings.settle()
    recordings.add(live.part(1))
    assert (live.told, live.store.asked) == ([NOT_TAKEN], 1)
    assert (live.listed(), live.left()) == ([], [])


def test_a_store_that_stumbles_is_asked_again(live: Live) -> None:
    def stumble() -> None:
        if live.store.asked < 4:
            raise ObjectStoreUnavailable("busy")

    recordings = live.recordings(stumble)
    recordings.add(live.part(0))
    recordings.settle()
    assert (live.store.asked, len(live.listed()), live.told) == (4, 1, [])
    assert live.pauses.waited == [1.0, 2.0, 4.0]


def test_and_not_for_ever(live: Live) -> None:
    def stumble() -> None:
        raise ObjectStoreUnavailable("busy")

    recordings = live.recordings(stumble)
    recordings.add(live.part(0))
    recordings.settle()
    assert (live.store.asked, live.told, live.left()) == (4, [NOT_TAKEN], [])


def test_a_job_that_is_to_stop_waits_for_no_second_try(live: Live) -> None:
    def stumble() -> None:
        live.attempt.stop(StopReason.DRAINED)
        raise ObjectStoreUnavailable("busy")

    recordings = live.recordings(stumble)
    recordings.add(live.part(0))
    recordings.settle()
    assert (live.store.asked, live.told) == (1, [NOT_TAKEN])


def test_more_parts_on_disk_than_four_end_the_recording_and_those_on_their_way_arrive(live: Live) -> None:
    release = threading.Event()
    recordings = live.recordings(lambda: release.wait(GUARD_S) and None)
    for number in range(4):
        recordings.add(live.part(number))
    assert live.told == []
    for number in (4, 5):
        recordings.add(live.part(number))
    assert live.told == [TOO_SLOW]
    assert not {"recording-4.mkv", "recording-5.mkv"} & {*live.left()}
    release.set()
    recordings.settle()
    assert [file.name for file in live.listed()] == ["recording-0.mkv"], "what waited behind it is not begun any more"
    assert live.left() == []


def test_parts_that_have_arrived_wait_no_more(live: Live) -> None:
    recordings = live.recordings()
    for number in range(6):
        recordings.add(live.part(number))
        while live.left():
            threading.Event().wait(0.01)
    recordings.settle()
    assert (len(live.listed()), live.told) == (6, [])


def test_only_files_of_the_jobs_own_folder_are_recorded(live: Live) -> None:
    elsewhere = live.folder / "elsewhere"
    elsewhere.write_bytes(b"secret")
    recordings = live.recordings()
    recordings.add(live.part(0).model_copy(update={"path": str(elsewhere)}))
    recordings.settle()
    assert (live.listed(), live.kept()) == ([], [])
    assert elsewhere.exists(), "and what is not ours is not removed"


def test_a_job_that_is_somebody_elses_records_nothing_and_says_nothing(live: Live) -> None:
    live.change(Job, epoch=live.attempt.epoch + 1)
    recordings = live.recordings()
    for number in range(2):
        recordings.add(live.part(number))
    recordings.settle()
    assert (live.listed(), live.told, live.left()) == ([], [], [])


def test_a_lost_lease_waits_for_no_part(live: Live) -> None:
    release = threading.Event()
    recordings = live.recordings(lambda: release.wait(GUARD_S) and None)
    recordings.add(live.part(0))
    live.attempt.stop(StopReason.LOST)
    with pytest.raises(LeaseLost):
        recordings.settle()
    release.set()
