"""Draws a result over pictures of its pages as one SVG: pads, body values and the boxes of their evidence."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from db.documents.kinds.datasheet import DatasheetResult, LandPattern, Pad

GAP_PT = 12.0
MAX_TEXT = 200
LEAST_PT = 0.1  # of a side of a box, or it could not be seen
PNG = b"\x89PNG\r\n\x1a\n"
COLOURS = {"signal": "#0a7f3f", "thermal": "#b35900", "mechanical": "#6a3d9a"}
Box = tuple[float, float, float, float]
_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# As `draw` writes a page: a group with its picture first; units are points.
_PAGE = re.compile(
    rb'<g transform="[^"]{1,60}" data-page="(\d{1,6})"><image width="([\d.]{1,12})" height="([\d.]{1,12})" '
    rb'href="data:image/png;base64,([A-Za-z0-9+/=]+)"'
)


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page as it was seen: its size in points and the picture as PNG."""

    number: int
    width_pt: float
    height_pt: float
    png: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """A box on a page in points, with the text a viewer sees on hovering."""

    page: int
    box: Box
    title: str
    colour: str
    evidence: bool = False


def pages_read(result: DatasheetResult) -> list[int]:
    """The pages that anything was read from."""
    return sorted({mark.page for mark in _marks(result)})


def draw(result: DatasheetResult, pictures: Sequence[PagePicture]) -> str:
    """The SVG text: one page below the other; texts of the document are escaped."""
    marks = [*_marks(result)]
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg"})
    y, wide = 0.0, 0.0
    for page in pictures:
        group = ET.SubElement(root, "g", {"transform": f"translate(0 {y:g})", "data-page": str(page.number)})
        extent = {"width": f"{page.width_pt:g}", "height": f"{page.height_pt:g}"}
        data = base64.b64encode(page.png).decode("ascii")
        ET.SubElement(group, "image", {**extent, "href": f"data:image/png;base64,{data}"})
        for mark in marks:
            if mark.page == page.number:
                _rect(group, mark)
        y, wide = y + page.height_pt + GAP_PT, max(wide, page.width_pt)
    size = (max(wide, 1.0), max(y - GAP_PT, 1.0))
    root.attrib |= {"viewBox": f"0 0 {size[0]:g} {size[1]:g}", "width": f"{size[0]:g}", "height": f"{size[1]:g}"}
    return ET.tostring(root, encoding="unicode")


def pictures(drawn: bytes) -> list[PagePicture]:
    """The pages of an SVG that `draw` wrote."""
    found = [_picture(*match.groups()) for match in _PAGE.finditer(drawn)]
    return [one for one in found if one.png.startswith(PNG)]


def _picture(number: bytes, width: bytes, height: bytes, picture: bytes) -> PagePicture:
    return PagePicture(int(number), float(width), float(height), base64.b64decode(picture))


def clean(text: str) -> str:
    """Text that XML can hold, of bounded length; escaping is done when it is written."""
    return _CONTROL.sub("", text)[:MAX_TEXT]


def _rect(group: ET.Element, mark: Mark) -> None:
    x0, y0, x1, y1 = mark.box
    look = (
        {"fill": "none", "stroke-dasharray": "2 1"} if mark.evidence else {"fill": mark.colour, "fill-opacity": "0.25"}
    )
    place = {
        "x": f"{x0:g}",
        "y": f"{y0:g}",
        "width": f"{max(x1 - x0, LEAST_PT):g}",
        "height": f"{max(y1 - y0, LEAST_PT):g}",
    }
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
        box = pad_box(pad, land)
        if box is not None:
            yield Mark(land.page, box, _description(pad), COLOURS.get(pad.role, "#1f5fbf"))
    yield from _evidence(land)


def _evidence(land: LandPattern) -> Iterator[Mark]:
    """Each printed number once, however many pads it is cited for."""
    seen: set[tuple[int, Box]] = set()
    for pad in land.pads:
        for cited in pad.evidence:
            if (cited.page, cited.box) not in seen:
                seen.add((cited.page, cited.box))
                yield Mark(cited.page, cited.box, cited.printed, "#1f5fbf", evidence=True)


def pad_box(pad: Pad, land: LandPattern) -> Box | None:
    """Where a pad stands on its page, in points, y down; None where size, place or scale are unknown."""
    w, h = (pad.w, pad.h) if pad.w is not None and pad.h is not None else pad.drill or (None, None)
    if w is None or h is None or land.origin is None or land.points_per_mm is None:
        return None
    sx, sy = land.points_per_mm
    x, y, w, h = pad.x * sx * (-1 if land.view == "bottom" else 1), pad.y * sy, w * sx, h * sy
    for _ in range(-land.turn_deg % 360 // 90):
        x, y, w, h = -y, x, h, w
    x, y = land.origin[0] + x, land.origin[1] + y
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def _description(pad: Pad) -> str:
    size = f"{pad.w:g} x {pad.h:g} mm" if pad.w is not None and pad.h is not None else "size not stated"
    return (
        f"pad {pad.number}: {pad.type} {pad.shape}, {size}, at {pad.x:g}, {pad.y:g} mm, confidence {pad.confidence:.2f}"
    )
