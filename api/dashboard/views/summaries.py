"""One job as a line of a list: what it is about, how far it is, how fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from api.dashboard.views import chat_view
from api.deps import Services
from db.documents.kinds import datasheet_verdict
from db.documents.kinds.live import shown_url
from db.jobs import overview
from db.jobs.estimates import Estimate
from db.schema.tables import OWNED, TERMINAL, Job

INPUTS = ("video", "document", "mechanical_image", "land_image")


@dataclass(frozen=True)
class Summary:
    """A job and what is worked out for its line."""

    job: Job
    title: str
    estimate: Estimate | None

    @property
    def ratio(self) -> float | None:
        return min(self.job.done_ms / self.job.total_ms, 1) if self.job.total_ms else None

    @property
    def verdict(self) -> dict[str, Any] | None:
        """Of a datasheet as it was read."""
        return datasheet_verdict.of_result(self.job.result)

    @property
    def ended(self) -> bool:
        return self.job.state in TERMINAL

    @property
    def owned(self) -> bool:
        return self.job.state in OWNED

    @property
    def canceling(self) -> bool:
        return self.owned and self.job.cancel_requested_at is not None

    @property
    def seconds(self) -> float | None:
        """How long the job took, or has been at work."""
        if self.job.started_at is None or self.job.finished_at is None:
            return None
        return (self.job.finished_at - self.job.started_at).total_seconds()

    @property
    def realtime(self) -> float | None:
        return self.estimate.realtime if self.estimate and self.job.started_at and self.job.done_ms else None


def summaries(session: Session, services: Services, at: datetime, rows: Sequence[Job]) -> list[Summary]:
    """Lines for these jobs. Queued ones get no estimate here: that costs a count each."""
    names = overview.filenames(session, {row.asset_id for row in rows if row.asset_id is not None})
    return [
        Summary(
            row,
            title(row, names),
            services.estimator.of(session, at, row) if row.state in OWNED or row.state in TERMINAL else None,
        )
        for row in rows
    ]


def summary(session: Session, services: Services, at: datetime, job: Job) -> Summary:
    """One job with its estimate."""
    names = overview.filenames(session, {job.asset_id} if job.asset_id is not None else set())
    return Summary(job, title(job, names), services.estimator.of(session, at, job))


def title(job: Job, names: dict[UUID, str]) -> str:
    """What a person calls the job: its file's name, else its address, its question, its kind."""
    if job.asset_id is not None and job.asset_id in names:
        return names[job.asset_id]
    for name in INPUTS:
        place: dict[str, Any] = job.params.get(name) or {}
        if address := place.get("url"):
            parts = urlsplit(shown_url(address))
            return unquote(PurePosixPath(parts.path).name) or parts.netloc
        if found := place.get("s3"):
            return PurePosixPath(found["key"]).name
    return (chat_view.title(job.params) if job.kind == chat_view.KIND else None) or job.kind
