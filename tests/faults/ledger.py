"""An independent account of what became of every job: it reads the tables and the receiver's log, and asks no one."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from db.documents.kinds.video import Cue
from db.schema.tables import TERMINAL, CueRow, Job, JobAttempt, JobEvent, JobFile, State
from db.session import Database
from db.storage.objects import ObjectStore

FINISHED = ("job.succeeded", "job.failed", "job.canceled", "job.expired")


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
    missing_files: int = 0
    webhooks_missed: int = 0
    recovery_s: list[float] = field(default_factory=list)
    recomputed_video_s: float = 0.0

    def faultless(self) -> bool:
        bad = (
            self.lost,
            self.failed,
            self.duplicate_finishes,
            self.duplicate_cues,
            self.missing_cues,
            self.wrong_cues,
            self.duplicate_submits,
        )
        return not any((*bad, self.missing_files, self.webhooks_missed))

    def summary(self) -> dict[str, object]:
        """As the long run prints it."""
        counts = {name: value for name, value in self.__dict__.items() if name != "recovery_s"}
        counts["recomputed_video_s"] = round(self.recomputed_video_s, 1)
        return {
            **counts,
            "recovery_p50_s": quantile(self.recovery_s, 0.5),
            "recovery_p99_s": quantile(self.recovery_s, 0.99),
        }


def audit(database: Database, objects: ObjectStore, ids: Sequence[UUID], expected: Sequence[Cue]) -> Ledger:
    """Account for jobs that all should have succeeded with the expected cues."""
    ledger = Ledger()
    for job_id in ids:
        _audit_one(ledger, database, objects, job_id, expected)
    return ledger


def audit_webhooks(ledger: Ledger, ids: Sequence[UUID], received: Path, seconds: float) -> None:
    """Count the jobs whose end the receiver was not told within some time."""
    deadline = time.monotonic() + seconds
    while missed := _untold(ids, received):
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    ledger.webhooks_missed = len(missed)


def _untold(ids: Sequence[UUID], received: Path) -> set[str]:
    lines = received.read_text().splitlines() if received.exists() else []
    return {str(job_id) for job_id in ids} - {_ended_job(line) for line in lines}


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


def _audit_one(ledger: Ledger, database: Database, objects: ObjectStore, job_id: UUID, expected: Sequence[Cue]) -> None:
    ledger.jobs += 1
    with database.read() as session:
        job = session.get(Job, job_id)
        rows = session.scalars(select(CueRow).where(CueRow.job_id == job_id).order_by(CueRow.seq)).all()
        events = session.scalars(select(JobEvent).where(JobEvent.job_id == job_id)).all()
        files = session.scalars(select(JobFile).where(JobFile.job_id == job_id)).all()
        attempts = _attempts(session.scalars(select(JobAttempt).where(JobAttempt.job_id == job_id)).all())
    if job is None or job.state not in TERMINAL:
        ledger.lost += 1
        return
    ledger.failed += job.state is not State.SUCCEEDED
    ends = Counter(event.type for event in events if event.type in FINISHED)
    ledger.duplicate_finishes += sum(ends.values()) - 1
    ledger.duplicate_finishes += sum(attempt.outcome == "succeeded" for attempt in attempts) > 1
    _audit_cues(ledger, rows, expected)
    ledger.missing_files += 4 - sum(objects.exists(file.object_key) for file in files)
    for before, after in itertools.pairwise(attempts):
        ledger.recomputed_video_s += max(0, before.ended_at_ms - after.resumed_from_ms) / 1000


def _audit_cues(ledger: Ledger, rows: Sequence[CueRow], expected: Sequence[Cue]) -> None:
    wanted = Counter((cue.start_ms, cue.end_ms, cue.text) for cue in expected)
    found = Counter((row.start_ms, row.end_ms, row.text) for row in rows)
    ledger.missing_cues += (wanted - found).total()
    ledger.duplicate_cues += sum(number - 1 for number in found.values() if number > 1)
    ledger.wrong_cues += len(set(found) - set(wanted))
    ledger.wrong_cues += [row.seq for row in rows] != list(range(len(rows)))


def _attempts(rows: Sequence[JobAttempt]) -> list[JobAttempt]:
    return sorted(rows, key=lambda row: row.attempt)


def _ended_job(line: str) -> str:
    """Whose end a request told of; empty for other events."""
    event = json.loads(base64.b64decode(json.loads(line)["body"]))
    return str(event["data"]["job_id"]) if event["type"] in FINISHED else ""
