"""A hybrid model's job whose workers are killed around its snapshots and far after them: no cue missing, none told twice."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from db.documents.kinds.video import VideoCaptionResult
from db.schema.tables import CueRow, Job, JobAttempt, State
from tests.faults.cluster import Cluster
from tests.faults.sample_video import make_sample_video
from tests.faults.test_crash_points import KEEPING
from tests.worker.engines.models import checkpoint_folder

SECONDS, CHUNK_MS = 75, 500
CHUNKS = SECONDS * 1000 // CHUNK_MS
FIRST_SNAPSHOT = 32
PARAMS = {
    "chunk_ms": CHUNK_MS,
    "max_frame_pixels": 32 * 32,
    "max_tokens_per_chunk": 3,
    "silence_threshold": 1.0,
    "max_cue_ms": CHUNK_MS,  # a cue for each chunk that speaks
    "window": {"text_sink_tokens": 30, "text_window_tokens": 30, "vision_ms": 2 * CHUNK_MS},
}


class Counted:
    """Watches a job's snapshots in the store: the most that were ever there at once."""

    def __init__(self, cluster: Cluster, job_id: UUID) -> None:
        self._cluster, self._prefix = cluster, f"jobs/{job_id}/snapshots/"
        self._over = threading.Event()
        self.most = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def now(self) -> int:
        return sum(1 for _ in self._cluster.objects.list_prefix(self._prefix))

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self.now())

    def end(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_killed_hybrid_job_goes_on_from_a_snapshot(cluster: Cluster, tmp_path: Path) -> None:
    cluster.models = f"tiny=pytorch:{checkpoint_folder('qwen3_5')}?device=cpu"
    cluster.start("dispatcher")
    [job_id] = cluster.submit(cluster.add_video(make_sample_video(tmp_path / "clip.mp4", SECONDS)), **PARAMS)
    counted = Counted(cluster, job_id)
    for plan in KEEPING:  # before the first snapshot is stored, and before a checkpoint names it
        doomed = cluster.start("gpu", BM3_CRASH_AT=plan)
        assert doomed.ended(300), plan
    assert counted.now() == 1, "left behind by the second death"
    third = cluster.start("gpu")
    cluster.wait([job_id], 300, _goes_on_from_a_snapshot)
    third.kill()
    cluster.start("gpu")
    [job] = cluster.wait([job_id], 300)
    counted.end()
    assert job.state is State.SUCCEEDED, job.failure_message
    with cluster.database.read() as session:
        cues = session.scalars(select(CueRow).where(CueRow.job_id == job_id).order_by(CueRow.seq)).all()
        outcomes = session.scalars(
            select(JobAttempt.outcome).where(JobAttempt.job_id == job_id).order_by(JobAttempt.attempt)
        ).all()
    assert [*outcomes] == ["expired", "expired", "expired", "succeeded"]
    result = VideoCaptionResult.model_validate(job.result)
    heard = [chunk for cue in cues for chunk in range(cue.data["chunk_first"], cue.data["chunk_last"] + 1)]
    assert [cue.seq for cue in cues] == list(range(len(cues)))
    assert heard == sorted(set(heard)), "no chunk is told of twice"
    assert len(heard) == result.chunks - result.silent_chunks, "and none that spoke is missing"
    assert result.chunks == CHUNKS
    assert len(result.resumed_at_ms) == 2, "the second death left nothing new behind"
    assert result.replayed_from_ms[0] == 0
    assert result.replayed_from_ms[1] > 0
    assert result.replayed_from_ms[1] % (FIRST_SNAPSHOT * CHUNK_MS) == 0
    assert result.resumed_at_ms[-1] - result.replayed_from_ms[-1] >= 2 * PARAMS["window"]["vision_ms"]  # type: ignore[index]
    assert result.refreshed_at_ms == []
    assert counted.most <= 2
    deadline = time.monotonic() + 60
    while counted.now():  # the worker removes them right after the job's end is written
        assert time.monotonic() < deadline, "an ended job has none"
        time.sleep(0.1)


def _goes_on_from_a_snapshot(job: Job) -> bool:
    """Whether a restart would begin at a snapshot, and not at the beginning."""
    assert job.state is not State.SUCCEEDED, "the kill comes too late"
    return bool(job.checkpoint) and job.checkpoint["viewing"]["session"]["rewatch_from_chunk"] >= FIRST_SNAPSHOT
