"""Transactions: whole or not at all, signals only after the commit, one clock, and UTC whatever the database keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.exc import StatementError

from db.access import tenants
from db.broker.signals import Nudge, Signal
from db.jobs import jobs
from db.jobs.jobs import NewJob
from db.ops import migrate
from db.schema.tables import Job
from db.schema.tables_access import Tenant
from db.session import Database, database_now


class PowerCut(Exception):
    """The process ends here."""


class Heard:
    """Keeps the signals that were sent."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []

    def send(self, signals: Sequence[Signal]) -> None:
        self.signals += signals


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    found: str = (
        f"sqlite:///{tmp_path / 'a.sqlite3'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    return found


def test_a_block_that_fails_leaves_nothing_and_says_nothing(url: str) -> None:
    heard = Heard()
    database = Database(url, heard)
    migrate.upgrade(database)
    now = datetime.now(UTC)

    def cut_off() -> None:
        with database.write() as session:
            tenant = tenants.create(session, now, "ann")
            jobs.submit(session, now, NewJob(tenant.id, "video.caption", "gpu", {}))
            raise PowerCut

    with pytest.raises(PowerCut):
        cut_off()
    with database.read() as session:
        assert session.query(Tenant).count() == session.query(Job).count() == 0
    assert heard.signals == []
    with database.write() as session:
        tenant = tenants.create(session, now, "ann")
        job = jobs.submit(session, now, NewJob(tenant.id, "video.caption", "gpu", {}))
        assert heard.signals == []
    assert Nudge("gpu", job.id) in heard.signals
    database.dispose()


def test_instants_come_back_in_utc_and_naive_ones_are_refused(url: str) -> None:
    database = Database(url)
    migrate.upgrade(database)
    local = datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=timezone(timedelta(hours=5)))
    with database.write() as session:
        session.add(Tenant(id=uuid4(), name="ann", created_at=local))
    with database.read() as session:
        kept = session.query(Tenant).one().created_at
    assert kept == local
    assert kept.tzinfo is UTC
    with database.read() as session:
        session.add(Tenant(id=uuid4(), name="bob", created_at=local.replace(tzinfo=None)))
        with pytest.raises(StatementError):
            session.flush()
    database.dispose()


def test_the_databases_clock_is_ours_on_one_machine(url: str) -> None:
    database = Database(url)
    with database.read() as session:
        assert abs(database_now(session) - datetime.now(UTC)) < timedelta(seconds=2)
    database.dispose()
