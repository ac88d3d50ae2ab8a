"""Land patterns of several parts side by side in one figure: the white between them that no dimension crosses."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan, box_of
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import ROUND, Shape
from worker.datasheet.geometry.primitives import around
from worker.datasheet.land.patterns import Pattern
from worker.datasheet.segmentation.figure import Figure
from worker.datasheet.thresholds.figures import BESIDE_ALIKE, BESIDE_NUMBERS, BESIDE_PADS, BESIDE_READS


def parts(shapes: list[Shape], readings: list[DimensionReading]) -> list[list[Shape]]:
    """The pads of each of several patterns of as many pads, every one with numbers of its own; none for a single pattern."""
    pads = _pads(shapes)
    numbers = [r for r in readings if r.cost < BESIDE_READS]
    for axis in (0, 1):
        found = _parted(pads, numbers, axis)
        alike = len(found) > 1 and len({len(own) for own in found}) == 1 and len(found[0]) >= BESIDE_PADS
        if alike and all(_measured(own, found, numbers) for own in found):
            return found
    return []


def twin(figure: Figure, titled: list[Figure]) -> Figure | None:
    """A figure without a caption under the caption of one like it: one title stands over the patterns of several parts."""
    if figure.captions or len(figure.shapes) < BESIDE_PADS or not _numbered(figure):
        return None
    areas = sorted(s.box.area for s in figure.shapes)
    for other in titled:
        there = sorted(s.box.area for s in other.shapes)
        alike = len(there) == len(areas) and all(
            a < BESIDE_ALIKE * b and b < BESIDE_ALIKE * a for a, b in zip(areas, there, strict=True)
        )
        if alike and _numbered(other):
            return replace(figure, captions=other.captions)
    return None


def _numbered(figure: Figure) -> bool:
    return all(len([r for r in figure.drawing.readings if r.span.axis == axis]) >= BESIDE_NUMBERS for axis in (0, 1))


def own_drawing(pattern: Pattern, drawing: Drawing) -> Drawing:
    """The drawing without the numbers of the patterns of other parts, which stand nearer to those."""
    if not pattern.others:
        return drawing

    def own(span: DimensionSpan) -> bool:
        line = box_of(span)
        gaps = [min(p.box.gap(line) for p in pads) for pads in (pattern.pads, pattern.others)]
        return gaps[0] < gaps[1]

    spans = [s for s in drawing.spans if own(s)]
    return replace(drawing, spans=spans, readings=[r for r in drawing.readings if own(r.span)])


def _pads(shapes: list[Shape]) -> list[Shape]:
    """The shapes about as large as most of those with corners, one for each place."""
    square = [s for s in shapes if s.kind not in ROUND and not s.dashed]
    if not square:
        return []
    usual = float(np.median([s.box.area for s in square]))
    found: list[Shape] = []
    for shape in square:
        fits = usual / BESIDE_ALIKE < shape.box.area < usual * BESIDE_ALIKE
        if fits and not any(shape.box.meets(f.box) for f in found):
            found.append(shape)
    return found


def _parted(pads: list[Shape], numbers: list[DimensionReading], axis: int) -> list[list[Shape]]:
    """The pads cut along an axis at every gap that no numbered dimension runs across."""
    order = sorted(pads, key=lambda p: _ends(p, axis)[0])
    found: list[list[Shape]] = [order[:1]] if order else []
    for before, pad in pairwise(order):
        low, high = max(_ends(p, axis)[1] for p in found[-1]), _ends(pad, axis)[0]
        middle = (low + high) / 2
        crossed = any(r.span.axis == axis and r.span.start < middle < r.span.end for r in numbers)
        if low < high and not crossed and before is not pad:
            found.append([pad])
        else:
            found[-1].append(pad)
    return found


def _measured(own: list[Shape], parts: list[list[Shape]], numbers: list[DimensionReading]) -> bool:
    """Whether numbers along both axes stand nearer to one part than to the others, and its pads spread along both."""
    box, others = around([p.box for p in own]), [around([p.box for p in o]) for o in parts if o is not own]
    near = [r for r in numbers if all(box.gap(box_of(r.span)) < other.gap(box_of(r.span)) for other in others)]
    wide = all(len({round(_ends(p, axis)[0]) for p in own}) > 1 for axis in (0, 1))
    return wide and all(len({id(r.quantity) for r in near if r.span.axis == axis}) >= BESIDE_NUMBERS for axis in (0, 1))


def _ends(shape: Shape, axis: int) -> tuple[float, float]:
    return (shape.box.x0, shape.box.x1) if axis == 0 else (shape.box.y0, shape.box.y1)
