"""A running application in a place of its own, tenants in it, and a worker's hand to move jobs along."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.bootstrap import prepare
from api.deps import Services
from api.settings import ApiSettings
from db.access import keys, tenants
from db.documents.kinds.video import Cue
from db.jobs import leases, progress
from db.jobs.leases import FileEntry, Usage
from db.jobs.progress import ProgressStep
from db.ops import migrate
from db.schema.tables import Worker
from db.session import Database
from db.settings import Settings

MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 400
OFFSET_TYPE = "application/offset+octet-stream"
NO_REDIS = "redis://127.0.0.1:1/0"


@dataclass(frozen=True)
class TenantClient:
    """A tenant's key and the client that speaks with it."""

    client: TestClient
    token: str
    tenant_id: UUID

    def call(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.call("POST", path, json=body, **more)

    def submit(self, **fields: Any) -> dict[str, Any]:
        params = {"video": {"url": "https://example.com/a.mp4"}, **fields.pop("params", {})}
        answer = self.post("/v1/jobs", {"kind": "video.caption", "params": params, **fields})
        assert answer.status_code in (200, 202), answer.text
        job: dict[str, Any] = answer.json()
        return job

    def upload(self, data: bytes = MP4, media_type: str = "video/mp4", **fields: Any) -> dict[str, Any]:
        body = {"filename": "a.mp4", "media_type": media_type, "size_bytes": len(data), **fields}
        begun: dict[str, Any] = self.post("/v1/uploads", body).json()
        return begun

    def append(self, upload: dict[str, Any], offset: int, data: bytes) -> Any:
        headers = {"Upload-Offset": str(offset), "Content-Type": OFFSET_TYPE}
        return self.call("PATCH", upload["url"], headers=headers, content=data)

    def asset(self, data: bytes = MP4, media_type: str = "video/mp4") -> dict[str, Any]:
        upload = self.upload(data, media_type)
        self.append(upload, 0, data)
        done: dict[str, Any] = self.post(upload["complete_url"]).json()
        return done


@dataclass(frozen=True)
class RunningApp:
    """The application and what it works with."""

    app: FastAPI
    client: TestClient

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def tenant_client(
        self, name: str, scopes: Sequence[str] = ("jobs:read", "jobs:write", "assets:write", "webhooks:*", "keys:*")
    ) -> TenantClient:
        """A new tenant with a key."""
        now = datetime.now(UTC)
        with self.services.database.write() as session:
            tenant = tenants.create(session, now, name)
            minted = keys.create(session, now, tenant.id, f"{name}'s key", scopes)
        return TenantClient(self.client, minted.token, tenant.id)

    def admin(self) -> TenantClient:
        now = datetime.now(UTC)
        with self.services.database.write() as session:
            tenant = tenants.default(session, now)
            minted = keys.create(session, now, tenant.id, "admin", ["admin"])
        return TenantClient(self.client, minted.token, tenant.id)

    def worker(
        self,
        weights: str = "w" * 64,
        queues: Sequence[str] = ("gpu",),
        code: str = "0.1.0",
        name: str = "w1",
        **more: Any,
    ) -> None:
        """A living worker of this version that serves a model with these weights; `more` is said of the model."""
        now = datetime.now(UTC)
        model = {
            "name": "nano",
            "family": "bm3_vl",
            "engine": "fake",
            "weights_sha256": weights,
            "context_tokens": 4096,
            **more,
        }
        data = {"models": [model], "packages": {"bm3-vl": code}}
        row = Worker(id=name, role="gpu", queues=[*queues], slots=2, started_at=now, heartbeat_at=now, data=data)
        with self.services.database.write() as session:
            session.merge(row)

    def start(self) -> tuple[UUID, int]:
        """Claim the next job of the queue and start it: its id and epoch."""
        now = datetime.now(UTC)
        with self.services.database.write() as session:
            job = leases.claim(session, now, "gpu", "w1", 60)
            assert job is not None
            assert leases.start(session, now, job.id, job.epoch)
        return job.id, job.epoch

    def speak(self, job_id: UUID, epoch: int, *texts: str, first: int = 0) -> None:
        """Save cues, a second each."""
        spoken = [
            Cue(seq=n, start_ms=n * 1000, end_ms=n * 1000 + 1000, text=text, chunk_first=n, chunk_last=n)
            for n, text in enumerate(texts, first)
        ]
        with self.services.database.write() as session:
            done_ms = (first + len(texts)) * 1000
            assert progress.save(
                session, datetime.now(UTC), job_id, epoch, ProgressStep(spoken, {"next_chunk": done_ms}, done_ms)
            )

    def finish(self, job_id: UUID, epoch: int, result: dict[str, Any], **files: bytes) -> None:
        """End the job well, with files."""
        now, entries = datetime.now(UTC), []
        for name, data in files.items():
            key = f"jobs/{job_id}/{epoch}/{name}"
            self.services.objects.put(key, data, "text/plain")
            entries.append(FileEntry(name, key, "image/svg+xml", len(data), hashlib.sha256(data).hexdigest()))
        with self.services.database.write() as session:
            assert leases.finalize(session, job_id, epoch)
            assert leases.succeed(session, now, job_id, epoch, result, entries, Usage(1.0))


@cache
def installation() -> Path:
    """A data folder after its first start, made once: migrations and the hash of a password take their time."""
    folder = Path(tempfile.mkdtemp(prefix="bm3-installation-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = Settings(data_dir=folder)
    database = Database(settings.database())
    prepare(database, settings)
    database.dispose()
    return folder


@contextmanager
def running_app(
    folder: Path,
    database_url: str = "",
    redis_url: str = NO_REDIS,
    *,
    live: bool = True,
    settings: Mapping[str, Any] | None = None,
    **api: Any,
) -> Iterator[RunningApp]:
    """The application as `python -m api` makes it; `live` runs its background tasks here, else a server has to."""
    given = {"data_dir": folder, "database_url": database_url, "redis_url": redis_url, "s3_input_buckets": ["inputs"]}
    given["allow_networks"] = ["127.0.0.0/8"]
    common = Settings(**{**given, **(settings or {})})
    if not database_url and not [*folder.glob("*.sqlite3")]:
        shutil.copytree(installation(), folder, dirs_exist_ok=True)
    app = create_app(common, ApiSettings(**{"sse_poll_alone_s": 0.05, **api}))
    database = app.state.services.database
    migrate.upgrade(database)
    prepare(database, common)
    client = TestClient(app, raise_server_exceptions=False)
    try:
        with client if live else nullcontext():
            yield RunningApp(app, client)
    finally:
        app.state.services.close()
