"""Shapes on both sides of a table are of different figures, also where one frame is drawn around all."""

from __future__ import annotations

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box


def parted(a: Box, b: Box, tables: list[Box]) -> bool:
    """Whether a table stands between two boxes, over or beside each other."""
    return any(_between(a, b, t) for t in tables)


def sides(shapes: list[Shape], tables: list[Box]) -> list[list[Shape]]:
    """The shapes that no table parts, together."""
    found: list[list[Shape]] = []
    for shape in shapes:
        home = next((own for own in found if not parted(own[0].box, shape.box, tables)), None)
        if home is None:
            found.append([shape])
        else:
            home.append(shape)
    return found


def _between(a: Box, b: Box, table: Box) -> bool:
    over, under = sorted((a, b), key=lambda box: box.cy)
    left, right = sorted((a, b), key=lambda box: box.cx)
    stacked = over.y1 <= table.y0 and table.y1 <= under.y0
    aside = left.x1 <= table.x0 and table.x1 <= right.x0
    return (stacked and all(o.x0 < table.x1 and table.x0 < o.x1 for o in (a, b))) or (
        aside and all(o.y0 < table.y1 and table.y0 < o.y1 for o in (a, b))
    )
