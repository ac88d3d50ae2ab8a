"""Gives pads their numbers: printed, from the outline's pin labels, from a dot, else by convention, and says which."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.land import leaders
from worker.datasheet.thresholds.land import PARTS_FILL

Point = tuple[float, float]
UNNUMBERED = 0
LEAST_PARTS = 4  # squares of a divided exposed pad
LABEL = re.compile(r"^\(?(\d{1,3})\)?$")
OWN_ORDER = re.compile(r"\b(?:connector|header|socket|receptacle|plug|jack|relay)s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Label:
    """A pin number printed on a drawing, at a direction from the middle of its view (-1..1, y down)."""

    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Numbers:
    names: list[str]
    source: str  # printed, partly_printed, convention, none
    pin1: str  # printed, dot, outline, convention, unknown
    note: str
    certain: bool

    @property
    def guessed(self) -> bool:
        """Whether nothing but custom speaks for the numbers; the names of a ball grid have no other."""
        return not self.certain and self.pin1 != "outline" and any(name.isdigit() for name in self.names)


def is_thermal(pads: list[Shape], i: int) -> bool:
    """Whether a pad is the exposed pad: much larger than the usual pad and surrounded by the others."""
    if len(pads) < 4:
        return False
    box = pads[i].box
    others = [p.box for j, p in enumerate(pads) if j != i]
    typical = float(np.median([b.area for b in others]))
    xs, ys = [b.cx for b in others], [b.cy for b in others]
    w, h = max(xs) - min(xs), max(ys) - min(ys)
    middle = abs(box.cx - (max(xs) + min(xs)) / 2) < 0.22 * max(w, 1) and abs(
        box.cy - (max(ys) + min(ys)) / 2
    ) < 0.22 * max(h, 1)
    return box.area > 1.8 * typical and middle and not any(box.meets(b) for b in others)


def thermal_parts(pads: list[Shape]) -> set[int]:
    """An exposed pad drawn as a grid of equal squares: close together, amid pads of another size."""
    best: set[int] = set()
    for i, pad in enumerate(pads):
        own = [j for j, p in enumerate(pads) if p.same_size(pad)]
        rest = [p.box for j, p in enumerate(pads) if j not in own]
        if own[0] != i or len(own) < LEAST_PARTS or len(rest) < LEAST_PARTS:
            continue
        box = around([pads[j].box for j in own])
        inside = around(rest).grown(-1.0).holds(box) and not any(box.meets(b) for b in rest)
        filled = sum(pads[j].box.area for j in own) > PARTS_FILL * box.area
        if inside and filled and len(own) > len(best):
            best = set(own)
    return best


def _in_line(pads: list[Shape]) -> bool:
    """Whether the pads stand in a single row or column."""
    small = min(min(p.box.width, p.box.height) for p in pads)
    spread = (np.ptp([p.box.cx for p in pads]), np.ptp([p.box.cy for p in pads]))
    return bool(min(spread) < 0.5 * small)


def order(pads: list[Shape]) -> list[int]:
    """Indices of pads counter-clockwise as seen, or from left to right (top to bottom) for a single row."""
    xs, ys = np.array([p.box.cx for p in pads]), np.array([p.box.cy for p in pads])
    if _in_line(pads):
        return [int(i) for i in np.argsort(xs if np.ptp(xs) > np.ptp(ys) else ys)]
    cx, cy = (xs.max() + xs.min()) / 2, (ys.max() + ys.min()) / 2
    angle = np.arctan2(-(ys - cy) / max(np.ptp(ys), 1e-6), (xs - cx) / max(np.ptp(xs), 1e-6))
    return [int(i) for i in np.argsort(angle, kind="stable")]


def _rows(pads: list[Shape]) -> bool:
    """Whether the pads stand in rows over each other, not in columns side by side."""
    xs, ys = {round(p.box.cx / 2) for p in pads}, {round(p.box.cy / 2) for p in pads}
    return len(xs) > len(ys)


def printed_near(pads: list[Shape], drawing: Drawing) -> dict[int, int]:
    """Numbers printed in or beside a pad: pad index to number."""
    busy = {id(q.box) for r in drawing.readings if r.cost < 0.6 for q in [r.quantity]}
    found: dict[int, tuple[float, int]] = {}
    for word in drawing.lines:
        m = LABEL.match(word.text)
        if not m or (id(word.box) in busy and not any(p.box.holds_point(word.box.cx, word.box.cy) for p in pads)):
            continue
        number = int(m[1])
        if not 1 <= number <= 2 * len(pads) + 2:
            continue
        gaps = [p.box.gap(word.box) + 0.01 * p.box.distance(word.box.cx, word.box.cy) for p in pads]
        i = int(np.argmin(gaps))
        if gaps[i] < 1.3 * max(word.across, 4.0) and (i not in found or gaps[i] < found[i][0]):
            found[i] = (gaps[i], number)
    numbers: dict[int, int] = {}
    for i, (_, number) in sorted(found.items(), key=lambda kv: kv[1][0]):
        if number not in numbers.values():
            numbers[i] = number
    return numbers


def _agreement(names: list[int], printed: dict[int, int]) -> int:
    return sum(names[i] == n for i, n in printed.items())


def _numbered(ring: list[int], start: int, step: int, count: int) -> list[int]:
    """Numbers of all pads when the ring is walked from place `start` in direction `step`."""
    names = [0] * count
    for k in range(len(ring)):
        names[ring[(start + step * k) % len(ring)]] = k + 1
    return names


def outline_labels(drawing: Drawing) -> tuple[list[Label], bool] | None:
    """Pin numbers around the body in the outline drawing, and whether they run clockwise, as seen from below."""
    best: tuple[float, list[Label]] | None = None
    words = [w for w in drawing.lines if LABEL.match(w.text)]
    for shape in drawing.shapes:
        b = shape.box
        if (
            min(b.width, b.height) < 22
            or max(b.width, b.height) > 0.55 * drawing.sheet.width
            or shape.kind in ("circle", "oval")
        ):
            continue
        labels = _labels_around(b, words)
        numbers = [label.number for label in labels]
        if 1 not in numbers or len(labels) < 2:
            continue
        score = len(labels) + 0.2 * (b.area / 10_000)
        if best is None or score > best[0]:
            best = (score, labels)
    if best is None:
        return None
    return best[1], _clockwise(best[1])


def _labels_around(box: Box, words: list[Word]) -> list[Label]:
    reach = min(30.0, 0.45 * min(box.width, box.height) + 8)
    found: dict[int, tuple[float, Label]] = {}
    for word in words:
        x, y = word.box.cx, word.box.cy
        inner = box.grown(-0.3 * min(box.width, box.height))
        if box.grown(reach).holds_point(x, y) and not inner.holds_point(x, y):
            number = int(LABEL.match(word.text)[1])  # type: ignore[index]
            label = Label(number, (x - box.cx) / (box.width / 2), (y - box.cy) / (box.height / 2))
            if 1 <= number <= 400 and (number not in found or word.confidence > found[number][0]):
                found[number] = (word.confidence, label)
    return [label for _, label in found.values()]


def _clockwise(labels: list[Label]) -> bool:
    """Whether the numbers rise clockwise as drawn, as they do when seen from below."""
    ordered = sorted(labels, key=lambda label: label.number)
    turn = 0.0
    for a, b in pairwise(ordered):
        step = math.atan2(-b.y, b.x) - math.atan2(-a.y, a.x)
        turn += (step + math.pi) % (2 * math.pi) - math.pi
    return turn < -0.05


def _from_outline(pads: list[Shape], ring: list[int], labels: list[Label]) -> tuple[list[int], float, int]:
    """The start and turn of the ring that puts the outline's pin numbers nearest their pads; also the turn used."""
    boxes = [p.box for p in pads]
    x0, x1 = min(b.cx for b in boxes), max(b.cx for b in boxes)
    y0, y1 = min(b.cy for b in boxes), max(b.cy for b in boxes)
    at = [
        ((b.cx - (x0 + x1) / 2) / max((x1 - x0) / 2, 1e-6), (b.cy - (y0 + y1) / 2) / max((y1 - y0) / 2, 1e-6))
        for b in boxes
    ]
    best: tuple[float, list[int], int] | None = None
    for turn in (0, 2, 1, 3):
        turned = [_turn(label, turn) for label in labels]
        for start in range(len(ring)):
            names = _numbered(ring, start, 1, len(pads))
            where = {n: at[i] for i, n in enumerate(names)}
            cost = float(np.mean([_away(label, where) for label in turned])) + (0.12 if turn else 0.0)
            if best is None or cost < best[0] - 1e-6:
                best = (cost, names, turn)
    if best is None:
        return list(range(1, len(pads) + 1)), 9.0, 0
    return best[1], best[0], best[2]


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
    return abs((a - b + math.pi) % (2 * math.pi) - math.pi)


