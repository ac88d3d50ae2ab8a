"""Rotary angles of positions, in float64, and what they turn: numpy arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class HostAngles:
    """Cosines and sines of three-axis positions: each frequency is turned by one axis. Both are (tokens, head_dim / 2)."""

    def __init__(self, inverse_frequencies: Sequence[float], axis_of: Sequence[int]) -> None:
        self._frequencies = np.array(inverse_frequencies, dtype=np.float64)
        self._axis_of = np.array(axis_of, dtype=np.int64)

    def at(self, axes: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """(cos, sin) for positions (axes, tokens)."""
        angles = axes.astype(np.float64)[self._axis_of].T * self._frequencies
        return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    def of_text(self, position: int) -> tuple[Floats, Floats]:
        """The same for one token that is at one position on all axes."""
        angles = position * self._frequencies[None]
        return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def rotate(states: Floats, cos: Floats, sin: Floats) -> Floats:
    """RoPE over (..., tokens, head_dim): the first half of a head's numbers are turned against the second."""
    first, second = np.split(states, 2, axis=-1)
    return np.concatenate((first * cos - second * sin, second * cos + first * sin), axis=-1)
