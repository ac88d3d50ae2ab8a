"""Writes one made-up datasheet: front pages, the outline, the land pattern and what stands around them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

from worker.datasheet.synthetic import guard
from worker.datasheet.synthetic.canvas import Printed, SheetCanvas
from worker.datasheet.synthetic.land import LandFigure, extent, stencil_of, turned
from worker.datasheet.synthetic.outline import FULL, HALF, OutlineFigure, draw_table
from worker.datasheet.synthetic.part import Edge, Link, PadSpec, SyntheticPart
from worker.datasheet.synthetic.printing import number
from worker.datasheet.synthetic.style import Style

TITLES = {
    "ti": ("PACKAGE OUTLINE", "LAND PATTERN EXAMPLE"),
    "onsemi": ("MECHANICAL CASE OUTLINE", "SOLDERING FOOTPRINT"),
    "microchip": ("Package Outline Drawing", "RECOMMENDED LAND PATTERN"),
    "plain": ("Package Outline Dimensions", "Suggested Pad Layout"),
    "nxp": ("Package outline", "Reflow soldering footprint"),
    "bracket": ("OUTLINE DIMENSIONS", "P.C. BOARD LAYOUT"),
    "inches": ("PACKAGE DIMENSIONS", "RECOMMENDED FOOTPRINT"),
    "plotter": ("MECHANICAL DATA", "LAND PATTERN DATA"),
    "dashes": ("OUTLINE DRAWING", "RECOMMENDED PAD LAYOUT"),
    "skewed": ("PHYSICAL DIMENSIONS", "RECOMMENDED LAND PATTERN"),
    "mixed": ("Package Dimensions", "Recommended Land Pattern"),
}
FINE_PT, TOO_FINE_PT = 4.5, 2.2
SENTENCE = "the device keeps its output voltage stable over the whole range of load and supply current in every mode"


@dataclass
class Drawn:
    """What was written: the pages, the texts with their boxes, and what follows from them."""

    part: SyntheticPart
    style: Style
    pads: list[PadSpec]
    links: list[Link]
    known: guard.Known
    printed: list[Printed]
    outline_page: int
    land_page: int | None
    page_count: int
    outline: OutlineFigure
    land_printed: dict[str, str]


def write(
    path: Path,
    part: SyntheticPart,
    style: Style,
    rng: random.Random,
    land: bool = True,
    other: SyntheticPart | None = None,
) -> Drawn:
    """The document of one part. Raises ValueError when the places of its pads would not follow from the print."""
    pads, links = turned(part) if style.turned_land else (part.pads, part.links)
    links = _unique([*links, *_again(links)] if style.twice else links)
    known = guard.follows(pads, links)
    if not known.places:
        raise ValueError(f"the places of {part.code} do not follow from its dimensions")
    canvas = SheetCanvas(path, style.font, rotated=style.turned_page)
    for i in range(style.front_pages):
        _front(canvas, part, rng, i)
        canvas.next_page()
    if other is not None:
        _outline(canvas, style, other, False)
        canvas.next_page()
    outline, outline_page = _outline(canvas, style, part, style.same_page and land), canvas.page
    land_page, values = None, {}
    if land:
        if not style.same_page:
            canvas.next_page()
        land_page = canvas.page
        values = _land(canvas, style, part, pads, links, known)
        if style.stencil and not part.through:
            _stencil(canvas, style, part, stencil_of(pads, rng), links)
    canvas.save()
    return Drawn(part, style, pads, links, known, canvas.printed, outline_page, land_page, canvas.page, outline, values)


def _again(links: list[Link]) -> list[Link]:
    """The distances of opposite pads once more, between other edges of theirs."""
    other: dict[tuple[Edge, Edge], tuple[Edge, Edge]] = {(0, 0): (-1, 1), (-1, 1): (1, -1), (1, -1): (-1, 1)}
    spans = [link for link in links if link.what.startswith("span")]
    ends = [other[link.a[1], link.b[1]] for link in spans]
    return [
        replace(link, a=(link.a[0], a), b=(link.b[0], b), what=f"{link.what} again")
        for link, (a, b) in zip(spans, ends, strict=True)
    ]


def _unique(links: list[Link]) -> list[Link]:
    """Links whose table letters differ."""
    seen: set[str] = set()
    result = []
    for link in links:
        symbol, i = link.symbol, 1
        while symbol in seen:
            i += 1
            symbol = f"{link.symbol[0]}{i}"
        seen.add(symbol)
        result.append(replace(link, symbol=symbol))
    return result


def _front(canvas: SheetCanvas, part: SyntheticPart, rng: random.Random, page: int) -> None:
    plain, canvas.font = canvas.font, "Helvetica"
    canvas.text(297, 60, f"SX{rng.randint(1000, 9999)} in {part.code}" if page == 0 else "Application information", 14)
    for i in range(40):
        canvas.text(297, 100 + 17 * i, " ".join(rng.sample(SENTENCE.split(), 13)) + ".", 8)
    canvas.font = plain


def _head(canvas: SheetCanvas, title: str, part: SyntheticPart) -> None:
    canvas.text(297, 45, title, 12)
    canvas.text(170, 66, part.code, 9, "package")
    canvas.text(400, 66, part.title, 8)
    canvas.line(40, 76, 555, 76, pen=1.0)


def _outline(canvas: SheetCanvas, style: Style, part: SyntheticPart, half: bool) -> OutlineFigure:
    _head(canvas, TITLES[style.name][0], part)
    if style.han:
        canvas.han(460, 45, "封装外形尺寸 单位:mm", 10)
    figure = OutlineFigure(canvas, style, part, HALF if half else FULL)
    figure.draw()
    canvas.text(150, 815, _note(style), 7)
    return figure


def _note(style: Style) -> str:
    if style.outline == "inch_over_mm":
        return "CONTROLLING DIMENSION: MILLIMETERS. INCHES ABOVE."
    return "Dimensions in mm [inch]" if style.outline == "bracket" else "All linear dimensions are in millimeters."


def _land(
    canvas: SheetCanvas, style: Style, part: SyntheticPart, pads: list[PadSpec], links: list[Link], known: guard.Known
) -> dict[str, str]:
    title = TITLES[style.name][1]
    if style.same_page:
        canvas.text(300, 470, title, 10)
        if style.han:
            canvas.han(440, 470, "推荐焊盘尺寸", 10)
        figure = LandFigure(canvas, style, pads, (290, 635), _room(pads, (150, 135), (330, 140)))
    else:
        _head(canvas, title, part)
        figure = LandFigure(canvas, style, pads, (290, 300), _room(pads, (190, 190), (330, 260)))
    figure.draw([w or p.drill is None for w, p in zip(known.width, pads, strict=True)])
    figure.number(_numbered(style, part))
    if style.dot and style.numbers == "none":
        figure.dot(pads[0])
    symbols = {i: link.symbol for i, link in enumerate(links)} if style.land == "table" else {}
    figure.dimension(links, symbols)
    if symbols:
        rows = [_row(link, figure, style) for link in links]
        draw_table(canvas, (110, 560), ["Dimension Limits", "Symbol", "MIN", "NOM", "MAX"], rows, "MILLIMETERS")
    if not style.same_page:
        canvas.text(150, 815, _note(style), 7)
    return {link.what: number(figure.value(link), style) for link in links}


def _room(pads: list[PadSpec], usual: tuple[float, float], large: tuple[float, float]) -> tuple[float, float]:
    """Width and height of a land pattern; fine pads are drawn larger. Raises ValueError for those that stay too fine to see."""
    x0, y0, x1, y1 = extent(pads)
    least = min(min(p.drill or (p.w, p.h)) for p in pads)
    shown = [least * min(room[0] / (x1 - x0), room[1] / (y1 - y0)) for room in (usual, large)]
    if shown[1] < TOO_FINE_PT:
        raise ValueError(f"pads of {least} mm cannot be seen")
    return usual if shown[0] > FINE_PT else large


def _row(link: Link, figure: LandFigure, style: Style) -> list[str]:
    times = f" (X{link.count})" if link.count > 1 else ""
    text = number(figure.value(link), style)
    value = (
        ["", f"{text} BSC", ""]
        if link.what.startswith("pitch")
        else ["", "", text]
        if "pad" in link.what
        else ["", text, ""]
    )
    names = {
        "pad_w": "Contact Pad Width",
        "pad_h": "Contact Pad Length",
        "pitch": "Contact Pitch",
        "span": "Contact Pad Spacing",
        "hole": "Hole Diameter",
        "copper": "Pad Diameter",
    }
    return [names.get(link.what, link.what.replace("_", " ").title()) + times, link.symbol, *value]


def _numbered(style: Style, part: SyntheticPart) -> set[str]:
    """The pin numbers that the land pattern prints."""
    signal = [p.number for p in part.pads if p.role == "signal"]
    if style.numbers == "all":
        return set(signal)
    if style.numbers == "first":
        return {signal[0]}
    if style.numbers == "ends":
        return {t for t, _, _ in part.labels} & set(signal) or {signal[0], signal[-1]}
    return set()


def _stencil(
    canvas: SheetCanvas, style: Style, part: SyntheticPart, openings: list[PadSpec], links: list[Link]
) -> None:
    """The openings of the solder paste stencil: below a land pattern that has a page, or on one of their own."""
    if style.beside and not style.same_page:
        canvas.text(290, 545, "STENCIL DESIGN EXAMPLE", 10)
        figure = LandFigure(canvas, style, openings, (290, 665), (130, 110))
    else:
        canvas.next_page()
        _head(canvas, "STENCIL DESIGN EXAMPLE", part)
        figure = LandFigure(canvas, style, openings, (290, 300), (190, 190))
    figure.draw([True] * len(openings))
    figure.dimension(links, {})
