"""Completes rows and columns of equal shapes: a pad that lines cut to pieces stands where its like say, and its border shows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Box, ClosedOutline, Word
from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.thresholds.scan import (
    BORDER_DRAWN,
    LIKE_LEAST,
    LIKE_PT,
    PLACE_PT,
    RING_AROUND_PT,
    SHAPE_EDGE_PT,
    ZERO_COVERS,
)

MOST = 1500
NUMBERS = frozenset("123456789")


@dataclass(frozen=True, slots=True)
class Paper:
    """Ink and how its pixels lie on the page."""

    ink: Gray
    px_per_pt: float
    origin: tuple[float, float]


def completed(outlines: list[ClosedOutline], paper: Paper) -> list[ClosedOutline]:
    """The outlines, and those missing from the rows and columns of equal ones whose borders the ink shows."""
    wide = np.asarray(cv2.dilate(paper.ink, np.ones((3, 3), np.uint8)), np.uint8)
    found = list(outlines)
    for like in classes(outlines):
        if len(like) < LIKE_LEAST:
            continue
        boxes = [o.box for o in like]
        xs, ys = _places([b.cx for b in boxes]), _places([b.cy for b in boxes])
        if len(xs) * len(ys) > MOST:
            continue
        missing = [(x, y) for x in xs for y in ys if not any(abs(b.cx - x) + abs(b.cy - y) < LIKE_PT for b in boxes)]
        ring, middle = _border(like[0], paper.px_per_pt), boxes[0]
        for x, y in missing:
            dx, dy = x - middle.cx, y - middle.cy
            if _drawn(ring + np.array([dx, dy]), wide, paper) > BORDER_DRAWN:
                found.append(like[0].moved(tuple((a + dx, b + dy) for a, b in like[0].points)))
    return found


def without_hemmed(outlines: list[ClosedOutline]) -> list[ClosedOutline]:
    """The outlines without odd areas that end at the edge of a pad of many: lines of dimensions close them in."""
    sorts = classes(outlines)
    pads = [o.box for like in sorts if len(like) >= LIKE_LEAST for o in like]
    odd = {id(o) for like in sorts if len(like) < LIKE_LEAST for o in like if not o.filled}
    return [o for o in outlines if id(o) not in odd or not any(_ends_at(o.box, pad) for pad in pads)]


def _ends_at(area: Box, pad: Box) -> bool:
    """Whether an area no wider than a pad touches its edge from outside."""
    inside_x = area.x0 > pad.x0 - SHAPE_EDGE_PT and area.x1 < pad.x1 + SHAPE_EDGE_PT
    inside_y = area.y0 > pad.y0 - SHAPE_EDGE_PT and area.y1 < pad.y1 + SHAPE_EDGE_PT
    level = min(abs(area.x0 - pad.x1), abs(area.x1 - pad.x0)) < SHAPE_EDGE_PT
    upright = min(abs(area.y0 - pad.y1), abs(area.y1 - pad.y0)) < SHAPE_EDGE_PT
    return (inside_x and upright) or (inside_y and level)


def classes(outlines: list[ClosedOutline]) -> list[list[ClosedOutline]]:
    """Outlines of one size each."""
    found: list[tuple[Box, list[ClosedOutline]]] = []
    for outline in outlines:
        box = outline.box
        for first, like in found:
            if max(abs(first.width - box.width), abs(first.height - box.height)) < LIKE_PT:
                like.append(outline)
                break
        else:
            found.append((box, [outline]))
    return [like for _, like in found]


def _places(values: list[float]) -> list[float]:
    """Where the values cluster."""
    ordered = np.sort(np.array(values))
    return [float(np.mean(part)) for part in np.split(ordered, np.flatnonzero(np.diff(ordered) > PLACE_PT) + 1)]


def _border(outline: ClosedOutline, px_per_pt: float) -> NDArray[np.float64]:
    """Points along an outline, about one a pixel."""
    sides = list(pairwise(np.array([*outline.points, outline.points[0]])))
    return np.vstack([np.linspace(a, b, max(1, int(np.hypot(*(b - a)) * px_per_pt)), endpoint=False) for a, b in sides])


def _drawn(points: NDArray[np.float64], wide: Gray, paper: Paper) -> float:
    """The part of the points that lie on ink."""
    places = np.round((points - np.array(paper.origin)) * paper.px_per_pt).astype(int)
    height, width = wide.shape
    inside = (places >= 0).all(axis=1) & (places[:, 0] < width) & (places[:, 1] < height)
    return float((wide[places[inside, 1], places[inside, 0]] > 0).sum() / len(places))


def without_rings(words: list[Word], outlines: list[ClosedOutline]) -> list[Word]:
    """The words without single letters that are rings of a pattern, or pieces of them: most of its rings hold no word."""
    taken = [w.box for w in words]
    rings: list[Box] = []
    for like in classes([o for o in outlines if o.curved]):
        bare = sum(not any(box.grown(RING_AROUND_PT).meets(o.box) for box in taken) for o in like)
        rings += [o.box for o in like] if len(like) >= LIKE_LEAST and 2 * bare > len(like) else []

    def ring(word: Word) -> bool:
        least = ZERO_COVERS if word.text == "0" else 0.0
        return any(r.grown(RING_AROUND_PT).holds(word.box) and word.box.area > least * r.area for r in rings)

    return [w for w in words if len(w.text) > 1 or w.text in NUMBERS or not ring(w)]
