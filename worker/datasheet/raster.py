"""Turns pixels of a drawing into the same marks a vector page has: straight strokes, arrow tips, closed outlines and words."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet import arrows, glyphs
from worker.datasheet.marks import Box, Outline, Sheet, Tip
from worker.datasheet.ocr import Gray

MIN_LINE_PT = 5.0
LETTER_LINE_PT = 12.0  # longer strokes are no part of a letter
MIN_AREA_PT2 = 900.0
PALE_SHARE = 0.62  # of a drawing's pixels are paper
MAX_OUTLINES = 3000
NO_RUN = -1.0
NEAR_TIP_PT = 4.0
WIPE_PT = 5.0


def worth_reading(area: Box, sheet: Sheet) -> bool:
    """Whether an image on a page may be a drawing: large enough, and not the whole background of a text page."""
    inside = area.width > 40 and area.height > 25 and area.area > MIN_AREA_PT2
    covers = area.area > 0.9 * sheet.width * sheet.height and len(sheet.words) > 60
    return inside and not covers and area.x1 > 0 and area.y1 > 0


def _pale(paper: Gray) -> bool:
    """Whether the pixels are ink on paper, not a photograph."""
    return float((paper > 215).mean()) > PALE_SHARE and float(((paper > 60) & (paper < 200)).mean()) < 0.2


def add(sheet: Sheet, paper: Gray, px_per_pt: float, area: Box) -> None:
    """Reads the pixels of `area` and adds what they show to the sheet; photographs add nothing."""
    height, width = paper.shape
    x0, y0 = max(0, int(area.x0 * px_per_pt)), max(0, int(area.y0 * px_per_pt))
    cut = np.ascontiguousarray(
        paper[y0 : min(height, int(area.y1 * px_per_pt)), x0 : min(width, int(area.x1 * px_per_pt))]
    )
    if min(cut.shape, default=0) < 24 or not _pale(cut):
        return
    origin = (x0 / px_per_pt, y0 / px_per_pt)
    ink = _ink(cut)
    thick = _stroke_px(ink)
    level, upright = _straight(ink, px_per_pt)
    rows = [*_segments(level, 0, px_per_pt, origin, thick), *_segments(upright, 1, px_per_pt, origin, thick)]
    if rows:
        sheet.lines = np.vstack([sheet.lines, np.array(rows)]) if len(sheet.lines) else np.array(rows)
    tips = arrows.crossing_tips(ink, rows, px_per_pt, origin, thick)
    more = arrows.wedges(ink, rows, px_per_pt, origin, thick)
    tips = tips + [t for t in more if not any(abs(t.x - k.x) + abs(t.y - k.y) < NEAR_TIP_PT for k in tips)]
    sheet.tips.extend(tips)
    sheet.outlines.extend(_outlines(ink, thick, px_per_pt, origin))
    _read_words(
        sheet,
        cut,
        _without_heads(ink, tips, px_per_pt, origin),
        np.asarray(cv2.bitwise_or(level, upright), np.uint8),
        px_per_pt,
        origin,
    )
    sheet.raster = True


def _ink(paper: Gray) -> Gray:
    level, _ = cv2.threshold(paper, 0, 255, cv2.THRESH_OTSU)
    return np.where(paper < min(max(level + 25, 120), 205), 255, 0).astype(np.uint8)


def _stroke_px(ink: Gray) -> float:
    """Usual stroke width: the mode of ink run lengths along rows."""
    flat = np.diff(np.pad((ink > 0).astype(np.int8), ((0, 0), (1, 1))), axis=1)
    starts, ends = np.nonzero(flat == 1)[1], np.nonzero(flat == -1)[1]
    runs = ends - starts
    runs = runs[(runs > 0) & (runs < 14)]
    return float(np.bincount(runs).argmax()) if len(runs) else 2.0


def _straight(ink: Gray, px_per_pt: float) -> tuple[Gray, Gray]:
    """Ink that lies on level and on upright strokes."""
    size = max(9, int(MIN_LINE_PT * px_per_pt))
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
        if run < MIN_LINE_PT * px_per_pt or across > max(4 * thick, 9):
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


def _outlines(ink: Gray, thick: float, px_per_pt: float, origin: tuple[float, float]) -> list[Outline]:
    """Areas closed in by ink, widened by half a stroke to the middle of their border, and solid areas."""
    hollow = cv2.bitwise_not(ink)
    contours, tree = cv2.findContours(hollow, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    found: list[Outline] = []
    for i, contour in enumerate(contours):
        if tree[0][i][3] >= 0 or len(found) > MAX_OUTLINES:
            continue  # a hole of the paper area is ink, not paper
        x, y, w, h = cv2.boundingRect(contour)
        if x <= 1 or y <= 1 or x + w >= ink.shape[1] - 1 or y + h >= ink.shape[0] - 1:
            continue  # the paper around the drawing
        outline = _outline(np.asarray(contour, np.int32), thick / 2, px_per_pt, origin, filled=False)
        if outline is not None:
            found.append(outline)
    size = int(max(5, 3 * thick))
    solid = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (size, size)))
    contours, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours[:500]:
        outline = _outline(np.asarray(contour, np.int32), 0.0, px_per_pt, origin, filled=True)
        if outline is not None:
            found.append(outline)
    return found


def _outline(
    contour: NDArray[np.int32], grow: float, px_per_pt: float, origin: tuple[float, float], filled: bool
) -> Outline | None:
    x, y, w, h = cv2.boundingRect(contour)
    if min(w, h) < 1.6 * px_per_pt or w * h < 30:
        return None
    points = contour[:, 0, :].astype(float) + 0.5
    middle = np.array([x + w / 2, y + h / 2])
    span = np.array([max(w - 1, 1), max(h - 1, 1)])
    points = middle + (points - middle) * (span + 1 + 2 * grow) / span
    placed = points / px_per_pt + np.array(origin)
    ring = tuple((float(a), float(b)) for a, b in placed[:: max(1, len(placed) // 240)])
    curved = cv2.contourArea(contour) < 0.93 * w * h
    return Outline(ring, filled, not filled, bool(curved), (0, 0, 0), 0.5)


def _without_heads(ink: Gray, tips: list[Tip], px_per_pt: float, origin: tuple[float, float]) -> Gray:
    """The ink with arrow heads wiped out, whose halves beside a removed line look like letters."""
    clean = ink.copy()
    for tip in tips:
        x, y = (tip.x - origin[0]) * px_per_pt, (tip.y - origin[1]) * px_per_pt
        long, half = WIPE_PT * px_per_pt, 1.5 * px_per_pt
        x0, x1 = sorted((x, x - tip.dx * long)) if tip.dx else (x - half, x + half)
        y0, y1 = sorted((y, y - tip.dy * long)) if tip.dy else (y - half, y + half)
        clean[max(0, int(y0)) : max(0, int(y1) + 1), max(0, int(x0)) : max(0, int(x1) + 1)] = 0
    return clean


def _read_words(
    sheet: Sheet, paper: Gray, ink: Gray, straight: Gray, px_per_pt: float, origin: tuple[float, float]
) -> None:
    """Words of the pixels, long strokes taken out first so that numbers beside lines stand free."""
    long = int(LETTER_LINE_PT * px_per_pt)
    rows = cv2.morphologyEx(straight, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (long, 1)))
    columns = cv2.morphologyEx(straight, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (1, long)))
    wide = cv2.dilate(cv2.bitwise_or(rows, columns), np.ones((3, 3), np.uint8))
    letters = cv2.bitwise_and(ink, cv2.bitwise_not(wide))
    boxes = glyphs.letter_boxes(np.asarray(letters, np.uint8), px_per_pt)
    clean = np.where((wide > 0) & (letters == 0), 255, paper).astype(np.uint8)
    lines = glyphs.text_lines(boxes, px_per_pt)
    known = [w.box for w in sheet.words if w.confidence == 1.0]
    free = []
    for box, turned in lines:
        x, y = origin[0] + box.cx / px_per_pt, origin[1] + box.cy / px_per_pt
        if not any(k.grown(1).holds_point(x, y) for k in known):
            free.append((box, turned))
    sheet.words.extend(glyphs.read_text(clean, free, px_per_pt, origin))
