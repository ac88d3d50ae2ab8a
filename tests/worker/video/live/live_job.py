"""A live job for tests, run by the parts of a worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from db.jobs import cues
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


def accounted(job: LiveJob) -> None:
    """Every millisecond is captioned or in a gap, and none is both; the scripted model says something of every chunk."""
    row = job.row
    assert row.result is not None
    told, end_ms = row.result["live"], row.result["duration_ms"]
    assert told["captioned_ms"] + told["gap_ms"] == end_ms
    gaps = [(gap["start_ms"], gap["end_ms"]) for gap in row.result["gaps"]]
    with job.harness.database.read() as session:
        said = [(cue.start_ms, cue.end_ms) for cue in cues.after(session, job.id)]
    inside = {
        gap for gap in gaps for cue in said if cue[0] < gap[0] and gap[1] < cue[1]
    }  # of one chunk: it was seen around it
    spans = sorted([*said, *({*gaps} - inside)])
    assert [after[0] - before[1] for before, after in pairwise(spans)] == [0] * (len(spans) - 1), spans
    assert (spans[0][0], spans[-1][1]) == (0, end_ms), (end_ms, spans)
