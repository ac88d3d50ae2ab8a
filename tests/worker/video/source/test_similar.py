"""Near-duplicate frames: the first of a chunk always stays, noise does not count, change does."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from worker.engine.protocol import Chunk, Frame
from worker.video.source.similar import thumbnail, without_similar


def chunk_of(levels: list[int], shape: tuple[int, int] = (48, 64)) -> Chunk:
    frames = tuple(Frame(500 * k, np.full((*shape, 3), level, np.uint8)) for k, level in enumerate(levels))
    return Chunk(0, 0, 500 * len(levels), frames)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=8), st.floats(0.01, 0.9))
def test_each_kept_frame_differs_and_each_dropped_one_does_not(levels: list[int], threshold: float) -> None:
    chunk = chunk_of(levels)
    kept = without_similar(chunk, threshold).frames
    assert kept[0] is chunk.frames[0]
    last = levels[0]
    for frame, level in zip(chunk.frames[1:], levels[1:], strict=True):
        is_kept = any(frame is other for other in kept)
        assert is_kept == (np.float32(abs(level - last)) / 255 >= threshold)
        last = level if is_kept else last


def test_grain_is_no_change_but_a_moved_box_is() -> None:
    rng = np.random.default_rng(0)
    still = np.full((480, 640, 3), 128, np.uint8)
    grainy = (still + rng.integers(-20, 21, still.shape)).astype(np.uint8)
    boxed = still.copy()
    boxed[100:300, 100:400] = 255
    chunk = Chunk(0, 0, 2000, tuple(Frame(500 * k, pixels) for k, pixels in enumerate((still, grainy, boxed))))
    assert [frame.pts_ms for frame in without_similar(chunk, 0.03).frames] == [0, 1000]


@given(st.integers(1, 70), st.integers(1, 70))
def test_thumbnails_keep_the_mean_of_flat_frames(height: int, width: int) -> None:
    small = thumbnail(Frame(0, np.full((height, width, 3), 77, np.uint8)))
    assert small.shape == (min(height, 32), min(width, 32), 3)
    assert np.allclose(small, 77)
