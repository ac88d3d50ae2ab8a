"""Tables of pins: columns of several packages, grouped rows, exposed pads, balls, tables over two pages."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.pins.tabled import Pages, sources
from worker.datasheet.pins import electrical, numbers

WIDTHS = (60, 60, 60, 200)
HEAD = ("Pin No.", "Name", "I/O", "Description")


def rows_of(document: Pages, column: int = 0) -> list[tuple[str, str, str]]:
    (table,) = sources(document).tables
    return [(r.number, r.name, r.kind) for r in table.columns[column].rows]


def test_numbers_names_and_types_of_a_table() -> None:
    document = Pages()
    rows = [
        HEAD,
        ("1", "VIN", "P", "Supply"),
        ("2", "EN", "I", "Enables the part"),
        ("3", "nFAULT", "OD", "Low on faults"),
    ]
    document.table(60, 100, WIDTHS, rows)
    assert rows_of(document) == [("1", "VIN", "P"), ("2", "EN", "I"), ("3", "nFAULT", "OD")]


def test_a_row_for_several_pins_stands_for_each() -> None:
    document = Pages()
    rows = [HEAD, ("1, 3, 5", "GND", "-", "Ground"), ("2", "IN", "I", ""), ("4", "OUT", "O", ""), ("6-8", "NC", "", "")]
    document.table(60, 100, WIDTHS, [*rows, ("Exposed Pad", "GND", "-", "Solder it")])
    found = rows_of(document)
    assert [number for number, name, _ in found if name == "GND"] == ["1", "3", "5", "EP"]
    assert [number for number, name, _ in found if name == "NC"] == ["6", "7", "8"]


def test_each_package_has_its_column() -> None:
    document = Pages()
    head = ("Pin DFN", "Pin SOT-23-5", "Symbol", "Function")
    document.table(
        60,
        100,
        WIDTHS,
        [head, ("1", "4", "VDD", ""), ("2", "-", "NC", ""), ("3", "3", "VBAT", ""), ("5", "1", "STAT", "")],
    )
    (table,) = sources(document).tables
    assert [column.head for column in table.columns] == ["Pin DFN", "Pin SOT-23-5"]
    assert rows_of(document, 1) == [("4", "VDD", ""), ("3", "VBAT", ""), ("1", "STAT", "")]


def test_balls_and_footnotes() -> None:
    document = Pages()
    document.table(
        60,
        100,
        WIDTHS,
        [
            ("Ball", "Name", "Type", "Description"),
            ("A1", "VDD(1)", "S", ""),
            ("A2", "PA-\nOUT", "I/O", ""),
            ("B10", "D+", "I/O", ""),
        ],
        22,
    )
    assert rows_of(document) == [("A1", "VDD", "S"), ("A2", "PA-OUT", "I/O"), ("B10", "D+", "I/O")]


@pytest.mark.parametrize("head", [[HEAD], []], ids=["head again", "no head"])
def test_a_table_goes_on_on_the_next_page(head: list[tuple[str, ...]]) -> None:
    document = Pages()
    document.table(60, 600, WIDTHS, [HEAD, *[(str(n), f"P{n}", "I/O", "") for n in range(1, 6)]])
    document.page()
    document.table(60, 60, WIDTHS, [*head, *[(str(n), f"P{n}", "I/O", "") for n in range(6, 11)]])
    assert [number for number, _, _ in rows_of(document)] == [str(n) for n in range(1, 11)]


@pytest.mark.parametrize(
    "head", [("Bit", "Name", "Access", "Description"), ("Register", "Symbol", "Type", "Description")]
)
def test_other_numbered_tables_are_no_pins(head: tuple[str, ...]) -> None:
    document = Pages()
    document.table(60, 100, WIDTHS, [head, *[(str(n), f"FLAG{n}", "R/W", "") for n in range(1, 6)]])
    assert sources(document).tables == []


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("7", ["7"]),
        ("2,3", ["2", "3"]),
        ("10–12", ["10", "11", "12"]),
        ("11 PPAD", ["11", "EP"]),
        ("Thermal pad", ["EP"]),
        ("A1, B2", ["A1", "B2"]),
        ("—", []),
        ("", []),
        ("4.7", None),
        ("SO8", None),
        ("3 V", None),
    ],
)
def test_what_a_cell_of_numbers_says(printed: str, read: list[str] | None) -> None:
    assert numbers.parse(printed) == read


@pytest.mark.parametrize(
    ("printed", "name", "kind"),
    [
        ("I", "EN", "input"),
        ("O", "OUT", "output"),
        ("I/O", "SDA", "bidirectional"),
        ("OD", "nFAULT", "open_collector"),
        ("", "GND", "power_in"),
        ("—", "VSS_1", "power_in"),
        ("Digital input", "SCL", "input"),
        ("Digital I/O", "SDA", "bidirectional"),
        ("", "NC", "no_connect"),
        ("", "PB12", "unspecified"),
        ("S", "VDD_1", "power_in"),
        ("OZ", "Y", "tri_state"),
        ("I", "VCC", "power_in"),
    ],
)
def test_electrical_types(printed: str, name: str, kind: str) -> None:
    assert electrical.type_of(printed, name) == kind


def test_a_table_without_borders_and_with_columns_parted_in_its_head_alone() -> None:
    document = Pages()
    for y, end in ((100, 500), (116, 500), (132, 300), (148, 300), (190, 500)):
        document.line(60, y, end, y)
    for x in (120, 180, 300):
        document.line(x, 100, x, 116)
    for i, row in enumerate(
        [("Pin", "Symbol", "Description"), ("1", "G", "gate"), ("2", "S", "source"), ("3", "D", "drain")]
    ):
        for x, text in zip((90, 150, 240), row, strict=True):
            document.text(x, 108 + 16 * i, text)
    assert rows_of(document) == [("1", "G", ""), ("2", "S", ""), ("3", "D", "")]


def test_lines_of_one_cell_are_rows_of_their_own() -> None:
    document = Pages()
    document.table(60, 100, WIDTHS, [HEAD, ("1\n2\n3", "GND\nCSB\nSDI", "Supply\nIn\nIn/Out", "")], 40)
    assert rows_of(document) == [("1", "GND", "Supply"), ("2", "CSB", "In"), ("3", "SDI", "In/Out")]


def test_a_box_in_every_cell_parts_nothing() -> None:
    document = Pages()
    rows = [HEAD, ("1", "VCC", "-", ""), ("2", "PA13", "I", ""), ("3", "PA14", "I/O", "")]
    document.table(60, 100, WIDTHS, rows)
    document.table(60, 100, WIDTHS, rows, inset=4)
    (table,) = sources(document).tables
    assert [r.number for r in table.columns[0].rows] == ["1", "2", "3"]


def test_marks_of_footnotes_are_no_part_of_names_and_heads() -> None:
    document = Pages()
    document.table(
        60, 100, WIDTHS, [("No.", "Name", "Type", "Function"), ("1", "IO16", "I/O", ""), ("2", "IO5", "I", "")]
    )
    for row, (x, word) in enumerate(((210, "Type"), (150, "IO16"))):
        right = x + document.canvas.stringWidth(word, "Helvetica", 7) / 2
        document.text(right + 1.6, 105 + 16 * row, "3", 4.5)
    assert rows_of(document) == [("1", "IO16", "I/O"), ("2", "IO5", "I")]
