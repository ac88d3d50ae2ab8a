"""What the swatches beside a drawing say: which colour is copper, and which is mask or paste."""

from __future__ import annotations

import re

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box, ClosedOutline
from worker.datasheet.thresholds.figures import SWATCH_GAP_PT, SWATCH_PT

_LAND = re.compile(r"^solder(?:ing)?\s*(?:lands?|pads?)$", re.IGNORECASE)
_PASTE = re.compile(r"^solder\s*paste(?:\s*deposit\w*)?$", re.IGNORECASE)
_LEGEND = re.compile(
    r"(?:solder(?:ing)?|copper|metal|component|part|package|land|pad|paste|mask|resist|keep[\s-]*out|via\w*|through|plated)"
    r"(?:[\s-]+(?:solder(?:ing)?|area|land|lands|pad|pads|outline|body|paste|mask|resist|stop|opening|zone|hole|holes|for|thermal))*"
    r"(?:\s{1,6}component\s*outline)?",
    re.IGNORECASE,
)
LEGEND_LETTERS = 3  # "Pad"
Color = tuple[int, int, int]
_COPPER = re.compile(r"\bland|copper|\bmetal|solder\s*(?:area|land)|\bpads?\b", re.IGNORECASE)
_OTHER = re.compile(r"mask|stop|resist|paste|stencil|keep|outline|silk", re.IGNORECASE)


def copper_of(page: Drawing) -> tuple[set[Color], set[Color]]:
    """The colours of swatches that stand for copper and those that stand for something else."""
    copper: set[Color] = set()
    other: set[Color] = set()
    for outline in page.sheet.outlines:
        text = _label(outline, page)
        if text and _OTHER.search(text):
            other.add(outline.color)
        elif text and _COPPER.search(text):
            copper.add(outline.color)
    return copper - other, other - copper


def tells_paste(page: Drawing) -> bool:
    """Whether a legend tells solder paste from solder lands: of shapes within each other the inner ones are the paste."""
    texts = [line.text.strip(" .:;") for line in page.lines]
    return any(map(_LAND.match, texts)) and any(map(_PASTE.match, texts))


def is_swatch(box: Box, page: Drawing) -> bool:
    """Whether a small shape stands beside a text of a legend, which explains how such shapes are drawn."""
    text = _beside(box, page)
    return text is not None and _LEGEND.fullmatch(text.strip(" .:;")) is not None


def _label(swatch: ClosedOutline, page: Drawing) -> str | None:
    """The text right of a small painted area."""
    return _beside(swatch.box, page) if swatch.filled else None


def _beside(b: Box, page: Drawing) -> str | None:
    low, high = SWATCH_PT
    if not low < min(b.width, b.height) or not max(b.width, b.height) < high:
        return None
    for line in page.lines:
        beside = 0 < line.box.x0 - b.x1 < SWATCH_GAP_PT and b.y0 < line.box.cy < b.y1
        if beside and sum(c.isalpha() for c in line.text) >= LEGEND_LETTERS:
            return line.text
    return None


def color_of(box: Box, page: Drawing) -> Color | None:
    """The colour a shape is painted with."""
    own = (o for o in page.sheet.outlines if o.filled and abs(o.box.x0 - box.x0) + abs(o.box.y1 - box.y1) < 1.0)
    return next((o.color for o in own if abs(o.box.x1 - box.x1) + abs(o.box.y0 - box.y0) < 1.0), None)
