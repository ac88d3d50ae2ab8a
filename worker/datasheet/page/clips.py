"""What a page shows of its objects: the part inside their clip paths, among which are the boxes of forms."""

from __future__ import annotations

import ctypes

import pypdfium2.raw as pdfium

from worker.datasheet.geometry.primitives import Box
from worker.datasheet.page.geometry import Matrix, Point, placed

Segment = tuple[Point, Point]
MOST_POINTS = 2000  # of a clip path that are looked at


def clip_of(obj: object, outer: Matrix, within: Box | None) -> Box | None:
    """The box that an object is clipped to, in points, within that of its form; None: nothing clips it.

    A clip path that is no rectangle counts with the box around it: never is anything left out that is drawn.
    """
    path = pdfium.FPDFPageObj_GetClipPath(obj)
    count = pdfium.FPDFClipPath_CountPaths(path) if path else 0
    for i in range(max(count, 0)):
        own = _around(path, i, outer)
        if own is not None:
            within = own if within is None else shared(within, own)
    return within


def _around(path: object, at: int, outer: Matrix) -> Box | None:
    x, y = ctypes.c_float(), ctypes.c_float()
    found: list[Point] = []
    for k in range(min(pdfium.FPDFClipPath_CountPathSegments(path, at), MOST_POINTS)):
        pdfium.FPDFPathSegment_GetPoint(pdfium.FPDFClipPath_GetPathSegment(path, at, k), x, y)
        found.append(placed(outer, x.value, y.value))
    if not found:
        return None
    xs, ys = [p[0] for p in found], [p[1] for p in found]
    return Box(min(xs), min(ys), max(xs), max(ys))


def shared(a: Box, b: Box) -> Box:
    """What two boxes have in common; empty, without width or height, where they do not meet."""
    x0, y0 = max(a.x0, b.x0), max(a.y0, b.y0)
    return Box(x0, y0, max(x0, min(a.x1, b.x1)), max(y0, min(a.y1, b.y1)))


def segment(a: Point, b: Point, clip: Box) -> Segment | None:
    """The part of a stroke inside a box, None where it is outside (Liang and Barsky, 1984)."""
    low, high = 0.0, 1.0
    for start, step, least, most in ((a[0], b[0] - a[0], clip.x0, clip.x1), (a[1], b[1] - a[1], clip.y0, clip.y1)):
        if step == 0:
            if not least <= start <= most:
                return None
            continue
        enter, leave = sorted(((least - start) / step, (most - start) / step))
        low, high = max(low, enter), min(high, leave)
    if low > high:
        return None
    return tuple((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for t in (low, high))  # type: ignore[return-value]


def ring(points: list[Point], clip: Box) -> list[Point]:
    """The part of a closed outline inside a box, [] where it is outside (Sutherland and Hodgman, 1974)."""
    for axis, edge, keep_above in ((0, clip.x0, True), (0, clip.x1, False), (1, clip.y0, True), (1, clip.y1, False)):
        kept: list[Point] = []
        for i, here in enumerate(points):
            before = points[i - 1]
            inside, was = ((p[axis] >= edge) == keep_above or p[axis] == edge for p in (here, before))
            if inside != was:
                t = (edge - before[axis]) / (here[axis] - before[axis])
                kept.append((before[0] + t * (here[0] - before[0]), before[1] + t * (here[1] - before[1])))
            if inside:
                kept.append(here)
        points = kept
    return points


def address(obj: object) -> int:
    """What tells a page object from the others, however it was come by."""
    return ctypes.cast(obj, ctypes.c_void_p).value or 0  # type: ignore[arg-type]
