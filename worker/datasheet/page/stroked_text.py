"""Reads text that a PDF draws as strokes or filled letter shapes, by painting only those and reading the pixels."""

from __future__ import annotations

import re

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Box, Sheet, Word
from worker.datasheet.page.scan import text_detection, text_reading
from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.text import tables
from worker.datasheet.thresholds.page import (
    CROSSBAR_LEAN,
    CROSSBAR_PT,
    O_WIDTH_LEAST,
    ONE_SURE,
    STEM_SLACK,
    STROKED_ALIKE,
    STROKED_BAR_PT,
    STROKED_BOLD_PX,
    STROKED_BOX_LINES,
    STROKED_CLOSED_PT,
    STROKED_DOT_PT,
    STROKED_FIGURE_PT,
    STROKED_FINE_PX,
    STROKED_FLAT_PT,
    STROKED_LEADER_PT,
    STROKED_LETTER_PT,
    STROKED_LINE_PT,
    STROKED_LONE_MOST,
    STROKED_NUMBERS_LEAST,
    STROKED_PEN,
    STROKED_RUNS_LEAST,
    STROKED_SMALL_PT,
    STROKED_STRAIGHT_PT,
    STROKED_TITLE_ASPECT,
    STROKED_TITLE_PT,
    WORD_REACH,
)

SUBPIXEL_BITS = 4  # places are drawn to a sixteenth of a pixel
PX_PER_PT = 4.0
MAX_RUNS = 30_000
_DECIMAL = re.compile(r"\d*[.,]\d+")
_PADS = re.compile(r"[0OoQ]|[0OoDU](?:\s?[0OoDU])+|(.)\1{2,}")  # what a row of rounded pads reads as


