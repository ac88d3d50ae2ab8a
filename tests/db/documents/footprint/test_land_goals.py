"""IPC-7351B's solder fillets, balls and courtyards, each entry: what a pad of exact terminals comes to."""

from __future__ import annotations

import math

import pytest

from db.documents.footprint import ipc7351
from db.documents.footprint.ipc7351 import LEVELS, Goals, Land, Range, ball_land, excess, land
from db.documents.kinds.datasheet import Level, Value

EXACT = math.hypot(0.1, 0.05)  # fabrication and placement
# Toe, heel and side at levels A, B, C (IPC-7351B, tables 3-2 to 3-15).
GOALS: dict[Goals, tuple[tuple[float, float, float], ...]] = {
    "gull": ((0.55, 0.45, 0.05), (0.35, 0.35, 0.03), (0.15, 0.25, 0.01)),
    "gull_fine": ((0.55, 0.45, 0.01), (0.35, 0.35, -0.02), (0.15, 0.25, -0.04)),
    "j_lead": ((0.55, 0.1, 0.05), (0.35, 0, 0.03), (0.15, -0.1, 0.01)),
    "flat_lead": ((0.3, 0, 0.05), (0.2, 0, 0), (0.1, 0, -0.05)),
    "no_lead": ((0.4, 0, -0.04), (0.3, 0, -0.04), (0.2, 0, -0.04)),
    "chip": ((0.55, 0, 0.05), (0.35, 0, 0), (0.15, 0, -0.05)),
    "chip_small": ((0.3, 0, 0.05), (0.2, 0, 0), (0.1, 0, -0.05)),
}


@pytest.mark.parametrize("goals", GOALS)
@pytest.mark.parametrize("level", LEVELS)
def test_fillets_around_exact_terminals(goals: Goals, level: Level) -> None:
    """10 mm over terminals 1 mm long and 2 mm wide, all without tolerance."""
    toe, heel, side = GOALS[goals][LEVELS.index(level)]
    grid = 0.02 if goals in ("chip_small", "flat_lead") else 0.05
    got = land(Range(10, 10), Range(1, 1), Range(2, 2), goals, level)
    assert got.outer == pytest.approx(10 + 2 * toe + EXACT, abs=grid / 2 + 1e-6)
    assert got.inner == pytest.approx(8 - 2 * heel - EXACT, abs=grid / 2 + 1e-6)
    assert got.width == pytest.approx(2 + 2 * side + EXACT, abs=grid / 2 + 1e-6)
    assert all(abs(n / grid - round(n / grid)) < 1e-6 for n in (got.outer, got.inner, got.width))


def test_pads_that_would_touch_are_kept_apart() -> None:
    assert land(Range(2, 2), Range(1, 1), Range(1, 1), "no_lead", "A").inner == ipc7351.MIN_GAP_MM == 0.2


def test_tolerances_count_by_their_squares() -> None:
    """Span +-0.2, foot +-0.1, width +-0.05, by hand: CL 0.4, CS sqrt(0.4^2 + 2 * 0.2^2), CW 0.1."""
    between = math.sqrt(0.16 + 0.08)
    gap = 10.2 - 2 * 0.9 - (0.8 - between) / 2 - math.sqrt(0.24 + 0.0125)
    got = land(Range(9.8, 10.2), Range(0.9, 1.1), Range(1.95, 2.05), "no_lead", "B")
    want = Land(9.8 + 0.6 + math.sqrt(0.16 + 0.0125), gap, 1.95 - 0.08 + math.sqrt(0.01 + 0.0125))
    assert (got.outer, got.inner, got.width) == pytest.approx((want.outer, want.inner, want.width), abs=0.0251)


@pytest.mark.parametrize("ball", ipc7351.BALLS_MM)
def test_a_ball_that_collapses_gets_a_land_of_about_its_size(ball: float) -> None:
    lands = [ball_land(Range(ball - 0.03, ball + 0.03), level) for level in LEVELS]
    assert None not in lands
    sizes = [size for size in lands if size is not None]
    assert sizes == sorted(sizes, reverse=True)
    assert all(0.6 < size / ball < 1.1 for size in sizes)


@pytest.mark.parametrize(("ball", "known"), [(0.79, True), (0.81, False), (0.11, True), (0.09, False), (0.7, True)])
def test_a_ball_far_from_the_table_has_no_land(ball: float, known: bool) -> None:
    assert (ball_land(Range(ball, ball), "B") is not None) == known


@pytest.mark.parametrize(
    ("goals", "at_levels"),
    [
        ("gull", (0.5, 0.25, 0.1)),
        ("chip", (0.5, 0.25, 0.1)),
        (None, (0.5, 0.25, 0.1)),
        ("chip_small", (0.2, 0.15, 0.1)),
        ("flat_lead", (0.2, 0.15, 0.1)),
        ("balls", (2.0, 1.0, 0.5)),
    ],
)
def test_how_far_a_courtyard_reaches(goals: Goals | None, at_levels: tuple[float, ...]) -> None:
    assert tuple(excess(goals, level) for level in LEVELS) == at_levels


@pytest.mark.parametrize(
    ("value", "limits"),
    [
        (Value(min=1, nom=1.1, max=1.3), (1, 1.3)),
        (Value(nom=1.1), (1.1, 1.1)),
        (Value(min=1), (1, 1)),
        (Value(nom=1.1, max=1.3), (1.1, 1.3)),
        (Value(), None),
        (None, None),
    ],
)
def test_a_range_has_both_limits(value: Value | None, limits: tuple[float, float] | None) -> None:
    found = Range.of(value)
    assert (found and (found.low, found.high)) == limits
    if found and limits:
        assert found.tolerance == pytest.approx(limits[1] - limits[0])
        assert found.middle == pytest.approx(sum(limits) / 2)
