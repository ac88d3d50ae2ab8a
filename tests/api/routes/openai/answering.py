"""A worker that answers chats as a test wants, and what the tests ask."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from db.failures import Failure
from db.jobs import leases
from db.jobs.leases import Ending, Usage
from tests.api.live_app import LiveApp
from tests.api.running_app import TenantClient
from tests.waiting import GUARD_S
from worker.supervisor.live import LiveTextPublisher

ANSWER = "Two birds sit on a wire."


RESULT = {
    "text": ANSWER,
    "finish_reason": "stop",
    "prompt_tokens": 11,
    "completion_tokens": 6,
    "provenance": {
        "model": "nano",
        "family": "bm3_vl",
        "engine": "fake",
        "weights_sha256": "w" * 64,
        "code_version": "0.1.0",
        "seed": 0,
    },
    "timings": {"first_token_s": 0.25, "tokens_per_second": 12.5},
}


PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


PICTURE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


QUESTION: list[Any] = [{"role": "user", "content": "What do you see?"}]


class Worker:
    """Does the next job by hand: says pieces of its answer, each with the number of characters before it, and ends it."""

    def __init__(self, live: LiveApp, redis_url: str) -> None:
        self._inside = live.inside
        self._publisher = LiveTextPublisher(redis_url)
        self._threads: list[threading.Thread] = []
        self.params: dict[str, Any] = {}

    def answers(self, *pieces: tuple[str, int], result: dict[str, Any] = RESULT) -> None:
        self._begin(lambda job_id, epoch: self._answer(job_id, epoch, pieces, result))

    def fails(self, failure: Failure, message: str) -> None:
        self._begin(lambda job_id, epoch: self._fail(job_id, epoch, Ending(failure, message, Usage(1.0))))

    def join(self) -> None:
        for thread in self._threads:
            thread.join(GUARD_S)

    def _begin(self, work: Callable[[UUID, int], None]) -> None:
        self._threads.append(threading.Thread(target=lambda: work(*self._claimed())))
        self._threads[-1].start()

    def _claimed(self) -> tuple[UUID, int]:
        deadline = time.monotonic() + GUARD_S
        while time.monotonic() < deadline:
            with self._inside.services.database.write() as session:
                job = leases.claim(session, datetime.now(UTC), "gpu", "w1", 60)
                if job is not None:
                    assert leases.start(session, datetime.now(UTC), job.id, job.epoch)
                    self.params = job.params
                    return job.id, job.epoch
            time.sleep(0.02)
        raise TimeoutError("no job came")

    def _answer(self, job_id: UUID, epoch: int, pieces: tuple[tuple[str, int], ...], result: dict[str, Any]) -> None:
        time.sleep(0.3)  # the reader watches by now
        for text, at in pieces:
            self._publisher.say(job_id, text, at)
            time.sleep(0.1)
        self._inside.finish(job_id, epoch, result)

    def _fail(self, job_id: UUID, epoch: int, ending: Ending) -> None:
        with self._inside.services.database.write() as session:
            leases.fail(session, datetime.now(UTC), job_id, epoch, ending, self._inside.services.settings)


def only_job(ann: TenantClient) -> dict[str, Any]:
    (job,) = ann.get("/v1/jobs").json()["items"]
    found: dict[str, Any] = job
    return found


def until_canceled(ann: TenantClient) -> None:
    deadline = time.monotonic() + GUARD_S
    while [job["state"] for job in ann.get("/v1/jobs").json()["items"]] != ["canceled"]:
        assert time.monotonic() < deadline, "the job was not canceled"
        time.sleep(0.05)
