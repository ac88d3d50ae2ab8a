"""Questions asked of cues: the ones after a point, a count, a search; and their correction by a person.

A worker's cues are written by `progress.save`, with the checkpoint that covers them.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.documents.kinds.video import Cue
from db.jobs import corrections
from db.schema.tables import CueRow


def after(session: Session, job_id: UUID, seq: int = -1, limit: int | None = None) -> list[Cue]:
    """The job's cues with a number greater than `seq`, in order."""
    statement = select(CueRow).where(CueRow.job_id == job_id, CueRow.seq > seq).order_by(CueRow.seq).limit(limit)
    return [as_cue(row) for row in session.scalars(statement)]


def search(session: Session, job_id: UUID, text: str, limit: int = 200) -> list[Cue]:
    """The job's cues that contain `text`, whatever its case."""
    statement = (
        select(CueRow)
        .where(CueRow.job_id == job_id, CueRow.text.icontains(text, autoescape=True))
        .order_by(CueRow.seq)
        .limit(limit)
    )
    return [as_cue(row) for row in session.scalars(statement)]


def correct(session: Session, now: datetime, job_id: UUID, seq: int, text: str, author: str) -> Cue | None:
    """Put another text in a cue's place, and keep what stood there, who changed it and when; None without the cue.

    The row itself changes: files, streams and the search say what a person stated.
    """
    row = session.get(CueRow, (job_id, seq), with_for_update=True, populate_existing=True)
    if row is None:
        return None
    if row.text != text:
        corrections.record(session, now, job_id, f"cues[{seq}].text", row.text, text, author)
        row.text = text
        session.flush()
    return as_cue(row)


def as_cue(row: CueRow) -> Cue:
    """The document a row stands for."""
    return Cue(seq=row.seq, start_ms=row.start_ms, end_ms=row.end_ms, text=row.text, **row.data)


def last_seq(session: Session, job_id: UUID) -> int:
    """The number of the job's last cue; -1 before the first."""
    found = session.scalars(select(func.max(CueRow.seq)).where(CueRow.job_id == job_id)).one()
    return -1 if found is None else found
