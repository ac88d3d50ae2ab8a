"""Turns pixels of a drawing into the same marks a vector page has: straight strokes, arrow tips, closed outlines and words."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Box, Sheet, Tip, Word
from worker.datasheet.page.scan import (
    arrows,
    dashes,
    hatching,
    pattern_completion,
    regions,
    text_detection,
    text_reading,
    tilt,
)
from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.text import brackets
from worker.datasheet.thresholds.scan import (
    ACROSS_MOST,
    BACKGROUND_PART,
    BACKGROUND_WORDS,
    BLACK,
    BLUR_PX,
    CUT_LEAST_PX,
    DARKER,
    DASH_GAP_PT,
    GROUND_PT,
    HOLE_LARGE,
    LETTER_LINE_PT,
    LINE_LEAST_PT,
    MARK_MORE_PX,
    MEASURING_PT,
    MIDDLE_DARK,
    MIDDLE_LIGHT,
    MIDDLE_MOST,
    NEAR_TIP_PT,
    ON_STROKE_PX,
    PALE,
    PALE_SHARE,
    PICTURE_HIGH_PT,
    PICTURE_LEAST_PT2,
    PICTURE_WIDE_PT,
    READ_CLEARLY,
    SLIM_PART,
    STRAIGHT_LEAST_PX,
    STROKE_MOST_PX,
    WIPE_ASIDE_PT,
    WIPE_PT,
)

NO_RUN = -1.0
ROUND = ("O", "o", "Q", "0")  # what holes are read as
SLIM = ("1", "I", "l", "|", "i")  # what a bare stroke is read as
RUNG_PX = 3
MARGIN_PX = 8
PAINT = 200  # the grey that stands for hatching


def worth_reading(area: Box, sheet: Sheet) -> bool:
    """Whether an image on a page may be a drawing: large enough, and not the whole background of a text page."""
    inside = area.width > PICTURE_WIDE_PT and area.height > PICTURE_HIGH_PT and area.area > PICTURE_LEAST_PT2
    covers = area.area > BACKGROUND_PART * sheet.width * sheet.height and len(sheet.words) > BACKGROUND_WORDS
    return inside and not covers and area.x1 > 0 and area.y1 > 0


def _pale(paper: Gray) -> bool:
    """Whether the pixels are ink on paper, not a photograph."""
    return (
        float((paper > PALE).mean()) > PALE_SHARE
        and float(((paper > MIDDLE_DARK) & (paper < MIDDLE_LIGHT)).mean()) < MIDDLE_MOST
    )


def add(sheet: Sheet, paper: Gray, px_per_pt: float, area: Box) -> None:
    """Reads the pixels of `area` and adds what they show to the sheet; photographs add nothing."""
    height, width = paper.shape
    x0, y0 = max(0, int(area.x0 * px_per_pt)), max(0, int(area.y0 * px_per_pt))
    cut = np.ascontiguousarray(
        paper[y0 : min(height, int(area.y1 * px_per_pt)), x0 : min(width, int(area.x1 * px_per_pt))]
    )
    if min(cut.shape, default=0) < CUT_LEAST_PX or not _pale(cut):
        return
    cut = tilt.upright(_framed(cut), px_per_pt)
    origin = ((x0 - MARGIN_PX) / px_per_pt, (y0 - MARGIN_PX) / px_per_pt)
    ground = _ground(cut, px_per_pt)
    ink = _ink(cut, ground)
    thick = _stroke_px(ink)
    hatched = hatching.areas(ink, px_per_pt, thick)
    cut[hatched], ground[hatched], ink[hatched] = PAINT, PAINT, 0
    level, upright = _straight(ink, px_per_pt)
    rows = [*_segments(level, 0, px_per_pt, origin, thick), *_segments(upright, 1, px_per_pt, origin, thick)]
    if rows:
        sheet.lines = np.vstack([sheet.lines, np.array(rows)]) if len(sheet.lines) else np.array(rows)
    tips = arrows.crossing_tips(ink, rows, px_per_pt, origin, thick)
    more = arrows.wedges(ink, rows, px_per_pt, origin, thick)
    tips = tips + [t for t in more if not any(abs(t.x - k.x) + abs(t.y - k.y) < NEAR_TIP_PT for k in tips)]
    strokes = [_in_pixels(row, px_per_pt, origin) for row in rows]
    long = _long(level, upright, px_per_pt)
    _mark(long, _rungs(strokes, long))
    tips = _outside_text(tips, _letters(ink, long), px_per_pt, origin)
    sheet.arrowheads.extend(tips)
    broken = dashes.chained(strokes, _letters(ink, long), px_per_pt)
    _mark(long, broken + _measuring(strokes, tips, px_per_pt, origin))
    plain = _without_heads(ink, tips, px_per_pt, origin)
    letters = _letters(plain, long)
    clean = np.where((long > 0) & (letters == 0), ground, cut).astype(np.uint8)
    words = _read_words(sheet, clean, cut, letters, px_per_pt, origin)
    border = _without_words(ink, letters, words, px_per_pt, origin)
    closed = regions.closed(border, ground, strokes, px_per_pt, origin, thick)
    closed = pattern_completion.without_hemmed(
        pattern_completion.completed(closed, pattern_completion.Paper(ink, px_per_pt, origin))
    )
    sheet.words.extend(pattern_completion.without_rings(words, closed))
    sheet.outlines.extend(closed)
    sheet.outlines.extend(regions.solid(plain, px_per_pt, origin, thick))
    sheet.raster = True


def _framed(paper: Gray) -> Gray:
    """With a margin of paper: a stroke cut off by the edge would pass for a longer one."""
    return np.pad(paper, MARGIN_PX, constant_values=255)


def _ground(paper: Gray, px_per_pt: float) -> Gray:
    """What lies behind the strokes: white paper, or the grey of a painted pad."""
    size = int(GROUND_PT * px_per_pt)
    closed = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (size, size)))
    return np.asarray(cv2.blur(closed, (BLUR_PX, BLUR_PX)), np.uint8)


def _ink(paper: Gray, ground: Gray) -> Gray:
    return np.where((paper < ground - np.minimum(ground, DARKER)) | (paper < BLACK), 255, 0).astype(np.uint8)


def _stroke_px(ink: Gray) -> float:
    """Usual stroke width: the mode of ink run lengths along rows."""
    flat = np.diff(np.pad((ink > 0).astype(np.int8), ((0, 0), (1, 1))), axis=1)
    starts, ends = np.nonzero(flat == 1)[1], np.nonzero(flat == -1)[1]
    runs = ends - starts
    runs = runs[(runs > 0) & (runs < STROKE_MOST_PX)]
    return float(np.bincount(runs).argmax()) if len(runs) else 2.0


def _straight(ink: Gray, px_per_pt: float) -> tuple[Gray, Gray]:
    """Ink that lies on level and on upright strokes."""
    size = max(STRAIGHT_LEAST_PX, int(LINE_LEAST_PT * px_per_pt))
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (size, 1)))
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (1, size)))
    return np.asarray(level, np.uint8), np.asarray(upright, np.uint8)


def _segments(
    mask: Gray, axis: int, px_per_pt: float, origin: tuple[float, float], thick: float
) -> list[tuple[float, ...]]:
    """Each blob of a straight mask as one stroke along its axis; solid areas give their two long edges."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    rows: list[tuple[float, ...]] = []
    for x, y, w, h, _area in stats[1:count]:
        across = h if axis == 0 else w
        run = w if axis == 0 else h
        if run < LINE_LEAST_PT * px_per_pt or across > max(ACROSS_MOST * thick, STRAIGHT_LEAST_PX):
            continue
        if axis == 0:
            a, b = (x, y + h / 2), (x + w, y + h / 2)
        else:
            a, b = (x + w / 2, y), (x + w / 2, y + h)
        ends = [
            origin[0] + a[0] / px_per_pt,
            origin[1] + a[1] / px_per_pt,
            origin[0] + b[0] / px_per_pt,
            origin[1] + b[1] / px_per_pt,
        ]
        rows.append((*ends, across / px_per_pt, 0.0, NO_RUN))
    return rows


