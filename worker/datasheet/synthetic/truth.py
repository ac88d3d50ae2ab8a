"""The truth about a made-up datasheet in the schema of the drawings read by eye, with the box of every printed text."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from worker.datasheet.synthetic.document import Drawn
from worker.datasheet.synthetic.part import PadSpec, Spread
from worker.datasheet.synthetic.style import Style

SCHEMA = "bm3vl.datasheet_truth/1"
TERMINAL = {"pitch": "pitch", "lead_width": "width", "foot_length": "foot_length"}


def truth_of(drawn: Drawn, pdf: Path, name: str, seed: int, split: str) -> dict[str, Any]:
    """A document as JSON. Values that the drawing does not print are null."""
    part, style = drawn.part, drawn.style
    return {
        "schema": SCHEMA,
        "name": name,
        "mpn": None,
        "manufacturer": None,
        "package_printed": part.code,
        "drawing_number": None,
        "source": {"pdf": f"pdf/{pdf.name}", "sha256": hashlib.sha256(pdf.read_bytes()).hexdigest(), "seed": seed},
        "pages": {"mechanical": [drawn.outline_page], "land_pattern": [drawn.land_page] if drawn.land_page else []},
        "page_count": drawn.page_count,
        "units_printed": _units(style),
        "split": split,
        "family": part.family,
        "style": style.name,
        "body": _body(drawn),
        "body_in_land_frame": _frame(drawn),
        "overall_with_leads": _overall(drawn),
        "terminals": {
            "count": sum(p.role == "signal" for p in part.pads),
            **{key: _value(drawn, dim) for dim, key in TERMINAL.items() if dim in drawn.outline.stated},
        },
        "exposed_pad_package": _exposed(drawn),
        "other_dims": {},
        "land_pattern": _land(drawn) if drawn.land_page else None,
        "kicad_footprint": part.footprint,
        "tags": _tags(style),
        "ambiguities": [],
        "method": "generated",
        "evidence": [{"page": p.page, "box": p.box, "printed": p.text, "what": p.what} for p in drawn.printed],
    }


def _units(style: Style) -> str:
    return {"bracket": "mm [inch]", "inch_over_mm": "inch/mm"}.get(style.outline, "mm")


def _spread(value: Spread, printed: str) -> dict[str, Any]:
    return {"min": value.min, "nom": value.nom, "max": value.max, "printed": printed}


def _value(drawn: Drawn, name: str) -> dict[str, Any]:
    if name not in drawn.outline.stated:
        return {"min": None, "nom": None, "max": None, "printed": None}
    dim, value, printed = drawn.outline.stated[name]
    return {**_spread(value, printed), "symbol": dim.symbol if drawn.style.outline == "table" else None}


def _x_is_length(drawn: Drawn) -> bool:
    return drawn.part.size[0] >= drawn.part.size[1]


def _body(drawn: Drawn) -> dict[str, Any]:
    long, short = ("body_x", "body_y") if _x_is_length(drawn) else ("body_y", "body_x")
    return {"length": _value(drawn, long), "width": _value(drawn, short), "height": _value(drawn, "height")}


def _frame(drawn: Drawn) -> dict[str, str]:
    x_long = _x_is_length(drawn) != drawn.style.turned_land
    return {"x": "length", "y": "width"} if x_long else {"x": "width", "y": "length"}


def _overall(drawn: Drawn) -> dict[str, Any]:
    return {key: _value(drawn, key) for key in ("overall", "overall_x", "overall_y") if key in drawn.outline.stated}


def _exposed(drawn: Drawn) -> dict[str, Any] | None:
    if "ep_x" not in drawn.outline.stated:
        return None
    return {"x": _value(drawn, "ep_x"), "y": _value(drawn, "ep_y")}


def _land(drawn: Drawn) -> dict[str, Any]:
    pads, known = drawn.pads, drawn.known
    return {
        "frame": "as drawn, x right, y DOWN (KiCad), origin = centre of pad extents",
        "dimensions_printed": drawn.land_printed,
        "pin_numbers_printed": {"all": "full", "none": "none"}.get(drawn.style.numbers, "partial"),
        "pad_count": len(pads),
        "electrical_terminal_count": sum(p.role == "signal" for p in pads),
        "pads": [_pad(drawn, p, known.width[i], known.height[i], known.hole[i]) for i, p in enumerate(pads)],
        "optional_pads": [],
        "vias": [],
        "mask": None,
        "paste": None,
    }


def _pad(drawn: Drawn, pad: PadSpec, width: bool, height: bool, hole: bool) -> dict[str, Any]:
    copper = pad.type != "np_thru_hole"
    found: dict[str, Any] = {
        "number": pad.number,
        "type": pad.type,
        "shape": pad.shape,
        "x": pad.x,
        "y": pad.y,
        "w": pad.w if width and copper else None,
        "h": pad.h if height and copper else None,
    }
    if pad.drill is not None:
        found["drill"] = list(pad.drill) if hole else None
    if pad.radius:
        found["corner_radius"] = pad.radius
    if pad.role != "signal":
        found["role"] = pad.role
    if pad.role == "exposed" or not _numbers_follow(drawn):
        found["accept_numbers"] = ["*"] if pad.role != "exposed" else ["EP", pad.number]
    return found


def _numbers_follow(drawn: Drawn) -> bool:
    """Whether a reader can know the numbers: printed, or by the convention that the family follows."""
    crossed = drawn.part.family in ("header", "switch", "connector", "library")
    return drawn.style.numbers == "all" or not crossed


def _tags(style: Style) -> list[str]:
    tags = [
        "vector",
        f"outline_{style.outline}",
        f"land_{style.land}",
        f"span_{style.span}",
        f"numbers_{style.numbers}",
    ]
    flags = {
        "decimal_comma": style.comma,
        "stencil_drawing": style.stencil,
        "same_page": style.same_page,
        "rotated_page": style.turned_page,
        "land_rotated_vs_outline": style.turned_land,
        "stroked_text_no_text_layer": style.font == "strokes",
        "not_to_scale": style.stretch != 1 or style.scribble > 0,
        "multi_variant": style.other_variant,
        "redundant_dimensions": style.twice,
        "stencil_beside": style.beside,
    }
    return tags + [name for name, on in flags.items() if on]
