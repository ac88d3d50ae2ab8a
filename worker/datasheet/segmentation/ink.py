"""Which marks of a page are drawn together: connected ink, with gaps smaller than those between figures, in cells of frames."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.segmentation.frames import Rule, parted, rules_of
from worker.datasheet.thresholds.figures import FIGURE_GAP_PT, INK_POINTS, RULE_JOINT_PT

Labels = NDArray[np.int32]


class Ink:
    """The page as cells of one point: 0 where nothing is near, else the number of the connected drawing."""

    def __init__(self, drawing: Drawing) -> None:
        height, width = int(drawing.sheet.height) + 2, int(drawing.sheet.width) + 2
        self.rules = rules_of(drawing)
        self._known: dict[Box, int] = {}
        paper = np.zeros((height, width), np.uint8)
        for x0, y0, x1, y1 in _strokes(drawing, self.rules):
            cv2.line(paper, (round(x0), round(y0)), (round(x1), round(y1)), 255, 1)
        for box in _solid(drawing):
            cv2.rectangle(paper, (round(box.x0), round(box.y0)), (round(box.x1), round(box.y1)), 255, -1)
        reach = int(FIGURE_GAP_PT)
        wide = cv2.dilate(paper, cv2.getStructuringElement(cv2.MORPH_RECT, (reach, reach)))
        for axis, at, low, high in self.rules:
            start, end = (round(low), round(at)), (round(high), round(at))
            start, end = (start, end) if axis == 0 else (start[::-1], end[::-1])
            cv2.line(wide, start, end, 0, 2)
        self.count, self.labels = cv2.connectedComponents(wide, connectivity=4)

    def at(self, box: Box) -> int:
        """The drawing most of a box's border and middle lies on; 0 for none."""
        if box not in self._known:
            self._known[box] = self._at(box)
        return self._known[box]

    def _at(self, box: Box) -> int:
        height, width = self.labels.shape
        columns, rows = _cells(box.x0, box.x1, width), _cells(box.y0, box.y1, height)
        found = np.bincount(self.labels[rows[:, None], columns].ravel(), minlength=2)
        found[0] = 0
        return int(found.argmax()) if found.any() else 0

    def parted(self, a: Box, b: Box) -> bool:
        """Whether a rule runs between two boxes."""
        return parted(self.rules, a, b)


def _cells(low: float, high: float, count: int) -> NDArray[np.intp]:
    """The cells of evenly spread points from one edge of a box to the other, those outside the page on its border."""
    return np.clip(np.rint(np.linspace(low, high, INK_POINTS)), 0, count - 1).astype(np.intp)


def _strokes(drawing: Drawing, rules: list[Rule]) -> NDArray[np.float64]:
    """Stroked and painted edges of the page, without the rules."""
    lines = drawing.sheet.lines[:, :4] if len(drawing.sheet.lines) else np.zeros((0, 4))
    kept = np.ones(len(lines), bool)
    for axis, at, low, high in rules:
        across = np.abs(lines[:, [1 - axis, 3 - axis]] - at).max(axis=1) < RULE_JOINT_PT
        along = (lines[:, [axis, 2 + axis]].min(axis=1) > low - RULE_JOINT_PT) & (
            lines[:, [axis, 2 + axis]].max(axis=1) < high + RULE_JOINT_PT
        )
        kept &= ~(across & along)
    return np.asarray(lines[kept])


def _solid(drawing: Drawing) -> list[Box]:
    """Numbers at dimension lines, and shapes: they hold the strokes of a figure together."""
    near = {id(r.quantity): r.quantity.box for r in drawing.readings if r.cost < 1.0}
    return [*near.values(), *(s.box for s in drawing.shapes)]