def number(
    pads: list[Shape], drawing: Drawing, outline: tuple[list[Label], bool] | None, first: Shape | None = None
) -> Numbers:
    """Names for the pads in their order of appearance; thermal pads follow after the last terminal.

    `first` is the pad that a leader calls the first one.
    """
    parts = thermal_parts(pads)
    thermal = [i for i in range(len(pads)) if i not in parts and is_thermal(pads, i)] + sorted(parts)
    ring_of = [i for i in range(len(pads)) if i not in thermal]
    chosen = [pads[i] for i in ring_of]
    near = printed_near(pads, drawing)
    printed = {ring_of.index(i): n for i, n in near.items() if i in ring_of}
    if first in chosen and len(printed) < len(chosen):
        printed = {i: n for i, n in printed.items() if n != 1} | {chosen.index(first): 1}
    names, source, pin1, note, certain = _ring_names(chosen, printed, drawing, outline)
    result = [""] * len(pads)
    for i, name in zip(ring_of, names, strict=True):
        result[i] = str(name) if name else "MP"
    for k, i in enumerate(thermal, start=1):
        last = max(names, default=0)
        result[i] = str(last + 1 if i in parts else near.get(i, last + k))
    return Numbers(result, source, pin1, note, certain)


def _ring_names(
    pads: list[Shape], printed: dict[int, int], drawing: Drawing, outline: tuple[list[Label], bool] | None
) -> tuple[list[int], str, str, str, bool]:
    count, ring = len(pads), order(pads)
    if len(set(printed.values())) == count:
        names = [printed[i] for i in range(count)]
        return names, "printed", "printed", "all numbers are printed on the land pattern", True
    starts = [(s, step) for step in (1, -1) for s in range(count)] if not _in_line(pads) else [(0, 1), (count - 1, -1)]
    options = [(_numbered(ring, s, step, count), step) for s, step in starts]
    options += [(_numbered(row, 0, 1, count), 1) for row in _zigzag(pads)]
    best = max(options, key=lambda o: (_agreement(o[0], printed), o[1]))
    agree = _agreement(best[0], printed)
    if agree < len(printed) > count / 2 and sorted(printed.values()) == list(range(1, len(printed) + 1)):
        names = [printed.get(i, UNNUMBERED) for i in range(count)]
        note = f"{len(printed)} are printed on the land pattern in an order of their own, the other pads bear none"
        return names, "partly_printed", "printed", note, False
    if agree and agree >= 0.6 * len(printed) and (agree >= 2 or 1 in printed.values()):
        way = "counter-clockwise" if best[1] > 0 else "clockwise as printed"
        start = "printed" if 1 in printed.values() else "convention"
        note = f"{agree} printed on the land pattern, the rest {way}"
        certain = agree == len(printed) and (agree > 1 or _by_custom(pads, drawing))
        return best[0], "partly_printed", start, note, certain
    dot = leaders.dot_near(pads, drawing)
    if dot is not None:
        names = _numbered(ring, ring.index(dot), 1, count)
        note = "pin-1 dot on the land pattern, the rest counter-clockwise"
        return names, "partly_printed", "dot", note, _by_custom(pads, drawing)
    if outline is not None:
        labels, mirrored = outline
        seen = [Label(label.number, label.x, -label.y) for label in labels] if mirrored else labels
        names, cost, turn = _from_outline(pads, ring, seen)
        if cost < 0.75:
            note = f"pin numbers of the outline's {'bottom' if mirrored else 'top'} view" + (
                f", turned {turn * 90} degrees" if turn else ""
            )
            return names, "convention", "outline", note, turn == 0 and not mirrored
    return (
        _numbered(ring, _first(pads, ring), 1, count),
        "convention",
        "convention",
        "no number is printed: counter-clockwise from the usual corner",
        False,
    )


