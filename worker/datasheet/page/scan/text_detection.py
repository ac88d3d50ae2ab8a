"""Finds lines of text among pixels and reads them: blobs of letter size, joined along rows and columns."""

from __future__ import annotations

import re

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.page.scan.ocr import Gray, recogniser
from worker.datasheet.thresholds.scan import (
    BOX_HOLD,
    BOXY,
    CELL_REACH,
    CELLS_LEAST,
    DOT,
    FLAT,
    INK_LEADER_FILL,
    INK_LEADER_PT,
    LETTER_LEAST_PT,
    LETTER_MOST_PT,
    LETTER_USUAL_PT,
    LINE_ASPECT_MOST,
    READ_LEAST,
    RING_HOLD,
    RUNGS_LEAST,
    STRETCH,
    STRETCHED_MOST,
    TALL,
    ZERO_ASPECT,
    ZERO_MOST_PT,
)

MAX_LINES = 260
_NUMBER = re.compile(r"[\d.,]+")
_BETWEEN_HEADS = re.compile(r"[^<>]+")
_PROSE = re.compile(r"[A-Za-z]{4}")
_BROKEN = re.compile(r"[\d.,xX× ()]*\d[.,]\d+[\d.,xX× ()]*")
_BESIDE_STROKE = re.compile(r"(?:[\]|Il_—-]+\s*)?(\d[\d.,±]*)(?:\s*[\[|Il_—-]+)?")
_COUNT = re.compile(r"\d{1,3}[-–]")
_SIDE_BY_SIDE = re.compile(r"\([\d.,]+\)")


def letter_boxes(ink: Gray, px_per_pt: float) -> list[Box]:
    """Boxes (px) of connected ink of letter size, dots and commas included."""
    count, _, stats, _ = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8), connectivity=8)
    low, high = 0.5 * px_per_pt, LETTER_MOST_PT * px_per_pt
    found = []
    rings = _rings(ink, px_per_pt)
    for x, y, w, h, area in stats[1:count]:
        leader = max(w, h) > INK_LEADER_PT * px_per_pt and area < INK_LEADER_FILL * w * h
        if leader or (x, y, w, h) in rings:
            continue
        if w <= high and h <= high and max(w, h) >= low and area >= 3:
            found.append(Box(float(x), float(y), float(x + w), float(y + h)))
    return found if len(found) < 6000 else []


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
    slim = sum(box.width < 0.36 * size < 0.7 * size < box.height for box in (a, b))
    gap = max(a.x0, b.x0) - min(a.x1, b.x1)
    near = 0.85 * max(size, usual) if dash else (0.9 if slim == 2 else 0.68 if slim or dot else 0.5) * size
    return gap < near and shared > 0.25 * min(a.height, b.height)


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
            if b.x0 - a.x1 > 6 * px_per_pt:
                break
            if max(a.width, a.height, b.width, b.height) >= LETTER_LEAST_PT * px_per_pt and _beside(a, b, usual):
                parent[root(i)] = root(j)
    groups: dict[int, list[Box]] = {}
    for i, box in enumerate(boxes):
        groups.setdefault(root(i), []).append(box)
    return list(groups.values())


def text_lines(boxes: list[Box], px_per_pt: float) -> list[tuple[Box, bool]]:
    """Boxes (px) of single lines and whether they are turned a quarter (read upwards or downwards)."""
    found: list[tuple[Box, bool]] = []
    single: list[Box] = []
    pairs: list[list[Box]] = []
    for group in _grouped(boxes, px_per_pt):
        box = around(group)
        compact = box.width < 1.25 * max(b.height for b in group) or len(group) == 1
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
        if len(group) >= CELLS_LEAST and sum(_in_row(_swapped(b), rows) for b in group) > 0.7 * len(group):
            found.extend((_swapped(b), False) for b in group)  # a column of a table
            continue
        box = _swapped(around(group))
        found.append((box, len(group) > 1 and box.height > 1.15 * box.width))
    low, high = LETTER_LEAST_PT * px_per_pt, LETTER_MOST_PT * px_per_pt
    fit = [(b, t) for b, t in found if min(b.width, b.height) <= high and max(b.width, b.height) >= low]
    fit = [(b, t) for b, t in fit if max(b.width, b.height) < LINE_ASPECT_MOST * min(b.width, b.height)]
    return fit[:MAX_LINES]


