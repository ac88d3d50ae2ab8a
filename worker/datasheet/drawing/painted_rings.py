"""Circles that a converter painted as many small areas, one for each piece of their line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from worker.datasheet.geometry.primitives import Box, ClosedOutline, Sheet
from worker.datasheet.thresholds.drawing import (
    RING_JOINT_PT,
    RING_PIECE_PT,
    RING_PIECES,
    RING_POINTS,
    RING_ROUND,
    SHAPE_LEAST_PT,
)

MOST_PIECES = 60_000


def circles(sheet: Sheet) -> list[Box]:
    """The boxes of rings of small painted areas, through the middles of the areas."""
    at = np.array([(o.box.cx, o.box.cy) for o in sheet.outlines if _is_piece(o)])
    if not RING_PIECES <= len(at) <= MOST_PIECES:
        return []
    pairs = cKDTree(at).query_pairs(RING_JOINT_PT, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(at), len(at)))
    _, labels = connected_components(links, directed=False)
    order = np.argsort(labels, kind="stable")
    groups = np.split(at[order], np.flatnonzero(np.diff(labels[order])) + 1)
    return [box for own in groups if len(own) >= RING_PIECES and (box := _ring(own)) is not None]


def _is_piece(outline: ClosedOutline) -> bool:
    size = max(outline.box.width, outline.box.height)
    return outline.filled and len(outline.points) <= RING_POINTS and size < RING_PIECE_PT


def _ring(at: NDArray[np.float64]) -> Box | None:
    """The box of a ring through places, None where they lie on no circle or on a part of one only."""
    low, high = at.min(axis=0), at.max(axis=0)
    middle = (low + high) / 2
    away = np.hypot(*(at - middle).T)
    turns = np.sort(np.arctan2(*(at - middle).T))
    gap = max(float(np.diff(turns).max()), float(turns[0] + 2 * np.pi - turns[-1]))
    if (
        min(high - low) < SHAPE_LEAST_PT
        or np.ptp(away) > RING_ROUND * away.mean()
        or gap * away.mean() > 2 * RING_JOINT_PT
    ):
        return None
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
