"""The tables of the dashboard: corrected values, share links, failed logins."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base, new_id


class Correction(Base):
    """A value of a result that a person corrected or accepted; the last one of a field holds."""

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_job", "job_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(String(200))  # body.length.nom, land_pattern.pads[3].w
    before: Mapped[str | None] = mapped_column(Text)  # JSON
    value: Mapped[str | None] = mapped_column(Text)  # JSON; equal to `before`: accepted as it was
    note: Mapped[str | None] = mapped_column(String(400))
    author: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class ShareLink(Base):
    """A link that shows one job to whoever holds it, until it expires or is revoked."""

    __tablename__ = "share_links"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    secret: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LoginThrottle(Base):
    """Failed logins of one name or one address; the key is a hash of it."""

    __tablename__ = "login_throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
