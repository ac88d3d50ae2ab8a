"""Rectangles that a converter painted as two triangles, one on each side of a diagonal."""

from __future__ import annotations

from collections import defaultdict

from worker.datasheet.geometry.primitives import Box, ClosedOutline, Sheet, area_of
from worker.datasheet.thresholds.drawing import HALF_OFF, HALF_PART, HALF_POINTS, HALF_WHOLE, SAME_SIDE_PT

_Key = tuple[tuple[int, int, int], tuple[int, ...]]


def rectangles(sheet: Sheet, rings: list[ClosedOutline]) -> list[ClosedOutline]:
    """One filled rectangle for each pair of triangles of one color that fill the same box.

    Those inside a shape that the page draws as a whole, or of the strokes of `rings`, are pieces of its paint.
    """
    halves: defaultdict[_Key, list[ClosedOutline]] = defaultdict(list)
    for outline in sheet.outlines:
        if outline.filled and len(outline.points) <= HALF_POINTS and _is_half(outline):
            halves[outline.color, _place(outline.box)].append(outline)
    found = [_whole(own[0]) for own in halves.values() if any(_opposite(own[0], other) for other in own[1:])]
    drawn = [o.box for o in sheet.outlines if len(o.points) > HALF_POINTS] + [o.box for o in rings]
    return [o for o in found if not any(_is_part(o.box, box) for box in drawn)]


def _is_part(box: Box, drawn: Box) -> bool:
    """Whether a painted rectangle is a part of a shape that is drawn as a whole: a large one, or one along a side of it."""
    if not drawn.holds(box, SAME_SIDE_PT) or box.area >= HALF_WHOLE * drawn.area:
        return False
    return box.area > HALF_PART * drawn.area or _along(box, drawn)


def _along(box: Box, drawn: Box) -> bool:
    """Whether a rectangle reaches from one side of another one to the opposite one, and lies at a third side."""
    offs = (box.x0 - drawn.x0, drawn.x1 - box.x1, box.y0 - drawn.y0, drawn.y1 - box.y1)
    return sum(off < SAME_SIDE_PT for off in offs) >= 3


def _place(box: Box) -> tuple[int, ...]:
    return tuple(round(v / SAME_SIDE_PT) for v in (box.x0, box.y0, box.x1, box.y1))


def _is_half(outline: ClosedOutline) -> bool:
    """Whether an outline is a triangle over half of its box."""
    return outline.box.area > 0 and abs(2 * area_of(outline.points) / outline.box.area - 1) < HALF_OFF


def _opposite(a: ClosedOutline, b: ClosedOutline) -> bool:
    """Whether the right angles of two halves of a box lie in opposite corners of it."""
    corners = [_right_angle(one) for one in (a, b)]
    return corners[0][0] != corners[1][0] and corners[0][1] != corners[1][1]


def _right_angle(half: ClosedOutline) -> tuple[bool, bool]:
    """On which side of the middle, along x and y, most of the different corners of a triangle lie."""
    corners = {(round(x / SAME_SIDE_PT), round(y / SAME_SIDE_PT)): (x, y) for x, y in half.points}
    right, low = (sum(v[i] > m for v in corners.values()) for i, m in ((0, half.box.cx), (1, half.box.cy)))
    return 2 * right > len(corners), 2 * low > len(corners)


def _whole(half: ClosedOutline) -> ClosedOutline:
    b = half.box
    corners = ((b.x0, b.y0), (b.x1, b.y0), (b.x1, b.y1), (b.x0, b.y1))
    return ClosedOutline(corners, half.filled, False, False, half.color, half.pen)
