"""Writes what was read into the result document: values with their evidence, pads with their frame."""

from __future__ import annotations

import re
from statistics import mean
from typing import Literal

from db.documents.kinds.datasheet import (
    Body,
    Dimension,
    Evidence,
    LandPattern,
    Numbering,
    Pad,
    PadRole,
    PadType,
    Status,
    Value,
    Via,
)
from worker.datasheet.body.found import Found, largest
from worker.datasheet.drawing import scale
from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box, Sheet
from worker.datasheet.land import dimension_ends, holes, numbering
from worker.datasheet.land.holes import Round
from worker.datasheet.land.numbering import Numbers
from worker.datasheet.land.pads import Solved
from worker.datasheet.result import confidence
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.result import ASSUMED, PITCH_OFF_MM, ROW_OFF_MM, TO_SCALE

_ANGLE = re.compile(r"°|\bdeg|\d\s*[Oº]\b", re.IGNORECASE)


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Rounded to 0.1 µm unless told otherwise, and never minus zero."""
    return None if value is None else round(float(value), digits) + 0.0


def box_of(box: Box, sheet: Sheet) -> tuple[float, float, float, float]:
    """A box on the page as seen, which the sheet may have turned to read it."""
    height, width = sheet.height, sheet.width
    for _ in range(-sheet.turned % 4):
        box, height, width = box.quarter(height), width, height
    return (round(float(box.x0), 2), round(float(box.y0), 2), round(float(box.x1), 2), round(float(box.y1), 2))


def cited_box(q: Quantity, drawing: Drawing) -> tuple[float, float, float, float]:
    """Where the number stands: for a letter of the drawing the row of the table that explains it."""
    rows = (e.quantity.box for e in drawing.entries if q.symbol and e.quantity.printed == q.printed)
    return box_of(next(rows, q.box), drawing.sheet)


def value_of(q: Quantity, drawing: Drawing, status: Status = "stated", confidence: float = 0.95) -> Value:
    """A printed number as a value in mm with its place in the document; no surer than its letters were read."""
    return Value(
        min=rounded(q.low), nom=rounded(q.value), max=rounded(q.high), printed=q.printed[:500], unit="mm",
        symbol=q.symbol or None, page=drawing.number, box=cited_box(q, drawing),
        status="derived" if q.formula else status, formula=q.formula or None,
        confidence=round(min(confidence, 0.5 + 0.5 * q.confidence), 3),
    )  # fmt: skip


def evidence_of(q: Quantity, drawing: Drawing) -> Evidence:
    """Where a number is printed: page, box in points of the page as it is shown, and from which source."""
    source = "table" if q.symbol else "text" if q.confidence == 1.0 else "ocr"
    return Evidence(page=drawing.number, box=cited_box(q, drawing), printed=q.printed[:500], source=source)


def home_of(q: Quantity, drawings: list[Drawing]) -> Drawing:
    """The drawing that prints a quantity."""
    for drawing in drawings:
        if any(q is known for known in drawing.quantities) or any(q is e.quantity for e in drawing.entries):
            return drawing
        if any(e.quantity.printed == q.printed for e in drawing.entries):
            return drawing
    return drawings[0]


def body_of(found: Found, drawings: list[Drawing]) -> Body:
    """Length is the larger side; a side the drawing does not give stays not stated."""
    trusts, tall = confidence.of_body(found, drawings)
    order = sorted(zip(found.sides, trusts, strict=True), key=lambda side: largest(side[0]), reverse=True)
    values = [value_of(q, home_of(q, drawings), confidence=sure) for q, sure in order]
    height = value_of(found.height, home_of(found.height, drawings), confidence=tall) if found.height else Value()
    return Body(
        length=values[0] if values else Value(), width=values[1] if len(values) > 1 else Value(), height=height
    )  # fmt: skip


def mechanical(solved: Solved, labels: set[int]) -> set[int]:
    """Pads that hold the part and carry no number: a class of two or four outside the row of the others."""
    classes: dict[tuple[int, int], list[int]] = {}
    for i, size in enumerate(solved.model.size):
        classes.setdefault(size, []).append(i)
    if len(classes) < 2:
        return set()
    exposed, found = numbering.exposed(solved.pattern.pads), set[int]()
    for own in classes.values():
        rest = [i for i in range(len(solved.pattern.pads)) if i not in own and i not in exposed]
        if (
            len(own) in (2, 4)
            and len(rest) >= 2
            and (_outside(solved, own, rest) or (labels and max(labels) == len(rest)))
        ):
            found.update(own)
    return found if len(found) < len(solved.pattern.pads) else set()


def _outside(solved: Solved, own: list[int], rest: list[int]) -> bool:
    """Whether the pads stand beyond both ends of the row that the others form."""
    for axis in (0, 1):
        row = [solved.place(i)[axis] for i in rest]
        across = [solved.place(i)[1 - axis] for i in rest]
        mine = [solved.place(i)[axis] for i in own]
        single = max(across) - min(across) < ROW_OFF_MM
        if (
            single
            and min(mine) < min(row) - ROW_OFF_MM
            and max(mine) > max(row) + ROW_OFF_MM
            and not any(min(row) <= m <= max(row) for m in mine)
        ):
            return True
    return False


def land_of(solved: Solved, names: Numbers, rounds: dict[int, Round], apart: set[int], shown: list[int]) -> LandPattern:
    """The land pattern in its own frame: origin at the centre of the pads, y down."""
    places = [solved.place(i) for i in shown]
    ox = (min(p[0] for p in places) + max(p[0] for p in places)) / 2
    oy = (min(p[1] for p in places) + max(p[1] for p in places)) / 2
    sure = confidence.of_pads(solved, rounds, names.guessed)
    exposed = numbering.exposed(solved.pattern.pads) | numbering.thermal_parts(solved.pattern.pads)
    roles: dict[int, PadRole] = {
        i: "mechanical" if i in apart else "thermal" if i in exposed else "signal" for i in shown
    }
    made = [
        (_pad(solved, i, (ox, oy), names.names[k], rounds.get(i), roles[i], sure[i]), i) for k, i in enumerate(shown)
    ]
    made.sort(key=lambda one: _reading_order(one[0]))
    pads, order = [pad for pad, _ in made], {i: k for k, (_, i) in enumerate(made)}
    sheet = solved.drawing.sheet
    readings = [(r, True) for r in solved.fit.used] + [(r, False) for r in solved.fit.refused]
    titles = [t.text for t in solved.pattern.titles]
    boxes = [solved.pattern.pads[i].box for i in shown]
    sx, sy = solved.scale.x, solved.scale.y
    origin = (
        mean(b.cx - (x - ox) * sx for b, (x, _) in zip(boxes, places, strict=True)),
        mean(b.cy - (y - oy) * sy for b, (_, y) in zip(boxes, places, strict=True)),
    )
    misfits = [scale.misfit(r, solved.scale) for r in solved.fit.used]
    return LandPattern(
        page=sheet.number, title=titles[0][:500] if titles else None,
        pads=pads, dimensions=[_dimension(r, solved, held, pads, order) for r, held in readings],
        vias=[_via(solved, s.box, (ox, oy)) for s in solved.pattern.vias],
        numbering=Numbering(source=names.source, note=names.note, pin1=names.pin1),
        points_per_mm=(round(sx, 4), round(sy, 4)), to_scale=all(m < TO_SCALE for m in misfits) if misfits else None,
        origin=box_of(Box(*origin, *origin), sheet)[:2], turn_deg=90 * sheet.turned % 360,
        figure=box_of(solved.pattern.box, sheet), view="top", pitch=_pitch(solved),
    )  # fmt: skip


def _reading_order(pad: Pad) -> tuple[int, int, str]:
    return (0, int(pad.number), "") if pad.number.isdigit() else (1, 0, pad.number)


def _via(solved: Solved, box: Box, offset: tuple[float, float]) -> Via:
    """As it is drawn in its pad, which may stand elsewhere than a drawing not to scale shows it."""
    home = next(i for i, pad in enumerate(solved.pattern.pads) if pad.box.holds_point(box.cx, box.cy))
    pad, (px, py) = solved.pattern.pads[home].box, solved.place(home)
    x, y = px - offset[0] + (box.cx - pad.cx) / solved.scale.x, py - offset[1] + (box.cy - pad.cy) / solved.scale.y
    printed = holes.via_drill(solved, box)
    evidence = [evidence_of(printed, solved.drawing)] if printed else []
    return Via(
        x=round(x, 3) + 0.0, y=round(y, 3) + 0.0, drill=rounded(printed.target) if printed else None, evidence=evidence
    )


def _dimension(
    reading: DimensionReading, solved: Solved, held: bool, pads: list[Pad], order: dict[int, int]
) -> Dimension:
    axis: Literal["x", "y"] = "x" if reading.span.axis == 0 else "y"
    ends = dimension_ends.ends(reading, solved, order)
    return Dimension(
        measures=dimension_ends.words(axis, ends, [p.number for p in pads]), value=value_of(reading.quantity, solved.drawing),
        count=reading.quantity.count, held=held, axis=axis, ends=ends,
    )  # fmt: skip


def _pitch(solved: Solved) -> Value:
    """The printed distance between neighbouring pads of a row, when there is one."""
    for reading, row in solved.fit.rows:
        if len(row) == 2 and sorted(row.values()) == [-1.0, 1.0] and all(_is_centre(solved, v) for v in row):
            steps = [abs(solved.fit.values[a] - solved.fit.values[b]) for a, b in [tuple(row)]]
            if steps and abs(steps[0] - reading.quantity.target) < PITCH_OFF_MM:
                return value_of(reading.quantity, solved.drawing)
    return Value()


def _is_centre(solved: Solved, variable: int) -> bool:
    return any(variable in pair for pair in solved.model.centre)


def _shape_evidence(solved: Solved, i: int) -> list[Evidence]:
    mine = {*solved.model.centre[i], *solved.model.size[i]}
    rows = [(r, row) for r, row in solved.fit.rows if mine & set(row)]
    return [evidence_of(r.quantity, solved.drawing) for r, _ in rows[:8]]


def _pad(
    solved: Solved, i: int, offset: tuple[float, float], name: str, hole: Round | None, role: PadRole, sure: float
) -> Pad:
    shape = solved.pattern.pads[i]
    x, y = solved.place(i)
    placed, sized = solved.settled(i)
    w, h = (rounded(v) for v in solved.stated(i))
    drill: tuple[float, float] | None = None
    kind: PadType = "smd"
    if hole is not None:
        w, h = (rounded(v) for v in hole.copper)
        kind, drill = hole.type, hole.drill
    size_status: Status = "derived" if sized or drill is not None else "assumed" if w and h else "not_stated"
    radius = rounded(shape.radius / solved.scale.x, 3) if shape.kind in ("roundrect", "d_shape") else None
    form = "rect" if shape.kind == "custom" and solved.drawing.sheet.raster else shape.kind  # pixels fray the corners
    return Pad(
        number="" if kind == "np_thru_hole" else "MP" if role == "mechanical" else name, type=kind, shape=form,
        x=round(x - offset[0], 4) + 0.0, y=round(y - offset[1], 4) + 0.0,
        w=w, h=h, drill=drill, corner_radius=radius, role=role, status="derived" if placed else "assumed",
        size_status=size_status, evidence=_shape_evidence(solved, i),
        confidence=round(sure if placed and size_status == "derived" else sure * ASSUMED, 3),
    )  # fmt: skip


def table_of(drawings: list[Drawing]) -> list[Dimension]:
    """Every row of the outline pages' dimension tables."""
    return [
        Dimension(measures=(e.description or e.symbol)[:200], value=value_of(e.quantity, d), count=None)
        for d in drawings for e in d.entries if not _ANGLE.search(e.quantity.printed)
    ][:200]  # fmt: skip


def rounds_of(solved: Solved) -> dict[int, Round]:
    """Type and drill of every round pad, by its index in the pattern."""
    return holes.read(solved)
