"""Land patterns drawn more than once under one title, one for each part: the others are explained, and headings choose."""

from __future__ import annotations

from dataclasses import replace

from worker.datasheet.drawing.dimensions import DimensionReading, box_of
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Word, around
from worker.datasheet.land.pads import Solved
from worker.datasheet.search import naming
from worker.datasheet.thresholds.figures import HEADED, REPEAT_HEAD_PT, REPEAT_MOST, REPEAT_OFF, REPEAT_OFF_PT

Shift = tuple[float, float]


def of(solved: Solved) -> list[Shape]:
    """The shapes left out that repeat the pads elsewhere, each of whose numbers is printed there once more."""
    found = list(solved.pattern.others)
    for shift, shapes in _shifted(solved):
        if not around([s.box for s in shapes]).meets(solved.pattern.box) and _dimensioned(shift, shapes, solved):
            found += [s for s in shapes if s not in found]
    return found


def doubled(solved: Solved) -> bool:
    """Whether the pads are two such patterns taken for one: each half has numbers of its own, and none runs between them."""
    pads = solved.pattern.pads
    if len(pads) % 2 or all(all(solved.settled(i)) for i in range(len(pads))):
        return False
    for axis in (0, 1):
        order = sorted(pads, key=lambda p: p.box.cx if axis == 0 else p.box.cy)
        if _apart(order[: len(pads) // 2], order[len(pads) // 2 :], solved):
            return True
    return False


def _apart(first: list[Shape], second: list[Shape], solved: Solved) -> bool:
    if around([s.box for s in first]).meets(around([s.box for s in second])):
        return False
    half = replace(solved, pattern=replace(solved.pattern, pads=first, left=second))
    return any(_dimensioned(shift, shapes, half) for shift, shapes in _shifted(half))


def _shifted(solved: Solved) -> list[tuple[Shift, list[Shape]]]:
    """Every way to move the pads that lays each onto a shape left out, about as large."""
    pads, left = solved.pattern.pads, solved.pattern.left
    found: list[tuple[Shift, list[Shape]]] = []
    if not _both_ways(pads) or not len(pads) <= min(len(left), REPEAT_MOST):
        return found
    for start in (s for s in left if _alike(pads[0], s)):
        shift = (start.box.cx - pads[0].box.cx, start.box.cy - pads[0].box.cy)
        there = [next((s for s in left if _alike(p, s) and _at(p, s, shift, solved)), None) for p in pads]
        shapes = [s for s in there if s is not None]
        if len(shapes) == len(pads):
            found.append((shift, shapes))
    return found


def _both_ways(pads: list[Shape]) -> bool:
    """Whether pads stand side by side along both axes: of a single row the next one may be the other row of the part."""
    return (
        all(max(at) - min(at) > REPEAT_OFF_PT for at in ([p.box.cx for p in pads], [p.box.cy for p in pads]))
        and len(pads) > 2
    )


def _alike(a: Shape, b: Shape) -> bool:
    return (
        a.kind == b.kind
        and abs(a.box.width - b.box.width) < REPEAT_OFF * a.box.width
        and abs(a.box.height - b.box.height) < REPEAT_OFF * a.box.height
    )


def _slack(solved: Solved) -> float:
    return max(REPEAT_OFF_PT, 0.5 * REPEAT_OFF * max(solved.pattern.box.width, solved.pattern.box.height))


def _at(pad: Shape, shape: Shape, shift: Shift, solved: Solved) -> bool:
    off = abs(pad.box.cx + shift[0] - shape.box.cx), abs(pad.box.cy + shift[1] - shape.box.cy)
    return max(off) < _slack(solved)


def _dimensioned(shift: Shift, shapes: list[Shape], solved: Solved) -> bool:
    """Whether each number of the pattern has one at the same place of the other figure, by a line of its own."""
    here, there = solved.pattern.box, around([s.box for s in shapes])
    own = [r for r in solved.fit.used if here.gap(box_of(r.span)) < there.gap(box_of(r.span))]
    near = [r for r in solved.drawing.readings if there.gap(box_of(r.span)) < here.gap(box_of(r.span))]
    return len(own) > 1 and all(any(_again(r, other, shift, _slack(solved)) for other in near) for r in own)


def _again(reading: DimensionReading, other: DimensionReading, shift: Shift, slack: float) -> bool:
    axis, along = reading.span.axis, shift[reading.span.axis]
    return (
        other.span.axis == axis
        and abs(other.span.start - reading.span.start - along) < slack
        and abs(other.span.end - reading.span.end - along) < slack
    )


def headed(solved: Solved, others: list[Shape], lines: list[Word], package: str | None) -> float:
    """More for one of several such patterns where the line right over it names the part asked for, less where it names another.

    `others` are the pads of patterns like it in other figures. Nothing where no line over any of them names the part.
    """
    others = [*of(solved), *others]
    asked = set(naming.tokens(package)) if package else set()
    if not others or not asked:
        return 0.0
    names = [w for w in _over([*solved.pattern.pads, *others], lines) if asked & naming.words_of(w.text)]
    here, elsewhere = solved.pattern.box, [s.box for s in others]
    own = [w for w in names if here.gap(w.box) < min(box.gap(w.box) for box in elsewhere)]
    return 0.0 if not names else HEADED if own else -HEADED


def _over(shapes: list[Shape], lines: list[Word]) -> list[Word]:
    box = around([s.box for s in shapes])
    return [
        w for w in lines
        if w.turn == 0 and 0 <= box.y0 - w.box.y1 < REPEAT_HEAD_PT
        and w.box.x0 < box.x1 + box.width and w.box.x1 > box.x0 - box.width
    ]  # fmt: skip
