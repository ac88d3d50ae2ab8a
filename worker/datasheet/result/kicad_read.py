"""Reads the pads of a KiCad footprint file, ours or a library's."""

from __future__ import annotations

from db.documents.footprint.sexpr import Expr, child, children, parse
from db.documents.kinds.datasheet import Pad, PadShape

SHAPES: dict[str, PadShape] = {
    "rect": "rect",
    "roundrect": "roundrect",
    "circle": "circle",
    "oval": "oval",
    "custom": "custom",
    "trapezoid": "custom",
}


def read(text: str) -> tuple[str, list[Pad]]:
    """Name and pads of a footprint file; openings that are paste only are left out. Raises ValueError for other files."""
    expr = parse(text)
    if expr[0] not in ("footprint", "module") or len(expr) < 2:
        raise ValueError("the file is not a footprint")
    pads = [p for e in children(expr, "pad") if (p := _read_pad(e)) is not None]
    return str(expr[1]), pads


def _numbers(expr: list[Expr] | None) -> list[float]:
    return [float(v) for v in expr or [] if isinstance(v, int | float)]


def _read_pad(expr: list[Expr]) -> Pad | None:
    number, kind, shape = (str(v) for v in expr[1:4])
    layers = [str(v) for v in (child(expr, "layers") or [])[1:]]
    if not any(name.endswith(".Cu") for name in layers):
        return None
    at, size, drill = (_numbers(child(expr, name)) for name in ("at", "size", "drill"))
    w, h = _polygon_size(expr) or (size[0], size[1])
    ratio = _numbers(child(expr, "roundrect_rratio"))
    return Pad(
        number=number,
        type=kind if kind in ("thru_hole", "np_thru_hole") else "smd",
        shape=SHAPES.get(shape, "custom"),
        x=at[0],
        y=at[1],
        w=w,
        h=h,
        rotation=at[2] % 360 if len(at) > 2 else 0.0,
        drill=(drill[0], drill[1] if len(drill) > 1 else drill[0]) if drill else None,
        corner_radius=round(ratio[0] * min(w, h), 6) if ratio else None,
    )


def _polygon_size(expr: list[Expr]) -> tuple[float, float] | None:
    """Extent of a custom pad's polygons, None for other pads."""
    shapes = child(expr, "primitives")
    points = [
        _numbers(xy) for poly in children(shapes or [], "gr_poly") for xy in children(child(poly, "pts") or [], "xy")
    ]
    if not points:
        return None
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return round(max(xs) - min(xs), 5), round(max(ys) - min(ys), 5)
