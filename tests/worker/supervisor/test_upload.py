"""Result files on their way into a store that stumbles, stays away or refuses; with a real S3 behind a gate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from db.failures import Failure
from db.jobs import jobs
from db.schema.tables import State
from db.storage.s3 import S3Objects
from db.storage.s3_client import S3Config
from tests.faults.tcp_gate import TcpGate, gate_to
from tests.servers import S3Place
from tests.waiting import GUARD_S, until
from tests.worker.supervisor.test_finalizer import done, written
from tests.worker.supervisor.worker_harness import WorkerHarness
from worker.supervisor.attempt import Attempt, StopReason
from worker.supervisor.finalizer import Finalizer

MANY = 10_000


@pytest.fixture
def gate(s3: S3Place) -> Iterator[TcpGate]:
    with gate_to(s3.endpoint_url) as gate:
        yield gate


@pytest.fixture
def attempt(harness: WorkerHarness) -> Attempt:
    return harness.started()


@pytest.fixture
def finalizer(
    harness: WorkerHarness, attempt: Attempt, s3: S3Place, gate: TcpGate, monkeypatch: pytest.MonkeyPatch
) -> Finalizer:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret_access_key)
    store = S3Objects(S3Config(s3.bucket, "bm3/", endpoint_url=gate.url))
    return Finalizer(harness.database, store, harness.settings, attempt)


def settle(finalizer: Finalizer, attempt: Attempt) -> str:
    return finalizer.settle(done(attempt), {"a.txt": written(attempt, "a.txt", b"words")})


def test_a_store_that_stumbles_costs_no_attempt(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt, gate: TcpGate
) -> None:
    gate.refuse("PUT", 503, 2)
    assert settle(finalizer, attempt) == "succeeded"
    assert gate.refused["PUT"] == 2
    with harness.database.read() as session:
        [file] = jobs.files(session, attempt.id)
    assert finalizer.objects.read(file.object_key) == b"words"


@pytest.mark.slow
def test_a_store_that_stays_away_costs_the_attempt(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt, gate: TcpGate
) -> None:
    gate.refuse("PUT", 503, MANY)
    assert settle(finalizer, attempt) == State.RETRY_WAIT
    assert harness.last_attempt(attempt.id).failure is Failure.STORAGE


def test_a_store_that_refuses_our_key_is_not_asked_again(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt, gate: TcpGate
) -> None:
    gate.refuse("PUT", 403, MANY)
    assert settle(finalizer, attempt) == State.FAILED
    assert harness.job(attempt.id).failure is Failure.STORAGE_REFUSED
    assert gate.refused["PUT"] == 1


def test_a_cancel_does_not_end_the_waiting(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt, gate: TcpGate
) -> None:
    gate.refuse("PUT", 503, 1)
    attempt.stop(StopReason.CANCELED)
    assert settle(finalizer, attempt) == "succeeded"
    assert gate.refused["PUT"] == 1


def test_a_lost_lease_ends_the_waiting(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt, gate: TcpGate
) -> None:
    gate.refuse("PUT", 503, MANY)
    attempt_ends_as_lost(finalizer, attempt, lambda: gate.refused["PUT"] > 0)


def test_a_lost_lease_ends_even_a_request_that_is_never_answered(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt, gate: TcpGate
) -> None:
    """A store's time limits and tries come to two minutes; the worker's slot is free long before."""
    gate.dawdle("PUT", 600)
    attempt_ends_as_lost(finalizer, attempt, lambda: gate.waiting["PUT"] > 0)
    assert gate.waiting["PUT"] == 1


def attempt_ends_as_lost(finalizer: Finalizer, attempt: Attempt, asked: Callable[[], bool]) -> None:
    outcomes: list[str] = []
    ending = threading.Thread(target=lambda: outcomes.append(settle(finalizer, attempt)), daemon=True)
    ending.start()
    until(asked)
    attempt.stop(StopReason.LOST)
    ending.join(GUARD_S)
    assert outcomes == ["lost"]
