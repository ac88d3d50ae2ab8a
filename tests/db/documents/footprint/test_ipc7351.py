"""The computed land patterns: hand-calculated values, and laws that hold between levels and for every package."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.documents.footprint import courtyard, derive, ipc7351, names, packages, patterns
from db.documents.footprint.ipc7351 import Goals, Range, land
from db.documents.kinds.datasheet import Body, DatasheetResult, Dimension, LandPattern, Level, Pad, Terminals, Value

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
def test_a_chip_has_no_heel_fillet_and_pads_as_wide_as_its_terminals(goals: Goals, toe: float, grid: float) -> None:
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
    st.sampled_from(list(ipc7351.FILLETS)),
)
def test_more_solder_means_longer_pads(
    span: float, tol: float, foot: float, foot_tol: float, width: float, goals: Goals
) -> None:
    made = [
        land(Range(span, span + tol), Range(foot, foot + foot_tol), Range(width, width + 0.1), goals, lv)
        for lv in ipc7351.LEVELS
    ]
    assert made[0].outer >= made[1].outer >= made[2].outer
    assert made[0].width >= made[1].width >= made[2].width
    assert made[0].inner <= made[1].inner <= made[2].inner
    assert all(m.outer > span and ipc7351.MIN_GAP_MM <= m.inner < m.outer for m in made)


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
    found = patterns.patterns(soic(vendor()))
    assert [p.level for p in found] == ["A", "B", "C"]
    nominal = found[1]
    assert nominal.name == "SOP127P600X175-8N"
    assert {p.number: (math.copysign(1, p.x), p.y) for p in nominal.pads} == {
        p.number: (math.copysign(1, p.x), p.y) for p in vendor()
    }
    want = land(*SOIC8, "gull", "B")
    assert max(p.x + (p.w or 0) / 2 for p in nominal.pads) * 2 == pytest.approx(want.outer)


def test_without_a_drawn_pattern_the_convention_numbers() -> None:
    made = patterns.patterns(soic([]))[1].pads
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
    made = next(p for p in patterns.patterns(result) if p.level == level)
    assert made.pads[-1] == thermal
    assert made.name == f"QFN50P300X300X100-17{names.SUFFIX[level]}"
    assert {(p.number, p.y) for p in made.pads[:4]} == {(p.number, p.y) for p in pads[:4]}


def test_nothing_is_computed_from_what_is_not_stated() -> None:
    assert patterns.patterns(DatasheetResult(package="SOIC-8")) == []
    assert names.name_of(DatasheetResult(package="SOIC-8"), "B") is None
    holes = LandPattern(pads=[Pad(number="1", type="thru_hole", shape="circle", x=0, y=0, drill=(1, 1))])
    assert patterns.patterns(DatasheetResult(land_pattern=holes)) == []


@given(
    st.integers(1, 12),
    st.sampled_from([0.4, 0.5, 0.65, 0.95, 1.27]),
    st.sampled_from(["SOIC", "SON", "SOJ", "SOT-563"]),
)
def test_a_computed_pattern_is_symmetric_and_its_pads_stand_apart(each: int, pitch: float, family: str) -> None:
    """With the vendor's pads anywhere near: sides and order count, the sizes are computed."""
    at = [(i - (each - 1) / 2) * pitch for i in range(each)]
    left = [Pad(number=str(i + 1), x=-2.2, y=y, w=1.0, h=0.2) for i, y in enumerate(at)]
    right = [Pad(number=str(2 * each - i), x=2.2, y=y, w=1.0, h=0.2) for i, y in enumerate(at)]
    width = pitch * 0.4
    result = soic([*left, *right]).model_copy(
        update={
            "package": family, "body_in_land_frame": {"x": "width", "y": "length"},
            "terminals": Terminals(pitch=Value(nom=pitch), width=Value(min=width, max=width + 0.05)),
        }
    )  # fmt: skip
    for pattern in patterns.patterns(result):
        places = {(p.x, p.y, p.w, p.h) for p in pattern.pads}
        assert len(places) == 2 * each
        assert places == {(-x, y, w, h) for x, y, w, h in places}
        assert {(x, round(y, 2)) for x, y, *_ in places} == {(x, round(-y, 2) + 0.0) for x, y, *_ in places}
        assert min(abs(p.x) - (p.w or 0) / 2 for p in pattern.pads) > 0


def two(package: str, x: float, w: float, h: float, **more: object) -> DatasheetResult:
    pads = [Pad(number=str(i), x=s * x, y=0, w=w, h=h) for i, s in ((1, -1), (2, 1))]
    return DatasheetResult(package=package, land_pattern=LandPattern(pads=pads), **more)


