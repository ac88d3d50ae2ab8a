"""The tables of the work itself: jobs and what they leave behind, assets, workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from db.documents.answers.states import TERMINAL as TERMINAL
from db.documents.answers.states import AssetState as AssetState
from db.documents.answers.states import State as State
from db.failures import Failure
from db.schema.base import Base, new_id, text_enum

OWNED = frozenset({State.LEASED, State.RUNNING, State.FINALIZING})
WAITING = frozenset({State.AWAITING_INPUT, State.QUEUED, State.RETRY_WAIT})


class Job(Base):
    """One piece of work. The row is the truth; a queue message is only a nudge to look at it."""

    __tablename__ = "jobs"
    __table_args__ = (
        # One index answers "the best queued job of this tenant": claims stay flat however long the queue is.
        Index(
            "ix_jobs_claim",
            "queue",
            "tenant_id",
            text("priority DESC"),
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        Index("ix_jobs_state", "state", "lease_until"),
        Index("ix_jobs_tenant", "tenant_id", "id"),
        Index("ix_jobs_cache", "tenant_id", "cache_key"),
        Index("ix_jobs_parent", "parent_id"),
        # The jobs page counts by state and by time without touching the table.
        Index(
            "ix_jobs_shown",
            "tenant_id",
            "created_at",
            postgresql_include=["state"],
            postgresql_where=text("deleted_at IS NULL AND parent_id IS NULL"),
            sqlite_where=text("deleted_at IS NULL AND parent_id IS NULL"),
        ),
        Index(
            "ix_jobs_recorded",
            "tenant_id",
            postgresql_where=text("recorded_bytes > 0"),
            sqlite_where=text("recorded_bytes > 0"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    kind: Mapped[str] = mapped_column(String(60))
    queue: Mapped[str] = mapped_column(String(40))
    state: Mapped[State] = mapped_column(text_enum(State), default=State.QUEUED)
    priority: Mapped[int] = mapped_column(default=0)
    params: Mapped[dict[str, Any]]
    labels: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any] | None]
    failure: Mapped[Failure | None] = mapped_column(text_enum(Failure))
    failure_message: Mapped[str | None] = mapped_column(Text)

    created_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    available_at: Mapped[datetime | None]  # end of retry_wait
    nudged_at: Mapped[datetime | None]  # null while queued: the dispatcher has a nudge to send
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]  # tombstone; rows and objects go at the next sweep
    cancel_requested_at: Mapped[datetime | None]
    stop_requested_at: Mapped[datetime | None]  # of live input: end in good order

    attempt: Mapped[int] = mapped_column(default=0)
    epoch: Mapped[int] = mapped_column(default=0)  # fencing: every write of an attempt carries it
    worker_id: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[datetime | None]
    setbacks: Mapped[int] = mapped_column(default=0)  # attempts ended by a transient failure without progress
    losses_here: Mapped[int] = mapped_column(default=0)  # workers lost at the current checkpoint
    memory_setbacks: Mapped[int] = mapped_column(default=0)  # attempts that ran out of GPU memory: the budget shrinks

    done_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    total_ms: Mapped[int | None] = mapped_column(BigInteger)
    progress_note: Mapped[str | None] = mapped_column(String(200))
    progress_at: Mapped[datetime | None]
    checkpoint: Mapped[dict[str, Any] | None]
    checkpoint_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    snapshot_bytes: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0"
    )  # in the object store, for it
    recorded_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # of live input, in files
    cue_count: Mapped[int] = mapped_column(default=0)
    cost: Mapped[float | None]  # of all attempts, in whatever currency BM3_WORKER_GPU_HOUR_PRICE is
    event_seq: Mapped[int] = mapped_column(default=0)

    asset_id: Mapped[UUID | None]  # input awaited or used
    model: Mapped[str | None] = mapped_column(String(200))
    cache_key: Mapped[str | None] = mapped_column(String(64))
    cached_from: Mapped[UUID | None]
    parent_id: Mapped[UUID | None]  # a segment's parent
    part_index: Mapped[int | None]
    retry_of: Mapped[UUID | None]
    webhook: Mapped[dict[str, Any] | None]  # per-job event filter
    traceparent: Mapped[str | None] = mapped_column(String(60))


class JobAttempt(Base):
    """One worker's try at a job, kept for the waterfall and the bill."""

    __tablename__ = "job_attempts"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    worker_id: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(40))
    failure: Mapped[Failure | None] = mapped_column(text_enum(Failure))
    message: Mapped[str | None] = mapped_column(Text)
    resumed_from_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    ended_at_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    busy_seconds: Mapped[float] = mapped_column(default=0.0)
    peak_memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    weights_sha256: Mapped[str | None] = mapped_column(String(64))
    cost: Mapped[float | None]


class JobEvent(Base):
    """What happened to a job, in order; the event stream replays it."""

    __tablename__ = "job_events"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(60))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]


class CueRow(Base):
    """One caption. The primary key makes a repeated write of the same cue impossible."""

    __tablename__ = "cues"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    epoch: Mapped[int]


class JobFile(Base):
    """A result file of a finished job: its name and where its bytes are."""

    __tablename__ = "job_files"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    object_key: Mapped[str] = mapped_column(String(400), index=True)
    media_type: Mapped[str] = mapped_column(String(120))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))


class Asset(Base):
    """An uploaded input."""

    __tablename__ = "assets"
    __table_args__ = (Index("ix_assets_tenant", "tenant_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    state: Mapped[AssetState] = mapped_column(text_enum(AssetState), default=AssetState.UPLOADING)
    filename: Mapped[str] = mapped_column(String(255))
    declared_type: Mapped[str] = mapped_column(String(120))
    sniffed_type: Mapped[str | None] = mapped_column(String(120))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    object_key: Mapped[str] = mapped_column(String(400))
    probe: Mapped[dict[str, Any] | None]
    failure: Mapped[Failure | None] = mapped_column(text_enum(Failure))
    failure_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # hidden since: bytes and row go at the next sweep


class Upload(Base):
    """An upload under way: what is needed to take it up again after a break."""

    __tablename__ = "uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), index=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    mode: Mapped[str] = mapped_column(String(20))  # offset | multipart
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    part_bytes: Mapped[int | None] = mapped_column(BigInteger)
    store_upload_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Worker(Base):
    """A worker process and its last heartbeat."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    queues: Mapped[list[str]]
    slots: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    draining: Mapped[bool] = mapped_column(default=False)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)  # models, versions, GPU, running jobs


class Leader(Base):
    """Which process holds a role that only one may hold, and until when."""

    __tablename__ = "leaders"

    role: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    until: Mapped[datetime]


class Outbox(Base):
    """Job events on their way to webhook endpoints; written with the transition, removed with the fan-out."""

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[UUID]  # job or asset
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
