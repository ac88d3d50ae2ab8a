"""What a job is told when the work for it raises something that is not ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from db.failures import Failure
from worker.child.main import end_of
from worker.child.verdict import HandlerFailure, attempt
from worker.errors import NotReady, Permanent, Transient
from worker.protocol import Failed, StreamCost


def full_disk() -> None:
    Path("/dev/full").write_bytes(b"x")


def no_memory() -> None:
    raise MemoryError


def bug() -> None:
    Path("/no/such/secret").stat()


@pytest.mark.parametrize(
    ("work", "code"),
    [(full_disk, Failure.STORAGE), (no_memory, Failure.TOO_LARGE), (bug, Failure.INTERNAL)],
)
def test_the_code_says_who_is_to_act_and_the_message_no_secret(work: Callable[[], None], code: Failure) -> None:
    trouble = attempt(work)
    assert isinstance(trouble, HandlerFailure)
    assert trouble.code is code
    assert "secret" not in trouble.message


def test_the_details_of_a_failure_reach_the_message_to_the_supervisor() -> None:
    def wrong_package() -> None:
        raise Permanent(Failure.BAD_PARAMS, "no such package", {"packages": ["RGT", "PW"]})

    trouble = attempt(wrong_package)
    assert isinstance(trouble, HandlerFailure)
    failed = end_of(7, trouble, StreamCost())
    assert isinstance(failed, Failed)
    assert (failed.code, failed.details) == (Failure.BAD_PARAMS, {"packages": ["RGT", "PW"]})


@pytest.mark.parametrize("kind", [NotReady, Transient])
def test_whether_a_job_has_begun_on_what_is_away_reaches_the_supervisor(kind: type[Transient]) -> None:
    def away() -> None:
        raise kind(Failure.ENGINE_UNREACHABLE, "node 1 has not joined")

    trouble = attempt(away)
    assert isinstance(trouble, HandlerFailure)
    failed = end_of(7, trouble, StreamCost())
    assert isinstance(failed, Failed)
    assert (failed.code, failed.not_begun) == (Failure.ENGINE_UNREACHABLE, kind is NotReady)
