"""Pin numbers around the body in the outline drawing, and the pads they belong to."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.land.orders import numbered
from worker.datasheet.search import naming
from worker.datasheet.thresholds.land import (
    CLOCKWISE_LEAST,
    LABEL_BESIDE,
    LABEL_INSIDE,
    LABEL_REACH_LEAST_PT,
    LABEL_REACH_PART,
    LABEL_REACH_PT,
    LABEL_STRAY,
    LABELED_AREA,
    LABELED_AREA_PT2,
    LABELED_BELOW,
    LABELED_BODY_LEAST_PT,
    LABELED_BODY_MOST,
    LABELED_LARGE,
    LABELED_PINS_MOST,
    LABELS_AROUND,
    LABELS_FIT_NOT,
    LABELS_LEVEL,
    LABELS_OFF_MIDDLE,
    LONG_BODY,
    OFF_CORNER,
    TURNED_OUTLINE,
)

Point = tuple[float, float]
SIDES = 4  # of a package with pads on all of them
IN_ROW_LEAST = 3  # labels on one side of a body; two may be those of two corners
LABEL = re.compile(r"^[#(]?(\d{1,3})\)?$")  # makers of crystals write "#1"


@dataclass(frozen=True, slots=True)
class Label:
    """A pin number printed on a drawing, at a direction from the middle of its view (-1..1, y down)."""

    number: int
    x: float
    y: float


class LabeledView(NamedTuple):
    """Pin numbers around a body, whether it is seen from below, and its width over its height."""

    labels: list[Label]
    below: bool
    aspect: float


def outline_labels(drawing: Drawing, package: str | None = None, pins: int = 0) -> LabeledView | None:
    """Pin numbers around the body in the outline drawing; those that rise clockwise are seen from below.

    Of several parts of a series the one counts whose name stands nearest to the body; of two views with as many labels the
    one from above. `pins` is how many terminals the part has, which labels of some of them do not tell.
    """
    best: tuple[bool, float, LabeledView] | None = None
    names = naming.of_series(drawing.lines, package)
    words = [w for w in drawing.lines if LABEL.match(w.text)]
    for shape in drawing.shapes:
        b = shape.box
        if (
            min(b.width, b.height) < LABELED_BODY_LEAST_PT
            or max(b.width, b.height) > LABELED_BODY_MOST * drawing.sheet.width
            or shape.kind in ("circle", "oval")
        ):
            continue
        labels = _labels_around(b, words)
        numbers = [label.number for label in labels]
        if 1 not in numbers or len(labels) < 2 or _one_sided(labels):
            continue
        below = _clockwise(labels, pins)
        score = (
            len(labels)
            + min(LABELED_AREA * b.area / LABELED_AREA_PT2, LABELED_LARGE)
            - (LABELED_BELOW if below else 0.0)
        )
        own = not names or min(names, key=lambda n: n[0].gap(b))[1]
        if best is None or (own, score) > best[:2]:
            best = (own, score, LabeledView(labels, below, b.width / b.height))
    return best[2] if best else None


def _one_sided(labels: list[Label]) -> bool:
    """Whether the labels of an even number of pins are not around the middle of a shape: it is a frame around the view."""
    count = len(labels)
    full = count >= LABELS_AROUND and count % 2 == 0 and {label.number for label in labels} == set(range(1, count + 1))
    off = max(abs(sum(label.x for label in labels)), abs(sum(label.y for label in labels))) / count
    return full and off > LABELS_OFF_MIDDLE


def _labels_around(box: Box, words: list[Word]) -> list[Label]:
    reach = min(LABEL_REACH_PT, LABEL_REACH_PART * min(box.width, box.height) + LABEL_REACH_LEAST_PT)
    found: dict[int, tuple[float, Label]] = {}
    for word in words:
        x, y = word.box.cx, word.box.cy
        inner = box.grown(-LABEL_INSIDE * min(box.width, box.height))
        if box.grown(reach).holds_point(x, y) and not inner.holds_point(x, y):
            number = int(LABEL.match(word.text)[1])  # type: ignore[index]
            label = Label(number, (x - box.cx) / (box.width / 2), (y - box.cy) / (box.height / 2))
            if 1 <= number <= LABELED_PINS_MOST and (number not in found or word.confidence > found[number][0]):
                found[number] = (word.confidence, label)
    return [label for _, label in found.values()]


def _clockwise(labels: list[Label], pins: int) -> bool:
    """Whether the numbers rise clockwise as drawn, as they do when seen from below.

    Pins are taken to be spread evenly: of 1 and 5 at one end of a part with five pins the 5 is the pin before the first.
    """
    ordered = sorted(_centred(labels, pins), key=lambda label: label.number)
    each = 2 * math.pi / max(pins, ordered[-1].number)
    better = 0.0
    for a, b in pairwise(ordered):
        step = math.atan2(-b.y, b.x) - math.atan2(-a.y, a.x)
        better += abs(_wrapped(step - each * (b.number - a.number))) - abs(
            _wrapped(step + each * (b.number - a.number))
        )
    return better > CLOCKWISE_LEAST


def _centred(labels: list[Label], pins: int) -> list[Label]:
    """The labels of all pins around their own middle: the shape that they were found around may lie off the body's."""
    if len(labels) != pins or pins < IN_ROW_LEAST:
        return labels
    xs, ys = [label.x for label in labels], [label.y for label in labels]
    middle, half = ((min(v) + max(v)) / 2 for v in (xs, ys)), [max((max(v) - min(v)) / 2, 1e-6) for v in (xs, ys)]
    cx, cy = middle
    return [Label(label.number, (label.x - cx) / half[0], (label.y - cy) / half[1]) for label in labels]


