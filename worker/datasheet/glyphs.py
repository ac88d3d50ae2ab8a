"""Finds lines of text among pixels and reads them: blobs of letter size, joined along rows and columns."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.marks import Box, Word, around
from worker.datasheet.ocr import Gray, recogniser

MIN_LETTER_PT = 2.2
MAX_LETTER_PT = 26.0
MAX_LINES = 260
MAX_ASPECT = 28.0  # longer lines are notes: slow to read and without dimensions
SURE = 0.55


def letter_boxes(ink: Gray, px_per_pt: float) -> list[Box]:
    """Boxes (px) of connected ink of letter size, dots and commas included."""
    count, _, stats, _ = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8), connectivity=8)
    low, high = 0.5 * px_per_pt, MAX_LETTER_PT * px_per_pt
    found = []
    for x, y, w, h, area in stats[1:count]:
        if w <= high and h <= high and max(w, h) >= low and area >= 3:
            found.append(Box(float(x), float(y), float(x + w), float(y + h)))
    return found if len(found) < 6000 else []


def _beside(a: Box, b: Box, size: float) -> bool:
    """Whether two blobs follow each other on one upright line."""
    shared = min(a.y1, b.y1) - max(a.y0, b.y0)
    dot = min(max(a.width, a.height), max(b.width, b.height)) < 0.35 * size  # wide fonts set points far apart
    return max(a.x0, b.x0) - min(a.x1, b.x1) < (0.68 if dot else 0.5) * size and shared > 0.25 * min(a.height, b.height)


def _swapped(box: Box) -> Box:
    return Box(box.y0, box.x0, box.y1, box.x1)


def _grouped(boxes: list[Box], px_per_pt: float) -> list[list[Box]]:
    """Boxes joined into upright lines."""
    boxes = sorted(boxes, key=lambda b: b.x0)
    parent = list(range(len(boxes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, a in enumerate(boxes):
        for j in range(i + 1, len(boxes)):
            b = boxes[j]
            if b.x0 - a.x1 > 6 * px_per_pt:
                break
            size = min(max(a.width, a.height, b.width, b.height), 14 * px_per_pt)
            if size >= MIN_LETTER_PT * px_per_pt and _beside(a, b, size):
                parent[root(i)] = root(j)
    groups: dict[int, list[Box]] = {}
    for i, box in enumerate(boxes):
        groups.setdefault(root(i), []).append(box)
    return list(groups.values())


def text_lines(boxes: list[Box], px_per_pt: float) -> list[tuple[Box, bool]]:
    """Boxes (px) of single lines and whether they are turned a quarter (read upwards or downwards)."""
    found: list[tuple[Box, bool]] = []
    single: list[Box] = []
    for group in _grouped(boxes, px_per_pt):
        box = around(group)
        compact = box.width < 1.25 * max(b.height for b in group) or len(group) == 1
        (single.append(box) if compact else found.append((box, False)))
    for group in _grouped([_swapped(b) for b in single], px_per_pt):
        box = _swapped(around(group))
        found.append((box, len(group) > 1 and box.height > 1.15 * box.width))
    low, high = MIN_LETTER_PT * px_per_pt, MAX_LETTER_PT * px_per_pt
    fit = [(b, t) for b, t in found if min(b.width, b.height) <= high and max(b.width, b.height) >= low]
    fit = [(b, t) for b, t in fit if max(b.width, b.height) < MAX_ASPECT * min(b.width, b.height)]
    return fit[:MAX_LINES]


def _crop(paper: Gray, box: Box, turn: int) -> Gray:
    pad = max(2.0, 0.18 * min(box.width, box.height))
    height, width = paper.shape
    x0, x1 = max(0, int(box.x0 - pad)), min(width, int(np.ceil(box.x1 + pad)))
    y0, y1 = max(0, int(box.y0 - pad)), min(height, int(np.ceil(box.y1 + pad)))
    cut = paper[y0:y1, x0:x1]
    return np.ascontiguousarray(np.rot90(cut, {0: 0, 1: 3, 3: 1}[turn]))


def read_text(paper: Gray, lines: list[tuple[Box, bool]], px_per_pt: float, origin: tuple[float, float]) -> list[Word]:
    """Words in page points from lines found on `paper` (dark on light); unsure readings are left out."""
    jobs: list[tuple[Box, int]] = []
    for box, turned in lines:
        jobs.extend([(box, 1), (box, 3)] if turned else [(box, 0)])
        if (not turned and box.height > 1.15 * box.width) or (
            box.width > 1.15 * box.height and box.width < 12 * px_per_pt
        ):
            jobs.append((box, 1))
    read = recogniser().read([_crop(paper, box, turn) for box, turn in jobs])
    best: dict[int, tuple[str, float, int, Box]] = {}
    for (box, turn), (text, sure) in zip(jobs, read, strict=True):
        key = id(box)
        weight = sure - (0.25 if turn and not _is_turned(lines, box) else 0.02 if turn == 3 else 0.0)
        if key not in best or weight > best[key][1]:
            best[key] = (text, weight, turn, box)
    return [
        _word(*item, px_per_pt, origin)
        for item in best.values()
        if item[1] >= SURE and item[0] and not _dash(item, px_per_pt)
    ]


def _dash(item: tuple[str, float, int, Box], px_per_pt: float) -> bool:
    """Whether letters were read into a bare stroke of the drawing."""
    text, _, turn, box = item
    tall, wide = (box.height, box.width) if turn == 0 else (box.width, box.height)
    if text in ("1", "I", "l", "i", "|") and wide < 0.24 * tall:
        return True
    return tall < MIN_LETTER_PT * px_per_pt and any(c.isalnum() for c in text)


def _is_turned(lines: list[tuple[Box, bool]], box: Box) -> bool:
    return any(b is box and turned for b, turned in lines)


def _word(text: str, sure: float, turn: int, box: Box, px_per_pt: float, origin: tuple[float, float]) -> Word:
    place = Box(
        origin[0] + box.x0 / px_per_pt, origin[1] + box.y0 / px_per_pt,
        origin[0] + box.x1 / px_per_pt, origin[1] + box.y1 / px_per_pt,
    )  # fmt: skip
    return Word(text, place, turn, sure, place.height if turn == 0 else place.width)


def ink_of(paper: Gray) -> NDArray[np.uint8]:
    return np.where(paper < 160, 255, 0).astype(np.uint8)
