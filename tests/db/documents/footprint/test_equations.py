"""Equations between printed numbers: which are found, which values they name, and by how much a wrong number breaks them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.documents.footprint import checks, equations
from db.documents.kinds.datasheet import (
    Body,
    DatasheetResult,
    Dimension,
    End,
    Equation,
    LandPattern,
    Pad,
    Terminals,
    Value,
)


def row(count: int, pitch: float, w: float) -> list[Pad]:
    return [Pad(number=str(i + 1), x=round((i - (count - 1) / 2) * pitch, 4), y=0, w=w, h=1.0) for i in range(count)]


def printed(mm: float, *ends: tuple[int, str]) -> Dimension:
    """A dimension along x."""
    return Dimension(measures="", value=Value(nom=mm), axis="x", ends=tuple(End(pad=i, at=at) for i, at in ends))  # type: ignore[arg-type]


def found(pads: list[Pad], *dimensions: Dimension, pitch: float | None = None) -> dict[str, list[Equation]]:
    land = LandPattern(pads=pads, dimensions=list(dimensions), pitch=Value(nom=pitch))
    by_name: dict[str, list[Equation]] = {}
    for one in equations.of(DatasheetResult(land_pattern=land)):
        by_name.setdefault(one.name, []).append(one)
    return by_name


@given(st.integers(3, 20), st.sampled_from([0.4, 0.5, 0.65, 1.27]), st.integers(-9, 9))
def test_pitch_and_width_make_the_extent_of_a_row(count: int, pitch: float, off: int) -> None:
    """pitch * (n - 1) + w = extent; a number that is wrong breaks it by as much."""
    extent = pitch * (count - 1) + 0.2 + off / 10
    numbers = printed(pitch, (0, "centre"), (1, "centre")), printed(0.2, (1, "low"), (1, "high"))
    whole = printed(extent, (0, "low"), (count - 1, "high"))
    [equation] = found(row(count, pitch, 0.2), *numbers, whole)["pitch_extent"]
    assert equation.values == [f"land_pattern.dimensions[{i}]" for i in (0, 1, 2)]
    assert equation.held == (off == 0)
    assert equation.off_mm == pytest.approx(abs(off) / 10, abs=1e-3)
    assert equation.right == pytest.approx(extent, abs=1e-4)


def test_gap_centres_and_extent_of_two_pads() -> None:
    pads = [Pad(number="1", x=-2.5, y=0, w=1.0, h=1.0), Pad(number="2", x=2.5, y=0, w=1.0, h=1.0)]
    size, gap = printed(1.0, (1, "low"), (1, "high")), printed(4.0, (0, "high"), (1, "low"))
    centres, extent = printed(5.0, (0, "centre"), (1, "centre")), printed(6.0, (0, "low"), (1, "high"))
    named = found(pads, size, gap, centres, extent)
    assert [e.text.split(" (")[0] for e in named["gap_and_pad"]] == ["4 + 1 = 5", "4 + 1 * 2 = 6"]
    assert [e.text.split(" (")[0] for e in named["centres_and_pad"]] == ["5 + 1 = 6"]
    assert all(e.held for own in named.values() for e in own)


def test_distances_one_after_the_other() -> None:
    parts = printed(0.5, (0, "centre"), (1, "centre")), printed(1.0, (1, "centre"), (3, "centre"))
    [equation] = found(row(4, 0.5, 0.2), *parts, printed(1.6, (0, "centre"), (3, "centre")))["chain"]
    assert (equation.held, equation.off_mm) == (False, 0.1)


def test_a_printed_number_the_pads_do_not_keep_is_reviewed_until_it_is_corrected() -> None:
    land = LandPattern(pads=row(2, 1.0, 0.4), dimensions=[printed(1.2, (0, "centre"), (1, "centre"))])
    broken = checks.look(DatasheetResult(land_pattern=land))
    assert [(r.field, "by 0.2 mm" in r.reason) for r in broken.needs_review] == [("land_pattern.dimensions[0]", True)]
    mended = broken.model_copy(update={"land_pattern": land.model_copy(update={"pads": row(2, 1.2, 0.4)})})
    assert checks.look(mended).needs_review == []


@given(st.integers(3, 20), st.sampled_from([0.4, 0.5, 0.65, 1.27]))
def test_a_row_of_pads_keeps_its_pitch(count: int, pitch: float) -> None:
    assert all(e.held for e in found(row(count, pitch, 0.2), pitch=pitch)["pitch_row_of_pads"])
    stretched = found(row(count, pitch * 1.1, 0.2), pitch=pitch)["pitch_row_of_pads"]
    assert [e.held for e in stretched] == [False]


@pytest.mark.parametrize(("leads", "held"), [(0.5, True), (1.0, True), (0.65, False)])
def test_leads_and_pads_have_one_pitch(leads: float, held: bool) -> None:
    """A lead left out makes a step of two pitches."""
    land = LandPattern(pads=row(3, 1.0, 0.3))
    result = DatasheetResult(land_pattern=land, terminals=Terminals(pitch=Value(nom=leads)))
    assert [(e.name, e.held) for e in equations.of(result)] == [("pitch_of_both_drawings", held)]


def table(**rows: tuple[float, float]) -> DatasheetResult:
    values = {s: Value(min=lo, max=hi, symbol=s) for s, (lo, hi) in rows.items()}
    dimensions = [Dimension(measures=s, value=v) for s, v in values.items()]
    return DatasheetResult(body=Body(width=values["E1"], height=values["A"]), dimensions=dimensions)


SOIC = {"A": (1.35, 1.75), "A1": (0.1, 0.25), "A2": (1.25, 1.5), "E": (5.8, 6.2), "E1": (3.8, 4.0)}


@pytest.mark.parametrize(("reach", "off"), [(1.05, 0.0), (0.4, 1.0)])
def test_ranges_of_the_table_hold_when_both_sides_meet(reach: float, off: float) -> None:
    named = {e.name: e for e in equations.of(table(**SOIC, L1=(reach, reach)))}
    assert named["standoff_and_body"].held
    assert named["standoff_and_body"].values == ["dimensions[2].value", "dimensions[1].value", "body.height"]
    assert (named["leads_and_body"].held, named["leads_and_body"].off_mm) == (off == 0, off)


def test_what_a_person_corrected_counts() -> None:
    result = table(**SOIC)
    height = result.body.height.model_copy(update={"min": 2.5, "max": 2.6})
    corrected = result.model_copy(update={"body": result.body.model_copy(update={"height": height})})
    assert [e.held for e in equations.of(corrected)] == [False]


def test_dimensions_without_ends_say_nothing() -> None:
    assert found(row(2, 1.0, 0.4), Dimension(measures="x distance", value=Value(nom=9.0))) == {}
