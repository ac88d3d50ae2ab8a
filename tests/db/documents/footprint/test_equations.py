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


def said_of(result: DatasheetResult) -> list[str]:
    return [e.text for e in equations.of(result)]


FOUR = row(4, 1.0, 0.4)
PITCH, SIZE = printed(1.0, (0, "centre"), (1, "centre")), printed(0.4, (1, "low"), (1, "high"))


def turned(pads: list[Pad], *dimensions: Dimension) -> tuple[list[Pad], list[Dimension]]:
    """The same along y."""
    flipped = [p.model_copy(update={"x": p.y, "y": p.x, "w": p.h, "h": p.w}) for p in pads]
    return flipped, [d.model_copy(update={"axis": "y"}) for d in dimensions]


def texts(pads: list[Pad], *dimensions: Dimension) -> list[str]:
    """What is said along x; the same must be said along y of the same pads turned by a quarter."""
    along = [e.text for own in found(pads, *dimensions).values() for e in own]
    flipped, upright = turned(pads, *dimensions)
    down = [e.text for own in found(flipped, *upright).values() for e in own]
    assert [text.replace("along y", "along x") for text in down] == along
    assert not any("along x" in text for text in down)
    return along


@pytest.mark.parametrize(
    ("mm", "ends", "text"),
    [
        (0.4, ((0, "low"), (0, "high")), "0.4 = 0.4 (printed, size of a pad along x)"),
        (0.6, ((0, "high"), (1, "low")), "0.6 = 0.6 (printed, gap of pads along x)"),
        (1, ((0, "centre"), (1, "centre")), "1 = 1 (printed, centres of pads along x)"),
        (1.4, ((0, "low"), (1, "high")), "1.4 = 1.4 (printed, extent of pads along x)"),
        (1.2, ((0, "low"), (1, "centre")), "1.2 = 1.2 (printed, pads along x)"),
        (1.25, ((0, "low"), (1, "centre")), "1.25 = 1.2 (printed, pads along x)"),
    ],
)
def test_a_printed_distance_says_which_of_the_pads_it_is(
    mm: float, ends: tuple[tuple[int, str], ...], text: str
) -> None:
    assert texts(FOUR, printed(mm, *ends)) == [text]


@pytest.mark.parametrize(
    ("ends", "pads"),
    [
        (((1, "centre"), (0, "centre")), FOUR),  # backwards
        (((0, "centre"), (0, "centre")), FOUR),
        (((0, "centre"), (4, "centre")), FOUR),  # a pad that is not there any more
        (((0, "low"), (1, "high")), [FOUR[0], Pad(number="2", x=1, y=0)]),  # a pad without a size
    ],
)
def test_a_distance_between_lines_that_are_none_says_nothing(
    ends: tuple[tuple[int, str], ...], pads: list[Pad]
) -> None:
    assert texts(pads, printed(1.0, *ends)) == []


def test_a_row_of_pads_is_its_pitch_so_many_times_and_with_a_pad_its_extent() -> None:
    centres, extent = printed(3.0, (0, "centre"), (3, "centre")), printed(3.4, (0, "low"), (3, "high"))
    assert "1 * 3 = 3 (pitch of 4 pads, centres along x)" in texts(FOUR, PITCH, centres)
    said = texts(FOUR, PITCH, SIZE, extent)
    assert "1 * 3 + 0.4 = 3.4 (pitch of 4 pads + pad = extent along x)" in said
    assert not any("pitch of" in text for text in texts(FOUR, PITCH, extent)), "no pad size is printed"


def test_only_pads_in_line_and_evenly_apart_make_a_row() -> None:
    whole = printed(3.0, (0, "centre"), (3, "centre"))
    beside = [*FOUR, Pad(number="5", x=0.2, y=2, w=0.4, h=1), Pad(number="6", x=0, y=0, w=0.1, h=0.1, role="via")]
    beyond = [*FOUR, Pad(number="5", x=2.6, y=0, w=0.4, h=1)]
    for pads in (beside, beyond):
        assert "1 * 3 = 3 (pitch of 4 pads, centres along x)" in texts(pads, PITCH, whole)
    uneven = [FOUR[0], FOUR[1].model_copy(update={"x": -0.48}), *FOUR[2:]]
    assert not any("pitch of" in text for text in texts(uneven, PITCH, whole))
    two = printed(2.0, (0, "centre"), (2, "centre"))
    assert "1 * 2 = 2 (pitch of 3 pads, centres along x)" in texts(FOUR, PITCH, two), "the shortest row"


