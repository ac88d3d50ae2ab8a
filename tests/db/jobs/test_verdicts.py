"""What the end of an attempt amounts to, to the border of each limit."""

from __future__ import annotations

import pytest

from db.failures import Failure
from db.jobs.verdicts import counts_as_loss, verdict
from db.schema.tables import Job, State
from db.settings import Settings

SETTINGS = Settings(poison_losses=3, retry_limit=5)
LOST = Failure.WORKER_LOST


def job(losses: int = 0, setbacks: int = 0, state: State = State.RUNNING) -> Job:
    return Job(losses_here=losses, setbacks=setbacks, checkpoint_ms=4000, state=state)


@pytest.mark.parametrize(
    ("losses", "setbacks", "blamed", "code", "message"),
    [
        (0, 0, True, LOST, "gone"),
        (1, 4, True, LOST, "gone"),
        (2, 0, True, Failure.POISON, "3 workers were lost at 4000 ms of this job; last: gone"),
        (3, 9, True, Failure.POISON, "4 workers were lost at 4000 ms of this job; last: gone"),
        (2, 0, False, LOST, "gone"),
        (0, 4, False, LOST, "gone"),
        (0, 5, False, Failure.RETRIES_EXHAUSTED, "6 attempts without progress; last: worker_lost: gone"),
        (1, 5, True, Failure.RETRIES_EXHAUSTED, "6 attempts without progress; last: worker_lost: gone"),
    ],
)
def test_an_end_that_may_be_tried_again(losses: int, setbacks: int, blamed: bool, code: Failure, message: str) -> None:
    assert verdict(job(losses, setbacks), LOST, "gone", SETTINGS, blamed=blamed) == (code, message)


def test_an_end_that_is_one_stays_what_it_is() -> None:
    assert verdict(job(9, 9), Failure.BAD_PARAMS, "no", SETTINGS, blamed=True) == (Failure.BAD_PARAMS, "no")


@pytest.mark.parametrize(
    ("code", "state", "shared", "counts"),
    [
        (LOST, State.RUNNING, False, True),
        (LOST, State.RUNNING, True, False),
        (LOST, State.LEASED, False, False),
        (LOST, State.FINALIZING, False, False),
        (Failure.GPU_OOM, State.RUNNING, False, False),
    ],
)
def test_only_a_handler_at_work_can_have_killed_its_worker(
    code: Failure, state: State, shared: bool, counts: bool
) -> None:
    assert counts_as_loss(job(state=state), code, shared=shared) is counts
