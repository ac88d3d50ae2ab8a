"""Draws a row of pads again with another number of them: families are drawn once, often with a break across the row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box, around
from worker.datasheet.land.patterns import Pattern
from worker.datasheet.thresholds.land import (
    BOSS_STEPS,
    LAND_END_PT,
    LEAST_OF_ROW,
    ROW_IN_LINE_PT,
    ROW_READING_NEAR,
    ROW_WHOLE,
)


@dataclass(frozen=True, slots=True)
class PadRun:
    """Equal pads in one line along an axis, and the printed step between neighbours."""

    axis: int
    pads: list[Shape]
    step: float
    steps: int
    from_start: bool  # whether the step is measured at the first pad

    @property
    def first(self) -> float:
        """The least centre along the axis, in page points."""
        return min(_centre(p.box, self.axis) for p in self.pads)

    @property
    def last(self) -> float:
        """The greatest centre along the axis, in page points."""
        return max(_centre(p.box, self.axis) for p in self.pads)


def _centre(box: Box, axis: int) -> float:
    return box.cx if axis == 0 else box.cy


def run_of(pattern: Pattern, drawing: Drawing) -> PadRun | None:
    """The row whose printed step fits it most often: the contacts."""
    found = [
        run for axis in (0, 1) for row in _rows(pattern.pads, axis)
        for r in drawing.readings if r.span.axis == axis and r.cost < ROW_READING_NEAR and r.quantity.kind == "length"
        and (run := _run(row, r.span)) is not None
    ]  # fmt: skip
    return max(found, key=lambda run: run.steps, default=None)


def drawn(pattern: Pattern, count: int) -> bool:
    """Whether one row of `count` pads in equal steps, three or more, is drawn already."""
    rows = [row for axis in (0, 1) for row in _rows(pattern.pads, axis) if len(row) == count and _even(row, axis)]
    return count >= LEAST_OF_ROW and len(rows) == 1 and sum(p.same_size(rows[0][0]) for p in pattern.pads) == count


def _even(row: list[Shape], axis: int) -> bool:
    places = sorted(_centre(p.box, axis) for p in row)
    step = (places[-1] - places[0]) / (len(row) - 1)
    return all(abs(p - places[0] - i * step) < ROW_WHOLE * step for i, p in enumerate(places))


def _rows(pads: list[Shape], axis: int) -> list[list[Shape]]:
    rows: list[list[Shape]] = []
    for pad in pads:
        home = next(
            (r for r in rows if r[0].same_size(pad)
             and abs(_centre(r[0].box, 1 - axis) - _centre(pad.box, 1 - axis)) < ROW_IN_LINE_PT), None,
        )  # fmt: skip
        if home is None:
            rows.append([pad])
        else:
            home.append(pad)
    return [r for r in rows if len(r) > 1]


def _run(row: list[Shape], span: DimensionSpan) -> PadRun | None:
    """A row that a span measures one step of: from its first or last pad inwards."""
    places = sorted(_centre(p.box, span.axis) for p in row)
    low, high = places[0], places[-1]
    from_start = abs(span.start - low) < LAND_END_PT
    if not (from_start or abs(span.end - high) < LAND_END_PT) or span.length < 1:
        return None
    steps = (high - low) / span.length
    fits = all(abs(v - round(v)) < ROW_WHOLE * max(v, 1) for v in ((p - low) / span.length for p in places))
    return (
        PadRun(span.axis, row, (high - low) / round(steps), round(steps), from_start) if fits and steps > 0.5 else None
    )


def redrawn(pattern: Pattern, drawing: Drawing, count: int) -> tuple[Pattern, Drawing] | None:
    """The pattern and its drawing with `count` pads in the row of contacts; None where no step is printed for it.

    What stands beyond the row moves with its end, so that every dimension keeps its meaning and its scale.
    """
    run = run_of(pattern, drawing)
    if run is None or count < 2 or _in_rows(pattern, run):
        return None
    grown = (count - 1 - run.steps) * run.step
    cut = run.first + run.step if run.from_start else run.last - run.step

    def move(at: float) -> float:
        if run.from_start:
            return at + grown if at > cut + LAND_END_PT else at
        return at - grown if at < cut - LAND_END_PT else at

    row = _row(run, count, move(run.first))
    others = _of_row([p for p in pattern.pads if p not in run.pads], run)
    model = run.pads[0]
    inner = [s for s in pattern.inner if model.box.holds(s.box)]
    holes = [_at(s, run.axis, _centre(p.box, run.axis) - _centre(model.box, run.axis)) for p in row for s in inner]
    apart = [_moved(s, run.axis, move) for s in pattern.inner if not any(p.box.holds(s.box) for p in run.pads)]
    pads = [*row, *(_moved(p, run.axis, move) for p in others)]
    first = pattern.first
    if first is not None and first in run.pads:
        first = row[0] if _centre(first.box, run.axis) < (run.first + run.last) / 2 else row[-1]
    spans = {id(s): _amid(s, run, count) or _span(s, run.axis, move) for s in drawing.spans}
    readings = [
        DimensionReading(s, r.quantity, r.cost) for r in drawing.readings if (s := spans[id(r.span)]).length > 1
    ]
    return (
        replace(pattern, pads=pads, inner=[*holes, *apart], first=first),
        replace(drawing, readings=readings, spans=list(spans.values())),
    )


def _in_rows(pattern: Pattern, run: PadRun) -> bool:
    """Whether pads equal to those of the row stand elsewhere too: a package with several rows, which no family draws once."""
    return sum(p.same_size(run.pads[0]) for p in pattern.pads) >= 2 * len(run.pads)


def _row(run: PadRun, count: int, first: float) -> list[Shape]:
    model = run.pads[0]
    start = first - _centre(model.box, run.axis)
    return [_at(model, run.axis, start + i * run.step) for i in range(count)]


def _of_row(others: list[Shape], run: PadRun) -> list[Shape]:
    """Shapes that have an equal across the row or stand in its middle, what lies among them, and a boss beside it."""
    middle = (run.first + run.last) / 2
    paired = [p for p in others if any(_mirrors(p, q, run.axis, middle) for q in others)]
    reach = around([p.box for p in run.pads + paired])
    near = around([p.box for p in run.pads]).grown(BOSS_STEPS * run.step)
    return [
        p for p in others
        if reach.holds_point(p.box.cx, p.box.cy) or (p.kind == "circle" and near.holds_point(p.box.cx, p.box.cy))
    ]  # fmt: skip


def _mirrors(a: Shape, b: Shape, axis: int, middle: float) -> bool:
    off = abs(_centre(a.box, axis) + _centre(b.box, axis) - 2 * middle)
    return (
        a.same_size(b)
        and off < 2 * ROW_IN_LINE_PT
        and abs(_centre(a.box, 1 - axis) - _centre(b.box, 1 - axis)) < ROW_IN_LINE_PT
    )


def _at(shape: Shape, axis: int, by: float) -> Shape:
    b = shape.box
    box = Box(b.x0 + by, b.y0, b.x1 + by, b.y1) if axis == 0 else Box(b.x0, b.y0 + by, b.x1, b.y1 + by)
    return replace(shape, box=box)


def _moved(shape: Shape, axis: int, move: Callable[[float], float]) -> Shape:
    at = _centre(shape.box, axis)
    return _at(shape, axis, move(at) - at)


def _span(span: DimensionSpan, axis: int, move: Callable[[float], float]) -> DimensionSpan:
    if span.axis != axis:
        return replace(span, at=move(span.at))
    return replace(span, start=move(span.start), end=move(span.end))


def _amid(span: DimensionSpan, run: PadRun, count: int) -> DimensionSpan | None:
    """A dimension inside a row that becomes shorter, at the pad that takes the place of the one it measures; else None."""
    last = run.steps - (count - 1)
    if last <= 0 or span.axis != run.axis:
        return None
    slots = [
        (v - run.first) / run.step if run.from_start else (run.last - v) / run.step for v in (span.start, span.end)
    ]
    if min(slots) < 0.5 or max(slots) > run.steps - 0.5:
        return None
    by = max(round(max(slots)) - (count - 1), 0) * run.step * (-1 if run.from_start else 1)
    return replace(span, start=span.start + by, end=span.end + by)
