"""What the vlm reader asks a model for: three small documents, every number bounded, patterns as rows instead of pads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from db.documents.kinds.datasheet import PadShape, PadType

Mm = Annotated[float, Field(ge=-200, le=200)]
Length = Annotated[float, Field(ge=0, le=200)]
Count = Annotated[int, Field(ge=0, le=2000)]
Short = Annotated[str, Field(max_length=40)]
MAX_ROWS, MAX_ROW = 60, 200


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PrintedQuantity(Strict):
    """One printed quantity; what is not printed is null."""

    min: Length | None
    nom: Length | None
    max: Length | None
    printed: Short


class Counted(Strict):
    """The first answer: what is there, before any place or size."""

    has_land_pattern: bool
    unit: Literal["mm", "inch", "mil"]
    pads: Count
    exposed_pad: bool
    body_length: PrintedQuantity
    body_width: PrintedQuantity
    body_height: PrintedQuantity


class PadRow(Strict):
    """Pads in a straight line, evenly spaced; one pad is a row of one. x right, y down, in the printed unit."""

    group: Annotated[int, Field(ge=0, le=30)]
    first_number: Annotated[int, Field(ge=0, le=2000)]
    number_step: Annotated[int, Field(ge=-100, le=100)]
    count: Annotated[int, Field(ge=1, le=MAX_ROW)]
    x: Mm
    y: Mm
    step_x: Mm
    step_y: Mm


class Centres(Strict):
    """The second answer: where the pads are."""

    rows: Annotated[list[PadRow], Field(max_length=MAX_ROWS)]


class PadSize(Strict):
    """The size that all pads of a group share; null where the drawing prints none."""

    group: Annotated[int, Field(ge=0, le=30)]
    type: PadType
    shape: PadShape
    w: Length | None
    h: Length | None
    drill: Length | None
    role: Literal["signal", "thermal", "mechanical"]
    printed: Short


class PadSizes(Strict):
    """The third answer: how large the pads are."""

    groups: Annotated[list[PadSize], Field(max_length=31)]