def _in_pixels(row: tuple[float, ...], px_per_pt: float, origin: tuple[float, float]) -> regions.Segment:
    x0, y0, x1, y1 = (float(v - o) * px_per_pt for v, o in zip(row[:4], (*origin, *origin), strict=True))
    return x0, y0, x1, y1, row[4] * px_per_pt


def _without_heads(ink: Gray, tips: list[Tip], px_per_pt: float, origin: tuple[float, float]) -> Gray:
    """The ink with arrow heads wiped out, whose halves beside a removed line look like letters."""
    clean = ink.copy()
    for tip in tips:
        x, y = (tip.x - origin[0]) * px_per_pt, (tip.y - origin[1]) * px_per_pt
        long, half = WIPE_PT * px_per_pt, WIPE_ASIDE_PT * px_per_pt
        x0, x1 = sorted((x, x - tip.dx * long)) if tip.dx else (x - half, x + half)
        y0, y1 = sorted((y, y - tip.dy * long)) if tip.dy else (y - half, y + half)
        clean[max(0, int(y0)) : max(0, int(y1) + 1), max(0, int(x0)) : max(0, int(x1) + 1)] = 0
    return clean


def _long(level: Gray, upright: Gray, px_per_pt: float) -> Gray:
    """Strokes longer than those of letters, a little widened."""
    size = int(LETTER_LINE_PT * px_per_pt)
    rows = cv2.morphologyEx(level, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (size, 1)))
    columns = cv2.morphologyEx(upright, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (1, size)))
    return np.asarray(cv2.dilate(cv2.bitwise_or(rows, columns), np.ones((3, 3), np.uint8)), np.uint8)


def _mark(mask: Gray, strokes: list[regions.Segment]) -> None:
    for x0, y0, x1, y1, width in strokes:
        cv2.line(mask, (round(x0), round(y0)), (round(x1), round(y1)), 255, MARK_MORE_PX + round(width))


