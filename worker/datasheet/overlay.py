"""Draws what was read over the rendered pages as one SVG: pads, body values and the boxes of their evidence."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from db.kinds.datasheet import DatasheetResult, LandPattern, Pad
from worker.datasheet import pages
from worker.datasheet.pages import Book

PX_PER_PT = 2.0
GAP_PT = 12.0
MAX_TEXT = 200
_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Box = tuple[float, float, float, float]
COLOURS = {"signal": "#0a7f3f", "thermal": "#b35900", "mechanical": "#6a3d9a"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A box on a page in points, with the text a viewer sees on hovering."""

    page: int
    box: Box
    title: str
    colour: str
    evidence: bool = False


def draw(result: DatasheetResult, book: Book) -> str:
    """The SVG text. Every page that anything was read from is shown once, below the others; texts of the document are escaped."""
    marks = [m for m in _marks(result) if 1 <= m.page <= book.pages]
    shown = sorted({m.page for m in marks})
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg"})
    y, wide = 0.0, 0.0
    for number in shown:
        width, height, picture = _picture(book, number)
        group = ET.SubElement(root, "g", {"transform": f"translate(0 {y:g})", "data-page": str(number)})
        ET.SubElement(group, "image", {"width": f"{width:g}", "height": f"{height:g}", "href": picture})
        for mark in marks:
            if mark.page == number:
                _rect(group, mark)
        y, wide = y + height + GAP_PT, max(wide, width)
    size = (max(wide, 1.0), max(y - GAP_PT, 1.0))
    root.attrib |= {"viewBox": f"0 0 {size[0]:g} {size[1]:g}", "width": f"{size[0]:g}", "height": f"{size[1]:g}"}
    return ET.tostring(root, encoding="unicode")


def clean(text: str) -> str:
    """Text that XML can hold, of bounded length; escaping is done when it is written."""
    return _CONTROL.sub("", text)[:MAX_TEXT]


def _picture(book: Book, number: int) -> tuple[float, float, str]:
    """Width and height in points, and the page as a data address."""
    pixels, scale = pages.render(book, number, PX_PER_PT)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=False)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    height, width = pixels.shape[:2]
    return width / scale, height / scale, f"data:image/png;base64,{data}"


def _rect(group: ET.Element, mark: Mark) -> None:
    x0, y0, x1, y1 = mark.box
    look = (
        {"fill": "none", "stroke-dasharray": "2 1"} if mark.evidence else {"fill": mark.colour, "fill-opacity": "0.25"}
    )
    place = {"x": f"{x0:g}", "y": f"{y0:g}", "width": f"{max(x1 - x0, 0.1):g}", "height": f"{max(y1 - y0, 0.1):g}"}
    rect = ET.SubElement(group, "rect", {**place, **look, "stroke": mark.colour, "stroke-width": "0.6"})
    ET.SubElement(rect, "title").text = clean(mark.title)


def _marks(result: DatasheetResult) -> Iterator[Mark]:
    for name in ("length", "width", "height"):
        value = getattr(result.body, name)
        if value.page is not None and value.box is not None:
            yield Mark(value.page, value.box, f"body {name}: {value.printed or ''}", "#c00000", evidence=True)
    land = result.land_pattern
    if land is None or land.page is None:
        return
    for pad in land.pads:
        box = _pad_box(pad, land)
        if box is not None:
            yield Mark(land.page, box, _told(pad), COLOURS.get(pad.role, "#1f5fbf"))
    yield from _evidence(land)


def _evidence(land: LandPattern) -> Iterator[Mark]:
    """Each printed number once, however many pads it is cited for."""
    seen: set[tuple[int, Box]] = set()
    for pad in land.pads:
        for cited in pad.evidence:
            if (cited.page, cited.box) not in seen:
                seen.add((cited.page, cited.box))
                yield Mark(cited.page, cited.box, cited.printed, "#1f5fbf", evidence=True)


def _pad_box(pad: Pad, land: LandPattern) -> Box | None:
    w, h = (pad.w, pad.h) if pad.w is not None and pad.h is not None else pad.drill or (None, None)
    if w is None or h is None or land.origin is None or land.points_per_mm is None:
        return None
    sx, sy = land.points_per_mm
    x, y = land.origin[0] + pad.x * sx, land.origin[1] + pad.y * sy
    return x - w * sx / 2, y - h * sy / 2, x + w * sx / 2, y + h * sy / 2


def _told(pad: Pad) -> str:
    size = f"{pad.w:g} x {pad.h:g} mm" if pad.w is not None and pad.h is not None else "size not stated"
    return (
        f"pad {pad.number}: {pad.type} {pad.shape}, {size}, at {pad.x:g}, {pad.y:g} mm, confidence {pad.confidence:.2f}"
    )
