"""The result of the kind `datasheet.extract`: the footprint and body found, with their evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .base import Document
from .datasheet_evidence import Confidence as Confidence
from .datasheet_evidence import Evidence as Evidence
from .datasheet_evidence import Name as Name
from .datasheet_evidence import Page as Page
from .datasheet_evidence import Text as Text
from .datasheet_pin import Pin
from .datasheet_verdict import FootprintVerdict

Reader = Literal["vector", "vlm", "both"]
Status = Literal["stated", "derived", "assumed", "not_stated", "corrected"]
PadType = Literal["smd", "thru_hole", "np_thru_hole"]
PadShape = Literal["rect", "roundrect", "circle", "oval", "d_shape", "custom"]
PadRole = Literal["signal", "thermal", "mechanical", "via", "paste", "stencil", "optional"]
Level = Literal["A", "B", "C"]

MOST_MM = 2000  # no part is larger; a number beyond it was misread
Millimetres = Annotated[float, Field(ge=-MOST_MM, le=MOST_MM)]


class Value(Document):
    """One quantity in millimetres. A limit the document does not print is null, never a guess."""

    min: Millimetres | None = None
    nom: Millimetres | None = None
    max: Millimetres | None = None
    printed: Text | None = None
    unit: Literal["mm", "inch", "mil"] | None = None
    symbol: Name | None = None
    page: Page | None = None
    box: tuple[float, float, float, float] | None = None
    status: Status = "not_stated"
    formula: Text | None = None
    confidence: Confidence = 0.0


class Body(Document):
    """The package body without leads: `length` is the larger side seen from the top."""

    length: Value = Value()
    width: Value = Value()
    height: Value = Value()


class Terminals(Document):
    count: int | None = None
    pitch: Value = Value()
    width: Value = Value()
    foot_length: Value = Value()
    thickness: Value = Value()
    standoff: Value = Value()


class Padstack(Document):
    """What one name stands for: pads that share it are made alike."""

    name: Name
    type: PadType
    shape: PadShape
    w: Millimetres | None = None
    h: Millimetres | None = None
    drill: tuple[Millimetres, Millimetres] | None = None
    corner_radius: Millimetres | None = None


class Pad(Document):
    """One pad: centre, size along x and y, y down, origin at the centre of the pad extents. Null: not stated."""

    number: Name
    type: PadType = "smd"
    shape: PadShape = "rect"
    x: Millimetres
    y: Millimetres
    w: Millimetres | None = None
    h: Millimetres | None = None
    rotation: Annotated[float, Field(ge=0, lt=360)] = 0.0
    drill: tuple[Millimetres, Millimetres] | None = None
    corner_radius: Millimetres | None = None
    role: PadRole = "signal"
    padstack: Name = ""
    status: Status = "derived"
    size_status: Status = "derived"
    confidence: Confidence = 0.0
    evidence: list[Evidence] = []


class Via(Document):
    """A hole within a pad; its drill is null where none is printed."""

    x: Millimetres
    y: Millimetres
    drill: Millimetres | None = None
    evidence: list[Evidence] = []


class End(Document):
    """A line of a pad that a dimension ends at; low is the left or upper edge."""

    pad: int = Field(ge=0, description="Place in the list of pads, from 0")
    at: Literal["low", "centre", "high"]


class Dimension(Document):
    """A printed dimension of the drawing and what it measures."""

    measures: Name
    value: Value
    count: int | None = None
    held: bool = Field(True, description="Whether the solved pattern keeps it")
    axis: Literal["x", "y"] | None = None
    ends: tuple[End, End] | None = Field(None, description="Null: it ends at something else than pads")


class Numbering(Document):
    source: Literal["printed", "partly_printed", "convention", "vlm", "none"] = "none"
    note: Text = ""
    pin1: Literal["printed", "dot", "outline", "convention", "unknown"] = "unknown"


class LandPattern(Document):
    page: Page | None = None
    view: Literal["top", "bottom", "unknown"] = "unknown"
    title: Text | None = None
    pads: list[Pad] = []
    pins: int | None = Field(None, description="How many the outline or the package's name states, where it states it")
    vias: list[Via] = []
    paste: list[Pad] = []
    padstacks: list[Padstack] = []
    pitch: Value = Value()
    dimensions: list[Dimension] = []
    numbering: Numbering = Numbering()
    points_per_mm: tuple[float, float] | None = None
    to_scale: bool | None = None
    origin: tuple[float, float] | None = Field(None, description="Where the frame's origin lies on the page, in points")
    turn_deg: Literal[0, 90, 180, 270] = Field(
        0, description="How far clockwise the page as seen is turned to stand as the frame of the pads does"
    )
    figure: tuple[float, float, float, float] | None = None
    confidence: Confidence = 0.0


class View(Document):
    """A figure seen in the document."""

    page: Page
    kind: Literal["outline", "land_pattern", "stencil", "detail", "other"]
    box: tuple[float, float, float, float] | None = None
    title: Text | None = None
    score: float = 0.0


class Variant(Document):
    """A package or size the document also holds."""

    name: Name
    mechanical_page: Page | None = None
    land_page: Page | None = None
    chosen: bool = False


class Equation(Document):
    """A consistency equation between printed numbers, such as pitch * (n - 1) + w = extent; ranges hold when they meet."""

    name: Name = ""
    text: Text
    left: float
    right: float
    held: bool
    off_mm: float = Field(0.0, ge=0, description="How far apart both sides are")
    values: list[Name] = Field([], description="Paths of the values it used")


class Check(Document):
    """A design rule looked at after reading."""

    rule: Name
    passed: bool
    severity: Literal["info", "warning", "error"] = "warning"
    message: Text = ""
    pads: list[Name] = []


class Review(Document):
    """Something a person should look at before trusting a field."""

    field: Name
    reason: Text


class Disagreement(Document):
    """Two readers that read a field differently."""

    field: Name
    vector: Text
    vlm: Text


class Corrected(Document):
    """A number that a person corrected after reading, or accepted: then both are equal."""

    field: Name
    before: float | Text | None = None
    value: float | Text | None = None
    author: Name
    at: datetime


class IpcPattern(Document):
    """The land pattern computed from the body values by IPC-7351B."""

    level: Level
    name: Name | None = None
    pads: list[Pad] = []
    note: Text = ""


class LibraryPart(Document):
    """The nearest footprint of a given library and how far it is."""

    name: Name
    max_position_diff_mm: float
    max_size_diff_mm: float
    numbers_equal: int
    rotation_deg: int = 0


class Courtyard(Document):
    x0: Millimetres
    y0: Millimetres
    x1: Millimetres
    y1: Millimetres


class Files(Document):
    """Keys of the result files in the object store."""

    footprint_json: Name | None = None
    kicad_mod: Name | None = None
    kicad_sym: Name | None = None
    overlay_svg: Name | None = None


class DatasheetResult(Document):
    schema_name: Literal["bm3vl.datasheet/1"] = "bm3vl.datasheet/1"
    package: Name | None = None
    mpn: Name | None = None
    page_count: int = 0
    mechanical_pages: list[Page] = []
    land_pages: list[Page] = []
    reader: Reader = "vector"
    readers_used: list[Literal["vector", "vlm"]] = []
    body: Body = Body()
    overall: dict[Literal["x", "y"], Value] = {}
    terminals: Terminals = Terminals()
    exposed_pad: dict[Literal["x", "y"], Value] = Field(
        {}, description="Of the package; that of the board is a thermal pad"
    )
    dimensions: list[Dimension] = Field([], description="Every other value of the dimension table, by symbol")
    body_in_land_frame: dict[Literal["x", "y"], Literal["length", "width"]] = {}
    land_pattern: LandPattern | None = Field(None, description="Null: the document recommends none")
    land_pattern_status: Literal["found", "not_in_document", "not_read"] = "not_in_document"
    pins: list[Pin] = Field([], description="Of the package asked; empty where no table or figure of pins was read")
    views: list[View] = []
    variants: list[Variant] = []
    ambiguities: list[Text] = []
    equations: list[Equation] = []
    checks: list[Check] = []
    disagreements: list[Disagreement] = []
    ipc: list[IpcPattern] = []
    ipc_name: Name | None = None
    courtyard: Courtyard | None = None
    nearest: LibraryPart | None = None
    needs_review: list[Review] = []
    verdict: FootprintVerdict | None = Field(None, description="Null in results of earlier versions")
    corrections: list[Corrected] = []
    confidence: Confidence = 0.0
    files: Files = Files()
    seconds: float = 0.0
