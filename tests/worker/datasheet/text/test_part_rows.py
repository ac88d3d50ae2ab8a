"""Tables with a row for each of several parts under the letters of a figure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.worker.datasheet.text.test_tables import row
from worker.datasheet.geometry.primitives import Word
from worker.datasheet.text.part_names import fit
from worker.datasheet.text.part_rows import PartRows, read
from worker.datasheet.text.tables import read as read_limits

HEAD = [*row(0, (10, "TYPE"), (90, "L"), (97, "(mm)"), (160, "W"), (167, "(mm)"), (230, "T"), (237, "(mm)"))]


def values(found: PartRows) -> dict[str, tuple[float | None, float | None, float | None]]:
    return {e.symbol: (e.quantity.low, e.quantity.value, e.quantity.high) for e in found.entries}


def sizes(*names: str) -> list[Word]:
    """One row for each name; the third part is 3.0 x 1.6 x 0.7 mm."""
    return [
        word
        for i, name in enumerate(names)
        for word in row(14 * (i + 1), (10, name), (88, f"{i + 1}.0"), (103, "±0.1"), (158, f"{0.8 * i:.1f}±0.2"),
                        (228, f"0.{i + 5}±0.1"))
    ]  # fmt: skip


@pytest.mark.parametrize("package", ["1206", "QR1206", "QR1206J102"])
def test_the_row_of_a_size_of_a_series_or_of_the_part_itself(package: str) -> None:
    found = read(HEAD + sizes("QR0603", "QR0805", "QR1206", "QR2512"), [], package)
    assert values(found) == {"L": (2.9, 3.0, 3.1), "W": (1.4, 1.6, 1.8), "T": (0.6, 0.7, 0.8)}
    assert found.rivals == []


@pytest.mark.parametrize("package", ["1210", "QR12", None])
def test_no_row_for_a_part_that_the_table_does_not_have(package: str | None) -> None:
    assert read(HEAD + sizes("QR0603", "QR0805", "QR1206"), [], package) == PartRows([], [], [])


def test_a_name_over_several_rows_stands_for_each_and_what_they_differ_in_is_told() -> None:
    words = [
        *HEAD,
        *row(14, (88, "1.6"), (158, "0.8"), (228, "0.8")),
        *row(28, (88, "1.6"), (158, "0.8"), (228, "0.5")),
        *row(21, (10, "0603")),
        *row(42, (88, "2.0"), (158, "1.2"), (228, "0.6")),
        *row(56, (10, "0805"), (88, "2.0"), (158, "1.2"), (228, "0.8")),
        *row(70, (88, "2.0"), (158, "1.2"), (228, "1.2")),
    ]
    found = read(words, [], "0805")
    assert values(found) == {"L": (None, 2.0, None), "W": (None, 1.2, None), "T": (None, 0.6, None)}
    assert [e.quantity.printed for e in found.rivals] == ["T 0.8", "T 1.2"]


def test_limits_in_two_units_under_each_letter() -> None:
    columns = [60 + 30 * i for i in range(8)]
    words = [
        *row(0, (102, "A"), (222, "B")),
        *row(10, (66, "Inches"), (135, "mm"), (186, "Inches"), (255, "mm")),
        *row(20, *((x, ("Min", "Max")[i % 2]) for i, x in enumerate(columns))),
        *row(
            34,
            (4, "77L010"),
            *zip(columns, ("0.07", "0.08", "1.80", "2.05", "0.04", "0.05", "1.00", "1.25"), strict=True),
        ),
        *row(
            48,
            (4, "77L020"),
            *zip(columns, ("0.17", "0.18", "4.30", "4.60", "0.14", "0.15", "3.60", "3.80"), strict=True),
        ),
    ]
    assert values(read(words, [], "77L010YR")) == {"A": (1.8, None, 2.05), "B": (1.0, None, 1.25)}


def test_the_only_row_of_a_table_that_names_no_part() -> None:
    letters = row(0, (90, "A"), (160, "B"), (230, "C"))
    only = row(14, (86, "3.7"), (101, "mm"), (156, "2.8"), (171, "mm"), (226, "2.7"), (241, "mm"))
    assert values(read([*letters, *only], [], None)) == {
        "A": (None, 3.7, None),
        "B": (None, 2.8, None),
        "C": (None, 2.7, None),
    }


def test_letters_over_numbers_of_pins_are_no_table() -> None:
    segments, pins = row(0, (90, "e"), (230, "Y")), row(14, (90, "1"), (229, "14"), (330, "1.68"))  # beside a dimension
    assert not read([*segments, *pins], [], None).entries


def test_digits_that_a_font_sets_apart_are_one_number() -> None:
    words = [*HEAD, *row(14, (10, "2512"), (88, "6."), (99, "3"), (105, "5"), (158, "3.1"), (228, "0.6"))]
    assert values(read(words, [], "2512"))["L"] == (None, 6.35, None)


@pytest.mark.parametrize(
    ("name", "package", "fits"),
    [("AB2512", "2512", True), ("AB2512 1W", "AB2512", True), ("12512", "2512", False), ("AB251", "AB2512", False),
     ("77L010", "77L010YR", True), ("77L01", "77L010YR", False), ("L", "SRX L", False), ("B", "case B 3528-21", True)],
)  # fmt: skip
def test_names_of_a_part(name: str, package: str, fits: bool) -> None:
    assert (fit(name, package) > 0) is fits


def test_a_table_by_numbers_of_circuits_is_left_to_the_families() -> None:
    words = [
        *row(0, (10, "Part"), (60, "Circuits"), (120, "A"), (180, "B")),
        *row(14, (10, "KX2B"), (70, "2"), (116, "2.0"), (176, "6.0")),
        *row(28, (10, "KX3B"), (70, "3"), (116, "4.0"), (176, "8.0")),
    ]
    assert read(words, [], "KX3B") == PartRows([], [], [])


@pytest.mark.parametrize("brackets", ["()", "[]", "（）"])
def test_the_same_lengths_in_inches_on_the_line_below(brackets: str) -> None:
    pair = str.maketrans("()", brackets)
    words = [
        *row(0, (10, "Series"), (90, "A"), (160, "B"), (230, "C")),
        *row(14, (80, "3.2"), (94, "±"), (100, "0.2"), (150, "1.6"), (164, "±"), (170, "0.2"), (227, "1.1")),
        *row(18, (10, "3261")),
        *row(23, (76, "(.126"), (94, "±"), (100, ".008)"), (146, "(.063"), (164, "±"), (170, ".008)"), (224, "(.043)")),
        *row(34, (80, "2.0"), (94, "±"), (100, "0.2"), (150, "1.2"), (164, "±"), (170, "0.2"), (227, "1.0")),
        *row(38, (10, "2029")),
        *row(
            43,
            (10, "KX29"),
            (300, "4000"),
            (76, "(.079"),
            (94, "±"),
            (100, ".008)"),
            (146, "(.047"),
            (164, "±"),
            (170, ".008)"),
            (224, "(.039)"),
        ),
        *row(60, (90, "MM")),
        *row(70, (80, "(INCHES)")),
    ]
    words = [replace(w, text=w.text.translate(pair)) for w in words]
    found = read(words, [], "KX2029")
    assert values(found) == {"A": (1.8, 2.0, 2.2), "B": (1.0, 1.2, 1.4), "C": (None, 1.0, None)}
    assert found.rivals == []


def test_a_row_in_brackets_that_says_something_else_is_a_row_of_its_own() -> None:
    words = [
        *row(0, (10, "TYPE"), (90, "L"), (160, "W")),
        *row(14, (10, "KX10"), (88, "3.0"), (158, "2.0")),
        *row(23, (10, "KX20"), (86, "(4.0)"), (156, "(3.0)")),
    ]
    assert values(read(words, [], "KX20")) == {"L": (None, 4.0, None), "W": (None, 3.0, None)}


def test_limits_with_the_same_in_inches_on_the_line_below() -> None:
    words = [
        *row(0, (90, "A"), (190, "B")),
        *row(4, (10, "Model")),
        *row(10, (60, "Min."), (110, "Max."), (160, "Min."), (210, "Max.")),
        *row(22, (60, "3.00"), (110, "3.43"), (160, "2.35"), (210, "2.80")),
        *row(26, (10, "KX-F050")),
        *row(31, (57, "(0.118)"), (107, "(0.135)"), (157, "(0.093)"), (207, "(0.110)")),
        *row(44, (60, "3.00"), (110, "3.43"), (160, "2.35"), (210, "2.90")),
        *row(48, (10, "KX-F075")),
        *row(53, (57, "(0.118)"), (107, "(0.135)"), (157, "(0.093)"), (207, "(0.114)")),
    ]
    assert values(read(words, [], "KX-F075")) == {"A": (3.0, None, 3.43), "B": (2.35, None, 2.9)}


def test_a_table_beside_a_figure_and_another_table_is_read_alone() -> None:
    words = [
        *row(0, (20, "A"), (40, "B"), (90, "Size"), (150, "A"), (190, "B"), (230, "C")),
        *row(1, (280, "Case"), (340, "A"), (380, "B"), (420, "C")),
        *row(14, (86, "D6.3"), (148, "1.6"), (188, "3.5"), (228, "1.9")),
        *row(28, (86, "D8.0"), (148, "2.5"), (188, "4.0"), (228, "2.1")),
        *row(15, (278, "D6.3L"), (338, "3.0"), (378, "4.2"), (418, "1.5")),
        *row(29, (278, "D8.0L"), (338, "4.3"), (378, "5.3"), (418, "2.0")),
    ]
    found = read(words, [], "D6.3L")
    assert {e.symbol: e.quantity.value for e in found.entries if e.quantity.box.x0 > 300} == {
        "A": 3.0,
        "B": 4.2,
        "C": 1.5,
    }
    assert len(found.boxes) >= 1
    assert all(b.x0 > 60 for b in found.boxes)


def test_names_of_a_cell_on_lines_of_their_own_share_its_values() -> None:
    words = [
        *row(0, (10, "Type"), (150, "A"), (190, "B"), (230, "C")),
        *row(14, (10, "KLA2010")),
        *row(24, (10, "KLB2012,"), (60, "KLC2012")),
        *row(19, (148, "0.65"), (188, "1.35"), (228, "2.0")),
        *row(34, (10, "KLA4010")),
        *row(44, (10, "KLB4012"), (148, "1.2"), (188, "2.8"), (228, "3.7")),
        *row(54, (10, "KLC4018")),
    ]
    for package in ("KLA4010", "KLC4018"):
        assert values(read(words, [], package)) == {
            "A": (None, 1.2, None),
            "B": (None, 2.8, None),
            "C": (None, 3.7, None),
        }
    assert values(read(words, [], "KLC2012"))["A"] == (None, 0.65, None)


@pytest.mark.parametrize(("package", "side"), [("B 3528-21", 3.0), ("D", 4.0)])
def test_a_case_of_one_letter_under_letters_with_a_limit_each(package: str, side: float) -> None:
    """The limits under the letters head no columns of limits, and the letters of the cases are none of the figure."""
    words = [
        *row(0, (100, "A"), (200, "B"), (300, "C")),
        *row(5, (20, "CASE"), (42, "CODE")),
        *row(10, (88, "(MIN.)"), (188, "(NOM.)"), (288, "(NOM.)")),
        *row(22, (10, "ALL"), (30, "TYPES")),
        *[
            word
            for i, (name, mm) in enumerate(zip("ABCD", (1.8, 3.0, 3.5, 4.0), strict=True))
            for word in row(
                34 + 12 * i, (40, name), (80, f"{mm / 25.4:.3f}"), (106, f"[{mm:.2f}]"), (180, "0.071"),
                (206, "[1.80]"), (280, "0.065"), (306, "[1.65]"),
            )
        ],
    ]  # fmt: skip
    entries, boxes = read_limits(words)
    assert entries == []
    assert values(read(words, boxes, package)) == {
        "A": (None, side, None), "B": (None, 1.8, None), "C": (None, 1.65, None)
    }  # fmt: skip
    figure = row(46, (-60, "A"))  # a letter of a drawing beside the table names no case
    assert read([*words, *figure], boxes, package).boxes == read(words, boxes, package).boxes


def test_inches_over_millimetres_without_brackets_and_a_head_of_two_words() -> None:
    words = [*row(0, (20, "Type"), (42, "/"), (50, "Code"), (120, "a"), (200, "b"), (280, "L"), (340, "Unit"))]
    for i, (name, sizes_mm) in enumerate((("CSM0603", (1.0, 0.7, 0.9)), ("CSM2512", (4.0, 3.1, 1.3)))):
        y = 16 + 30 * i
        columns = list(zip((110, 190, 270), sizes_mm, strict=True))
        words += row(y, *((x, f"{mm / 25.4:.3f}") for x, mm in columns), (330, "inches"))
        words += row(y + 6, (20, name))
        words += row(y + 12, *((x, f"{mm:.2f}") for x, mm in columns), (335, "mm"))
    assert values(read(words, [], "CSM2512")) == {
        "a": (None, 4.0, None),
        "b": (None, 3.1, None),
        "L": (None, 1.3, None),
    }
