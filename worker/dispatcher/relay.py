"""Passes on what waits: retries whose delay is over, nudges that were lost, events on their way out, merged segments."""

from __future__ import annotations

from db.broker.signals import Nudge, signal
from db.crash import crash_point
from db.jobs import segments
from db.names import LIGHT
from db.ops import sweeps
from db.schema.base import new_id
from db.session import Database, database_now
from db.settings import Settings
from db.webhooks import endpoints
from worker import metrics


def retries(database: Database, settings: Settings) -> int:  # noqa: ARG001 - every step has this shape
    """Queue jobs whose retry delay is over."""
    crash_point("dispatcher.waking")
    with database.write() as session:
        return sweeps.wake(session, database_now(session))


def nudges(database: Database, settings: Settings) -> int:
    """Nudge again for queued jobs nobody looked at."""
    with database.write() as session:
        number = sweeps.renudge(session, database_now(session), settings.renudge_s)
    metrics.NUDGES_REPEATED.inc(number)
    return number


def rejoined(database: Database, settings: Settings) -> int:  # noqa: ARG001
    """Queue parents whose segments have all ended."""
    with database.write() as session:
        return len(segments.rejoin(session, database_now(session)))


def settled_inputs(database: Database, settings: Settings) -> int:  # noqa: ARG001
    """Queue jobs whose input was settled while nobody saw them wait."""
    with database.write() as session:
        return sweeps.settle_waiting(session, database_now(session))


def events(database: Database, settings: Settings) -> int:  # noqa: ARG001
    """Turn outbox rows into webhook deliveries until none is left."""
    number = 0
    while True:
        crash_point("dispatcher.relaying")
        with database.write() as session:
            fanned = endpoints.fan_out(session, database_now(session))
        crash_point("dispatcher.relayed")
        number += fanned
        if not fanned:
            return number


def deliveries(database: Database, settings: Settings) -> int:  # noqa: ARG001
    """Nudge the light workers while deliveries are due."""
    with database.write() as session:
        number = sweeps.due_deliveries(session, database_now(session))
        if number:
            signal(session, Nudge(LIGHT, new_id()))
    return number
