"""What becomes of a job when its attempt ends, for every way to end; with a real database and a real store."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from db.documents.event_types import EventType, HistoryEventType
from db.failures import Failure
from db.jobs import jobs, leases
from db.schema.tables import Job, State
from db.storage.local import LocalObjects
from db.storage.objects import BadKey, ObjectStoreRefused, ObjectStoreUnavailable
from tests.worker.supervisor.worker_harness import WorkerHarness, now
from worker.protocol import Attach, Done, Failed, Halted, Split, StreamCost
from worker.supervisor.attempt import Attempt, Gone, StopReason
from worker.supervisor.finalizer import Finalizer

COST = StreamCost(busy_seconds=2.5, peak_memory_bytes=77, weights_sha256="0" * 64)
PROVENANCE = {"model": "m", "family": "f", "engine": "e", "weights_sha256": "0" * 64, "seed": 0, "code_version": "1"}


@pytest.fixture
def attempt(harness: WorkerHarness) -> Attempt:
    return harness.started()


@pytest.fixture
def finalizer(harness: WorkerHarness, attempt: Attempt) -> Finalizer:
    return Finalizer(harness.database, harness.objects, harness.settings, attempt)


def done(attempt: Attempt, **changed: object) -> Done:
    result = {"text": "a", "finish_reason": "stop", "prompt_tokens": 1, "completion_tokens": 2}
    return Done(stream=attempt.stream, result={**result, "provenance": PROVENANCE, **changed}, spent=COST)


def written(attempt: Attempt, name: str, data: bytes) -> Attach:
    path = attempt.folder / name
    path.write_bytes(data)
    return Attach(stream=attempt.stream, name=name, path=str(path), media_type="text/plain")


def test_the_result_its_files_and_its_cost_are_stored(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt
) -> None:
    attach = written(attempt, "a.txt", b"words")
    assert finalizer.settle(done(attempt), {"a.txt": attach}) == "succeeded"
    job, row = harness.job(attempt.id), harness.last_attempt(attempt.id)
    assert (job.state, job.result["text"] if job.result else None) == (State.SUCCEEDED, "a")
    assert (row.outcome, row.busy_seconds, row.peak_memory_bytes, row.weights_sha256) == (
        "succeeded",
        2.5,
        77,
        "0" * 64,
    )
    with harness.database.read() as session:
        [file] = jobs.files(session, attempt.id)
    assert (file.name, file.media_type, file.size_bytes) == ("a.txt", "text/plain", 5)
    assert file.sha256 == hashlib.sha256(b"words").hexdigest()
    assert harness.objects.read(file.object_key) == b"words"
    assert f"/{attempt.epoch}/" in file.object_key  # another attempt's files lie elsewhere


def test_a_result_that_is_no_document_of_its_kind_fails_the_job(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt
) -> None:
    assert finalizer.settle(done(attempt, surprise=1), {}) == State.FAILED
    job = harness.job(attempt.id)
    assert job.failure is Failure.INTERNAL
    assert "not a valid document: 1 errors" in (job.failure_message or "")
    assert harness.last_attempt(attempt.id).busy_seconds == 2.5


def test_a_file_from_elsewhere_is_not_published(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    attach = Attach(stream=attempt.stream, name="a.txt", path=str(secret), media_type="text/plain")
    assert finalizer.settle(done(attempt), {"a.txt": attach}) == State.FAILED
    assert harness.job(attempt.id).failure is Failure.INTERNAL
    assert not list(harness.objects.list_prefix("jobs/"))


def test_a_file_that_cannot_be_stored_is_tried_again_later(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt
) -> None:
    attach = Attach(stream=1, name="a.txt", path=str(attempt.folder / "gone"), media_type="text/plain")
    assert finalizer.settle(done(attempt), {"a.txt": attach}) == State.RETRY_WAIT
    assert harness.last_attempt(attempt.id).failure is Failure.STORAGE


@pytest.mark.parametrize("stop_reason", [StopReason.CANCELED, StopReason.DRAINED, StopReason.OVERTIME])
def test_who_is_done_before_the_stop_reaches_it_has_succeeded(
    finalizer: Finalizer, attempt: Attempt, stop_reason: StopReason
) -> None:
    attempt.stop(stop_reason)
    assert finalizer.settle(done(attempt), {}) == "succeeded"


@pytest.mark.parametrize(
    ("stop_reason", "word", "state", "failure", "message"),
    [
        (StopReason.CANCELED, "canceled", State.CANCELED, None, None),
        (StopReason.DRAINED, "released", State.QUEUED, None, None),
        (StopReason.OVERTIME, State.FAILED, State.FAILED, Failure.RUN_TIME_EXCEEDED, "ran longer than 172800 s"),
        (StopReason.STALLED, State.RETRY_WAIT, State.RETRY_WAIT, Failure.WORKER_LOST, "no progress for 900 s"),
        (StopReason.BROKEN, State.FAILED, State.FAILED, Failure.INTERNAL, "what the handler emitted cannot be stored"),
        (StopReason.LOST, "lost", State.RUNNING, None, None),
    ],
)
def test_why_it_was_stopped_decides_what_it_becomes(
    harness: WorkerHarness,
    finalizer: Finalizer,
    attempt: Attempt,
    stop_reason: StopReason,
    word: str,
    state: State,
    failure: Failure | None,
    message: str | None,
) -> None:
    attempt.stop(stop_reason)
    assert finalizer.settle(Halted(stream=attempt.stream, spent=COST), {}) == word
    row = harness.last_attempt(attempt.id)
    assert harness.job(attempt.id).state is state
    assert (row.failure, row.message) == (failure, message)
    assert row.busy_seconds == (0 if stop_reason is StopReason.LOST else 2.5)


def test_live_input_that_is_canceled_keeps_what_was_seen(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt
) -> None:
    attempt.job.params = {"live": {}}
    attempt.stop(StopReason.CANCELED)
    assert finalizer.settle(done(attempt), {"a.txt": written(attempt, "a.txt", b"words")}) == "canceled"
    job = harness.job(attempt.id)
    assert (job.state, job.result["text"] if job.result else None) == (State.CANCELED, "a")
    assert harness.last_attempt(attempt.id).busy_seconds == 2.5
    with harness.database.read() as session:
        assert [file.name for file in jobs.files(session, attempt.id)] == ["a.txt"]


class Patient(Attempt):
    """Notes how long its result waited for the store, and waits for nothing."""

    def lost_within(self, seconds: float) -> bool:
        self.__dict__.setdefault("waited", []).append(seconds)
        return self.lost


@pytest.mark.parametrize(
    ("error", "tries", "state", "code", "words"),
    [
        (ObjectStoreUnavailable("busy"), 4, State.RETRY_WAIT, Failure.STORAGE, "busy"),
        (
            ObjectStoreRefused("no right"),
            1,
            State.FAILED,
            Failure.STORAGE_REFUSED,
            "does not take the results: no right",
        ),
        (BadKey("odd"), 1, State.RETRY_WAIT, Failure.STORAGE, "cannot store a result file: odd"),
        (OSError("torn"), 1, State.RETRY_WAIT, Failure.STORAGE, "cannot store a result file: torn"),
    ],
)
def test_a_store_that_is_away_has_four_tries_and_others_one(
    harness: WorkerHarness, attempt: Attempt, error: Exception, tries: int, state: State, code: Failure, words: str
) -> None:
    class Failing(LocalObjects):
        asked = 0

        def put_file(self, key: str, path: Path, media_type: str) -> None:
            self.asked += 1
            raise error

    patient = Patient(attempt.job, attempt.stream, attempt.folder)
    store = Failing(harness.folder / "store")
    finalizer = Finalizer(harness.database, store, harness.settings, patient)
    assert finalizer.settle(done(attempt), {"a.txt": written(attempt, "a.txt", b"words")}) == state
    assert (store.asked, patient.__dict__.get("waited", [])) == (tries, [1.0, 2.0, 4.0][: tries - 1])
    row = harness.last_attempt(attempt.id)
    assert (row.failure, words in (row.message or "")) == (code, True)


def test_nothing_that_cannot_be_stored_is_a_success(finalizer: Finalizer, attempt: Attempt) -> None:
    attempt.stop(StopReason.BROKEN)
    assert finalizer.settle(done(attempt), {}) == State.FAILED


def test_what_the_handler_raised_is_told_with_its_details(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt
) -> None:
    end = Failed(stream=attempt.stream, code=Failure.BAD_PARAMS, message="no", details={"packages": ["A"]}, spent=COST)
    assert finalizer.settle(end, {}) == State.FAILED
    assert harness.events(attempt.id)[EventType.JOB_FAILED]["details"] == {"packages": ["A"]}
    assert harness.last_attempt(attempt.id).busy_seconds == 2.5


@pytest.mark.parametrize(
    ("gone", "state", "losses", "message"),
    [
        (Gone(innocent=True), State.QUEUED, 0, None),
        (Gone(innocent=True, shared=True), State.QUEUED, 0, None),
        (Gone(innocent=False), State.RETRY_WAIT, 1, "the model child died"),
        (Gone(innocent=False, shared=True), State.RETRY_WAIT, 0, "the model child was killed with all it was at"),
    ],
)
def test_a_dead_child_is_held_against_the_job_that_may_have_killed_it_alone(
    harness: WorkerHarness,
    finalizer: Finalizer,
    attempt: Attempt,
    gone: Gone,
    state: State,
    losses: int,
    message: str | None,
) -> None:
    finalizer.settle(gone, {})
    job = harness.job(attempt.id)
    assert (job.state, job.losses_here) == (state, losses)
    assert harness.last_attempt(attempt.id).message == message


@pytest.mark.parametrize(
    ("not_begun", "state", "setbacks"), [(True, State.QUEUED, 0), (False, State.RETRY_WAIT, 1)], ids=str
)
def test_what_is_away_before_a_job_begins_on_it_costs_no_retry(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt, not_begun: bool, state: State, setbacks: int
) -> None:
    code = Failure.ENGINE_UNREACHABLE
    end = Failed(stream=attempt.stream, code=code, message="node 1 has not joined", not_begun=not_begun, spent=COST)
    finalizer.settle(end, {})
    job = harness.job(attempt.id)
    assert (job.state, job.setbacks) == (state, setbacks)


def test_a_job_is_split_into_jobs_of_its_own(harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt) -> None:
    parts = tuple({"messages": [{"role": "user", "content": word}]} for word in ("one", "two"))
    assert finalizer.settle(Split(stream=attempt.stream, segments=parts, spent=COST), {}) == "split"
    assert harness.job(attempt.id).state is State.AWAITING_INPUT
    assert harness.events(attempt.id)[HistoryEventType.SPLIT] == {"segments": 2}
    assert [harness.claim().job.params["messages"][0]["content"] for _ in parts] == ["one", "two"]


def test_a_job_that_was_told_to_stop_is_not_split(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt
) -> None:
    attempt.stop(StopReason.DRAINED)
    assert finalizer.settle(Split(stream=attempt.stream, segments=({},), spent=COST), {}) == "released"
    assert harness.job(attempt.id).state is State.QUEUED


@pytest.mark.parametrize("end", ["done", "split", "failed", "canceled"])
def test_nothing_is_written_once_the_job_is_somebody_elses(
    harness: WorkerHarness, finalizer: Finalizer, attempt: Attempt, end: str
) -> None:
    with harness.database.write() as session:
        leases.release(session, now(), attempt.id, attempt.epoch, leases.Usage())
    other = harness.claim()
    before = _seen(harness.job(attempt.id))
    said = {
        "done": done(attempt),
        "split": Split(stream=attempt.stream, segments=({},)),
        "failed": Failed(stream=attempt.stream, code=Failure.INTERNAL, message="x"),
        "canceled": Halted(stream=attempt.stream),
    }
    assert finalizer.settle(said[end], {"a.txt": written(attempt, "a.txt", b"x")}) == "lost"
    assert _seen(harness.job(attempt.id)) == before
    assert harness.last_attempt(attempt.id).epoch == other.epoch
    assert not list(harness.objects.list_prefix("jobs/"))


def _seen(job: Job) -> tuple[object, ...]:
    return job.state, job.epoch, job.worker_id, job.lease_until, job.result, job.failure
