"""Links that show one job to whoever has them: whose they are, how long they work, how they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db.access import shares
from db.jobs import jobs
from db.ops import migrate
from db.schema.tables import Job
from db.schema.tables_access import Tenant
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'shares.sqlite3'}")
    migrate.upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def two_jobs(database: Database) -> tuple[Job, Job]:
    with database.write() as session:
        tenant = Tenant(name="a", created_at=NOW)
        session.add(tenant)
        session.flush()
        new = jobs.NewJob(tenant.id, "chat.complete", "gpu", {})
        return jobs.submit(session, NOW, new), jobs.submit(session, NOW, new)


def test_a_job_lists_its_own_links_as_long_as_they_work(database: Database, two_jobs: tuple[Job, Job]) -> None:
    first, second = two_jobs
    with database.write() as session:
        long, short = (shares.create(session, NOW, first, "ann", NOW + DAY * days) for days in (9, 1))
        other = shares.create(session, NOW, second, "ann", NOW + DAY * 9)
        gone = shares.create(session, NOW, first, "ann", NOW + DAY * 9)
        shares.revoke(session, NOW, second.id, long.id)  # not this job's link
        shares.revoke(session, NOW, first.id, gone.id)

    def listed(job: Job, now: datetime) -> set[object]:
        with database.read() as session:
            return {link.id for link in shares.of_job(session, now, job.id)}

    assert listed(first, NOW) == {long.id, short.id}
    assert listed(second, NOW) == {other.id}
    assert listed(first, NOW + DAY) == {long.id}


def test_a_link_opens_its_job_until_it_ends(database: Database, two_jobs: tuple[Job, Job]) -> None:
    with database.write() as session:
        link = shares.create(session, NOW, two_jobs[0], "ann", NOW + DAY)
        token = shares.token(link)

    def opened(given: str, now: datetime) -> object:
        with database.read() as session:
            job = shares.find(session, now, given)
            return job.id if job is not None else None

    assert opened(token, NOW) == two_jobs[0].id
    assert opened(token, NOW + DAY) is None
    assert opened(token[:-1] + ("0" if token[-1] != "0" else "1"), NOW) is None
    assert opened("nonsense", NOW) is None
    with database.write() as session:
        shares.revoke(session, NOW, two_jobs[0].id, link.id)
    assert opened(token, NOW) is None