def _run_boxes(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """x0 y0 x1 y1 pieces of every sub-path; `lines` is sorted by sub-path already."""
    starts = np.flatnonzero(np.diff(lines[:, 6], prepend=-1.0))
    low = np.minimum.reduceat(np.minimum(lines[:, :2], lines[:, 2:4]), starts)
    high = np.maximum.reduceat(np.maximum(lines[:, :2], lines[:, 2:4]), starts)
    counts = np.diff(np.append(starts, len(lines)))
    return np.column_stack([low, high, counts])


def _letter_like(boxes: NDArray[np.float64], lines: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Sub-paths small enough for letters; arrow heads and rectangles are not, but for dots."""
    w, h = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    small = (w < STROKED_LETTER_PT) & (h < STROKED_LETTER_PT)
    starts = np.append(0, np.cumsum(boxes[:, 4]).astype(int))
    straight = np.where(np.minimum(w, h) < STROKED_STRAIGHT_PT, STROKED_LINE_PT, STROKED_LEADER_PT)
    lone = (boxes[:, 4] == 1) & (np.maximum(w, h) > straight)
    keep = small & (~lone | _crossbars(lines[starts[:-1]], small & (boxes[:, 4] == 1)))
    dots = np.maximum(w, h) < STROKED_DOT_PT
    for i in np.flatnonzero(small & ~dots & (boxes[:, 4] >= 3) & (boxes[:, 4] <= STROKED_BOX_LINES)):
        part = lines[starts[i] : starts[i + 1]]
        solid = bool(part[0, 4] == 0)
        closed = bool(np.abs(part[-1, 2:4] - part[0, :2]).max() < STROKED_CLOSED_PT)
        flat = bool(
            (np.abs(part[:, 0] - part[:, 2]) < STROKED_FLAT_PT)
            .__or__(np.abs(part[:, 1] - part[:, 3]) < STROKED_FLAT_PT)
            .all()
        )
        if closed and (len(part) == 3 or (flat and not (solid and min(w[i], h[i]) < STROKED_BAR_PT))):
            keep[i] = False
    return np.asarray(keep, dtype=np.bool_)


def _crossbars(strokes: NDArray[np.float64], lone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pairs of lone strokes of which one stands on the middle of the other: bar and stem of the letter T.

    The first stroke of every sub-path is given. A dash in line with a stroke is no bar, nor is a dot at its end, where some
    plotters lift the pen.
    """
    found = np.zeros(len(strokes), bool)
    at = np.flatnonzero(lone & (np.abs(strokes[:, 2:4] - strokes[:, :2]).max(axis=1) > STROKED_DOT_PT))
    if not 0 < len(at) < STROKED_LONE_MOST:
        return found
    own = strokes[at]
    middle, way = (own[:, :2] + own[:, 2:4]) / 2, own[:, 2:4] - own[:, :2]
    way /= np.hypot(*way.T)[:, None]
    ends = np.vstack([own[:, :2], own[:, 2:4]])
    near = np.abs(middle[:, None] - ends[None]).max(axis=2) < CROSSBAR_PT
    near &= np.tile(np.abs(way @ way.T) < CROSSBAR_LEAN, 2)
    found[at[near.any(axis=1)]] = True
    found[at[np.flatnonzero(near.any(axis=0)) % len(at)]] = True
    return found


def _covered(boxes: NDArray[np.float64], words: list[Word]) -> NDArray[np.bool_]:
    """Sub-paths that lie where the text layer already has a word: underlines, boxes, hidden text over drawn text."""
    hidden = np.zeros(len(boxes), bool)
    cx, cy = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    for word in words:
        b = word.box
        hidden |= (cx > b.x0 - 0.5) & (cx < b.x1 + 0.5) & (cy > b.y0 - 0.5) & (cy < b.y1 + 0.5)
    return hidden


def _paint(sheet: Sheet, lines: NDArray[np.float64], chosen: NDArray[np.bool_], boxes: NDArray[np.float64]) -> Gray:
    paper = np.full((int(sheet.height * PX_PER_PT) + 1, int(sheet.width * PX_PER_PT) + 1), 255, np.uint8)
    starts = np.append(0, np.cumsum(boxes[:, 4]).astype(int))
    solid: list[NDArray[np.int32]] = []
    for i in np.flatnonzero(chosen):
        part = lines[starts[i] : starts[i + 1]]
        points = np.vstack([part[:1, :2], part[:, 2:4]])
        px = np.round(points * PX_PER_PT * (1 << SUBPIXEL_BITS)).astype(np.int32)
        if part[0, 4] == 0:
            solid.append(px)
            continue
        thick = int(max(1, round(part[0, 4] * PX_PER_PT)))
        size = float(np.ptp(points, axis=0).max())
        most = STROKED_FINE_PX if size < STROKED_SMALL_PT else STROKED_BOLD_PX
        least = max(2, round(STROKED_PEN * size * PX_PER_PT))
        cv2.polylines(paper, [px], False, 0, min(max(thick, least), most), cv2.LINE_AA, SUBPIXEL_BITS)
    if solid:
        _fill(paper, solid)
    return paper


def _fill(paper: Gray, rings: list[NDArray[np.int32]]) -> None:
    """Letters as filled rings: rings of one letter are filled together so that holes stay open."""
    centres = np.array([r.mean(axis=0) for r in rings])
    order = np.lexsort((centres[:, 0], centres[:, 1]))
    boxes = np.array([[*r.min(axis=0), *r.max(axis=0)] for r in rings])
    size = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    holes: dict[int, list[NDArray[np.int32]]] = {}
    for i in order:
        inside = (boxes[:, 0] <= boxes[i, 0]) & (boxes[:, 1] <= boxes[i, 1])
        inside &= (boxes[:, 2] >= boxes[i, 2]) & (boxes[:, 3] >= boxes[i, 3]) & (size > size[i])
        outer = np.flatnonzero(inside)
        key = int(outer[np.argmax(size[outer])]) if len(outer) else int(i)
        holes.setdefault(key, []).append(rings[i])
    for group in holes.values():
        cv2.fillPoly(paper, group, 0, cv2.LINE_AA, SUBPIXEL_BITS)


def _like_title(box: Box) -> bool:
    long, short = max(box.width, box.height), min(box.width, box.height)
    return long > STROKED_TITLE_ASPECT * short and short > STROKED_TITLE_PT * PX_PER_PT


def _has_numbers(words: list[Word]) -> bool:
    """Whether the text layer holds the dimensions already; a table's numbers are none of the drawing's."""
    _, boxes = tables.read(words)
    free = [w for w in words if not any(b.holds_point(w.box.cx, w.box.cy) for b in boxes)]
    return sum(bool(re.fullmatch(r"[^A-Za-z%]*\d*[.,]\d+[^A-Za-z%]*", w.text)) for w in free) >= STROKED_NUMBERS_LEAST


def read_strokes(sheet: Sheet) -> list[Word]:
    """Words drawn as paths, empty when the page has none worth reading."""
    paper, lines = _text_lines(sheet)
    if paper is None:
        return []
    rest = []
    if _has_numbers(sheet.words):  # titles can be missing, or the numbers of one figure: several letters in a row
        rest = [(b, t) for b, t in lines if not _like_title(b)]
        lines = [(b, t) for b, t in lines if _like_title(b)]
    found = _words(paper, lines)
    numbers = [w for w in found if _DECIMAL.fullmatch(w.text)]
    shorter = [(b, t) for b, t in rest if any(_beside(b, w) for w in numbers)]
    return found + _words(paper, shorter)


def _words(paper: Gray, lines: list[tuple[Box, bool]]) -> list[Word]:
    """The words of lines of text, rows of pads left out."""
    found = text_reading.read_text(paper, lines, PX_PER_PT, (0.0, 0.0))
    ticks = [w for w in found if w.text == "1" and w.confidence < ONE_SURE]  # oblique strokes that end dimension lines
    return [w for w in found if not _PADS.fullmatch(w.text) and w not in ticks]


def _beside(box: Box, number: Word) -> bool:
    """Whether a line of text (px) may be another number of the figure that prints one (points) as strokes."""
    own, size = min(box.width, box.height) / PX_PER_PT, number.across
    place = Box(*(v / PX_PER_PT for v in (box.x0, box.y0, box.x1, box.y1)))
    return abs(own - size) < STROKED_ALIKE * size and place.gap(number.box) < STROKED_FIGURE_PT


def read_titles(sheet: Sheet, most: int) -> list[Word]:
    """The most prominent lines drawn as paths: enough to tell what a page is about."""
    paper, lines = _text_lines(sheet)
    if paper is None:
        return []
    chosen = sorted(
        (line for line in lines if _like_title(line[0])), key=lambda line: -min(line[0].width, line[0].height)
    )
    return text_reading.read_text(paper, chosen[:most], PX_PER_PT, (0.0, 0.0))


def _text_lines(sheet: Sheet) -> tuple[Gray | None, list[tuple[Box, bool]]]:
    if len(sheet.lines) == 0:
        return None, []
    boxes = _run_boxes(sheet.lines)
    chosen = _letter_like(boxes, sheet.lines)
    chosen &= ~_covered(boxes, sheet.words)
    if not STROKED_RUNS_LEAST <= int(chosen.sum()) <= MAX_RUNS:
        return None, []
    paper, found = _painted(sheet, chosen, boxes)
    stems = _stems(boxes, [b for b, turned in found if not turned and _like_title(b)]) & ~chosen
    return _painted(sheet, chosen | stems, boxes) if stems.any() else (paper, found)


def _painted(
    sheet: Sheet, chosen: NDArray[np.bool_], boxes: NDArray[np.float64]
) -> tuple[Gray, list[tuple[Box, bool]]]:
    paper = _paint(sheet, sheet.lines, chosen, boxes)
    return paper, text_detection.text_lines(
        text_detection.letter_boxes(text_detection.ink_of(paper), PX_PER_PT), PX_PER_PT
    )


def _stems(boxes: NDArray[np.float64], titles: list[Box]) -> NDArray[np.bool_]:
    """Strokes that are parts of large letters: from top to foot of a level line of text (px), or along either.

    A rectangle of that height is an O of letters that have no curves.
    """
    low, high = boxes[:, 1], boxes[:, 3]
    found = np.zeros(len(boxes), bool)
    lone, ring = boxes[:, 4] == 1, (boxes[:, 4] >= 4) & (boxes[:, 4] <= STROKED_BOX_LINES)
    for title in titles:
        x0, y0, x1, y1 = (v / PX_PER_PT for v in (title.x0, title.y0, title.x1, title.y1))
        size, slack, reach = y1 - y0, STEM_SLACK * (y1 - y0), WORD_REACH * (y1 - y0)
        full = (np.abs(low - y0) < slack) & (np.abs(high - y1) < slack)
        bar = (np.minimum(np.abs(low - y0), np.abs(low - y1)) < slack) & (high - low < slack)
        inside = (boxes[:, 0] > x0 - reach) & (boxes[:, 2] < x1 + reach) & (boxes[:, 2] - boxes[:, 0] < size)
        slim = boxes[:, 2] - boxes[:, 0] > O_WIDTH_LEAST * size
        found |= inside & ((lone & (full | bar)) | (ring & full & slim))
    return np.asarray(found, dtype=np.bool_)