def _in_row(letter: Box, rows: list[Box]) -> bool:
    """Whether a level line of text stands beside a letter at its very height, as the cells of a table do."""
    reach = CELL_REACH * letter.height
    level = (r for r in rows if abs(r.cy - letter.cy) < 0.2 * letter.height)
    return any(0 < max(r.x0 - letter.x1, letter.x0 - r.x1) < reach for r in level)


def _letters(group: list[Box]) -> int:
    """How many boxes of a line are no points or commas."""
    size = max(max(b.width, b.height) for b in group)
    return sum(max(b.width, b.height) > 0.5 * size for b in group)


def _rungs(pairs: list[list[Box]], px_per_pt: float) -> tuple[list[Box], list[Box]]:
    """Boxes of pairs of letters that stand in ladders, which are two upright lines side by side, and boxes of the other pairs."""
    ladders = _grouped([_swapped(around(pair)) for pair in pairs], px_per_pt)
    ladder_of = {box: len(ladder) for ladder in ladders for box in ladder}
    upright = [b for pair in pairs if ladder_of[_swapped(around(pair))] >= RUNGS_LEAST for b in pair]
    return upright, [around(p) for p in pairs if ladder_of[_swapped(around(p))] < RUNGS_LEAST]


def _crop(paper: Gray, box: Box, turn: int) -> Gray:
    pad = max(2.0, 0.18 * min(box.width, box.height))
    height, width = paper.shape
    x0, x1 = max(0, int(box.x0 - pad)), min(width, int(np.ceil(box.x1 + pad)))
    y0, y1 = max(0, int(box.y0 - pad)), min(height, int(np.ceil(box.y1 + pad)))
    cut = paper[y0:y1, x0:x1]
    return np.ascontiguousarray(np.rot90(cut, {0: 0, 1: 3, 3: 1}[turn]))


def read_text(
    paper: Gray,
    lines: list[tuple[Box, bool]],
    px_per_pt: float,
    origin: tuple[float, float],
    untouched: Gray | None = None,
) -> list[Word]:
    """Words in page points from lines found on `paper` (dark on light); unsure readings are left out.

    `untouched` are the same pixels before strokes were taken out, which may have been bars of large letters.
    """
    jobs: list[tuple[Box, int]] = []
    for box, turned in lines:
        jobs.extend([(box, 1), (box, 3)] if turned else [(box, 0)])
        if (not turned and box.height > 1.15 * box.width) or (
            box.width > 1.15 * box.height and box.width < 12 * px_per_pt
        ):
            jobs.append((box, 1))
    read = recogniser().read([_crop(paper, box, turn) for box, turn in jobs])
    best: dict[int, _Item] = {}
    for (box, turn), (text, sure) in zip(jobs, read, strict=True):
        key = id(box)
        weight = sure - (0.25 if turn and not _is_turned(lines, box) else 0.02 if turn == 3 else 0.0)
        if key not in best or weight > best[key][1]:
            best[key] = (text, weight, turn, box)
    kept = [
        _counted(paper, item)
        for item in best.values()
        if item[1] >= READ_LEAST and item[0] and not _dash(item, px_per_pt)
    ]
    if untouched is not None:
        kept = _with_bars(kept, paper, untouched)
    return [word for item in kept for word in _parted(_word(*item, px_per_pt, origin))]


_Item = tuple[str, float, int, Box]  # text, sureness, turn, box in pixels


def _with_bars(items: list[_Item], paper: Gray, untouched: Gray) -> list[_Item]:
    """The items, those read again where strokes were taken out that may be parts of their letters."""
    crops = [(_crop(paper, box, turn), _crop(untouched, box, turn)) for _, _, turn, box in items]
    changed = [i for i, (ours, theirs) in enumerate(crops) if (ours != theirs).any()]
    again = recogniser().read([crops[i][1] for i in changed])
    found = list(items)
    for i, (text, sure) in zip(changed, again, strict=True):
        if sure > found[i][1] and (_PROSE.search(text) or _one_changed(found[i][0], text)):
            found[i] = (text, sure, *found[i][2:])
    return found


