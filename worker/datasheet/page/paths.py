"""Reads the drawn paths of a PDF page: every straight or flattened stroke and every closed outline."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Box, ClosedOutline
from worker.datasheet.page import clips
from worker.datasheet.page.geometry import Matrix, Point, pen, placed
from worker.datasheet.thresholds.page import PEN_LEAST_PT, PEN_UNEVEN, SAME_POINT_PT, WHITE_LEAST

MAX_OBJECTS = 60_000  # a page above this is a photo traced into paths, not a drawing
MAX_STROKES = 300_000
CURVE_STEPS = 6


class TooMuch(ValueError):
    """A page draws more than any drawing does."""


def matrix_of(obj: object) -> Matrix:
    """The matrix of a PDF page object, (3, 3) for row vectors."""
    m = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(obj, m)
    return np.array([[m.a, m.b, 0], [m.c, m.d, 0], [m.e, m.f, 1]], dtype=float)


def objects(page: object, to_page: Matrix) -> Iterator[tuple[object, int, Matrix, Box | None]]:
    """Every drawn object of the page with its own matrix multiplied in and its clip, forms opened. Raises TooMuch."""
    budget, count = MAX_OBJECTS, pdfium.FPDFPage_CountObjects(page)
    unclipped: Box | None = None
    stack = [(pdfium.FPDFPage_GetObject(page, i), to_page, unclipped) for i in reversed(range(min(count, budget + 1)))]
    while stack:
        if len(stack) > budget:
            raise TooMuch(f"more than {MAX_OBJECTS} objects")
        obj, outer, within = stack.pop()
        budget -= 1
        kind = pdfium.FPDFPageObj_GetType(obj)
        inner, clip = matrix_of(obj) @ outer, clips.clip_of(obj, outer, within)
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            count = pdfium.FPDFFormObj_CountObjects(obj)
            stack.extend((pdfium.FPDFFormObj_GetObject(obj, i), inner, clip) for i in reversed(range(count)))
        else:
            yield obj, kind, inner, clip


def _color(obj: object, read: Callable[..., int]) -> tuple[int, int, int]:
    r, g, b, a = (ctypes.c_uint() for _ in range(4))
    if not read(obj, r, g, b, a):
        return (0, 0, 0)
    return (r.value, g.value, b.value)


def _bezier(p0: Point, p1: Point, p2: Point, p3: Point) -> list[Point]:
    t = np.linspace(0, 1, CURVE_STEPS + 1)[1:, None]
    a, b, c, d = (np.asarray(p, dtype=float)[None] for p in (p0, p1, p2, p3))
    xy = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    return [(float(x), float(y)) for x, y in xy]


class _Runs:
    """Collects the sub-paths of one path object as point lists."""

    def __init__(self) -> None:
        self.runs: list[tuple[list[Point], bool]] = []  # points, has a curve
        self.points: list[Point] = []
        self.curved = False
        self.closed: list[bool] = []

    def start(self, at: Point) -> None:
        self.end(closed=False)
        self.points = [at]

    def end(self, closed: bool) -> None:
        if len(self.points) > 1:
            self.runs.append((self.points, self.curved))
            self.closed.append(closed)
        self.points, self.curved = [], False


def runs_of(path: object, m: Matrix) -> _Runs:
    """The sub-paths of a path in page coordinates; curves become short straight pieces."""
    found = _Runs()
    bezier: list[Point] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for i in range(min(pdfium.FPDFPath_CountSegments(path), MAX_STROKES + 1)):
        seg = pdfium.FPDFPath_GetPathSegment(path, i)
        pdfium.FPDFPathSegment_GetPoint(seg, x, y)
        at = placed(m, x.value, y.value)
        kind = pdfium.FPDFPathSegment_GetType(seg)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            found.start(at)
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            found.points.append(at)
        else:
            bezier.append(at)
            if len(bezier) == 3:
                start = found.points[-1] if found.points else bezier[0]
                found.points.extend(_bezier(start, *bezier))
                found.curved = True
                bezier = []
        if pdfium.FPDFPathSegment_GetClose(seg):
            first = found.points[0] if found.points else at
            if found.points and found.points[-1] != first:
                found.points.append(first)
            found.end(closed=True)
            found.points = [first]
    found.end(closed=False)
    return found


def _mode(path: object) -> tuple[bool, bool]:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
    return fill.value != pdfium.FPDF_FILLMODE_NONE, bool(stroke.value)


def _width(path: object, m: Matrix) -> float:
    w = ctypes.c_float()
    pdfium.FPDFPageObj_GetStrokeWidth(path, w)
    return float(w.value * np.sqrt(abs(np.linalg.det(m[:2, :2]))))


def read_paths(page: object, to_page: Matrix) -> tuple[NDArray[np.float64], list[ClosedOutline], list[Box]]:
    """Strokes (n x 7: x0 y0 x1 y1 width colour run), closed outlines, and boxes of images, in page points.

    Raises TooMuch for a page that is no drawing.
    """
    lines: list[tuple[float, ...]] = []
    outlines: list[ClosedOutline] = []
    images: list[Box] = []
    for obj, kind, m, clip in objects(page, to_page):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            images.extend(_image(m, clip))
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            _read_path(obj, m, clip, lines, outlines)
        if len(lines) >= MAX_STROKES:
            raise TooMuch(f"more than {MAX_STROKES} strokes")
    return np.array(lines, dtype=float).reshape(-1, 7), outlines, images


def _image(m: Matrix, clip: Box | None) -> list[Box]:
    """The box of an image as far as it is shown, [] where it is not."""
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]]) @ m
    box = Box(corners[:, 0].min(), corners[:, 1].min(), corners[:, 0].max(), corners[:, 1].max())
    shown = box if clip is None else clips.shared(box, clip)
    return [shown] if shown.area > 0 else []


def _read_path(
    obj: object, m: Matrix, clip: Box | None, lines: list[tuple[float, ...]], outlines: list[ClosedOutline]
) -> None:
    filled, stroked = _mode(obj)
    if not (filled or stroked):
        return
    color_of = pdfium.FPDFPageObj_GetFillColor if filled and not stroked else pdfium.FPDFPageObj_GetStrokeColor
    color = _color(obj, color_of)
    if filled and not stroked and min(color) > WHITE_LEAST:
        return  # white hides what is below; it draws nothing
    key = float((color[0] << 16) + (color[1] << 8) + color[2])
    width = max(_width(obj, m), PEN_LEAST_PT) if stroked else 0.0
    dashed = stroked and pdfium.FPDFPageObj_GetDashCount(obj) > 0
    found = runs_of(obj, m)
    across = _uneven_pen(obj, m) if stroked else None
    for (points, curved), closed in zip(found.runs, found.closed, strict=True):
        ring = closed or filled or _same(points[0], points[-1])
        if ring and len(points) > 2:
            shown = _shown_ring(points, clip)
            if len(shown) > 2:
                outlines.append(ClosedOutline(tuple(shown), filled, stroked, curved, color, width, dashed))
            if points[0] != points[-1]:
                points = [*points, points[0]] if filled and not stroked else points
        run = float(lines[-1][6] + 1 if lines else 0)
        for a, b in _shown(points, clip):
            lines.append((*a, *b, width if across is None else max(pen(across, m, a, b), PEN_LEAST_PT), key, run))


def _uneven_pen(obj: object, m: Matrix) -> float | None:
    """The pen's own width where the matrix scales x and y differently, so that it draws strokes of several widths."""
    a, b = np.hypot(m[0, 0], m[0, 1]), np.hypot(m[1, 0], m[1, 1])
    if abs(a - b) < PEN_UNEVEN * max(a, b) and abs(m[0, 0] * m[1, 0] + m[0, 1] * m[1, 1]) < PEN_UNEVEN * max(
        a * b, 1e-12
    ):
        return None
    width = ctypes.c_float()
    pdfium.FPDFPageObj_GetStrokeWidth(obj, width)
    return float(width.value)


def _shown(points: list[Point], clip: Box | None) -> Iterator[tuple[Point, Point]]:
    """The strokes of a sub-path as far as they are shown."""
    for a, b in pairwise(points):
        if a == b:
            continue
        part = (a, b) if clip is None else clips.segment(a, b, clip)
        if part is not None and part[0] != part[1]:
            yield part


def _shown_ring(points: list[Point], clip: Box | None) -> list[Point]:
    if clip is None or all(clip.holds_point(*p) for p in points):
        return points
    return clips.ring(points, clip)


def _same(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < SAME_POINT_PT and abs(a[1] - b[1]) < SAME_POINT_PT


def clipped_texts(page: object, to_page: Matrix) -> dict[int, Box]:
    """What text objects are clipped to, by the address of the object, where it is less than what they would cover."""
    found: dict[int, Box] = {}
    try:
        for obj, kind, _, clip in objects(page, to_page):
            if kind == pdfium.FPDF_PAGEOBJ_TEXT and clip is not None:
                found[clips.address(obj)] = clip
    except TooMuch:
        return {}
    return found
