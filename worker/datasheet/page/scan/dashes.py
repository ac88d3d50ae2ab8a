"""Finds broken lines among pixels: centre lines and hidden edges, whose dashes and points stand in a row."""

from __future__ import annotations

import cv2
import numpy as np

from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.page.scan.regions import Segment
from worker.datasheet.thresholds.scan import (
    DASH_ASIDE_PT,
    DASH_ASPECT,
    DASH_GAP_PT,
    DASH_LEVEL,
    DASH_LEVEL_PX,
    DASH_PIECES,
    DASH_SLIM,
    DASH_STROKE_PT,
    DASH_STROKES,
    DASH_THIN,
)


def chained(strokes: list[Segment], letters: Gray, px_per_pt: float) -> list[Segment]:
    """The pieces of broken lines, from long strokes and from what stands among the letters."""
    found: list[Segment] = []
    for axis in (0, 1):
        own = [_turned(s, axis) for s in strokes if (s[2] - s[0] > s[3] - s[1]) == (axis == 0)]
        wide = float(np.median([s[4] for s in own])) if own else 0.0
        own = [s for s in own if s[4] > DASH_THIN * wide]
        pieces = own + _slim(
            letters if axis == 0 else np.ascontiguousarray(letters.T), DASH_SLIM * wide, DASH_ASIDE_PT * px_per_pt
        )
        for chain in _chains(pieces, DASH_GAP_PT * px_per_pt, max(DASH_LEVEL_PX, DASH_LEVEL * wide)):
            if (
                len(chain) >= DASH_PIECES
                and sum(s[2] - s[0] > DASH_STROKE_PT * px_per_pt for s in chain) >= DASH_STROKES
            ):
                found.extend(_turned(s, axis) for s in chain)
    return found


def _turned(s: Segment, axis: int) -> Segment:
    return s if axis == 0 else (s[1], s[0], s[3], s[2], s[4])


def _slim(letters: Gray, most: float, aside: float) -> list[Segment]:
    """Level pieces of ink as thin as strokes, points included; what has other ink over or under it is part of a text."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(letters, connectivity=8)
    found = []
    for x, y, w, h, _ in stats[1:count].tolist():
        if h > most or w < DASH_ASPECT * h:
            continue
        reach = int(aside)
        near = (labels[max(0, y - reach) : y, x : x + w] > 0).any() or (
            labels[y + h : y + h + reach, x : x + w] > 0
        ).any()
        if not near:
            found.append((float(x), y + h / 2, float(x + w), y + h / 2, float(h)))
    return found


def _chains(pieces: list[Segment], gap: float, aside: float) -> list[list[Segment]]:
    """Pieces that follow each other on one level."""
    chains: list[list[Segment]] = []
    for piece in sorted(pieces):
        near = [c for c in chains[-200:] if abs(c[-1][1] - piece[1]) < aside and -2 < piece[0] - c[-1][2] < gap]
        if near:
            min(near, key=lambda c: abs(c[-1][1] - piece[1])).append(piece)
        else:
            chains.append([piece])
    return chains
