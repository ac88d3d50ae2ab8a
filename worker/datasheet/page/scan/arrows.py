"""Finds arrow heads among pixels: ink that swells on its way to a crossing line, and solid wedges on strokes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Tip
from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.thresholds.scan import (
    CROSSING_PT,
    LEVEL_EXACT_PT,
    SWELL_AFTER_PT,
    SWELL_EVEN,
    SWELL_FROM_PT,
    SWELL_LEAST_PX,
    SWELL_MORE,
    SWELL_MORE_PX,
    SWELL_MOST_PT,
    SWELL_PEAK,
    SWELL_PT,
    SWELL_THIN,
    SWELL_WINDOW_PT,
    TIP_LINE_PT,
    TIP_STEM_PT,
    TRIANGLE_EVEN,
    TRIANGLE_GROWTH,
    WEDGE_ASIDE_PX,
    WEDGE_ASPECT,
    WEDGE_ENDS,
    WEDGE_GROWTH,
    WEDGE_MAX_PT,
    WEDGE_MIN_PT,
    WEDGE_ON,
    WEDGE_ON_LINE_PT,
    WEDGE_ON_PX,
    WEDGE_REACH_PT,
    WITNESS_ASIDE,
    WITNESS_MORE_PX,
    WITNESS_PT,
    WITNESS_WIDE,
)

MAX_TIPS = 2000


def crossing_tips(
    ink: Gray, rows: list[tuple[float, ...]], px_per_pt: float, origin: tuple[float, float], thick: float
) -> list[Tip]:
    """Arrow heads: where a stroke meets a crossing one and its ink swells and shrinks again on the way there."""
    found: list[Tip] = []
    ends = np.array([r[:4] for r in rows]).reshape(-1, 4) - np.array([*origin, *origin])
    level = ends[np.abs(ends[:, 1] - ends[:, 3]) < LEVEL_EXACT_PT] * px_per_pt
    upright = ends[np.abs(ends[:, 0] - ends[:, 2]) < LEVEL_EXACT_PT] * px_per_pt
    for axis, own, other in ((0, level, upright), (1, upright[:, [1, 0, 3, 2]], level[:, [1, 0, 3, 2]])):
        own = own[own[:, 2] - own[:, 0] > TIP_LINE_PT * px_per_pt]
        image = ink if axis == 0 else np.ascontiguousarray(ink.T)
        for along, across, sign in _meetings(image, own, other, px_per_pt, thick):
            x, y = (along, across) if axis == 0 else (across, along)
            step = (sign, 0) if axis == 0 else (0, sign)
            found.append(Tip(float(origin[0] + x / px_per_pt), float(origin[1] + y / px_per_pt), *step))
    return found


def _meetings(
    image: Gray, own: NDArray[np.float64], other: NDArray[np.float64], px_per_pt: float, thick: float
) -> list[tuple[float, float, int]]:
    """Along, across and pointing direction of every arrow head on level strokes that meet upright ones."""
    found: set[tuple[float, float, int]] = set()
    reach = WITNESS_PT * px_per_pt
    for x0, y, x1, _ in own:
        touch = WITNESS_ASIDE * reach
        near = other[
            (other[:, 0] > x0 - reach)
            & (other[:, 0] < x1 + reach)
            & (other[:, 1] < y + touch)
            & (other[:, 3] > y - touch)
        ]
        crossing = (near[:, 1] < y - CROSSING_PT * px_per_pt) & (near[:, 3] > y + CROSSING_PT * px_per_pt)
        near = near[crossing | (near[:, 3] - near[:, 1] > TIP_STEM_PT * px_per_pt)]
        for at in near[:, 0]:
            for sign in (1, -1):
                inward = (x0 - 1 <= at - sign * 3 * px_per_pt) if sign > 0 else (at + 3 * px_per_pt <= x1 + 1)
                if inward and _swells(image, float(at), float(y), -sign, px_per_pt, thick):
                    found.add((float(at), float(y), sign))
    return sorted(found)[:MAX_TIPS]


def _swells(image: Gray, at: float, row: float, way: int, px_per_pt: float, thick: float) -> bool:
    """Whether the stroke, followed from `at` in direction `way`, is thin, then thick, then thin again, evenly on both sides."""
    height, width = image.shape
    middle = int(row)
    window = int(SWELL_WINDOW_PT * px_per_pt)
    low, high = max(0, middle - window), min(height, middle + window + 1)
    steps = np.arange(int(SWELL_FROM_PT * px_per_pt + thick / 2), int(SWELL_PT * px_per_pt))
    xs = (at + way * steps).astype(int)
    xs = xs[(xs >= 0) & (xs < width)]
    if len(xs) < SWELL_LEAST_PX or not 0 <= middle < height:
        return False
    cut = image[low:high, xs] > 0
    above = np.array([_run(column[: middle - low + 1][::-1]) for column in cut.T])
    below = np.array([_run(column[middle - low :]) for column in cut.T])
    total = above + below - 1
    peak = int(total[: int(SWELL_PEAK * len(total))].argmax())
    swell = total[peak]
    if (
        swell < thick + max(SWELL_MORE_PX, SWELL_MORE * thick)
        or swell > SWELL_MOST_PT * px_per_pt
        or peak < 1.0 * px_per_pt
    ):
        return False
    thin_after = total[min(peak + int(SWELL_AFTER_PT * px_per_pt), len(total) - 1) :].min(initial=len(image))
    even = abs(int(above[peak]) - int(below[peak])) <= max(2.0, SWELL_EVEN * swell)
    return bool(total[: max(2, peak // 3)].min() < SWELL_THIN * swell and thin_after < SWELL_THIN * swell and even)


def _run(column: NDArray[np.bool_]) -> int:
    """Length of the ink run at the start of a column."""
    gaps = np.flatnonzero(~column)
    return int(gaps[0]) if len(gaps) else len(column)


def wedges(
    ink: Gray, rows: list[tuple[float, ...]], px_per_pt: float, origin: tuple[float, float], thick: float
) -> list[Tip]:
    """Solid wedges on straight strokes, for witness lines too broken to be found as strokes."""
    size = int(max(3, round(thick) + 2))
    solid = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(solid, np.uint8), connectivity=8)
    strokes = np.array([r[:4] for r in rows]).reshape(-1, 4)
    found: list[Tip] = []
    for i in range(1, min(count, MAX_TIPS)):
        x, y, w, h, _ = (int(v) for v in stats[i])
        if not WEDGE_MIN_PT * px_per_pt < max(w, h) < WEDGE_MAX_PT * px_per_pt:
            continue
        pointed = _pointed(labels[y : y + h, x : x + w] == i)
        if pointed is None:
            continue
        axis, sign = pointed
        image = ink if axis == 0 else np.ascontiguousarray(ink.T)
        along, across = (x, y + h / 2) if axis == 0 else (y, x + w / 2)
        end = _point(image, along + ((w, h)[axis] if sign > 0 else 0), across, sign, thick)
        px, py = (end, across) if axis == 0 else (across, end)
        tip = Tip(
            float(origin[0] + px / px_per_pt),
            float(origin[1] + py / px_per_pt),
            *((sign, 0) if axis == 0 else (0, sign)),
        )
        if _on_stroke(tip, strokes):
            found.append(tip)
    return found


def _pointed(blob: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Axis (0: x) and direction in which a blob tapers to a point, along its length or, where it has none, as a triangle."""
    height, width = blob.shape
    growths = [_growth(blob.sum(axis=axis).astype(float)) for axis in (0, 1)]
    axis = 0 if width >= height else 1
    least, aside = WEDGE_GROWTH, np.inf
    if max(width, height) < WEDGE_ASPECT * min(width, height):  # as wide as it is long: the shape alone tells its axis
        axis = 0 if abs(growths[0]) >= abs(growths[1]) else 1
        least, aside = TRIANGLE_GROWTH, TRIANGLE_EVEN
    if abs(growths[axis]) < least or abs(growths[1 - axis]) > aside:
        return None
    return axis, -1 if growths[axis] > 0 else 1


