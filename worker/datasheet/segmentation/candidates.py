"""Tells the shapes of a drawing that can be pads from letters, boxed numbers, table cells and arrow heads."""

from __future__ import annotations

import re

from worker.datasheet.drawing import drawn_signs
from worker.datasheet.drawing.dimensions import DimensionSpan, box_of
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import ROUND, Shape
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.segmentation import legend
from worker.datasheet.thresholds.figures import (
    ASPECT_MOST,
    BOXED_PART,
    BOXED_REACH_PT,
    CANDIDATE_LEAST_PT,
    CELL_EDGE_PT,
    CELLS_LEAST,
    CENTRE_BEYOND_PT,
    CENTRE_LINE_PT,
    CENTRED_PT,
    FIELD_SIDE_PT,
    HOLDS_LARGER,
    HOLDS_PT,
    HOLE_LEAST_PT,
    LABELED_PART,
    LEGIBLE,
    LETTER_LOOP_LETTER_PT2,
    LETTER_LOOP_PT,
    LETTER_LOOP_WORD,
    LETTER_ROOM,
    LETTER_TALL,
    LETTERS_OF_WORD,
    SURE_WORD,
    TABLE_MARGIN_PT,
)


def candidates(drawing: Drawing) -> list[Shape]:
    """Shapes that can be pads at all: not boxes around words, not table cells, not dashed, not arrow heads."""
    found = []
    cells = _cells(drawing.shapes)
    measured = list({id(r.span): r.span for r in drawing.readings}.values())
    for shape in drawing.shapes:
        b = shape.box
        if id(shape) in cells or _is_field(b, measured):
            continue
        if _is_letter(b, drawing) or _is_boxed_number(b, drawing) or legend.is_swatch(b, drawing):
            continue
        inside = [w for w in drawing.lines if b.grown(0.5).holds_point(w.box.cx, w.box.cy) and len(w.text) > 0]
        labelled = sum(w.box.area for w in inside if _wordy(w)) > LABELED_PART * b.area
        if shape.dashed or labelled or any(t.grown(TABLE_MARGIN_PT).holds_point(b.cx, b.cy) for t in drawing.tables):
            continue
        if max(b.width, b.height) > ASPECT_MOST * min(b.width, b.height) or max(b.width, b.height) < _least(
            shape, drawing
        ):
            continue
        found.append(shape)
    return found


def _is_field(box: Box, spans: list[DimensionSpan]) -> bool:
    """Whether a dimension line is a side of the shape: a field between that line, its extension lines and what they measure."""
    for span in spans:
        along, across = ((box.x0, box.x1), (box.y0, box.y1))[:: 1 if span.axis == 0 else -1]
        on_side = min(abs(span.at - side) for side in across) < FIELD_SIDE_PT
        if on_side and along[0] - FIELD_SIDE_PT < span.start and span.end < along[1] + FIELD_SIDE_PT:
            return True
    return False


def _cells(shapes: list[Shape]) -> set[int]:
    """Shapes that share whole sides with others, several in a row: cells of a table, for pads never touch."""

    def near(value: float) -> int:
        return round(value / CELL_EDGE_PT)

    lefts: dict[tuple[int, int, int], Shape] = {}
    for shape in shapes:
        if shape.kind == "rect" and not shape.dashed:
            lefts[near(shape.box.x0), near(shape.box.y0), near(shape.box.y1)] = shape
    found: set[int] = set()
    for shape in shapes:
        row, b = [shape], shape.box
        while (after := lefts.get((near(b.x1), near(b.y0), near(b.y1)))) and after is not row[-1]:
            row.append(after)
            b = after.box
        found |= {id(s) for s in row} if len(row) >= CELLS_LEAST else set()
    return found


