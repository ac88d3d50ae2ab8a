"""Dimension tables in both directions, with both units, with dashes and merged cells."""

from __future__ import annotations

import pytest

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.text.tables import read


def row(y: float, *cells: tuple[float, str]) -> list[Word]:
    return [Word(t, Box(x, y, x + 4.5 * len(t), y + 7), 0, 1.0, 7.0) for x, t in cells]


def test_limits_by_symbol() -> None:
    words = [
        *row(0, (160, "MILLIMETERS"), (260, "INCHES")),
        *row(12, (80, "DIM"), (150, "MIN"), (200, "MAX"), (250, "MIN"), (300, "MAX")),
        *row(24, (82, "A"), (150, "---"), (200, "1.75"), (250, "---"), (300, "0.069")),
        *row(36, (82, "b"), (150, "0.35"), (200, "0.49"), (250, "0.014"), (300, "0.019")),
        *row(48, (82, "e"), (172, "1.27"), (196, "BSC"), (270, "0.050"), (296, "BSC")),
    ]
    found = {e.symbol: (e.quantity.low, e.quantity.value, e.quantity.high) for e in read(words)[0]}
    assert found == {"A": (None, None, 1.75), "b": (0.35, None, 0.49), "e": (None, 1.27, None)}


def test_inch_only_tables_become_millimetres() -> None:
    words = [
        *row(0, (160, "INCHES")),
        *row(12, (80, "DIM"), (150, "MIN"), (200, "MAX")),
        *row(24, (82, "A"), (150, "0.100"), (200, "0.200")),
        *row(36, (82, "B"), (150, "0.010"), (200, "0.020")),
    ]
    assert [e.quantity.high for e in read(words)[0]] == [5.08, 0.508]


@pytest.mark.parametrize(
    ("unit", "low", "high"),
    [("mm", 395.0, 420.0), ("Millmeters", 395.0, 420.0), ("mil", 10.033, 10.668), ("inch", 10033.0, 10668.0)],
)
def test_dimensions_in_a_unit(unit: str, low: float, high: float) -> None:
    words = [
        *row(0, (150, "Dimensions"), (200, "in"), (212, unit)),
        *row(12, (80, "Symbol"), (150, "Min."), (200, "Nom."), (250, "Max.")),
        *row(24, (82, "A"), (150, "395"), (200, "-"), (250, "420")),
        *row(36, (82, "E"), (150, "-"), (200, "25"), (250, "-")),
    ]
    first = read(words)[0][0].quantity
    assert (first.low, first.high) == (low, high)


def test_symbols_in_a_row_with_maximum_over_minimum() -> None:
    words = [
        *row(0, (20, "UNIT"), (80, "A"), (120, "D"), (160, "E"), (200, "e")),
        *row(14, (80, "1.1"), (120, "3.0"), (160, "1.4")),
        *row(18, (22, "mm"), (200, "1.9")),
        *row(22, (80, "0.9"), (120, "2.8"), (160, "1.2")),
    ]
    found = {e.symbol: (e.quantity.low, e.quantity.value, e.quantity.high) for e in read(words)[0]}
    assert found == {"A": (0.9, None, 1.1), "D": (2.8, None, 3.0), "E": (1.2, None, 1.4), "e": (None, 1.9, None)}


