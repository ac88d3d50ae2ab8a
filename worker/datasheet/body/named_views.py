"""Which side of a part a view shows, by the words under or over it."""

from __future__ import annotations

import re

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.thresholds.drawing import VIEW_NAME_PT

_TOP = re.compile(r"\b(?:top|plan|bottom)\s*view\b", re.IGNORECASE)
_SIDE = re.compile(r"\b(?:side|front|end|rear)\s*view\b", re.IGNORECASE)


def shows_side(box: Box, drawing: Drawing) -> bool:
    """Whether a box is named a view from a side, on a page where another view is named one from above or below."""
    if not any(_TOP.search(w.text) for w in drawing.lines):
        return False
    named = [(_gap(box, w), w) for w in drawing.lines if w.turn == 0 and (_TOP.search(w.text) or _SIDE.search(w.text))]
    near = [(gap, w) for gap, w in named if gap < VIEW_NAME_PT]
    return bool(near) and _SIDE.search(min(near, key=lambda one: one[0])[1].text) is not None


def _gap(box: Box, word: Word) -> float:
    """Points between a box and words right under or over it; words beside it name another view."""
    if not box.x0 < word.box.cx < box.x1:
        return float("inf")
    return max(word.box.y0 - box.y1, box.y0 - word.box.y1, 0.0)
