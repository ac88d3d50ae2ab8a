"""Finds the closed shapes of a scan: the areas that its strokes close in, however other lines run through them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Box, ClosedOutline
from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.thresholds.scan import (
    AREA_LEAST_PX,
    CIRCLE_DRAWN,
    CORNER_PT,
    HELD,
    NOTCHED,
    PAINTED_GREY,
    RECT_PART,
    REGION_LEAST_PT,
    ROUND_PART,
    SHAPE_EDGE_PT,
    SMALL_PX,
    SOLID_LEAST_PX,
    SOLID_WIDTHS,
    SQUARE_PART,
    SQUARE_PX,
    STACK_ALIKE_PT,
    STACK_LEAST,
)

MAX_OUTLINES, MAX_SOLID = 3000, 500
POINTS = 240

Segment = tuple[float, float, float, float, float]  # pixels: x0, y0, x1, y1 and width


def closed(
    ink: Gray, ground: Gray, segments: list[Segment], px_per_pt: float, origin: tuple[float, float], thick: float
) -> list[ClosedOutline]:
    """Areas closed in by ink, as they are without the lines that cross them; else as the lines part them."""
    border = ink
    for _ in range(2):  # a dash that ends on a line goes first, then the line
        border = without_crossing_lines(border, segments, px_per_pt)
    whole = _areas(border, ground, px_per_pt, origin, thick)
    parts = _areas(ink, ground, px_per_pt, origin, thick)
    lost = [p for p in parts if not any(w.box.meets(p.box) and w.box.area < HELD * p.box.area for w in whole)]
    return _without_gaps(whole + lost)


def _areas(ink: Gray, ground: Gray, px_per_pt: float, origin: tuple[float, float], thick: float) -> list[ClosedOutline]:
    """Areas closed in by ink, widened by half a stroke to the middle of their border."""
    contours, tree = cv2.findContours(cv2.bitwise_not(ink), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    found: list[ClosedOutline] = []
    for i, contour in enumerate(contours):
        if tree[0][i][3] >= 0 or len(found) > MAX_OUTLINES:
            continue  # a hole of the paper area is ink, not paper
        x, y, w, h = cv2.boundingRect(contour)
        if x <= 1 or y <= 1 or x + w >= ink.shape[1] - 1 or y + h >= ink.shape[0] - 1:
            continue  # the paper around the drawing
        painted = bool(np.median(ground[y : y + h, x : x + w]) < PAINTED_GREY)
        outline = _outline(np.asarray(contour, np.int32), thick / 2, px_per_pt, origin, painted)
        if outline is not None:
            found.append(outline)
    return found


def _without_gaps(outlines: list[ClosedOutline]) -> list[ClosedOutline]:
    """Pads without the paper between them, which extension lines along their edges may close in."""
    boxes = [o.box for o in outlines]
    stacks = [stack for axis in (0, 1) for stack in _stacks(boxes, axis)]
    stacked = {i for stack in stacks for i in stack}
    alone = [box for i, box in enumerate(boxes) if i not in stacked]
    gaps = {i for stack in stacks for i in _gaps(stack, boxes, outlines, alone)}
    return [o for i, o in enumerate(outlines) if i not in gaps]


def _stacks(boxes: list[Box], axis: int) -> list[list[int]]:
    """Areas that follow each other edge to edge and are equally wide: pads and the gaps between them."""
    along = [(b.x0, b.x1) if axis == 0 else (b.y0, b.y1) for b in boxes]
    across = [(b.y0, b.y1) if axis == 0 else (b.x0, b.x1) for b in boxes]
    stacks: list[list[int]] = []
    for i in sorted(range(len(boxes)), key=lambda i: along[i]):
        for stack in stacks:
            last = stack[-1]
            aside = abs(across[i][0] - across[last][0]) + abs(across[i][1] - across[last][1])
            if abs(along[i][0] - along[last][1]) < SHAPE_EDGE_PT and aside < 2 * SHAPE_EDGE_PT:
                stack.append(i)
                break
        else:
            stacks.append([i])
    return [stack for stack in stacks if len(stack) >= STACK_LEAST]


def _gaps(stack: list[int], boxes: list[Box], outlines: list[ClosedOutline], alone: list[Box]) -> list[int]:
    """What is no pad in a stack: the areas that are not painted, else those of no size drawn elsewhere, else every other one."""
    painted = [i for i in stack if outlines[i].filled]
    known = [i for i in stack if any(_alike(boxes[i], other) for other in alone)]
    pads = painted or known or stack[:: 2 if len(stack) % 2 else 1]
    return [i for i in stack if i not in pads]


def _alike(a: Box, b: Box) -> bool:
    """Whether two boxes are of one size, upright or turned."""
    upright = max(abs(a.width - b.width), abs(a.height - b.height))
    turned = max(abs(a.width - b.height), abs(a.height - b.width))
    return min(upright, turned) < STACK_ALIKE_PT


def solid(ink: Gray, px_per_pt: float, origin: tuple[float, float], thick: float) -> list[ClosedOutline]:
    """Areas of ink wider than any stroke."""
    size = int(max(SOLID_LEAST_PX, SOLID_WIDTHS * thick))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    wide = cv2.morphologyEx(ink, cv2.MORPH_OPEN, kernel)
    contours, _ = cv2.findContours(wide, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found = (_outline(np.asarray(c, np.int32), 0.0, px_per_pt, origin, True) for c in contours[:MAX_SOLID])
    return [outline for outline in found if outline is not None]


def _outline(
    contour: NDArray[np.int32], grow: float, px_per_pt: float, origin: tuple[float, float], filled: bool
) -> ClosedOutline | None:
    x, y, w, h = cv2.boundingRect(contour)
    if min(w, h) < REGION_LEAST_PT * px_per_pt or w * h < AREA_LEAST_PX:
        return None
    points = _ideal(contour)
    low, high = points.min(axis=0), points.max(axis=0)
    box = np.array([[x - grow, y - grow], [x + w + grow, y + h + grow]])
    points = box[0] + (points - low) / np.maximum(high - low, 1) * (box[1] - box[0])
    placed = points / px_per_pt + np.array(origin)
    ring = tuple((float(a), float(b)) for a, b in placed[:: max(1, len(placed) // POINTS)])
    return ClosedOutline(ring, filled, not filled, len(points) > 4, (0, 0, 0), 0.5)


def _ideal(contour: NDArray[np.int32]) -> NDArray[np.float64]:
    """The corners of a rectangle and the points of a circle without the noise of the pixels; else the contour itself."""
    _, _, w, h = cv2.boundingRect(contour)
    full = cv2.contourArea(contour) / max((w - 1) * (h - 1), 1)
    hull = cv2.contourArea(cv2.convexHull(contour)) / max((w - 1) * (h - 1), 1)  # a leader may cut a ring open
    if full > RECT_PART or (hull > RECT_PART and full > NOTCHED):
        return np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) * [w, h]
    blurred = ROUND_PART * (2 if max(w, h) < SMALL_PX else 1)
    if abs(hull - np.pi / 4) < blurred and abs(w - h) < max(SQUARE_PART * w, SQUARE_PX):
        turn = np.linspace(0.0, 2 * np.pi, CIRCLE_DRAWN, endpoint=False)
        return np.column_stack([np.cos(turn), np.sin(turn)]) * [w, h]
    return np.asarray(contour[:, 0, :], np.float64)


def without_crossing_lines(ink: Gray, segments: list[Segment], px_per_pt: float) -> Gray:
    """The ink without the parts of strokes that cross the border of a shape: centre lines, and extension lines over pads.

    A part between two crossings, or between a crossing and the stroke's own free end, bounds no area of its own.
    """
    clean = ink.copy()
    for x0, y0, x1, y1, width in segments:
        if abs(y1 - y0) <= abs(x1 - x0):
            _wipe(ink, clean, (x0, x1, (y0 + y1) / 2, width), px_per_pt)
        else:
            _wipe(ink.T, clean.T, (y0, y1, (x0 + x1) / 2, width), px_per_pt)
    return clean


def _wipe(ink: Gray, clean: Gray, stroke: tuple[float, float, float, float], px_per_pt: float) -> None:
    low, high, at, width = stroke
    reach = max(3, round(CORNER_PT * px_per_pt))
    top, bottom = int(at - width / 2 - 0.5), int(np.ceil(at + width / 2 + 0.5))
    start, end = max(0, int(low) - reach), min(ink.shape[1], int(high) + reach)
    if top < reach or bottom + reach > ink.shape[0] or end - start < 3:
        return
    above = ink[top - reach : top, start:end].min(axis=0) > 0
    below = ink[bottom : bottom + reach, start:end].min(axis=0) > 0
    drawn = ink[top:bottom, start:end].max(axis=0) > 0
    joins = _runs(above | below)
    through = [
        not (ink[top - 1 : bottom + 1, start : start + reach - 1] > 0).any(),
        *(_crossing(above, below, drawn, a, b) for a, b in joins),
        not (ink[top - 1 : bottom + 1, end - reach + 1 : end] > 0).any(),
    ]
    edges = [0, *(v for join in joins for v in join), end - start]
    for i, (a, b) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        if through[i] and through[i + 1]:
            clean[top:bottom, start + a : start + b] = 0


def _crossing(
    above: NDArray[np.bool_], below: NDArray[np.bool_], drawn: NDArray[np.bool_], low: int, high: int
) -> bool:
    """Whether both strokes run on beyond the place where they meet."""
    across = bool(above[low:high].any() and below[low:high].any())
    return across and bool(drawn[max(0, low - 3) : low].any() and drawn[high : high + 3].any())


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    steps = np.diff(np.pad(mask.astype(np.int8), 1))
    return list(zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True))
