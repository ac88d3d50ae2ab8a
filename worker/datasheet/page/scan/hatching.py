"""Finds hatched areas of a scan: pads that are filled with oblique strokes instead of paint."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.thresholds.scan import CELL_LEAST_PX, CELL_PT, HATCH_BETWEEN, HATCH_CELLS, HATCH_FULL, SLANTED


def areas(ink: Gray, px_per_pt: float, thick: float) -> NDArray[np.bool_]:
    """The pixels of hatched areas, without the strokes around them."""
    cells = _cells(ink, px_per_pt)
    size = 2 * round(HATCH_BETWEEN * thick / 2) + 1
    joined = cv2.morphologyEx(cells, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (size, size)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(joined, np.uint8), connectivity=8)
    inner, places = _numbered(cells)
    held = np.bincount(labels[places[1:, 1], places[1:, 0]], minlength=count) if inner > 1 else np.zeros(count, int)
    found = np.zeros(ink.shape, bool)
    for i in range(1, count):
        x, y, w, h, area = stats[i].tolist()
        if held[i] >= HATCH_CELLS and area > HATCH_FULL * w * h:
            found[y : y + h, x : x + w] = True
    return found


def _cells(ink: Gray, px_per_pt: float) -> Gray:
    """Small areas of paper closed in by oblique strokes."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.bitwise_not(ink), connectivity=4)
    w, h, area = stats[:, 2], stats[:, 3], stats[:, 4]
    small = (np.maximum(w, h) < CELL_PT * px_per_pt) & (area >= CELL_LEAST_PX)
    slanted = small & (area < SLANTED * w * h)
    slanted[0] = False
    return np.where(slanted[labels], 255, 0).astype(np.uint8)


def _numbered(cells: Gray) -> tuple[int, NDArray[np.int64]]:
    """How many cells there are, and one pixel of each as x, y; the first is of the background."""
    count, labels = cv2.connectedComponents(cells, connectivity=4)
    _, first = np.unique(labels, return_index=True)
    return count, np.column_stack([first % cells.shape[1], first // cells.shape[1]])
