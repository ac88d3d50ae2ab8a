"""Finds lines of text among pixels: blobs of letter size, joined along rows and columns."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Box, around
from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.thresholds.scan import (
    AFTER_DASH,
    AFTER_LETTER,
    AFTER_ONE_SLIM,
    AFTER_SLIM,
    BOX_HOLD,
    BOXY,
    CELL_LEVEL,
    CELL_REACH,
    CELLS_LEAST,
    COLUMN_CELLS,
    COLUMN_EDGE,
    COLUMN_LEAST,
    COMPACT,
    DOT,
    FLAT,
    INK_LEADER_FILL,
    INK_LEADER_PT,
    INK_MOST,
    LETTER_LEAST_PART,
    LETTER_LEAST_PT,
    LETTER_MOST_PT,
    LETTER_USUAL_PT,
    LETTERS_APART_PT,
    LINE_ASPECT_MOST,
    LINE_OVERLAP,
    NOTE_ASPECT,
    POINT_AREA_PX,
    POINT_LEAST_PT,
    RING_HOLD,
    RUNGS_LEAST,
    SLIM_HIGH,
    SLIM_WIDE,
    SPECKS_MOST,
    TALL,
    TURNED_ASPECT,
    ZERO_ASPECT,
    ZERO_LEVEL,
    ZERO_MOST_PT,
)

MAX_LINES = 260
BLOCK_PX = 2  # blobs are numbered by blocks of pixels from the top: a cut between blocks keeps their order


def letter_boxes(ink: Gray, px_per_pt: float) -> list[Box]:
    """Boxes (px) of connected ink of letter size, dots and commas included."""
    left, top, width, height = cv2.boundingRect(ink)
    left, top = left - left % BLOCK_PX, top - top % BLOCK_PX
    inked = ink[top : top + height + 1, left : left + width + 1]
    found = [Box(left + x, top + y, left + x + w, top + y + h) for x, y, w, h in _letters_in(inked, px_per_pt)]
    return found if len(found) < SPECKS_MOST else []


def _letters_in(ink: Gray, px_per_pt: float) -> Iterator[tuple[float, float, float, float]]:
    """Left, top, width and height (px) of letters and parts of letters."""
    if not ink.size:
        return
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    low, high = POINT_LEAST_PT * px_per_pt, LETTER_MOST_PT * px_per_pt
    rings = _rings(ink, px_per_pt)
    found: list[tuple[int, int, int, int]] = []
    for x, y, w, h, area in stats[1:count].tolist():
        leader = max(w, h) > INK_LEADER_PT * px_per_pt and area < INK_LEADER_FILL * w * h
        if leader or (x, y, w, h) in rings:
            continue
        if w <= high and h <= high and max(w, h) >= low and area >= POINT_AREA_PX:
            found.append((x, y, w, h))
    zeros = [ring for ring in rings if ring[3] <= high and any(_zero_beside(ring, letter) for letter in found)]
    for box in found + zeros:
        yield float(box[0]), float(box[1]), float(box[2]), float(box[3])


def _zero_beside(ring: tuple[int, int, int, int], letter: tuple[int, int, int, int]) -> bool:
    """Whether a ring is the zero of a number, however large: as high as a letter beside it, on its line, and slim."""
    (x, y, w, h), (x2, y2, w2, h2) = ring, letter
    level = max(abs(y - y2), abs(y + h - y2 - h2)) < ZERO_LEVEL * h
    return level and h > ZERO_ASPECT * w and max(x2 - x - w, x - x2 - w2) < AFTER_SLIM * h


def _rings(ink: Gray, px_per_pt: float) -> set[tuple[int, int, int, int]]:
    """Boxes of ink around more paper than a letter holds: pads and holes."""
    contours, tree = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = set()
    for i, contour in enumerate(contours):
        parent = int(tree[0][i][3])
        if parent < 0:
            continue
        x, y, w, h = cv2.boundingRect(contours[parent])
        held = cv2.contourArea(contour) / (w * h)
        boxy = cv2.contourArea(cv2.convexHull(contours[parent])) > BOXY * (w - 1) * (h - 1)
        zero = ZERO_ASPECT * min(w, h) < max(w, h) < ZERO_MOST_PT * px_per_pt
        if (held > RING_HOLD and not zero) or (boxy and held > BOX_HOLD):
            found.add((x, y, w, h))
    return found


def _beside(a: Box, b: Box, usual: float) -> bool:
    """Whether two blobs follow each other on one upright line; fonts of one width set points, dashes and ones far apart."""
    size = max(a.width, a.height, b.width, b.height)
    shared = min(a.y1, b.y1) - max(a.y0, b.y0)
    dot = min(max(a.width, a.height), max(b.width, b.height)) < DOT * size
    flat = [box.height < FLAT * usual and DOT * usual < box.width < usual for box in (a, b)]
    dash = any(flat) and max(a.height, b.height) > TALL * usual
    slim = sum(box.width < SLIM_WIDE * size < SLIM_HIGH * size < box.height for box in (a, b))
    gap = max(a.x0, b.x0) - min(a.x1, b.x1)
    near = (
        AFTER_DASH * max(size, usual)
        if dash
        else (AFTER_SLIM if slim == 2 else AFTER_ONE_SLIM if slim or dot else AFTER_LETTER) * size
    )
    return gap < near and shared > LINE_OVERLAP * min(a.height, b.height)


def _swapped(box: Box) -> Box:
    return Box(box.y0, box.x0, box.y1, box.x1)


def _usual_height(boxes: list[Box], px_per_pt: float) -> float:
    """Height of most letters: a dash and a point beside it tell none."""
    tall = [b.height for b in boxes if LETTER_LEAST_PT * px_per_pt < b.height < LETTER_USUAL_PT * px_per_pt]
    return float(np.median(tall)) if tall else 0.0


def _grouped(boxes: list[Box], px_per_pt: float) -> list[list[Box]]:
    """Boxes joined into upright lines."""
    boxes = sorted(boxes, key=lambda b: b.x0)
    parent = list(range(len(boxes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    usual = _usual_height(boxes, px_per_pt)
    for i, a in enumerate(boxes):
        for j in range(i + 1, len(boxes)):
            b = boxes[j]
            if b.x0 - a.x1 > LETTERS_APART_PT * px_per_pt:
                break
            if max(a.width, a.height, b.width, b.height) >= LETTER_LEAST_PT * px_per_pt and _beside(a, b, usual):
                parent[root(i)] = root(j)
    groups: dict[int, list[Box]] = {}
    for i, box in enumerate(boxes):
        groups.setdefault(root(i), []).append(box)
    return list(groups.values())


def text_lines(boxes: list[Box], px_per_pt: float) -> list[tuple[Box, bool]]:
    """Boxes (px) of single lines and whether they are turned a quarter (read upwards or downwards).

    Of more than can be read those of one letter are left out first, then long ones, which are notes; turned ones, which are
    dimensions, last.
    """
    found: list[tuple[Box, bool]] = []
    lone: set[Box] = set()
    pairs: list[list[Box]] = []
    groups, single = _turned(_grouped(boxes, px_per_pt), px_per_pt)
    for group in groups:
        box = around(group)
        compact = box.width < COMPACT * max(b.height for b in group) or len(group) == 1
        if compact:
            single.append(box)
        elif _letters(group) == 2:
            pairs.append(group)
        else:
            found.append((box, False))
    rows = [box for box, _ in found]
    cells = [pair for pair in pairs if _in_row(around(pair), rows)]
    upright, level = _rungs([pair for pair in pairs if pair not in cells], px_per_pt)
    found.extend((box, False) for box in (*level, *map(around, cells)))
    for group in _grouped([_swapped(b) for b in single + upright], px_per_pt):
        if len(group) >= CELLS_LEAST and sum(_in_row(_swapped(b), rows) for b in group) > COLUMN_CELLS * len(group):
            found.extend((_swapped(b), False) for b in group)  # a column of a table
            continue
        box = _swapped(around(group))
        lone |= {box} if len(group) == 1 else set()
        found.append((box, len(group) > 1 and box.height > TURNED_ASPECT * box.width))
    if len(found) > MAX_LINES:
        found.sort(key=lambda line: (line[0] in lone, not line[1], line[0].width > NOTE_ASPECT * line[0].height))
    low, high = LETTER_LEAST_PT * px_per_pt, LETTER_MOST_PT * px_per_pt
    fit = [(b, t) for b, t in found if min(b.width, b.height) <= high and max(b.width, b.height) >= low]
    fit = [(b, t) for b, t in fit if max(b.width, b.height) < LINE_ASPECT_MOST * min(b.width, b.height)]
    return fit[:MAX_LINES]


def _turned(groups: list[list[Box]], px_per_pt: float) -> tuple[list[list[Box]], list[Box]]:
    """Groups without those that only turned lines side by side make, and the letters and points of these.

    Two letters, or a letter and a point, are of two turned lines where one letter is amid a long column of letters as wide.
    """
    few = [group for group in groups if len(group) <= 2]
    columns = _grouped([_swapped(b) for group in few for b in group], px_per_pt)
    column_of = {_swapped(b): [_swapped(c) for c in column] for column in columns for b in column}
    turned = [g for g in few if len(g) == 2 and any(_long_column(column_of[b]) for b in g)]
    apart = {id(g) for g in turned}
    return [g for g in groups if id(g) not in apart], [b for group in turned for b in group]


def _long_column(column: list[Box]) -> bool:
    """Whether a column has more letters of one width and both edges than lines of text ever set over each other."""
    widest = max(column, key=lambda b: b.width)
    slack = COLUMN_EDGE * widest.width
    return sum(abs(b.x0 - widest.x0) < slack and abs(b.x1 - widest.x1) < slack for b in column) >= COLUMN_LEAST


def _in_row(letter: Box, rows: list[Box]) -> bool:
    """Whether a level line of text stands beside a letter at its very height, as the cells of a table do."""
    reach = CELL_REACH * letter.height
    level = (r for r in rows if abs(r.cy - letter.cy) < CELL_LEVEL * letter.height)
    return any(0 < max(r.x0 - letter.x1, letter.x0 - r.x1) < reach for r in level)


def _letters(group: list[Box]) -> int:
    """How many boxes of a line are no points or commas."""
    size = max(max(b.width, b.height) for b in group)
    return sum(max(b.width, b.height) > LETTER_LEAST_PART * size for b in group)


def _rungs(pairs: list[list[Box]], px_per_pt: float) -> tuple[list[Box], list[Box]]:
    """Boxes of pairs of letters that stand in ladders, which are two upright lines side by side, and boxes of the other pairs."""
    ladders = _grouped([_swapped(around(pair)) for pair in pairs], px_per_pt)
    ladder_of = {box: len(ladder) for ladder in ladders for box in ladder}
    upright = [b for pair in pairs if ladder_of[_swapped(around(pair))] >= RUNGS_LEAST for b in pair]
    return upright, [around(p) for p in pairs if ladder_of[_swapped(around(p))] < RUNGS_LEAST]


def ink_of(paper: Gray) -> NDArray[np.uint8]:
    """Ink 255 and paper 0 of a grey picture (height, width) that has no dark ground."""
    return np.asarray(cv2.threshold(paper, INK_MOST - 1, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)
