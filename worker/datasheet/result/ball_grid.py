"""Writes a ball grid that follows from rules into the result: pads by row letter and column number, A1 at the upper left."""

from __future__ import annotations

from db.documents.kinds.datasheet import LandPattern, Numbering, Pad, Review
from worker.datasheet.land.balls import BALL_ROWS
from worker.datasheet.land.grid_rules import BallGrid
from worker.datasheet.result import assemble
from worker.datasheet.segmentation.captions import LAND, captions_of
from worker.datasheet.thresholds.result import UNCONFIRMED

_NOTE = "grid names from the upper left ball"
_COMPUTED = "no figure shows the pads: {} x {} of them follow from the pitch {}, the pad diameter {} and the outline"


def build(grid: BallGrid) -> tuple[LandPattern, list[Review]]:
    """The pads around the middle of the grid, y down, and what is doubtful about them."""
    title = next((c.word.text[:500] for c in captions_of(grid.rules.sheet.words) if c.kind == LAND), None)
    pads = [_pad(grid, row, column) for row in range(grid.rows) for column in range(grid.columns)]
    land = LandPattern(
        page=grid.rules.number, title=title, pads=pads, pins=len(pads), view="top", confidence=UNCONFIRMED,
        pitch=assemble.value_of(grid.pitch, grid.outline),
        numbering=Numbering(source="convention", note=_NOTE, pin1="convention"),
    )  # fmt: skip
    reason = _COMPUTED.format(grid.columns, grid.rows, grid.pitch.target, grid.diameter.target)
    return land, [
        Review(field="land_pattern.pads", reason=reason),
        Review(field="land_pattern.pads.number", reason=_NOTE),
    ]


def _pad(grid: BallGrid, row: int, column: int) -> Pad:
    pitch, size = grid.pitch.target, round(grid.diameter.target, 4)
    return Pad(
        number=f"{BALL_ROWS[row]}{column + 1}", shape="circle", w=size, h=size, confidence=UNCONFIRMED,
        x=round((column - (grid.columns - 1) / 2) * pitch, 4) + 0.0, y=round((row - (grid.rows - 1) / 2) * pitch, 4) + 0.0,
        evidence=[assemble.evidence_of(grid.diameter, grid.rules), assemble.evidence_of(grid.pitch, grid.outline)],
    )  # fmt: skip