def _one_changed(ours: str, theirs: str) -> bool:
    """Whether a number was read in place of another string of its length: a stroke beside it would add a letter."""
    return len(ours) == len(theirs) and ours != theirs and _NUMBER.fullmatch(theirs) is not None


def _counted(paper: Gray, item: _Item) -> _Item:
    """A number of which the pixels show more letters than were read is read again, stretched, or else doubted."""
    text, sure, turn, box = item
    if not _NUMBER.fullmatch(text) or _blobs(paper, box) <= len(text):
        return item
    crop = _crop(paper, box, turn)
    wide = np.asarray(cv2.resize(crop, (int(STRETCH * crop.shape[1]), crop.shape[0])), np.uint8)
    ((again, sure_again),) = recogniser().read([wide])
    if _NUMBER.fullmatch(again) and len(again) == _blobs(paper, box):
        return again, sure_again, turn, box
    return text, min(sure, STRETCHED_MOST), turn, box


def _blobs(paper: Gray, box: Box) -> int:
    """How many pieces of ink stand wholly in a box, specks left out."""
    cut = paper[max(0, int(box.y0)) : int(box.y1) + 1, max(0, int(box.x0)) : int(box.x1) + 1]
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink_of(cut), connectivity=8)
    speck = 0.008 * min(box.width, box.height) ** 2
    return int((stats[1:count, cv2.CC_STAT_AREA] > speck).sum())


def _balanced(text: str) -> str:
    """A number without what a stroke beside it was read as, and without brackets of which one was not read."""
    if (m := _BESIDE_STROKE.fullmatch(text)) and not _COUNT.fullmatch(text):
        text = m[1]
    if text.count("(") == text.count(")") or not _BROKEN.fullmatch(text):
        return text
    return text.replace("(", " ").replace(")", " ").strip()


def _parted(word: Word) -> list[Word]:
    """The parts of a line that arrow heads run through, each with its share of the box."""
    parts = list(_SIDE_BY_SIDE.finditer(word.text))
    if not re.fullmatch(r"(?:\([\d.,]+\)\s*)+", word.text):
        parts = [m for m in _BETWEEN_HEADS.finditer(word.text) if m[0].strip()]
    if len(parts) < 2 or word.turn != 0:
        return [word]
    step = word.box.width / len(word.text)
    boxes = [Box(word.box.x0 + m.start() * step, word.box.y0, word.box.x0 + m.end() * step, word.box.y1) for m in parts]
    return [Word(m[0].strip(), b, word.turn, word.confidence, word.size) for m, b in zip(parts, boxes, strict=True)]


def _dash(item: _Item, px_per_pt: float) -> bool:
    """Whether letters were read into a bare stroke of the drawing."""
    text, _, turn, box = item
    tall, wide = (box.height, box.width) if turn == 0 else (box.width, box.height)
    if text in ("1", "I", "l", "i", "|") and wide < 0.24 * tall:
        return True
    return tall < LETTER_LEAST_PT * px_per_pt and any(c.isalnum() for c in text)


def _is_turned(lines: list[tuple[Box, bool]], box: Box) -> bool:
    return any(b is box and turned for b, turned in lines)


def _word(text: str, sure: float, turn: int, box: Box, px_per_pt: float, origin: tuple[float, float]) -> Word:
    place = Box(
        origin[0] + box.x0 / px_per_pt, origin[1] + box.y0 / px_per_pt,
        origin[0] + box.x1 / px_per_pt, origin[1] + box.y1 / px_per_pt,
    )  # fmt: skip
    return Word(_balanced(text), place, turn, sure, place.height if turn == 0 else place.width)


def ink_of(paper: Gray) -> NDArray[np.uint8]:
    """Ink 255 and paper 0 of a grey picture (height, width) that has no dark ground."""
    return np.where(paper < 160, 255, 0).astype(np.uint8)
