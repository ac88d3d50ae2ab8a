"""Writes a footprint as KiCad 6 and later read it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from db.documents.footprint import courtyard as around
from db.documents.footprint.courtyard import Rect
from db.documents.footprint.sexpr import Expr, Symbol, dump
from db.documents.kinds.datasheet import Courtyard, DatasheetResult, LandPattern, Pad, Via

VERSION = 20211014  # the file format of KiCad 6.0, which every later one reads
RING_MM = 0.25  # copper around a hole whose pad size is not stated
VIA_RING_MM = 0.1
D_POINTS = 16
D_ANCHOR = 0.8  # of a D-shaped pad's smaller side: the square that its outline stands around
TEXT_OFF_MM, TEXT_MM, TEXT_PEN_MM = 0.8, 1, 0.15
TEXT_Y_MM = 2.0  # without a courtyard
FAB_MM, YARD_MM, MARK_RADIUS_MM = 0.1, 0.05, 0.1  # widths of lines; the dot beside pin 1
CHAMFER, CHAMFER_MM = 0.25, 1.0  # of the smaller side of the body, and at most
SMD_LAYERS = ("F.Cu", "F.Paste", "F.Mask")


@dataclass
class Footprint:
    """A file's text and what had to be assumed or left out to write it."""

    text: str
    notes: list[str] = field(default_factory=list)


def safe_name(name: str) -> str:
    """A file and footprint name: letters, digits and a few signs."""
    return re.sub(r"[^A-Za-z0-9_.+-]+", "_", name).strip("._")[:80] or "footprint"


def write(result: DatasheetResult, name: str) -> Footprint | None:
    """The footprint of a result; None when it has no pad that can be made."""
    land = result.land_pattern
    if land is None or not land.pads:
        return None
    notes: list[str] = []
    pasted = {p.number for p in land.paste}
    pads = [e for p in land.pads if (e := _pad(p, notes, _layers(p, pasted))) is not None]
    if not pads:
        return None
    notes.extend(_left_open(land))
    body = around.body_rect(result)
    yard = result.courtyard or around.courtyard(land.pads, body)
    thermal = next((p.number for p in land.pads if p.role == "thermal"), "")
    items: list[Expr] = [
        Symbol("footprint"),
        name,
        _list("version", VERSION),
        _list("generator", Symbol("bm3vl")),
        _list("layer", "F.Cu"),
        _list("descr", _description(result, notes)),
        _list("tags", result.package or ""),
        _attribute(land.pads),
        *_texts(name, yard),
        *_body_lines(body, land.pads),
        *_mark(land.pads),
        *_yard(yard),
        *pads,
        *[e for p in land.paste if (e := _pad(p.model_copy(update={"number": ""}), notes, ("F.Paste",))) is not None],
        *[e for v in land.vias if (e := _via(v, thermal)) is not None],
    ]
    return Footprint(dump(items) + "\n", notes)


def _left_open(land: LandPattern) -> Iterator[str]:
    """What the drawing does not give and the file therefore lacks or takes as usual."""
    whole = [p.number for p in land.pads if p.role == "thermal" and p.number not in {w.number for w in land.paste}]
    if whole:
        yield f"paste of pad {', '.join(whole)} as large as the pad: no windows read"
    bare = sum(v.drill is None for v in land.vias)
    if bare:
        yield f"{bare} vias left out: no drill read"


def _list(name: str, *items: Expr) -> list[Expr]:
    return [Symbol(name), *items]


def _description(result: DatasheetResult, notes: list[str]) -> str:
    page = result.land_pattern.page if result.land_pattern else None
    source = f"{result.package or 'land pattern'}{f' from page {page} of its datasheet' if page else ''}"
    changed = len({one.field for one in result.corrections if one.before != one.value})
    by_hand = [f"{changed} number{'' if changed == 1 else 's'} corrected by hand"] if changed else []
    lacking = result.verdict.lacking if result.verdict else []
    warning = [f"INCOMPLETE: {'; '.join(lacking)}"] if lacking else []
    return "; ".join([*warning, source, *notes, *by_hand, *(["needs review"] if result.needs_review else [])])[:800]


