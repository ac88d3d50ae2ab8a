"""How far a worker says its job is, and the cues it stores together with the checkpoint that covers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, insert, select, true
from sqlalchemy.orm import Session

from db.documents import alerts
from db.documents.event_types import EventType
from db.documents.kinds.video import AlertRule, Cue
from db.jobs.transitions import move, record
from db.schema.tables import OWNED, CueRow, Job, JobEvent

TENTHS = 10


@dataclass(frozen=True)
class JobProgress:
    """How far an attempt is."""

    done_ms: int
    total_ms: int | None = None
    note: str = ""


@dataclass(frozen=True)
class ProgressStep:
    """New cues, and the checkpoint from which to go on after them."""

    cues: Sequence[Cue]
    checkpoint: dict[str, Any]
    done_ms: int


def report(session: Session, now: datetime, job_id: UUID, epoch: int, progress: JobProgress) -> bool:
    """Say how far the attempt is; only an advance counts for the stall clock. False: the lease is lost."""
    values: dict[str, Any] = {
        "done_ms": progress.done_ms,
        "total_ms": progress.total_ms,
        "progress_note": progress.note[:200] or None,
        # Whatever changes, for a second attempt may start from zero; the same place again is no progress.
        "progress_at": case((Job.done_ms != progress.done_ms, now), else_=Job.progress_at),
    }
    return _advance(session, now, job_id, epoch, values)


def save(session: Session, now: datetime, job_id: UUID, epoch: int, step: ProgressStep) -> bool:
    """Store cues and the checkpoint that covers them, together or not at all. False: the lease is lost.

    May be repeated: the commit of the first time may have got through although nobody heard of it.
    """
    if _is_saved(session, job_id, epoch, step):
        return move(session, job_id, OWNED, {"progress_at": now}, epoch=epoch) is not None
    # An attempt that resumes at the end writes the same checkpoint again, and must not be retried for ever.
    is_further = true() if step.cues else Job.checkpoint_ms < step.done_ms
    values = {
        "checkpoint": step.checkpoint,
        "checkpoint_ms": step.done_ms,
        "done_ms": step.done_ms,
        "progress_at": now,
        "cue_count": Job.cue_count + len(step.cues),
        "setbacks": case((is_further, 0), else_=Job.setbacks),
        "losses_here": case((is_further, 0), else_=Job.losses_here),
    }
    if not _advance(session, now, job_id, epoch, values):
        return False
    if step.cues:
        session.execute(insert(CueRow), [_cue_row(job_id, epoch, cue) for cue in step.cues])
        _report_alerts(session, now, session.get_one(Job, job_id), step.cues)
    return True


def _report_alerts(session: Session, now: datetime, job: Job, cues: Sequence[Cue]) -> None:
    """Record `cue.matched` for each rule of the job that a cue fits and that does not cool down.

    Segments of a split job say nothing: their cues come again through the job that they are parts of.
    """
    written = job.params.get("alerts") if job.parent_id is None else None
    for rule in map(AlertRule.model_validate, written or ()):
        hits = [cue for cue in cues if alerts.fits(rule, cue)]
        last_ms = _last_reported(session, job.id, rule.name) if hits else None
        for cue in hits:
            if last_ms is None or cue.start_ms >= last_ms + rule.cool_down_ms:
                record(session, now, job, EventType.CUE_MATCHED, alerts.event_payload(rule, cue))
                last_ms = cue.start_ms


def _last_reported(session: Session, job_id: UUID, name: str) -> int | None:
    """The start of the last cue that the rule was told of."""
    told = select(JobEvent.data).where(JobEvent.job_id == job_id, JobEvent.type == EventType.CUE_MATCHED)
    own = told.where(JobEvent.data["rule"].as_string() == name)
    last = session.scalars(own.order_by(JobEvent.seq.desc()).limit(1)).first()
    return None if last is None else int(last["cue"]["start_ms"])


def _advance(session: Session, now: datetime, job_id: UUID, epoch: int, values: dict[str, Any]) -> bool:
    """Write how far the job is; each tenth of the way is an event that webhooks may carry."""
    before_ms = session.scalar(select(Job.done_ms).where(Job.id == job_id)) or 0
    job = move(session, job_id, OWNED, values, epoch=epoch)
    if job is not None and job.total_ms and before_ms * TENTHS // job.total_ms < job.done_ms * TENTHS // job.total_ms:
        record(session, now, job, EventType.JOB_PROGRESS, {"done_ms": job.done_ms, "total_ms": job.total_ms})
    return job is not None


def _is_saved(session: Session, job_id: UUID, epoch: int, step: ProgressStep) -> bool:
    """Whether exactly this is stored already; other cues under the same numbers are a bug, which the insert finds."""
    if not step.cues:
        return False
    stored = select(Job.checkpoint).join(CueRow, CueRow.job_id == Job.id)
    last = stored.where(Job.id == job_id, CueRow.seq == step.cues[-1].seq, CueRow.epoch == epoch)
    return session.scalar(last) == step.checkpoint


def _cue_row(job_id: UUID, epoch: int, cue: Cue) -> dict[str, Any]:
    extra = cue.model_dump(mode="json", exclude={"seq", "start_ms", "end_ms", "text"})
    return {
        "job_id": job_id,
        "seq": cue.seq,
        "start_ms": cue.start_ms,
        "end_ms": cue.end_ms,
        "text": cue.text,
        "data": extra,
        "epoch": epoch,
    }
