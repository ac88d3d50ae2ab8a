"""Leaves out frames of a chunk that hardly differ from the last one kept: fewer tokens, the same story."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from worker.engine.protocol import Chunk, Frame

GRID_PX = 32  # frames are compared as thumbnails of this side: noise and fine grain do not count


def without_similar(chunk: Chunk, threshold: float) -> Chunk:
    """The chunk with its first frame and every frame that differs from the last kept one by at least `threshold`.

    The difference is the mean absolute difference of thumbnails as a share of full scale, 0 to 1. Each chunk starts
    afresh, so that what is kept never depends on where a job resumed.
    """
    kept: list[Frame] = []
    last: NDArray[np.float32] | None = None
    for frame in chunk.frames:
        small = thumbnail(frame)
        if last is None or float(np.abs(small - last).mean()) / 255 >= threshold:
            kept.append(frame)
            last = small
    return replace(chunk, frames=tuple(kept))


def thumbnail(frame: Frame) -> NDArray[np.float32]:
    """(GRID_PX, GRID_PX, 3) block means; smaller where the frame is."""
    rows = _block_means(frame.pixels.astype(np.float32), 0)
    return _block_means(rows, 1)


def _block_means(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    length = values.shape[axis]
    starts = np.unique(np.linspace(0, length, GRID_PX, endpoint=False, dtype=np.intp))
    sizes = np.diff(np.append(starts, length)).astype(np.float32)
    shape = [1, 1, 1]
    shape[axis] = -1
    sums = np.add.reduceat(values, starts, axis=axis)
    return np.asarray(sums / sizes.reshape(shape), np.float32)
