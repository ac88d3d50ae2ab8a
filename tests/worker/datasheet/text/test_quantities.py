"""Printed dimensions in the styles makers use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.text.phrases import join
from worker.datasheet.text.quantities import parse
from worker.datasheet.text.stacks import read


def line(text: str, x: float = 0.0, y: float = 0.0) -> Word:
    return Word(text, Box(x, y, x + 5.0 * len(text), y + 8.0), 0, 1.0, 8.0)


@pytest.mark.parametrize(
    ("text", "low", "value", "high", "count"),
    [
        ("1.27", None, 1.27, None, None),
        ("0,50", None, 0.5, None, None),
        ("20X (0.6)", None, 0.6, None, 20),
        ("8-0.30", None, 0.3, None, 8),
        ("12x0,5", None, 0.5, None, 12),
        ("3.20±0.1", 3.1, 3.2, 3.3, None),
        ("[4.5 `0.254]", 4.246, 4.5, 4.754, None),
        ("5.5max.", None, None, 5.5, None),
        ("1 MIN", 1.0, None, None, None),
        ("0.95 BSC", None, 0.95, None, None),
        ("0.10 (0.004)", None, 0.1, None, None),
        (".543 [13.80]", None, 13.8, None, None),
        ("13.80 [.543]", None, 13.8, None, None),
        ("2.70-3.10", 2.7, None, 3.1, None),
        ("-4X 0.50", None, 0.5, None, 4),
    ],
)
def test_styles(text: str, low: float | None, value: float | None, high: float | None, count: int | None) -> None:
    read = parse(line(text))
    assert read is not None
    assert (read.low, read.value, read.high, read.count) == (low, value, high, count)


@pytest.mark.parametrize("text", ["5X01.02", "-9X00.20", "4x Ø1,10", "Ø0.8"])
def test_a_zero_too_many_is_the_sign_of_a_diameter(text: str) -> None:
    read = parse(line(text))
    assert read is not None
    assert read.kind == "diameter"


@pytest.mark.parametrize("text", ["45°", "68%", "NOTE 3", "REV A", "8-Lead", "www.example.org", "10/10", ""])
def test_what_is_no_dimension(text: str) -> None:
    assert parse(line(text)) is None


@given(st.decimals(min_value="0.05", max_value="99", places=2))
def test_comma_and_point_are_the_same(number: object) -> None:
    assert parse(line(str(number))).target == parse(line(str(number).replace(".", ","))).target  # type: ignore[union-attr]


def test_maximum_over_minimum_is_one_dimension() -> None:
    (one,) = read([line("3.15", y=0), line("2.85", y=10)])
    assert (one.low, one.high) == (2.85, 3.15)


def test_limits_begin_end_or_stand_in_the_middle_at_one_place() -> None:
    assert [q.value for q in read([line("1.80", y=0), line("0.50", x=12, y=10)])] == [1.8, 0.5]


@pytest.mark.parametrize("text", ["—64X00.34", "— 64X Ø0.34", "-64X Ø0.34", "64X00.34-"])
def test_the_end_of_a_leader_is_no_part_of_a_number(text: str) -> None:
    one = parse(line(text))
    assert one is not None
    assert (one.value, one.count, one.kind) == (0.34, 64, "diameter")


@pytest.mark.parametrize("stack", [("1.00", "0.95", "0.85"), ("2.90", "3.00", "3.10")])
def test_three_numbers_over_each_other_are_a_nominal_between_its_limits(stack: tuple[str, ...]) -> None:
    (one,) = read([line(text, y=10 * i) for i, text in enumerate(stack)])
    assert [one.low, one.value, one.high] == sorted(float(t) for t in stack)


@pytest.mark.parametrize(
    "column", [("1.00", "0.95", "0.85", "0.75"), ("1.00", "0.95", "0.9"), ("1.00", "0.85", "0.95")]
)
def test_columns_of_tables_and_other_numbers_over_each_other_are_no_such_three(column: tuple[str, ...]) -> None:
    found = read([line(text, y=10 * i) for i, text in enumerate(column)])
    assert not any(q.low is not None and q.value is not None for q in found)


@pytest.mark.parametrize(("inches", "mm"), [("0.315Max", "(8.0)"), ("0.315", "8.0 MAX")])
def test_a_limit_said_of_inches_holds_for_their_millimetres(inches: str, mm: str) -> None:
    (one,) = read([line(inches, y=0), line(mm, y=10)])
    assert (one.low, one.value, one.high, one.mm, one.reference) == (None, None, 8.0, True, False)


@pytest.mark.parametrize("pair", [("9.60 – 9.80*", "(.378 – .386)"), (".378-.386", "9.60-9.80")])
def test_two_limits_over_the_same_in_the_other_unit_are_one_dimension(pair: tuple[str, str]) -> None:
    (one,) = read([line(pair[0], y=0), line(pair[1], y=9)])
    assert (one.low, one.value, one.high, one.mm, one.reference) == (9.6, None, 9.8, True, False)


def test_inch_over_millimetre_is_the_millimetre() -> None:
    (one,) = read([line("0.256", y=0), line("6.50", y=10)])
    assert (one.value, one.mm) == (6.5, True)


def test_the_least_may_stand_over_the_most_where_both_have_their_inches() -> None:
    (one,) = read([line("6.300(0.248)", y=0), line("6.700(0.264)", y=12)])
    assert (one.low, one.value, one.high) == (6.3, None, 6.7)
    assert len(read([line("4.500", y=0), line("4.700", y=12)])) == 2
    assert len(read([line("2.300(0.091)", y=0), line("4.600(0.181)", y=12)])) == 2


def test_digits_of_noise_before_inches_do_not_hide_their_millimetres() -> None:
    """A stroke beside ".650" is read as digits; the bracket says what was printed."""
    (one,) = read([line("41.650 [16.51]")])
    assert (one.value, one.mm) == (16.51, True)


def test_inch_over_millimetre_of_a_diameter_stays_a_diameter() -> None:
    (one,) = read([line("4X Ø.035", y=0), line(".90", x=15, y=10)])
    assert (one.value, one.mm, one.kind, one.count) == (0.9, True, "diameter", 4)


def test_two_numbers_with_their_inches_are_two() -> None:
    assert [q.value for q in read([line("13.00 [.512]", y=0), line("1.30 [.051] TYP", y=10)])] == [13.0, 1.3]


def test_parallel_numbers_are_two_when_each_has_its_own_line() -> None:
    both = read([line("5.30", y=0), line("3.90", y=10)], lambda *_: True)
    assert [q.value for q in both] == [5.3, 3.9]


def test_references_and_counted_numbers_are_never_limits() -> None:
    assert len(read([line("(5.30)", y=0), line("(3.90)", y=10)])) == 2
    assert len(read([line("1.90", y=0), line("5X 0.52", y=10)])) == 2


def test_a_wide_space_does_not_part_a_number_from_its_inches() -> None:
    (one,) = read(join([line("0.95"), line("[.037]", x=33.0)]))
    assert (one.value, one.printed) == (0.95, "0.95 [.037]")


@pytest.mark.parametrize("value", ["3.90", "3.90 [.154]", "3.90 (.154)"])
def test_a_tag_belongs_to_the_number_before_it_in_fonts_of_one_width(value: str) -> None:
    (joined,) = join([line(value), line("MAX", x=5.0 * len(value) + 8.0)])
    assert joined.text == f"{value} MAX"


def test_limits_stacked_with_their_inches_beside_them_are_limits() -> None:
    (upright,) = read([line("2.9 [0.114]"), line("2.7 [0.106]", y=17.0)])
    assert (upright.low, upright.value, upright.high) == (2.7, None, 2.9)
    (turned,) = read(
        [Word(t, Box(x, 363, x + 7, 395), 1, 1.0, 7.0) for x, t in ((154, "1.9 [0.075]"), (168, "1.7 [0.067]"))]
    )
    assert (turned.low, turned.value, turned.high) == (1.7, None, 1.9)


def test_a_limit_below_its_number_belongs_to_its_box() -> None:
    (one,) = read([line("0.62", y=0), line("MAX", y=9)])
    assert one.high == 0.62
    assert one.box.y1 > 9 + 4


def test_inches_and_millimetres_may_have_their_dimension_line_between_them() -> None:
    (one,) = read([line("0.037", y=0), line("(0.950)", y=25)])
    assert (one.value, one.mm) == (0.95, True)
    assert len(read([line("0.037", y=0), line("(0.850)", y=25)])) == 2


def test_a_bracket_whose_other_half_stands_before_a_drawn_sign_does_not_hide_the_number() -> None:
    one = parse(line("1.7)"))
    assert one is not None
    assert (one.value, one.reference) == (1.7, True)
