"""A worker in pieces: real database, store and broker, a real model child with the scripted engine, and its clocks."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from db.assets import assets
from db.documents.kinds.registry import KINDS
from db.jobs import jobs, leases
from db.ops import migrate
from db.schema.base import new_id
from db.schema.tables import Job, JobAttempt, JobEvent
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings
from db.storage.local import LocalObjects
from tests.faults.sample_video import make_sample_video
from tests.waiting import until
from worker.settings import WorkerSettings
from worker.supervisor.attempt import Attempt, AttemptRegistry
from worker.supervisor.child_manager import ChildManager
from worker.supervisor.live import LiveTextPublisher
from worker.supervisor.process import setup_of
from worker.supervisor.runner import WorkerServices
from worker.supervisor.watchdog import Watchdog

VIDEO_S = 12
CHAT = {"messages": [{"role": "user", "content": "hello"}]}


def now() -> datetime:
    return datetime.now(UTC)


class WorkerHarness:
    """What one worker works with, in a folder of its own; `keep_running` gives it a child and ticks its clocks."""

    def __init__(self, folder: Path, redis_url: str, models: str, **worker: Any) -> None:
        self.folder = folder
        self.settings = Settings(data_dir=folder, redis_url=redis_url, retry_first_s=0.0)
        self.worker = WorkerSettings(
            models=models.split(), **{"stop_s": 0.5, "kill_s": 0.5, "progress_s": 0.0, **worker}
        )
        self.database = Database(self.settings.database())
        migrate.upgrade(self.database)
        self.objects = LocalObjects(folder / "store")
        self.registry = AttemptRegistry()
        self.scratch = folder / "scratch"
        self.scratch.mkdir(parents=True)
        live, setup = LiveTextPublisher(redis_url), setup_of(self.worker, "gpu")
        self.child_manager = ChildManager(setup, self.scratch, self.registry, live, self.worker)
        self.services = WorkerServices(self.database, self.objects, self.settings, self.worker, self.child_manager)
        self.watchdog = Watchdog(self.settings, self.worker, self.registry, self.child_manager)
        with self.database.write() as session:
            tenant = Tenant(name="tenant", created_at=now())
            session.add(tenant)
            session.flush()
            self.tenant_id = tenant.id
        self._leaving = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def keep_running(self) -> None:
        """As the worker's main thread does."""
        self._clock.start()
        until(lambda: bool(self.child_manager.models))

    def close(self) -> None:
        self._leaving.set()
        if self._clock.is_alive():
            self._clock.join()
        if self.child_manager.child is not None:
            self.child_manager.child.kill()
        self.database.dispose()

    def _tick(self) -> None:
        while not self._leaving.wait(0.02):
            self.child_manager.ensure_running(time.monotonic())
            self.watchdog.check(time.monotonic())

    def submit(self, kind: str = "chat.complete", params: dict[str, Any] | None = None, **more: Any) -> Job:
        document = KINDS[kind].params.model_validate(params or CHAT).model_dump(mode="json")
        with self.database.write() as session:
            return jobs.submit(session, now(), jobs.NewJob(self.tenant_id, kind, "gpu", document, **more))

    def claim(self) -> Attempt:
        """Claim the best job, as an attempt that has not begun."""
        with self.database.write() as session:
            job = leases.claim(session, now(), "gpu", "w", self.settings.lease_s)
        assert job is not None
        attempt = self.registry.add(job, self.scratch)
        attempt.folder.mkdir(exist_ok=True)
        return attempt

    def started(self) -> Attempt:
        """A job that the child has begun."""
        self.submit()
        attempt = self.claim()
        with self.database.write() as session:
            assert leases.start(session, now(), attempt.id, attempt.epoch)
        return attempt

    def add_sample_video(self) -> dict[str, str]:
        """A video as an input of a job."""
        path = make_sample_video(self.folder / "film.mp4", VIDEO_S)
        new = assets.NewAsset(new_id(), self.tenant_id, path.name, "video/mp4", path.stat().st_size)
        self.objects.put_file(new.object_key, path, "video/mp4")
        with self.database.write() as session:
            assets.add_ready(session, now(), new, assets.Verified(new.size_bytes, "0" * 64, "video/mp4"))
        return {"asset_id": str(new.id)}

    def job(self, job_id: UUID) -> Job:
        with self.database.read() as session:
            return session.get_one(Job, job_id)

    def last_attempt(self, job_id: UUID) -> JobAttempt:
        with self.database.read() as session:
            rows = select(JobAttempt).where(JobAttempt.job_id == job_id).order_by(JobAttempt.attempt.desc())
            return session.scalars(rows.limit(1)).one()

    def events(self, job_id: UUID) -> dict[str, dict[str, Any]]:
        """The job's history: the last data of each type of event."""
        with self.database.read() as session:
            rows = session.scalars(select(JobEvent).where(JobEvent.job_id == job_id).order_by(JobEvent.seq))
            return {row.type: row.data for row in rows}
