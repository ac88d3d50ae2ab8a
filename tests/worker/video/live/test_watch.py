"""What a checkpoint of a live job holds, and how much of its time lies in gaps."""

from __future__ import annotations

import json
import time

import pytest

from db.documents.kinds.live import RecordedPart
from db.documents.kinds.video import Gap
from worker.video.live.reader import Canvas
from worker.video.live.watch import LiveState, covered_ms


@pytest.mark.parametrize(
    ("gaps", "covered"),
    [
        ([], 0),
        ([(0, 400)], 400),
        ([(100, 400), (600, 700)], 400),
        ([(100, 400), (300, 500)], 400),  # overlapping
        ([(100, 400), (400, 500)], 400),  # touching
        ([(100, 800), (300, 500)], 700),  # one in the other
        ([(300, 500), (100, 400)], 400),  # in any order
        ([(900, 2000)], 100),  # beyond the end
        ([(2000, 3000)], 0),
        ([(800, None)], 200),  # to the end
        ([(500, 500)], 0),
    ],
)
def test_time_in_gaps_is_counted_once(gaps: list[tuple[int, int | None]], covered: int) -> None:
    found = [Gap(start_ms=start, end_ms=end, reason="x") for start, end in gaps]
    assert covered_ms(found, 1000) == covered


@pytest.mark.parametrize("canvas", [None, Canvas(1920, 1080, (448, 252))])
def test_the_state_of_a_checkpoint_is_the_state_that_it_was_made_of(canvas: Canvas | None) -> None:
    part = RecordedPart(name="recording-0000000000.mkv", start_ms=0, end_ms=60_000, size_bytes=7)
    state = LiveState(1_700_000_000_123, canvas, 3, 4500, [part], "the store is full")
    assert LiveState.of(json.loads(json.dumps({"live": state.document()}))) == state


def test_without_a_checkpoint_the_timeline_begins_now() -> None:
    before = time.time()
    state = LiveState.of(None)
    assert before * 1000 - 1 <= state.started_ms <= time.time() * 1000 + 1
    assert state == LiveState(state.started_ms)
