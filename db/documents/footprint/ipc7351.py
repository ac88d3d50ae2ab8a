"""The land pattern formulas of IPC-7351B and its goals at the density levels A, B and C, by class of terminal.

Z = Lmin + 2 JT + sqrt(CL^2 + F^2 + P^2)
G = Smax - 2 JH - sqrt(CS^2 + F^2 + P^2)
X = Wmin + 2 JS + sqrt(CW^2 + F^2 + P^2)

(IPC-7351B 3.1.2): L span over the terminals, S span between them, W terminal width, C their tolerances, F and P those
of the board and of placement, J the solder fillet goals at toe, heel and side. Goals and rounding agree with those of
IPC-7351B in kicad-footprint-generator: scripts/Packages/ipc_definitions.yaml, for chips
scripts/SMD_chip_package_rlc-etc/ipc7351B_smd_two_terminal_chip.yaml, for balls (tables 14-5 and 14-6)
scripts/Packages/Package_BGA/ipc_7351b_bga_land_patterns.yaml.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from db.documents.footprint.courtyard import nominal
from db.documents.kinds.datasheet import Level, Value

NO_LEAD = re.compile(r"no[\s-]*lead|\b\w*(?:QFP?N|DFP?N|SON|LGA|BGA|CSP)\d*\b|leadless", re.IGNORECASE)
FABRICATION_MM, PLACEMENT_MM = 0.1, 0.05
LEVELS: tuple[Level, ...] = ("A", "B", "C")
MIN_GAP_MM = 0.2
FINE_PITCH_MM, SMALL_CHIP_MM = 0.625, 1.6
Goals = Literal["gull", "gull_fine", "j_lead", "flat_lead", "no_lead", "chip", "chip_small"]

FILLETS: dict[Goals, dict[Level, tuple[float, float, float]]] = {  # outer, inner and side at levels A, B, C
    "gull": {"A": (0.55, 0.45, 0.05), "B": (0.35, 0.35, 0.03), "C": (0.15, 0.25, 0.01)},
    "gull_fine": {"A": (0.55, 0.45, 0.01), "B": (0.35, 0.35, -0.02), "C": (0.15, 0.25, -0.04)},
    "j_lead": {"A": (0.55, 0.10, 0.05), "B": (0.35, 0.0, 0.03), "C": (0.15, -0.10, 0.01)},  # the heel looks outwards
    "flat_lead": {"A": (0.30, 0.0, 0.05), "B": (0.20, 0.0, 0.0), "C": (0.10, 0.0, -0.05)},
    "no_lead": {"A": (0.40, 0.0, -0.04), "B": (0.30, 0.0, -0.04), "C": (0.20, 0.0, -0.04)},
    "chip": {"A": (0.55, 0.0, 0.05), "B": (0.35, 0.0, 0.0), "C": (0.15, 0.0, -0.05)},
    "chip_small": {"A": (0.30, 0.0, 0.05), "B": (0.20, 0.0, 0.0), "C": (0.10, 0.0, -0.05)},
}
GRID_MM: dict[Goals, float] = {goals: 0.02 if goals in ("chip_small", "flat_lead") else 0.05 for goals in FILLETS}
BALLS_MM = {  # collapsing ball -> land at levels A, B, C
    0.75: (0.60, 0.55, 0.50), 0.65: (0.55, 0.50, 0.45), 0.60: (0.50, 0.45, 0.40), 0.55: (0.50, 0.40, 0.40),
    0.50: (0.45, 0.40, 0.35), 0.45: (0.40, 0.35, 0.30), 0.40: (0.35, 0.30, 0.25), 0.35: (0.33, 0.28, 0.23),
    0.30: (0.25, 0.25, 0.20), 0.25: (0.20, 0.20, 0.17), 0.20: (0.20, 0.17, 0.14), 0.17: (0.18, 0.15, 0.12),
    0.15: (0.15, 0.13, 0.10),
}  # fmt: skip
BALL_OFF_MM = 0.05  # from the nearest ball of the table
EXCESS_MM: dict[Level, float] = {"A": 0.5, "B": 0.25, "C": 0.1}
SMALL_EXCESS_MM: dict[Level, float] = {"A": 0.2, "B": 0.15, "C": 0.1}  # small chips and flat leads
BALLS_EXCESS_MM: dict[Level, float] = {"A": 2.0, "B": 1.0, "C": 0.5}


@dataclass(frozen=True, slots=True)
class Range:
    """A dimension with both limits in millimetres."""

    low: float
    high: float

    @property
    def tolerance(self) -> float:
        """From limit to limit, in millimetres."""
        return self.high - self.low

    @property
    def middle(self) -> float:
        """Of both limits, in millimetres."""
        return (self.low + self.high) / 2

    @classmethod
    def of(cls, value: Value | None) -> Range | None:
        """None when nothing is stated; a lone number stands for both limits."""
        if value is None or (n := nominal(value)) is None:
            return None
        return cls(value.min if value.min is not None else n, value.max if value.max is not None else n)


@dataclass(frozen=True, slots=True)
class Land:
    """Outer and inner distance of opposite pads, and the pad width."""

    outer: float
    inner: float
    width: float


def land(span: Range, foot: Range, width: Range, goals: Goals, level: Level) -> Land:
    """Z, G and X of one pair of rows. The inner gap is never under the smallest one that can be made."""
    toe, heel, side = FILLETS[goals][level]
    fixed = FABRICATION_MM**2 + PLACEMENT_MM**2
    between = span.tolerance + 2 * foot.tolerance  # worst case; the statistical tolerance is smaller
    likely = math.sqrt(span.tolerance**2 + 2 * foot.tolerance**2)
    inner_max = span.high - 2 * foot.low - (between - likely) / 2
    outer = span.low + 2 * toe + math.sqrt(span.tolerance**2 + fixed)
    inner = inner_max - 2 * heel - math.sqrt(likely**2 + fixed)
    wide = width.low + 2 * side + math.sqrt(width.tolerance**2 + fixed)
    grid = GRID_MM[goals]
    return Land(_to(outer, grid), max(_to(inner, grid), MIN_GAP_MM), _to(wide, grid))


def _to(value: float, grid: float) -> float:
    return round(round(value / grid) * grid, 4)


def ball_land(ball: Range, level: Level) -> float | None:
    """The land of a collapsing ball; None for a ball that the table does not hold."""
    nearest = min(BALLS_MM, key=lambda known: abs(known - ball.middle))
    return BALLS_MM[nearest][LEVELS.index(level)] if abs(nearest - ball.middle) <= BALL_OFF_MM else None


def excess(goals: Goals | Literal["balls"] | None, level: Level) -> float:
    """How far the courtyard reaches beyond pads and body."""
    small = goals in ("chip_small", "flat_lead")
    return (BALLS_EXCESS_MM if goals == "balls" else SMALL_EXCESS_MM if small else EXCESS_MM)[level]
