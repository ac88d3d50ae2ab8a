"""What was found of a body before it is a result."""

from __future__ import annotations

from dataclasses import dataclass, field

from worker.datasheet.text.quantities import Quantity


@dataclass
class Found:
    """The three body values as printed, the span of leads where the drawing gives it, and why a person should look at them."""

    sides: list[Quantity] = field(default_factory=list)
    height: Quantity | None = None
    overall: dict[str, Quantity] = field(default_factory=dict)
    how: str = ""
    review_reasons: list[str] = field(default_factory=list)
    height_drawn: bool = False  # whether the drawing shows it across a side view
    height_twice: bool = False  # whether words of the page say the same as the drawing
    across: tuple[Quantity | None, Quantity | None] = (None, None)  # along x and y of the top view


def largest(q: Quantity) -> float:
    """The greatest limit of a number in mm, whichever of them is printed."""
    return max(v for v in (q.low, q.value, q.high) if v is not None)
