"""Jobs for the tests of sweeps, and the time at which they begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from db.broker.signals import Nudge, Signal
from db.jobs import jobs, leases
from db.jobs.leases import FileEntry, Usage
from db.schema.tables import Job
from db.session import Database
from db.settings import Settings

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


def finish(database: Database, owner: UUID) -> Job:
    submit(database, owner)
    job = claim(database)
    file = FileEntry("captions.vtt", f"jobs/{job.id}/1/captions.vtt", "text/vtt", 1, "0" * 64)
    with database.write() as session:
        leases.start(session, NOW, job.id, job.epoch)
        leases.finalize(session, job.id, job.epoch)
        assert leases.succeed(session, NOW, job.id, job.epoch, {}, [file], Usage())
    return job
