"""Jobs in every state, as workers and people would have left them, for looking at pages."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from db.access import tenants
from db.assets import assets
from db.assets.assets import NewAsset, Verified
from db.documents.kinds.video import Cue
from db.failures import Failure
from db.jobs import jobs, leases, progress
from db.jobs.jobs import NewJob
from db.jobs.leases import Ending, FileEntry, Usage
from db.jobs.progress import JobProgress, ProgressStep
from db.schema.base import new_id
from db.schema.tables import Job, State
from tests.api.running_app import RunningApp

GPU, WORKER = "gpu", "gpu-1"
PROVENANCE = {
    "model": "bm3-nano",
    "family": "bm3_vl",
    "engine": "pytorch",
    "weights_sha256": "5f1d7a30" * 8,
    "code_version": "0.1.0",
    "seed": 0,
}
SPOKEN = (
    "A red ball rolls in from the left and stops beside the crate.",
    "The crane lowers its hook.",
    "Two people walk past the window, talking.",
    "The blue van reverses slowly until its doors touch the ramp.",
    "Nothing moves for a while.",
    "A dog crosses the yard and sniffs at the crate.",
    "The hook lifts the crate; the rope sways.",
    "It begins to rain.",
)


class JobSeeder:
    """Writes what a worker would write, for one tenant."""

    def __init__(self, inside: RunningApp, tenant: str = tenants.DEFAULT) -> None:
        self.inside = inside
        with inside.services.database.write() as session:
            found = next((one for one in tenants.listed(session) if one.name == tenant), None)
            self.tenant_id = (found or tenants.create(session, datetime.now(UTC), tenant)).id

    def asset(self, name: str, data: bytes, media_type: str) -> UUID:
        """An uploaded file."""
        new = NewAsset(new_id(), self.tenant_id, name, media_type, len(data))
        self.inside.services.objects.put(new.object_key, data, media_type)
        with self.inside.services.database.write() as session:
            assets.add_ready(session, datetime.now(UTC), new, Verified(len(data), "0" * 64, media_type))
        return new.id

    def video(self, name: str, file: Path | None = None, **more: Any) -> UUID:
        """A queued video job, with a file behind its player or without."""
        asset_id = self.asset(name, file.read_bytes(), "video/mp4") if file else None
        place = {"asset_id": str(asset_id)} if asset_id else {"url": f"https://example.com/{name}"}
        params = {"video": place, "prompt": "Describe what happens.", "fps": 2.0, **more.pop("params", {})}
        return self.job(NewJob(self.tenant_id, "video.caption", GPU, params, asset_id=asset_id, **more))

    def job(self, new: NewJob) -> UUID:
        with self.inside.services.database.write() as session:
            return jobs.submit(session, datetime.now(UTC), new).id

    def begin(self, total_ms: int = 60_000, queue: str = GPU) -> tuple[UUID, int]:
        """A worker takes the next job: its id and epoch."""
        now = datetime.now(UTC)
        with self.inside.services.database.write() as session:
            job = leases.claim(session, now, queue, WORKER, 600)
            assert job is not None
            leases.start(session, now, job.id, job.epoch)
            progress.report(session, now, job.id, job.epoch, JobProgress(job.done_ms, total_ms))
        return job.id, job.epoch

    def speak(self, job_id: UUID, epoch: int, texts: Sequence[str], first: int = 0, each_ms: int = 2000) -> None:
        """The worker writes captions."""
        spoken = [_cue(number, text, each_ms) for number, text in enumerate(texts, first)]
        done_ms = (first + len(texts)) * each_ms
        with self.inside.services.database.write() as session:
            progress.save(
                session, datetime.now(UTC), job_id, epoch, ProgressStep(spoken, {"next_chunk": done_ms}, done_ms)
            )

    def lose(self, job_id: UUID, epoch: int) -> None:
        """The worker is lost; the job is at once ready for another."""
        now, settings = datetime.now(UTC), self.inside.services.settings
        with self.inside.services.database.write() as session:
            leases.fail(session, now, job_id, epoch, Ending(Failure.WORKER_LOST, "no heartbeat for 60 s"), settings)
            job = session.get_one(Job, job_id)
            job.state, job.available_at, job.queued_at = State.QUEUED, None, now

    def finish(self, job_id: UUID, epoch: int, result: dict[str, Any], **files: str) -> None:
        """The job ends well, with these files."""
        now, entries = datetime.now(UTC), []
        for name, text in files.items():
            key, data = f"jobs/{job_id}/{epoch}/{name}", text.encode()
            media_type = mimetypes.guess_type(name)[0] or "text/plain"
            self.inside.services.objects.put(key, data, media_type)
            entries.append(FileEntry(name, key, media_type, len(data), hashlib.sha256(data).hexdigest()))
        usage = Usage(12.0, 3 << 30, "5f1d7a30" * 8)
        with self.inside.services.database.write() as session:
            leases.finalize(session, job_id, epoch)
            leases.succeed(session, now, job_id, epoch, result, entries, usage)

    def fail(self, job_id: UUID, epoch: int, code: Failure, message: str, **details: Any) -> None:
        now, settings = datetime.now(UTC), self.inside.services.settings
        with self.inside.services.database.write() as session:
            leases.fail(session, now, job_id, epoch, Ending(code, message, details=details), settings)


def video_result(cues: int, duration_ms: int, **more: Any) -> dict[str, Any]:
    """What a finished video job says."""
    counts = {"chunks": duration_ms // 2000, "frames": duration_ms // 500, "tokens_out": cues * 14, "silent_chunks": 4}
    return {"cues": cues, "duration_ms": duration_ms, **counts, "provenance": PROVENANCE, **more}


def _cue(number: int, text: str, each_ms: int) -> Cue:
    start_ms = number * each_ms
    return Cue(
        seq=number, start_ms=start_ms, end_ms=start_ms + each_ms, text=text, chunk_first=number, chunk_last=number
    )
