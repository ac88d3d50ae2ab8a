"""Pin numbers of a terminal arrangement, a figure of its own that shows the terminals where the pads are."""

from __future__ import annotations

import re

import numpy as np
from scipy.optimize import linear_sum_assignment

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.land.outline_labels import LABEL
from worker.datasheet.segmentation.captions import CIRCUIT, LAND, Caption, captions_of
from worker.datasheet.segmentation.figure import distance
from worker.datasheet.thresholds.figures import LEGIBLE
from worker.datasheet.thresholds.land import PINOUT_OFF, PINOUT_REACH_PT

_BELOW = re.compile(r"bottom|rear|underside|solder(?:ing)?\s*side", re.IGNORECASE)
LEAST = 3


def of_arrangement(pads: list[Shape], drawing: Drawing) -> list[int] | None:
    """A number for every pad, from the one arrangement of the page that has as many, in the same places; else None."""
    captions = captions_of(drawing.sheet.words)
    land = min((c for c in captions if c.kind == LAND), key=lambda c: distance(_box(pads), c.word.box), default=None)
    found = [
        names for c in captions if c.kind == CIRCUIT
        and (names := _like(pads, _labels(c, pads, drawing), land is not None and _below(c) != _below(land))) is not None
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _box(pads: list[Shape]) -> Box:
    return around([p.box for p in pads])


def _below(caption: Caption) -> bool:
    return bool(_BELOW.search(caption.word.text))


def _labels(caption: Caption, pads: list[Shape], drawing: Drawing) -> list[Word]:
    own = _box(pads).grown(1.0)
    near = [w for w in drawing.lines if distance(w.box, caption.word.box) < PINOUT_REACH_PT and not own.meets(w.box)]
    return [w for w in near if LABEL.match(w.text) and w.confidence >= LEGIBLE]


def _like(pads: list[Shape], labels: list[Word], mirrored: bool) -> list[int] | None:
    """The numbers of labels that stand in the same places as the pads, each of them near one."""
    numbers = [int(LABEL.sub(r"\1", w.text)) for w in labels]
    if len(pads) < LEAST or len(labels) != len(pads) or len(set(numbers)) != len(numbers) or 1 not in numbers:
        return None
    places, wanted = _places([p.box for p in pads]), _places([w.box for w in labels])
    off = np.hypot(*(places[:, None, k] - wanted[None, :, k] * (-1 if mirrored and k == 0 else 1) for k in (0, 1)))
    pads_at, labels_at = linear_sum_assignment(off)
    if off[pads_at, labels_at].max() > PINOUT_OFF:
        return None
    return [numbers[k] for k in labels_at.tolist()]


def _places(boxes: list[Box]) -> np.ndarray:
    """Middles within their extents, -1 to 1 on both axes."""
    at = np.array([(b.cx, b.cy) for b in boxes])
    middle, half = (at.max(axis=0) + at.min(axis=0)) / 2, np.maximum(np.ptp(at, axis=0) / 2, 1e-6)
    return np.asarray((at - middle) / half)
