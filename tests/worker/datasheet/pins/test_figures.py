"""Figures of pins: names beside the numbers of a package with two or four sides, and of a ball grid."""

from __future__ import annotations

from tests.worker.datasheet.pins.tabled import Pages, sources

EIGHT = ("VCC", "1A", "2A", "GND", "DIR", "2B", "1B", "VO")


def named(document: Pages) -> list[dict[str, str]]:
    return [{row.number: row.name for row in figure.rows} for figure in sources(document).figures]


def test_two_sides() -> None:
    document = Pages()
    document.dual(200, 200, EIGHT, "D package (top view)")
    assert named(document) == [{str(i): name for i, name in enumerate(EIGHT, 1)}]


def test_several_packages_on_a_page_are_not_mixed() -> None:
    document = Pages()
    document.dual(120, 200, EIGHT, "DFN")
    document.dual(380, 200, ("STAT", "VSS", "VBAT", "VDD", "PROG", "EN"), "SOT-23-6")
    found = sources(document).figures
    assert sorted(len(f.rows) for f in found) == [6, 8]
    assert "SOT-23-6" in next(f.title for f in found if len(f.rows) == 6)


def test_four_sides_with_upright_names() -> None:
    names = [f"P{'ABCD'[i // 5]}{i % 5}_X" for i in range(20)]
    document = Pages()
    document.quad(220, 250, names)
    assert named(document) == [{str(i): name for i, name in enumerate(names, 1)}]


def test_three_sides_of_a_module() -> None:
    """Numbers outside and names inside, none along the side of the antenna."""
    names = ["GND", "3V3", "EN", "IO34", "IO35", "NC", "IO13", "IO2", "IO0", "IO4", "IO16", "GND"]
    document = Pages()
    document.text(260, 130, "Pin Layout (Top View)")
    for i in range(4):
        document.text(150, 200 + 20 * i, str(i + 1))
        document.text(190, 200 + 20 * i, names[i])
        document.text(190 + 40 * i, 320, str(i + 5), upright=True)
        document.text(190 + 40 * i, 295, names[i + 4], upright=True)
        document.text(370, 260 - 20 * i, str(i + 9))
        document.text(335, 260 - 20 * i, names[i + 8])
    assert named(document) == [{str(i): name for i, name in enumerate(names, 1)}]


def test_balls_by_row_and_column() -> None:
    document = Pages()
    document.text(300, 160, "WLCSP ballout")
    names = {f"{letter}{n}": f"{letter.lower()}X{n}" for letter in "ABCD" for n in range(1, 5)}
    del names["B2"]
    for i in range(4):
        document.text(200 + 40 * i, 200, str(i + 1))
        document.text(160, 235 + 40 * i, "ABCD"[i])
    for ball, name in names.items():
        document.text(200 + 40 * (int(ball[1]) - 1), 235 + 40 * "ABCD".index(ball[0]), name, 6)
    assert named(document) == [names]


def test_numbers_without_names_are_no_figure() -> None:
    document = Pages()
    document.dual(200, 200, ("",) * 8)
    assert named(document) == []