@pytest.mark.parametrize(("off", "said"), [(0.004, True), (0.016, False)])
def test_distances_are_of_one_middle_or_one_line_to_a_hundredth(off: float, said: bool) -> None:
    """Solved lines that are meant to be one differ by the noise of the drawing."""
    pads = [Pad(number="1", x=-2.5, y=0, w=1, h=1), Pad(number="2", x=2.5, y=0, w=1, h=1)]
    third = Pad(number="3", x=2.5 + 2 * off, y=3, w=1, h=1)
    size, gap = printed(1.0, (0, "low"), (0, "high")), printed(4.0, (0, "high"), (1, "low"))
    centres = printed(5.0, (0, "centre"), (2, "centre"))
    assert ("4 + 1 = 5 (gap + pad = centres along x)" in texts([*pads, third], size, gap, centres)) == said
    row_of = [*row(3, 1.0, 0.4), Pad(number="4", x=2 * off, y=3, w=0.4, h=1)]
    parts = printed(1.0, (0, "centre"), (1, "centre")), printed(1.0, (3, "centre"), (2, "centre"))
    chained = texts(row_of, *parts, printed(2.0, (0, "centre"), (2, "centre")))
    assert ("1 + 1 = 2 (one distance after the other along x)" in chained) == (2 * off < 0.01)


def test_a_printed_size_is_that_of_an_equal_pad_also_of_one_that_is_turned() -> None:
    upright = Pad(number="9", x=0, y=5, w=1.0, h=0.4)
    size = Dimension(measures="", value=Value(nom=0.4), axis="y", ends=(End(pad=4, at="low"), End(pad=4, at="high")))
    extent = printed(3.4, (0, "low"), (3, "high"))
    land = LandPattern(pads=[*FOUR, upright], dimensions=[PITCH, size, extent])
    assert "1 * 3 + 0.4 = 3.4 (pitch of 4 pads + pad = extent along x)" in said_of(DatasheetResult(land_pattern=land))
    other = land.model_copy(update={"pads": [*FOUR, upright.model_copy(update={"w": 1.02})]})
    assert not any("extent along" in text for text in said_of(DatasheetResult(land_pattern=other)) if "+" in text)


@pytest.mark.parametrize(
    ("pads", "pitch", "said"),
    [
        (row(3, 1.0, 0.3), 1.29, True),
        (row(3, 1.0, 0.3), 1.45, False),  # another row than the pitch is of
        (row(2, 1.0, 0.3), 1.0, False),
        ([*row(2, 1.0, 0.3), Pad(number="3", x=1.519, y=0, w=0.3, h=1)], 1.0, True),
        ([*row(2, 1.0, 0.3), Pad(number="3", x=1.521, y=0, w=0.3, h=1)], 1.0, False),  # not evenly apart
        ([p.model_copy(update={"role": "thermal"}) for p in row(3, 1.0, 0.3)], 1.0, False),
    ],
)
def test_rows_that_a_pitch_is_of(pads: list[Pad], pitch: float, said: bool) -> None:
    assert bool(found(pads, pitch=pitch).get("pitch_row_of_pads")) == said


def test_a_row_tells_its_axis_and_its_count() -> None:
    upright, _ = turned(row(3, 1.0, 0.3))
    land = LandPattern(pads=upright, pitch=Value(nom=1.0))
    assert said_of(DatasheetResult(land_pattern=land)) == ["1 * 2 = 2 (pitch of a row of 3 pads along y)"]


