"""Whose fault a death is: three losses of one job alone are poison; what died with others of a signal is nobody's fault."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from db.documents.kinds.video import Cue
from db.failures import Failure
from db.schema.tables import Job, State
from db.settings import Settings
from tests.faults.cluster import Cluster, Process
from tests.faults.ledger import audit

HANGS = "fake=fake?hang_at=2"  # each job gets to one checkpoint, behind its first cue, attempt after attempt
HEALTHY = "fake=fake?delay_ms=20"
LIMIT = Settings.model_fields["poison_losses"].default
Kill = Callable[[Cluster], None]


def worker(cluster: Cluster) -> Process:
    [alive] = [process for process in cluster.processes if process.role == "gpu" and process.alive]
    return alive


def signal_child(signum: signal.Signals) -> Kill:
    """Send the model child a signal as somebody outside would."""

    def kill(cluster: Cluster) -> None:
        for child in worker(cluster).children():
            os.kill(child, signum)

    return kill


def kill_worker(cluster: Cluster) -> None:
    """The whole worker, as the kernel or an operator would; another one starts."""
    worker(cluster).kill()
    cluster.start("gpu")


def stands(job: Job, attempt: int) -> bool:
    """Whether it runs, with the one checkpoint that it ever gets to."""
    return job.state is State.RUNNING and job.attempt == attempt and job.cue_count > 0


def lose(cluster: Cluster, ids: Sequence[UUID], times: int, kill: Kill) -> None:
    """Kill again and again, each time when all the jobs run and stand at their checkpoint."""
    for attempt in range(1, times + 1):
        cluster.wait(ids, 120, lambda job, n=attempt: stands(job, n))  # type: ignore[misc]
        kill(cluster)
    cluster.wait(ids, 120, lambda job: job.state is not State.RUNNING or job.attempt > times)


@pytest.fixture
def standing(cluster: Cluster) -> Cluster:
    """A cluster whose jobs never get past their third chunk."""
    cluster.models = HANGS
    cluster.start("dispatcher")
    cluster.start("gpu")
    return cluster


KILLS = [signal_child(signal.SIGKILL), signal_child(signal.SIGTERM), kill_worker]
NAMES = ["child-killed", "child-terminated", "worker-killed"]


@pytest.mark.slow
@pytest.mark.parametrize("kill", KILLS, ids=NAMES)
def test_what_dies_together_from_outside_is_nobodys_fault(
    standing: Cluster, asset: UUID, expected: list[Cue], kill: Kill
) -> None:
    ids = standing.submit(asset, 2)
    lose(standing, ids, LIMIT + 1, kill)
    assert [standing.job(job_id).losses_here for job_id in ids] == [0, 0]
    worker(standing).kill()
    standing.models = HEALTHY
    standing.start("gpu")
    standing.wait(ids, 150)
    assert audit(standing.database, standing.objects, ids, expected).faultless()
    assert all(standing.job(job_id).attempt >= LIMIT + 2 for job_id in ids)


@pytest.mark.slow
@pytest.mark.parametrize("kill", [KILLS[0], KILLS[-1]], ids=[NAMES[0], NAMES[-1]])
def test_a_job_alone_is_poison_at_its_third_loss(standing: Cluster, asset: UUID, kill: Kill) -> None:
    ids = standing.submit(asset)
    lose(standing, ids, LIMIT - 1, kill)
    assert standing.job(ids[0]).losses_here == LIMIT - 1
    standing.wait(ids, 120, lambda job: stands(job, LIMIT))
    kill(standing)
    [job] = standing.wait(ids, 120)
    assert (job.state, job.failure, job.attempt) == (State.FAILED, Failure.POISON, LIMIT)
    assert f"{LIMIT} workers were lost at {job.checkpoint_ms} ms" in (job.failure_message or "")


@pytest.mark.slow
def test_a_crash_of_the_child_itself_counts_for_all_its_jobs(standing: Cluster, asset: UUID) -> None:
    """Nobody sends SIGSEGV: one of the streams brought it about, and which cannot be told."""
    ids = standing.submit(asset, 2)
    lose(standing, ids, LIMIT, signal_child(signal.SIGSEGV))
    ended = standing.wait(ids, 120)
    assert [(job.state, job.failure, job.attempt) for job in ended] == [(State.FAILED, Failure.POISON, LIMIT)] * 2


@pytest.mark.slow
def test_losses_at_different_checkpoints_are_no_poison(cluster: Cluster, asset: UUID, expected: list[Cue]) -> None:
    cluster.models = "fake=fake?delay_ms=150"
    cluster.start("dispatcher")
    cluster.start("gpu")
    ids = cluster.submit(asset)
    for number in range(1, LIMIT + 2):
        wanted = cluster.job(ids[0]).cue_count + 2
        cluster.wait(ids, 120, lambda job, n=number, w=wanted: job.attempt == n and job.cue_count >= w)  # type: ignore[misc]
        signal_child(signal.SIGKILL)(cluster)
    cluster.wait(ids, 150)
    assert audit(cluster.database, cluster.objects, ids, expected).faultless()


def test_a_job_that_kills_every_child_is_called_poison(cluster: Cluster, asset: UUID) -> None:
    cluster.models = "fake=fake?crash_at=2"
    cluster.start("dispatcher")
    cluster.start("gpu")
    [job] = cluster.wait(cluster.submit(asset), 150)
    assert (job.state, job.failure, job.attempt) == (State.FAILED, Failure.POISON, LIMIT)


def test_a_kill_that_the_worker_itself_gave_spares_the_other_jobs(cluster: Cluster, asset: UUID) -> None:
    """A stream that does not listen to its cancel takes the child along: the other job loses time, not its good name."""
    cluster.models = f"fake=fake?delay_ms=300&hang_at=3&once={cluster.folder / 'hung'}"
    cluster.start("dispatcher")
    cluster.start("gpu")
    [hanging] = cluster.submit(asset)
    deadline = time.monotonic() + 120
    while not (cluster.folder / "hung").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    [innocent] = cluster.submit(asset)
    cluster.wait_running([innocent], cues=1)
    cluster.cancel(hanging)
    [job] = cluster.wait([innocent], 120)
    assert (job.state, job.losses_here, job.setbacks) == (State.SUCCEEDED, 0, 0)
