"""The upright and level strokes of a sheet, sorted so that those at one place are found at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Sheet
from worker.datasheet.thresholds.drawing import LEVEL_OFF_PT, LEVEL_RUN_PT, LEVEL_SKEW, ON_LINE_PT


def _level(lines: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Strokes along an axis as rows: position across, low end, high end."""
    if len(lines) == 0:
        return np.zeros((0, 3))
    along, across = (0, 1) if axis == 0 else (1, 0)
    off = np.abs(lines[:, across] - lines[:, across + 2])
    run = np.abs(lines[:, along] - lines[:, along + 2])
    chosen = lines[(off < LEVEL_OFF_PT) & (run > LEVEL_RUN_PT) | (off < LEVEL_SKEW * run)]
    low = np.minimum(chosen[:, along], chosen[:, along + 2])
    high = np.maximum(chosen[:, along], chosen[:, along + 2])
    return np.column_stack([(chosen[:, across] + chosen[:, across + 2]) / 2, low, high])


@dataclass
class StrokeGrid:
    """The upright and level strokes of a sheet, sorted for look-up."""

    rows: list[NDArray[np.float64]]

    @classmethod
    def of(cls, sheet: Sheet) -> StrokeGrid:
        """The strokes of a sheet along x and along y, each sorted by its position across."""
        rows = [_level(sheet.lines, 0), _level(sheet.lines, 1)]
        return cls([r[np.argsort(r[:, 0])] for r in rows])

    def near(self, axis: int, across: float, slack: float = ON_LINE_PT) -> NDArray[np.float64]:
        """Strokes along `axis` within `slack` points of `across`: (n, 3), each across, low end, high end in page points."""
        rows = self.rows[axis]
        low, high = np.searchsorted(rows[:, 0], [across - slack, across + slack])
        return rows[low:high]