def _attribute(pads: list[Pad]) -> Expr:
    return _list("attr", Symbol("through_hole" if any(p.type == "thru_hole" for p in pads) else "smd"))


# --- pads ---------------------------------------------------------------------------------------------------------


def _layers(pad: Pad, pasted: set[str]) -> tuple[str, ...]:
    """Where a pad is made; the paste of a pad with windows is made by those."""
    if pad.type != "smd":
        return ("*.Cu", "*.Mask")
    return SMD_LAYERS[::2] if pad.role == "thermal" and pad.number in pasted else SMD_LAYERS


def _pad(pad: Pad, notes: list[str], layers: tuple[str, ...]) -> Expr | None:
    size = _size(pad, notes)
    if size is None:
        return None
    if pad.shape == "custom":
        notes.append(f"pad {pad.number or '(none)'} written as the rectangle around its outline")
    shape = "custom" if pad.shape == "d_shape" else "rect" if pad.shape == "custom" else pad.shape
    at = _list("at", float(pad.x), float(pad.y), *([float(pad.rotation)] if pad.rotation else []))
    drill = [_drill(pad.drill)] if pad.drill is not None and pad.type != "smd" else []
    number = "" if pad.type == "np_thru_hole" else pad.number
    if shape == "custom":
        return _d_shape(pad, size, at, layers)
    head: list[Expr] = [Symbol("pad"), number, Symbol(pad.type), Symbol(shape), at, _list("size", *size), *drill]
    more: list[Expr] = []
    if shape == "roundrect":
        ratio = min(0.5, (pad.corner_radius or 0.0) / min(size))
        more.append(_list("roundrect_rratio", round(ratio, 6)))
    return [*head, _list("layers", *layers), *more]


def _size(pad: Pad, notes: list[str]) -> tuple[float, float] | None:
    """The copper to write. What is not stated is assumed around the hole and said so, or the pad is left out."""
    if pad.w is not None and pad.h is not None and pad.w > 0 and pad.h > 0:
        return pad.w, pad.h
    if pad.type == "smd" or pad.drill is None:
        notes.append(f"pad {pad.number or '(none)'} left out: its size is not stated")
        return None
    if pad.type == "np_thru_hole":
        return pad.drill
    notes.append(f"copper of pad {pad.number} assumed: hole + {2 * RING_MM:g} mm")
    return pad.drill[0] + 2 * RING_MM, pad.drill[1] + 2 * RING_MM


def _drill(drill: tuple[float, float]) -> Expr:
    if abs(drill[0] - drill[1]) < 1e-6:
        return _list("drill", float(drill[0]))
    return _list("drill", Symbol("oval"), float(drill[0]), float(drill[1]))


def _d_shape(pad: Pad, size: tuple[float, float], at: Expr, layers: tuple[str, ...]) -> Expr:
    """A rectangle whose end towards the middle of the pattern is a half circle, around a small square anchor."""
    anchor = round(min(size) * D_ANCHOR, 4)
    points = [_list("xy", round(x, 5), round(y, 5)) for x, y in d_outline(size, pad.x, pad.y)]
    polygon = _list("gr_poly", _list("pts", *points), _list("width", 0), _list("fill", Symbol("yes")))
    options = _list("options", _list("clearance", Symbol("outline")), _list("anchor", Symbol("rect")))
    return [
        Symbol("pad"),
        pad.number,
        Symbol("smd"),
        Symbol("custom"),
        at,
        _list("size", anchor, anchor),
        _list("layers", *layers),
        options,
        _list("primitives", polygon),
    ]


def d_outline(size: tuple[float, float], x: float, y: float) -> list[tuple[float, float]]:
    """Corner points around the pad's own middle; the round end looks to the origin."""
    w, h = size
    flat = w >= h
    r = min(w, h) / 2
    inwards = (-1.0 if x > 0 else 1.0) if flat else (-1.0 if y > 0 else 1.0)
    half = max(w, h) / 2
    arc = [math.pi * (i / D_POINTS - 0.5) for i in range(D_POINTS + 1)]
    along = [(-half, -r), *[(half - r + r * math.cos(t), r * math.sin(t)) for t in arc], (-half, r)]
    return [(inwards * a, b) if flat else (b, inwards * a) for a, b in along]


