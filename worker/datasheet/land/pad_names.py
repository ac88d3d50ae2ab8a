"""Decides the number of every pad: of a ball grid by row and column, of contacts by their printed names, else by `numbering`.

Names of contacts are letters with numbers, printed along a row; a wide pad may bear the names of two.
"""

from __future__ import annotations

import re

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Word
from worker.datasheet.land import balls, numbering
from worker.datasheet.land.numbering import Numbers
from worker.datasheet.land.orders import in_line
from worker.datasheet.land.outline_labels import LabeledView
from worker.datasheet.thresholds.land import NAME_REACH_PT

NAME = re.compile(r"[A-Z]{1,2}\d{1,2}")
_ONLY = re.compile(r"(?:[A-Z]{1,2}\d{1,2}[\s/,]*)+")
LEAST, MOST = 4, 2  # pads of a row that bear names, and names of one pad


def decide(
    pads: list[Shape],
    drawing: Drawing,
    labels: LabeledView | None,
    first: Shape | None = None,
    *,
    flat: bool,
) -> Numbers:
    """The number of each pad in their order of appearance, what it was taken from, and whether it is certain.

    `labels` are those around the outline; `first` is the pad that a leader calls the first
    one; `flat` says that no pad has a hole, as those of a grid of balls.
    """
    numbers = numbering.number(pads, drawing, labels, first)
    grid = balls.named(pads, numbers) if flat else None
    return grid or _printed(pads, drawing) or numbers


def _printed(pads: list[Shape], drawing: Drawing) -> Numbers | None:
    """The printed name of every pad of a single row; None when one bears none or too many, or a name stands twice."""
    if len(pads) < LEAST or not in_line(pads):
        return None
    along = 0 if max(p.box.cx for p in pads) - min(p.box.cx for p in pads) > 1.0 else 1
    found: dict[int, list[tuple[float, str]]] = {i: [] for i in range(len(pads))}
    for word in drawing.lines:
        gaps = [p.box.gap(word.box) for p in pads]
        if _ONLY.fullmatch(word.text) and min(gaps) < NAME_REACH_PT:
            for at, name in _parts(word, along):
                i = min(found, key=lambda i: abs(_middle(pads[i], along) - at))
                found[i].append((at, name))
    names = [[name for _, name in sorted(own)] for own in found.values()]
    every = [name for own in names for name in own]
    if not all(1 <= len(own) <= MOST for own in names) or len(set(every)) < len(every):
        return None
    return Numbers(
        ["/".join(own) for own in names], "printed", "printed", "all names are printed on the land pattern", True
    )


def _parts(word: Word, along: int) -> list[tuple[float, str]]:
    """The names of a word, each with the place of its middle along the row."""
    level = word.turn % 2 == 0
    low, high = (word.box.x0, word.box.x1) if along == 0 else (word.box.y0, word.box.y1)
    names = list(NAME.finditer(word.text))
    if level != (along == 0):  # the words stand across the row: all names of one are those of one pad
        return [((low + high) / 2, m[0]) for m in names]
    step = (high - low) / len(word.text)
    return [(low + (m.start() + m.end()) / 2 * step, m[0]) for m in names]


def _middle(pad: Shape, along: int) -> float:
    return pad.box.cx if along == 0 else pad.box.cy
