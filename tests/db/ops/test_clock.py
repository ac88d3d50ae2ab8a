"""When the clock is believed, to the border; nothing is removed for its age while it is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.access import tenants
from db.jobs import jobs
from db.jobs.jobs import NewJob
from db.ops import clock
from db.schema.tables import Worker
from db.session import Database

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def asked(database: Database, at: datetime, here: datetime | None = None) -> str | None:
    with database.write() as session:
        return clock.implausible(session, at, here or at)


def leapt(database: Database) -> datetime | None:
    with database.read() as session:
        return clock.leapt_since(session)


def test_the_clocks_of_machine_and_database_may_be_five_minutes_apart(database: Database) -> None:
    for apart in (timedelta(minutes=5), timedelta(minutes=-5)):
        assert asked(database, NOW, NOW + apart) is None
    for apart in (timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1)):
        assert asked(database, NOW, NOW + apart) == "the clocks of this machine and of the database are 0:05:01 apart"
    assert leapt(database) is None


def test_a_service_that_was_off_for_a_day_is_believed_and_after_longer_only_a_day_later(database: Database) -> None:
    assert asked(database, NOW) is None
    assert asked(database, NOW + DAY) is None
    late = NOW + 2 * DAY + SECOND
    assert asked(database, late) == "the clock leapt from 2026-01-02 12:00 to 2026-01-03 12:00 UTC"
    assert leapt(database) == late
    assert asked(database, late + DAY - SECOND) is not None
    assert leapt(database) == late, "the leap is told as it was seen first"
    assert asked(database, late + DAY) is None
    assert leapt(database) is None
    assert asked(database, late + DAY + SECOND) is None


def test_a_clock_that_was_set_right_again_must_leap_for_a_day_anew(database: Database) -> None:
    assert asked(database, NOW) is None
    assert asked(database, NOW + 30 * DAY) is not None
    assert asked(database, NOW + timedelta(seconds=61)) is None
    assert asked(database, NOW + 40 * DAY) is not None
    assert leapt(database) == NOW + 40 * DAY


def test_a_leap_in_the_future_counts_from_now(database: Database) -> None:
    assert asked(database, NOW) is None
    assert asked(database, NOW + 30 * DAY) is not None
    assert asked(database, NOW + 5 * DAY) is not None
    assert leapt(database) == NOW + 5 * DAY


def test_looks_are_noted_once_a_minute_and_take_a_leap_back(database: Database) -> None:
    assert asked(database, NOW) is None
    assert asked(database, NOW + timedelta(seconds=60)) is None
    assert asked(database, NOW + DAY + timedelta(seconds=60)) is not None, "the first look is the one that counts"
    assert asked(database, NOW + timedelta(seconds=61)) is None
    assert leapt(database) is None
    assert asked(database, NOW + DAY + timedelta(seconds=61)) is None


def test_a_database_that_nobody_looked_at_tells_by_its_last_job_or_worker(database: Database) -> None:
    with database.write() as session:
        jobs.submit(session, NOW, NewJob(tenants.default(session, NOW).id, "video.caption", "gpu", {}))
    assert asked(database, NOW + DAY + SECOND) is not None
    with database.write() as session:
        at = NOW + timedelta(hours=1)
        session.add(Worker(id="w", role="gpu", queues=["gpu"], slots=1, started_at=at, heartbeat_at=at, data={}))
    assert asked(database, NOW + DAY + SECOND) is None
