"""Keeps leases alive, and hears from their rows of cancels and of leases that are lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from db.crash import crash_point
from db.jobs import leases
from db.session import Database
from db.settings import Settings
from worker import metrics
from worker.process.persist import write
from worker.supervisor.attempt import Attempt, AttemptRegistry, StopReason

log = logging.getLogger(__name__)


class LeaseRenewer:
    """Renews the leases of all attempts. Runs on a thread of its own, for a database may let it wait."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        registry: AttemptRegistry,
        finish: Callable[[UUID], None] = lambda _: None,
    ) -> None:
        self._database, self._settings, self._registry, self._finish = database, settings, registry, finish

    def beat(self) -> None:
        """Renew what is due; a failure is tried again with the next call."""
        for attempt in self._registry.all():
            if not attempt.lost and time.monotonic() - attempt.renewed_at >= self._settings.beat_s:
                self._renew(attempt)

    def _renew(self, attempt: Attempt) -> None:
        asked_at = time.monotonic()  # before the question: the lease counts from when the database answered, or earlier
        lease_s = self._settings.lease_s
        try:
            job = write(self._database, lambda s, now: leases.renew(s, now, attempt.id, attempt.epoch, lease_s))
        except SQLAlchemyError as error:
            metrics.OUTAGES.inc()
            log.warning("job %s: lease not renewed: %s", attempt.id, type(error).__name__)
            return
        crash_point("worker.renewed")
        if job is None:
            if not attempt.done.is_set():
                attempt.stop(StopReason.LOST)
            return
        attempt.renewed_at = asked_at
        if job.cancel_requested_at is not None:
            attempt.stop(StopReason.CANCELED)
        elif job.stop_requested_at is not None:
            self._finish(attempt.id)
