"""Gives pads their numbers: printed, from the outline's pin labels, from a dot, else by convention, and says which."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Word, around
from worker.datasheet.land import leaders, pinout
from worker.datasheet.land.orders import LEAST_PARTS, first_of, grid_orders, in_line, numbered, order, zigzag
from worker.datasheet.land.outline_labels import LABEL, Label, LabeledView, from_outline, in_row, matched, one_row
from worker.datasheet.thresholds.land import (
    AROUND,
    CORNERED_LEAST,
    EXPOSED_LARGER,
    EXPOSED_MIDDLE,
    LABELS_FIT,
    NUMBER_BESIDE,
    NUMBER_LEAST_PT,
    NUMBER_OF_LINE,
    NUMBER_OFF_MIDDLE,
    NUMBER_SURE,
    ONE_WIDE,
    ORDER_AGREES,
    PARTS_FILL,
    TAB_LARGER,
)

WITHOUT_MIDDLE = 3  # pads of a part whose middle lead is cut off: its number is that of the tab
UNNUMBERED, ROW_BY_ROW = 0, -2  # a name, and the step of an order
_Named = tuple[list[int], str, str, str, bool]  # names, source, pin1, note and whether they are certain, as in Numbers
OWN_ORDER = re.compile(r"\b(?:connector|header|socket|receptacle|plug|jack|relay)s?\b", re.IGNORECASE)


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


def exposed(pads: list[Shape]) -> set[int]:
    """The exposed pads by index: much larger than the usual pad and surrounded by the others."""
    if len(pads) < 4:
        return set()
    least = min(p.box.area for p in pads)
    return {i for i, p in enumerate(pads) if p.box.area > EXPOSED_LARGER * least and _is_exposed(pads, i)}


def _is_exposed(pads: list[Shape], i: int) -> bool:
    box = pads[i].box
    others = [p.box for j, p in enumerate(pads) if j != i]
    typical = float(np.median([b.area for b in others]))
    xs, ys = [b.cx for b in others], [b.cy for b in others]
    w, h = max(xs) - min(xs), max(ys) - min(ys)
    middle = abs(box.cx - (max(xs) + min(xs)) / 2) < EXPOSED_MIDDLE * max(w, 1) and abs(
        box.cy - (max(ys) + min(ys)) / 2
    ) < EXPOSED_MIDDLE * max(h, 1)
    return box.area > EXPOSED_LARGER * typical and middle and not any(box.meets(b) for b in others)


def thermal_parts(pads: list[Shape]) -> set[int]:
    """An exposed pad drawn as a grid of equal squares: close together, amid pads of another size."""
    best: set[int] = set()
    for i, pad in enumerate(pads):
        own = [j for j, p in enumerate(pads) if p.same_size(pad)]
        if own[0] != i or not LEAST_PARTS <= len(own) <= len(pads) - LEAST_PARTS:
            continue
        rest = [p.box for j, p in enumerate(pads) if j not in own]
        box = around([pads[j].box for j in own])
        inside = around(rest).grown(-1.0).holds(box) and not any(box.meets(b) for b in rest)
        filled = sum(pads[j].box.area for j in own) > PARTS_FILL * box.area
        if inside and filled and len(own) > len(best):
            best = set(own)
    return best


def _in_corners(pads: list[Shape]) -> list[int]:
    """The four equal pads in the corners of a module whose other pads are of another size: they follow after all others."""
    box = around([p.box for p in pads])
    places = [(box.x0, box.y0), (box.x0, box.y1), (box.x1, box.y1), (box.x1, box.y0)]  # counter-clockwise as seen
    found = [min(range(len(pads)), key=lambda i: pads[i].box.distance(x, y)) for x, y in places]
    own = [pads[i] for i in found]
    if len(set(found)) < len(places) or not all(own[0].same_size(p) for p in own):
        return []
    others = [p for i, p in enumerate(pads) if i not in found]
    crowd = len(others) >= CORNERED_LEAST and not any(own[0].alike(p) for p in others)
    placed = all(p.box.grown(1.0).holds_point(x, y) for p, (x, y) in zip(own, places, strict=True))
    return found if crowd and placed else []


def _doubtful(word: Word) -> bool:
    """Whether pixels may only look like a number: a 1 as wide as it is high is a corner of the drawing."""
    sides = sorted((word.box.width, word.box.height))
    wide = word.confidence < 1.0 and word.text == "1" and sides[0] > ONE_WIDE * sides[1]
    return wide or word.confidence < NUMBER_SURE


def printed_near(pads: list[Shape], drawing: Drawing) -> dict[int, int]:
    """Numbers printed in or beside a pad: pad index to number."""
    busy = {id(q.box) for r in drawing.readings if r.cost < NUMBER_OF_LINE for q in [r.quantity]}
    found: dict[int, tuple[bool, float, int]] = {}
    for word in drawing.lines:
        m = None if _doubtful(word) else LABEL.match(word.text)
        if not m or (id(word.box) in busy and not any(p.box.holds_point(word.box.cx, word.box.cy) for p in pads)):
            continue
        number = int(m[1])
        if not 1 <= number <= 2 * len(pads) + 2:
            continue
        gaps = [p.box.gap(word.box) + NUMBER_OFF_MIDDLE * p.box.distance(word.box.cx, word.box.cy) for p in pads]
        i = int(np.argmin(gaps))
        rated = (word.confidence < 1.0, gaps[i], number)  # a printed number before one that pixels look like
        if gaps[i] < NUMBER_BESIDE * max(word.across, NUMBER_LEAST_PT) and (i not in found or rated < found[i]):
            found[i] = rated
    numbers: dict[int, int] = {}
    for i, (*_, number) in sorted(found.items(), key=lambda kv: kv[1]):
        if number not in numbers.values():
            numbers[i] = number
    return numbers


def _agreement(names: list[int], printed: dict[int, int]) -> int:
    return sum(names[i] == n for i, n in printed.items())


def number(pads: list[Shape], drawing: Drawing, outline: LabeledView | None, first: Shape | None = None) -> Numbers:
    """Names for the pads in their order of appearance; thermal pads follow after the last terminal.

    `first` is the pad that a leader calls the first one.
    """
    parts = thermal_parts(pads)
    thermal = sorted(exposed(pads) - parts) + sorted(parts)
    corners = _in_corners(pads)
    ring_of = [i for i in range(len(pads)) if i not in thermal and i not in corners]
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
    last = max((int(name) for name in result if name.isdigit()), default=0)
    for k, i in enumerate(corners, start=1):
        result[i] = str(near.get(i, last + k))
    return Numbers(result, source, pin1, note, certain)


def _ring_names(pads: list[Shape], printed: dict[int, int], drawing: Drawing, outline: LabeledView | None) -> _Named:
    """The names of the terminals by the first source that tells them, printed numbers before all others."""
    ring = order(pads)
    found = _from_print(pads, ring, printed, drawing)
    if found is not None:
        return found
    dot = leaders.dot_near(pads, drawing)
    if dot is not None:
        names = numbered(ring, ring.index(dot), 1, len(pads))
        note = "pin-1 dot on the land pattern, the rest counter-clockwise"
        return names, "partly_printed", "dot", note, _by_custom(pads, drawing)
    arranged = pinout.of_arrangement(pads, drawing)
    if arranged is not None:
        return arranged, "convention", "unknown", "pin numbers of the terminal arrangement on the same page", False
    found = _from_labels(pads, ring, outline) if outline is not None else None
    return found or _from_custom(pads, ring)


def _from_print(pads: list[Shape], ring: list[int], printed: dict[int, int], drawing: Drawing) -> _Named | None:
    """Names by the numbers on the land pattern; None where too few are printed, or in no order that fits."""
    count = len(pads)
    if len(set(printed.values())) == count:
        names = [printed[i] for i in range(count)]
        return names, "printed", "printed", "all numbers are printed on the land pattern", True
    best, step, single = _best_order(pads, ring, printed)
    agree = _agreement(best, printed)
    if agree < len(printed) > count / 2 and sorted(printed.values()) == list(range(1, len(printed) + 1)):
        names = [printed.get(i, UNNUMBERED) for i in range(count)]
        note = f"{len(printed)} are printed on the land pattern in an order of their own, the other pads bear none"
        return names, "partly_printed", "printed", note, False
    if not agree or agree < ORDER_AGREES * len(printed) or not (agree >= 2 or 1 in printed.values()):
        return None
    way = "row by row" if step == ROW_BY_ROW else "counter-clockwise" if step > 0 else "clockwise as printed"
    start = "printed" if 1 in printed.values() else "convention"
    note = f"{agree} printed on the land pattern, the rest {way}"
    certain = agree == len(printed) and ((agree > 1 and single) or _by_custom(pads, drawing))
    return best, "partly_printed", start, note, certain


def _best_order(pads: list[Shape], ring: list[int], printed: dict[int, int]) -> tuple[list[int], int, bool]:
    """The names of the order that agrees with most printed numbers, its step, and whether no other does as well."""
    count = len(pads)
    starts = [(s, step) for step in (1, -1) for s in range(count)] if not in_line(pads) else [(0, 1), (count - 1, -1)]
    options = [(numbered(ring, s, step, count), step) for s, step in starts]
    options += [(numbered(row, 0, 1, count), 1) for row in zigzag(pads)]
    options += [(numbered(row, 0, 1, count), ROW_BY_ROW) for row in grid_orders(pads)]
    best, step = max(options, key=lambda o: (_agreement(o[0], printed), o[1]))
    agree = _agreement(best, printed)
    return best, step, not any(o[0] != best and _agreement(o[0], printed) == agree for o in options)


def _from_labels(pads: list[Shape], ring: list[int], view: LabeledView) -> _Named | None:
    """Names by the pin numbers around the outline; None where they fit neither the ring nor the pads' places."""
    labels, mirrored, aspect = view
    row = in_row(pads, labels)
    if row is not None:
        return row, "convention", "outline", "pin numbers that stand in a row along one side of the outline", False
    if one_row(labels, len(pads)):
        return None
    seen = [Label(label.number, label.x, -label.y) for label in labels] if mirrored else labels
    names, cost, turn = from_outline(pads, ring, seen, aspect)
    own = matched(pads, labels) if cost > AROUND or not mirrored else None
    if own is not None and own != names:
        return own, "convention", "unknown", "pin numbers that stand around the outline where the pads do", False
    if cost < LABELS_FIT:
        turned = f", turned {turn * 90} degrees" if turn else ""
        note = f"pin numbers of the outline's {'bottom' if mirrored else 'top'} view{turned}"
        return names, "convention", "outline", note, turn == 0 and not mirrored
    return None


