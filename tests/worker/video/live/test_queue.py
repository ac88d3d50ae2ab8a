"""A model that is slower than its source is shown the newest, and what it misses is told."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.waiting import GUARD_S
from worker.engine.protocol import Chunk, Frame
from worker.video.live.queue import MOST_PARTS, TOO_SLOW, LiveEnd, PartQueue
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


def test_late_is_what_lies_four_seconds_back_or_two_chunks() -> None:
    for chunk_ms, behind_ms in ((1000, 4000), (2000, 4000), (3000, 6000)):
        for late_ms, dropped in ((behind_ms, False), (behind_ms + 1, True)):
            now_ms = 1000 + late_ms
            queue = PartQueue(chunk_ms, lambda: now_ms)  # noqa: B023
            for index in range(2):
                queue.put(part(index))
            (first, _) = taken(queue)
            assert bool(first.chunk.frames) is not dropped


def test_a_part_without_frames_is_no_gap_of_the_models() -> None:
    queue = PartQueue(1000, lambda: 90_000)
    queue.put(ClipPart(replace(part(0).chunk, frames=())))
    queue.put(part(1))
    assert [one.gaps for one in taken(queue)] == [(), ()]
    assert queue.dropped_ms == 0


def test_after_the_end_nothing_is_late_any_more() -> None:
    queue = PartQueue(1000, lambda: 90_000)
    for index in range(2):
        queue.put(part(index)) if index else queue._parts.append(part(index))
        queue.finish(LiveEnd(2000, "stopped"))
    assert all(one.chunk.frames for one in taken(queue))


def test_a_full_queue_holds_the_reader_until_there_is_room_or_nobody_takes() -> None:
    for let_go in ("take", "close"):
        queue = PartQueue(1000, None)
        for index in range(MOST_PARTS):
            queue.put(part(index))
        for index in range(3):
            queue.put(ClipPart(replace(part(index).chunk, frames=()))) if not index else None
        reader = threading.Thread(target=queue.put, args=(part(9),), daemon=True)
        reader.start()
        reader.join(0.3)
        assert reader.is_alive()
        queue.take(0) if let_go == "take" else queue.close()
        reader.join(GUARD_S)
        assert not reader.is_alive()


def test_what_the_reader_raised_is_raised_after_what_it_had_handed_out() -> None:
    queue = PartQueue(1000, None)
    queue.put(part(0))
    queue.finish(ValueError("torn"))
    assert isinstance(queue.take(0), ClipPart)
    with pytest.raises(ValueError, match="torn"):
        queue.take(0)


def test_who_waits_for_a_part_is_woken_by_it() -> None:
    queue, got = PartQueue(1000, None), list[object]()
    waiting = threading.Thread(target=lambda: got.append(queue.take(GUARD_S)), daemon=True)
    waiting.start()
    waiting.join(0.1)
    assert got == []
    assert queue.take(0) is None
    queue.put(part(0))
    waiting.join(GUARD_S)
    assert isinstance(got[0], ClipPart)
