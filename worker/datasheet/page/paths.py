"""Reads the drawn paths of a PDF page: every straight or flattened stroke and every closed outline."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Box, ClosedOutline

Matrix = NDArray[np.float64]  # 3 x 3, row vectors: [x y 1] @ m
Point = tuple[float, float]

MAX_OBJECTS = 60_000  # a page above this is a photo traced into paths, not a drawing
MAX_STROKES = 300_000
CURVE_STEPS = 6


class TooMuch(ValueError):
    """A page draws more than any drawing does."""


def placed(m: Matrix, x: float, y: float) -> Point:
    """A point moved by a PDF matrix, which multiplies row vectors from the right."""
    return (float(x * m[0, 0] + y * m[1, 0] + m[2, 0]), float(x * m[0, 1] + y * m[1, 1] + m[2, 1]))


def matrix_of(obj: object) -> Matrix:
    """The matrix of a PDF page object, (3, 3) for row vectors."""
    m = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(obj, m)
    return np.array([[m.a, m.b, 0], [m.c, m.d, 0], [m.e, m.f, 1]], dtype=float)


def objects(page: object, to_page: Matrix) -> Iterator[tuple[object, int, Matrix]]:
    """Every drawn object of the page with its own matrix multiplied in, forms opened. Raises TooMuch."""
    budget, count = MAX_OBJECTS, pdfium.FPDFPage_CountObjects(page)
    stack = [(pdfium.FPDFPage_GetObject(page, i), to_page) for i in reversed(range(min(count, budget + 1)))]
    while stack:
        if len(stack) > budget:
            raise TooMuch(f"more than {MAX_OBJECTS} objects")
        obj, outer = stack.pop()
        budget -= 1
        kind = pdfium.FPDFPageObj_GetType(obj)
        inner = matrix_of(obj) @ outer
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            count = pdfium.FPDFFormObj_CountObjects(obj)
            stack.extend((pdfium.FPDFFormObj_GetObject(obj, i), inner) for i in reversed(range(count)))
        else:
            yield obj, kind, inner


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
    for obj, kind, m in objects(page, to_page):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]]) @ m
            images.append(Box(corners[:, 0].min(), corners[:, 1].min(), corners[:, 0].max(), corners[:, 1].max()))
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            _read_path(obj, m, lines, outlines)
        if len(lines) >= MAX_STROKES:
            raise TooMuch(f"more than {MAX_STROKES} strokes")
    return np.array(lines, dtype=float).reshape(-1, 7), outlines, images


def _read_path(obj: object, m: Matrix, lines: list[tuple[float, ...]], outlines: list[ClosedOutline]) -> None:
    filled, stroked = _mode(obj)
    if not (filled or stroked):
        return
    paint = pdfium.FPDFPageObj_GetFillColor if filled and not stroked else pdfium.FPDFPageObj_GetStrokeColor
    color = _color(obj, paint)
    if filled and not stroked and min(color) > 250:
        return  # white paint hides what is below; it draws nothing
    key = float(color[0] * 65536 + color[1] * 256 + color[2])
    width = max(_width(obj, m), 0.01) if stroked else 0.0
    dashed = stroked and pdfium.FPDFPageObj_GetDashCount(obj) > 0
    found = runs_of(obj, m)
    for (points, curved), closed in zip(found.runs, found.closed, strict=True):
        ring = closed or filled or _same(points[0], points[-1])
        if ring and len(points) > 2:
            outlines.append(ClosedOutline(tuple(points), filled, stroked, curved, color, width, dashed))
            if points[0] != points[-1]:
                points = [*points, points[0]] if filled and not stroked else points
        run = float(lines[-1][6] + 1 if lines else 0)
        pairs = pairwise(points)
        lines.extend((a[0], a[1], b[0], b[1], width, key, run) for a, b in pairs if a != b)


def _same(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < 0.05 and abs(a[1] - b[1]) < 0.05