def test_two_tables_side_by_side() -> None:
    words = [
        *row(
            0, (0, "Dimension"), (60, "Min"), (100, "Typ"), (140, "Max"), (200, "Dimension"), (260, "Min"), (300, "Max")
        ),
        *row(12, (10, "A"), (60, "0.80"), (100, "0.90"), (140, "1.00"), (210, "L"), (260, "0.35"), (300, "0.65")),
        *row(24, (10, "D"), (92, "5.00"), (114, "BSC."), (210, "ddd"), (280, "0.05")),
        *row(36, (10, "E"), (92, "5.00"), (114, "BSC."), (210, "Y2"), (260, "3.20"), (300, "3.30")),
    ]
    entries, boxes = read(words)
    found = {e.symbol: (e.quantity.low, e.quantity.value, e.quantity.high) for e in entries}
    assert found == {
        "A": (0.8, 0.9, 1.0), "D": (None, 5.0, None), "E": (None, 5.0, None),
        "L": (0.35, None, 0.65), "ddd": (None, 0.05, None), "Y2": (3.2, None, 3.3),
    }  # fmt: skip
    assert {e.quantity.printed for e in entries if e.symbol in "DE"} == {"D 5.00 BSC.", "E 5.00 BSC."}
    assert {e.description for e in entries} == {""}
    assert len({e.table for e in entries}) == 1
    assert len(boxes) == 2


@pytest.mark.parametrize("unit", ["MILLIMETERS", "INCHES"])
def test_a_count_of_pins_is_no_length(unit: str) -> None:
    words = [
        *row(0, (160, unit)),
        *row(12, (80, "Symbol"), (150, "MIN"), (200, "NOM"), (250, "MAX")),
        *row(24, (82, "N"), (200, "8")),
        *row(36, (20, "Number"), (52, "of"), (62, "Pins"), (86, "K"), (200, "8")),
        *row(48, (82, "A"), (150, "0.9"), (200, "1.0"), (250, "1.1")),
        *row(60, (82, "D"), (150, "5"), (200, "6"), (250, "7")),
    ]
    assert [e.symbol for e in read(words)[0]] == ["A", "D"]


def limits(words: list[Word]) -> dict[str, tuple[float | None, float | None, float | None]]:
    return {e.symbol: (e.quantity.low, e.quantity.value, e.quantity.high) for e in read(words)[0]}


def test_the_unit_of_a_note_over_the_table_is_not_that_of_a_column() -> None:
    """Three limits in both units; the note stands nearer to the third column than the unit over it."""
    words = [
        *row(-2, (183, "INCH.")),
        *row(13, (140, "MILLIMETERS"), (240, "INCHES")),
        *row(24, (80, "DIM"), (130, "MIN"), (155, "NOM"), (180, "MAX"), (205, "MIN"), (230, "NOM"), (255, "MAX")),
        *row(36, (82, "D"), (130, "1.40"), (155, "1.60"), (180, "1.80"), (205, ".055"), (230, ".063"), (255, ".071")),
        *row(48, (82, "E"), (130, "2.54"), (155, "2.69"), (180, "2.84"), (205, ".100"), (230, ".106"), (255, ".112")),
    ]
    assert limits(words) == {"D": (1.4, 1.6, 1.8), "E": (2.54, 2.69, 2.84)}


def test_a_head_in_two_pieces_is_one_column() -> None:
    words = [
        *row(0, (60, "SYMBOLS"), (130, "MI"), (140, "N"), (180, "NOM"), (230, "MAX")),
        *row(12, (82, "A"), (130, "0.85"), (180, "0.90"), (230, "0.95")),
        *row(24, (82, "D"), (130, "3.90"), (180, "4.00"), (230, "4.10")),
    ]
    assert limits(words) == {"A": (0.85, 0.9, 0.95), "D": (3.9, 4.0, 4.1)}


def test_letters_with_footnotes_are_letters() -> None:
    words = [
        *row(0, (60, "Symbol"), (130, "Min"), (180, "Typ"), (230, "Max")),
        *row(12, (80, "A(2)"), (130, "-"), (180, "-"), (230, "0.59")),
        *row(24, (82, "D"), (130, "3.13"), (180, "3.15"), (230, "3.17")),
        *row(36, (62, "D1(2)(15)"), (130, "2.9"), (180, "3.0"), (230, "3.1")),
    ]
    assert limits(words) == {"A": (None, None, 0.59), "D": (3.13, 3.15, 3.17), "D1": (2.9, 3.0, 3.1)}