def _growth(profile: NDArray[np.float64]) -> float:
    """How much a blob widens along its length, as a part of its mean width; rounded ends are left out."""
    cut = max(1, round(WEDGE_ENDS * len(profile)))
    middle = profile[cut:-cut]
    if len(middle) < 4:
        return 0.0
    slope = np.polyfit(np.arange(len(middle)), middle, 1)[0]
    return float(slope * len(middle) / middle.mean())


def _point(image: Gray, edge: float, across: float, sign: int, thick: float) -> float:
    """Where a wedge ends: at the middle of the witness line it runs into, or where its ink stops."""
    height, width = image.shape
    row = min(max(int(across), 0), height - 1)
    low, high = max(0, row - WEDGE_ASIDE_PX), min(height, row + WEDGE_ASIDE_PX + 1)
    for step in range(int(WEDGE_ON * thick) + WEDGE_ON_PX):
        x = int(edge) + sign * step
        if not 0 <= x < width:
            break
        if (image[low:high, x] > 0).sum() > WITNESS_WIDE * thick + WITNESS_MORE_PX and step > 0:
            return x + 0.5 + sign * 0.5 * thick
        if not image[row, x]:
            return x + (0.0 if sign > 0 else 1.0)
    return edge + sign * 2 * thick


def _on_stroke(tip: Tip, strokes: NDArray[np.float64]) -> bool:
    """Whether a stroke runs along the wedge's axis and reaches it."""
    if len(strokes) == 0:
        return False
    axis = 0 if tip.dx else 1
    along, across = (tip.x, tip.y) if axis == 0 else (tip.y, tip.x)
    flat = np.abs(strokes[:, 1 - axis] - strokes[:, 3 - axis]) < LEVEL_EXACT_PT
    on = (
        flat
        & (np.abs(strokes[:, 1 - axis] - across) < WEDGE_ON_LINE_PT)
        & (strokes[:, axis] < along + WEDGE_REACH_PT)
        & (strokes[:, axis + 2] > along - WEDGE_REACH_PT)
        & (strokes[:, axis + 2] - strokes[:, axis] > TIP_LINE_PT)
    )
    return bool(on.any())
