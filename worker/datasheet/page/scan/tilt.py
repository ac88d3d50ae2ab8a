"""Turns a scan that lies a little askew upright, so that its strokes run along rows and columns of pixels."""

from __future__ import annotations

import cv2
import numpy as np

from worker.datasheet.page.scan.ocr import Gray

LONG_PT = 40.0  # shorter strokes belong to letters or say little
MAX_DEG = 3.0  # strokes more askew are oblique ones of the drawing
MIN_STROKES = 4
LEAST_PX = 0.5  # turning a page of which no end moves that far only blurs it
SHRINK = 0.5


def upright(paper: Gray, px_per_pt: float) -> Gray:
    """The same pixels turned around their middle until the long strokes are level and upright."""
    angle = angle_of(paper, px_per_pt)
    height, width = paper.shape
    if abs(np.radians(angle)) * max(height, width) / 2 < LEAST_PX:
        return paper
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return np.asarray(cv2.warpAffine(paper, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=255), np.uint8)


def angle_of(paper: Gray, px_per_pt: float) -> float:
    """Degrees by which the long strokes are askew, clockwise; 0 where too few tell."""
    small = cv2.resize(paper, None, fx=SHRINK, fy=SHRINK, interpolation=cv2.INTER_AREA)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE).detect(small)[0]
    ends = np.zeros((0, 4)) if found is None else found.reshape(-1, 4)
    along = ends[:, 2:] - ends[:, :2]
    angle = (np.degrees(np.arctan2(along[:, 1], along[:, 0])) + 45) % 90 - 45
    chosen = (np.hypot(along[:, 0], along[:, 1]) > LONG_PT * SHRINK * px_per_pt) & (np.abs(angle) < MAX_DEG)
    return float(np.median(angle[chosen])) if int(chosen.sum()) >= MIN_STROKES else 0.0
