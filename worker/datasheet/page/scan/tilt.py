"""Turns a scan that lies a little askew upright, so that its strokes run along rows and columns of pixels."""

from __future__ import annotations

import cv2
import numpy as np

from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.thresholds.scan import TILT_LEAST_PX, TILT_LONG_PT, TILT_MOST_DEG, TILT_SHRINK, TILT_STROKES


def upright(paper: Gray, px_per_pt: float) -> Gray:
    """The same pixels turned around their middle until the long strokes are level and upright."""
    angle = angle_of(paper, px_per_pt)
    height, width = paper.shape
    if abs(np.radians(angle)) * max(height, width) / 2 < TILT_LEAST_PX:
        return paper
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return np.asarray(cv2.warpAffine(paper, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=255), np.uint8)


def angle_of(paper: Gray, px_per_pt: float) -> float:
    """Degrees by which the long strokes are askew, clockwise; 0 where too few tell."""
    small = cv2.resize(paper, None, fx=TILT_SHRINK, fy=TILT_SHRINK, interpolation=cv2.INTER_AREA)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE).detect(small)[0]
    ends = np.zeros((0, 4)) if found is None else found.reshape(-1, 4)
    along = ends[:, 2:] - ends[:, :2]
    angle = (np.degrees(np.arctan2(along[:, 1], along[:, 0])) + 45) % 90 - 45
    chosen = (np.hypot(along[:, 0], along[:, 1]) > TILT_LONG_PT * TILT_SHRINK * px_per_pt) & (
        np.abs(angle) < TILT_MOST_DEG
    )
    return float(np.median(angle[chosen])) if int(chosen.sum()) >= TILT_STROKES else 0.0
