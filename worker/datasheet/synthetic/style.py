"""How a synthetic datasheet looks: every habit of the makers as one axis, and the named looks that combine them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Literal, get_args

Form = Literal["table", "stacked", "plain", "plus_minus", "bracket", "inch_over_mm"]
LandForm = Literal["plain", "paren", "dash", "bracket", "inch_over_mm", "table"]
Count = Literal["x_before", "x_tight", "dash", "x_after", "typ", "none"]
SpanMode = Literal["centre", "outer", "gap"]
Numbers = Literal["all", "ends", "first", "none"]
FillStyle = Literal["outline", "filled", "hatched"]
Arrow = Literal["filled", "open", "strokes"]


@dataclass(frozen=True, slots=True)
class Style:
    """One look. Lengths in points."""

    name: str
    outline: Form = "plain"
    land: LandForm = "plain"
    count: Count = "x_before"
    span: SpanMode = "centre"
    numbers: Numbers = "all"
    fill_style: FillStyle = "outline"
    arrow: Arrow = "filled"
    level_text: bool = False  # numbers of upright dimensions stay level
    text_on_line: bool = False  # the line passes under the number instead of breaking at it
    same_page: bool = False
    font: str = "Helvetica"
    text_pt: float = 7.5
    comma: bool = False
    bare_point: bool = False  # .50 for 0.50
    decimals: int = 2
    stencil: bool = False
    paste: bool = False
    other_variant: bool = False
    turned_land: bool = False
    turned_page: bool = False
    stretch: float = 1.0  # y scale against x scale of the drawings
    scribble: float = 0.0  # how much smaller pads are drawn than they are, as a part; 0: to scale
    twice: bool = False  # distances of opposite pads are printed in two ways
    han: bool = False  # Chinese titles
    beside: bool = False  # the stencil stands below the land pattern
    dot: bool = True
    centre_lines: bool = True
    front_pages: int = 0
    tags: tuple[str, ...] = ()


LOOKS: dict[str, Style] = {
    "ti": Style(
        "ti", "stacked", "paren", "x_before", "centre", "ends", level_text=True, decimals=2, stencil=True, front_pages=2
    ),
    "onsemi": Style(
        "onsemi", "table", "plain", "x_before", "outer", "first", level_text=True, same_page=True, decimals=2
    ),
    "microchip": Style("microchip", "table", "table", "none", "centre", "none", dot=True, decimals=2, level_text=True),
    "plain": Style(
        "plain", "plus_minus", "plain", "typ", "gap", "none", "filled", same_page=True, text_on_line=True, decimals=2
    ),
    "nxp": Style(
        "nxp",
        "table",
        "plain",
        "x_after",
        "centre",
        "none",
        "hatched",
        "strokes",
        paste=True,
        decimals=2,
        text_on_line=True,
    ),
    "bracket": Style(
        "bracket",
        "bracket",
        "bracket",
        "typ",
        "centre",
        "ends",
        arrow="open",
        level_text=True,
        same_page=True,
        turned_page=True,
    ),
    "inches": Style(
        "inches",
        "inch_over_mm",
        "inch_over_mm",
        "x_before",
        "outer",
        "all",
        level_text=True,
        bare_point=True,
        other_variant=True,
    ),
    "plotter": Style(
        "plotter",
        "stacked",
        "plain",
        "x_tight",
        "outer",
        "none",
        comma=True,
        font="strokes",
        stencil=True,
        arrow="strokes",
    ),
    "dashes": Style(
        "dashes",
        "plain",
        "dash",
        "dash",
        "centre",
        "all",
        "filled",
        font="Times-Roman",
        same_page=True,
        text_on_line=True,
        han=True,
    ),
    "skewed": Style(
        "skewed", "plus_minus", "plain", "x_before", "gap", "ends", font="Courier", stretch=0.8, other_variant=True
    ),
}
DEV = ("ti", "onsemi", "microchip", "plain", "dashes")
TEST = ("nxp", "bracket", "inches", "plotter", "skewed")
CLEAN = ("ti", "onsemi")


def mixed(rng: random.Random) -> Style:
    """Every habit drawn for itself: looks that no maker has, to see which habit the reader does not know."""
    outline = rng.choice(get_args(Form))
    land = rng.choice(get_args(LandForm))
    font = "strokes" if rng.random() < 0.1 else rng.choice(("Helvetica", "Times-Roman", "Courier"))
    return Style(
        "mixed", outline, land, rng.choice(get_args(Count)), rng.choice(get_args(SpanMode)), rng.choice(get_args(Numbers)),
        rng.choice(get_args(FillStyle)), rng.choice(get_args(Arrow)),
        level_text=rng.random() < 0.5, text_on_line=rng.random() < 0.4,
        same_page=rng.random() < 0.4 and land != "table", font=font, bare_point=rng.random() < 0.2, stencil=rng.random() < 0.2,
        paste=rng.random() < 0.1, other_variant=rng.random() < 0.1, turned_page=rng.random() < 0.1,
        stretch=rng.choice((1.0, 1.0, 1.0, 0.8, 1.15)),
    )  # fmt: skip


def choose(rng: random.Random, names: tuple[str, ...], vary: bool = True) -> Style:
    """A look, with some of its axes set anew so that no two drawings are of one mould."""
    style = LOOKS[rng.choice(names)] if names else mixed(rng)
    if not vary:
        return style
    some: dict[str, object] = {
        "text_pt": rng.choice((6.5, 7.0, 7.5, 8.5)),
        "turned_land": rng.random() < 0.15,
        "dot": rng.random() < 0.85,
        "front_pages": rng.choice((0, 0, 1, 3)),
        "scribble": 0.15 if rng.random() < 0.06 else style.scribble,
        "twice": rng.random() < 0.25,
        "beside": style.stencil and rng.random() < 0.5,
        "fill_style": rng.choice((style.fill_style, style.fill_style, "outline", "filled")),
    }
    if style.land not in ("table", "inch_over_mm"):
        some["span"] = rng.choice(("centre", "outer", "gap"))
    if style.font != "strokes" and style.land != "inch_over_mm" and rng.random() < 0.15:
        some["comma"] = True
    return replace(style, **some)  # type: ignore[arg-type]
