"""Leases are renewed in time, and what the row says of them reaches the attempt; with a real database."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

import pytest

from db.jobs import jobs, leases
from db.schema.tables import Job, State
from db.session import Database
from tests.servers import free_port
from tests.worker.supervisor.worker_harness import WorkerHarness, now
from worker.supervisor.attempt import Attempt, StopReason
from worker.supervisor.lease_renewer import LeaseRenewer


@pytest.fixture
def attempt(harness: WorkerHarness) -> Attempt:
    """A running job whose lease is due for renewal."""
    attempt = harness.started()
    attempt.renewed_at -= harness.settings.beat_s
    return attempt


@pytest.fixture
def renewer(harness: WorkerHarness) -> LeaseRenewer:
    return LeaseRenewer(harness.database, harness.settings, harness.registry)


def lease_left(harness: WorkerHarness, attempt: Attempt) -> timedelta:
    until = harness.job(attempt.id).lease_until
    assert until is not None
    return until - now()


def shorten(harness: WorkerHarness, attempt: Attempt) -> None:
    with harness.database.write() as session:
        session.get_one(Job, attempt.id).lease_until = now() + timedelta(seconds=1)


def test_a_lease_is_renewed_when_it_is_due(harness: WorkerHarness, renewer: LeaseRenewer, attempt: Attempt) -> None:
    shorten(harness, attempt)
    asked = time.monotonic()
    renewer.beat()
    assert lease_left(harness, attempt) > timedelta(seconds=harness.settings.lease_s - 5)
    assert asked <= attempt.renewed_at <= time.monotonic()
    assert attempt.stop_reason is None


def test_and_not_before(harness: WorkerHarness, renewer: LeaseRenewer, attempt: Attempt) -> None:
    shorten(harness, attempt)
    attempt.renewed_at = time.monotonic() - harness.settings.beat_s + 2
    renewer.beat()
    assert lease_left(harness, attempt) < timedelta(seconds=1)


def test_every_attempt_is_renewed(harness: WorkerHarness, renewer: LeaseRenewer, attempt: Attempt) -> None:
    other = harness.started()
    other.renewed_at -= harness.settings.beat_s
    for one in (attempt, other):
        shorten(harness, one)
    renewer.beat()
    assert min(lease_left(harness, one) for one in (attempt, other)) > timedelta(seconds=30)


def test_a_worker_hears_that_its_job_is_somebody_elses(
    harness: WorkerHarness, renewer: LeaseRenewer, attempt: Attempt
) -> None:
    with harness.database.write() as session:
        leases.release(session, now(), attempt.id, attempt.epoch, leases.Usage())
    renewer.beat()
    assert attempt.stop_reason is StopReason.LOST


def test_a_job_that_has_just_ended_is_not_lost(harness: WorkerHarness, renewer: LeaseRenewer, attempt: Attempt) -> None:
    with harness.database.write() as session:
        leases.release(session, now(), attempt.id, attempt.epoch, leases.Usage())
    attempt.done.set()
    renewer.beat()
    assert attempt.stop_reason is None


def test_a_lost_lease_is_not_renewed(harness: WorkerHarness, renewer: LeaseRenewer, attempt: Attempt) -> None:
    shorten(harness, attempt)
    attempt.stop(StopReason.LOST)
    renewer.beat()
    assert lease_left(harness, attempt) < timedelta(seconds=1)


def test_a_cancel_whose_message_got_lost_is_seen(
    harness: WorkerHarness, renewer: LeaseRenewer, attempt: Attempt
) -> None:
    with harness.database.write() as session:
        assert jobs.request_cancel(session, now(), session.get_one(Job, attempt.id)).state is State.RUNNING
    renewer.beat()
    assert attempt.stop_reason is StopReason.CANCELED


def test_a_live_job_that_is_to_end_well_is_told_at_the_beat(harness: WorkerHarness, attempt: Attempt) -> None:
    told: list[UUID] = []
    renewer = LeaseRenewer(harness.database, harness.settings, harness.registry, told.append)
    renewer.beat()
    assert told == []
    with harness.database.write() as session:
        session.get_one(Job, attempt.id).stop_requested_at = now()
    attempt.renewed_at -= harness.settings.beat_s
    renewer.beat()
    assert (told, attempt.stop_reason) == ([attempt.id], None)


def test_a_cancel_goes_before_a_good_end(harness: WorkerHarness, attempt: Attempt) -> None:
    told: list[UUID] = []
    with harness.database.write() as session:
        job = session.get_one(Job, attempt.id)
        job.stop_requested_at = job.cancel_requested_at = now()
    LeaseRenewer(harness.database, harness.settings, harness.registry, told.append).beat()
    assert (told, attempt.stop_reason) == ([], StopReason.CANCELED)


def test_a_database_that_is_away_leaves_the_attempt_alone_until_the_next_beat(
    harness: WorkerHarness, attempt: Attempt
) -> None:
    away = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    before = attempt.renewed_at
    LeaseRenewer(away, harness.settings, harness.registry).beat()
    assert (attempt.renewed_at, attempt.stop_reason) == (before, None)
    LeaseRenewer(harness.database, harness.settings, harness.registry).beat()
    assert attempt.renewed_at > before
    away.dispose()