def _via(via: Via, number: str) -> Expr | None:
    if via.drill is None:
        return None
    size = float(via.drill + 2 * VIA_RING_MM)
    return [
        Symbol("pad"),
        number,
        Symbol("thru_hole"),
        Symbol("circle"),
        _list("at", float(via.x), float(via.y)),
        _list("size", size, size),
        _list("drill", float(via.drill)),
        _list("layers", "*.Cu"),
    ]


# --- drawing ------------------------------------------------------------------------------------------------------


def _texts(name: str, yard: Courtyard | None) -> list[Expr]:
    top, bottom = (yard.y0 - TEXT_OFF_MM, yard.y1 + TEXT_OFF_MM) if yard else (-TEXT_Y_MM, TEXT_Y_MM)
    font = _list("effects", _list("font", _list("size", TEXT_MM, TEXT_MM), _list("thickness", TEXT_PEN_MM)))
    return [
        _list("fp_text", Symbol("reference"), "REF**", _list("at", 0, round(top, 3)), _list("layer", "F.SilkS"), font),
        _list("fp_text", Symbol("value"), name, _list("at", 0, round(bottom, 3)), _list("layer", "F.Fab"), font),
    ]


def _line(ends: tuple[float, float, float, float], layer: str, width: float) -> Expr:
    x0, y0, x1, y1 = (round(v, 4) for v in ends)
    return _list("fp_line", _list("start", x0, y0), _list("end", x1, y1), _list("layer", layer), _list("width", width))


def _body_lines(body: Rect | None, pads: list[Pad]) -> list[Expr]:
    """The body on the fabrication layer with a chamfer at the corner nearest to pin 1, and on the silkscreen beside the pads."""
    if body is None:
        return []
    corners = _chamfered(body, next((p for p in pads if p.number in ("1", "A1")), None))
    pairs = zip(corners, [*corners[1:], corners[0]], strict=True)
    fab = [_line((*a, *b), "F.Fab", FAB_MM) for a, b in pairs]
    return fab + [_line(ends, "F.SilkS", around.SILK_MM) for ends in around.silk_lines(body, pads)]


def _chamfered(body: Rect, first: Pad | None) -> list[tuple[float, float]]:
    corners = [(body.x0, body.y0), (body.x1, body.y0), (body.x1, body.y1), (body.x0, body.y1)]
    if first is None:
        return corners
    cut = min(CHAMFER_MM, CHAMFER * min(body.x1 - body.x0, body.y1 - body.y0))
    near = min(range(4), key=lambda i: math.dist(corners[i], (first.x, first.y)))
    before, at, after = corners[near - 1], corners[near], corners[(near + 1) % 4]
    return [*corners[:near], _towards(at, before, cut), _towards(at, after, cut), *corners[near + 1 :]]


def _towards(start: tuple[float, float], end: tuple[float, float], by: float) -> tuple[float, float]:
    long = math.dist(start, end)
    return start[0] + (end[0] - start[0]) * by / long, start[1] + (end[1] - start[1]) * by / long


def _mark(pads: list[Pad]) -> list[Expr]:
    at = around.pin1_mark(pads)
    if at is None:
        return []
    x, y = (round(v, 4) for v in at)
    circle = _list("center", x, y), _list("end", round(x + MARK_RADIUS_MM, 4), y)
    look = _list("layer", "F.SilkS"), _list("width", around.SILK_MM), _list("fill", Symbol("solid"))
    return [_list("fp_circle", *circle, *look)]


def _yard(yard: Courtyard | None) -> list[Expr]:
    if yard is None:
        return []
    corners = [(yard.x0, yard.y0), (yard.x1, yard.y0), (yard.x1, yard.y1), (yard.x0, yard.y1)]
    return [_line((*a, *b), "F.CrtYd", YARD_MM) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]
