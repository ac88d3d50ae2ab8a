"""Recordings of live input: listed among a job's files while it runs, and counted."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.jobs import quotas
from db.jobs.leases import FileEntry
from db.jobs.transitions import move
from db.schema.tables import OWNED, Job, JobFile
from db.schema.tables_access import Tenant


def add_recording(session: Session, job_id: UUID, epoch: int, entry: FileEntry) -> bool:
    """Count a part of a recording and list it among the job's files. False: the lease is lost.

    May be repeated. Raises QuotaExceeded when the tenant has no room for it.
    """
    job = session.get(Job, job_id, populate_existing=True)
    if job is None or job.epoch != epoch or job.state not in OWNED:
        return False
    if session.get(JobFile, (job_id, entry.name)) is not None:
        return True
    quotas.check_bytes(session, session.get_one(Tenant, job.tenant_id), entry.size_bytes)
    more = {"recorded_bytes": Job.recorded_bytes + entry.size_bytes}
    if move(session, job_id, OWNED, more, epoch=epoch) is None:
        return False
    session.execute(insert(JobFile).values(job_id=job_id, **entry.__dict__))
    return True