def _least(shape: Shape, drawing: Drawing) -> float:
    """The size of the smallest shape that counts; of a disc amid another shape or on centre lines that of a hole."""
    if shape.kind not in ROUND:
        return CANDIDATE_LEAST_PT
    holed = any(holds(o, shape) and centred(o, shape) for o in drawing.shapes)
    return HOLE_LEAST_PT if holed or _on_centre_lines(shape.box, drawing) else CANDIDATE_LEAST_PT


def _on_centre_lines(box: Box, drawing: Drawing) -> bool:
    """Whether a level and an upright line cross in the middle and run on beyond the shape."""
    for axis, across, low, high in ((0, box.cy, box.x0, box.x1), (1, box.cx, box.y0, box.y1)):
        rows = drawing.grid.near(axis, across, CENTRE_LINE_PT)
        beyond = (rows[:, 1] < low - CENTRE_BEYOND_PT) & (rows[:, 2] > high + CENTRE_BEYOND_PT)
        if not beyond.any():
            return False
    return True


def _is_letter(box: Box, drawing: Drawing) -> bool:
    """Whether the shape is a drawn letter or the loop of one."""
    return _is_sign(box, drawing) or any(
        w.box.grown(1.0).holds(box) and (_is_loop(box, w) or _is_set_in(box, w))
        for w in drawing.sheet.words if w.confidence >= LEGIBLE
    )  # fmt: skip


def _is_sign(box: Box, drawing: Drawing) -> bool:
    """Whether the shape is the sign of a diameter or of a square before its number."""
    if any(q.kind == "diameter" and q.box.holds(box, HOLDS_PT) for q in drawing.quantities):
        return True
    return any(drawn_signs.before(box, w.box, w.turn, w.across) for w in drawing.lines if w.text[:1].isdigit())


def _is_loop(box: Box, word: Word) -> bool:
    room = LETTER_LOOP_WORD * box.area + len(word.text) * LETTER_LOOP_LETTER_PT2
    return box.height < LETTER_LOOP_PT and word.box.area < room


def _is_set_in(box: Box, word: Word) -> bool:
    """Whether a word is surely one, set as closely as words are: rows of pads are read as zeros and bars."""
    letters = sum(c.isalpha() and c not in "OQDIl" for c in word.text)
    room = LETTER_ROOM * len(word.text) * word.across**2
    small = max(box.width, box.height) <= LETTER_TALL * word.across
    return word.confidence > SURE_WORD and letters >= LETTERS_OF_WORD and word.box.area < room and small


def _is_boxed_number(box: Box, drawing: Drawing) -> bool:
    """Whether the shape frames the number of a dimension line."""
    inside = [q for q in drawing.quantities if box.holds_point(q.box.cx, q.box.cy)]
    if not any(q.size > BOXED_PART * min(box.width, box.height) for q in inside):
        return False
    return any(
        box.grown(1.0).holds_point(*s.point((s.start + s.end) / 2)) or (box.grown(-1.0).y0 < s.at < box.y1 - 1 and s.axis == 0)
        or (s.axis == 1 and box.x0 + 1 < s.at < box.x1 - 1)
        for s in drawing.spans if box.gap(box_of(s)) < BOXED_REACH_PT
    )  # fmt: skip


def _wordy(word: Word) -> bool:
    if word.confidence < LEGIBLE:
        return False  # strokes inside a pad taken for letters
    return bool(re.search(r"[A-Za-z0-9]", word.text)) and not re.fullmatch(
        r"\d{1,3}|[A-Z]\d{1,2}|[CO_|IlL\-]{1,2}", word.text
    )


def holds(outer: Shape, inner: Shape) -> bool:
    """Whether one shape lies in a larger one, within 0.3 points."""
    return (
        outer is not inner and outer.box.holds(inner.box, HOLDS_PT) and outer.box.area > HOLDS_LARGER * inner.box.area
    )


def centred(a: Shape, b: Shape) -> bool:
    """Whether two shapes have one middle, within 0.6 points."""
    return abs(a.box.cx - b.box.cx) < CENTRED_PT and abs(a.box.cy - b.box.cy) < CENTRED_PT
