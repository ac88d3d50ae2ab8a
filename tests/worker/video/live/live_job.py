"""A live job for tests, run by the parts of a worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from db.jobs.live import stopping
from db.schema.tables import Job
from tests.waiting import until
from tests.worker.supervisor.worker_harness import WorkerHarness, now
from worker.supervisor.attempt import Attempt
from worker.supervisor.runner import run


class LiveJob:
    """A job that follows a source, run by one attempt after another on a thread."""

    def __init__(self, harness: WorkerHarness, video: str | dict[str, str], **options: Any) -> None:
        self.harness = harness
        source = {"url": video} if isinstance(video, str) else video
        params = {"video": source, "live": options, "chunk_ms": 1000, "max_frame_pixels": 4096}
        self.id = harness.submit("video.caption", params).id
        self.begin()

    def begin(self) -> None:
        self.attempt: Attempt = self.harness.claim()
        self._thread = threading.Thread(target=run, args=(self.harness.services, self.attempt), daemon=True)
        self._thread.start()

    @property
    def row(self) -> Job:
        return self.harness.job(self.id)

    def until_cues(self, count: int) -> None:
        until(lambda: self.row.cue_count >= count, "too few captions", seconds=90)

    def ask(self, what: Callable[..., Job]) -> None:
        with self.harness.database.write() as session:
            what(session, now(), session.get_one(Job, self.id))

    def stop(self) -> None:
        self.ask(stopping.request_stop)
        self.harness.child_manager.finish(self.attempt)
        self.ended()

    def ended(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()


def accounted(row: Job) -> None:
    """Every millisecond is captioned or in a gap."""
    assert row.result is not None
    told = row.result["live"]
    assert told["captioned_ms"] + told["gap_ms"] == row.result["duration_ms"]
