"""Questions asked of jobs: claims that never collide, order that is fair, states that never go back."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from db.access import tenants
from db.jobs import jobs, leases, progress
from db.jobs.jobs import Filter, NewJob
from db.jobs.leases import Usage
from db.jobs.progress import ProgressStep
from db.schema.tables import Job, State
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(each_database: Database) -> Database:
    return each_database


def tenant(database: Database, name: str = "ann", **quotas: int) -> UUID:
    with database.write() as session:
        return tenants.create(session, NOW, name, tenants.Quotas(**quotas)).id


def submit(database: Database, tenant_id: UUID, count: int = 1, **fields: int) -> list[UUID]:
    with database.write() as session:
        new = NewJob(tenant_id, "video.caption", "gpu", {"video": {"url": "https://example.com/a"}}, **fields)
        return [jobs.submit(session, NOW, new).id for _ in range(count)]


def claim(database: Database, worker: str = "w") -> Job | None:
    with database.write() as session:
        return leases.claim(session, NOW, "gpu", worker, 60)


@pytest.mark.slow
def test_racing_workers_never_hold_one_job(database: Database) -> None:
    made = submit(database, tenant(database), 40)
    claimed: Counter[UUID] = Counter()

    def work(name: str) -> None:
        while (job := claim(database, name)) is not None:
            claimed[job.id] += 1

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A worker that loses every race of a round comes back with the next nudge: sweep up what is left.
    work("last")
    assert claimed == Counter(made)


def test_the_order_is_priority_then_need_then_age(database: Database) -> None:
    ann, bob = tenant(database), tenant(database, "bob")
    first, second = submit(database, ann, 2)
    urgent = submit(database, ann, priority=5)[0]
    other = submit(database, bob)[0]
    order = [job.id for _ in range(4) if (job := claim(database))]
    # After ann's urgent job runs, bob has fewer running ones.
    assert order == [urgent, other, first, second]
    assert claim(database) is None


def test_an_urgent_job_comes_before_those_of_a_tenant_in_greater_need(database: Database) -> None:
    ann, bob = tenant(database), tenant(database, "bob")
    submit(database, ann, 2, priority=5)
    waits = submit(database, bob, priority=1)[0]
    assert [job.tenant_id for _ in range(3) if (job := claim(database))] == [ann, ann, bob]
    with database.read() as session:
        assert session.get_one(Job, waits).state is not State.QUEUED


def test_a_tenant_at_its_running_quota_waits(database: Database) -> None:
    submit(database, tenant(database, max_running=1), 2)
    first = claim(database)
    assert first is not None
    assert claim(database) is None
    with database.write() as session:
        assert leases.release(session, NOW, first.id, first.epoch, Usage())
    assert claim(database) is not None


def test_an_old_epoch_writes_nothing(database: Database) -> None:
    submit(database, tenant(database))
    old = claim(database)
    assert old is not None
    with database.write() as session:
        leases.release(session, NOW, old.id, old.epoch, Usage())
    new = claim(database)
    assert new is not None
    with database.write() as session:
        assert not leases.start(session, NOW, old.id, old.epoch)
        assert leases.renew(session, NOW, old.id, old.epoch, 60) is None
        assert not progress.save(session, NOW, old.id, old.epoch, ProgressStep([], {}, 5))
        assert not leases.succeed(session, NOW, old.id, old.epoch, {}, [], Usage())
        assert leases.start(session, NOW, new.id, new.epoch)


def test_a_deleted_job_is_seen_by_nobody_and_run_by_nobody(database: Database) -> None:
    ann = tenant(database)
    job_id = submit(database, ann)[0]
    with database.write() as session:
        jobs.tombstone(session, NOW, session.get_one(Job, job_id))
    assert claim(database) is None
    with database.read() as session:
        assert jobs.find(session, ann, job_id) is None
        assert jobs.page(session, ann, Filter(), 10) == []
        assert session.get_one(Job, job_id).state is State.CANCELED


def test_queue_positions_count_what_comes_before(database: Database) -> None:
    ann = tenant(database)
    made = submit(database, ann, 3)
    urgent = submit(database, ann, priority=1)[0]
    with database.read() as session:
        ahead = [jobs.ahead_of(session, session.get_one(Job, job_id)) for job_id in (urgent, *made)]
    assert ahead == [0, 1, 2, 3]


def test_pages_follow_the_order_of_making(database: Database) -> None:
    ann = tenant(database)
    made = submit(database, ann, 5)
    with database.read() as session:
        newest = jobs.page(session, ann, Filter(states=[State.QUEUED]), 3)
        older = jobs.page(session, ann, Filter(), 3, before=newest[-1].id)
        later = jobs.page(session, ann, Filter(created_after=NOW + timedelta(seconds=1)), 3)
    assert [job.id for job in (*newest, *older)] == made[::-1]
    assert later == []


def test_only_queued_jobs_of_the_same_queue_stand_in_a_line(database: Database) -> None:
    ann = tenant(database)
    first = submit(database, ann)[0]
    with database.write() as session:
        elsewhere = NewJob(ann, "datasheet.extract", "cpu", {"document": {"url": "https://example.com/a"}})
        other = jobs.submit(session, NOW, elsewhere).id
    last = submit(database, ann)[0]
    running = claim(database)
    assert running is not None
    with database.read() as session:
        ahead = {one: jobs.ahead_of(session, session.get_one(Job, one)) for one in (running.id, other, last)}
    assert running.id == first
    assert ahead == {first: 0, other: 0, last: 0}
    with database.write() as session:
        canceled = jobs.request_cancel(session, NOW, session.get_one(Job, submit_last(session, ann)))
        assert jobs.ahead_of(session, canceled) == 0, "who has left the line stands nowhere in it"


def submit_last(session: Session, tenant_id: UUID) -> UUID:
    new = NewJob(tenant_id, "video.caption", "gpu", {"video": {"url": "https://example.com/a"}})
    return jobs.submit(session, NOW, new).id


@pytest.mark.slow
def test_a_line_is_counted_to_a_limit(database: Database) -> None:
    ann = tenant(database)
    made = submit(database, ann, jobs.AHEAD_MAX + 3)
    with database.read() as session:
        assert jobs.ahead_of(session, session.get_one(Job, made[-1])) == jobs.AHEAD_MAX
        assert jobs.ahead_of(session, session.get_one(Job, made[jobs.AHEAD_MAX - 1])) == jobs.AHEAD_MAX - 1


def test_lists_are_filtered(database: Database) -> None:
    ann = tenant(database)
    with database.write() as session:
        params = {"video": {"url": "https://example.com/a"}}
        made = [
            jobs.submit(
                session, NOW + timedelta(seconds=n), NewJob(ann, kind, "gpu", params, model=model, labels=labels)
            ).id
            for n, (kind, model, labels) in enumerate(
                [
                    ("video.caption", "nano", {"team": "a"}),
                    ("video.caption", "large", {"team": "b"}),
                    ("chat.complete", "nano", {"team": "a", "x": "y"}),
                ]
            )
        ]

    def found(**wanted: object) -> list[int]:
        with database.read() as session:
            return [made.index(job.id) for job in jobs.page(session, ann, Filter(**wanted), 10)]  # type: ignore[arg-type]

    assert found() == [2, 1, 0]
    assert found(kinds=["video.caption"]) == [1, 0]
    assert found(model="nano") == [2, 0]
    assert found(label=("team", "a")) == [2, 0]
    assert found(label=("x", "a")) == []
    assert found(created_after=NOW + timedelta(seconds=1)) == [2, 1]
    assert found(created_before=NOW + timedelta(seconds=1)) == [0]
    assert found(states=[State.RUNNING]) == []
    assert found(kinds=["video.caption"], model="nano", label=("team", "a")) == [0]


def test_a_finished_job_answers_for_one_like_it(database: Database) -> None:
    ann = tenant(database)
    with database.write() as session:
        new = NewJob(ann, "video.caption", "gpu", {"video": {"url": "https://example.com/a"}}, cache_key="k")
        source = jobs.submit(session, NOW, new).id
    assert_cached(database, ann, None)
    job = claim(database)
    assert job is not None
    with database.write() as session:
        leases.start(session, NOW, job.id, job.epoch)
        leases.finalize(session, job.id, job.epoch)
        leases.succeed(session, NOW, job.id, job.epoch, {"cues": 1}, [], Usage())
    assert_cached(database, ann, source)
    assert_cached(database, tenant(database, "bob"), None)
    with database.write() as session:
        copy = jobs.submit_cached(session, NOW, new, session.get_one(Job, source))
        assert (copy.state, copy.result, copy.cached_from) == (State.SUCCEEDED, {"cues": 1}, source)
        copy_id = copy.id
    assert_cached(database, ann, copy_id)
    with database.write() as session:
        for one in (source, copy_id):
            jobs.tombstone(session, NOW, session.get_one(Job, one))
    assert_cached(database, ann, None)


def assert_cached(database: Database, tenant_id: UUID, expected: UUID | None) -> None:
    with database.read() as session:
        found = jobs.cached(session, tenant_id, "k")
        assert (found and found.id) == expected
        assert jobs.cached(session, tenant_id, "other") is None
