"""Where the patches of one picture lie: what a vision graph is told about a grid, computed on the host."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from worker.engines.onnx.manifest import VisionSizes
from worker.engines.onnx.rope import HostAngles

HIDDEN = -1e30
"""Added to the score of a patch that only fills up a window: nothing of it is left after the softmax."""


@lru_cache(maxsize=64)
def inputs_of(part: VisionSizes, grid: tuple[int, int]) -> dict[str, NDArray[np.generic]]:
    """The graph's inputs besides the pixels, for a picture of (rows, columns) patches."""
    places = positions(grid, part.merge)
    quarter = len(part.inverse_frequencies)
    axis_of = [0] * quarter + [1] * quarter  # rows turn the first half of the frequencies, columns the second
    cos, sin = HostAngles(part.inverse_frequencies * 2, axis_of).at(places)
    inputs: dict[str, NDArray[np.generic]] = {"cos": cos, "sin": sin}
    if part.position_side:
        inputs["taps"], inputs["tap_weights"] = taps(places, grid, part.position_side)
    if part.window:
        inputs |= windows(places, part.window)
    return inputs


def positions(grid: tuple[int, int], merge: int) -> NDArray[np.int64]:
    """(2, patches): row and column of every patch, merge block by merge block."""
    rows, columns = np.indices(grid)
    shape = (grid[0] // merge, merge, grid[1] // merge, merge)
    return np.stack([axis.reshape(shape).transpose(0, 2, 1, 3).ravel() for axis in (rows, columns)])


def taps(places: NDArray[np.int64], grid: tuple[int, int], side: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The four neighbours in a (side, side) table, (patches, 4), and their bilinear weights, (patches, 4, 1)."""
    spans = np.maximum(np.array(grid) - 1, 1)[:, None]
    source = places.astype(np.float32) * np.float32(side - 1) / spans.astype(np.float32)
    low = np.floor(source).astype(np.int64)
    high = np.minimum(low + 1, side - 1)
    share = (source - low).astype(np.float32)  # of the higher neighbour
    rows, columns = (np.stack(pair, axis=-1) for pair in zip(low, high, strict=True))
    row_weights, column_weights = (np.stack((1 - part, part), axis=-1) for part in share)
    indices = rows[:, :, None] * side + columns[:, None, :]
    weights = row_weights[:, :, None] * column_weights[:, None, :]
    return indices.reshape(-1, 4), weights.reshape(-1, 4, 1).astype(np.float32)


def windows(places: NDArray[np.int64], side: int) -> dict[str, NDArray[np.generic]]:
    """Square windows of `side` patches: `window_of` (windows, most patches) says which patches are in each, filled up with
    the first patch; `window_bias` hides those; `place_of` (patches,) is where each patch lies among all windows' places."""
    columns = int(places[1].max()) // side + 1
    number = places[0] // side * columns + places[1] // side
    order = np.argsort(number, kind="stable")
    _, first, counts = np.unique(number[order], return_index=True, return_counts=True)
    most = int(counts.max())
    window_of = np.zeros((len(counts), most), dtype=np.int64)
    inside = np.arange(most)[None] < counts[:, None]
    window_of[inside] = order
    within = np.arange(len(order)) - np.repeat(first, counts)
    place_of = np.empty(len(order), dtype=np.int64)
    place_of[order] = np.repeat(np.arange(len(counts)), counts) * most + within
    bias = np.where(inside, np.float32(0), np.float32(HIDDEN))[:, None, None, :]
    return {
        "window_of": window_of,
        "window_bias": np.ascontiguousarray(np.broadcast_to(bias, (len(counts), 1, most, most))),
        "place_of": place_of,
    }
