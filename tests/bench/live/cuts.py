"""A source that is cut off again and again: every millisecond of wall time is captioned or in a gap, and none is both."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from bm3vl import Client, JobView
from tests.bench.live.report import percentiles, tell
from tests.e2e.service import service
from tests.waiting import until
from tests.worker.video.live.servers import RtspServer

CHUNK_MS = 1000
SEEN_CUES = 3  # after each cut
AWAY_S = (0.2, 6.0)
Span = tuple[int, int]
"""From and to, milliseconds of the job."""


def cuts(folder: Path, number: int) -> None:
    """Kill the server of the source so often in one job; a scripted model says something of every chunk."""
    luck = random.Random(number)
    camera = RtspServer()
    away: list[tuple[float, float]] = []
    try:
        with service(folder / "cuts", BM3_WORKER_MODELS="fake=fake:") as running, running.client() as client:
            job = client.live(camera.url, chunk_ms=CHUNK_MS, max_frame_pixels=4096, max_cue_ms=CHUNK_MS)
            _more_cues(client, job)
            for _ in range(number):
                began = time.time()
                with camera.away(luck.uniform(*AWAY_S)):
                    pass
                away.append((began, time.time()))
                _more_cues(client, job)
            client.stop(job)
            done = client.wait(job)
            captions = json.loads(client.read(job, "captions.json"))
    finally:
        camera.cut()
    _account(done, captions["cues"], away)


def _more_cues(client: Client, job: JobView) -> None:
    before = client.job(job).progress.cues
    until(lambda: client.job(job).progress.cues >= before + SEEN_CUES, "the source is not captioned again", seconds=180)


def _account(done: JobView, cues: Sequence[dict[str, int]], away: Sequence[tuple[float, float]]) -> None:
    assert done.result is not None
    said: list[Span] = [(cue["start_ms"], cue["end_ms"]) for cue in cues]
    missed: list[Span] = [(gap["start_ms"], gap["end_ms"]) for gap in done.result["gaps"]]
    end_ms = done.result["duration_ms"]
    began = datetime.fromisoformat(done.result["live"]["started_at"]).timestamp()
    cut = [(round(1000 * (start - began)), round(1000 * (end - began))) for start, end in away]
    tell("cuts", len(away), "cuts")
    tell("cuts_reconnects", done.result["live"]["reconnects"], "connections")
    tell("cuts_job", end_ms / 1000, "s")
    tell("cuts_in_neither", end_ms - _covered([*said, *missed], end_ms), "ms")
    tell("cuts_in_both", _overlap([*said, *missed]), "ms")
    tell("cuts_beyond_the_end", sum(max(0, end - end_ms) for _, end in [*said, *missed]), "ms")
    tell("cuts_away_but_captioned", sum(_shared(one, two) for one in cut for two in said), "ms")
    percentiles("cuts_seen_again_after", [_seen_again(one, said) for one in cut])


def _covered(spans: Sequence[Span], end_ms: int) -> int:
    covered = reached = 0
    for start, end in sorted(spans):
        covered += max(0, min(end, end_ms) - max(start, reached))
        reached = max(reached, end)
    return covered


def _overlap(spans: Sequence[Span]) -> int:
    return sum(max(0, one[1] - two[0]) for one, two in pairwise(sorted(spans)))


def _shared(one: Span, two: Span) -> int:
    return max(0, min(one[1], two[1]) - max(one[0], two[0]))


def _seen_again(cut: Span, said: Sequence[Span]) -> float:
    """Seconds from the return of the source to the first time that is captioned."""
    return min(start for start, end in said if end > cut[1]) / 1000 - cut[1] / 1000
