"""The service's processes as a fault test sees them: started, killed, frozen; and jobs put into their database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from db.access import keys
from db.assets import assets
from db.broker.queue import RedisSignals
from db.documents.kinds.video import VideoCaptionParams
from db.jobs import jobs
from db.ops import migrate
from db.schema.base import new_id
from db.schema.tables import TERMINAL, Job, State
from db.schema.tables_access import Tenant
from db.session import Database
from db.storage.local import LocalObjects
from db.webhooks import endpoints
from tests.faults.retrying_client import RetryingClient
from tests.servers import _die_with_parent, free_port

ROOT = Path(__file__).parent.parent.parent
API_PROCESSES = "2"
# Every clock as short as two busy cores allow; a lease has to outlast a start of the interpreter beside it.
CLOCKS = {
    "BM3_LEASE_S": "4",
    "BM3_BEAT_S": "0.7",
    "BM3_FENCE_S": "3",
    "BM3_RENUDGE_S": "2",
    "BM3_DISPATCH_EVERY_S": "0.4",
    "BM3_RETRY_FIRST_S": "0.5",
    "BM3_RETRY_CAP_S": "2",
    "BM3_REDIS_HEALTH_S": "1",
    # Random faults hit a job again and again where it stands: nothing about the job itself. What is called poison is as
    # it comes.
    "BM3_RETRY_LIMIT": "1000",
    "BM3_WORKER_POLL_S": "2",
    "BM3_WORKER_CONSUMER_STALL_S": "2",
    "BM3_WORKER_STOP_S": "2",
    "BM3_WORKER_KILL_S": "1",
    "BM3_WORKER_PROGRESS_S": "0.2",
    "OMP_NUM_THREADS": "1",
}


class Process:
    """One process of the service, of the version whose `tree` is given."""

    def __init__(self, role: str, environment: dict[str, str], log: Path, tree: Path = ROOT) -> None:
        self.role, self.started_at = role, time.time()
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *(["api"] if role == "api" else ["worker", role])],
                cwd=tree,
                env={**environment, "PYTHONPATH": str(tree)},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                preexec_fn=_die_with_parent(signal.SIGKILL),
            )
        self.pid = self._process.pid

    def signal(self, signum: signal.Signals) -> None:
        if self._process.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._process.wait()

    def ended(self, seconds: float) -> bool:
        """Whether it ends by itself in time."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        return self._process.poll()

    def children(self) -> list[int]:
        """Process ids of its children: the model child, if it has one."""
        try:
            return [int(word) for word in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except OSError:
            return []


@dataclass
class Cluster:
    """Database, broker, store and processes of one service. The servers are somebody else's, and may be killed."""

    folder: Path
    database_url: str
    redis_url: str
    models: str = "fake=fake?delay_ms=60"
    settings: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database = Database(self.database_url, RedisSignals(self.redis_url))
        migrate.upgrade(self.database)
        self.objects = LocalObjects(self.folder / "var" / "store")
        self.tenant_id = self.add_tenant()

    def add_tenant(self) -> UUID:
        """Another tenant; the first is everybody's who names none."""
        with self.database.write() as session:
            tenant = Tenant(name=f"tenant-{new_id().hex}", created_at=now())
            session.add(tenant)
            session.flush()
            return tenant.id

    def environment(self, **more: str) -> dict[str, str]:
        """What the processes are started with."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BM3_")}
        ours = {
            "BM3_DATABASE_URL": self.database_url,
            "BM3_REDIS_URL": self.redis_url,
            "BM3_DATA_DIR": str(self.folder / "var"),
            "BM3_ALLOW_NETWORKS": '["127.0.0.0/8"]',
            "BM3_WORKER_MODELS": self.models,
            "BM3_WORKER_SLOTS": "3",
            "BM3_API_WORKERS": API_PROCESSES,
        }
        return {**kept, **CLOCKS, **ours, **self.settings, **more}

    def start(self, role: str, tree: Path = ROOT, **more: str) -> Process:
        """Start a process, some settings of its own given."""
        process = Process(role, self.environment(**more), self.folder / "log", tree)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """Kill whatever still runs."""
        for process in self.processes:
            process.signal(signal.SIGCONT)
            process.kill()
        self.database.dispose()

    def add_video(self, path: Path, tenant_id: UUID | None = None) -> UUID:
        """Store a file as a verified asset."""
        return self.add_file(path, "video/mp4", tenant_id)

    def add_file(self, path: Path, media_type: str, tenant_id: UUID | None = None) -> UUID:
        """Store a file of any type as a verified asset."""
        new = assets.NewAsset(new_id(), tenant_id or self.tenant_id, path.name, media_type, path.stat().st_size)
        self.objects.put_file(new.object_key, path, media_type)
        with self.database.write() as session:
            assets.add_ready(session, now(), new, assets.Verified(new.size_bytes, new.id.hex * 2, media_type))
        return new.id

    def submit(self, asset_id: UUID, number: int = 1, **params: object) -> list[UUID]:
        """Submit jobs over one asset."""
        checked = VideoCaptionParams.model_validate({"video": {"asset_id": str(asset_id)}, **params})
        document = checked.model_dump(mode="json")
        new = jobs.NewJob(self.tenant_id, "video.caption", "gpu", document, asset_id=asset_id)
        ids = []
        for _ in range(number):
            with self.database.write() as session:
                ids.append(jobs.submit(session, now(), new).id)
        return ids

    def cancel(self, job_id: UUID) -> None:
        with self.database.write() as session:
            jobs.request_cancel(session, now(), session.get_one(Job, job_id))

    def hidden_asset(self) -> assets.NewAsset:
        """An asset that somebody has deleted, whose bytes and row are still there."""
        new = assets.NewAsset(new_id(), self.tenant_id, "unused.mp4", "video/mp4", 1)
        self.objects.put(new.object_key, b"x", "video/mp4")
        with self.database.write() as session:
            assets.add_ready(session, now(), new, assets.Verified(1, "0" * 64, "video/mp4"))
            assert assets.hide(session, now(), new.id)
        return new

    def forget(self, job_id: UUID) -> None:
        """Delete a job as a client did an hour ago."""
        with self.database.write() as session:
            jobs.tombstone(session, now() - timedelta(hours=1), session.get_one(Job, job_id))

    def client(self, tenant_id: UUID | None = None) -> RetryingClient:
        """A client of the api, which listens on the same port however often it is started."""
        scopes = [scope for scope in keys.Scope if scope is not keys.Scope.ADMIN]
        with self.database.write() as session:
            token = keys.create(session, now(), tenant_id or self.tenant_id, "fault tests", scopes).token
        self.settings.setdefault("BM3_API_PORT", str(free_port()))
        return RetryingClient(f"http://127.0.0.1:{self.settings['BM3_API_PORT']}", token)

    def listen(self, url: str, tenant_id: UUID | None = None) -> None:
        """Have every event of the tenant sent to a receiver."""
        with self.database.write() as session:
            endpoints.create(session, now(), endpoints.NewEndpoint(tenant_id or self.tenant_id, url))

    def job(self, job_id: UUID) -> Job:
        with self.database.read() as session:
            return session.get_one(Job, job_id)

    def wait(self, ids: Sequence[UUID], seconds: float, done: Callable[[Job], bool] | None = None) -> list[Job]:
        """The jobs once all are `done` (by default: ended). AssertionError when that takes too long."""
        reached = done or (lambda job: job.state in TERMINAL)
        deadline = time.monotonic() + seconds
        while True:
            found = [self.job(job_id) for job_id in ids]
            if all(reached(job) for job in found):
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"after {seconds} s: {[describe(job) for job in found if not reached(job)]}")
            time.sleep(0.1)

    def wait_running(self, ids: Sequence[UUID], cues: int = 1, seconds: float = 120) -> list[Job]:
        """The jobs once each has stored that many cues and goes on."""
        return self.wait(ids, seconds, lambda job: job.state is State.RUNNING and job.cue_count >= cues)

    def queued(self) -> int:
        """How many jobs wait to be claimed."""
        with self.database.read() as session:
            return session.scalars(select(func.count()).where(Job.state == State.QUEUED)).one()

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace") if (self.folder / "log").exists() else ""


def describe(job: Job) -> str:
    """A job in a line, for a failed assertion."""
    return f"{job.id} {job.state} attempt {job.attempt} cues {job.cue_count} {job.failure} {job.failure_message}"


def now() -> datetime:
    return datetime.now(UTC)
