"""The leads as the dimension table gives them, and how the body lies among the pads."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch, dual
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

TABLE = (
    ("A", "0.90", "", "1.10"), ("A1", "0.00", "", "0.10"), ("D", "4.90", "", "5.10"), ("E", "5.80", "", "6.20"),
    ("E1", "3.80", "", "4.00"), ("b", "0.35", "", "0.49"), ("c", "0.17", "", "0.25"), ("e", "", "1.27", ""),
    ("L", "0.40", "", "1.27"), ("N", "", "8", ""),
)  # fmt: skip


def tabled(rows: tuple[tuple[str, str, str, str], ...]) -> Sketch:
    """A land pattern on page 1, a dimension table on page 2."""
    sketch = dual(8, 1.27, 5.4, 1.5, 0.6)
    sketch.page()
    sketch.text(300, 740, "PACKAGE OUTLINE", 12)
    for row, cells in enumerate((("Symbol", "MIN", "NOM", "MAX"), *rows)):
        for x, cell in zip((200, 280, 340, 400), cells, strict=True):
            sketch.text(x, 400 - 14 * row, cell)
    return sketch


def test_leads_come_from_the_table_and_the_body_lies_as_its_leads_do() -> None:
    result = extract([tabled(TABLE).pdf()], ReadingRequest(None, 2, 1))
    found = {
        name: (value.min, value.nom, value.max)
        for name in ("pitch", "width", "foot_length", "thickness", "standoff")
        for value in [getattr(result.terminals, name)]
    }
    assert found == {
        "pitch": (None, 1.27, None), "width": (0.35, None, 0.49), "foot_length": (0.4, None, 1.27),
        "thickness": (0.17, None, 0.25), "standoff": (0.0, None, 0.1),
    }  # fmt: skip
    assert result.terminals.count == 8
    assert {axis: (v.min, v.max) for axis, v in result.overall.items()} == {"x": (5.8, 6.2)}
    assert result.body_in_land_frame == {"x": "width", "y": "length"}
    assert {v.kind: v.page for v in result.views} == {"outline": 2, "land_pattern": 1}
    assert result.exposed_pad == {}


def test_the_exposed_pad_lies_as_the_sides_it_is_named_for() -> None:
    rows = (
        ("D", "", "3.00", ""),
        ("E", "", "5.00", ""),
        ("A", "0.8", "", "0.9"),
        ("D2", "1.5", "", "1.7"),
        ("E2", "3.1", "", "3.3"),
    )
    result = extract([tabled(rows).pdf()], ReadingRequest(None, 2, 1))
    assert (result.body.length.symbol, result.body.width.symbol) == ("E", "D")
    along = {
        result.body_in_land_frame.get(axis, side): v.max
        for (axis, v), side in zip(sorted(result.exposed_pad.items()), ("length", "width"), strict=True)
    }
    assert along == {"length": 3.3, "width": 1.7}


def test_the_distance_of_the_outer_leads_is_no_pitch() -> None:
    rows = (*[row for row in TABLE if row[0] != "e"], ("e1", "", "1.90", ""))
    assert extract([tabled(rows).pdf()], ReadingRequest(None, 2, 1)).terminals.pitch.status == "not_stated"
    both = (*rows, ("e", "", "0.95", ""))
    assert extract([tabled(both).pdf()], ReadingRequest(None, 2, 1)).terminals.pitch.nom == 0.95
