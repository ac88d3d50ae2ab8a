"""Links that show one job to whoever holds them: signed, expiring, revocable."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.schema.base import new_id
from db.schema.tables import Job
from db.schema.tables_dashboard import ShareLink


def create(session: Session, now: datetime, job: Job, author: str, expires_at: datetime) -> ShareLink:
    """A new link to a job."""
    link = ShareLink(
        id=new_id(),
        job_id=job.id,
        secret=secrets.token_hex(32),
        author=author,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(link)
    session.flush()
    return link


def token(link: ShareLink) -> str:
    """What stands in the link's address: its id and a signature over the job and the end."""
    return f"{link.id.hex}.{_signature(link)}"


def find(session: Session, now: datetime, given: str) -> Job | None:
    """The job that a token shows; None for forged, expired and revoked ones alike."""
    name, _, signature = given.partition(".")
    link = _link(session, name)
    if link is None or not hmac.compare_digest(_signature(link).encode(), signature.encode()):
        return None
    if link.revoked_at is not None or link.expires_at <= now:
        return None
    job = session.get(Job, link.job_id)
    return job if job is not None and job.deleted_at is None else None


def of_job(session: Session, now: datetime, job_id: UUID) -> list[ShareLink]:
    """The job's links that still work."""
    living = (ShareLink.job_id == job_id, ShareLink.revoked_at.is_(None), ShareLink.expires_at > now)
    return [*session.scalars(select(ShareLink).where(*living).order_by(ShareLink.id))]


def revoke(session: Session, now: datetime, job_id: UUID, link_id: UUID) -> None:
    """End a link at once."""
    this = (ShareLink.id == link_id, ShareLink.job_id == job_id)
    session.execute(update(ShareLink).where(*this).values(revoked_at=now))


def _link(session: Session, name: str) -> ShareLink | None:
    try:
        return session.get(ShareLink, UUID(hex=name))
    except ValueError:
        return None


def _signature(link: ShareLink) -> str:
    message = f"{link.id.hex}|{link.job_id.hex}|{int(link.expires_at.timestamp())}"
    return hmac.new(bytes.fromhex(link.secret), message.encode(), hashlib.sha256).hexdigest()[:40]
