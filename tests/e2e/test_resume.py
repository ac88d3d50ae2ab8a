"""A long video whose worker dies: it goes on within one window of where it was, and no caption is missing or told twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from bm3vl import VideoCaptionResult, result_of
from tests.e2e.service import service
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.write import Format, write_video

MINUTES = 10
KILL_AT_MS = 300_000
WINDOW_MS = 16_000
QUICK = {
    "BM3_LEASE_S": "4",
    "BM3_BEAT_S": "1",
    "BM3_FENCE_S": "3",
    "BM3_DISPATCH_EVERY_S": "0.5",
    "BM3_RETRY_FIRST_S": "1",
}


@pytest.mark.slow
def test_a_killed_ten_minute_video_continues_within_one_window(tmp_path: Path) -> None:
    video = tmp_path / "long.mp4"
    for _ in write_video(Scene(1_000_004), video, Format(MINUTES * 60_000, (128, 128), 4.0)):
        pass
    with (
        service(tmp_path / "service", BM3_WORKER_MODELS="fake=fake?delay_ms=60", **QUICK) as running,
        running.client() as client,
    ):
        job = client.submit("video.caption", {"video": {"asset_id": client.upload(video).id}})
        reached_ms, killed = 0, False
        for event in client.watch(job):
            if event.type == "progress" and not killed:
                reached_ms = event.data["done_ms"]
                if reached_ms >= KILL_AT_MS:
                    running.crash("gpu")
                    killed = True
        result = result_of(client.wait(job), VideoCaptionResult)
        attempts = client.history(job).attempts
        cues = [line for line in client.read(job, "captions.jsonl").decode().splitlines() if line]
    assert killed
    assert [attempt.outcome for attempt in attempts] == ["expired", "succeeded"]
    assert attempts[1].resumed_from_ms >= reached_ms - WINDOW_MS
    assert result.resumed_at_ms
    assert result.chunks == len(cues) == MINUTES * 30