def test_the_pitch_of_the_leads_is_compared_with_the_nearest_pads() -> None:
    pads = [*row(3, 1.0, 0.3), *turned(row(2, 0.8, 0.3))[0]]
    pads[-2:] = [p.model_copy(update={"x": 9.0}) for p in pads[-2:]]
    result = DatasheetResult(land_pattern=LandPattern(pads=pads), terminals=Terminals(pitch=Value(nom=0.8)))
    assert said_of(result) == ["0.8 = 0.8 (pitch of the leads, nearest pads along y)"]
    for none in (Value(), Value(nom=0.0), Value(nom=-1.0)):
        assert said_of(result.model_copy(update={"terminals": Terminals(pitch=none)})) == []
    assert said_of(result.model_copy(update={"land_pattern": LandPattern(pads=row(1, 1, 0.3))})) == []


def outline(**mm: float) -> DatasheetResult:
    values = {letter.replace("_", "/"): Value(nom=n, symbol=letter.replace("_", "/")) for letter, n in mm.items()}
    return DatasheetResult(dimensions=[Dimension(measures=s, value=v) for s, v in values.items()])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"E1": 4, "L1": 1, "E": 6, "A": 1.5}, ["4 + 1 * 2 = 6 (E1 + 2 L1 = E)"]),
        ({"D1": 4, "L1": 1, "D": 6, "E1": 5}, ["4 + 1 * 2 = 6 (D1 + 2 L1 = D)"]),
        ({"E": 4, "L": 1, "HE": 6, "Lp": 0.5}, ["4 + 1 * 2 = 6 (E + 2 L = HE)"]),
        ({"A2": 1.25, "A1": 0.1, "A": 1.35, "E": 6}, ["1.25 + 0.1 = 1.35 (A2 + A1 = A)"]),
        ({"E1": 4, "L1": 1, "E": 6}, []),  # of another kind of table: the letter beside it is not there
        ({"E1": 2.4, "L1": 1, "E": 6, "A": 1}, []),  # so little of the whole is no body
        ({"E1": 2.5, "L1": 1, "E": 6, "A": 1}, ["2.5 + 1 * 2 = 6 (E1 + 2 L1 = E)"]),
        ({"E1": 6, "L1": 1, "E": 6, "A": 1}, []),  # the body is no smaller than the whole
        ({"E": 6, "E_2": 3}, ["3 * 2 = 6 (twice E/2 = E)"]),
        ({"E_2": 3, "D": 6}, []),
    ],
)
def test_sums_of_an_outline(rows: dict[str, float], said: list[str]) -> None:
    assert said_of(outline(**rows)) == said


@pytest.mark.parametrize(("half", "held"), [(3.025, True), (3.026, False), (2.975, True), (2.974, False)])
def test_each_value_of_an_outline_was_rounded_by_itself(half: float, held: bool) -> None:
    [equation] = equations.of(outline(E=6.0, E_2=half))
    assert (equation.held, equation.left, equation.right) == (held, 2 * half, 6.0)
    assert equation.off_mm == pytest.approx(abs(2 * half - 6), abs=1e-4)


@pytest.mark.parametrize(("printed_mm", "held"), [(1.02, True), (1.021, False), (0.98, True), (0.979, False)])
def test_a_printed_distance_may_be_off_by_two_hundredths(printed_mm: float, held: bool) -> None:
    [equation] = found(FOUR, printed(printed_mm, (0, "centre"), (1, "centre")))["printed_distance"]
    assert equation.held is held


def test_the_first_row_of_a_letter_counts_and_one_without_a_number_is_none() -> None:
    twice = outline(E=6.0, E_2=3.0).dimensions
    later = [Dimension(measures="E", value=Value(nom=9.0, symbol="E"))]
    bare = [Dimension(measures="E", value=Value(symbol="E")), Dimension(measures="x", value=Value(nom=1.0))]
    assert said_of(DatasheetResult(dimensions=[*twice, *later])) == ["3 * 2 = 6 (twice E/2 = E)"]
    assert said_of(DatasheetResult(dimensions=[*bare, *later, twice[1]])) == ["3 * 2 = 9 (twice E/2 = E)"]


def test_an_equation_is_said_once() -> None:
    same = printed(1.0, (0, "centre"), (1, "centre")), printed(1.0, (1, "centre"), (2, "centre"))
    assert texts(FOUR, *same) == ["1 = 1 (printed, centres of pads along x)"]