def test_letters_over_columns_with_limits_at_the_left() -> None:
    words = [
        *row(0, (10, "Package"), (150, "A"), (190, "A1"), (230, "K"), (265, "D/E"), (310, "e"), (350, "L")),
        *row(12, (60, "QFN20"), (110, "Min."), (145, "0.80"), (185, "0.00"), (345, "0.35")),
        *row(
            24,
            (60, "4x4"),
            (110, "Typ."),
            (145, "0.85"),
            (185, "0.02"),
            (225, "0.20"),
            (265, "4.0"),
            (305, "0.5"),
            (345, "0.40"),
        ),
        *row(36, (110, "Max"), (145, "0.95"), (185, "0.05"), (225, "min."), (263, "BSC"), (345, "0.45")),
    ]
    found = limits(words)
    assert found["A"] == (0.8, 0.85, 0.95)
    assert found["D"] == found["E"] == (None, 4.0, None)
    assert found["K"] == (0.2, None, None)


def test_a_limit_under_the_letter_of_a_column_says_which_one_its_number_is() -> None:
    words = [
        *row(0, (40, "UNIT"), (120, "A"), (160, "D(1)"), (210, "E(2)"), (260, "e")),
        *row(9, (114, "max.")),
        *row(20, (60, "max"), (160, "2.1"), (210, "2.4")),
        *row(28, (30, "mm"), (60, "nom"), (120, "1"), (258, "0.5")),
        *row(36, (60, "min"), (160, "1.9"), (210, "2.2")),
    ]
    assert limits(words) == {
        "A": (None, None, 1.0),
        "D": (1.9, None, 2.1),
        "E": (2.2, None, 2.4),
        "e": (None, 0.5, None),
    }


def test_a_letter_far_beside_a_table_begins_no_row_of_it() -> None:
    """A marking on a figure left of the table, on the level of a number of the figure below the table."""
    words = [
        *row(0, (280, "DIM"), (350, "MIN"), (400, "MAX")),
        *row(12, (282, "A"), (350, "2.80"), (400, "3.04")),
        *row(24, (282, "B"), (350, "2.10"), (400, "2.64")),
        *row(36, (282, "C"), (350, "1.20"), (400, "1.40")),
        *row(60, (80, "S1"), (352, "0.80")),
    ]
    entries, boxes = read(words)
    assert [e.symbol for e in entries] == ["A", "B", "C"]
    assert boxes[0].y1 < 60


def test_a_head_that_was_not_read_leaves_the_other_units_columns_whole() -> None:
    """INCHES lacks its MIN, so that MAX and MIN of different units stand side by side."""
    words = [
        *row(0, (165, "INCHES"), (255, "MILLIMETERS")),
        *row(12, (80, "DIM"), (200, "MAX"), (250, "MIN"), (300, "MAX")),
        *row(24, (82, "A"), (200, "0.403"), (250, "9.804"), (300, "10.236")),
        *row(36, (82, "B"), (200, "0.368"), (250, "9.042"), (300, "9.347")),
        *row(48, (82, "C"), (200, "0.180"), (250, "4.318"), (300, "4.572")),
    ]
    found = {e.symbol: (e.quantity.low, e.quantity.value, e.quantity.high) for e in read(words)[0]}
    assert found == {"A": (9.804, None, 10.236), "B": (9.042, None, 9.347), "C": (4.318, None, 4.572)}


def test_limits_that_stand_the_wrong_way_round_are_no_row() -> None:
    words = [
        *row(12, (80, "DIM"), (150, "MIN"), (200, "MAX")),
        *row(24, (82, "A"), (150, "1.35"), (200, "1.75")),
        *row(36, (82, "b"), (150, "9.04"), (200, "0.37")),
        *row(48, (82, "c"), (150, "0.19"), (200, "0.25")),
    ]
    assert [e.symbol for e in read(words)[0]] == ["A", "c"]