def _rungs(strokes: list[regions.Segment], long: Gray) -> list[regions.Segment]:
    """Strokes that end on longer ones with both ends: short sides of pads, which would be read as ones."""

    def meets(x: float, y: float) -> bool:
        return bool(
            long[max(0, int(y) - RUNG_PX) : int(y) + RUNG_PX + 1, max(0, int(x) - RUNG_PX) : int(x) + RUNG_PX + 1].any()
        )

    return [s for s in strokes if meets(s[0], s[1]) and meets(s[2], s[3])]


def _letters(ink: Gray, long: Gray) -> Gray:
    return np.asarray(cv2.bitwise_and(ink, cv2.bitwise_not(long)), np.uint8)


def _outside_text(tips: list[Tip], letters: Gray, px_per_pt: float, origin: tuple[float, float]) -> list[Tip]:
    """Arrow heads without those that are letters: they have others of their line on both sides."""
    lines = [box for box, _ in text_detection.text_lines(text_detection.letter_boxes(letters, px_per_pt), px_per_pt)]
    inner = [
        Box(b.x0 + b.height, b.y0, b.x1 - b.height, b.y1) if b.width > b.height
        else Box(b.x0, b.y0 + b.width, b.x1, b.y1 - b.width)
        for b in lines
    ]  # fmt: skip
    places = [((t.x - origin[0]) * px_per_pt, (t.y - origin[1]) * px_per_pt) for t in tips]
    return [t for t, (x, y) in zip(tips, places, strict=True) if not any(b.holds_point(x, y) for b in inner)]


def _measuring(
    strokes: list[regions.Segment], tips: list[Tip], px_per_pt: float, origin: tuple[float, float]
) -> list[regions.Segment]:
    """Strokes that end in an arrow head: shorter than the longest of letters, but no letters."""
    least, reach = MEASURING_PT * px_per_pt, NEAR_TIP_PT * px_per_pt
    found = []
    for tip in tips:
        x, y = (tip.x - origin[0]) * px_per_pt, (tip.y - origin[1]) * px_per_pt
        for s in strokes:
            level = s[2] - s[0] > s[3] - s[1]
            aside, long = (abs(y - s[1]), s[2] - s[0]) if level else (abs(x - s[0]), s[3] - s[1])
            along = level == (tip.dx != 0) and aside < ON_STROKE_PX and long > least
            if along and Box(*s[:4]).gap(Box(x, y, x, y)) < reach:
                found.append(s)
    return found


def _read_words(
    sheet: Sheet, paper: Gray, untouched: Gray, letters: Gray, px_per_pt: float, origin: tuple[float, float]
) -> list[Word]:
    """Words of the pixels, long strokes taken out first so that numbers beside lines stand free."""
    lines = text_detection.text_lines(text_detection.letter_boxes(letters, px_per_pt), px_per_pt)
    known = [w.box for w in sheet.words if w.confidence == 1.0]
    free = []
    for box, turned in lines:
        x, y = origin[0] + box.cx / px_per_pt, origin[1] + box.cy / px_per_pt
        if not any(k.grown(1).holds_point(x, y) for k in known):
            free.append((box, turned))
    words = brackets.joined(text_reading.read_text(paper, free, px_per_pt, origin, untouched))
    usual = float(np.median([w.across for w in words])) if words else 0.0
    letters_only = [w for w in words if not (w.text in ROUND and (w.text != "0" or w.across > HOLE_LARGE * usual))]
    return [w for w in letters_only if not _piece(w, sheet.lines)]


def _piece(word: Word, lines: NDArray[np.float64]) -> bool:
    """Whether a slim one stands in line with an upright stroke: it is a piece of a centre line."""
    box = word.box
    if word.text not in SLIM or box.width > SLIM_PART * box.height or len(lines) == 0:
        return False
    beside = (np.abs(lines[:, 0] - box.cx) < 1.0) & (np.abs(lines[:, 2] - box.cx) < 1.0)
    near = (lines[:, 1] < box.y1 + DASH_GAP_PT) & (lines[:, 3] > box.y0 - DASH_GAP_PT)
    return bool((beside & near).any())


def _without_words(ink: Gray, letters: Gray, words: list[Word], px_per_pt: float, origin: tuple[float, float]) -> Gray:
    """The ink without letters clearly read: where they touch a stroke they would look like a corner."""
    usual = float(np.median([w.across for w in words])) if words else 0.0
    clear = [w for w in words if w.confidence > READ_CLEARLY and w.across < HOLE_LARGE * usual]
    read = [w.box.grown(0.5) for w in clear if len(w.text) > 1]  # a single one may be the rounded end of a pad
    count, labels, stats, _ = cv2.connectedComponentsWithStats(letters, connectivity=8)
    gone = np.zeros(count, bool)
    for i, (x, y, w, h, _area) in enumerate(stats.tolist()):
        x0, y0 = origin[0] + x / px_per_pt, origin[1] + y / px_per_pt
        blob = Box(x0, y0, x0 + w / px_per_pt, y0 + h / px_per_pt)
        gone[i] = i > 0 and any(box.holds(blob) for box in read)
    return np.where(gone[labels], 0, ink).astype(np.uint8)
