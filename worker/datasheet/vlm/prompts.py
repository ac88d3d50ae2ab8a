"""What the model is told, in the order that was found best: count, then centres, then sizes "
"(LLM4-IC8K, arXiv 2508.03725)."""

from __future__ import annotations

SYSTEM = (
    "You read package outline and land pattern drawings of electronic components. Report only numbers that are printed "
    "in the pictures or follow from printed numbers by adding, subtracting or halving. Never use "
    "what you remember of a package. "
    "Where nothing is printed, answer null. A decimal comma is a decimal point."
)
COUNT = (
    "The pictures show the mechanical outline{and_land}.{package} First: is there a recommended "
    "land pattern (not the stencil)? "
    "In which unit are its numbers? How many pads does it have, the exposed pad included? Is there "
    "an exposed pad in its middle? "
    "Then the plastic body without leads: length (the larger side), width and height, each with the "
    "printed min, nom and max."
)
CENTRES = (
    "Now the centres of the {pads} pads of the land pattern, as rows of evenly spaced pads. x grows "
    "to the right, y grows downwards, "
    "the middle of the pattern is 0, 0. Numbers grow by number_step along a row; number 0 means a "
    "pad without a number. "
    "Pads of equal size and orientation share one group."
)
SIZES = (
    "Now the size of the pads of each group ({groups}): w along x, h along y, as drawn; the hole "
    "diameter for plated or plain holes; "
    "the text that states it, exactly as printed."
)


def count_prompt(has_land: bool, package: str | None) -> str:
    """The first question: how many pads, how large a body, in which unit."""
    chosen = f" If several packages are shown, read {package} only." if package else ""
    return COUNT.format(and_land=" and the land pattern" if has_land else "", package=chosen)


def centres_prompt(pads: int) -> str:
    """The second question: where the pads stand, as rows; it repeats the count that was answered."""
    return CENTRES.format(pads=pads)


def sizes_prompt(groups: list[int]) -> str:
    """The third question: the size of the pads of each group that was answered."""
    return SIZES.format(groups=", ".join(map(str, groups)))
