"""How one quantity is printed in a style, and what a reader may conclude from the print: no more than it states."""

from __future__ import annotations

from worker.datasheet.synthetic.part import Spread
from worker.datasheet.synthetic.style import Style

INCH_MM = 25.4


def number(value: float, style: Style, decimals: int | None = None) -> str:
    """A number in the spelling of the style, at least as many decimals as keep it exact to 0.01 mm."""
    places = style.decimals if decimals is None else decimals
    text = f"{value:.{places}f}"
    if places > 2 and decimals is None and text.endswith("0"):
        text = text[:-1]
    if style.bare_point and text.startswith("0."):
        text = text[1:]
    return text.replace(".", ",") if style.comma else text


def inches(mm: float) -> str:
    """A length in mm as datasheets print inches: three decimals, no leading zero."""
    return f"{mm / INCH_MM:.3f}".removeprefix("0")


def printed(value: Spread, style: Style, form: str, tag: str = "") -> tuple[list[str], Spread]:
    """The lines of text of a value, top line first, and the spread they state."""
    if form == "stacked" and value.min is not None and value.max is not None and tag not in ("BSC", "REF"):
        lines, kept = [number(value.max, style), number(value.min, style)], Spread(value.min, None, value.max)
    elif form == "plus_minus" and value.nom is not None and value.min is not None and value.max is not None:
        half = round((value.max - value.min) / 2, 6)
        lines, kept = [f"{number(value.nom, style)}±{number(half, style)}"], value
    elif form == "inch_over_mm":
        lines, kept = [inches(value.target), number(value.target, style)], Spread(nom=value.target)
    elif form == "bracket":
        lines, kept = [f"{number(value.target, style)} [{inches(value.target)}]"], Spread(nom=value.target)
    elif (tag == "MAX" and value.max is not None) or (
        value.nom is None and value.max is not None and value.min is None
    ):
        return [f"{number(value.max, style)} MAX"], Spread(max=value.max)
    else:
        lines, kept = [number(value.target, style)], Spread(nom=value.target)
    if tag and form != "inch_over_mm":
        lines[-1] += f" {tag}"
        kept = Spread(max=value.target) if tag == "MAX" else kept
    return lines, kept


def counted(lines: list[str], count: int, style: Style) -> list[str]:
    """The lines with the number of places they hold for, as the style says it."""
    if count < 2:
        return lines
    first, *rest = lines
    if style.count == "x_before":
        return [f"{count}X {first}", *rest]
    if style.count == "x_tight":
        return [f"{count}x{first}", *rest]
    if style.count == "dash":
        return [f"{count}-{first}", *rest]
    if style.count == "x_after":
        return [*lines[:-1], f"{lines[-1]} ({count}x)"]
    if style.count == "typ":
        return [*lines[:-1], f"{lines[-1]} TYP"]
    return lines


def land_lines(value: float, count: int, style: Style) -> list[str]:
    """A dimension of the land pattern as printed."""
    if style.land == "inch_over_mm":
        lines = [inches(value), number(value, style)]
    elif style.land == "bracket":
        lines = [f"{number(value, style)} [{inches(value)}]"]
    elif style.land == "paren":
        lines = [f"({number(value, style)})"]
    else:
        lines = [number(value, style)]
    return counted(lines, count, style)
