"""Draws what each step of the datasheet reader sees in a drawing of the generator: `python docs/pictures/draw.py`.

The files beside this one are what it writes; docs/datasheets.md shows them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from html import escape
from pathlib import Path

from db.documents.footprint.overlay import pad_box
from db.documents.kinds.datasheet import LandPattern
from worker.datasheet.body import body
from worker.datasheet.drawing import drawing
from worker.datasheet.drawing.dimensions import box_of
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.extract import extract
from worker.datasheet.geometry.primitives import Box, Sheet, around
from worker.datasheet.hypotheses import choose
from worker.datasheet.land.pads import Solved
from worker.datasheet.page import pages
from worker.datasheet.request import ReadingRequest
from worker.datasheet.segmentation.figure import figures_of
from worker.datasheet.synthetic import generate

SEED, SPLIT = 8, "clean"
MARGIN_PT = 14.0
BLUE, GREEN, RED, GREY = "#1f5fbf", "#1b8a3a", "#c0392b", "#9aa3ad"


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        pdf = Path(scratch) / "drawing.pdf"
        truth = generate.make(SEED, pdf, SPLIT)
        package = truth["package_printed"]
        outline, land = truth["pages"]["mechanical"][0], truth["pages"]["land_pattern"][0]
        book = pages.open_book([pdf])
        first, second = (drawing.interpret(pages.read_sheet(book, n), "auto", package) for n in (outline, land))
        best = choose.solved_of([second], None, None, package)[0]
        result = extract([pdf], ReadingRequest(package, outline, land)).land_pattern
    view = around([best.pattern.box, *(r.quantity.box for r in best.drawing.readings)])
    for name, marks in (
        ("page", _page(second.sheet)),
        ("drawing", _drawing(second)),
        ("figures", _figures(second, best)),
        ("land", _land(result)),
    ):
        (folder / f"{name}.svg").write_text(_svg(second.sheet, view, marks))
    (folder / "body.svg").write_text(_svg(first.sheet, *_body(first)))


def _page(sheet: Sheet) -> list[str]:
    shapes = [_path(o.points, BLUE, fill="#1f5fbf33") for o in sheet.outlines]
    return shapes + [_box(w.box, GREEN, 0.4) for w in sheet.words]


def _drawing(page: Drawing) -> list[str]:
    found = []
    for r in page.readings:
        (x0, y0), (x1, y1) = r.span.point(r.span.start), r.span.point(r.span.end)
        found += [_line(x0, y0, x1, y1, RED, 1.2), _box(r.quantity.box, RED, 0.6)]
        found.append(_line((x0 + x1) / 2, (y0 + y1) / 2, r.quantity.box.cx, r.quantity.box.cy, RED, 0.3))
    return found


def _figures(page: Drawing, best: Solved) -> list[str]:
    boxes = [_box(f.box, GREY, 0.8, dash="3 2") for f in figures_of(page)]
    captions = [_box(w.box, GREEN, 0.8) for w in best.pattern.titles]
    taken = [_box(p.box, BLUE, 1.0) for p in best.pattern.pads]
    return boxes + captions + taken + [_box(s.box, RED, 1.0) for s in best.pattern.left]


def _land(land: LandPattern) -> list[str]:
    found = []
    for i, pad in enumerate(land.pads):
        place = pad_box(pad, land)
        if place is None:
            continue
        box = Box(*place)
        found += [_box(box, BLUE, 0.8, fill="#dbe6f7"), _text(box.cx, box.cy, pad.number, 5.0)]
        if i == 0:
            found.append(_text(box.cx, box.y0 - 4, f"{pad.w:.2f} x {pad.h:.2f} mm at {pad.x:.2f}, {pad.y:.2f}", 4.5))
    return found


def _body(page: Drawing) -> tuple[Box, list[str]]:
    read = body.read([page], False, set())
    numbers = {id(q): q for q in (*read.sides, read.height) if q is not None}
    spans = [r.span for r in page.readings if id(r.quantity) in numbers]
    lines = [_line(*s.point(s.start), *s.point(s.end), RED, 1.2) for s in spans]
    boxes = [_box(q.box.grown(1.0), RED, 0.8) for q in numbers.values()]
    return around([box_of(s).grown(30.0) for s in spans]), lines + boxes


def _svg(sheet: Sheet, view: Box, marks: list[str]) -> str:
    seen = view.grown(MARGIN_PT)
    ink = [_line(*row[:4], "#444", 0.4) for row in sheet.lines.tolist() if seen.meets(_bounds(row))]
    words = [_text(w.box.cx, w.box.cy, w.text, w.across * 0.8, w.turn) for w in sheet.words if seen.meets(w.box)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{seen.x0:.1f} {seen.y0:.1f} {seen.width:.1f} {seen.height:.1f}" '
        f'width="{seen.width * 1.6:.0f}" font-family="sans-serif">'
    )
    back = f'<rect x="{seen.x0:.1f}" y="{seen.y0:.1f}" width="100%" height="100%" fill="white"/>'
    return "\n".join([head, back, *ink, *words, *marks, "</svg>", ""])


def _bounds(row: list[float]) -> Box:
    return Box(
        min(row[0], row[2]) - 0.1, min(row[1], row[3]) - 0.1, max(row[0], row[2]) + 0.1, max(row[1], row[3]) + 0.1
    )


def _line(x0: float, y0: float, x1: float, y1: float, color: str, width: float) -> str:
    return f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="{color}" stroke-width="{width}"/>'


def _box(box: Box, color: str, width: float, fill: str = "none", dash: str = "none") -> str:
    return (
        f'<rect x="{box.x0:.1f}" y="{box.y0:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" fill="{fill}" '
        f'stroke="{color}" stroke-width="{width}" stroke-dasharray="{dash}"/>'
    )


def _path(points: Iterable[tuple[float, float]], color: str, fill: str) -> str:
    inner = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{inner}Z" stroke="{color}" stroke-width="0.8" fill="{fill}"/>'


def _text(x: float, y: float, text: str, size: float, turn: int = 0) -> str:
    placed = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" text-anchor="middle" dominant-baseline="central"'
    turned = f' transform="rotate({-90 * turn} {x:.1f} {y:.1f})"' if turn else ""
    return f"<text {placed}{turned}>{escape(text)}</text>"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
