"""The computed land patterns: hand-calculated values, and laws that hold between levels and for every package."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.footprint import ipc7351
from db.footprint.ipc7351 import Range, land
from db.kinds.datasheet import Body, DatasheetResult, Dimension, LandPattern, Level, Pad, Terminals, Value

SOIC8 = (Range(5.8, 6.2), Range(0.4, 1.27), Range(0.31, 0.51))


def test_soic8_by_hand() -> None:
    """L 5.80-6.20, T 0.40-1.27, W 0.31-0.51: Z 6.92, G 3.4, X 0.60 before rounding to 0.05 mm."""
    got = land(*SOIC8, "gull", "B")
    outer = 5.8 + 2 * 0.35 + math.sqrt(0.4**2 + 0.1**2 + 0.05**2)
    between = math.sqrt(0.4**2 + 2 * 0.87**2)
    inner = 6.2 - 0.8 - (0.4 + 2 * 0.87 - between) / 2 - 0.7 - math.sqrt(between**2 + 0.1**2 + 0.05**2)
    width = 0.31 + 0.06 + math.sqrt(0.2**2 + 0.1**2 + 0.05**2)
    assert (got.outer, got.inner, got.width) == pytest.approx((outer, inner, width), abs=0.0251)
    assert got.outer == 6.9


@pytest.mark.parametrize(("goals", "toe", "grid"), [("chip", 0.35, 0.05), ("chip_small", 0.2, 0.02)])
def test_a_chip_has_no_heel_fillet_and_pads_as_wide_as_its_terminals(goals: str, toe: float, grid: float) -> None:
    """IPC-7351B, nominal: J of square ends at toe, heel and side is 0.35 (0.20 under 0603), 0, 0."""
    exact = math.hypot(ipc7351.FABRICATION_MM, ipc7351.PLACEMENT_MM)
    got = land(Range(3.2, 3.2), Range(0.5, 0.5), Range(1.6, 1.6), goals, "B")
    assert got.outer == pytest.approx(3.2 + 2 * toe + exact, abs=grid / 2 + 1e-6)
    assert got.inner == pytest.approx(2.2 - exact, abs=grid / 2 + 1e-6)
    assert got.width == pytest.approx(1.6 + exact, abs=grid / 2 + 1e-6)


@given(
    st.floats(2, 20),
    st.floats(0.05, 0.5),
    st.floats(0.3, 0.7),
    st.floats(0.05, 0.4),
    st.floats(0.2, 0.6),
    st.sampled_from(["gull", "gull_fine", "no_lead"]),
)
def test_more_solder_means_longer_pads(
    span: float, tol: float, foot: float, foot_tol: float, width: float, goals: str
) -> None:
    made = [
        land(Range(span, span + tol), Range(foot, foot + foot_tol), Range(width, width + 0.1), goals, lv)
        for lv in ipc7351.LEVELS
    ]
    assert made[0].outer >= made[1].outer >= made[2].outer
    assert made[0].width >= made[1].width >= made[2].width
    assert all(m.outer > span and m.inner >= ipc7351.MIN_GAP_MM for m in made)


def soic(pads: list[Pad]) -> DatasheetResult:
    rows = {"b": (0.31, 0.51), "L": (0.4, 1.27), "E": (5.8, 6.2), "e": (1.27, 1.27)}
    dims = [
        Dimension(measures=s, value=Value(min=lo, max=hi, symbol=s, status="stated")) for s, (lo, hi) in rows.items()
    ]
    body = Body(length=Value(min=4.8, max=5.0), width=Value(min=3.8, max=4.0), height=Value(max=1.75))
    found = LandPattern(pads=pads, pitch=Value(nom=1.27)) if pads else None
    return DatasheetResult(
        package="SOIC-8",
        body=body,
        dimensions=dims,
        land_pattern=found,
        terminals=Terminals(count=8, pitch=Value(nom=1.27)),
    )


def vendor() -> list[Pad]:
    ys = [-1.905, -0.635, 0.635, 1.905]
    left = [Pad(number=str(i + 1), x=-2.7, y=y, w=1.5, h=0.6) for i, y in enumerate(ys)]
    return left + [Pad(number=str(8 - i), x=2.7, y=y, w=1.5, h=0.6) for i, y in enumerate(ys)]


def test_beside_the_vendors_pattern() -> None:
    patterns = ipc7351.patterns(soic(vendor()))
    assert [p.level for p in patterns] == ["A", "B", "C"]
    nominal = patterns[1]
    assert nominal.name == "SOP127P600X175-8N"
    assert {p.number: (math.copysign(1, p.x), p.y) for p in nominal.pads} == {
        p.number: (math.copysign(1, p.x), p.y) for p in vendor()
    }
    want = land(*SOIC8, "gull", "B")
    assert max(p.x + (p.w or 0) / 2 for p in nominal.pads) * 2 == pytest.approx(want.outer)


def test_without_a_drawn_pattern_the_convention_numbers() -> None:
    made = ipc7351.patterns(soic([]))[1].pads
    assert [p.number for p in made] == [str(i) for i in range(1, 9)]
    assert [(p.x < 0, p.y) for p in made[:4]] == [(True, y) for y in (-1.905, -0.635, 0.635, 1.905)]
    assert made[4].x > 0
    assert made[4].y == 1.905


@pytest.mark.parametrize("level", ipc7351.LEVELS)
def test_no_lead_keeps_its_thermal_pad(level: Level) -> None:
    at = [-0.75, -0.25, 0.25, 0.75]
    pads = [Pad(number=str(i + 1), x=-1.475, y=v, w=0.85, h=0.28) for i, v in enumerate(at)]
    pads += [Pad(number=str(i + 5), x=v, y=1.475, w=0.28, h=0.85) for i, v in enumerate(at)]
    pads += [Pad(number=str(i + 9), x=1.475, y=-v, w=0.85, h=0.28) for i, v in enumerate(at)]
    pads += [Pad(number=str(i + 13), x=-v, y=-1.475, w=0.28, h=0.85) for i, v in enumerate(at)]
    thermal = Pad(number="17", x=0, y=0, w=1.7, h=1.7, role="thermal")
    side = Value(min=2.85, max=3.15)
    terminals = Terminals(pitch=Value(nom=0.5), width=Value(min=0.18, max=0.3), foot_length=Value(min=0.3, max=0.5))
    result = DatasheetResult(
        package="QFN-16", body=Body(length=side, width=side, height=Value(max=1.0)), terminals=terminals,
        land_pattern=LandPattern(pads=[*pads, thermal]),
    )  # fmt: skip
    made = next(p for p in ipc7351.patterns(result) if p.level == level)
    assert made.pads[-1] == thermal
    assert made.name == f"QFN50P300X300X100-17{ipc7351.SUFFIX[level]}"
    assert {(p.number, p.y) for p in made.pads[:4]} == {(p.number, p.y) for p in pads[:4]}


def test_nothing_is_computed_from_what_is_not_stated() -> None:
    assert ipc7351.patterns(DatasheetResult(package="SOIC-8")) == []
    assert ipc7351.name_of(DatasheetResult(package="SOIC-8"), "B") is None
    holes = LandPattern(pads=[Pad(number="1", type="thru_hole", shape="circle", x=0, y=0, drill=(1, 1))])
    assert ipc7351.patterns(DatasheetResult(land_pattern=holes)) == []