def sized(length: float, width: float, height: float) -> Body:
    return Body(length=Value(nom=length), width=Value(nom=width), height=Value(max=height))


FOOT = Terminals(foot_length=Value(min=0.2, max=0.4), width=Value(min=0.25, max=0.35), pitch=Value(nom=0.5))
REACH = {"x": Value(nom=3.7)}
BALLS = [
    Pad(number=f"A{i}{j}", shape="circle", x=i * 0.8 - 1.2, y=j * 0.8 - 1.2, w=0.4, h=0.4)
    for i in range(4)
    for j in range(4)
]
BGA = DatasheetResult(
    package="FBGA", body=sized(4, 4, 1.2), land_pattern=LandPattern(pads=BALLS),
    terminals=Terminals(pitch=Value(nom=0.8), width=Value(min=0.45, max=0.55)),
)  # fmt: skip
DIP = DatasheetResult(
    package="PDIP-8", body=sized(9.8, 6.4, 5.33),
    terminals=Terminals(width=Value(min=0.36, max=0.56), pitch=Value(nom=2.54), foot_length=Value(min=2.9, max=3.8)),
    land_pattern=LandPattern(pads=[
        Pad(number="1", type="thru_hole", shape="circle", x=x, y=y, w=1.6, h=1.6, drill=(0.8, 0.8))
        for x in (-3.81, 3.81) for y in (-3.81, -1.27, 1.27, 3.81)
    ]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("result", "name", "excess"),
    [
        (two("0805 resistor", 1.0, 1.0, 1.2, body=sized(2.0, 1.25, 0.55), terminals=FOOT), "RESC2013X55N", 0.25),
        (two("0402 capacitor", 0.5, 0.5, 0.5, body=sized(1.0, 0.5, 0.5), terminals=FOOT), "CAPC1005X50N", 0.15),
        (two("0402", 0.5, 0.5, 0.5, body=sized(1.0, 0.5, 0.5), terminals=FOOT), None, 0.15),
        (two("SOD-123", 1.7, 0.9, 1.2, body=sized(2.7, 1.6, 1.1), terminals=FOOT, overall=REACH), "SOD3716X110N", 0.25),
        (two("SOD-323F", 1.2, 0.6, 0.8, body=sized(2.7, 1.6, 0.7), terminals=FOOT, overall=REACH), "SODFL3716X70N", 0.15),
        (BGA, "BGA16C80P4X4_400X400X120N", 1.0),
        (DIP, "DIP762W46P254L980H533Q8B", 0.25),
    ],
)  # fmt: skip
def test_names_and_courtyards_of_the_families(result: DatasheetResult, name: str | None, excess: float) -> None:
    done = derive.derive(result, "B")
    assert done.ipc_name == name
    area = courtyard.courtyard(
        result.land_pattern.pads if result.land_pattern else [], courtyard.body_rect(result), excess
    )
    assert done.courtyard == area


def test_a_diode_that_is_drawn_upright_has_the_same_name() -> None:
    upright = [Pad(number=str(i), x=0, y=s * 1.7, w=1.2, h=0.9) for i, s in ((1, -1), (2, 1))]
    result = two("SOD-123", 1.7, 0.9, 1.2, body=sized(2.7, 1.6, 1.1), terminals=FOOT, overall={"y": Value(nom=3.7)})
    drawn = result.model_copy(update={"land_pattern": LandPattern(pads=upright)})
    assert derive.derive(drawn, "B").ipc_name == "SOD3716X110N"


def test_a_courtyard_is_never_larger_at_a_less_dense_level() -> None:
    for goals in (*ipc7351.FILLETS, "balls", None):
        assert ipc7351.excess(goals, "A") > ipc7351.excess(goals, "B") >= ipc7351.excess(goals, "C")


def test_balls_get_the_land_of_their_table() -> None:
    found = patterns.patterns(BGA)
    assert [{p.w for p in one.pads} for one in found] == [{0.45}, {0.4}, {0.35}]
    assert [(p.number, p.x) for p in found[0].pads] == [(p.number, p.x) for p in BALLS]
    large = Terminals(pitch=Value(nom=2.0), width=Value(nom=1.2))
    assert patterns.patterns(BGA.model_copy(update={"terminals": large})) == []


def test_a_part_for_holes_has_no_pattern_without_them() -> None:
    """Also when no land pattern is drawn and its table has the letters of a part with leads."""
    assert patterns.patterns(DIP) == []
    assert patterns.patterns(soic([]).model_copy(update={"package": "PDIP-8"})) == []
    assert packages.goals_of(soic([]).model_copy(update={"package": "N (R-PDIP-T14)"})) is None