def _wrapped(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi


def from_outline(
    pads: list[Shape], ring: list[int], labels: list[Label], aspect: float = 1.0
) -> tuple[list[int], float, int]:
    """The start and turn of the ring that puts the outline's pin numbers nearest their pads; also the turn used.

    `aspect` is the width of the labelled body over its height: pads on all four sides of one that is clearly longer than
    wide lie as it does.
    """
    boxes = [p.box for p in pads]
    x0, x1 = min(b.cx for b in boxes), max(b.cx for b in boxes)
    y0, y1 = min(b.cy for b in boxes), max(b.cy for b in boxes)
    at = [
        ((b.cx - (x0 + x1) / 2) / max((x1 - x0) / 2, 1e-6), (b.cy - (y0 + y1) / 2) / max((y1 - y0) / 2, 1e-6))
        for b in boxes
    ]
    best: tuple[float, list[int], int] | None = None
    corners = _corners(pads, ring)
    across = _lies_across((x1 - x0) / max(y1 - y0, 1e-6), aspect) if len(corners) == SIDES < len(pads) else None
    for turn in (0, 2, 1, 3) if across is None else (1, 3) if across else (0, 2):
        turned = [_turn(label, turn) for label in _centred(labels, len(pads))]
        for start in range(len(ring)):
            names = numbered(ring, start, 1, len(pads))
            where = {n: at[i] for i, n in enumerate(names)}
            cost = float(np.mean([_away(label, where) for label in turned])) + (TURNED_OUTLINE if turn else 0.0)
            cost += 0.0 if start in corners else OFF_CORNER
            if best is None or cost < best[0] - 1e-6:
                best = (cost, names, turn)
    if best is None:
        return list(range(1, len(pads) + 1)), LABELS_FIT_NOT, 0
    return best[1], best[0], best[2]


def _lies_across(pads: float, body: float) -> bool | None:
    """Whether pads lie across a body, by the width over the height of both; None where either is nearly square."""
    longer = [math.log(ratio) for ratio in (pads, body)]
    return longer[0] * longer[1] < 0 if min(map(abs, longer)) > LONG_BODY else None


def _corners(pads: list[Shape], ring: list[int]) -> set[int]:
    """Places in the ring where a side begins: the pad before stands in another row and column."""
    found = set()
    for k, i in enumerate(ring):
        here, before = pads[i].box, pads[ring[k - 1]].box
        small = 0.5 * min(here.width, here.height)
        if abs(here.cx - before.cx) > small and abs(here.cy - before.cy) > small:
            found.add(k)
    return found or set(range(len(ring)))


def _turn(label: Label, quarters: int) -> Label:
    x, y = label.x, label.y
    for _ in range(quarters):
        x, y = -y, x
    return Label(label.number, x, y)


def _away(label: Label, where: dict[int, Point]) -> float:
    if label.number not in where:
        return 2.0
    x, y = where[label.number]
    a, b = math.atan2(y, x), math.atan2(label.y, label.x)
    return min(abs(_wrapped(a - b)), LABEL_STRAY)


def matched(pads: list[Shape], labels: list[Label]) -> list[int] | None:
    """Numbers of pads by the direction of the labels around the body, whatever their order: one label for every pad, near it."""
    if sorted(label.number for label in labels) != list(range(1, len(pads) + 1)):
        return None
    box = around([p.box for p in pads])
    names = [0] * len(pads)
    for label in _centred(labels, len(pads)):
        off = [math.hypot(x - _sign(label.x), y - _sign(label.y)) for x, y in (_direction(p.box, box) for p in pads)]
        i = int(np.argmin(off))
        if names[i] or off[i] > LABEL_BESIDE:
            return None
        names[i] = label.number
    return names


def in_row(pads: list[Shape], labels: list[Label]) -> list[int] | None:
    """Numbers of pads by labels that all stand on one side of the body, each over or under a pad of its own along that side."""
    if sorted(label.number for label in labels) != list(range(1, len(pads) + 1)) or len(pads) < IN_ROW_LEAST:
        return None
    for along, across in (("x", "y"), ("y", "x")):
        places = [getattr(label, across) for label in labels]
        if min(abs(p) for p in places) < 1.0 or min(places) * max(places) < 0:
            continue
        at = [p.box.cx if along == "x" else p.box.cy for p in pads]
        order, row = np.argsort(at), sorted(labels, key=lambda label: getattr(label, along))
        small = min(min(p.box.width, p.box.height) for p in pads)
        if all(at[b] - at[a] > small / 2 for a, b in pairwise(order)):
            names = dict(zip(order.tolist(), (label.number for label in row), strict=True))
            return [names[i] for i in range(len(pads))]
    return None


def one_row(labels: list[Label], pins: int) -> bool:
    """Whether labels are all pins of a part with fewer of them than `pins`, in a row along one side of its body."""
    count = len(labels)
    if not IN_ROW_LEAST <= count < pins or {label.number for label in labels} != set(range(1, count + 1)):
        return False
    return min(float(np.ptp([getattr(label, at) for label in labels])) for at in ("x", "y")) < LABELS_LEVEL


def _sign(place: float) -> float:
    return max(-1.0, min(1.0, place))


def _direction(pad: Box, extents: Box) -> Point:
    """Where a pad stands within the middles of all, -1..1."""
    return (
        2 * (pad.cx - extents.cx) / max(extents.width - pad.width, 1e-6),
        2 * (pad.cy - extents.cy) / max(extents.height - pad.height, 1e-6),
    )
