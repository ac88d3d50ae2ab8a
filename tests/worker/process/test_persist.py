"""Writes of a worker while the database is away, refuses, or stays away for longer than the lease."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from db.schema.base import new_id
from db.schema.tables_access import Tenant
from db.session import Database
from tests.servers import free_port
from worker.process.persist import LeaseLost, is_outage, persist, write


@dataclass
class Held:
    """Work under a lease that is held until `lost`."""

    id: UUID = field(default_factory=new_id)
    lost: bool = False
    done: threading.Event = field(default_factory=threading.Event)


def away() -> Database:
    return Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")


def test_work_is_given_the_time_and_what_it_wrote_stays(database: Database) -> None:
    def work(session: Session, now: datetime) -> datetime:
        session.add(Tenant(name="one", created_at=now))
        return now

    at = persist(database, Held(), work)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
    with database.read() as session:
        assert session.scalars(select(Tenant.name)).all() == ["one"]


def test_it_is_tried_again_until_the_database_is_back(database: Database) -> None:
    absent, tried = away(), 0

    def work(session: Session, now: datetime) -> str:
        nonlocal tried
        tried += 1
        if tried < 4:
            with absent.read() as elsewhere:
                elsewhere.execute(text("SELECT 1"))
        session.add(Tenant(name="late", created_at=now))
        return "written"

    held = Held()
    held.done.set()  # nothing to wait for between the tries
    assert persist(database, held, work) == "written"
    assert tried == 4
    with database.read() as session:
        assert session.scalars(select(Tenant.name)).all() == ["late"]


def test_the_pauses_between_the_tries_double_up_to_two_seconds(database: Database) -> None:
    class Noting(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout)
            return False

    waited: list[float | None] = []
    absent = away()

    def work(session: Session, now: datetime) -> None:
        if len(waited) < 7:
            with absent.read() as elsewhere:
                elsewhere.execute(text("SELECT 1"))

    persist(database, Held(done=Noting()), work)
    assert waited == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    absent.dispose()


def test_a_write_that_the_database_refuses_is_not_tried_again(database: Database) -> None:
    tried = 0

    def work(session: Session, now: datetime) -> None:
        nonlocal tried
        tried += 1
        session.execute(text("INSERT INTO tenants (id) VALUES (NULL)"))

    with pytest.raises(IntegrityError):
        persist(database, Held(), work)
    assert tried == 1


def test_what_was_written_before_a_failure_is_taken_back(database: Database) -> None:
    def work(session: Session, now: datetime) -> None:
        session.add(Tenant(name="half", created_at=now))
        session.flush()
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        write(database, work)
    with database.read() as session:
        assert session.scalars(select(Tenant.name)).all() == []


def test_nothing_is_written_without_a_lease(database: Database) -> None:
    with pytest.raises(LeaseLost):
        persist(database, Held(lost=True), lambda session, now: session.add(Tenant(name="no", created_at=now)))
    with database.read() as session:
        assert session.scalars(select(Tenant.name)).all() == []


def test_a_lease_that_ends_while_the_database_is_away_ends_the_tries() -> None:
    held, absent = Held(), away()
    held.done.set()

    def work(session: Session, now: datetime) -> None:
        raise AssertionError("it is away")

    threading.Timer(1.0, lambda: setattr(held, "lost", True)).start()
    with pytest.raises(LeaseLost, match=str(held.id)):
        persist(absent, held, work)
    absent.dispose()


def refused(database: Database, sql: str) -> DBAPIError:
    with database.read() as session, pytest.raises(DBAPIError) as caught:
        session.execute(text(sql))
    return caught.value


def test_an_outage_is_told_from_a_wrong_question(tmp_path: Path, postgres_url: str) -> None:
    absent, server = away(), Database(postgres_url)
    assert is_outage(refused(absent, "SELECT 1"))
    wrong = refused(server, "SELECT nonsense FROM nowhere")
    assert isinstance(wrong, ProgrammingError)
    assert not is_outage(wrong)
    # A server that is shut down says so to each of its connections, and the connection is of no more use.
    cut = refused(server, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert isinstance(cut, OperationalError)
    assert is_outage(cut)
    assert not is_outage(IntegrityError("INSERT", {}, ValueError("twice")))
    assert is_outage(DBAPIError("SELECT 1", {}, ValueError("the link is gone"), connection_invalidated=True))
    assert not is_outage(ValueError("a bug"))
    for one in (absent, server):
        one.dispose()