def _from_custom(pads: list[Shape], ring: list[int]) -> _Named:
    """Names as makers usually give them: in turn between both rows of a zigzag, else counter-clockwise."""
    turns = zigzag(pads)
    if turns:
        names = numbered(max(turns, key=lambda row: pads[row[0]].box.cy), 0, 1, len(pads))
        return names, "convention", "convention", "no number is printed: in turn between both rows", False
    tab = _tab(pads)
    if tab is not None:
        names = numbered(ring, (ring.index(tab) + 1) % len(ring), 1, len(pads))
        names = [{2: 3, 3: 2}.get(n, n) for n in names] if len(pads) == WITHOUT_MIDDLE else names
        return names, "convention", "convention", "no number is printed: leads from left to right under the tab", False
    names = numbered(ring, first_of(pads, ring), 1, len(pads))
    return names, "convention", "convention", "no number is printed: counter-clockwise from the usual corner", False


def _tab(pads: list[Shape]) -> int | None:
    """The pad of a tab: much larger than those of the leads, which stand in a row on one side of it."""
    if len(pads) < WITHOUT_MIDDLE:
        return None
    large = max(range(len(pads)), key=lambda i: pads[i].box.area)
    leads = [p for i, p in enumerate(pads) if i != large]
    alike = all(leads[0].same_size(p) for p in leads)
    larger = pads[large].box.area > TAB_LARGER * leads[0].box.area
    row, tab = around([p.box for p in leads]), pads[large].box
    beside = tab.x1 < row.x0 or row.x1 < tab.x0 or tab.y1 < row.y0 or row.y1 < tab.y0
    return large if alike and larger and beside and in_line(leads) else None


def _by_custom(pads: list[Shape], drawing: Drawing) -> bool:
    """Whether the numbers surely run on from the first: in a row, or around a package of equal leads, which no connector is."""
    if in_line(pads):
        return True
    sides = {tuple(sorted((round(p.box.width), round(p.box.height)))) for p in pads}
    return len(sides) == 1 and not any(OWN_ORDER.search(line.text) for line in drawing.lines)
