"""An endless video of a few noisy pictures, made without torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from worker.engine.protocol import Chunk, Frame

PICTURES = 16


def film(side_px: int, chunk_ms: int, fps: float) -> Iterator[Chunk]:
    """Chunks of square frames, one after the other."""
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (side_px, side_px, 3), dtype=np.uint8) for _ in range(PICTURES)]
    count, index = round(chunk_ms / 1000 * fps), 0
    while True:
        start_ms = index * chunk_ms
        frames = tuple(
            Frame(start_ms + round(place * 1000 / fps), pictures[(index * count + place) % PICTURES])
            for place in range(count)
        )
        yield Chunk(index=index, start_ms=start_ms, end_ms=start_ms + chunk_ms, frames=frames)
        index += 1
