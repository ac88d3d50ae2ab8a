"""Rectangles whose four sides are painted as thin areas: level and upright bars that meet at the corners."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from worker.datasheet.geometry.primitives import Box, ClosedOutline, Sheet
from worker.datasheet.thresholds.drawing import BAR_HALF_PT, BAR_LONG, BAR_MOST_PT, BAR_POINTS, BARS_MOST


def rectangles(sheet: Sheet) -> list[tuple[Box, tuple[Box, ...]]]:
    """Each rectangle along the middle lines of its four bars, with these; cells of a table share theirs and are none."""
    bars = _whole(list(dict.fromkeys(o.box for o in sheet.outlines if _is_bar(o))))
    if not 4 <= len(bars) <= BARS_MOST:
        return []
    level = sorted((b for b in bars if b.width > b.height), key=lambda b: b.cy)
    upright = [b for b in bars if b.width < b.height]
    found = [own for top, bottom in combinations(level, 2) if (own := _closed(top, bottom, upright)) is not None]
    shared = Counter(side for own in found for side in own)
    return [
        (Box(left.cx, top.cy, right.cx, bottom.cy), (top, bottom, left, right))
        for top, bottom, left, right in found if all(shared[s] == 1 for s in (top, bottom, left, right))
    ]  # fmt: skip


def _is_bar(outline: ClosedOutline) -> bool:
    thick, length = sorted((outline.box.width, outline.box.height))
    return outline.filled and len(outline.points) <= BAR_POINTS and thick < BAR_MOST_PT and length > BAR_LONG * thick


def _whole(bars: list[Box]) -> list[Box]:
    """The bars, those whose mitred halves are painted one by one as one each."""
    found: list[Box] = []
    for bar in sorted(bars, key=lambda b: -b.area):
        if not any(_is_half(bar, whole) for whole in found):
            found.append(bar)
    return found


def _is_half(bar: Box, whole: Box) -> bool:
    """Whether a bar covers nearly the same place as a longer one, of which it lacks a corner."""
    thick = min(whole.width, whole.height)
    return (
        whole.grown(BAR_HALF_PT).holds(bar)
        and max(whole.width - bar.width, whole.height - bar.height) < 2 * thick + BAR_HALF_PT
    )


def _closed(top: Box, bottom: Box, upright: list[Box]) -> tuple[Box, Box, Box, Box] | None:
    """Two level bars of one extent with the upright ones that run between their ends."""
    slack = top.height + bottom.height
    if abs(top.x0 - bottom.x0) > slack or abs(top.x1 - bottom.x1) > slack:
        return None
    left, right = (next((u for u in upright if _meets(u, x, top.cy, bottom.cy, slack)), None) for x in (top.x0, top.x1))
    return (top, bottom, left, right) if left is not None and right is not None and left is not right else None


def _meets(upright: Box, x: float, top: float, bottom: float, slack: float) -> bool:
    """Whether an upright bar stands at the end of level ones and runs from one to the other."""
    return abs(upright.cx - x) < slack and abs(upright.y0 - top) < slack and abs(upright.y1 - bottom) < slack
