"""An independent account of what became of every job: it reads the tables and the receiver's log, and asks no one."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from db.documents.kinds.video import Cue
from db.schema.tables import TERMINAL, CueRow, Job, JobAttempt, JobEvent, JobFile, State
from db.session import Database
from db.storage.objects import ObjectStore
from tests.receiver import read_log

FINISHED = ("job.succeeded", "job.failed", "job.canceled", "job.expired")


VIDEO_FILES, SHEET_FILES = 4, 3
MUST_BE_ZERO = (
    "lost",
    "failed",
    "duplicate_finishes",
    "duplicate_submits",
    "duplicate_cues",
    "missing_cues",
    "wrong_cues",
    "wrong_live_cues",
    "wrong_results",
    "missing_files",
    "missing_assets",
    "webhooks_lost",
    "cross_tenant_reads",
    "orphan_objects",
    "unpurged",
)


@dataclass
class Ledger:
    """What must all be zero, and how long things took."""

    jobs: int = 0
    lost: int = 0
    failed: int = 0
    duplicate_finishes: int = 0
    duplicate_submits: int = 0
    duplicate_cues: int = 0
    missing_cues: int = 0
    wrong_cues: int = 0
    wrong_live_cues: int = 0
    wrong_results: int = 0
    missing_files: int = 0
    missing_assets: int = 0
    webhooks_lost: int = 0
    cross_tenant_reads: int = 0
    orphan_objects: int = 0
    unpurged: int = 0
    recovery_s: list[float] = field(default_factory=list)
    recomputed_video_s: float = 0.0
    suspects: list[UUID] = field(default_factory=list)

    def faultless(self) -> bool:
        return not self._wrongs()

    @contextmanager
    def about(self, job_id: UUID) -> Iterator[None]:
        """What is counted in the block is about this job: where any of it must be zero, the job is a suspect."""
        before = self._wrongs()
        yield
        if self._wrongs() > before and job_id not in self.suspects:
            self.suspects.append(job_id)

    def _wrongs(self) -> int:
        return sum(getattr(self, name) for name in MUST_BE_ZERO)

    def summary(self) -> dict[str, object]:
        """As the long run prints it."""
        counts = {name: value for name, value in self.__dict__.items() if name not in ("recovery_s", "suspects")}
        counts["recomputed_video_s"] = round(self.recomputed_video_s, 1)
        return {
            **counts,
            "recovery_p50_s": quantile(self.recovery_s, 0.5),
            "recovery_p99_s": quantile(self.recovery_s, 0.99),
        }


def audit(
    database: Database,
    objects: ObjectStore,
    ids: Sequence[UUID],
    expected: Sequence[Cue],
    ledger: Ledger | None = None,
) -> Ledger:
    """Account for `video.caption` jobs that all should have succeeded with the expected cues."""
    ledger = ledger or Ledger()
    for job_id in ids:
        with ledger.about(job_id):
            if audit_end(ledger, database, job_id) is not None:
                _audit_cues(ledger, database, job_id, expected)
                audit_files(ledger, database, objects, job_id, VIDEO_FILES)
                _audit_attempts(ledger, database, job_id)
    return ledger


def audit_end(ledger: Ledger, database: Database, job_id: UUID) -> Job | None:
    """Account for a job that should have ended once, and well; None when it has not ended."""
    ledger.jobs += 1
    with database.read() as session:
        job = session.get(Job, job_id)
        events = session.scalars(select(JobEvent).where(JobEvent.job_id == job_id)).all()
    if job is None or job.state not in TERMINAL:
        ledger.lost += 1
        return None
    ledger.failed += job.state is not State.SUCCEEDED
    ends = Counter(event.type for event in events if event.type in FINISHED)
    ledger.duplicate_finishes += max(ends.total() - 1, 0)
    ledger.lost += not ends
    return job


def audit_files(ledger: Ledger, database: Database, objects: ObjectStore, job_id: UUID, number: int) -> None:
    """Count the result files that a job should have and that are not in the store."""
    with database.read() as session:
        keys = session.scalars(select(JobFile.object_key).where(JobFile.job_id == job_id)).all()
    ledger.missing_files += max(number - sum(objects.exists(key) for key in keys), 0)


def audit_webhooks(
    ledger: Ledger, ids: Sequence[UUID], received: Path, seconds: float, path: str | None = None
) -> None:
    """Count the jobs of whose end the receiver was not told within some time, at one of its paths or any."""
    deadline = time.monotonic() + seconds
    while missed := {*ids} - ended_jobs(received, path):
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    for job_id in missed:
        with ledger.about(job_id):
            ledger.webhooks_lost += 1


def ended_jobs(received: Path, path: str | None = None) -> set[UUID]:
    """The jobs whose end was told, at one of the receiver's paths or any."""
    found: set[UUID] = set()
    for one in read_log(received):
        event = json.loads(one.body)
        if event["type"] in FINISHED and path in (None, one.path):
            found.add(UUID(event["data"]["job_id"]))
    return found


def audit_recovery(ledger: Ledger, database: Database, ids: Sequence[UUID], faults: Sequence[datetime]) -> None:
    """From the fault before each lost attempt's end to the next attempt's start."""
    with database.read() as session:
        for job_id in ids:
            attempts = _attempts(session.scalars(select(JobAttempt).where(JobAttempt.job_id == job_id)).all())
            for lost, following in itertools.pairwise(attempts):
                before = [at for at in faults if lost.started_at <= at <= following.started_at]
                if before:
                    ledger.recovery_s.append((following.started_at - max(before)).total_seconds())


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all do not exceed."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else None


def _audit_attempts(ledger: Ledger, database: Database, job_id: UUID) -> None:
    with database.read() as session:
        attempts = _attempts(session.scalars(select(JobAttempt).where(JobAttempt.job_id == job_id)).all())
    ledger.duplicate_finishes += sum(attempt.outcome == "succeeded" for attempt in attempts) > 1
    for before, after in itertools.pairwise(attempts):
        ledger.recomputed_video_s += max(0, before.ended_at_ms - after.resumed_from_ms) / 1000


def _audit_cues(ledger: Ledger, database: Database, job_id: UUID, expected: Sequence[Cue]) -> None:
    with database.read() as session:
        rows = session.scalars(select(CueRow).where(CueRow.job_id == job_id).order_by(CueRow.seq)).all()
    wanted = Counter((cue.start_ms, cue.end_ms, cue.text) for cue in expected)
    found = Counter((row.start_ms, row.end_ms, row.text) for row in rows)
    ledger.missing_cues += (wanted - found).total()
    ledger.duplicate_cues += sum(number - 1 for number in found.values() if number > 1)
    ledger.wrong_cues += len(set(found) - set(wanted))
    ledger.wrong_cues += [row.seq for row in rows] != list(range(len(rows)))


def _attempts(rows: Sequence[JobAttempt]) -> list[JobAttempt]:
    return sorted(rows, key=lambda row: row.attempt)