def _zigzag(pads: list[Shape]) -> list[list[int]]:
    """Both orders of two staggered rows whose pads follow each other in turn, as those of a modular jack do."""
    for along, across in (("cx", "cy"), ("cy", "cx")):
        row = sorted(range(len(pads)), key=lambda i: getattr(pads[i].box, along))
        sides = [getattr(pads[i].box, across) for i in row]
        steps = np.diff([getattr(pads[i].box, along) for i in row])
        middle = (max(sides) + min(sides)) / 2
        turns = all((a - middle) * (b - middle) < 0 for a, b in pairwise(sides))
        if len(pads) >= LEAST_PARTS and turns and steps.min() > 0.5 * steps.max():
            return [row, row[::-1]]
    return []


def _by_custom(pads: list[Shape], drawing: Drawing) -> bool:
    """Whether the numbers surely run on from the first: in a row, or around a package of equal leads, which no connector is."""
    if _in_line(pads):
        return True
    sides = {tuple(sorted((round(p.box.width), round(p.box.height)))) for p in pads}
    return len(sides) == 1 and not any(OWN_ORDER.search(line.text) for line in drawing.lines)


def _first(pads: list[Shape], ring: list[int]) -> int:
    """Place in the ring of pin 1 by convention: left end of the lower row, or top of the left column."""
    xs, ys = [p.box.cx for p in pads], [p.box.cy for p in pads]
    if ring == sorted(ring, key=lambda i: xs[i]) and max(ys) - min(ys) < 0.5 * pads[0].box.height:
        return 0
    if ring == sorted(ring, key=lambda i: ys[i]) and max(xs) - min(xs) < 0.5 * pads[0].box.width:
        return 0
    if _rows(pads):
        low = max(ys)
        row = [i for i in ring if low - ys[i] < 0.6 * pads[i].box.height]
        return ring.index(min(row, key=lambda i: xs[i]))
    left = min(xs)
    column = [i for i in ring if xs[i] - left < 0.6 * pads[i].box.width]
    return ring.index(min(column, key=lambda i: ys[i]))
