"""Which dispatcher leads: the one that holds a lease row, kept by beating and free for the next when it stops."""

from __future__ import annotations

import logging

from db.crash import crash_point
from db.ops import sweeps
from db.session import Database, database_now
from worker import metrics

ROLE = "dispatcher"
log = logging.getLogger(__name__)


class Leadership:
    """One process's claim to lead. Two may believe to lead for a moment; every step is safe to run twice."""

    def __init__(self, database: Database, holder: str, seconds: float) -> None:
        self._database, self._holder, self._seconds = database, holder, seconds
        self.held = False

    def renew(self) -> bool:
        """Become or stay the leader."""
        with self._database.write() as session:
            held = sweeps.lead(session, database_now(session), ROLE, self._holder, self._seconds)
        if held != self.held:
            log.info("%s %s", self._holder, "leads" if held else "stands by")
            metrics.LEADER.set(held)
        self.held = held
        if held:
            crash_point("dispatcher.elected")
        return held

    def resign(self) -> None:
        """Let the next one lead at once."""
        if self.held:
            self.held = False
            with self._database.write() as session:
                sweeps.abdicate(session, ROLE, self._holder)
