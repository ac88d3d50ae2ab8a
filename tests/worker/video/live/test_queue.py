"""A model that is slower than its source is shown the newest, and what it misses is told."""

from __future__ import annotations

import numpy as np

from worker.engine.protocol import Chunk, Frame
from worker.video.live.queue import TOO_SLOW, LiveEnd, PartQueue
from worker.video.source.frame_sampler import ClipPart


def part(index: int) -> ClipPart:
    frame = Frame(index * 1000, np.zeros((4, 4, 3), np.uint8))
    return ClipPart(Chunk(index, index * 1000, (index + 1) * 1000, (frame,)))


def taken(queue: PartQueue) -> list[ClipPart]:
    found = []
    while isinstance(one := queue.take(0), ClipPart):
        found.append(one)
    return found


def test_what_is_late_is_a_gap_and_the_newest_is_kept() -> None:
    now_ms = 0
    queue = PartQueue(1000, lambda: now_ms)
    for index in range(6):
        queue.put(part(index))
    now_ms = 9000
    parts = taken(queue)
    assert [bool(one.chunk.frames) for one in parts] == [False] * 4 + [True] * 2
    assert [(gap.start_ms, gap.end_ms, gap.reason) for one in parts for gap in one.gaps] == [
        (n * 1000, n * 1000 + 1000, TOO_SLOW) for n in range(4)
    ]
    assert queue.dropped_ms == 4000


def test_nothing_is_late_where_time_is_the_videos_own() -> None:
    queue = PartQueue(1000, None)
    for index in range(5):
        queue.put(part(index))
    queue.finish(LiveEnd(5000, "source_ended"))
    assert all(one.chunk.frames for one in taken(queue))
    assert queue.take(0) == LiveEnd(5000, "source_ended")
